"""FASTER: statistics of trials and of channels within trials, by its own rule and a robust one."""

from __future__ import annotations

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.preprocessing.repair import TrialRepair, good_eeg

THRESHOLDS = {"classic": 3.0, "robust": 5.0}
_TRIAL_WORDS = ("mean amplitude range", "mean variance", "mean deviation")
_TINY = np.finfo(np.float64).tiny


class Faster(TrialRepair):
    """Interpolate channels that stand out in a trial, and mark trials that stand out.

    Parameters
    ----------
    rule : "classic" (default) or "robust"
        z scores from mean and standard deviation, as published, or from median and median
        absolute deviation, of logarithms where a measure is a size.
    threshold : float, optional
        Largest absolute z score; default 3 (classic) or 5 (robust).

    Attributes
    ----------
    channel_means_ : float64 array, shape (n_good_eeg,)
        Over the training trials.
    centre_, spread_ : float64 arrays, shape (3,)
        Of the measures of training trials.

    Raises
    ------
    DataError
        Unknown rule, no EEG, fewer than two training trials, or a channel without a place has to be
        interpolated.

    Notes
    -----
    Stage 2 of FASTER marks trials whose range, variance or deviation of channel means, each
    averaged over channels, lies beyond the threshold among the training trials. Stage 4 compares
    the variance, median gradient, range and deviation of each channel with those of the other
    channels in the same trial; those beyond are interpolated. Deviations are absolute, so that
    opposite channels do not cancel. Stage 1, bad channels of a recording, is `BadChannels`;
    stage 3, components, is `ICA`.

    The classic rule masks itself: the largest z that k equal outliers among n values can reach
    is sqrt((n - k) / k), 2.65 for 4 of 32. Two loud channels hide a flat one. The robust rule
    finds it. All trials come back; see `neurodecode.preprocessing.marks`.

    Source: Nolan, Whelan, Reilly 2010, 10.1016/j.jneumeth.2010.07.015.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> data = np.random.default_rng(0).normal(size=(30, 8, 100))
    >>> data[7] *= 4
    >>> epochs = nd.Epochs(data, channels=[f"E{i}" for i in range(8)], sfreq=100)
    >>> np.flatnonzero(~nd.preprocessing.Faster().fit(epochs).clean(epochs))
    array([7])
    """

    def __init__(self, rule: str = "classic", threshold: float | None = None):
        self.rule = rule
        self.threshold = threshold

    def _fit(self, X: Epochs, y: np.ndarray | None) -> None:
        if self.rule not in THRESHOLDS:
            raise DataError(
                "Faster: no such rule",
                found=repr(self.rule),
                expected=", ".join(map(repr, THRESHOLDS)),
                fix=did_you_mean(str(self.rule), THRESHOLDS),
            )
        if len(X) < 2:
            raise DataError("Faster: too few training trials", found="1", expected="2 or more")
        x = X.data[:, good_eeg(X.channels)]
        self.channel_means_ = x.mean(axis=(0, 2), dtype=np.float64)
        measures = self._of_trials(x)
        self.centre_, self.spread_ = self._centre_and_spread(measures, axis=0)

    def _judge(self, X: Epochs) -> tuple[np.ndarray, np.ndarray]:
        good = good_eeg(X.channels)
        x = X.data[:, good]
        limit = THRESHOLDS[self.rule] if self.threshold is None else self.threshold
        z = _ratio(self._of_trials(x) - self.centre_, self.spread_)
        reasons = np.full(len(X), "", dtype=object)
        for k in np.flatnonzero((np.abs(z) > limit).any(axis=1)):
            worst = int(np.abs(z[k]).argmax())
            reasons[k] = f"{_TRIAL_WORDS[worst]} at z {z[k, worst]:.3g}, limit {limit:g}"
        measures = self._of_channels(x)  # (n_trials, n_channels, 4)
        centre, spread = self._centre_and_spread(measures, axis=1)
        z = _ratio(measures - centre[:, None], spread[:, None])
        bad = np.zeros((len(X), X.shape[1]), dtype=bool)
        bad[:, good] = (np.abs(z) > limit).any(axis=2)
        return bad, reasons

    def _of_trials(self, x: np.ndarray) -> np.ndarray:
        """Stage 2: range, variance and deviation, means over channels, shape (n_trials, 3)."""
        sizes = np.stack([np.ptp(x, axis=2), x.var(axis=2), self._deviation(x)], axis=-1)
        return self._scaled(sizes.mean(axis=1))

    def _of_channels(self, x: np.ndarray) -> np.ndarray:
        """Stage 4: variance, median gradient, range and deviation, (n_trials, n_channels, 4)."""
        gradient = np.median(np.abs(np.diff(x, axis=2)), axis=2)
        sizes = np.stack([x.var(axis=2), gradient, np.ptp(x, axis=2)], axis=-1)
        return np.concatenate([self._scaled(sizes), self._deviation(x)[..., None]], axis=-1)

    def _deviation(self, x: np.ndarray) -> np.ndarray:
        return np.abs(x.mean(axis=2, dtype=np.float64) - self.channel_means_)

    def _scaled(self, sizes: np.ndarray) -> np.ndarray:
        sizes = sizes.astype(np.float64)
        return np.log(sizes + _TINY) if self.rule == "robust" else sizes

    def _centre_and_spread(self, values: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
        if self.rule == "classic":
            return values.mean(axis=axis), values.std(axis=axis)
        centre = np.median(values, axis=axis)
        away = np.abs(values - np.expand_dims(centre, axis))
        return centre, 1.4826 * np.median(away, axis=axis)


def _ratio(away: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """z scores; 0 where nothing varies, as among equal channels."""
    spread = np.broadcast_to(spread, away.shape)
    return np.divide(away, spread, out=np.zeros_like(away), where=spread > 0)
