"""Channels: columns that fit, words that are known, names that are unique."""

import pickle

import numpy as np
import pytest

from neurodecode.core import Channels
from neurodecode.core.errors import DataError


def test_units_default_to_the_natural_ones():
    channels = Channels(["a", "b", "c"], kinds=["eeg", "mag", "grad"])
    assert channels.units == ("µV", "fT", "fT/cm")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"names": ["a", "a"]}, "unique"),
        ({"names": ["a"], "kinds": "eegg"}, "did you mean 'eeg'"),
        ({"names": ["a"], "kinds": ["eeg", "eeg"]}, "do not fit"),
        ({"names": ["a"], "positions": np.zeros((2, 3))}, "positions"),
        ({"names": ["a"], "frame": "scanner"}, "frame"),
        ({"names": ["a"], "bads": ["b"]}, "not among"),
    ],
)
def test_wrong_tables_are_refused(arguments, words):
    with pytest.raises(DataError, match=words):
        Channels(**arguments)


def test_immutable_equal_and_pickled():
    places = np.arange(6.0).reshape(2, 3)
    channels = Channels(["a", "b"], positions=places, position_from="template")
    with pytest.raises(AttributeError):
        channels.names = ("c",)
    with pytest.raises(ValueError, match="read-only"):
        channels.positions[0, 0] = 1
    places[0, 0] = 99  # the caller's array stays the caller's
    assert channels.positions[0, 0] == 0
    assert pickle.loads(pickle.dumps(channels)) == channels
    assert channels != channels.replace(reference="average")
    assert channels.pick([1]).names == ("b",)


def test_select_takes_names_kinds_and_positions():
    channels = Channels(["eeg", "C3", "EOG"], kinds=["misc", "eeg", "eog"])
    assert channels.select("eeg").tolist() == [0]  # a name comes before a kind
    assert channels.select("brain").tolist() == [1]
    assert channels.select(["EOG", "C3"]).tolist() == [2, 1]
    assert channels.select(np.array([2, -3])).tolist() == [2, 0]
    assert channels.select([]).dtype == np.int64


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("EGO", "unknown channel kind"),
        (["C33"], "did you mean 'C3'"),
        ([True, False, True], "np.flatnonzero"),
        ([0.5], "whole numbers"),
        ([3], "no channel at that position"),
        ([-4], "no channel at that position"),
    ],
)
def test_selecting_what_is_not_there_is_refused(wanted, words):
    with pytest.raises(DataError, match=words):
        Channels(["C3", "C4", "EOG"]).select(wanted)


def test_renaming_keeps_marks():
    channels = Channels(["C3.", "C4."], bads=["C4."]).rename({"C4.": "C4"})
    assert channels.names == ("C3.", "C4") and channels.bads == {"C4"}
