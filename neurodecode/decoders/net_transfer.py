"""From many people to one: a network trained on all, then tuned on a few trials of the target."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from neurodecode.core import as_epochs
from neurodecode.core.domains import target_rows
from neurodecode.decoders.net import NetClassifier


def _classifies(self: FineTuning) -> bool:
    return hasattr(self._unfitted(), "predict_proba")


class FineTuning(BaseEstimator):
    """Train a network on the source people, then further on the labelled trials of the target.

    Target trials are those with "target" in the column `role` of the trial table, as
    ``nd.benchmark(..., split="cross-subject", n_calibration=10)`` marks them.

    Parameters
    ----------
    estimator : NetClassifier or NetRegressor, default ``NetClassifier()``
        Left unfitted.
    layers : "head" (default), "all" or int
        What is tuned: the last layer, all of them, or so many of the last ones.
    layer_decay : float in (0, 1], default 1
        Each layer learns at this multiple of the rate of the one after it.
    epochs : int, default 20
        Passes over the target trials. All of them train: there are too few to validate on.
    lr : float, default 1e-4
        Rate of the last layer; the estimator's schedule applies.

    Attributes
    ----------
    estimator_ : fitted copy of `estimator`
    classes_ : array, shape (n_classes,), of a classifier
    pooled_history_, tuned_history_ : dict
        Of the two stages, as `NetClassifier.history_`; the second is None without target trials.

    Notes
    -----
    Rates by layer: Howard & Ruder 2018, arXiv 1801.06146.

    Examples
    --------
    >>> import neurodecode as nd, pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> trials = pd.DataFrame({"role": 50 * ["source"] + 10 * ["target"]})
    >>> X = nd.Epochs(rng.normal(size=(60, 2, 128)), channels=["C3", "C4"], sfreq=128,
    ...               y=30 * ["l", "r"], trials=trials)
    >>> net = NetClassifier("eegnet", epochs=2, device="cpu")
    >>> FineTuning(net, epochs=3).fit(X, X.y).predict(X).shape
    (60,)
    """

    estimator_: Any

    def __init__(
        self,
        estimator: Any = None,
        layers: str | int = "head",
        layer_decay: float = 1.0,
        epochs: int = 20,
        lr: float = 1e-4,
    ):
        self.estimator = estimator
        self.layers = layers
        self.layer_decay = layer_decay
        self.epochs = epochs
        self.lr = lr

    def __sklearn_tags__(self) -> Any:
        own, inner = super().__sklearn_tags__(), self._unfitted().__sklearn_tags__()
        own.estimator_type = inner.estimator_type
        own.classifier_tags, own.regressor_tags = inner.classifier_tags, inner.regressor_tags
        own.target_tags, own.input_tags = inner.target_tags, inner.input_tags
        return own

    def fit(self, X: Any, y: Any) -> FineTuning:
        """Train on the source trials, then on the target's.

        Parameters
        ----------
        X : Epochs
            With `role` in the trial table; see the class.
        y : array, shape (n_trials,), or (n_trials, n_outputs) for regression

        Returns
        -------
        self
        """
        epochs, y = as_epochs(X), np.asarray(y)
        target = target_rows(epochs.trials)
        self.estimator_ = clone(self._unfitted())
        self.estimator_.fit(epochs[~target], y[~target])
        self.pooled_history_, self.tuned_history_ = self.estimator_.history_, None
        if target.any():
            self.estimator_.fine_tune(
                epochs[target],
                y[target],
                self.layers,
                self.layer_decay,
                validation=0,
                epochs=self.epochs,
                lr=self.lr,
            )
            self.tuned_history_ = self.estimator_.history_
        else:
            warnings.warn("FineTuning: no target trials; nothing is tuned", stacklevel=2)
        if hasattr(self.estimator_, "classes_"):
            self.classes_ = self.estimator_.classes_
        return self

    def _unfitted(self) -> Any:
        return NetClassifier() if self.estimator is None else self.estimator

    def _fitted(self) -> Any:
        check_is_fitted(self, "estimator_")
        return self.estimator_

    def predict(self, X: Any) -> np.ndarray:
        """Labels or values; see the estimator."""
        return self._fitted().predict(X)

    @available_if(_classifies)
    def predict_proba(self, X: Any) -> np.ndarray:
        """Class probabilities, shape (n_trials, n_classes)."""
        return self._fitted().predict_proba(X)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy or R2; see the estimator."""
        return self._fitted().score(X, y, sample_weight)

    def encode(self, X: Any) -> np.ndarray:
        """Features before the last layer, shape (n_trials, n_features)."""
        return self._fitted().encode(X)

    def explain(
        self, X: Any, method: str = "integrated-gradients", target: Any = None
    ) -> np.ndarray:
        """How much each sample speaks for an output; see the estimator."""
        return self._fitted().explain(X, method, target)
