"""Spoiled stretches and trials are marked: amplitude limits and the Riemannian potato.

Nothing is dropped here; `neurodecode.preprocessing.marks` says how marks are meant to be used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from neurodecode.core.channels import Channels
from neurodecode.core.checks import check_finite
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.core.step import Step
from neurodecode.core.time_axis import to_samples
from neurodecode.linalg.covariance import trial_covariances
from neurodecode.linalg.spd import riemannian_mean, squared_distances
from neurodecode.preprocessing.marks import MarksTrials, marked

_ROUNDS = 100


class WindowMarks(MarksTrials):
    """Base of steps that judge windows; subclasses write `_reasons`.

    Notes
    -----
    A recording is looked at in windows of `window` seconds, half overlapping; each marked one
    becomes a BAD span.
    """

    accepts_recording = True
    mark: str
    window: float

    def _reasons(self, windows: np.ndarray, channels: Channels) -> np.ndarray:
        """Why each window is spoiled, or "", object, shape (n_windows,)."""
        raise NotImplementedError

    def _transform(self, X: Epochs) -> Epochs:
        return marked(X, self._reasons(X.data, X.channels))

    def _transform_recording(self, recording: Recording) -> Recording:
        windows, starts = _windows(recording, self.window)
        reasons = self._reasons(windows, recording.channels)
        bad = starts[reasons != ""]
        found = pd.DataFrame(
            {
                "onset": bad / recording.sfreq,
                "duration": windows.shape[2] / recording.sfreq,
                "kind": self.mark,
            }
        )
        note = f"{self}: {len(bad)} of {len(starts)} windows marked {self.mark}"
        joined = pd.concat([recording.intervals, _merged(found)], ignore_index=True)
        return recording.with_intervals(joined).with_notes((*recording.notes, note))


class AmplitudeLimits(WindowMarks):
    """Mark windows in which a channel swings too far, or hardly at all.

    Parameters
    ----------
    peak_to_peak : float or dict of channel kind -> float, default 150
        Largest difference between two samples, in the channels' unit (µV for EEG). One number
        is meant for EEG alone.
    flat : float or dict of channel kind -> float, default 0.5
        A channel whose difference stays below this is flat.
    window : float, default 1
        Seconds of a recording that are judged at a time.

    Raises
    ------
    DataError
        A limit for a kind that is not among the channels, or a recording shorter than a window.

    Notes
    -----
    Channels marked bad are not judged. `rec.epoch(reject=...)` applies the same limit at the cut.
    Trials are marked, not dropped: see `neurodecode.preprocessing.marks`.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> data = np.random.default_rng(0).normal(size=(3, 1, 100))
    >>> data[1] *= 100
    >>> epochs = nd.Epochs(data, channels=["Fp1"], sfreq=100)
    >>> nd.preprocessing.AmplitudeLimits(peak_to_peak=150).clean(epochs).tolist()
    [True, False, True]
    """

    scope = "trial"
    mark = "BAD_amplitude"

    def __init__(
        self,
        peak_to_peak: float | Mapping[str, float] = 150.0,
        flat: float | Mapping[str, float] = 0.5,
        window: float = 1.0,
    ):
        self.peak_to_peak = peak_to_peak
        self.flat = flat
        self.window = window

    def _reasons(self, windows: np.ndarray, channels: Channels) -> np.ndarray:
        swing = np.ptp(windows, axis=-1)  # (n_windows, n_channels)
        reasons = np.full(len(windows), "", dtype=object)
        for limits, above in ((self.peak_to_peak, True), (self.flat, False)):
            for kind, limit in (limits if isinstance(limits, Mapping) else {"eeg": limits}).items():
                picks = [
                    i for i in channels.of_kind(kind) if channels.names[i] not in channels.bads
                ]
                if not picks:
                    raise DataError(
                        f"AmplitudeLimits: no good channel of kind {kind!r}",
                        found=channels.text(),
                        fix=f"a limit for each kind: {{{channels.kinds[0]!r}: {limit:g}}}",
                    )
                size = swing[:, picks]
                worst = size.argmax(axis=1) if above else size.argmin(axis=1)
                value = np.take_along_axis(size, worst[:, None], axis=1)[:, 0]
                for k in np.flatnonzero((value > limit) if above else (value < limit)):
                    channel = picks[worst[k]]
                    word = "peak-to-peak" if above else "flat, peak-to-peak"
                    reasons[k] = reasons[k] or (
                        f"{word} {value[k]:.4g} {channels.units[channel]} on "
                        f"{channels.names[channel]}, limit {limit:g}"
                    )
        return reasons


class Potato(WindowMarks):
    """Mark windows whose covariance lies far from that of the training trials.

    Parameters
    ----------
    threshold : float, default 3
        Largest z score of the logarithm of the Riemannian distance.
    window : float, default 1
        Seconds of a recording that are judged at a time.

    Attributes
    ----------
    reference_ : float64 array, shape (n_brain, n_brain)
        Riemannian mean of the clean training covariances of the good brain channels.
    mean_, std_ : float
        Of the logarithm of their distances to it.

    Raises
    ------
    DataError
        Covariances without full rank (average reference: leave out a channel), or fewer than
        two windows are clean.

    Notes
    -----
    Trials beyond the threshold are taken out of the mean until none is. An unfitted potato learns
    from the recording that it marks. The distance sees all channels at once: one loud channel
    among many moves it little, so filter to where artefacts are, as a field of several potatoes
    does. Marks equal pyRiemann's `Potato`.

    Sources: Barachant, Andreev, Congedo 2013, TOBI Workshop IV (hal-00781701); Barthélemy et al.
    2019, 10.1109/TNSRE.2019.2893113.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> data = np.random.default_rng(0).normal(size=(40, 2, 200))
    >>> data[7] *= 3
    >>> epochs = nd.Epochs(data, channels=["C3", "C4"], sfreq=200)
    >>> np.flatnonzero(~nd.preprocessing.Potato().fit(epochs).clean(epochs))
    array([7])
    """

    scope = "train"
    mark = "BAD_potato"

    def __init__(self, threshold: float = 3.0, window: float = 1.0):
        self.threshold = threshold
        self.window = window

    def fit(self, X: Any, y: Any = None) -> Step:
        """Learn the clean covariance from training trials or from a recording.

        Parameters
        ----------
        X : Epochs, mne.Epochs or Recording
        y : array, optional
            Not used.
        """
        if isinstance(X, Recording):
            self._learn(_windows(X, self.window)[0], X.channels)
            return self
        return super().fit(X, y)

    def _fit(self, X: Epochs, y: np.ndarray | None) -> None:
        self._learn(X.data, X.channels)

    def _learn(self, windows: np.ndarray, channels: Channels) -> None:
        moments = trial_covariances(windows[:, channels.good_brain()], "scm")
        clean = np.ones(len(moments), dtype=bool)
        for _ in range(_ROUNDS):
            if clean.sum() < 2:
                raise DataError(
                    "Potato: no clean window is left to learn from",
                    found=f"{int(clean.sum())} of {len(moments)} windows below {self.threshold:g}",
                    fix="a higher threshold=, or more training trials",
                )
            self.reference_ = riemannian_mean(moments[clean], "Potato")
            far = np.log(squared_distances(moments, self.reference_, "Potato")) / 2
            self.mean_, self.std_ = float(far[clean].mean()), float(far[clean].std())
            still = clean & (far < self.mean_ + self.threshold * self.std_)
            if np.array_equal(still, clean):
                break
            clean = still

    def _reasons(self, windows: np.ndarray, channels: Channels) -> np.ndarray:
        moments = trial_covariances(windows[:, channels.good_brain()], "scm")
        far = np.log(squared_distances(moments, self.reference_, "Potato")) / 2
        z = (far - self.mean_) / self.std_
        reasons = np.full(len(z), "", dtype=object)
        for k in np.flatnonzero(z >= self.threshold):
            reasons[k] = f"covariance at z {z[k]:.3g}, limit {self.threshold:g}"
        return reasons

    def _transform_recording(self, recording: Recording) -> Recording:
        if not hasattr(self, "reference_"):
            fitted: Any = clone(self)
            return fitted.fit(recording)._transform_recording(recording)
        return super()._transform_recording(recording)


def _windows(recording: Recording, length: float) -> tuple[np.ndarray, np.ndarray]:
    """Half overlapping windows between edges and gaps, and their first samples."""
    width = to_samples(length, recording.sfreq)
    starts = [
        start
        for low, high in recording.good_spans()
        for start in (*range(low, high - width, max(width // 2, 1)), high - width)
        if start >= low
    ]
    if width < 2 or not starts:
        raise DataError(
            "no window fits between the edges of the recording",
            found=f"window={length:g} s, {recording.duration:g} s recorded",
            fix="another window=",
        )
    data = recording.data
    windows = np.stack([data[:, start : start + width] for start in starts])
    check_finite(windows, recording.channels.names)
    return windows, np.array(starts)


def _merged(spans: pd.DataFrame) -> pd.DataFrame:
    """Overlapping spans of one kind as one."""
    rows: list[dict[str, Any]] = []
    for row in spans.to_dict("records"):
        if rows and row["onset"] <= rows[-1]["onset"] + rows[-1]["duration"]:
            rows[-1]["duration"] = row["onset"] + row["duration"] - rows[-1]["onset"]
        else:
            rows.append(dict(row))
    return pd.DataFrame(rows, columns=list(spans.columns))
