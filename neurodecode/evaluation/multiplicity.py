"""Many comparisons at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import chi2, f, rankdata, studentized_range

from neurodecode.core.errors import DataError


def holm(p: Any) -> np.ndarray:
    """P-values adjusted so that the chance of any false rejection stays at alpha.

    Source: Holm 1979 (Scandinavian Journal of Statistics 6).

    Parameters
    ----------
    p : float array, shape (n,), in [0, 1]

    Returns
    -------
    adjusted : float array, shape (n,), in the order given

    Examples
    --------
    >>> holm([0.001, 0.008, 0.039]).round(3)
    array([0.003, 0.016, 0.039])
    """
    p = _p_values(p)
    order = np.argsort(p)
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return np.minimum(adjusted, 1.0)


def benjamini_hochberg(p: Any) -> np.ndarray:
    """P-values adjusted for the expected share of false rejections, for screening.

    Source: Benjamini & Hochberg 1995 (10.1111/j.2517-6161.1995.tb02031.x).

    Examples
    --------
    >>> benjamini_hochberg([0.001, 0.008, 0.039]).round(3)
    array([0.003, 0.012, 0.039])
    """
    p = _p_values(p)
    order = np.argsort(p)[::-1]
    adjusted = np.empty_like(p)
    steps = p[order] * len(p) / np.arange(len(p), 0, -1)
    adjusted[order] = np.minimum.accumulate(steps)
    return np.minimum(adjusted, 1.0)


@dataclass(frozen=True)
class RankTest:
    """Mean ranks of recipes over data sets, Friedman's test, and Nemenyi's critical difference.

    Whether two recipes differ then depends on who else is in the pool (Benavoli 2016): draw ranks
    for the picture, and test pairs by themselves.
    """

    ranks: np.ndarray
    chi2: float
    chi2_p: float
    f: float
    f_p: float
    critical_difference: float


def critical_difference(scores: Any, alpha: float = 0.05) -> RankTest:
    """Rank recipes over data sets; rank 1 is best, ties share ranks.

    Source: Demsar 2006 (JMLR 7).

    Parameters
    ----------
    scores : float array, shape (n_datasets, n_recipes), higher is better
    alpha : float, default 0.05

    Examples
    --------
    >>> critical_difference([[0.9, 0.8, 0.7], [0.9, 0.8, 0.7], [0.6, 0.8, 0.7]]).ranks
    array([1.66666667, 1.66666667, 2.66666667])
    """
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 2 or min(scores.shape) < 2 or not np.isfinite(scores).all():
        raise DataError(
            "ranks need a full table",
            found=f"shape {scores.shape}, {int((~np.isfinite(scores)).sum())} gaps",
            expected="at least 2 data sets x 2 recipes, without gaps",
        )
    n, k = scores.shape
    ranks = rankdata(-scores, axis=1).mean(axis=0)
    statistic = 12 * n / (k * (k + 1)) * (np.sum(ranks**2) - k * (k + 1) ** 2 / 4)
    rest = n * (k - 1) - statistic
    ratio = (n - 1) * statistic / rest if rest > 0 else math.inf
    q = float(studentized_range.isf(alpha, k, np.inf)) / math.sqrt(2)
    return RankTest(
        ranks,
        float(statistic),
        float(chi2.sf(statistic, k - 1)),
        float(ratio),
        float(f.sf(ratio, k - 1, (k - 1) * (n - 1))),
        q * math.sqrt(k * (k + 1) / (6 * n)),
    )


def _p_values(p: Any) -> np.ndarray:
    p = np.asarray(p, dtype=np.float64)
    if p.ndim != 1 or not np.all((p >= 0) & (p <= 1)):
        raise DataError("no list of p-values", found=f"{p!r}", expected="numbers in 0 to 1, no NaN")
    return p
