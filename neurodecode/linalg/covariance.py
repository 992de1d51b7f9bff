"""Covariance of channels over time, one trial at a time, with closed-form shrinkage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np

from neurodecode.core.errors import DataError
from neurodecode.linalg._native.eigen import eigh

_CACHED_VALUES = 2**17  # a megabyte of float64: near a core, and few enough calls


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
    Equal to scikit-learn's `oas` and `ledoit_wolf` on each transposed trial. A trial's matrix does
    not depend on the others in the call, not in one bit. Sources: Chen,
    Wiesel, Eldar, Hero 2010, 10.1109/TSP.2010.2053029; Ledoit, Wolf 2004,
    10.1016/S0047-259X(03)00096-4.

    Examples
    --------
    >>> trial_covariances(np.array([[[1.0, -1.0], [2.0, -2.0]]]), "scm").tolist()
    [[[1.0, 2.0], [2.0, 4.0]]]
    """
    n_trials, n_channels, n_times = x.shape
    out = np.empty((n_trials, n_channels, n_channels))
    lengths = np.empty((n_trials, n_times)) if estimator == "lwf" else None
    blocks = trial_blocks(n_trials, n_channels * n_times)
    room = np.empty((max((each.stop - each.start for each in blocks), default=0), *x.shape[1:]))
    for block in blocks:
        centred = room[: block.stop - block.start]
        centred[...] = x[block]
        centred -= centred.mean(axis=2, keepdims=True)
        np.matmul(centred, centred.swapaxes(1, 2), out=out[block])
        if lengths is not None:
            np.sum(np.square(centred), axis=1, out=lengths[block])
    for block in trial_blocks(n_trials, n_channels**2):
        out[block] /= n_times
        shrink(out[block], n_times, estimator, rank, None if lengths is None else lengths[block])
    return correlations(out) if estimator == "corr" else out


def trial_blocks(n_trials: int, n_values: int) -> list[slice]:
    """Runs of trials whose values, as float64, stay in the processor's cache.

    Parameters
    ----------
    n_trials : int
    n_values : int
        Values of one trial.

    Returns
    -------
    blocks : list of slice

    Examples
    --------
    >>> trial_blocks(5, 60_000)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    size = max(1, _CACHED_VALUES // max(n_values, 1))
    return [slice(i, min(i + size, n_trials)) for i in range(0, n_trials, size)]


def subset_means(matrices: np.ndarray, subsets: Sequence[np.ndarray]) -> np.ndarray:
    """Arithmetic means of many subsets of a stack, in one product.

    Parameters
    ----------
    matrices : float array, shape (n_matrices, n, n)
    subsets : sequence of int arrays
        Rows of `matrices`, at least one; a row that comes twice counts twice.

    Returns
    -------
    means : float64 array, shape (n_subsets, n, n)

    Examples
    --------
    >>> matrices = np.array([[[1.0]], [[2.0]], [[6.0]]])
    >>> subset_means(matrices, [np.array([0, 1]), np.array([0, 1, 2])]).ravel().tolist()
    [1.5, 3.0]
    """
    n_matrices, n = matrices.shape[:2]
    counts = np.stack([np.bincount(rows, minlength=n_matrices) for rows in subsets])
    # Nothing is subtracted: one huge trial that a subset leaves out leaves no rounding there.
    sums = counts.astype(np.float64) @ matrices.reshape(n_matrices, n * n)
    return (sums / counts.sum(axis=1, keepdims=True)).reshape(-1, n, n)


def shrink(
    samples: np.ndarray,
    n_times: int,
    estimator: str,
    rank: int | None = None,
    lengths: np.ndarray | None = None,
) -> None:
    """Move sample covariances in place towards their mean variance in every direction.

    Parameters
    ----------
    samples : float64 array, shape (n_trials, n, n)
        Sample covariances, divided by `n_times`.
    n_times : int
        Samples that each was made of.
    estimator : a key of `SHRINKAGES`
    rank : int, optional
        As in `trial_covariances`.
    lengths : float64 array, shape (n_trials, n_times), for "lwf"
        Squared length of every centred sample.

    Examples
    --------
    >>> samples = np.array([[[4.0, 0.0], [0.0, 1.0]]])
    >>> shrink(samples, n_times=100, estimator="oas")
    >>> samples.round(3).tolist()
    [[[3.861, 0.0], [0.0, 1.139]]]
    """
    n = samples.shape[1]
    left = n if rank is None else rank
    # Fewer samples than the rank do not show the range: the target is then the whole space.
    within = left if left < n_times else n
    weights = SHRINKAGES[estimator](samples, n_times, within, lengths)
    if not weights.any():
        return
    targets = weights * np.trace(samples, axis1=1, axis2=2) / within
    basis = eigh(samples)[1][:, :, -within:] if within < n else None
    samples *= (1 - weights)[:, None, None]
    if basis is None:
        samples[:, np.arange(n), np.arange(n)] += targets[:, None]
    else:
        samples += targets[:, None, None] * (basis @ basis.swapaxes(1, 2))


def correlations(matrices: np.ndarray) -> np.ndarray:
    """Covariances over the standard deviations of both channels.

    Parameters
    ----------
    matrices : float array, shape (n_trials, n, n)

    Returns
    -------
    correlations : float64 array, shape of `matrices`

    Raises
    ------
    DataError
        A channel does not vary in some trial.

    Examples
    --------
    >>> correlations(np.array([[[4.0, 1.0], [1.0, 1.0]]])).tolist()
    [[[1.0, 0.5], [0.5, 1.0]]]
    """
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


Weights = Callable[[np.ndarray, int, int, "np.ndarray | None"], np.ndarray]


def _none(samples: np.ndarray, n_times: int, rank: int, lengths: np.ndarray | None) -> np.ndarray:
    return np.zeros(len(samples))


def _oracle_approximating(
    samples: np.ndarray, n_times: int, rank: int, lengths: np.ndarray | None
) -> np.ndarray:
    mean_square = _squared_norms(samples) / rank**2
    scale = (np.trace(samples, axis1=1, axis2=2) / rank) ** 2
    below = (n_times + 1) * (mean_square - scale / rank)
    return np.minimum(_ratio(mean_square + scale, below), 1.0)


def _ledoit_wolf(
    samples: np.ndarray, n_times: int, rank: int, lengths: np.ndarray | None
) -> np.ndarray:
    norm = _squared_norms(samples)
    fourth = np.sum(np.square(cast(np.ndarray, lengths)), axis=1) / n_times
    spread = (fourth - norm) / n_times  # summed variance of the entries of a sample covariance
    distance = norm - np.trace(samples, axis1=1, axis2=2) ** 2 / rank
    return np.where(spread > 0, _ratio(np.minimum(spread, distance), distance), 0.0)


def _squared_norms(samples: np.ndarray) -> np.ndarray:
    return np.sum(samples**2, axis=(1, 2))


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """A ratio that is 1 where nothing is below: samples that are their own target."""
    some = below > 0
    return np.where(some, above / np.where(some, below, 1.0), 1.0)


SHRINKAGES: dict[str, Weights] = {
    "scm": _none,
    "oas": _oracle_approximating,
    "lwf": _ledoit_wolf,
    "corr": _none,
}
