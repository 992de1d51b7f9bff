"""Spikes to counts: half-open bins, exact rebinning, behaviour at the middle of bins."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodecode.core import Channels, Recording
from neurodecode.core.errors import DataError
from neurodecode.core.spikes import SpikeReader
from neurodecode.loaders import rebin, recording_from_spikes


def test_a_spike_on_an_edge_belongs_to_the_bin_that_starts_there():
    edges = np.arange(10) * 0.1  # 0.3 and its like are no exact binary numbers
    reader = SpikeReader([edges], sfreq=10.0, n_times=10)
    assert reader.read(0, 10).tolist() == [[1.0] * 10]


@given(st.lists(st.floats(0, 9.999), max_size=60), st.sampled_from([0.02, 0.05, 0.3, 1.0]))
def test_no_spike_is_lost_or_counted_twice(times, bin):
    rec = recording_from_spikes([times], bin=bin, stop=12.0)
    assert rec.data.sum() == len(times)
    halves = [rec.read(0, 20), rec.read(20, rec.n_times)] if rec.n_times > 20 else [rec.data]
    np.testing.assert_array_equal(np.concatenate(halves, axis=1), rec.data)


def test_rebinning_is_exact_where_times_are_kept():
    rng = np.random.default_rng(0)
    trains = {"a": rng.uniform(0, 30, 500), "b": rng.uniform(0, 30, 50), "c": []}
    fine = recording_from_spikes(trains, bin=0.02, stop=30.0)
    wide = rebin(pickle.loads(pickle.dumps(fine.pick(["b", "a"]))), 0.07)
    expected, _ = np.histogram(trains["a"], bins=np.arange(429) * 0.07)
    np.testing.assert_array_equal(wide.data[1], expected)
    assert wide.channels.names == ("b", "a") and wide.sfreq == pytest.approx(1 / 0.07)
    assert "bins of 0.07 s" in wide.notes[-1]


def test_counts_of_eight_bits_do_not_overflow_when_bins_are_joined():
    counts = np.full((1, 20), 200, dtype=np.uint8)
    rec = Recording(counts, channels=Channels(["u"], kinds="spikes"), sfreq=20)
    assert rebin(rec, 0.2).data.tolist() == [[800.0] * 5]
    with pytest.raises(DataError, match=r"a multiple of 0\.05 s"):
        rebin(rec, 0.07)


def test_behaviour_is_taken_at_the_middle_of_new_bins():
    rec = recording_from_spikes([[0.5]], bin=0.1, stop=2.0)
    middles = (np.arange(20) + 0.5) * 0.1
    wide = rebin(rec.with_targets({"x": middles[None]}), 0.4)
    np.testing.assert_allclose(wide.targets["x"][0], (np.arange(5) + 0.5) * 0.4)


@pytest.mark.parametrize(
    ("times", "options", "says"),
    [
        ([], {}, "no units"),
        ([[1.0]], {"bin": 0}, "must be positive"),
        ([[1.0, np.nan]], {"stop": 2.0}, "must be finite"),
        ([[1.0]], {"stop": 0.001}, "no whole bin"),
    ],
)
def test_what_cannot_be_binned_is_refused(times, options, says):
    with pytest.raises(DataError, match=says):
        recording_from_spikes(times, **options)


def test_only_counts_are_binned_again():
    with pytest.raises(DataError, match="only counts"):
        rebin(Recording(np.zeros((1, 10)), channels=["Cz"], sfreq=10), 0.2)
