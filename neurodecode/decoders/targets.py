"""What every classifier asks of `X` and `y` at its door."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodecode.core.epochs import Epochs, as_epochs
from neurodecode.core.errors import DataError


def check_labels(y: Any, n_trials: int, where: str) -> np.ndarray:
    """Labels of a classifier: text or integers, at least two classes.

    Parameters
    ----------
    y : array-like, shape (n_trials,)
    n_trials : int
    where : str
        Name of the estimator, for the error.

    Returns
    -------
    labels : array, shape (n_trials,), type of the caller

    Raises
    ------
    DataError
        No labels, another number of them, continuous targets, or one class only.

    Examples
    --------
    >>> check_labels(["left", "right"], 2, "example").tolist()
    ['left', 'right']
    """
    labels = np.asarray(y if y is not None else [])
    if labels.ndim != 1 or len(labels) != n_trials:
        raise DataError(
            f"{where}: labels do not fit the trials",
            found="no labels" if y is None else f"labels of shape {labels.shape}",
            expected=f"({n_trials},), one per trial",
            fix="fit(epochs, epochs.y)",
        )
    if labels.dtype.kind == "f" and not np.array_equal(labels, np.round(labels)):
        raise DataError(
            f"{where}: continuous targets",
            found=f"values such as {labels[0]:g}",
            expected="labels: text or integers",
            fix="a regressor, such as sklearn.linear_model.Ridge after nd.features.Flatten()",
        )
    classes = np.unique(labels)
    if len(classes) < 2:
        raise DataError(
            f"{where}: one class only",
            found=f"{n_trials} trials of class {classes[0]}",
            expected="at least two classes among the training trials",
        )
    return labels


def as_features(X: Any, where: str) -> np.ndarray:
    """A table of features: epochs and 3-D arrays are flattened, tables stay.

    Parameters
    ----------
    X : Epochs, mne.Epochs, or array-like of shape (n_trials, n_features) or (n_trials, C, T)
    where : str
        Name of the estimator, for the error.

    Returns
    -------
    features : float64 array, shape (n_trials, n_features)

    Raises
    ------
    DataError
        Another number of dimensions, or values that are not finite.

    Examples
    --------
    >>> as_features(np.zeros((4, 2, 5)), "example").shape
    (4, 10)
    """
    if isinstance(X, Epochs) or hasattr(X, "get_data"):
        X = as_epochs(X).data
    table = np.asarray(X, dtype=np.float64)
    if table.ndim not in (2, 3):
        raise DataError(
            f"{where}: features must be a table",
            found=f"shape {table.shape}",
            expected="epochs, (n_trials, n_features) or (n_trials, n_channels, n_times)",
        )
    table = table.reshape(len(table), -1)
    if not np.isfinite(table).all():
        trial, feature = np.argwhere(~np.isfinite(table))[0]
        raise DataError(
            f"{where}: features must be finite",
            found=f"NaN or infinite values, first in trial {trial}, feature {feature}",
            fix="leave out the trial or the channel",
        )
    return table
