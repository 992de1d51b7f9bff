"""What decoders of flickering targets share: window, sub-bands, frequencies and references."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from neurodecode.core.checks import check_finite
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.inputs import as_epochs, check_labels
from neurodecode.decoders.filter_bank import band_weights, filter_bank
from neurodecode.decoders.score_classifier import ScoreClassifier

CARD = "card"  # in a recipe: the benchmark puts the card's values in its place


class FlickerClassifier(ScoreClassifier):
    """Base: one score a class in each sub-band, bands added with their weights.

    Subclasses write `_learn` and `_band_scores`; `latency` is an argument, `n_bands` may be.
    """

    latency: float
    n_bands: int = 1
    frequencies: Mapping[Any, float] | str | None = None  # arguments of those with references
    n_harmonics: int = 0
    same_window = True  # templates hold one window; sine references fit any

    def fit(self, X: Any, y: Any) -> FlickerClassifier:
        """Learn from training trials.

        Parameters
        ----------
        X : Epochs or mne.Epochs, time zero at the start of the flicker
        y : array, shape (n_trials,)

        Returns
        -------
        self
        """
        epochs = self._opened(X)
        labels = check_labels(y, len(epochs), type(self).__name__)
        self.classes_ = np.unique(labels)
        self.n_channels_in_, self.sfreq_in_ = epochs.shape[1], float(epochs.sfreq)
        self.window_in_ = np.array([epochs.tmin, epochs.shape[2]])
        self._learn(epochs, np.searchsorted(self.classes_, labels))
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Scores, (n_trials, n_classes); for two classes the second's minus the first's."""
        check_is_fitted(self)
        epochs = self._opened(X)
        self._check_like_fit(epochs)
        times = self._times(epochs)
        bands = self._bands(epochs)
        weights = band_weights(len(bands)) if len(bands) > 1 else np.ones(1)
        parts = [self._band_scores(number, band, times) for number, band in enumerate(bands)]
        scores = np.einsum("b,bnk->nk", weights, np.stack(parts))
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    # ------------------------------------------------------------------ what subclasses write
    def _learn(self, epochs: Epochs, codes: np.ndarray) -> None:
        raise NotImplementedError

    def _band_scores(self, number: int, x: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Scores (n_trials, n_classes) of trials (n_trials, n_channels, n_times) in a band."""
        raise NotImplementedError

    # ------------------------------------------------------------------ shared
    def _opened(self, X: Any) -> Epochs:
        epochs = as_epochs(X)
        if epochs.length is not None:
            raise DataError(
                f"{type(self).__name__} cannot use trials of unequal length",
                found=f"{int(epochs.length.min())} to {int(epochs.length.max())} samples",
                fix=".crop(tmin, tmax) to what all trials have",
            )
        check_finite(epochs.padded(), epochs.channels.names)
        return epochs

    def _first(self, epochs: Epochs) -> int:
        """Samples before the response to the flicker can have arrived."""
        first = int(np.sum(epochs.times < self.latency - 1e-9))
        if first >= epochs.shape[2] - 1:
            raise DataError(
                f"{type(self).__name__}: nothing is left after the visual latency",
                found=f"latency {self.latency:g} s, trials end at {epochs.tmax:g} s",
                expected="a latency below the end of the trials, about 0.14 s",
            )
        return first

    def _times(self, epochs: Epochs) -> np.ndarray:
        return epochs.times[self._first(epochs) :]

    def _bands(self, epochs: Epochs, n_later: int = 0) -> np.ndarray:
        """Centred trials from the latency on, (n_bands, n_trials, n_channels, n_times).

        `n_later` more samples follow the window: from the margin where it has them, else zeros.
        """
        x = filter_bank(epochs, self.n_bands, type(self).__name__)
        pad, n_times = epochs.pad_samples, epochs.shape[2]
        start, stop = pad + self._first(epochs), pad + n_times
        window = x[..., start:stop]
        mean = window.mean(axis=-1, keepdims=True)
        if not n_later:
            return window - mean
        if pad < n_later:
            return np.pad(window - mean, [(0, 0)] * 3 + [(0, n_later)])
        return x[..., start : stop + n_later] - mean

    def _look_up_frequencies(self, epochs: Epochs) -> None:
        """Set `frequencies_`, in the order of the classes, none of which aliases."""
        name = type(self).__name__
        self.frequencies_ = of_classes(self.frequencies, self.classes_, "frequencies", name)
        check_frequencies(self.frequencies_, self.n_harmonics, epochs.sfreq, name)

    def _references(self, times: np.ndarray) -> np.ndarray:
        """Sines and cosines of every class, (n_classes, 2 n_harmonics, n_times)."""
        return sine_references(self.frequencies_, self.n_harmonics, times)

    def _check_like_fit(self, epochs: Epochs) -> None:
        name = type(self).__name__
        if epochs.shape[1] != self.n_channels_in_:
            raise DataError(
                f"{name} was fitted on other channels",
                found=f"{epochs.shape[1]} channels",
                expected=f"{self.n_channels_in_}",
                fix="epochs.pick(names) as for training",
            )
        if abs(epochs.sfreq - self.sfreq_in_) > 1e-6 * self.sfreq_in_:
            raise DataError(
                f"{name} was fitted at another sampling rate",
                found=f"{epochs.sfreq:g} Hz",
                expected=f"{self.sfreq_in_:g} Hz",
                fix=f"nd.preprocessing.Resample({self.sfreq_in_:g})",
            )
        tmin, n_times = self.window_in_
        if self.same_window and (
            epochs.shape[2] != n_times or abs(epochs.tmin - tmin) > 0.5 / epochs.sfreq
        ):
            raise DataError(
                f"{name} was fitted on another window",
                found=f"{epochs.shape[2]} samples from {epochs.tmin:g} s",
                expected=f"{int(n_times)} samples from {tmin:g} s",
                fix=".crop(tmin, tmax) as for training",
            )


def of_classes(
    values: Mapping[Any, float] | str | None, classes: np.ndarray, what: str, where: str
) -> np.ndarray:
    """Frequencies or phases in the order of the classes, looked up by label.

    Parameters
    ----------
    values : mapping, label -> number; more labels than classes may be named
    classes : array of labels
    what : "frequencies" or "phases"
    where : str, named in the error

    Raises
    ------
    DataError : no mapping, or a class that it lacks.

    Examples
    --------
    >>> of_classes({"up": 8, "down": 10}, np.array(["down", "up"]), "frequencies", "x").tolist()
    [10.0, 8.0]
    """
    if not isinstance(values, Mapping):
        raise DataError(
            f"{where}: which {what} do the targets have?",
            found=f"{what}={values!r}"
            + (" (filled by nd.benchmark from the data set's card)" if values == CARD else ""),
            expected="a number for each class",
            fix=f"{where}({what}={{{classes[0].item()!r}: 10.0, ...}})",
        )
    lacking = [label for label in classes.tolist() if label not in values]
    if lacking:
        raise DataError(
            f"{where}: classes without an entry in {what}",
            found=", ".join(map(repr, lacking)),
            expected=f"labels among {', '.join(map(repr, values))}",
            fix="name all classes, or leave those out that do not flicker: "
            "nd.load(name, classes=[...])",
        )
    return np.array([float(values[label]) for label in classes.tolist()])


def check_frequencies(frequencies: np.ndarray, n_harmonics: int, sfreq: float, where: str) -> None:
    """Refuse references that alias.

    Raises
    ------
    DataError : a harmonic at or above half the rate, a frequency that is not positive, or no
        harmonic.
    """
    top = float(frequencies.max())
    if n_harmonics < 1 or frequencies.min() <= 0:
        raise DataError(
            f"{where}: no references of these",
            found=f"n_harmonics={n_harmonics}, lowest frequency {frequencies.min():g} Hz",
            expected="n_harmonics >= 1, frequencies above 0 Hz",
        )
    if n_harmonics * top >= sfreq / 2:
        raise DataError(
            f"{where}: a harmonic lies above half the sampling rate",
            found=f"harmonic {n_harmonics} of {top:g} Hz is {n_harmonics * top:g} Hz",
            expected=f"below {sfreq / 2:g} Hz",
            fix=f"n_harmonics={max(1, int((sfreq / 2 - 1e-9) // top))}",
        )


def sine_references(frequencies: np.ndarray, n_harmonics: int, times: np.ndarray) -> np.ndarray:
    """Sine and cosine of each frequency's harmonics, (n_classes, 2 n_harmonics, n_times).

    Examples
    --------
    >>> sine_references(np.array([10.0, 12.0]), 3, np.arange(50) / 100).shape
    (2, 6, 50)
    """
    harmonics = np.arange(1, n_harmonics + 1)
    angles = 2 * np.pi * frequencies[:, None, None] * harmonics[:, None] * times
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
