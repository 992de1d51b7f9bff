"""Classifiers on covariance matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from neurodecode.core.errors import DataError
from neurodecode.core.inputs import check_labels
from neurodecode.decoders.score_classifier import ScoreClassifier
from neurodecode.features.riemann import as_covariances
from neurodecode.linalg.spd import riemannian_mean, squared_distances


class MDM(ScoreClassifier):
    """Minimum distance to the Riemannian mean of each class.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    covmeans_ : float64 array, shape (n_classes, n, n)

    Raises
    ------
    DataError
        The input is no stack of covariances, or one has not full rank.

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
        self.covmeans_ = np.stack(
            [riemannian_mean(matrices[labels == c], f"MDM, class {c}") for c in self.classes_]
        )
        return self

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Negative squared distances, (n_trials, n_classes); for two classes their difference."""
        check_is_fitted(self)
        matrices = as_covariances(X, "MDM")
        if matrices.shape[1] != self.covmeans_.shape[1]:
            raise DataError(
                "MDM was fitted on other channels",
                found=f"{matrices.shape[1]} channels",
                expected=f"{self.covmeans_.shape[1]}",
            )
        scores = -np.stack([squared_distances(matrices, mean, "MDM") for mean in self.covmeans_], 1)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores
