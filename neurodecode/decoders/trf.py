"""Temporal response functions: a continuous signal out of lagged channels, forward or backward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from neurodecode.core.checks import check_finite
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.inputs import as_epochs
from neurodecode.evaluation.metrics import correlation
from neurodecode.linalg.ridge import RidgePath

_GRID = np.logspace(-6, 3, 10)


class TRF(RegressorMixin, BaseEstimator):
    """Ridge regression from lagged channels to a continuous signal, sample by sample.

    Parameters
    ----------
    tmin, tmax : float, default -0.25 and 0.0, seconds
        Lags: the signal at time t is predicted from the channels at t - lag. Negative lags look
        at channels that follow the signal, as a brain follows a stimulus: the default is a
        backward model (brain to stimulus). Forward models take ``TRF(0.0, 0.4)``.
    alphas : sequence of float > 0, default None: ``logspace(-6, 3, 10)``
        Penalties tried, times the mean variance of the channels and the number of samples.
    windows : sequence of (tmin, tmax), seconds, default None: the one of `tmin` and `tmax`
        Windows of lags tried beside every penalty.

    Attributes
    ----------
    lags_ : float64 array, shape (n_lags,), seconds
        Multiples of the sampling interval, both ends included.
    coef_ : float64 array, shape (n_outputs, n_channels, n_lags)
    intercept_ : float64 array, shape (n_outputs,)
    alpha_ : float
        On channels as they come.

    Raises
    ------
    DataError
        Targets that are no signals, lags outside the trials, too few trials.

    Notes
    -----
    Lags never cross the edge of a trial: what lies outside counts as zero, after the mean of the
    training data is taken off. Penalty and window are those with the largest mean correlation over
    trials left out of the training trials one by one: never chosen on the trials scored. `score` is
    that correlation on new trials, averaged over trials and outputs, not R². Equal to
    `mne.decoding.ReceptiveField` with a `Ridge` estimator and one alpha. Sources: Crosse et al.
    2016, 10.3389/fnhum.2016.00604; O'Sullivan et al. 2015, 10.1093/cercor/bht355.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> speech = np.random.default_rng(0).normal(size=(3, 1, 200))
    >>> brain = nd.Epochs(np.roll(speech, 3, axis=2), channels=["Cz"], sfreq=20)  # 150 ms later
    >>> trf = nd.decoders.TRF().fit(brain, speech)
    >>> float(trf.lags_[abs(trf.coef_[0, 0]).argmax()])
    -0.15
    """

    def __init__(
        self,
        tmin: float = -0.25,
        tmax: float = 0.0,
        alphas: Sequence[float] | None = None,
        windows: Sequence[tuple[float, float]] | None = None,
    ):
        self.tmin = tmin
        self.tmax = tmax
        self.alphas = alphas
        self.windows = windows

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any) -> TRF:
        """Choose the penalty, then learn from all trials.

        Parameters
        ----------
        X : Epochs or mne.Epochs
        y : float array, shape (n_trials, n_outputs, n_times) or (n_trials, n_times)

        Returns
        -------
        self
        """
        epochs = self._check(X)
        signals = _signals(y, epochs)
        self.one_output_ = np.ndim(y) == 2
        self.n_channels_in_, self.sfreq_in_ = epochs.shape[1], epochs.sfreq
        data = epochs.data.astype(np.float64)
        self.mean_, centre = data.mean(axis=(0, 2)), signals.mean(axis=(0, 2))
        data, signals = data - self.mean_[:, None], signals - centre[:, None]
        unit = float(data.var(axis=(0, 2)).mean()) * data.shape[2]
        grid = self._grid() * max(unit, np.finfo(float).tiny)
        tried = self._tried(epochs)
        scores = np.zeros((len(tried), len(grid)))
        if scores.size > 1:
            scores = np.stack([self._held_out(data, signals, each, grid) for each in tried])
        window, penalty = np.unravel_index(scores.argmax(), scores.shape)
        self.alpha_, self.shifts_ = float(grid[penalty]), tried[window]
        self.lags_ = self.shifts_ / epochs.sfreq
        gram, cross = _sums(_products(data, signals, self.shifts_))
        weights = RidgePath.of_gram(gram, cross).weights(self.alpha_ * len(data))
        self.coef_ = weights.T.reshape(signals.shape[1], epochs.shape[1], len(self.lags_))
        self.intercept_ = centre
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Signals, shape (n_trials, n_outputs, n_times) or (n_trials, n_times), as `y` of fit."""
        check_is_fitted(self)
        data = self._check(X).data.astype(np.float64) - self.mean_[:, None]
        weights = self.coef_.reshape(len(self.coef_), -1)
        made = [
            weights @ _lagged(trial, self.shifts_).T + self.intercept_[:, None] for trial in data
        ]
        signals = np.stack(made) if made else np.empty((0, len(weights), data.shape[2]))
        return signals[:, 0] if self.one_output_ else signals

    def score(self, X: Any, y: Any, sample_weight: None = None) -> float:
        """Pearson correlation of prediction and signal, averaged over trials and outputs."""
        guess, truth = self.predict(X), np.asarray(y)
        return float(np.mean([_correlation(t, g) for t, g in zip(truth, guess, strict=True)]))

    def _held_out(
        self, data: np.ndarray, signals: np.ndarray, shifts: np.ndarray, grid: np.ndarray
    ) -> np.ndarray:
        """Mean correlation over trials left out one by one, for each penalty."""
        if len(data) < 2:
            raise DataError(
                "TRF: one trial cannot choose a penalty",
                found="1 trial",
                expected="at least two, or one alpha and one window",
                fix="cut the recording into trials, or TRF(..., alphas=[1.0])",
            )
        products = _products(data, signals, shifts)
        gram, cross = _sums(products)
        found = np.zeros(len(grid))
        for i, (own_gram, own_cross) in enumerate(products):
            path = RidgePath.of_gram(gram - own_gram, cross - own_cross)
            basis = _lagged(data[i], shifts) @ path.left
            for j, alpha in enumerate(grid * (len(data) - 1)):
                guess = basis @ (path.right / (path.values[:, None] + alpha))
                found[j] += _correlation(signals[i], guess.T)
        return found / len(data)

    def _tried(self, epochs: Epochs) -> list[np.ndarray]:
        """Lags in samples of every window."""
        windows = [(self.tmin, self.tmax)] if self.windows is None else list(self.windows)
        n_times, tried = epochs.shape[2], []
        for tmin, tmax in windows:
            low, high = round(tmin * epochs.sfreq), round(tmax * epochs.sfreq)
            if low > high or max(abs(low), abs(high)) >= n_times:
                raise DataError(
                    "TRF: lags do not fit the trials",
                    found=f"{tmin:g} to {tmax:g} s, trials of {n_times / epochs.sfreq:g} s",
                    expected="tmin <= tmax, both shorter than a trial",
                )
            tried.append(np.arange(low, high + 1))
        if not tried:
            raise DataError("TRF: no window of lags", found="windows=[]")
        return tried

    def _grid(self) -> np.ndarray:
        grid = np.asarray(_GRID if self.alphas is None else self.alphas, dtype=np.float64)
        if grid.ndim != 1 or not len(grid) or not (grid > 0).all():
            raise DataError("TRF: penalties must be positive", found=f"alphas={self.alphas!r}")
        return grid

    def _check(self, X: Any) -> Epochs:
        epochs = as_epochs(X)
        check_finite(epochs.data, epochs.channels.names)
        n_channels = getattr(self, "n_channels_in_", epochs.shape[1])
        sfreq = getattr(self, "sfreq_in_", epochs.sfreq)
        if epochs.shape[1] != n_channels or abs(epochs.sfreq - sfreq) > 1e-6 * sfreq:
            raise DataError(
                "TRF was fitted on other channels or at another rate",
                found=f"{epochs.shape[1]} channels at {epochs.sfreq:g} Hz",
                expected=f"{n_channels} channels at {sfreq:g} Hz",
                fix="epochs.pick(names) and nd.preprocessing.Resample(sfreq) as for training",
            )
        return epochs


def _signals(y: Any, epochs: Epochs) -> np.ndarray:
    values = np.asarray(y if y is not None else [])
    table = values[:, None] if values.ndim == 2 else values
    n, n_times = len(epochs), epochs.shape[2]
    if table.ndim != 3 or (len(table), table.shape[2]) != (n, n_times):
        raise DataError(
            "TRF: targets must be signals as long as the trials",
            found="no targets" if y is None else f"shape {values.shape}",
            expected=f"({n}, n_outputs, {n_times}) or ({n}, {n_times})",
        )
    table = table.astype(np.float64)
    check_finite(table)
    return table


def _lagged(trial: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Channels at every lag, shape (n_times, n_channels * n_lags); zero outside the trial."""
    n_channels, n_times = trial.shape
    lagged = np.zeros((n_times, n_channels, len(shifts)))
    for i, shift in enumerate(shifts):
        start, stop = max(0, shift), n_times + min(0, shift)
        lagged[start:stop, :, i] = trial[:, start - shift : stop - shift].T
    return lagged.reshape(n_times, -1)


def _products(
    data: np.ndarray, signals: np.ndarray, shifts: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """What each trial adds to the Gram matrix of the lagged channels, and to their products."""
    pairs = zip((_lagged(trial, shifts) for trial in data), signals, strict=True)
    return [(x.T @ x, x.T @ y.T) for x, y in pairs]


def _sums(products: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    grams, crosses = zip(*products, strict=True)
    return np.sum(grams, axis=0), np.sum(crosses, axis=0)


def _correlation(truth: np.ndarray, guess: np.ndarray) -> float:
    """Of signals (n_outputs, n_times) or (n_times,), mean over outputs."""
    return correlation(truth.T, guess.T)
