"""Which of two recipes is better: paired tests, each with the unit it may count.

Average seeds first, then folds, then sessions; what is left is tested. Folds and seeds are not
replicates: a plain paired t-test over 10 x 5 folds rejects a true null in 57 % of runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.stats import binomtest, norm, t

from neurodecode.core.errors import DataError
from neurodecode.evaluation.intervals import subject_interval

_EXACT_UP_TO = 12  # subjects; 4096 flips
_TIE = 1e-12  # permuted sums that differ by rounding only are equal


@dataclass(frozen=True)
class Comparison:
    """A paired comparison: the difference, its interval, a p-value and how it came about.

    Attributes
    ----------
    difference : float, first minus second
    p : float, two-sided unless the method says otherwise; NaN where nothing can be tested
    method : str
    n : int, units counted
    low, high : float, 95 % interval of the difference, NaN where the method gives none
    statistic : float
    effect : float, standardised mean difference d_z; NaN if undefined
    note : str, a sentence where a number is missing or cannot be small
    """

    difference: float
    p: float
    method: str
    n: int
    low: float = math.nan
    high: float = math.nan
    statistic: float = math.nan
    effect: float = math.nan
    note: str = ""


def corrected_t(differences: Any, k: int) -> Comparison:
    """Corrected resampled t-test of fold differences of one person, two-sided.

    ``t = mean / (s sqrt(1/(k r) + 1/(k - 1)))`` with k r - 1 degrees of freedom: k-fold trains its
    folds on shared data. Use 10 repetitions; with one the test has little power.

    Source: Nadeau & Bengio 2003 (10.1023/A:1024068626366); Bouckaert & Frank 2004
    (10.1007/978-3-540-24775-3_3).

    Parameters
    ----------
    differences : float array, shape (k * r,), all folds of all repetitions
    k : int, folds of one repetition

    Returns
    -------
    result : Comparison

    Examples
    --------
    >>> found = corrected_t([0.05, 0.02, -0.01, 0.04, 0.03], k=5)
    >>> round(found.statistic, 4), round(found.p, 4)
    (1.6836, 0.1676)
    """
    d = _checked(differences)
    n = len(d)
    if k < 2 or n % k:
        raise DataError("fold differences are incomplete", found=f"{n} values, k={k}",
                        expected="k >= 2 and a multiple of k values")  # fmt: skip
    method = f"corrected t, {n // k} x {k} folds"
    if np.ptp(d) == 0:
        return _all_equal(d, method)
    error = d.std(ddof=1) * math.sqrt(1 / n + 1 / (k - 1))
    statistic = float(d.mean() / error)
    half = float(t.isf(0.025, n - 1)) * error
    return Comparison(
        float(d.mean()), float(2 * t.sf(abs(statistic), n - 1)), method, n,
        float(d.mean() - half), float(d.mean() + half), statistic,
    )  # fmt: skip


def sign_flip(
    differences: Any,
    alternative: Literal["two-sided", "greater", "less"] = "two-sided",
    n_draws: int = 9999,
    random_state: int = 0,
) -> float:
    """P-value of a mean difference over people, if either sign were as likely for each.

    Exact up to 12 people, else drawn; the observed signs count as one draw.

    Parameters
    ----------
    differences : float array, shape (n_subjects,)
    alternative : {"two-sided", "greater", "less"}, default "two-sided"
    n_draws : int, default 9999
    random_state : int, default 0

    Examples
    --------
    >>> d = [0.05, 0.02, -0.01, 0.04, 0.03, 0.06, -0.02, 0.01]
    >>> sign_flip(d), sign_flip(d, "greater")
    (0.0859375, 0.04296875)
    """
    d = _checked(differences)
    d = -d if alternative == "less" else d
    s = len(d)
    if s <= _EXACT_UP_TO:
        bits = (np.arange(2**s)[:, None] >> np.arange(s)) & 1
        sums = (1 - 2 * bits) @ d
    else:
        signs = np.random.default_rng(random_state).integers(0, 2, size=(n_draws, s)) * 2 - 1
        sums = np.append(signs @ d, d.sum())
    observed = d.sum()
    if alternative == "two-sided":
        sums, observed = np.abs(sums), abs(observed)
    return float(np.mean(sums >= observed - _TIE))


def mcnemar(b: int, c: int) -> float:
    """Exact two-sided McNemar test: b trials only the first got right, c only the second.

    Source: McNemar 1947 (10.1007/BF02295996).

    Examples
    --------
    >>> round(mcnemar(15, 5), 4), mcnemar(0, 0)
    (0.0414, 1.0)
    """
    return 1.0 if b + c == 0 else float(binomtest(b, b + c, 0.5).pvalue)


def compare_trials(y_true: Any, first: Any, second: Any) -> Comparison:
    """Accuracy of two recipes on the same test trials of one person (exact McNemar).

    Parameters
    ----------
    y_true, first, second : arrays, shape (n_trials,), labels and both predictions

    Examples
    --------
    >>> compare_trials([0, 1, 0, 1], [0, 1, 0, 0], [0, 1, 1, 1]).p
    1.0
    """
    right_first = np.asarray(first) == np.asarray(y_true)
    right_second = np.asarray(second) == np.asarray(y_true)
    b, c = int(np.sum(right_first & ~right_second)), int(np.sum(right_second & ~right_first))
    n = len(right_first)
    note = "" if b + c else "Both are right on the same trials: nothing to test."
    return Comparison((b - c) / n, mcnemar(b, c), "exact McNemar", n, note=note)


def compare_subjects(first: Any, second: Any, n_comparisons: int = 1) -> Comparison:
    """Two recipes over the same people: sign-flip test, t interval, d_z.

    Parameters
    ----------
    first, second : float arrays, shape (n_subjects,), one mean score a person, same order
    n_comparisons : int, default 1
        Pairs that Holm's correction will cover; too few people for it make `p` NaN.

    Examples
    --------
    >>> a = [0.75, 0.72, 0.69, 0.74, 0.73, 0.76, 0.68, 0.71]
    >>> found = compare_subjects(a, [0.7] * 8)
    >>> round(found.difference, 4), round(found.p, 4), round(found.effect, 3)
    (0.0225, 0.0859, 0.799)
    """
    d = _checked(np.asarray(first, dtype=float) - np.asarray(second, dtype=float))
    method = "sign-flip over subjects" + (", exact" if len(d) <= _EXACT_UP_TO else "")
    if len(d) > 1 and np.ptp(d) < _TIE:
        return _all_equal(d, method)
    needed = subjects_needed(n_comparisons)
    spread = float(d.std(ddof=1)) if len(d) > 1 else math.nan
    ends = subject_interval(d)
    testable = len(d) >= needed
    note = "" if testable else f"Not testable: {len(d)} people; p < .05 takes at least {needed}."
    return Comparison(
        float(d.mean()), sign_flip(d) if testable else math.nan, method, len(d),
        ends.low, ends.high, float(d.sum()), float(d.mean() / spread), note,
    )  # fmt: skip


def subjects_needed(n_comparisons: int = 1, alpha: float = 0.05) -> int:
    """People without whom no two-sided sign-flip test can reach alpha after Holm.

    Examples
    --------
    >>> [subjects_needed(m) for m in (1, 3, 10, 45)]
    [6, 7, 9, 11]
    """
    return math.ceil(1 + math.log2(n_comparisons / alpha) - _TIE)


def hedges_g(effect: float, n: int) -> float:
    """d_z freed of its small-sample bias, n paired values (Hedges 1981).

    Examples
    --------
    >>> round(hedges_g(0.799, 8), 2)
    0.71
    """
    return effect * (1 - 3 / (4 * (n - 1) - 1))


@dataclass(frozen=True)
class AucDifference:
    """Two AUCs on one test set, the z of their difference and its two-sided p."""

    first: float
    second: float
    z: float
    p: float


def delong(y_true: Any, first: Any, second: Any) -> AucDifference:
    """DeLong's test of two AUCs from the same two-class test trials.

    Source: DeLong, DeLong & Clarke-Pearson 1988 (10.2307/2531595).

    Parameters
    ----------
    y_true : array, shape (n_trials,), two labels; the larger one is positive
    first, second : float arrays, shape (n_trials,), scores

    Examples
    --------
    >>> a, b = [0.1, 0.3, 0.2, 0.7, 0.8, 0.9], [0.2, 0.6, 0.3, 0.35, 0.8, 0.25]
    >>> delong([0, 0, 0, 1, 1, 1], a, b).first
    1.0
    """
    positive = np.asarray(y_true) == np.max(y_true)
    shares = [delong_shares(positive, np.asarray(scores, float)) for scores in (first, second)]
    difference = [one - other for one, other in zip(*shares, strict=True)]
    variance = sum(each.var(ddof=1) / len(each) for each in difference)
    auc = [float(over_positives.mean()) for over_positives, _ in shares]
    if variance == 0:
        return AucDifference(auc[0], auc[1], math.nan, 1.0)
    z = float((auc[0] - auc[1]) / math.sqrt(variance))
    return AucDifference(auc[0], auc[1], z, float(2 * norm.sf(abs(z))))


def delong_shares(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each positive the share of negatives below it, for each negative of positives above.

    The variance of the AUC is the sum over both of sample variance / number.

    Examples
    --------
    >>> delong_shares(np.array([False, True]), np.array([0.1, 0.9]))
    (array([1.]), array([1.]))
    """
    gap = scores[positive][:, None] - scores[~positive][None, :]
    wins = (gap > 0) + 0.5 * (gap == 0)
    return wins.mean(axis=1), wins.mean(axis=0)


def rope_probabilities(differences: Any, k: int, width: float = 0.01) -> tuple[float, float, float]:
    """Posterior probabilities that the first is worse, practically equal, better.

    Correlated Bayesian t-test with a flat prior: Student's t with n - 1 degrees of freedom, centre
    mean, scale ``s sqrt(1/n + rho/(1 - rho))``, rho = 1/k.

    Source: Benavoli, Corani, Demsar & Zaffalon 2017 (JMLR 18).

    Parameters
    ----------
    differences : float array, shape (k * r,), fold differences
    k : int, folds of one repetition
    width : float, default 0.01
        Differences smaller than this are practically none.

    Examples
    --------
    >>> [round(p, 4) for p in rope_probabilities([0.05, 0.02, -0.01, 0.04, 0.03], k=5)]
    [0.0401, 0.1393, 0.8206]
    """
    d = _checked(differences)
    scale = d.std(ddof=1) * math.sqrt(1 / len(d) + 1 / (k - 1))
    posterior = t(len(d) - 1, loc=d.mean(), scale=scale)
    worse, better = float(posterior.cdf(-width)), float(posterior.sf(width))
    return worse, 1 - worse - better, better


def _checked(differences: Any) -> np.ndarray:
    d = np.asarray(differences, dtype=np.float64)
    if d.ndim != 1 or not len(d) or not np.isfinite(d).all():
        raise DataError(
            "paired scores are incomplete",
            found=f"{int((~np.isfinite(d)).sum())} of {d.size} differences are NaN or infinite",
            expected="one finite difference per unit, the same units on both sides",
            fix="finish the failed folds first; a mean over the others would be another question",
        )
    return d


def _all_equal(d: np.ndarray, method: str) -> Comparison:
    same = float(d[0])
    if abs(same) < _TIE:
        note = "No unit differs: p = 1, and d_z is undefined."
        return Comparison(same, 1.0, method, len(d), note=note)
    note = "All units differ by the same amount: no spread, so d_z and the interval are undefined."
    p = max(2.0 ** (1 - len(d)), 0.0) if method.startswith("sign-flip") else math.nan
    return Comparison(same, p, method, len(d), note=note)
