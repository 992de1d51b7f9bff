"""95 % intervals, each for the question it answers."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy.optimize import brentq
from scipy.stats import beta, norm, t

from neurodecode.core.errors import DataError
from neurodecode.evaluation.chance import effective_n
from neurodecode.evaluation.metrics import binary_auc, confusion, score_table
from neurodecode.evaluation.scoring import undefined_reason


@dataclass(frozen=True)
class Interval:
    """Two ends, how they were found, and what they are about.

    Attributes
    ----------
    low, high : float, NaN where there is no interval
    method : str
    estimand : {"this-model", "this-person", "population", "field"}
        More trials of the same test recording; the same procedure, person and session; a new
        person; a new data set.
    note : str
        A sentence where the interval is missing or one-sided.

    Examples
    --------
    >>> low, high = Interval(0.6, 0.8, "Wilson, 100 trials")
    >>> low, high
    (0.6, 0.8)
    """

    low: float
    high: float
    method: str
    estimand: str = "this-model"
    note: str = ""

    def __iter__(self):
        return iter((self.low, self.high))


def wilson(k: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a proportion k of n; both may be fractional.

    Source: Wilson 1927 (10.1080/01621459.1927.10502953).

    Examples
    --------
    >>> [round(end, 4) for end in wilson(70, 100)]
    [0.6042, 0.7811]
    """
    _check_counts(k, n)
    z, p = _z(level), k / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return (0.0 if k == 0 else centre - half), (1.0 if k == n else centre + half)


def clopper_pearson(k: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a proportion; wider than Wilson's, for when a claim hangs on it.

    Source: Clopper & Pearson 1934 (10.1093/biomet/26.4.404).

    Examples
    --------
    >>> [round(end, 4) for end in clopper_pearson(70, 100)]
    [0.6002, 0.7876]
    """
    _check_counts(k, n)
    tail = (1 - level) / 2
    low = 0.0 if k == 0 else float(beta.ppf(tail, k, n - k + 1))
    high = 1.0 if k == n else float(beta.isf(tail, k + 1, n - k))
    return low, high


def newcombe_auc(auc: float, m: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Interval of an AUC from m and n trials of the two classes; holds at AUC = 1 too.

    Ends solve ``|auc - t| = z sqrt(V(t))``. Source: Newcombe 2006, method 5 (10.1002/sim.2324).

    Examples
    --------
    >>> [round(end, 4) for end in newcombe_auc(0.8, 20, 100)]
    [0.6709, 0.8831]
    """
    if not 0 <= auc <= 1 or min(m, n) <= 0:
        raise DataError("no interval of this AUC", found=f"AUC {auc}, {m} and {n} trials")
    z, mean_n = _z(level), (m + n) / 2

    def excess(value: float) -> float:
        spread = 2 * mean_n - 1 - (3 * mean_n - 3) / ((2 - value) * (1 + value))
        return abs(auc - value) - z * math.sqrt(max(0.0, value * (1 - value) * spread / (m * n)))

    tiny = 1e-12
    inside = min(max(auc, tiny), 1 - tiny)  # at 0 and 1 the variance vanishes
    low = 0.0 if auc <= tiny else _root(excess, tiny, inside)
    high = 1.0 if auc >= 1 - tiny else _root(excess, inside, 1 - tiny)
    return low, high


def subject_interval(values: Any, level: float = 0.95) -> Interval:
    """Interval of the population mean from one score a person (average sessions first).

    Student's t: a bootstrap over few people covers too little (82 % for 5).

    Parameters
    ----------
    values : float array, shape (n_subjects,); NaN are refused, not skipped

    Examples
    --------
    >>> found = subject_interval([0.05, 0.02, -0.01, 0.04, 0.03, 0.06, -0.02, 0.01])
    >>> round(found.low, 5), round(found.high, 5)
    (-0.00104, 0.04604)
    """
    values = np.asarray(values, dtype=np.float64)
    if len(values) < 2:
        return _none("population", "One person says nothing about the population: no interval.")
    if not np.isfinite(values).all():
        n_missing = int((~np.isfinite(values)).sum())
        return _none("population", f"{n_missing} of {len(values)} people have no score.")
    if np.ptp(values) == 0:
        return _none("population", "All people score the same: no spread to build an interval on.")
    half = _t(level, len(values) - 1) * float(values.std(ddof=1)) / math.sqrt(len(values))
    mean = float(values.mean())
    return Interval(mean - half, mean + half, f"t over {len(values)} subjects", "population")


def corrected_interval(values: Any, k: int, level: float = 0.95) -> Interval:
    """Interval of one person's mean score from r repetitions of k-fold, all k r fold scores.

    ``mean +- t(k r - 1) s sqrt(1/(k r) + 1/(k - 1))``: folds share training data.
    Source: Nadeau & Bengio 2003 (10.1023/A:1024068626366); Bouckaert & Frank 2004.

    Parameters
    ----------
    values : float array, shape (k * r,)
    k : int, folds of one repetition

    Examples
    --------
    >>> found = corrected_interval(np.tile([0.6, 0.7, 0.8, 0.7, 0.7], 10), k=5)
    >>> round(found.low, 3), round(found.high, 3)
    (0.633, 0.767)
    """
    values = np.asarray(values, dtype=np.float64)
    if len(values) < 2 or k < 2 or not np.isfinite(values).all():
        return _none("this-person", "Too few folds, or folds without a score: no interval.")
    n = len(values)
    half = _t(level, n - 1) * float(values.std(ddof=1)) * math.sqrt(1 / n + 1 / (k - 1))
    mean = float(values.mean())
    return Interval(mean - half, mean + half, f"corrected t, {n} folds", "this-person")


def interval(
    metric: str,
    y_true: Any,
    y_pred: Any = None,
    scores: Any = None,
    classes: Any = None,
    *,
    unit: str = "trials",
    n_units: int | None = None,
    kfold: bool = False,
) -> Interval:
    """Interval of one decoder's score on these test trials.

    Accuracy: Wilson. Balanced accuracy: Wilson at the n whose variance equals that of the mean
    recall. Two-class AUC: Newcombe. With `kfold`, n counts as n/1.6 and the interval is about the
    procedure ("this-person") instead of one fitted model. Other metrics: none, with a sentence.

    Parameters
    ----------
    metric, y_true, y_pred, scores, classes : as in `score`
    unit : str, default "trials"
        What is independent, for the method's name: "trials", "blocks", "runs".
    n_units : int, optional
        How many of these there are, if fewer than trials.
    kfold : bool, default False
        Predictions come from one pass of k-fold.

    Examples
    --------
    >>> y = np.array([0, 1] * 50)
    >>> found = interval("accuracy", y, np.r_[y[:70], 1 - y[70:]])
    >>> round(found.low, 4), round(found.high, 4), found.method
    (0.6042, 0.7811, 'Wilson, 100 trials')
    """
    y_true = np.asarray(y_true)
    estimand = "this-person" if kfold else "this-model"
    if metric not in ("accuracy", "balanced-accuracy", "roc-auc"):
        return _none(estimand, f"No interval for {metric} of one set of trials: average people.")
    classes = np.unique(y_true) if classes is None else np.asarray(classes)
    reason = undefined_reason(metric, y_true, scores, classes)
    if not reason and metric == "roc-auc" and len(classes) != 2:
        reason = "No interval for the AUC of more than two classes."
    if reason:
        return _none(estimand, reason)
    n = effective_n(len(y_true), n_units, kfold)
    units = f"{len(y_true) if n_units is None else min(n_units, len(y_true))} {unit}"
    units += " / 1.6" if kfold else ""
    if metric == "roc-auc":
        positive = y_true == classes[1]
        auc = binary_auc(positive, score_table(np.asarray(scores), 2)[:, 1])
        share = float(positive.mean())
        ends = newcombe_auc(auc, n * share, n * (1 - share))
        return Interval(*ends, f"Newcombe, {units}", estimand, _at_limit(auc))
    y_pred = np.asarray(y_pred)
    if metric == "accuracy":
        p = float(np.mean(y_true == y_pred))
    else:
        recall, counts = _recalls(y_true, y_pred, classes)
        p = float(recall.mean())
        n = _balanced_n(recall, counts * n / len(y_true))
    name = "Wilson" if metric == "accuracy" else f"Wilson at n = {n:.0f}"
    return Interval(*wilson(p * n, n), f"{name}, {units}", estimand, _at_limit(p))


def _recalls(
    y_true: np.ndarray, y_pred: np.ndarray, classes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    table = confusion(y_true, y_pred, classes)
    counts = table.sum(axis=1)
    return np.diag(table) / counts, counts


def _balanced_n(recall: np.ndarray, counts: np.ndarray) -> float:
    """Trials of a plain proportion that would scatter as much as this mean of recalls.

    Recalls are smoothed by half a trial: at 0 or 1 their own variance would vanish.
    """
    smooth = (recall * counts + 0.5) / (counts + 1)
    variance = np.sum(smooth * (1 - smooth) / counts) / len(recall) ** 2
    mean = smooth.mean()
    return float(mean * (1 - mean) / variance)


def _at_limit(value: float) -> str:
    if value not in (0.0, 1.0):
        return ""
    return f"A score of {value:.0f} is no proof of perfection: read the other end of the interval."


def _none(estimand: str, note: str) -> Interval:
    return Interval(math.nan, math.nan, "none", estimand, note)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    return cast(float, brentq(function, low, high))


@functools.cache
def _z(level: float) -> float:
    return float(norm.isf((1 - level) / 2))


@functools.cache
def _t(level: float, df: float) -> float:
    return float(t.isf((1 - level) / 2, df))


def _check_counts(k: float, n: float) -> None:
    if n <= 0 or not 0 <= k <= n * (1 + 1e-12):
        raise DataError("no proportion", found=f"{k} of {n}", expected="0 <= k <= n, n > 0")
