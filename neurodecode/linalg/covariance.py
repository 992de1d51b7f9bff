"""Covariance of channels over time, one trial at a time, with closed-form shrinkage."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neurodecode.core.errors import DataError


def trial_covariances(x: np.ndarray, estimator: str = "oas", rank: int | None = None) -> np.ndarray:
    """Covariance matrix of every trial.

    Parameters
    ----------
    x : float array, shape (n_trials, n_channels, n_times)
    estimator : a key of `SHRINKAGES`
        "scm": sample covariance, divided by n_times. "oas", "lwf": shrunk towards its mean
        diagonal by oracle approximation or by Ledoit and Wolf's weight. "corr": sample
        correlation, no unit.
    rank : int, optional
        Rank that references and projections have left to the channels; None: full. Below
        n_channels the matrices are shrunk inside their range, exactly as if the signals had
        been written in `rank` coordinates first, and stay singular.

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
    left = n_channels if rank is None else rank
    out = np.empty((len(x), n_channels, n_channels))
    for i, trial in enumerate(x):
        centred = trial.astype(np.float64)
        centred -= centred.mean(axis=1, keepdims=True)
        sample = centred @ centred.T / x.shape[2]
        # Fewer samples than the rank do not show the range: the target is then the whole space.
        within = left if left < x.shape[2] else n_channels
        weight = shrinkage(sample, centred, within)
        out[i] = (1 - weight) * sample
        if weight > 0:
            out[i] += weight * np.trace(sample) / within * _projector(sample, within)
    return _correlations(out) if estimator == "corr" else out


def _correlations(matrices: np.ndarray) -> np.ndarray:
    """Covariances over the standard deviations of both channels."""
    variance = np.diagonal(matrices, axis1=1, axis2=2)
    if not (variance > 0).all():
        trial, channel = np.argwhere(~(variance > 0))[0]
        raise DataError(
            "a constant channel has no correlations",
            found=f"trial {trial}, channel {channel}",
            expected="signals that vary over time",
            fix="leave the channel or the trial out, or estimator='oas'",
        )
    scale = 1 / np.sqrt(variance)
    return matrices * scale[:, :, None] * scale[:, None, :]


def _projector(sample: np.ndarray, rank: int) -> np.ndarray:
    """Orthogonal projection on the `rank` strongest directions of a matrix."""
    if rank == len(sample):
        return np.eye(rank)
    basis = np.linalg.eigh(sample)[1][:, -rank:]
    return basis @ basis.T


def _none(sample: np.ndarray, centred: np.ndarray, rank: int) -> float:
    return 0.0


def _oracle_approximating(sample: np.ndarray, centred: np.ndarray, rank: int) -> float:
    n_times = centred.shape[1]
    mean_square = float(np.sum(sample**2)) / rank**2
    scale = (np.trace(sample) / rank) ** 2
    below = (n_times + 1) * (mean_square - scale / rank)
    return 1.0 if below <= 0 else min((mean_square + scale) / below, 1.0)


def _ledoit_wolf(sample: np.ndarray, centred: np.ndarray, rank: int) -> float:
    n_times = centred.shape[1]
    norm = float(np.sum(sample**2))
    fourth = float(np.sum(np.sum(centred**2, axis=0) ** 2)) / n_times
    spread = (fourth - norm) / n_times  # summed variance of the entries of `sample`
    distance = norm - np.trace(sample) ** 2 / rank
    return 0.0 if spread <= 0 else min(spread, distance) / distance if distance > 0 else 1.0


SHRINKAGES: dict[str, Callable[[np.ndarray, np.ndarray, int], float]] = {
    "scm": _none,
    "oas": _oracle_approximating,
    "lwf": _ledoit_wolf,
    "corr": _none,
}
