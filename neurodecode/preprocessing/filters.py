"""Filters in time: `Bandpass`, `Notch` and `Comb`.

Filter recordings, not epochs: 1-40 Hz on epochs of 2 s errs by 47 % of the signal. On epochs
the hidden margin (`pad`) is used and kept; epochs too short for the filter give one warning.
With ``phase="causal"`` no sample depends on a later one: `delay_` says how late the output is, and
`stream` gives the same filter for data that arrive in chunks.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.recording import Recording
from neurodecode.core.stamps import digest
from neurodecode.core.step import Step
from neurodecode.linalg import filtering
from neurodecode.linalg.fir import fir_causal, fir_taps, fir_zero_phase
from neurodecode.linalg.streams import FilterStream
from neurodecode.preprocessing.line_noise import harmonics, line_frequency

PHASES = ("zero", "causal")
METHODS = ("iir", "fir", "fir-minimum")
_NOT_FILTERED = ("stim", "misc", "spikes")  # codes and counts, not signals on a clock of volts


class _Filter(Step):
    """Shared by the filters: a design for a sampling rate, applied to spans and epochs.

    A design is an array: second-order sections (n_sections, 6), or taps (n_taps,).
    """

    scope = "trial"
    accepts_recording = True
    phase: str

    def _design(self, sfreq: float, line_freq: float | None) -> np.ndarray:
        raise NotImplementedError

    def _settling(self, sfreq: float, line_freq: float | None) -> float:
        """Seconds of one edge effect."""
        raise NotImplementedError

    def stream(self, sfreq: float, channels: Channels | Sequence[str]) -> FilterStream:
        """The filter for data that arrive in chunks; equal to `transform` of the whole.

        Parameters
        ----------
        sfreq : float, Hz
        channels : Channels or sequence of str
            Rows of the chunks; those of kind stim, misc and spikes pass unfiltered.

        Returns
        -------
        stream : FilterStream
            ``push(chunk)`` gives the next samples; ``state``, ``delay_samples``.

        Raises
        ------
        DataError
            ``phase="zero"`` needs samples that have not arrived.
        """
        if self.phase != "causal":
            raise DataError(
                f"{type(self).__name__}: this filter cannot run on a stream",
                found=f"phase={self.phase!r}, which uses later samples",
                expected='phase="causal"',
                fix=f'{type(self).__name__}(..., phase="causal")',
            )
        channels = channels if isinstance(channels, Channels) else Channels(channels)
        design, delay = self._design(sfreq, None), self._delay(sfreq, None)
        return FilterStream(design, len(channels), filtered_rows(channels), delay)

    def _fit(self, X: Epochs, y: np.ndarray | None) -> None:
        self.delay_ = self._delay(X.sfreq, X.line_freq) / X.sfreq

    def _delay(self, sfreq: float, line_freq: float | None) -> float:
        """Samples that the band lags behind."""
        if self.phase == "zero":
            return 0.0
        design = self._design(sfreq, line_freq)
        if design.ndim == 1:
            return float(np.sum(design**2 * np.arange(len(design))) / np.sum(design**2))
        # Twenty time constants: the energy that is left is below 1e-15.
        n_times = 1000 + round(20 * sfreq * self._settling(sfreq, line_freq))
        return filtering.energy_delay(design, n_times)

    def _transform(self, epochs: Epochs) -> Epochs:
        design = self._design(epochs.sfreq, epochs.line_freq)
        data = epochs.padded()
        settling = self._settling(epochs.sfreq, epochs.line_freq)
        if data.shape[-1] / epochs.sfreq < 3 * settling:
            warnings.warn(
                f"{self}: epochs of {data.shape[-1] / epochs.sfreq:.3g} s are short for this "
                f"filter (it wants {3 * settling:.3g} s), edges will be distorted; filter the "
                "recording before the cut, or cut with a margin: rec.epoch(..., pad=1.0)",
                stacklevel=3,
            )
        n_pad = round(settling * epochs.sfreq)
        return epochs.with_data(
            self._apply(data, design, n_pad),
            pad=epochs.pad,
            # Coefficients, not edges: two toolkits' "1-40 Hz" are different filters.
            provenance=digest(["filter", design.tolist(), self.phase, n_pad]),
        )

    def _transform_recording(self, recording: Recording) -> Recording:
        design = self._design(recording.sfreq, recording.line_freq)
        n_pad = round(self._settling(recording.sfreq, recording.line_freq) * recording.sfreq)
        out = filter_spans(
            recording,
            filtered_rows(recording.channels),
            lambda x, overwrite: self._apply(x, design, n_pad, overwrite),
        )
        return recording.with_data(out, note=str(self))

    def _apply(
        self, x: np.ndarray, design: np.ndarray, n_pad: int, overwrite: bool = False
    ) -> np.ndarray:
        check_word(self, "phase", self.phase, PHASES)
        if x.shape[-1] < 2:
            return x
        if design.ndim == 1:
            return (fir_causal if self.phase == "causal" else fir_zero_phase)(x, design)
        if self.phase == "causal":
            return filtering.causal(x, design)
        return filtering.zero_phase(x, design, n_pad, overwrite)


def filter_spans(
    recording: Recording, rows: np.ndarray, apply: Callable[[np.ndarray, bool], np.ndarray]
) -> np.ndarray:
    """Samples of a recording, some channels filtered in each stretch between edges and gaps.

    Parameters
    ----------
    recording : Recording
    rows : int array, the channels to filter
    apply : called with samples (n_rows, n_times) and whether it may write over them

    Returns
    -------
    data : float array, shape (n_channels, n_times), natural units
    """
    data, spans = recording.data, recording.good_spans()
    if len(rows) == len(data) and spans == [(0, data.shape[1])]:
        # The usual case; samples that were read for this have no other user.
        return apply(data, getattr(recording.reader, "fresh", False))
    out = np.array(data)  # the caller's samples stay
    picked = slice(None) if len(rows) == len(out) else rows  # views, no copies
    for start, stop in spans:
        out[picked, start:stop] = apply(out[picked, start:stop], False)
    return out


def filtered_rows(channels: Channels) -> np.ndarray:
    """Positions of the channels that are signals, not codes or counts, int64."""
    rows = [i for i, kind in enumerate(channels.kinds) if kind not in _NOT_FILTERED]
    return np.array(rows, dtype=np.int64)


def check_word(step: Step, argument: str, value: str, allowed: Sequence[str]) -> None:
    """Refuse a word that an argument does not know.

    Raises
    ------
    DataError
    """
    if value not in allowed:
        raise DataError(
            f"{type(step).__name__}: no such {argument}",
            found=repr(value),
            expected=" or ".join(map(repr, allowed)),
            fix=did_you_mean(str(value), allowed) or f'{argument}="{allowed[0]}"',
        )


class Bandpass(_Filter):
    """Keep a frequency band (Butterworth, second-order sections, float64 inside).

    Parameters
    ----------
    low, high : float, Hz, or None
        Edges; None makes it a low-pass or a high-pass. Not both None.
    order : int, default 4
        Order of the Butterworth prototype ("iir").
    phase : "zero" (default) or "causal"
        "zero" has no delay, but each sample depends on later ones. "causal" does not look ahead
        and delays. An "iir" filter runs forwards and backwards (edges at -6.02 dB), or once
        (-3.01 dB).
    method : "iir" (default), "fir" or "fir-minimum"
        "fir" is MNE's default filter: 0 dB at the edges, linear phase, and long (3.3 s for
        1-40 Hz, half of it the delay of the causal one). "fir-minimum" has the same gain and a
        short delay, and is causal only.

    Attributes
    ----------
    delay_ : float, s
        How late the band comes out at the rate fitted on: group delay, averaged over frequencies
        with the squared gain as weight. 0 for phase="zero".

    Raises
    ------
    DataError
        An edge is not between 0 and half the sampling rate, or data shorter than an FIR filter.

    Notes
    -----
    The default equals what MOABB runs (``raw.filter(method="iir")``, order 4) but for the ends
    of a recording; "fir" equals MNE's default to rounding, ends included. Each good span
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
        method: str = "iir",
    ):
        self.low = low
        self.high = high
        self.order = order
        self.phase = phase
        self.method = method

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
        return filtering.group_delay(self._design(sfreq, None), frequencies, sfreq)

    def _design(self, sfreq: float, line_freq: float | None) -> np.ndarray:
        check_word(self, "method", self.method, METHODS)
        if self.method == "iir":
            return filtering.butterworth(self.low, self.high, sfreq, self.order)
        minimum = self.method == "fir-minimum"
        if minimum and self.phase != "causal":
            raise DataError(
                "Bandpass: a minimum-phase filter has a delay",
                found=f'method="fir-minimum", phase={self.phase!r}',
                expected='phase="causal"',
                fix='method="fir" for zero phase',
            )
        return fir_taps(self.low, self.high, sfreq, minimum)

    def _settling(self, sfreq: float, line_freq: float | None) -> float:
        if self.method != "iir":
            return len(self._design(sfreq, line_freq)) / 2 / sfreq
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

    Attributes
    ----------
    delay_ : float, s
        As in `Bandpass`; close to 0, for little of the band is notched out.

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

    def _frequencies(self, sfreq: float, line_freq: float | None) -> list[float]:
        if self.frequencies is None:
            return harmonics(line_frequency(None, line_freq, "Notch"), sfreq)
        return [float(f) for f in np.atleast_1d(self.frequencies)]

    def _design(self, sfreq: float, line_freq: float | None) -> np.ndarray:
        return filtering.notch(self._frequencies(sfreq, line_freq), sfreq, self.quality)

    def _settling(self, sfreq: float, line_freq: float | None) -> float:
        # time constant of the pole pair at the lowest frequency
        return self.quality / (np.pi * min(self._frequencies(sfreq, line_freq)))


class Comb(_Filter):
    """Take a frequency and all its multiples out, each with the same width.

    Parameters
    ----------
    frequency : float, Hz, default None
        None: the line frequency that the data name.
    width : float, Hz, default 1
        Between the -3 dB points of each tooth (in one pass).
    phase : "zero" (default) or "causal"

    Attributes
    ----------
    delay_ : float, s
        As in `Bandpass`; close to 0, for little of the band is in the teeth.

    Raises
    ------
    DataError
        No frequency is given and the data name none, or it does not fit the sampling rate.

    Notes
    -----
    For what repeats: the line and its harmonics, the gradients of a scanner, a pump. `Notch`
    gives each frequency a width in proportion instead. Any ratio of rate and frequency will do,
    as each tooth is a section of its own (`scipy.signal.iircomb` needs a whole one).

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> t = np.arange(2000) / 250
    >>> hum = np.sin(2 * np.pi * 50 * t) + np.sin(2 * np.pi * 100 * t)
    >>> rec = nd.Recording(hum[None], channels=["Cz"], sfreq=250, line_freq=50)
    >>> bool(abs(nd.preprocessing.Comb().transform(rec).data[0, 800:1200]).max() < 0.02)
    True
    """

    def __init__(self, frequency: float | None = None, width: float = 1.0, phase: str = "zero"):
        self.frequency = frequency
        self.width = width
        self.phase = phase

    def _design(self, sfreq: float, line_freq: float | None) -> np.ndarray:
        frequencies = harmonics(line_frequency(self.frequency, line_freq, "Comb"), sfreq)
        return filtering.notch(frequencies, sfreq, [f / self.width for f in frequencies])

    def _settling(self, sfreq: float, line_freq: float | None) -> float:
        return 1 / (np.pi * self.width)
