"""What maps of scores start from: labelled trials and the folds to test them in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.inputs import as_epochs, check_labels
from neurodecode.evaluation.splits import split


@dataclass(frozen=True, eq=False)
class Labelled:
    """Epochs with labels, their codes, and folds.

    Attributes
    ----------
    epochs : Epochs
    labels : array, shape (n_trials,)
    classes : array, sorted labels
    codes : int array, shape (n_trials,), places of the labels among the classes
    folds : list of (train, test), int arrays of rows
    """

    epochs: Epochs
    labels: np.ndarray
    classes: np.ndarray
    codes: np.ndarray
    folds: list[tuple[np.ndarray, np.ndarray]]

    @classmethod
    def of(cls, X: Any, cv: Any, where: str) -> Labelled:
        """Open epochs; `cv` None is ``nd.split("within-session", k=5)``.

        Raises
        ------
        DataError : no labels, or trials that cannot be split.
        """
        epochs = as_epochs(X)
        labels = check_labels(epochs.y, len(epochs), where)
        classes, codes = np.unique(labels, return_inverse=True)
        splitter = split("within-session") if cv is None else cv
        return cls(epochs, labels, classes, codes, list(splitter.split(epochs, labels)))
