"""What lies under the signal: `Baseline` (a level before the event) and `Detrend` (drifts)."""

from __future__ import annotations

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.core.step import Step
from neurodecode.core.time_axis import to_samples
from neurodecode.linalg.detrending import detrend
from neurodecode.preprocessing.filters import filtered_rows


class Baseline(Step):
    """Subtract from each trial and channel its mean over a time before the event.

    Parameters
    ----------
    tmin, tmax : float, s, or None
        The time, tmax excluded, default from the start of the epochs (None) to 0. None is the
        epochs' own end.

    Raises
    ------
    DataError
        The time does not lie inside the epochs, or holds no sample.

    Notes
    -----
    For evoked responses. It adds the noise of its own mean to all other samples, so that
    band-passed data, which have no level, only lose by it. Not before fitting an ICA.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> epochs = nd.Epochs(np.array([[[1.0, 3, 7, 7]]]), channels=["Cz"], sfreq=2, tmin=-1)
    >>> nd.preprocessing.Baseline().transform(epochs).data.ravel().tolist()
    [-1.0, 1.0, 5.0, 5.0]
    """

    scope = "trial"

    def __init__(self, tmin: float | None = None, tmax: float | None = 0.0):
        self.tmin = tmin
        self.tmax = tmax

    def _transform(self, epochs: Epochs) -> Epochs:
        n_times = epochs.shape[2]
        start = 0 if self.tmin is None else to_samples(self.tmin - epochs.tmin, epochs.sfreq)
        stop = n_times if self.tmax is None else to_samples(self.tmax - epochs.tmin, epochs.sfreq)
        if not 0 <= start < stop <= n_times:
            raise DataError(
                "Baseline: this time does not lie inside the epochs",
                found=f"tmin={self.tmin}, tmax={self.tmax} s",
                expected=f"within {epochs.tmin:g} to {epochs.tmax:g} s, at least one sample",
                fix="cut from before the event: rec.epoch(..., tmin=-0.2)",
            )
        level = epochs.data[..., start:stop].mean(axis=-1, keepdims=True, dtype=np.float64)
        data = epochs.padded()
        return epochs.with_data(
            data - level.astype(data.dtype),
            pad=epochs.pad,
            provenance=f"baseline {start} {stop}",
        )


class Detrend(Step):
    """Subtract a polynomial fitted to each channel: a mean, a line, or slow drifts.

    Parameters
    ----------
    order : int, default 1
        0 takes the mean out, 1 a line, more follow slower bends; a polynomial of order p over
        T seconds follows what is slower than about p / (2 T) Hz.
    robust : bool, default False
        Leave samples that lie off the fit out of it, so that a glitch does not bend it.

    Raises
    ------
    DataError
        The order is no whole number of at least 0, or a span has too few samples for it.

    Notes
    -----
    Each trial, and each good span of a recording, has a polynomial of its own. Unlike a
    high-pass filter it has no impulse response that smears a glitch. Source of the robust form:
    de Cheveigné, Arzounian 2018, 10.1016/j.neuroimage.2018.01.035.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> epochs = nd.Epochs(np.arange(8.0).reshape(1, 1, 8), channels=["Cz"], sfreq=8)
    >>> bool(abs(nd.preprocessing.Detrend().transform(epochs).data).max() < 1e-12)
    True
    """

    scope = "trial"
    accepts_recording = True

    def __init__(self, order: int = 1, robust: bool = False):
        self.order = order
        self.robust = robust

    def _transform(self, epochs: Epochs) -> Epochs:
        data = epochs.padded()
        return epochs.with_data(
            self._flattened(data),
            pad=epochs.pad,
            provenance=f"detrend {self.order} {self.robust}",
        )

    def _transform_recording(self, recording: Recording) -> Recording:
        out = np.array(recording.data)
        picked = filtered_rows(recording.channels)
        for start, stop in recording.good_spans():
            out[picked, start:stop] = self._flattened(out[picked, start:stop])
        return recording.with_data(out, note=str(self))

    def _flattened(self, x: np.ndarray) -> np.ndarray:
        if self.order != int(self.order) or not 0 <= self.order < x.shape[-1] / 2:
            raise DataError(
                "Detrend: this order does not fit",
                found=f"order={self.order}, {x.shape[-1]} samples",
                expected="a whole number from 0 to half the samples",
            )
        return detrend(x, int(self.order), self.robust).astype(x.dtype)
