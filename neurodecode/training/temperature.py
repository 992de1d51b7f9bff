"""Probabilities that mean what they say: one temperature for all logits."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

_LIMIT = 5.0  # of the logarithm: a wider range only serves logits without any information


def temperature_of(logits: np.ndarray, targets: np.ndarray) -> float:
    """The temperature that makes held-out labels most likely.

    Parameters
    ----------
    logits : float array, shape (n_trials, n_classes)
        Of trials the network was not trained on.
    targets : int array, shape (n_trials,)

    Returns
    -------
    temperature : float, between exp(-5) and exp(5)
        Divide logits by it before the softmax; labels stay as they are. Above 1: the network was
        too sure.

    Notes
    -----
    Guo, Pleiss, Sun, Weinberger 2017, arXiv 1706.04599.

    Examples
    --------
    >>> logits = np.array([[4.0, 0.0]] * 4)  # sure of the first class, right three times in four
    >>> round(temperature_of(logits, np.array([0, 0, 0, 1])), 2)  # 4 / log(3)
    3.64
    """
    logits = np.asarray(logits, dtype=np.float64)
    rows = np.arange(len(targets))

    def loss(log_temperature: float) -> float:
        return -log_softmax(logits / np.exp(log_temperature), axis=1)[rows, targets].mean()

    found: Any = minimize_scalar(loss, bounds=(-_LIMIT, _LIMIT), method="bounded")
    return float(np.exp(found.x))
