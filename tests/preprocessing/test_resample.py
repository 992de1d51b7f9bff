"""`Resample` and `Decimate`: time axes of epochs, margins, spans, markers."""

import numpy as np
import pytest

from neurodecode import Epochs, Recording
from neurodecode.core import Channels
from neurodecode.core.errors import DataError
from neurodecode.preprocessing import Decimate, Resample

SFREQ = 250.0


def wave(t):
    return np.cos(2 * np.pi * 6 * t)


@pytest.mark.parametrize(("step", "rate"), [(Resample(128), 128.0), (Decimate(2), 125.0)])
@pytest.mark.parametrize("pad", [0.0, 1.0, 0.3])
def test_samples_stand_where_the_time_axis_says(step, rate, pad):
    n_pad = round(pad * SFREQ)
    t = -0.4 + (np.arange(500 + 2 * n_pad) - n_pad) / SFREQ
    epochs = Epochs(wave(t)[None, None], channels=["Cz"], sfreq=SFREQ, tmin=-0.4, pad=pad)
    out = step.transform(epochs)
    assert out.sfreq == rate and out.tmin == -0.4 and out.shape[2] == np.ceil(500 * rate / SFREQ)
    middle = slice(30, -30)
    assert np.abs(out.data[0, 0] - wave(out.times))[middle].max() < 0.01


def test_margin_is_kept_where_it_lands_on_the_grid():
    epochs = Epochs(np.zeros((1, 1, 1000)), channels=["Cz"], sfreq=SFREQ, pad=1.0)
    out = Resample(128).transform(epochs)
    assert out.pad == 1.0 and out.shape[2] == 256 and out.padded().shape[2] == 512


def test_same_rate_changes_nothing(epochs, recording):
    assert Resample(SFREQ).transform(epochs) is epochs
    assert Resample(SFREQ).transform(recording) is recording


def test_up_sampling_interpolates():
    t = np.arange(500) / SFREQ
    out = Resample(500).transform(Epochs(wave(t)[None, None], channels=["Cz"], sfreq=SFREQ))
    assert np.abs(out.data[0, 0] - wave(out.times))[50:-50].max() < 0.01


@pytest.mark.parametrize(("step", "rate"), [(Resample(128), 128.0), (Decimate(2), 125.0)])
def test_recording_stays_on_one_grid_across_gaps(step, rate, recording):
    t = recording.times
    made = recording.with_data(np.stack([wave(t)] * 4) * [[1], [1], [1], [0]])
    out = step.transform(made)
    new = np.arange(out.n_times) / rate
    inside = ((new > 0.5) & (new < 7.5)) | ((new > 10.5) & (new < 19.5))
    assert np.abs(out.data[0] - wave(new))[inside].max() < 0.01
    assert out.events["onset"].tolist() == [4.0]


def test_stim_codes_are_picked_not_filtered(recording):
    out = Resample(128).transform(recording)
    assert set(np.unique(out.data[3])) == {0.0, 7.0}
    first = np.flatnonzero(out.data[3])[0] / 128
    assert first == pytest.approx(4.0, abs=1 / 128)


def test_stim_codes_of_epochs_are_picked_not_filtered():
    data = np.zeros((1, 2, 500))
    data[0, :, 250:260] = 7.0
    channels = Channels(["Cz", "STI"], kinds=["eeg", "stim"])
    out = Resample(125).transform(Epochs(data, channels=channels, sfreq=SFREQ)).data[0]
    assert np.flatnonzero(out[1]).tolist() == [125, 126, 127, 128, 129]
    assert set(np.unique(out[1])) == {0.0, 7.0} and len(np.unique(out[0])) > 2


def test_spike_counts_are_refused():
    units = Channels(["u1"], kinds="spikes")
    for made in (
        Epochs(np.zeros((1, 1, 100)), channels=units, sfreq=100),
        Recording(np.zeros((1, 100)), channels=units, sfreq=100),
    ):
        with pytest.raises(DataError, match="spike counts"):
            Resample(50).transform(made)


@pytest.mark.parametrize("factor", [0, -2, 2.5])
def test_factors_are_whole_numbers(factor, epochs):
    with pytest.raises(DataError, match="not a factor"):
        Decimate(factor).transform(epochs)
