"""Window means, flattening, voxel selection."""

from itertools import pairwise

import numpy as np
import pytest
from features.planted import noise_epochs

from neurodecode.core.errors import DataError
from neurodecode.features import Flatten, Voxels, WindowMeans


@pytest.mark.parametrize("n_windows", [1, 3, 7, 128])
def test_means_of_windows_by_hand(n_windows):
    epochs = noise_epochs()
    edges = np.linspace(0, 128, n_windows + 1).round().astype(int)
    out = WindowMeans(n_windows).transform(epochs).reshape(40, 4, n_windows)
    for i, (start, stop) in enumerate(pairwise(edges)):
        assert np.allclose(out[:, :, i], epochs.data[:, :, start:stop].mean(axis=2))


def test_all_windows_together_are_the_mean_and_all_samples_are_flatten():
    epochs = noise_epochs()
    eight = WindowMeans(8).transform(epochs).reshape(40, 4, 8).mean(axis=2)
    assert np.allclose(eight, epochs.data.mean(axis=2))
    assert np.allclose(WindowMeans(128).transform(epochs), Flatten().transform(epochs))


@pytest.mark.parametrize("n_windows", [0, 129])
def test_windows_must_fit(n_windows):
    with pytest.raises(DataError, match="1 to 128 windows"):
        WindowMeans(n_windows).transform(noise_epochs())


def test_flatten_keeps_dtype():
    data = noise_epochs().data.astype(np.float32)
    assert Flatten().transform(data).dtype == np.float32


def test_voxels_that_differ_are_selected_and_noise_is_not_preferred():
    epochs = noise_epochs(n_channels=30)
    data = np.random.default_rng(0).normal(size=epochs.shape)
    data[epochs.y == "a", 3] += 0.5
    data[epochs.y == "b", 17] += 0.5
    step = Voxels(k=2).fit(epochs.with_data(data), epochs.y)
    assert step.selected_.tolist() == [3, 17]
    out = step.transform(epochs.with_data(data))
    assert np.allclose(out, data[:, [3, 17]].mean(axis=2))


def test_voxels_takes_all_when_there_are_fewer_and_constant_ones_last():
    epochs = noise_epochs()
    data = epochs.data.copy()
    data[:, 0] = 1.0
    assert Voxels(k=10).fit_transform(epochs, epochs.y).shape == (40, 4)
    assert 0 not in Voxels(k=3).fit(epochs.with_data(data), epochs.y).selected_
