"""What users pass as `X` (epochs of ours or MNE's, plain arrays of trials) and labels as `y`."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodecode.core.checks import check_finite
from neurodecode.core.epochs import Epochs
from neurodecode.core.epochs_apart import EpochsApart
from neurodecode.core.errors import DataError


def as_epochs(X: Any) -> Epochs:
    """`Epochs` from `Epochs` or `mne.Epochs`.

    Raises
    ------
    DataError
        A plain array (rate and channels are unknown) or something else.

    Examples
    --------
    >>> epochs = Epochs(np.zeros((1, 1, 5)), channels=["Cz"], sfreq=5)
    >>> as_epochs(epochs) is epochs
    True
    """
    if isinstance(X, Epochs):
        return X
    if hasattr(X, "get_data") and hasattr(X, "event_id") and hasattr(X, "info"):
        return Epochs.from_mne(X)
    if isinstance(X, EpochsApart):
        raise X.refusal(X.groups("subject"))
    raise DataError(
        "epochs are needed here",
        found=f"{type(X).__name__}" + (f" of shape {X.shape}" if hasattr(X, "shape") else ""),
        expected="neurodecode.Epochs or mne.Epochs",
        fix="nd.Epochs(array, channels=names, sfreq=rate, y=labels)",
    )


def as_trials(X: Any, dtype: Any = np.float64) -> np.ndarray:
    """Signals of epochs, MNE epochs or a plain array, shape (n_trials, n_channels, n_times).

    Raises
    ------
    DataError
        Not three-dimensional, or NaN or infinite values (trial and channel are named).

    Examples
    --------
    >>> as_trials(np.zeros((2, 3, 4))).shape
    (2, 3, 4)
    """
    array = X if isinstance(X, np.ndarray) else as_epochs(X).data
    if array.ndim != 3:
        raise DataError(
            "trials must be three-dimensional",
            found=f"shape {array.shape}",
            expected="(n_trials, n_channels, n_times)",
        )
    array = np.asarray(array, dtype=dtype)
    check_finite(array, X.channels.names if isinstance(X, Epochs) else None)
    return array


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
