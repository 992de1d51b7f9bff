"""Joining epochs: by channel name, and never across unequal rates, units or windows."""

import numpy as np
import pytest

from neurodecode.core import Channels, Epochs, concat
from neurodecode.core.errors import DataError
from neurodecode.core.joining import Shelf


def make(names, value=0.0, n_times=20, **more):
    data = np.full((2, len(names), n_times), value) + np.arange(len(names))[None, :, None]
    return Epochs(data, **({"channels": names, "sfreq": 10, "y": ["l", "r"], "name": "s"} | more))


def test_channels_are_matched_by_name():
    both = concat([make(["C3", "C4"]), make(["C4", "C3"], value=10)])
    assert both.channels.names == ("C3", "C4")
    assert both.data[2, :, 0].tolist() == [11.0, 10.0]


def test_common_channels():
    both = concat([make(["C3", "Cz", "C4"]), make(["C4", "C3"])], on="common")
    assert both.channels.names == ("C3", "C4")
    with pytest.raises(DataError, match='on="common" keeps the 2'):
        concat([make(["C3", "Cz", "C4"]), make(["C4", "C3"])])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sfreq": 20}, r"Resample\(10\)"),
        ({"channels": Channels(["C3", "C4"], units="mV")}, "units"),
        ({"tmin": 0.5}, "first times"),
        ({"y": [0.5, 1.5]}, "kinds of targets"),
        ({"y": [0, 1]}, "kinds of targets"),
        ({"zero": "cue"}, "time zero"),
    ],
)
def test_unequal_parts_are_refused_with_the_fix(change, words):
    with pytest.raises(DataError, match=words):
        concat([make(["C3", "C4"]), make(["C3", "C4"], **change)])


def test_people_of_two_data_sets_stay_apart():
    both = concat([make(["C3"], name="a"), make(["C3"], name="b")])
    assert set(both.groups("subject")) == {"a:1", "b:1"}
    assert set(concat([make(["C3"]), make(["C3"])]).groups("subject")) == {"1"}


def test_views_and_reordered_channels_land_in_their_rows():
    rng = np.random.default_rng(0)
    a = Epochs(rng.standard_normal((6, 2, 5)), channels=["C3", "C4"], sfreq=5, rank=2)
    b = Epochs(
        rng.standard_normal((4, 3, 5)).astype(np.float32), channels=["C4", "Cz", "C3"], sfreq=5
    )
    both = concat([a[[4, 0]], b[::-2]], on="common")
    assert both.dtype == np.float64 and both.rank == 2
    np.testing.assert_array_equal(both.data[:2], a.data[[4, 0]])
    np.testing.assert_array_equal(both.data[2:], b.data[::-2][:, [2, 0]])


def _part(n: int, value: float, n_times: int = 5) -> Epochs:
    return Epochs(np.full((n, 2, n_times), value), channels=["C3", "C4"], sfreq=5, y=[value] * n)


def test_parts_on_a_shelf_are_joined_without_a_copy():
    shelf, parts = Shelf(6), [_part(2, 0.0), _part(1, 1.0), _part(2, 2.0)]
    taken = [shelf.take(part) for part in parts]
    joined, wanted = concat(taken), concat(parts)
    assert np.shares_memory(joined.base, taken[2].base)
    assert joined.data_stamp == wanted.data_stamp and joined.y.tolist() == wanted.y.tolist()
    with pytest.raises(ValueError, match="read-only"):
        taken[0].base[0] = 1.0


@pytest.mark.parametrize("order", [[1, 0, 2], [0, 2], [0, 0, 1]])
def test_parts_that_do_not_follow_one_another_are_copied(order):
    shelf, parts = Shelf(5), [_part(2, 0.0), _part(1, 1.0), _part(2, 2.0)]
    taken = [shelf.take(part) for part in parts]
    joined = concat([taken[i] for i in order])
    np.testing.assert_array_equal(joined.data, concat([parts[i] for i in order]).data)


def test_a_full_shelf_leaves_parts_where_they_are():
    shelf, parts = Shelf(3), [_part(2, 0.0), _part(2, 1.0)]
    taken = [shelf.take(part) for part in parts]
    assert taken[1] is parts[1]
    np.testing.assert_array_equal(concat(taken).data, concat(parts).data)
