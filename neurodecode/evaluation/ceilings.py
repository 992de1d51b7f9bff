"""Noise ceilings: the best score that any model can reach on responses that vary by themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurodecode.core.errors import DataError


@dataclass(frozen=True, eq=False)
class NoiseCeiling:
    """Reliability of responses to repeated stimuli.

    Attributes
    ----------
    ncsnr : float64 array, shape (n_targets,)
        Standard deviation of the signal over that of the noise.
    variance : float64 array, shape (n_targets,)
        Explainable share of the variance of responses averaged over repeats: the ceiling of R²
        and of squared correlation.

    Examples
    --------
    >>> noise_ceiling(np.array([[[1.0], [1.0]], [[3.0], [3.0]]])).variance
    array([1.])
    """

    ncsnr: np.ndarray
    variance: np.ndarray


def noise_ceiling(responses: np.ndarray, n_averaged: int | None = None) -> NoiseCeiling:
    """Explainable variance of each target, from repeats of the same stimuli.

    Parameters
    ----------
    responses : float array, shape (n_stimuli, n_repeats, n_targets)
        At least two stimuli and two repeats. Of test stimuli; selection takes training ones.
    n_averaged : int, default: the number of repeats
        Repeats averaged in the responses that are to be predicted; 1 for single trials.

    Returns
    -------
    ceiling : NoiseCeiling

    Raises
    ------
    DataError
        Fewer stimuli or repeats, values that are not finite, or `n_averaged` below 1.

    Notes
    -----
    noise = mean over stimuli of var(repeats), signal = max(0, var(means) - noise / n), both with
    n - 1; ceiling = ncsnr^2 / (ncsnr^2 + 1 / n_averaged). Print a score beside its ceiling; do not
    divide where it is below 0.1. Source: Allen et al. 2022, 10.1038/s41593-021-00962-x.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> signal = rng.normal(size=(1000, 1, 1))
    >>> found = noise_ceiling(signal + 2 * rng.normal(size=(1000, 3, 1)))
    >>> bool(abs(found.variance[0] - 3 / 7) < 0.05)  # 1 / (1 + 4 / 3)
    True
    """
    table = np.asarray(responses, dtype=np.float64)
    if table.ndim != 3 or min(table.shape[:2]) < 2 or not np.isfinite(table).all():
        raise DataError(
            "no noise ceiling without repeats",
            found=f"responses of shape {table.shape}"
            + ("" if np.isfinite(table).all() else " with NaN or infinite values"),
            expected="(n_stimuli, n_repeats, n_targets), at least two stimuli and two repeats",
        )
    n_repeats = table.shape[1]
    averaged = n_repeats if n_averaged is None else n_averaged
    if averaged < 1:
        raise DataError("noise ceiling: nothing is averaged", found=f"n_averaged={n_averaged!r}")
    noise = table.var(axis=1, ddof=1).mean(axis=0)
    signal = np.maximum(table.mean(axis=1).var(axis=0, ddof=1) - noise / n_repeats, 0.0)
    total = signal + noise / averaged
    with np.errstate(divide="ignore", invalid="ignore"):
        ncsnr = np.where(signal > 0, np.sqrt(signal / noise), 0.0)
        return NoiseCeiling(ncsnr, np.where(total > 0, signal / total, 0.0))
