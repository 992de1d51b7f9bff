"""Null distributions by shuffling what was assigned, at the level where it was assigned."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodecode.core.errors import DataError


def permute_labels(
    y: Any, units: Any = None, random_state: int | np.random.Generator = 0
) -> np.ndarray:
    """Shuffle labels as the experiment could have assigned them.

    Where every unit (trial of windows, block, stimulus, subject) holds one label, units swap their
    labels and windows stay together; where labels vary inside a unit (a run), they are shuffled
    inside it. A shuffle below the level of assignment does not see leaks through it.

    Parameters
    ----------
    y : array, shape (n_trials,)
    units : array, shape (n_trials,), default: every trial is a unit
    random_state : int or Generator, default 0

    Returns
    -------
    y : array, shape (n_trials,)

    Raises
    ------
    DataError
        Lengths differ.

    Examples
    --------
    >>> permute_labels(list("aabb"), [0, 0, 1, 1], random_state=1).tolist() in (
    ...     list("aabb"), list("bbaa"))
    True
    """
    y = np.asarray(y)
    generator = np.random.default_rng(random_state)
    if units is None:
        return generator.permutation(y)
    units = np.asarray(units)
    if len(units) != len(y):
        raise DataError(
            "units and labels differ in number", found=f"{len(units)} units, {len(y)} labels"
        )
    _, first, place = np.unique(units, return_index=True, return_inverse=True)
    if np.array_equal(y[first][place], y):
        return generator.permutation(y[first])[place]
    shuffled = y.copy()
    for unit in range(len(first)):
        rows = np.flatnonzero(place == unit)
        shuffled[rows] = generator.permutation(y[rows])
    return shuffled


def permutation_p(observed: float, null: Any) -> float:
    """One-sided p of a score: ``(1 + #{null >= observed}) / (B + 1)``.

    Source: Phipson & Smyth 2010 (10.2202/1544-6115.1585).

    Parameters
    ----------
    observed : float
    null : float array, shape (B,), scores under shuffled labels; B >= 199 for a claim

    Examples
    --------
    >>> permutation_p(1.0, np.zeros(999))
    0.001
    """
    null = np.asarray(null, dtype=np.float64)
    return float((1 + np.sum(null >= observed - 1e-12)) / (len(null) + 1))


def shift_target(y: Any, min_lag: int, random_state: int | np.random.Generator = 0) -> np.ndarray:
    """Turn a continuous target around in time by a random lag: keeps its smoothness.

    Parameters
    ----------
    y : float array, shape (n_times, ...)
    min_lag : int, samples, 1 <= min_lag <= n_times / 2
        At least the longest autocorrelation; the shift is as far from either end.
    random_state : int or Generator, default 0

    Examples
    --------
    >>> sorted(shift_target(np.arange(6), 2).tolist())
    [0, 1, 2, 3, 4, 5]
    """
    y = np.asarray(y)
    if not 1 <= min_lag <= len(y) / 2:
        raise DataError("lag out of range", found=str(min_lag), expected=f"1 to {len(y) // 2}")
    lag = np.random.default_rng(random_state).integers(min_lag, len(y) - min_lag, endpoint=True)
    return np.roll(y, lag, axis=0)


def autocorrelated_n(n: int, first: float, second: float) -> float:
    """Independent samples behind a correlation of two AR(1) series.

    Source: Bartlett 1935 (Journal of the Royal Statistical Society 98).

    Parameters
    ----------
    n : int, samples
    first, second : float, lag-one autocorrelations

    Examples
    --------
    >>> round(autocorrelated_n(1000, 0.95, 0.95), 1)
    51.2
    """
    return n * (1 - first * second) / (1 + first * second)
