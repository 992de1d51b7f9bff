"""`On`: a step, or a last decoder, for one member of a bundle."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if

from neurodecode.core.epochs_bundle import EpochsBundle
from neurodecode.core.errors import DataError


class On(TransformerMixin, BaseEstimator):
    """A step, or a last decoder, that acts on one member of a bundle and leaves the others alone.

    Parameters
    ----------
    member : str
        Name of the member.
    step : scikit-learn estimator
        Any step of this house, or anything that takes what the member is. One that predicts gives
        its predictions from this member.

    Raises
    ------
    DataError
        The input is no bundle, or has no such member.

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> from neurodecode.core.epochs import Epochs
    >>> epochs = Epochs(np.zeros((4, 1, 5)), channels=["Cz"], sfreq=5)
    >>> pairs = EpochsBundle({"eeg": epochs, "image": np.arange(8.0).reshape(4, 2)})
    >>> On("image", StandardScaler()).fit_transform(pairs)["image"].mean()
    np.float64(0.0)
    """

    def __init__(self, member: str, step: Any):
        self.member = member
        self.step = step

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.step)
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags, tags.regressor_tags = inner.classifier_tags, inner.regressor_tags
        tags.target_tags, tags.requires_fit = inner.target_tags, inner.requires_fit
        return tags

    @property
    def scope(self) -> str:
        """What an output trial depends on, as the step says; see `Step`."""
        return getattr(self.step, "scope", "train")

    def fit(self, X: Any, y: Any = None) -> On:
        """Fit a clone of the step on the member.

        Parameters
        ----------
        X : EpochsBundle
        y : array, shape (n_trials, ...), optional
        """
        step: Any = clone(self.step)
        self.step_ = step.fit(self._part(X), y)
        if hasattr(self.step_, "classes_"):
            self.classes_ = self.step_.classes_
        return self

    @available_if(lambda self: hasattr(self.step, "transform"))
    def transform(self, X: Any) -> Any:
        """The bundle with the member transformed; also a `Bundle` of recordings, before the cut.

        Parameters
        ----------
        X : EpochsBundle or Bundle
        """
        continuous = not isinstance(X, EpochsBundle) and hasattr(X, "with_member")
        step = self.step if continuous else getattr(self, "step_", self.step)
        return X.with_member(self.member, step.transform(self._part(X)))

    @available_if(lambda self: hasattr(self.step, "predict"))
    def predict(self, X: Any) -> np.ndarray:
        """Predictions from the member, one a trial."""
        return self.step_.predict(self._part(X))

    @available_if(lambda self: hasattr(self.step, "predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities from the member, shape (n_trials, n_classes)."""
        return self.step_.predict_proba(self._part(X))

    @available_if(lambda self: hasattr(self.step, "decision_function"))
    def decision_function(self, X: Any) -> np.ndarray:
        """Decision values from the member."""
        return self.step_.decision_function(self._part(X))

    @available_if(lambda self: hasattr(self.step, "score"))
    def score(self, X: Any, y: Any) -> float:
        """The step's own score on the member."""
        return float(self.step_.score(self._part(X), y))

    def _part(self, X: Any) -> Any:
        if not hasattr(X, "with_member"):
            raise DataError(
                f"On({self.member!r}, ...) acts on a bundle",
                found=type(X).__name__,
                expected="a Bundle, or the trials cut from one",
                fix=f"use the step alone: {type(self.step).__name__}(...)",
            )
        return X[self.member]
