"""Small simulations of the features' tests."""

from __future__ import annotations

import numpy as np

from neurodecode import Epochs


def noise_epochs(n_trials=40, n_channels=4, n_times=128, seed=0):
    """Correlated noise without any effect; labels "a" and "b" take turns."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(n_channels, n_channels))
    data = mixing @ rng.normal(size=(n_trials, n_channels, n_times))
    names = [f"E{i}" for i in range(n_channels)]
    y = np.tile(["a", "b"], n_trials // 2)
    return Epochs(data, channels=names, sfreq=128.0, y=y)


def oddball_epochs(amplitude, seed=0):
    """60 targets and 300 others, 8 channels, 1 s at 100 Hz; targets carry a bump at 0.35 s."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(8, 8))
    data = mixing @ rng.normal(size=(360, 8, 100))
    pattern = rng.normal(size=8)
    pattern /= np.linalg.norm(pattern)
    t = np.arange(100) / 100
    bump = np.exp(-0.5 * ((t - 0.35) / 0.05) ** 2)
    target = rng.permutation(np.repeat([True, False], [60, 300]))
    data[target] += amplitude * np.sqrt(8) * pattern[:, None] * bump
    y = np.where(target, "target", "other")
    return Epochs(data, channels=[f"E{i}" for i in range(8)], sfreq=100.0, y=y)
