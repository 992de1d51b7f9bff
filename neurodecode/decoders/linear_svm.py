"""Linear support vector machine on features or epochs."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.svm import LinearSVC
from sklearn.utils.validation import check_is_fitted

from neurodecode.core.errors import DataError
from neurodecode.core.inputs import as_features, check_labels

_MAX_ITER = 20_000


class LinearSVM(ClassifierMixin, BaseEstimator):
    """Linear support vector machine, features standardized inside.

    Parameters
    ----------
    C : float, default 1.0, > 0
        Weight of the training errors against the size of the weights.
    class_weight : None (default) or "balanced"

    Attributes
    ----------
    coef_ : float64 array, shape (1 or n_classes, n_features)
        On the features as they come, not on standardized ones.
    intercept_ : float64 array, shape (1 or n_classes,)
    classes_ : array, shape (n_classes,)

    Raises
    ------
    DataError
        Features that do not fit, fewer than two classes, or another `C` or `class_weight`.

    Notes
    -----
    Epochs are flattened. Features are scaled to mean 0 and standard deviation 1 on the training
    trials; constant ones get no weight. One class against the rest, squared hinge loss
    (scikit-learn's `LinearSVC`, equal to `StandardScaler` and it), as in nilearn's decoder.
    It gives no probabilities; `sklearn.calibration.CalibratedClassifierCV` does. Sources: Cortes,
    Vapnik 1995, 10.1007/BF00994018; Fan et al. 2008 (LIBLINEAR), JMLR 9:1871.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> X = np.random.default_rng(0).normal(size=(40, 5))
    >>> X[::2, 3] += 4
    >>> clf = nd.decoders.LinearSVM().fit(X, 20 * ["face", "house"])
    >>> int(abs(clf.coef_[0]).argmax()), clf.score(X, 20 * ["face", "house"])
    (3, 1.0)
    """

    def __init__(self, C: float = 1.0, class_weight: str | None = None):
        self.C = C
        self.class_weight = class_weight

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def fit(self, X: Any, y: Any) -> LinearSVM:
        """Learn the weights.

        Parameters
        ----------
        X : Epochs, mne.Epochs, or array of shape (n_trials, n_features) or (n_trials, C, T)
        y : array, shape (n_trials,)

        Returns
        -------
        self
        """
        features = as_features(X, "LinearSVM")
        labels = check_labels(y, len(features), "LinearSVM")
        if self.class_weight not in (None, "balanced") or not self.C > 0:
            raise DataError(
                "LinearSVM: arguments out of range",
                found=f"C={self.C!r}, class_weight={self.class_weight!r}",
                expected="C > 0, class_weight None or 'balanced'",
            )
        self.n_features_in_ = features.shape[1]
        self.classes_ = np.unique(labels)
        mean, scale = features.mean(axis=0), features.std(axis=0)
        varies = np.ptp(features, axis=0) > 0
        inverse = np.where(varies, 1 / np.where(varies, scale, 1.0), 0.0)
        svm = LinearSVC(
            C=self.C,
            class_weight=self.class_weight,
            max_iter=_MAX_ITER,
            random_state=0,  # order of the descent only
        ).fit((features - mean) * inverse, labels)
        self.coef_ = np.asarray(svm.coef_) * inverse
        self.intercept_ = np.asarray(svm.intercept_) - self.coef_ @ mean
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Distance to the plane: (n_trials,) for two classes, positive for the second; else all."""
        check_is_fitted(self)
        features = as_features(X, "LinearSVM")
        if features.shape[1] != self.n_features_in_:
            raise DataError(
                "LinearSVM was fitted on other features",
                found=f"{features.shape[1]} features",
                expected=f"{self.n_features_in_}",
                fix="epochs.pick(names) as for training",
            )
        scores = features @ self.coef_.T + self.intercept_
        return scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: Any) -> np.ndarray:
        """Labels, shape (n_trials,)."""
        scores = self.decision_function(X)
        index = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        return self.classes_[index]
