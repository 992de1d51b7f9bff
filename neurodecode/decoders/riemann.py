"""Classifiers on covariance matrices: nearest mean, with and without geodesic filter, and k-NN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from neurodecode.core.errors import DataError
from neurodecode.core.inputs import check_labels
from neurodecode.decoders.score_classifier import ScoreClassifier
from neurodecode.features.fold_means import fold_means
from neurodecode.features.riemann import as_covariances
from neurodecode.linalg.discriminant import shrinkage_discriminant
from neurodecode.linalg.rank import range_basis
from neurodecode.linalg.spd import riemannian_mean, tangent_vectors
from neurodecode.linalg.spd_metrics import (
    check_metric,
    from_tangent,
    metric_means,
    metric_squared_distances,
)


class MDM(ScoreClassifier):
    """Minimum distance to the mean of each class.

    Parameters
    ----------
    metric : "riemann" (default), "logeuclid", "euclid", "wasserstein", "logdet", "kullback_sym" \
or "harmonic"
        Of the means and of the distances.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    covmeans_ : float64 array, shape (n_classes, n, n)

    Raises
    ------
    DataError
        Unknown metric, no stack of covariances, or one that spans less than the training ones.

    Notes
    -----
    Input: covariance matrices (n_trials, n, n). Probabilities are the softmax of negative squared
    distances, as in pyRiemann; they are not calibrated. Source: Barachant et al. 2012,
    10.1109/TBME.2011.2172210.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> X = np.array([np.diag([1.0, 4]), np.diag([2.0, 4]), np.diag([4.0, 1]), np.diag([4.0, 2])])
    >>> nd.decoders.MDM().fit(X, ["up", "up", "down", "down"]).predict(X[:1] + 0.1).tolist()
    ['up']
    """

    def __init__(self, metric: str = "riemann"):
        self.metric = metric

    def fit(self, X: np.ndarray, y: Any) -> MDM:
        """Learn the mean of each class.

        Parameters
        ----------
        X : float array, shape (n_trials, n, n)
        y : array, shape (n_trials,)

        Returns
        -------
        self
        """
        matrices = as_covariances(X, "MDM")
        labels = check_labels(y, len(matrices), "MDM")
        self.classes_ = np.unique(labels)
        rows = [np.flatnonzero(labels == c) for c in self.classes_]
        self.covmeans_ = metric_means(matrices, rows, self.metric, "MDM")
        return self

    def fit_folds(self, X: np.ndarray, y: Any, folds: Sequence[np.ndarray]) -> list[MDM]:
        """One fitted clone for each set of training rows; the means are found together.

        Parameters
        ----------
        X : float array, shape (n_trials, n, n)
        y : array, shape (n_trials,)
        folds : sequence of int arrays, rows of `X`

        Returns
        -------
        fitted : list, one estimator a fold, as ``clone(self).fit(X[rows], y[rows])`` gives it
        """
        matrices, y = as_covariances(X, "MDM"), np.asarray(y)
        fitted, rows = [], []
        for fold in folds:
            labels = check_labels(y[fold], len(fold), "MDM")
            one: Any = clone(self)
            one.classes_ = np.unique(labels)
            rows += [fold[labels == c] for c in one.classes_]
            fitted.append(one)
        means = iter(metric_means(matrices, rows, self.metric, "MDM"))
        for one in fitted:
            one.covmeans_ = np.stack([next(means) for _ in one.classes_])
        return fitted

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Negative squared distances, (n_trials, n_classes); for two classes their difference."""
        check_is_fitted(self)
        matrices = as_covariances(X, "MDM")
        _check_size(matrices, self.covmeans_.shape[1], "MDM")
        scores = -metric_squared_distances(matrices, self.covmeans_, self.metric, "MDM")
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores


class FgMDM(ScoreClassifier):
    """Minimum distance to the mean after a geodesic filter.

    The filter keeps, of each matrix's tangent vector at the training mean, what discriminant
    analysis finds to tell the classes apart, and maps it back to a matrix.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    reference_ : float64 array, shape (r, r)
        Riemannian mean of the training matrices, in the r dimensions that they span.
    filter_ : float64 array, shape (r (r + 1) / 2, r (r + 1) / 2)
        Projection of tangent vectors.
    basis_ : float64 array, shape (n, r), or None where r = n
    mdm_ : MDM
        Fitted on the filtered matrices.

    Raises
    ------
    DataError
        The input is no stack of covariances, or one that spans less than the training ones.

    Notes
    -----
    Input: covariance matrices (n_trials, n, n). Discriminant analysis shrinks by Ledoit and Wolf's
    weight; the projection is ``W' (W W')^-1 W`` of its coefficients W. Source: Barachant et al.
    2010, hal-00602700 (`pyriemann.classification.FgMDM`).

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> X = np.array([np.diag([1.0, 4]), np.diag([2.0, 4]), np.diag([4.0, 1]), np.diag([4.0, 2])])
    >>> nd.decoders.FgMDM().fit(X, ["up", "up", "down", "down"]).predict(X[:1] + 0.1).tolist()
    ['up']
    """

    def fit(self, X: np.ndarray, y: Any) -> FgMDM:
        """Learn the filter, and the mean of each class behind it.

        Parameters
        ----------
        X : float array, shape (n_trials, n, n)
        y : array, shape (n_trials,)

        Returns
        -------
        self
        """
        matrices = as_covariances(X, "FgMDM")
        labels = check_labels(y, len(matrices), "FgMDM")
        self.basis_ = range_basis(matrices.mean(axis=0), "FgMDM")
        self.reference_ = riemannian_mean(self._within(matrices), "FgMDM")
        return self._fit_filter(matrices, labels)

    def fit_folds(self, X: np.ndarray, y: Any, folds: Sequence[np.ndarray]) -> list[FgMDM]:
        """One fitted clone for each set of training rows; their references are found together.

        Parameters
        ----------
        X : float array, shape (n_trials, n, n)
        y : array, shape (n_trials,)
        folds : sequence of int arrays, rows of `X`

        Returns
        -------
        fitted : list, one estimator a fold, as ``clone(self).fit(X[rows], y[rows])`` gives it
        """
        matrices, y = as_covariances(X, "FgMDM"), np.asarray(y)
        if any(range_basis(matrices[fold].mean(axis=0)) is not None for fold in folds):
            twins: list[Any] = [clone(self) for _ in folds]
            return [
                one.fit(matrices[fold], y[fold]) for one, fold in zip(twins, folds, strict=True)
            ]
        fitted = []
        references = fold_means(matrices, folds, "FgMDM")
        for fold, reference in zip(folds, references, strict=True):
            one: Any = clone(self)
            one.basis_, one.reference_ = None, reference
            labels = check_labels(y[fold], len(fold), "FgMDM")
            fitted.append(one._fit_filter(matrices[fold], labels))
        return fitted

    def _fit_filter(self, matrices: np.ndarray, labels: np.ndarray) -> FgMDM:
        self.n_channels_in_ = matrices.shape[1]
        vectors = tangent_vectors(self._within(matrices), self.reference_, "FgMDM")
        # (n_classes, or 1 for two of them, n_features)
        self.classes_, weights, _ = shrinkage_discriminant(vectors, labels)
        self.filter_ = weights.T @ np.linalg.pinv(weights @ weights.T) @ weights
        self.mdm_ = MDM().fit(from_tangent(vectors @ self.filter_, self.reference_), labels)
        return self

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Scores of `MDM` on the filtered matrices."""
        check_is_fitted(self)
        matrices = as_covariances(X, "FgMDM")
        _check_size(matrices, self.n_channels_in_, "FgMDM")
        vectors = tangent_vectors(self._within(matrices), self.reference_, "FgMDM")
        return self.mdm_.decision_function(from_tangent(vectors @ self.filter_, self.reference_))

    def _within(self, matrices: np.ndarray) -> np.ndarray:
        return matrices if self.basis_ is None else self.basis_.T @ matrices @ self.basis_


class RiemannKNN(ClassifierMixin, BaseEstimator):
    """Majority of the nearest training matrices.

    Parameters
    ----------
    n_neighbors : int, default 5
    metric : "riemann" (default), or another one of `MDM`

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    matrices_ : float64 array, shape (n_trials, n, n)
        The training matrices.
    labels_ : array, shape (n_trials,)

    Raises
    ------
    DataError
        Unknown metric, fewer training trials than neighbours, or no stack of covariances.

    Notes
    -----
    Input: covariance matrices (n_trials, n, n). Probabilities are shares of the neighbours; a tie
    goes to the first of the sorted labels. Prediction costs an eigenvalue problem for each pair of
    test and training matrix. As `pyriemann.classification.KNearestNeighbor`. Metric: Moakher 2005,
    10.1137/S0895479803436937.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> X = np.array([np.diag([1.0, 4]), np.diag([2.0, 4]), np.diag([4.0, 1]), np.diag([4.0, 2])])
    >>> knn = nd.decoders.RiemannKNN(n_neighbors=1).fit(X, ["up", "up", "down", "down"])
    >>> knn.predict(X[:1] + 0.1).tolist()
    ['up']
    """

    def __init__(self, n_neighbors: int = 5, metric: str = "riemann"):
        self.n_neighbors = n_neighbors
        self.metric = metric

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def fit(self, X: np.ndarray, y: Any) -> RiemannKNN:
        """Keep the training matrices.

        Parameters
        ----------
        X : float array, shape (n_trials, n, n)
        y : array, shape (n_trials,)

        Returns
        -------
        self
        """
        check_metric(self.metric, "RiemannKNN")
        matrices = as_covariances(X, "RiemannKNN")
        self.labels_ = check_labels(y, len(matrices), "RiemannKNN")
        if not 1 <= self.n_neighbors <= len(matrices):
            raise DataError(
                "RiemannKNN: no such number of neighbours",
                found=f"n_neighbors={self.n_neighbors}",
                expected=f"1 to {len(matrices)}, the training trials",
            )
        range_basis(matrices.mean(axis=0), "RiemannKNN")  # says so where rank is lost
        self.matrices_, self.classes_ = matrices, np.unique(self.labels_)
        return self

    def distances(self, X: np.ndarray) -> np.ndarray:
        """Squared distance to every training matrix, shape (n_trials, n_training_trials).

        Parameters
        ----------
        X : float array, shape (n_trials, n, n)
        """
        check_is_fitted(self)
        matrices = as_covariances(X, "RiemannKNN")
        _check_size(matrices, self.matrices_.shape[1], "RiemannKNN")
        return metric_squared_distances(matrices, self.matrices_, self.metric, "RiemannKNN")

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Share of each class among the neighbours, shape (n_trials, n_classes)."""
        nearest = np.argsort(self.distances(X), axis=1, kind="stable")[:, : self.n_neighbors]
        votes = self.labels_[nearest][:, :, None] == self.classes_
        return votes.mean(axis=1)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Labels, shape (n_trials,)."""
        shares = self.predict_proba(X)
        return self.classes_[shares.argmax(axis=1)]


def _check_size(matrices: np.ndarray, n_channels: int, where: str) -> None:
    if matrices.shape[1] != n_channels:
        raise DataError(
            f"{where} was fitted on other channels",
            found=f"{matrices.shape[1]} channels",
            expected=f"{n_channels}",
            fix="epochs.pick(names) as for training",
        )
