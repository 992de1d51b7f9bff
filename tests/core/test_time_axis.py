"""Seconds to samples: the rule of every window, against MNE where MNE has the same rule."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodecode.core.errors import DataError
from neurodecode.core.time_axis import to_samples, window_samples

RATES = [100.0, 128.0, 250.0, 256.0, 512.0, 1000.0, 1017.25, 7.62939453125, 79.4722, 173.61]


@pytest.mark.parametrize(
    ("tmin", "tmax", "sfreq", "first", "n"),
    [
        (0.0, 1.0, 250.0, 0, 250),
        (-0.2, 0.8, 250.0, -50, 250),
        (0.5, 3.0, 500.0, 250, 1250),
        (0.5, 3.0, 125.0, 62, 312),  # halves to the even neighbour, as in Python and MNE
        (-0.4, 0.6, 1017.25, -407, 1017),
        (0.1, 0.7, 10.0, 1, 6),  # 0.7 - 0.1 is 0.6 minus an ulp
        (0.29, 0.31, 50.0, 14, 1),  # 0.29 * 50 is 14.5 minus an ulp
    ],
)
def test_golden_windows(tmin, tmax, sfreq, first, n):
    assert window_samples(tmin, tmax, sfreq) == (first, n)


@pytest.mark.parametrize("sfreq", RATES)
@pytest.mark.parametrize(("tmin", "tmax"), [(-0.2, 0.5), (0.5, 2.5), (0.0, 1.0), (-1.5, -0.25)])
def test_include_tmax_is_the_convention_of_mne(sfreq, tmin, tmax):
    import mne

    raw = mne.io.RawArray(np.zeros((1, 6000)), mne.create_info(1, sfreq), verbose="error")
    events = np.array([[3000, 0, 1]])
    theirs = mne.Epochs(raw, events, tmin=tmin, tmax=tmax, baseline=None, verbose="error")
    first, n = window_samples(tmin, tmax, sfreq, include_tmax=True)
    np.testing.assert_allclose(theirs.times, (first + np.arange(n)) / sfreq)


@given(
    start=st.integers(-2000, 2000),
    n=st.integers(1, 2000),
    sfreq=st.sampled_from(RATES),
)
def test_whole_samples_survive_the_way_through_seconds(start, n, sfreq):
    first, count = window_samples(start / sfreq, (start + n) / sfreq, sfreq)
    assert (first, count) == (start, n)


def test_neighbouring_windows_neither_overlap_nor_leave_a_hole():
    edges = np.arange(0, 40) * 0.1
    firsts = [window_samples(a, b, 250.0)[0] for a, b in itertools.pairwise(edges)]
    counts = [window_samples(a, b, 250.0)[1] for a, b in itertools.pairwise(edges)]
    np.testing.assert_array_equal(np.cumsum(counts)[:-1], firsts[1:])


def test_arrays_round_like_scalars():
    seconds = np.linspace(-3, 3, 601)
    together = to_samples(seconds, 173.61)
    assert together.dtype == np.int64
    assert together.tolist() == [to_samples(float(each), 173.61) for each in seconds]


@pytest.mark.parametrize(("tmin", "tmax"), [(1.0, 1.0), (1.0, 0.5), (0.0, 0.001)])
def test_a_window_without_samples_is_refused(tmin, tmax):
    with pytest.raises(DataError, match="holds no sample"):
        window_samples(tmin, tmax, 100.0)
