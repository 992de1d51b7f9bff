"""Across data sets: is it better on average, and how much does that vary?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import chi2, norm, t

from neurodecode.core.errors import DataError


@dataclass(frozen=True)
class PooledEffect:
    """Mean effect over data sets and its heterogeneity.

    Attributes
    ----------
    mean, low, high : float
        Random-effects mean and its Hartung-Knapp interval; NaN below 3 data sets.
    p : float, two-sided, of mean 0
    tau2, i2 : float
        Variance between data sets; share of the scatter that it explains.
    q, q_p : float, Cochran's test of no heterogeneity
    prediction_low, prediction_high : float, where the effect in a new data set lies
    fixed : float, mean if all data sets had one true effect
    n : int
    estimand : str, "field"
    note : str
    """

    mean: float
    low: float
    high: float
    p: float
    tau2: float
    i2: float
    q: float
    q_p: float
    prediction_low: float
    prediction_high: float
    fixed: float
    n: int
    estimand: str = "field"
    note: str = ""


def random_effects(effects: Any, variances: Any, level: float = 0.95) -> PooledEffect:
    """Pool paired differences of several data sets (DerSimonian-Laird, Hartung-Knapp interval).

    Stouffer's Z and fixed effects answer "some data set differs", not "better on average": with
    mean 0 and s.d. .02 between data sets they reject in about 30 %, this interval in 5 %.

    Source: DerSimonian & Laird 1986; IntHout, Ioannidis & Borm 2014 (10.1186/1471-2288-14-25).

    Parameters
    ----------
    effects : float array, shape (n_datasets,), mean paired difference, one metric
    variances : float array, shape (n_datasets,), > 0, its squared standard error
    level : float, default 0.95

    Raises
    ------
    DataError
        Lengths differ, or a variance is not positive.

    Examples
    --------
    >>> se = np.array([0.010, 0.012, 0.020, 0.015, 0.008])
    >>> found = random_effects([0.04, 0.01, 0.06, -0.01, 0.03], se**2)
    >>> round(found.mean, 4), round(found.low, 4), round(found.high, 4)
    (0.0251, -0.0054, 0.0555)
    """
    y, v = np.asarray(effects, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    if y.ndim != 1 or y.shape != v.shape or not np.isfinite(y).all() or not np.all(v > 0):
        raise DataError(
            "effects cannot be pooled",
            found=f"{y.size} effects, {v.size} variances, {int(np.sum(~(v > 0)))} not positive",
            expected="one finite effect and one positive variance per data set",
        )
    n = len(y)
    if n < 3:
        gap = math.nan
        note = f"{n} data sets: too few to pool, see each by itself."
        return PooledEffect(gap, gap, gap, gap, gap, gap, gap, gap, gap, gap, gap, n, note=note)
    w = 1 / v
    fixed = float(w @ y / w.sum())
    q = float(w @ (y - fixed) ** 2)
    tau2 = max(0.0, (q - (n - 1)) / float(w.sum() - np.sum(w**2) / w.sum()))
    star = 1 / (v + tau2)
    mean = float(star @ y / star.sum())
    error2 = float(star @ (y - mean) ** 2 / ((n - 1) * star.sum()))
    half = float(t.isf((1 - level) / 2, n - 1)) * math.sqrt(error2)
    p = float(2 * t.sf(abs(mean) / math.sqrt(error2), n - 1)) if error2 > 0 else math.nan
    # The interval for a new data set keeps the classical standard error beside tau.
    reach = float(t.isf((1 - level) / 2, n - 2)) * math.sqrt(tau2 + 1 / float(star.sum()))
    i2 = max(0.0, (q - (n - 1)) / q) if q > 0 else 0.0
    return PooledEffect(
        mean, mean - half, mean + half, p, tau2, i2, q, float(chi2.sf(q, n - 1)),
        mean - reach, mean + reach, fixed, n,
    )  # fmt: skip


def stouffer(p: Any, weights: Any = None) -> tuple[float, float]:
    """Z and p of combined *one-sided* p-values; says only that some data set differs.

    Two-sided p-values must be made one-sided by the sign of the effect first.

    Source: Stouffer et al. 1949.

    Parameters
    ----------
    p : float array, shape (n,)
    weights : float array, shape (n,), default: equal

    Examples
    --------
    >>> z, p = stouffer([0.04, 0.20, 0.01], np.sqrt([10, 20, 9]))
    >>> round(z, 4), round(p, 5)
    (2.6067, 0.00457)
    """
    z = norm.isf(np.asarray(p, dtype=np.float64))
    w = np.ones(len(z)) if weights is None else np.asarray(weights, dtype=np.float64)
    total = float(w @ z / math.sqrt(w @ w))
    return total, float(norm.sf(total))
