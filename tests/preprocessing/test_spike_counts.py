"""Binning and smoothing of spike counts."""

import numpy as np
import pandas as pd
import pytest

from neurodecode import Epochs, Recording
from neurodecode.core import Channels
from neurodecode.core.errors import DataError
from neurodecode.loaders.binning import recording_from_spikes
from neurodecode.preprocessing import Rebin, SmoothSpikes

UNITS = Channels(["unit 1", "unit 2"], "spikes")


def counts(n_times=2000, seed=0):
    return np.random.default_rng(seed).poisson(0.2, size=(2, n_times)).astype(np.float64)


def test_no_spike_is_lost():
    rec = Recording(counts(), channels=UNITS, sfreq=100)
    out = SmoothSpikes(0.05).transform(rec).data
    np.testing.assert_allclose(out.sum(axis=1), rec.data.sum(axis=1), rtol=1e-9)
    assert out.std() < 0.3 * rec.data.std()


@pytest.mark.parametrize(("bins", "lag"), [(3, 2.09), (5, 3.68), (10, 7.66)])
def test_a_half_gaussian_delays_as_the_theory_says(bins, lag):
    step = SmoothSpikes(bins / 100, kernel="half-gaussian")
    rec = Recording(np.eye(2, 400, 100), channels=UNITS, sfreq=100)
    rate = step.transform(rec).data[0]
    assert rate[:100].max() == 0  # nothing before the spike
    assert rate @ np.arange(400) / rate.sum() - 100 == pytest.approx(lag, abs=0.02)
    step.fit(Epochs(rec.data[None], channels=UNITS, sfreq=100))
    assert step.delay_ == pytest.approx(lag / 100, abs=2e-4)


def test_an_exponential_delays_by_its_time_constant_less_half_a_bin():
    rec = Recording(np.eye(2, 2000, 100), channels=UNITS, sfreq=100)
    rate = SmoothSpikes(0.1, kernel="exponential").transform(rec).data[0]
    assert rate @ np.arange(2000) / rate.sum() - 100 == pytest.approx(9.5, abs=0.01)


@pytest.mark.parametrize("kernel", ["half-gaussian", "exponential"])
def test_chunks_give_what_the_whole_gives(kernel):
    step, x = SmoothSpikes(0.05, kernel=kernel), counts()
    whole = step.transform(Recording(x, channels=UNITS, sfreq=100)).data
    stream = step.stream(100.0, UNITS)
    cuts = np.cumsum(np.random.default_rng(1).integers(1, 97, 60))
    parts = [stream.push(part) for part in np.split(x, cuts[cuts < x.shape[1]], axis=1)]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-12)


def test_other_channels_stay_and_gaps_are_not_bridged():
    channels = Channels(["unit 1", "hand"], ["spikes", "misc"])
    x = np.zeros((2, 100))
    x[0, 49], x[1] = 1, np.arange(100)
    edge = pd.DataFrame({"onset": [0.5], "duration": [0.0], "kind": ["edge"]})
    rec = Recording(x, channels=channels, sfreq=100, intervals=edge)
    out = SmoothSpikes(0.05).transform(rec).data
    assert (out[1] == x[1]).all() and out[0, :50].sum() == pytest.approx(1)
    assert out[0, 50:].max() == 0


def test_epochs_keep_their_margin():
    epochs = Epochs(counts(300)[None], channels=UNITS, sfreq=100, pad=0.5)
    out = SmoothSpikes(0.02).transform(epochs)
    assert out.pad == 0.5 and out.shape == (1, 2, 200)
    whole = SmoothSpikes(0.02).transform(Recording(epochs.padded()[0], channels=UNITS, sfreq=100))
    np.testing.assert_allclose(out.data[0], whole.data[:, 50:-50])


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda rec: SmoothSpikes(0).transform(rec), "positive"),
        (lambda rec: SmoothSpikes(kernel="box").transform(rec), "no such kernel"),
        (lambda rec: SmoothSpikes().stream(100.0, UNITS), "looks ahead"),
        (lambda rec: SmoothSpikes().transform(
            Recording(rec.data, channels=["C3", "C4"], sfreq=100)), "spike counts"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(act, words):
    with pytest.raises(DataError, match=words):
        act(Recording(counts(), channels=UNITS, sfreq=100))


def test_bins_are_exact_where_spike_times_are_known():
    rec = recording_from_spikes([[0.01, 0.03, 0.05]], bin=0.02, stop=0.06)
    assert Rebin(0.03).transform(rec).data.tolist() == [[1.0, 2.0]]
    assert Rebin(0.02).transform(Recording(counts(), channels=UNITS, sfreq=100)).sfreq == 50
