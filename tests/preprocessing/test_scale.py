"""`Scale`: statistics of the training trials, applied to others."""

import numpy as np
import pytest

from neurodecode.core.errors import DataError
from neurodecode.preprocessing import Scale


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
