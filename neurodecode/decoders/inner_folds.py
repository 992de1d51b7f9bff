"""Folds inside the training data of decoders that choose something."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.model_selection import KFold

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError, LeakageError
from neurodecode.evaluation.splits import split


def inner_folds(
    epochs: Epochs, y: np.ndarray, k: int = 5
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows of inner training and validation, of the kind that the trials allow.

    Over subjects where there are several, else over sessions, else over contiguous pieces of the
    session; windows that overlap are never on both sides. Nothing where the trials are too few.

    Parameters
    ----------
    epochs : Epochs
        Training trials.
    y : array, shape (n_trials,) or (n_trials, n_outputs)
    k : int, default 5

    Yields
    ------
    train, validation : int arrays
    """
    trials: Any = epochs.trials
    kind = "within-session"
    if trials["session"].nunique() > 1:
        kind = "cross-session"
    if trials["subject"].nunique() > 1:
        kind = "cross-subject"
    with warnings.catch_warnings():
        # What is doubtful about these trials the outer split has said already.
        warnings.simplefilter("ignore")
        try:
            yield from split(kind, k=k).split(epochs, y)
        except (DataError, LeakageError):
            return  # too few trials to split: nothing can be chosen


def contiguous_folds(n: int, k: int = 5) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows of contiguous folds of a table without a trial table; nothing below 2 k rows."""
    if n >= 2 * k:
        yield from KFold(k).split(np.empty((n, 1)))
