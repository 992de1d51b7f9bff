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
