"""What guessing scores, and what must be exceeded before a score is more than guessing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.stats import binom, norm

from neurodecode.evaluation.scoring import metric_info

# k-fold estimates scatter as if there were fewer test trials: null s.d. 1.26-1.28 x binomial.
KFOLD_DEFLATION = 1.6


def chance_level(metric: str, y_true: Any, classes: Any = None) -> float:
    """Score of the best guess that ignores the data; NaN where there is no such thing.

    Accuracy: the larger of 1/K and the share of the largest class. Balanced accuracy: 1/K.
    AUC: .5. Log-loss and Brier score: those of the class shares.

    Parameters
    ----------
    metric : str
    y_true : array, shape (n_trials,), labels of the test trials
    classes : array, the classes of the task, default: those in `y_true`

    Examples
    --------
    >>> chance_level("accuracy", list("aaab")), chance_level("balanced-accuracy", list("aaab"))
    (0.75, 0.5)
    """
    metric_info(metric)  # an unknown name ends here, with a guess at the typo
    if metric in ("kappa", "mcc", "r2", "correlation", "itr", "segment-correlation"):
        return 0.0
    if metric == "roc-auc":
        return 0.5
    if metric in ("rrmse-temporal", "rrmse-spectral"):  # of silence
        return 1.0
    y_true = np.asarray(y_true)
    classes = np.unique(y_true) if classes is None else np.asarray(classes)
    share = np.array([np.mean(y_true == name) for name in classes])
    k = len(classes)
    if metric in ("accuracy", "balanced-accuracy"):
        return float(max(1 / k, share.max()) if metric == "accuracy" else 1 / k)
    seen = share[share > 0]
    levels = {
        "average-precision": share[1] if k == 2 else share.mean(),
        "f1-weighted": _guessed_f1(share, share),
        "f1-macro": _guessed_f1(share, np.full(k, 1 / k)),
        "log-loss": float(-np.sum(seen * np.log(seen))),
        "brier": 1 - float(np.sum(share**2)),
    }
    return float(levels.get(metric, np.nan))


def _guessed_f1(share: np.ndarray, weight: np.ndarray) -> float:
    """The better of always naming the largest class and naming each equally often."""
    evenly = weight @ (2 * share / (len(share) * share + 1))
    largest = share.argmax()
    return float(max(evenly, weight[largest] * 2 * share[largest] / (1 + share[largest])))


def binomial_threshold(n: int, p0: float, alpha: float = 0.05) -> int:
    """Smallest number right of n that guessing reaches with probability <= alpha.

    The often-copied ``isf / n`` is one count too low. Source: Combrisson & Jerbi 2015
    (10.1016/j.jneumeth.2015.01.010).

    Examples
    --------
    >>> binomial_threshold(40, 0.5)
    26
    """
    return int(binom.isf(alpha, n, p0)) + 1


def effective_n(n_trials: int, n_units: int | None = None, kfold: bool = False) -> float:
    """Test trials that count: independent units, and fewer where k-fold trains on shared data.

    Examples
    --------
    >>> effective_n(100, kfold=True)
    62.5
    """
    n = n_trials if n_units is None else min(n_trials, n_units)
    return n / KFOLD_DEFLATION if kfold else float(n)


def chance_threshold(
    metric: str,
    y_true: Any,
    y_pred: Any = None,
    classes: Any = None,
    alpha: float = 0.05,
    kfold: bool = False,
    *,
    n_units: int | None = None,
) -> float:
    """Score that guessing exceeds with probability <= alpha (one-sided), for this many trials.

    Parameters
    ----------
    metric : {"accuracy", "balanced-accuracy", "roc-auc"}; NaN for others, permute labels there
    y_true : array, shape (n_trials,), labels of *all* test trials, over folds
    y_pred : array, optional
        For balanced accuracy: how often each class was named; default: equally often.
    classes : array, default: those in `y_true`
    alpha : float, default 0.05
    kfold : bool, default False
        Predictions come from one pass of k-fold.
    n_units : int, optional
        Independent units among the trials (blocks, trials of windows), if fewer.

    Examples
    --------
    >>> chance_threshold("accuracy", [0, 1] * 50), chance_threshold("roc-auc", [0] * 20 + [1] * 20)
    (0.59, 0.6520...)
    """
    y_true = np.asarray(y_true)
    classes = np.unique(y_true) if classes is None else np.asarray(classes)
    counts = np.array([np.sum(y_true == name) for name in classes], dtype=float)
    n = effective_n(len(y_true), n_units, kfold)
    if metric == "accuracy":
        whole = max(1, math.floor(n))
        level = chance_level("accuracy", y_true, classes)
        return min(1.0, binomial_threshold(whole, level, alpha) / whole)
    counts *= n / len(y_true)
    z = float(norm.isf(alpha))
    if not counts.all():
        return float("nan")
    if metric == "balanced-accuracy":
        named = np.full(len(classes), 1 / len(classes))
        if y_pred is not None:
            named = np.array([np.mean(np.asarray(y_pred) == name) for name in classes])
        spread = math.sqrt(float(np.sum(named * (1 - named) / counts))) / len(classes)
        return 1 / len(classes) + z * spread
    if metric == "roc-auc" and len(classes) == 2:
        return 0.5 + z * math.sqrt((counts.sum() + 1) / (12 * counts.prod()))
    return float("nan")
