"""Information transfer rate."""

from __future__ import annotations

import numpy as np

from neurodecode.core.errors import DataError
from neurodecode.evaluation.scoring import MetricInfo, describe_metric


def itr_bits(accuracy: float, n_classes: int) -> float:
    """Bits a selection carries, for equally likely targets and evenly spread errors.

    ``log2 N + P log2 P + (1 - P) log2((1 - P) / (N - 1))``, and 0 at or below chance: the formula
    is symmetric, so that for N = 2 a decoder wrong in 70 % would be worth as much as one right in
    70 %.

    Source: Wolpaw et al. 2002 (10.1016/S1388-2457(02)00057-3).

    Parameters
    ----------
    accuracy : float, in [0, 1]
    n_classes : int, >= 2

    Examples
    --------
    >>> round(itr_bits(0.9, 4), 4), itr_bits(0.3, 2)
    (1.3725, 0.0)
    """
    if n_classes < 2 or not 0 <= accuracy <= 1:
        raise DataError(
            "no information rate of these values",
            found=f"accuracy {accuracy}, {n_classes} classes",
            expected="accuracy in 0 to 1, at least 2 classes",
        )
    p, n = float(accuracy), int(n_classes)
    if p <= 1 / n:
        return 0.0
    wrong = (1 - p) * np.log2((1 - p) / (n - 1)) if p < 1 else 0.0
    return float(np.log2(n) + p * np.log2(p) + wrong)


def itr_per_minute(
    accuracy: float, n_classes: int, seconds: float, gaze_shift: float = 0.0
) -> float:
    """Bits a minute.

    The rate is convex in accuracy: over people, print the mean of their rates, not the rate of
    their mean accuracy.

    Parameters
    ----------
    accuracy : float, in [0, 1]
    n_classes : int, >= 2
    seconds : float, > 0
        Data one selection needs.
    gaze_shift : float, default 0, seconds
        Pause before each selection; it counts.

    Examples
    --------
    >>> round(itr_per_minute(0.9, 4, seconds=2.0, gaze_shift=0.5), 2)
    32.94
    """
    return 60 * itr_bits(accuracy, n_classes) / (seconds + gaze_shift)


@describe_metric(MetricInfo("labels", title="ITR (bits a selection)"))
def itr(y_true: np.ndarray, y_pred: np.ndarray, classes: np.ndarray) -> float:
    """Information transfer rate of these predictions, bits a selection.

    Examples
    --------
    >>> itr(np.array([0, 1, 0, 1]), np.array([0, 1, 0, 1]), np.array([0, 1]))
    1.0
    """
    return itr_bits(float(np.mean(np.asarray(y_true) == np.asarray(y_pred))), len(classes))
