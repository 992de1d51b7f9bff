"""Scaling: by statistics of the training trials, of a recording, of a trial, of the past."""

import numpy as np
import pandas as pd
import pytest

from neurodecode import Recording
from neurodecode.core import Channels
from neurodecode.core.errors import DataError
from neurodecode.preprocessing import EMS, Clamp, RobustScale, Scale


def test_training_statistics_serve_the_test_trials(epochs):
    scale = Scale().fit(epochs[:20])
    pooled = epochs.data[:20].transpose(1, 0, 2).reshape(4, -1)
    assert np.allclose(scale.center_, pooled.mean(axis=1), atol=1e-6)
    assert np.allclose(scale.scale_, pooled.std(axis=1), atol=1e-6)
    expected = (epochs.data[20:] - scale.center_[:, None]) / scale.scale_[:, None]
    assert np.allclose(scale.transform(epochs[20:]).data, expected, atol=1e-5)


def test_robust_scale_ignores_outliers_and_agrees_on_gaussians(epochs):
    data = epochs.data.copy()
    data[0, :, :50] = 1e4
    loud = epochs.with_data(data)
    robust, plain = Scale(robust=True).fit(loud), Scale().fit(loud)
    assert robust.scale_ == pytest.approx(np.ones(4), abs=0.03)
    assert plain.scale_.min() > 100


def test_arrays_in_arrays_out(epochs):
    out = Scale().fit_transform(epochs.data)
    assert isinstance(out, np.ndarray) and np.allclose(out, Scale().fit_transform(epochs).data)


def test_units_are_gone(epochs):
    assert set(Scale().fit_transform(epochs).channels.units) == {""}


def test_constant_channels_are_named(epochs):
    data = epochs.data.copy()
    data[:, 2] = 3.0
    with pytest.raises(DataError, match="found      C4"):
        Scale().fit(epochs.with_data(data))
    with pytest.raises(DataError, match="found      2"):
        Scale().fit(data)


def test_robust_scale_of_a_gaussian_has_the_range_one_not_the_sd():
    rng = np.random.default_rng(0)
    data = 7 + 3 * rng.normal(size=(2, 20000))
    channels = Channels(["C3", "STI"], kinds=["eeg", "stim"])
    out = RobustScale().transform(Recording(data, channels=channels, sfreq=100))
    assert out.data[0].std() == pytest.approx(0.741, abs=0.01)
    assert np.median(out.data[0]) == pytest.approx(0, abs=1e-12)
    assert np.array_equal(out.data[1], data[1]) and out.channels.units[0] == ""
    from sklearn.preprocessing import RobustScaler

    assert np.allclose(out.data[0], RobustScaler().fit_transform(data[:1].T)[:, 0])


def test_robust_scale_of_epochs_is_that_of_each_trial(epochs):
    together = RobustScale().transform(epochs).data
    alone = RobustScale().transform(epochs[[3]]).data
    assert np.array_equal(together[[3]], alone)
    flat = epochs.data.copy()
    flat[2, 1] = 4.0
    with pytest.raises(DataError, match="Cz"):
        RobustScale().transform(epochs.with_data(flat))


def test_clamp_touches_only_what_is_beyond(epochs):
    out = Clamp(1.0).transform(epochs).data
    assert np.array_equal(out, np.clip(epochs.data, -1, 1)) and out.dtype == np.float32
    with pytest.raises(DataError, match="above 0"):
        Clamp(0).transform(epochs)


def test_moving_standardization_is_that_of_pandas_and_streams_bit_for_bit():
    rng = np.random.default_rng(0)
    data = rng.normal(2, 1, size=(2, 6000))
    data[:, 5000:] = 2 + 3 * (data[:, 5000:] - 2)  # the gain steps by three
    recording = Recording(data, channels=["C3", "C4"], sfreq=250)
    out = EMS().transform(recording).data
    for row, made in zip(data, out, strict=True):
        series = pd.Series(row)
        apart = series - series.ewm(alpha=1e-3).mean()
        spread = np.sqrt((apart**2).ewm(alpha=1e-3).mean())
        assert np.abs(made - (apart / np.maximum(spread, 1e-4))).max() < 1e-10
    assert np.all(out[:, 0] == 0)
    assert out[:, 3000:5000].std() == pytest.approx(0.996, abs=0.05)
    forgotten = 1 - 0.999 ** np.arange(1, 201)  # share of the variance that knows of the step
    expected = np.sqrt(np.mean(9 / (1 + 8 * forgotten)))
    assert out[:, 5000:5200].std() == pytest.approx(expected, rel=0.08)
    stream = EMS().stream(250.0, ["C3", "C4"])
    chunks = np.split(data, [1, 2, 50, 1733], axis=1)
    assert np.array_equal(np.concatenate([stream.push(c) for c in chunks], axis=1), out)


def test_moving_standardization_in_float32_survives_an_offset():
    data = np.random.default_rng(0).normal(size=(1, 3000)) + 4e4
    exact = EMS().transform(Recording(data, channels=["Cz"], sfreq=250)).data
    single = data.astype(np.float32)
    narrow = EMS().transform(Recording(single, channels=["Cz"], sfreq=250)).data
    assert np.abs(narrow - exact)[:, 500:].max() < 0.02
