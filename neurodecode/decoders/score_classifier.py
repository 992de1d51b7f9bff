"""Base of classifiers that decide by scores: the largest wins, their softmax is the probability."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin


class ScoreClassifier(ClassifierMixin, BaseEstimator):
    """Labels and probabilities from a `decision_function`.

    Subclasses set `classes_` in `fit` and give scores that are log probabilities up to a constant:
    shape (n_trials, n_classes), or (n_trials,) for two classes, positive for the second.

    Examples
    --------
    >>> class Sign(ScoreClassifier):
    ...     classes_ = np.array(["minus", "plus"])
    ...     def decision_function(self, X):
    ...         return X
    >>> Sign().predict(np.array([-1.0, 2.0])).tolist()
    ['minus', 'plus']
    """

    classes_: np.ndarray

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def decision_function(self, X: Any) -> np.ndarray:
        """Scores; see the class."""
        raise NotImplementedError

    def predict(self, X: Any) -> np.ndarray:
        """Labels, shape (n_trials,)."""
        scores = self.decision_function(X)
        index = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        return self.classes_[index]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities, shape (n_trials, n_classes)."""
        scores = self.decision_function(X)
        if scores.ndim == 1:
            scores = np.stack([np.zeros_like(scores), scores], axis=1)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)
