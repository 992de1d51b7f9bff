"""Dynamic stopping: decide as soon as the decision is sure enough, trial by trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

from neurodecode.core import registry
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.inputs import as_epochs, check_labels
from neurodecode.core.time_axis import to_samples
from neurodecode.decoders.inner_folds import inner_folds
from neurodecode.evaluation.itr import itr_per_minute


class DynamicStopping(ClassifierMixin, BaseEstimator):
    """Decide after the first window in which the decoder is probably right.

    Parameters
    ----------
    decoder : name of a registered decoder, or classifier or Pipeline, default "trca"
        Has `decision_function` or `predict_proba`; fitted anew for every window length.
    lengths : sequence of float, s, ascending, default (0.25, 0.5, 0.75, 1.0)
        Windows from the start of the trials; the last one always decides.
    confidence : float, default 0.95, in (0, 1]
        Stop where the decision is right with at least this probability; 1 never stops early.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    decoders_ : list of fitted decoders, one a length
    calibration_ : float64 array, shape (n_lengths, 2)
        Log-odds of being right: intercept, and slope over the margin of best over second score.

    Raises
    ------
    DataError
        Lengths that do not ascend or do not fit the trials, a confidence outside (0, 1].

    Notes
    -----
    The probability of being right, given the margin, comes from a logistic model with Platt's
    smoothed targets, fitted on decisions about training trials left out in turn (five folds).
    Nothing after a window is used: a hidden margin (`pad`) is cut off. `stop_times` gives the
    seconds each trial took and `itr` the bits a minute with the gaze shift added. Probability
    thresholds on a time-resolved score: Schreuder et al. 2013, 10.1088/1741-2560/10/3/036025; the
    Bayesian view, with another model of the scores, Ahmadi et al. 2024, 10.3389/fnhum.2024.1437965.

    Examples
    --------
    >>> import neurodecode as nd
    >>> epochs = nd.load("sim-ssvep", subjects=["1"])
    >>> clf = nd.decoders.DynamicStopping(nd.decoders.ITCCA(), lengths=(0.5, 1.0), confidence=0.8)
    >>> clf.fit(epochs[:24], epochs.y[:24]).predict(epochs[24:]).shape
    (24,)
    >>> sorted(set(clf.stop_times(epochs[24:]).tolist())) in ([0.5, 1.0], [0.5], [1.0])
    True
    """

    def __init__(
        self,
        decoder: Any = "trca",
        lengths: Sequence[float] = (0.25, 0.5, 0.75, 1.0),
        confidence: float = 0.95,
    ):
        self.decoder = decoder
        self.lengths = lengths
        self.confidence = confidence

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def fit(self, X: Any, y: Any) -> DynamicStopping:
        """Fit the decoder for every length, and how sure each of its margins makes.

        Parameters
        ----------
        X : Epochs or mne.Epochs
        y : array, shape (n_trials,)

        Returns
        -------
        self
        """
        epochs = as_epochs(X)
        labels = check_labels(y, len(epochs), "DynamicStopping")
        self._check_arguments()
        self.classes_ = np.unique(labels)
        folds = list(inner_folds(epochs, labels))
        if not folds:
            raise DataError(
                "DynamicStopping: too few trials to measure how sure the decoder is",
                found=f"{len(epochs)} trials",
                expected="trials of every class in every fold's training part",
            )
        decoders, calibration = [], []
        for window in self._windows(epochs):
            margins, right = self._held_out(window, labels, folds)
            calibration.append(_log_odds(margins, right))
            decoders.append(self._new().fit(window, labels))
        self.decoders_, self.calibration_ = decoders, np.array(calibration)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Labels, shape (n_trials,)."""
        check_is_fitted(self)
        return self.classes_[self._decide(X)[0]]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability that the decision is right in its column, the rest shared by the others.

        Returns
        -------
        probabilities : float64 array, shape (n_trials, n_classes)
        """
        codes, _, sure = self._decide(X)
        n_classes = len(self.classes_)
        sure = np.maximum(sure, 1 / n_classes)[:, None]
        rest = (1 - sure) / max(1, n_classes - 1)
        return np.where(np.arange(n_classes) == codes[:, None], sure, rest)

    def stop_times(self, X: Any) -> np.ndarray:
        """Seconds of data until each trial's decision, float64 array, shape (n_trials,)."""
        return self._decide(X)[1]

    def itr(self, X: Any, y: Any, gaze_shift: float = 0.5) -> float:
        """Information transfer rate on labelled trials, bits a minute.

        Parameters
        ----------
        X : Epochs or mne.Epochs
        y : array, shape (n_trials,)
        gaze_shift : float, s, default 0.5
            Pause before each selection; it counts.
        """
        codes, seconds, _ = self._decide(X)
        accuracy = float(np.mean(self.classes_[codes] == np.asarray(y)))
        return itr_per_minute(accuracy, len(self.classes_), float(seconds.mean()), gaze_shift)

    def _decide(self, X: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Class number, seconds and probability of being right of every trial."""
        check_is_fitted(self)
        epochs = as_epochs(X)
        codes = np.zeros(len(epochs), dtype=np.int64)
        seconds, sure = np.zeros(len(epochs)), np.zeros(len(epochs))
        waiting = np.arange(len(epochs))
        last = len(self.lengths) - 1
        for i, window in enumerate(self._windows(epochs)):
            if not len(waiting):
                break
            scores = _scores(self.decoders_[i], window[waiting])
            intercept, slope = self.calibration_[i]
            right = 1 / (1 + np.exp(-(intercept + slope * _margins(scores))))
            stop = (right >= self.confidence) | (i == last)
            found = waiting[stop]
            codes[found] = scores[stop].argmax(axis=1)
            seconds[found], sure[found] = self.lengths[i], right[stop]
            waiting = waiting[~stop]
        return codes, seconds, sure

    def _held_out(
        self, window: Epochs, labels: np.ndarray, folds: list[Any]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Margin of every decision about trials left out, and whether it was right."""
        margins, right = [], []
        for train, test in folds:
            fitted = self._new().fit(window[train], labels[train])
            scores = _scores(fitted, window[test])
            margins.append(_margins(scores))
            right.append(fitted.classes_[scores.argmax(axis=1)] == labels[test])
        return np.concatenate(margins), np.concatenate(right)

    def _new(self) -> Any:
        """An unfitted decoder."""
        if isinstance(self.decoder, str):
            return registry.resolve("decoder", self.decoder)()
        return clone(self.decoder)

    def _windows(self, epochs: Epochs) -> list[Epochs]:
        """Starts of the trials, without what follows them."""
        data, windows = epochs.data, []
        for length in self.lengths:
            n = to_samples(length, epochs.sfreq)
            if not 1 <= n <= epochs.shape[2]:
                raise DataError(
                    "DynamicStopping: a length does not fit the trials",
                    found=f"{length:g} s, trials of {epochs.shape[2] / epochs.sfreq:g} s",
                    expected="lengths up to that of the trials",
                    fix="lengths=(...)",
                )
            windows.append(epochs.with_data(np.ascontiguousarray(data[..., :n]), pad=0.0))
        return windows

    def _check_arguments(self) -> None:
        lengths = np.asarray(self.lengths, dtype=np.float64)
        if lengths.ndim != 1 or not len(lengths) or (np.diff(lengths, prepend=0.0) <= 0).any():
            raise DataError(
                "DynamicStopping: lengths must ascend", found=f"lengths={self.lengths!r}"
            )
        if not 0 < self.confidence <= 1:
            raise DataError(
                "DynamicStopping: confidence is a probability",
                found=f"confidence={self.confidence!r}",
                expected="above 0, at most 1",
            )


def _scores(fitted: Any, X: Epochs) -> np.ndarray:
    """Score of every class, (n_trials, n_classes)."""
    if not hasattr(fitted, "decision_function"):
        return np.asarray(fitted.predict_proba(X), dtype=np.float64)
    scores = np.asarray(fitted.decision_function(X), dtype=np.float64)
    return np.stack([-scores, scores], axis=1) if scores.ndim == 1 else scores


def _margins(scores: np.ndarray) -> np.ndarray:
    """Best score less the second one."""
    two = np.sort(scores, axis=1)[:, -2:]
    return two[:, 1] - two[:, 0]


def _log_odds(margins: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Intercept and slope of the log-odds of being right over the margin.

    Platt's targets, (n + 1) / (n + 2) and 1 / (m + 2) for n right and m wrong decisions, keep both
    finite where all are right. A slope below zero (larger margins are wrong more often) is noise:
    then the share of right ones counts alone.

    Source: Platt 1999, "Probabilistic outputs for support vector machines".
    """
    n, m = int(right.sum()), int((~right).sum())
    target = np.where(right, (n + 1) / (n + 2), 1 / (m + 2))
    scale = margins.std()
    if scale > 0 and n and m:
        model: Any = LogisticRegression(C=np.inf)
        x = np.concatenate([margins, margins])[:, None] / scale
        model.fit(x, np.repeat([1, 0], len(x) // 2), np.concatenate([target, 1 - target]))
        if model.coef_[0, 0] > 0:
            return float(model.intercept_[0]), float(model.coef_[0, 0] / scale)
    share = target.mean()
    return float(np.log(share / (1 - share))), 0.0
