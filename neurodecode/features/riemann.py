"""From covariance matrices to vectors: tangent space and common spatial patterns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import clone

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.inputs import check_labels
from neurodecode.core.step import Step
from neurodecode.linalg.covariance import subset_means
from neurodecode.linalg.eigen import csp_filters, powers
from neurodecode.linalg.spd import riemannian_mean, tangent_vectors


class TangentSpace(Step):
    """Covariance matrices as vectors in the tangent space at their Riemannian mean.

    Attributes
    ----------
    reference_ : float64 array, shape (n, n)
        Riemannian mean of the training matrices.

    Raises
    ------
    DataError
        The input is no stack of covariances, or one spans less than the training ones.

    Notes
    -----
    Input: (n_trials, n, n), from a covariance step. Output: float64, (n_trials, n (n + 1) / 2),
    the upper triangle of log(R^-1/2 C R^-1/2) with off-diagonal entries times sqrt(2), so that
    norms are Riemannian distances to R. Matrices of rank r < n, as after an average reference,
    are projected on what R spans, with a warning in `fit`: r (r + 1) / 2 columns. Source:
    Barachant et al. 2012, 10.1109/TBME.2011.2172210.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> matrices = np.array([np.diag([1.0, 4.0]), np.diag([4.0, 1.0])])
    >>> nd.features.TangentSpace().fit_transform(matrices).round(3).tolist()
    [[-0.693, 0.0, 0.693], [0.693, 0.0, -0.693]]
    """

    scope = "train"
    accepts_arrays = True

    def _fit(self, X: np.ndarray, y: np.ndarray | None) -> None:
        self.reference_ = riemannian_mean(as_covariances(X, "TangentSpace"), "TangentSpace")

    def _transform(self, X: np.ndarray) -> np.ndarray:
        return tangent_vectors(as_covariances(X, "TangentSpace"), self.reference_, "TangentSpace")


class CSP(Step):
    """Common spatial patterns: log-variances of components that tell classes apart.

    Parameters
    ----------
    n_filters : int, default 6
        Spatial filters kept, at most the number of channels, or the rank that is left of them.

    Attributes
    ----------
    filters_ : float64 array, shape (n_filters, n_channels)
    patterns_ : float64 array, shape (n_filters, n_channels)
        How each component shows on the channels (columns of the inverse).

    Raises
    ------
    DataError
        The input is no stack of covariances, or there are fewer than two classes.

    Notes
    -----
    Input: (n_trials, n, n), from a covariance step. Output: float64, (n_trials, n_filters),
    log(w' C w). Two classes: generalized eigenvectors of the mean covariances with
    w' (C1 + C2) w = 1. More: joint diagonalization, filters sorted by mutual information.
    Sources: Blankertz et al. 2008, 10.1109/MSP.2008.4408441; Grosse-Wentrup, Buss 2008,
    10.1109/TBME.2008.921154. Filters and their order equal pyRiemann's.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> matrices = np.array([np.diag([4.0, 1, 1]), np.diag([1.0, 1, 4])])
    >>> sorted(nd.features.CSP(2).fit_transform(matrices, ["left", "right"])[0].round(5).tolist())
    [-1.60944, -0.22314]
    """

    scope = "train"
    accepts_arrays = True

    def __init__(self, n_filters: int = 6):
        self.n_filters = n_filters

    def _fit(self, X: np.ndarray, y: np.ndarray | None) -> None:
        self._learn(*_class_means(X, y, [np.arange(len(X))])[0])

    def fit_folds(self, X: np.ndarray, y: np.ndarray, folds: Sequence[np.ndarray]) -> list[CSP]:
        """A fitted clone for each set of training trials.

        Parameters
        ----------
        X : float array, shape (n_trials, n, n)
        y : array, shape (n_trials,)
        folds : sequence of int arrays
            Rows of `X` to learn from.

        Returns
        -------
        fitted : list of CSP
            As ``clone(self).fit(X[rows], y[rows])`` gives them.

        Raises
        ------
        DataError
            As in `fit`.

        Examples
        --------
        >>> matrices = np.array([np.diag([v, 1.0]) for v in (1.0, 2, 3, 4)])
        >>> first, second = CSP(1).fit_folds(matrices, list("abab"), [[0, 1], [2, 3]])
        >>> bool(np.allclose(second.filters_, CSP(1).fit(matrices[2:], ["a", "b"]).filters_))
        True
        """
        X = self._check_input(X)
        fitted = []
        for means, shares in _class_means(X, y, folds):
            step: Any = clone(self)
            step.n_channels_in_, step.sfreq_in_ = X.shape[1], None
            step._learn(means, shares)
            fitted.append(step)
        return fitted

    def _learn(self, means: np.ndarray, shares: np.ndarray) -> None:
        filters, patterns = csp_filters(means, shares, "CSP")
        self.filters_ = filters[: int(self.n_filters)]
        self.patterns_ = patterns[: int(self.n_filters)]

    def _transform(self, X: np.ndarray) -> np.ndarray:
        return np.log(powers(as_covariances(X, "CSP"), self.filters_))


def _class_means(
    X: np.ndarray, y: np.ndarray | None, folds: Sequence[np.ndarray]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Mean covariance and share of the trials of each class, for each set of training trials."""
    matrices = as_covariances(X, "CSP")
    y = None if y is None else np.asarray(y)
    groups = []
    for rows in folds:
        labels = check_labels(None if y is None else y[rows], len(rows), "CSP")
        groups.append([np.asarray(rows)[labels == label] for label in np.unique(labels)])
    means = iter(subset_means(matrices, [rows for classes in groups for rows in classes]))
    out = []
    for classes in groups:
        sizes = np.array([len(rows) for rows in classes])
        out.append((np.stack([next(means) for _ in classes]), sizes / sizes.sum()))
    return out


def as_covariances(X: Epochs | np.ndarray, where: str) -> np.ndarray:
    """Check a stack of covariance matrices.

    Parameters
    ----------
    X : float array, shape (n_trials, n, n)
    where : str
        Named in the error.

    Returns
    -------
    matrices : float64 array, shape (n_trials, n, n)

    Raises
    ------
    DataError
        Epochs, or an array of another shape.

    Examples
    --------
    >>> as_covariances(np.eye(2)[None], "example").shape
    (1, 2, 2)
    """
    shape = X.shape
    if isinstance(X, Epochs) or len(shape) != 3 or shape[1] != shape[2]:
        raise DataError(
            f"{where} works on covariance matrices",
            found=f"{type(X).__name__} of shape {tuple(shape)}",
            expected="an array (n_trials, n, n)",
            fix=f"make_pipeline(nd.features.Covariance(), {where}(), ...)",
        )
    return np.asarray(X, dtype=np.float64)
