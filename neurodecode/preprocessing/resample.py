"""Changing the sampling rate: `Resample` (any rational ratio) and `Decimate` (whole factors)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from neurodecode.core.checks import check_resamplable
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.core.step import Step
from neurodecode.linalg.resampling import (
    decimate,
    polyphase,
    rate_ratio,
    resample_spans,
    resample_trials,
)


class _RateChange(Step):
    """Shared by both: where samples land, what happens to margins, spans and marker channels."""

    scope = "trial"
    accepts_recording = True

    def _ratio(self, sfreq: float) -> Fraction:
        raise NotImplementedError

    def _new_rate(self, sfreq: float) -> float:
        raise NotImplementedError

    @staticmethod
    def _kernel(x: np.ndarray, ratio: Fraction) -> np.ndarray:
        raise NotImplementedError

    def _transform(self, epochs: Epochs) -> Epochs:
        ratio = self._ratio(epochs.sfreq)
        if ratio == 1:
            return epochs
        check_resamplable(epochs.channels, type(self).__name__)
        data, margin = resample_trials(
            epochs.padded(),
            ratio,
            held=epochs.channels.of_kind("stim"),
            margin=epochs.pad_samples,
            kernel=self._kernel,
        )
        sfreq = self._new_rate(epochs.sfreq)
        return epochs.with_data(
            data, sfreq=sfreq, pad=margin / sfreq, provenance=f"{type(self).__name__} {ratio}"
        )

    def _transform_recording(self, recording: Recording) -> Recording:
        ratio = self._ratio(recording.sfreq)
        if ratio == 1:
            return recording
        check_resamplable(recording.channels, type(self).__name__)
        data = resample_spans(
            recording.data,
            ratio,
            recording.good_spans(),
            held=recording.channels.of_kind("stim"),
            kernel=self._kernel,
        )
        return recording.with_data(data, sfreq=self._new_rate(recording.sfreq), note=str(self))


class Resample(_RateChange):
    """Bring data to another sampling rate, without aliases and without a shift.

    Parameters
    ----------
    sfreq : float, Hz
        The new rate; higher than the old one is allowed (nothing is gained but the grid).

    Raises
    ------
    DataError
        The two rates have no common divisor, or channels hold spike counts.

    Notes
    -----
    Polyphase, Kaiser window with beta 5 (`scipy.signal.resample_poly`): from 500 to 125 Hz, 40 Hz
    loses 0.01 dB and an alias from 90 Hz is at -62 dB. Events are kept in seconds and
    do not move. Stim channels take the sample that is on when the new one is read.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> epochs = nd.Epochs(np.zeros((2, 1, 500)), channels=["Cz"], sfreq=250)
    >>> nd.preprocessing.Resample(128).transform(epochs).shape
    (2, 1, 256)
    """

    def __init__(self, sfreq: float = 128.0):
        self.sfreq = sfreq

    def _ratio(self, sfreq: float) -> Fraction:
        return rate_ratio(sfreq, self.sfreq)

    def _new_rate(self, sfreq: float) -> float:
        return float(self.sfreq)

    _kernel = staticmethod(polyphase)


class Decimate(_RateChange):
    """Keep every `factor`-th sample after a steep low-pass.

    Parameters
    ----------
    factor : int, >= 1
        The new rate is the old one divided by it.

    Raises
    ------
    DataError
        `factor` is not a whole number of at least 1, or channels hold spike counts.

    Notes
    -----
    Chebyshev type I of order 8, zero phase (as `scipy.signal.decimate`): aliases are at -128 dB,
    but the top fifth of the new band is lost as well (-15 dB at 0.88 of the new Nyquist
    frequency; `Resample`: -0.3 dB). A plain stride folds everything above half the new rate
    back at 0 dB, so there is no such option.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> epochs = nd.Epochs(np.zeros((2, 1, 500)), channels=["Cz"], sfreq=250)
    >>> nd.preprocessing.Decimate(5).transform(epochs).sfreq
    50.0
    """

    def __init__(self, factor: int = 2):
        self.factor = factor

    def _ratio(self, sfreq: float) -> Fraction:
        if self.factor != int(self.factor) or self.factor < 1:
            raise DataError(
                "Decimate: not a factor",
                found=repr(self.factor),
                expected="a whole number of at least 1",
                fix=f"Resample({sfreq / self.factor:g})" if self.factor > 0 else "Decimate(2)",
            )
        return Fraction(1, int(self.factor))

    def _new_rate(self, sfreq: float) -> float:
        return sfreq / self.factor

    @staticmethod
    def _kernel(x: np.ndarray, ratio: Fraction) -> np.ndarray:
        return decimate(x, ratio.denominator)
