"""Linear discriminant analysis with a shrunk covariance, plain and with a chosen resolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.inputs import as_epochs, as_features, check_labels
from neurodecode.decoders.inner_folds import inner_folds
from neurodecode.decoders.score_classifier import ScoreClassifier
from neurodecode.features.waveform import WindowMeans
from neurodecode.linalg.discriminant import shrinkage_discriminant

_MAX_FEATURES = 4000  # the covariance is then 128 MB and its solution takes a minute
_INNER_FOLDS = 5


class ShrinkageLDA(ScoreClassifier):
    """Linear discriminant analysis with Ledoit and Wolf's shrinkage of the class covariances.

    Parameters
    ----------
    class_weight : None (default) or "balanced"
        "balanced": all classes count as equally probable; None: as frequent as in training.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    coef_ : float64 array, shape (1 or n_classes, n_features)
    intercept_ : float64 array, shape (1 or n_classes,)
    n_features_in_ : int

    Raises
    ------
    DataError
        More than 4000 features, values that are not finite, fewer than two classes, or no more
        trials than classes.

    Notes
    -----
    `X` is a table of features; epochs are flattened, each sample a feature. Source: Blankertz et
    al. 2011, 10.1016/j.neuroimage.2010.06.048. Equal to scikit-learn's
    `LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")`.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> X = np.random.default_rng(0).normal(size=(40, 3)) + np.repeat([[0], [4]], 20, axis=0)
    >>> y = np.repeat(["left", "right"], 20)
    >>> nd.decoders.ShrinkageLDA().fit(X, y).predict(X[[0, -1]]).tolist()
    ['left', 'right']
    """

    def __init__(self, class_weight: str | None = None):
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any) -> ShrinkageLDA:
        """Learn from features and labels.

        Parameters
        ----------
        X : Epochs, or array of shape (n_trials, n_features)
        y : array, shape (n_trials,)

        Returns
        -------
        self
        """
        features = as_features(X, "ShrinkageLDA")
        labels = check_labels(y, len(features), "ShrinkageLDA")
        _check_class_weight(self.class_weight)
        if features.shape[1] > _MAX_FEATURES:
            raise DataError(
                "ShrinkageLDA: too many features for a covariance",
                found=f"{features.shape[1]} features of {len(features)} trials",
                expected=f"at most {_MAX_FEATURES}",
                fix="make_pipeline(nd.features.WindowMeans(8), nd.decoders.ShrinkageLDA())",
            )
        self.classes_ = np.unique(labels)
        self.n_features_in_ = features.shape[1]
        n_classes = len(self.classes_)
        if len(labels) <= n_classes:
            raise DataError(
                "ShrinkageLDA: too few trials for a covariance within classes",
                found=f"{len(labels)} trials of {n_classes} classes",
                expected="more trials than classes",
            )
        priors = np.full(n_classes, 1 / n_classes) if self.class_weight == "balanced" else None
        _, self.coef_, self.intercept_ = shrinkage_discriminant(features, labels, priors)
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Discriminant: (n_trials,) for two classes, positive for the second; else per class."""
        check_is_fitted(self)
        features = as_features(X, "ShrinkageLDA")
        if features.shape[1] != self.n_features_in_:
            raise DataError(
                "ShrinkageLDA was fitted on other features",
                found=f"{features.shape[1]} features",
                expected=f"{self.n_features_in_}",
            )
        scores = features @ self.coef_.T + self.intercept_
        return scores[:, 0] if len(self.classes_) == 2 else scores


class WindowLDA(ScoreClassifier):
    """Shrinkage LDA on window means, the number of windows chosen inside the training trials.

    Parameters
    ----------
    n_windows : sequence of int, default (2, 4, 8, 16, 32)
        Candidates; those above the number of samples are left out.
    class_weight : None (default) or "balanced"

    Attributes
    ----------
    n_windows_ : int
        The chosen number: the best inner balanced accuracy, the fewest windows of equals.
    inner_scores_ : dict of int -> float
    lda_ : ShrinkageLDA
    classes_ : array, shape (n_classes,)

    Raises
    ------
    DataError
        No candidate fits the trials, or fewer than two classes.

    Notes
    -----
    Inner folds are of the kind that the trials allow: over subjects where there are several (five
    groups), else over sessions, else over five contiguous pieces of the session.
    With one candidate, or with too few trials for inner folds, the smallest is taken and
    `inner_scores_` is empty.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> data = np.random.default_rng(0).normal(size=(40, 2, 64))
    >>> data[::2, 0, 20:24] += 3  # short: eight windows or more resolve it
    >>> epochs = nd.Epochs(data, channels=["C3", "C4"], sfreq=64, y=20 * ["a", "b"])
    >>> nd.decoders.WindowLDA((1, 16)).fit(epochs, epochs.y).n_windows_
    16
    """

    def __init__(
        self,
        n_windows: Sequence[int] = (2, 4, 8, 16, 32),
        class_weight: str | None = None,
    ):
        self.n_windows = n_windows
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any) -> WindowLDA:
        """Choose the number of windows, then learn from all trials.

        Parameters
        ----------
        X : Epochs or mne.Epochs
        y : array, shape (n_trials,)

        Returns
        -------
        self
        """
        epochs = as_epochs(X)
        labels = check_labels(y, len(epochs), "WindowLDA")
        candidates = sorted({int(n) for n in self.n_windows if 1 <= n <= epochs.shape[2]})
        if not candidates:
            raise DataError(
                "WindowLDA: no candidate fits the trials",
                found=f"n_windows={self.n_windows!r}, {epochs.shape[2]} samples",
                expected=f"a number from 1 to {epochs.shape[2]}",
            )
        self.classes_ = np.unique(labels)
        self.n_channels_in_ = epochs.shape[1]
        tables = {n: WindowMeans(n).transform(epochs) for n in candidates}
        self.inner_scores_ = self._inner_scores(tables, epochs, labels)
        best = max(self.inner_scores_.values(), default=0.0)
        self.n_windows_ = next(n for n in candidates if self.inner_scores_.get(n, best) >= best)
        self.lda_ = self._lda().fit(tables[self.n_windows_], labels)
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Discriminant: (n_trials,) for two classes, positive for the second; else per class."""
        features = self._features(X)
        return self.lda_.decision_function(features)

    def _features(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        epochs = as_epochs(X)
        if epochs.shape[1] != self.n_channels_in_:
            raise DataError(
                "WindowLDA was fitted on other channels",
                found=f"{epochs.shape[1]} channels",
                expected=f"{self.n_channels_in_}",
                fix="epochs.pick(names) as for training",
            )
        return WindowMeans(self.n_windows_).transform(epochs)

    def _lda(self) -> ShrinkageLDA:
        return ShrinkageLDA(class_weight=self.class_weight)

    def _inner_scores(
        self, tables: dict[int, np.ndarray], epochs: Epochs, labels: np.ndarray
    ) -> dict[int, float]:
        if len(tables) == 1:
            return {}
        codes = np.searchsorted(self.classes_, labels)
        predicted = {n: np.full(len(codes), -1) for n in tables}
        for train, test in inner_folds(epochs, labels, _INNER_FOLDS):
            known = len(np.unique(codes[train]))
            if known < len(self.classes_) or len(train) <= known:
                continue  # a fold that cannot know all classes chooses nothing
            for n, table in tables.items():
                predicted[n][test] = (
                    self._lda().fit(table[train], codes[train]).predict(table[test])
                )
        tested = predicted[min(tables)] >= 0
        if len(np.unique(codes[tested])) < len(self.classes_):
            return {}
        return {n: _mean_recall(codes[tested], each[tested]) for n, each in predicted.items()}


def _mean_recall(codes: np.ndarray, predicted: np.ndarray) -> float:
    return float(np.mean([np.mean(predicted[codes == c] == c) for c in np.unique(codes)]))


def _check_class_weight(value: str | None) -> None:
    if value not in (None, "balanced"):
        raise DataError(
            "ShrinkageLDA: no such class_weight", found=repr(value), expected="None or 'balanced'"
        )
