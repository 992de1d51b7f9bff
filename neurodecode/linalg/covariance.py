"""Covariance of channels over time, one trial at a time, with closed-form shrinkage."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def trial_covariances(x: np.ndarray, estimator: str = "oas") -> np.ndarray:
    """Covariance matrix of every trial.

    Parameters
    ----------
    x : float array, shape (n_trials, n_channels, n_times)
    estimator : a key of `SHRINKAGES`
        "scm": sample covariance, divided by n_times. "oas", "lwf": shrunk towards its mean
        diagonal by oracle approximation or by Ledoit and Wolf's weight.

    Returns
    -------
    matrices : float64 array, shape (n_trials, n_channels, n_channels), unit of `x` squared

    Notes
    -----
    Equal to scikit-learn's `oas` and `ledoit_wolf` on each transposed trial. Sources: Chen,
    Wiesel, Eldar, Hero 2010, 10.1109/TSP.2010.2053029; Ledoit, Wolf 2004,
    10.1016/S0047-259X(03)00096-4.

    Examples
    --------
    >>> trial_covariances(np.array([[[1.0, -1.0], [2.0, -2.0]]]), "scm").tolist()
    [[[1.0, 2.0], [2.0, 4.0]]]
    """
    shrinkage = SHRINKAGES[estimator]
    n_channels = x.shape[1]
    out = np.empty((len(x), n_channels, n_channels))
    for i, trial in enumerate(x):
        centred = trial.astype(np.float64)
        centred -= centred.mean(axis=1, keepdims=True)
        sample = centred @ centred.T / x.shape[2]
        weight = shrinkage(sample, centred)
        out[i] = (1 - weight) * sample
        out[i].flat[:: n_channels + 1] += weight * np.trace(sample) / n_channels
    return out


def _none(sample: np.ndarray, centred: np.ndarray) -> float:
    return 0.0


def _oracle_approximating(sample: np.ndarray, centred: np.ndarray) -> float:
    n_channels, n_times = centred.shape
    mean_square = float(np.mean(sample**2))
    scale = (np.trace(sample) / n_channels) ** 2
    below = (n_times + 1) * (mean_square - scale / n_channels)
    return 1.0 if below <= 0 else min((mean_square + scale) / below, 1.0)


def _ledoit_wolf(sample: np.ndarray, centred: np.ndarray) -> float:
    n_channels, n_times = centred.shape
    norm = float(np.sum(sample**2))
    fourth = float(np.sum(np.sum(centred**2, axis=0) ** 2)) / n_times
    spread = (fourth - norm) / n_times  # summed variance of the entries of `sample`
    distance = norm - np.trace(sample) ** 2 / n_channels
    return 0.0 if spread <= 0 else min(spread, distance) / distance if distance > 0 else 1.0


SHRINKAGES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "scm": _none,
    "oas": _oracle_approximating,
    "lwf": _ledoit_wolf,
}
