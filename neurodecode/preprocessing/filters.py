"""Filters in time: `Bandpass` and `Notch`.

Filter recordings, not epochs: 1-40 Hz on epochs of 2 s errs by 47 % of the signal. On epochs
the hidden margin (`pad`) is used and kept; epochs too short for the filter give one warning.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.recording import Recording
from neurodecode.core.stamps import digest
from neurodecode.core.step import Step
from neurodecode.linalg import filtering

PHASES = ("zero", "causal")
_NOT_FILTERED = ("stim", "misc", "spikes")  # codes and counts, not signals on a clock of volts


class _Filter(Step):
    """Shared by the filters: a design for a sampling rate, applied to spans and epochs."""

    scope = "trial"
    accepts_recording = True
    phase: str

    def _sections(self, sfreq: float, line_freq: float | None) -> np.ndarray:
        raise NotImplementedError

    def _settling(self, line_freq: float | None) -> float:
        """Seconds of one edge effect."""
        raise NotImplementedError

    def _transform(self, epochs: Epochs) -> Epochs:
        sections = self._sections(epochs.sfreq, epochs.line_freq)
        data = epochs.padded()
        settling = self._settling(epochs.line_freq)
        if data.shape[-1] / epochs.sfreq < 3 * settling:
            warnings.warn(
                f"{self}: epochs of {data.shape[-1] / epochs.sfreq:.3g} s are short for this "
                f"filter (it wants {3 * settling:.3g} s), edges will be distorted; filter the "
                "recording before the cut, or cut with a margin: rec.epoch(..., pad=1.0)",
                stacklevel=3,
            )
        n_pad = round(settling * epochs.sfreq)
        return epochs.with_data(
            self._apply(data, sections, n_pad),
            pad=epochs.pad,
            # Coefficients, not edges: two toolkits' "1-40 Hz" are different filters.
            provenance=digest(["filter", sections.tolist(), self.phase, n_pad]),
        )

    def _transform_recording(self, recording: Recording) -> Recording:
        sections = self._sections(recording.sfreq, recording.line_freq)
        n_pad = round(self._settling(recording.line_freq) * recording.sfreq)
        kinds = recording.channels.kinds
        picked = [i for i, kind in enumerate(kinds) if kind not in _NOT_FILTERED]
        data, spans = recording.data, recording.good_spans()
        if picked == list(range(len(data))) and spans == [(0, data.shape[1])]:
            out = self._apply(data, sections, n_pad)  # the usual case, without a copy
        else:
            out = np.array(data)  # the caller's samples stay
            for start, stop in spans:
                out[picked, start:stop] = self._apply(out[picked, start:stop], sections, n_pad)
        return recording.with_data(out, note=str(self))

    def _apply(self, x: np.ndarray, sections: np.ndarray, n_pad: int) -> np.ndarray:
        if self.phase not in PHASES:
            raise DataError(
                f"{type(self).__name__}: no such phase",
                found=repr(self.phase),
                expected=" or ".join(map(repr, PHASES)),
                fix=did_you_mean(str(self.phase), PHASES) or 'phase="zero"',
            )
        if x.shape[-1] < 2:
            return x
        if self.phase == "causal":
            return filtering.causal(x, sections)
        return filtering.zero_phase(x, sections, n_pad)


class Bandpass(_Filter):
    """Keep a frequency band (Butterworth, second-order sections, float64 inside).

    Parameters
    ----------
    low, high : float, Hz, or None
        Edges; None makes it a low-pass or a high-pass. Not both None.
    order : int, default 4
        Order of the Butterworth prototype.
    phase : "zero" (default) or "causal"
        "zero" runs forwards and backwards: no delay, edges at -6.02 dB, but each sample depends
        on later ones. "causal" runs once: edges at -3.01 dB, delayed by `delay`.

    Raises
    ------
    DataError
        An edge is not between 0 and half the sampling rate.

    Notes
    -----
    Equals what MOABB runs (``raw.filter(method="iir")``, order 4) but for the ends of a
    recording. MNE's default is another filter: its FIR is at 0 dB at these edges. Each good span
    of a recording is filtered by itself; gaps are never bridged. Channels of kind stim, misc and
    spikes are left alone. High-pass filters distort slow evoked responses: 0.1 Hz for these
    (Tanner, Morgan-Short, Luck 2015, 10.1111/psyp.12437).

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> epochs = nd.Epochs(np.ones((2, 1, 500)), channels=["Cz"], sfreq=250)
    >>> bool(abs(nd.preprocessing.Bandpass(8, 32).transform(epochs).data).max() < 0.02)
    True
    """

    def __init__(
        self,
        low: float | None = None,
        high: float | None = None,
        order: int = 4,
        phase: str = "zero",
    ):
        self.low = low
        self.high = high
        self.order = order
        self.phase = phase

    def delay(self, frequencies: Sequence[float], sfreq: float) -> np.ndarray:
        """Delay of this filter at given frequencies, in samples (0 for zero phase).

        Parameters
        ----------
        frequencies : sequence of float, Hz
        sfreq : float, Hz

        Returns
        -------
        delay : float array, shape (n_frequencies,), samples
        """
        if self.phase == "zero":
            return np.zeros(len(frequencies))
        return filtering.group_delay(self._sections(sfreq, None), frequencies, sfreq)

    def _sections(self, sfreq: float, line_freq: float | None) -> np.ndarray:
        return filtering.butterworth(self.low, self.high, sfreq, self.order)

    def _settling(self, line_freq: float | None) -> float:
        return 1.0 / min(edge for edge in (self.low, self.high) if edge)


class Notch(_Filter):
    """Take single frequencies out, such as the power line.

    Parameters
    ----------
    frequencies : float or sequence of float, Hz, default None
        None: the line frequency that the data name and its multiples below half the rate.
    quality : float, default 30
        Frequency over -3 dB width (in one pass).
    phase : "zero" (default) or "causal"

    Raises
    ------
    DataError
        A frequency does not fit the sampling rate, or none is given and the data name none.

    Notes
    -----
    Not needed when a low-pass below the line follows. One pass at 50 Hz with quality 30 loses
    2.3 dB at 49 and 51 Hz, 0.1 dB at 45 and 55 Hz.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> t = np.arange(1000) / 250
    >>> hum = nd.Epochs(np.sin(2 * np.pi * 50 * t)[None, None], channels=["Cz"], sfreq=250)
    >>> bool(abs(nd.preprocessing.Notch(50).transform(hum).data[..., 400:600]).max() < 0.02)
    True
    """

    def __init__(
        self,
        frequencies: float | Sequence[float] | None = None,
        quality: float = 30.0,
        phase: str = "zero",
    ):
        self.frequencies = frequencies
        self.quality = quality
        self.phase = phase

    def _given(self, line_freq: float | None) -> list[float]:
        if self.frequencies is not None:
            return [float(f) for f in np.atleast_1d(self.frequencies)]
        if line_freq:
            return [float(line_freq)]
        raise DataError(
            "Notch: which frequency?",
            found="frequencies=None and data that name no line frequency",
            expected="a frequency in Hz",
            fix="Notch(50) (Europe, most of Asia and Africa) or Notch(60) (the Americas)",
        )

    def _sections(self, sfreq: float, line_freq: float | None) -> np.ndarray:
        given = self._given(line_freq)
        if self.frequencies is None:
            given = np.arange(given[0], sfreq / 2 - 1e-9, given[0]).tolist() or given
        return filtering.notch(given, sfreq, self.quality)

    def _settling(self, line_freq: float | None) -> float:
        # time constant of the pole pair at the lowest frequency
        return self.quality / (np.pi * min(self._given(line_freq)))
