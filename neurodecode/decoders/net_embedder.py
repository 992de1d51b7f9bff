"""A network's features as a step of a pipeline."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from neurodecode.decoders.net import NetClassifier


class NetEmbedder(TransformerMixin, BaseEstimator):
    """Train a network on labels or numbers, then give its features instead of its answers.

    What stands behind it, a linear classifier for instance, sees training trials as the network
    remembers them, and is surer of them than it should be.

    Parameters
    ----------
    estimator : NetClassifier or NetRegressor, default ``NetClassifier()``
        Left unfitted; its network has ``encode(x)``, as registered ones do.

    Attributes
    ----------
    estimator_ : fitted copy of `estimator`

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(40, 3, 128)), np.repeat(["rest", "move"], 20)
    >>> net = NetClassifier("eegnet", epochs=2, sfreq=128.0, device="cpu")
    >>> NetEmbedder(net).fit(X, y).transform(X).shape
    (40, 64)
    """

    estimator_: Any

    def __init__(self, estimator: Any = None):
        self.estimator = estimator

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.two_d_array = False
        return tags

    def fit(self, X: Any, y: Any) -> NetEmbedder:
        """Train the network.

        Parameters
        ----------
        X, y : as the estimator's `fit` takes them

        Returns
        -------
        self
        """
        self.estimator_ = NetClassifier() if self.estimator is None else clone(self.estimator)
        self.estimator_.fit(X, y)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Features before the network's last layer.

        Parameters
        ----------
        X : as in `fit`

        Returns
        -------
        features : float32 array, shape (n_trials, n_features)
        """
        check_is_fitted(self, "estimator_")
        return self.estimator_.encode(X)
