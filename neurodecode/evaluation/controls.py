"""Sanity of a score: shuffled labels must lose it, and nothing may fall below chance."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binom

from neurodecode.core.errors import DataError
from neurodecode.evaluation.permutation import permute_labels

_BELOW = 0.001
_KFOLD_SPREAD = 1.3  # null s.d. of k-fold over that of independent trials


@dataclass(frozen=True)
class ShuffleControl:
    """Scores under shuffled labels; `alarm` if their mean is above chance by more than allowed."""

    scores: np.ndarray
    mean: float
    threshold: float
    alarm: bool


def shuffle_threshold(chance: float, n: int, n_shuffles: int) -> float:
    """Distance from chance that the mean of shuffled scores stays below, 3 standard errors.

    Examples
    --------
    >>> round(shuffle_threshold(0.5, 40, 20), 3), round(shuffle_threshold(0.5, 200, 10), 3)
    (0.069, 0.044)
    """
    return 3 * _KFOLD_SPREAD * math.sqrt(chance * (1 - chance) / n) / math.sqrt(n_shuffles)


def label_shuffle_control(
    evaluate: Callable[[np.ndarray], float],
    y: Any,
    *,
    chance: float,
    units: Any = None,
    n_units: int | None = None,
    n_shuffles: int = 20,
    random_state: int = 0,
) -> ShuffleControl:
    """Rerun an evaluation on shuffled labels and see whether it still scores.

    Finds leaks through selection, supervised filters, windows, blocks, stimuli and people, *if*
    labels are shuffled where they were assigned. It is blind to duplicates and to unsupervised
    steps on all data: `check_split` and `refuse_fitted` are for those.

    Parameters
    ----------
    evaluate : callable
        Labels -> score; must rerun every step that learns or chooses.
    y : array, shape (n_trials,)
    chance : float, score of guessing
    units : array, shape (n_trials,), optional
        Level of assignment, as in `permute_labels`.
    n_units : int, default: number of distinct units, or of trials
        Independent units among the test trials.
    n_shuffles : int, default 20
    random_state : int, default 0

    Examples
    --------
    >>> y = np.tile([0, 1], 50)
    >>> label_shuffle_control(lambda labels: float(np.mean(labels == y)), y, chance=0.5).alarm
    False
    """
    y = np.asarray(y)
    generator = np.random.default_rng(random_state)
    scores = np.array([evaluate(permute_labels(y, units, generator)) for _ in range(n_shuffles)])
    if n_units is None:
        n_units = len(y) if units is None else len(np.unique(units))
    threshold = shuffle_threshold(chance, n_units, n_shuffles)
    mean = float(scores.mean())
    return ShuffleControl(scores, mean, threshold, mean - chance > threshold)


def check_not_below_chance(y_true: Any, y_pred: Any) -> None:
    """Refuse predictions that are wrong too often to be guesses.

    Expected is what labels drawn independently, each as often as it was predicted, would hit.

    Raises
    ------
    DataError
        So few hits have a probability under .001: something is reversed.

    Examples
    --------
    >>> check_not_below_chance([0, 1] * 20, [0, 1] * 20)
    """
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    n, hits = len(y_true), int(np.sum(y_true == y_pred))
    labels = np.unique(y_true)
    level = float(sum(np.mean(y_true == name) * np.mean(y_pred == name) for name in labels))
    p = float(binom.cdf(hits, n, level))
    if p < _BELOW:
        raise DataError(
            "predictions are wrong more often than guesses",
            found=f"{hits} of {n} right, p = {p:.1g}",
            expected=f"about {level * n:.0f} of {n} by guessing",
            fix="look for reversed labels, two event codes swapped, or leave-one-out on balanced "
            "classes (the class left out becomes the rarer one)",
        )


def too_good(accuracy: float, n: int, ceiling: float | None = None) -> str:
    """A sentence for scores above what anybody has seen; empty for plausible ones.

    Parameters
    ----------
    accuracy : float
    n : int, test trials
    ceiling : float, optional
        Best published mean plus 3 s.d. of subjects.

    Examples
    --------
    >>> too_good(1.0, 200)
    'All of 200 test trials right: look for a leak before celebrating.'
    """
    if ceiling is not None and accuracy > ceiling:
        return f"{accuracy:.3f} is above {ceiling:.3f}, the best anybody has published plus 3 s.d."
    if accuracy == 1 and n > 30:
        return f"All of {n} test trials right: look for a leak before celebrating."
    return ""
