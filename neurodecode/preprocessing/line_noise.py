"""The power line: `ZapLine` removes it by where it comes from, `LineInterpolate` by its peak."""

from __future__ import annotations

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.core.step import Step
from neurodecode.linalg.eigen import generalized_eigh
from neurodecode.linalg.line_noise import (
    count_line_components,
    interpolate_spectrum,
    line_scatter,
    period_average,
)


def line_frequency(given: float | None, known: float | None, where: str) -> float:
    """The frequency to remove: the one given, else the one the data name.

    Raises
    ------
    DataError
        Neither is there.
    """
    if given is not None:
        return float(given)
    if known:
        return float(known)
    raise DataError(
        f"{where}: which frequency?",
        found="none given, and data that name no line frequency",
        expected="a frequency in Hz",
        fix=f"{where}(50) (Europe, most of Asia and Africa) or {where}(60) (the Americas)",
    )


def harmonics(frequency: float, sfreq: float) -> list[float]:
    """A frequency and its multiples below half the rate; itself where it lies above."""
    return np.arange(frequency, sfreq / 2 - 1e-9, frequency).tolist() or [frequency]


class ZapLine(Step):
    """Remove line noise by spatial filters, leaving what is slower than a line period untouched.

    Parameters
    ----------
    frequency : float, Hz, default None
        None: the line frequency that the data name.
    n_remove : int or None, default None
        Components to remove. None: those before the largest fall of the scores, at most one for
        every five channels, none where no score is above 0.1.

    Attributes
    ----------
    removal_ : float64 array, shape (n_channels, n_channels)
        What multiplies the part of the signal that may hold line noise.
    scores_ : float64 array
        Share of each component's power at the line and its multiples, descending.
    n_removed_ : int

    Raises
    ------
    DataError
        No frequency is known or it does not lie below half the rate, or the number of components
        is to be found on fewer than five channels (`LineInterpolate` or `Notch` suit those).

    Notes
    -----
    The mean over one line period takes the line out of the signal; the rest N holds it with what
    else is fast. Components that maximize the power of N in a comb at the line's multiples are
    projected out of N, and the two parts are added. The rank of the channels stays. On a
    recording the filters are learned from that recording, good spans together, brain channels
    that are not marked bad only (transductive, without labels); on epochs from the training
    trials. Source: de Cheveigné 2020, 10.1016/j.neuroimage.2019.116356; we centre the mean, so
    that no delay smears it, and choose the number of components by the fall of the scores.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> noise = np.random.default_rng(0).normal(size=(10, 5000))
    >>> hum = np.linspace(-9, 9, 10)[:, None] * np.sin(2 * np.pi * 50 * np.arange(5000) / 250)
    >>> rec = nd.Recording(noise + hum, channels=[f"E{i}" for i in range(10)], sfreq=250)
    >>> left = nd.preprocessing.ZapLine(50).transform(rec).data
    >>> bool((left - noise).std() < 0.4 < 4 < hum.std())
    True
    """

    scope = "train"
    accepts_recording = True

    def __init__(self, frequency: float | None = None, n_remove: int | None = None):
        self.frequency = frequency
        self.n_remove = n_remove

    def _fit(self, X: Epochs, y: np.ndarray | None) -> None:
        frequency = self._checked(X.sfreq, X.line_freq)
        fast = [_fast_part(trial, frequency, X.sfreq) for trial in X.data]
        self.removal_, self.scores_, self.n_removed_ = self._learned(fast, frequency, X.sfreq)

    def _transform(self, epochs: Epochs) -> Epochs:
        frequency = self._checked(epochs.sfreq, epochs.line_freq)
        data = epochs.padded()
        if self.n_removed_:
            fast = _fast_part(data, frequency, epochs.sfreq)
            data = (data - fast + self.removal_ @ fast).astype(data.dtype)
        return epochs.with_data(data, pad=epochs.pad)

    def _transform_recording(self, recording: Recording) -> Recording:
        frequency = self._checked(recording.sfreq, recording.line_freq)
        picked = recording.channels.good_brain()
        out = np.array(recording.data)
        spans = recording.good_spans()
        fast = [
            _fast_part(out[picked, start:stop], frequency, recording.sfreq) for start, stop in spans
        ]
        removal, _, n_removed = self._learned(fast, frequency, recording.sfreq)
        for (start, stop), part in zip(spans, fast, strict=True):
            out[picked, start:stop] += (removal @ part - part).astype(out.dtype)
        return recording.with_data(out, note=f"{self}: {n_removed} components removed")

    def _checked(self, sfreq: float, line_freq: float | None) -> float:
        frequency = line_frequency(self.frequency, line_freq, "ZapLine")
        if not 0 < frequency < sfreq / 2:
            raise DataError(
                "ZapLine: the line does not fit the sampling rate",
                found=f"{frequency:g} Hz at {sfreq:g} Hz",
                expected=f"0 to {sfreq / 2:g} Hz",
                fix="leave the step out: this rate holds no line noise",
            )
        return frequency

    def _learned(
        self, fast: list[np.ndarray], frequency: float, sfreq: float
    ) -> tuple[np.ndarray, np.ndarray, int]:
        """The projection that removes the line, scores, and how many components it removes."""
        n = fast[0].shape[0] if fast else 0
        if n < (5 if self.n_remove is None else 2):
            raise DataError(
                "ZapLine: too few channels",
                found=f"{n} good brain channels",
                expected="5 or more to find the number of components, 2 to be told it",
                fix="LineInterpolate() or Notch() work channel by channel",
            )
        line, total = np.sum([line_scatter(part, frequency, sfreq) for part in fast], axis=0)
        scores, filters = generalized_eigh(line, total, "ZapLine")
        count = self.n_remove
        if count is None:
            count = count_line_components(scores, n)
        kept = filters[:count]  # (count, n), filters @ total @ filters.T = identity
        return np.eye(n) - total @ kept.T @ kept, scores, count


class LineInterpolate(Step):
    """Level the peaks of line noise in the spectrum of each channel; phases stay.

    Parameters
    ----------
    frequency : float, Hz, default None
        None: the line frequency that the data name. Its multiples are levelled too.
    width : float, Hz, default 1
        The peak reaches this far to both sides.
    flank : float, Hz, default 3
        Its new height is the mean from `width` to `flank` away.

    Raises
    ------
    DataError
        No frequency is known, the flanks do not fit between 0 and half the rate, or the data are
        too short to tell flank from peak.

    Notes
    -----
    Works channel by channel, so it suits recordings with few channels; it leaves noise of the
    right size where a notch leaves a hole. Every sample depends on the whole span. Source: Leske,
    Dalal 2019, 10.1016/j.neuroimage.2019.01.026.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> hum = np.sin(2 * np.pi * 50 * np.arange(1000) / 250)
    >>> rec = nd.Recording(hum[None], channels=["Cz"], sfreq=250, line_freq=50)
    >>> bool(abs(nd.preprocessing.LineInterpolate().transform(rec).data).max() < 1e-9)
    True
    """

    scope = "trial"
    accepts_recording = True

    def __init__(self, frequency: float | None = None, width: float = 1.0, flank: float = 3.0):
        self.frequency = frequency
        self.width = width
        self.flank = flank

    def _transform(self, epochs: Epochs) -> Epochs:
        out = self._levelled(epochs.padded(), epochs.sfreq, epochs.line_freq)
        return epochs.with_data(out, pad=epochs.pad)

    def _transform_recording(self, recording: Recording) -> Recording:
        out = np.array(recording.data)
        picked = _electric(recording.channels)
        for start, stop in recording.good_spans():
            out[picked, start:stop] = self._levelled(
                out[picked, start:stop], recording.sfreq, recording.line_freq
            )
        return recording.with_data(out, note=str(self))

    def _levelled(self, x: np.ndarray, sfreq: float, line_freq: float | None) -> np.ndarray:
        frequency = line_frequency(self.frequency, line_freq, "LineInterpolate")
        frequencies = [f for f in harmonics(frequency, sfreq) if f + self.flank <= sfreq / 2]
        seconds = x.shape[-1] / sfreq
        if not frequencies or not 0 < self.width < self.flank < frequency:
            raise DataError(
                "LineInterpolate: peak and flanks do not fit",
                found=f"{frequency:g} Hz, width {self.width:g}, flank {self.flank:g} Hz "
                f"at {sfreq:g} Hz",
                expected=f"0 < width < flank < frequency, and both flanks below {sfreq / 2:g} Hz",
            )
        if (self.flank - self.width) * seconds < 1:
            raise DataError(
                "LineInterpolate: too short to tell a peak from its flanks",
                found=f"{seconds:.3g} s",
                expected=f"{1 / (self.flank - self.width):.3g} s or more",
                fix="work on the recording before the cut",
            )
        return interpolate_spectrum(x, frequencies, sfreq, self.width, self.flank).astype(x.dtype)


def _fast_part(x: np.ndarray, frequency: float, sfreq: float) -> np.ndarray:
    """What the mean over one line period leaves out, float64, shape of `x`."""
    return x - period_average(x, sfreq / frequency)


def _electric(channels: Channels) -> np.ndarray:
    """Channels that a line can reach: all but codes, counts and images."""
    kinds = ("eeg", "mag", "grad", "seeg", "ecog", "eog", "emg", "ecg")
    return channels.of_kind(kinds)
