"""Spike counts: other bins, and rates smoothed over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.core.step import Step
from neurodecode.linalg import filtering
from neurodecode.linalg.streams import FilterStream
from neurodecode.loaders.binning import rebin
from neurodecode.preprocessing.filters import check_word

KERNELS = ("gaussian", "half-gaussian", "exponential")
_REACH = 4.0  # standard deviations of a Gaussian that are used


class Rebin(Step):
    """Count spikes in other bins: exact where spike times are known, else sums of whole bins.

    Parameters
    ----------
    bin : float, s, default 0.05

    Raises
    ------
    DataError
        Other channels than spikes, or bins that cannot be joined from the present ones.

    Examples
    --------
    >>> import neurodecode as nd
    >>> from neurodecode.core import Channels
    >>> units = Channels(["unit 1"], "spikes")
    >>> rec = nd.Recording(np.array([[1.0, 2.0, 0.0, 4.0]]), channels=units, sfreq=100)
    >>> nd.preprocessing.Rebin(0.02).transform(rec).data.tolist()
    [[3.0, 4.0]]
    """

    scope = "recording"
    accepts_recording = True

    def __init__(self, bin: float = 0.05):
        self.bin = bin

    def _transform_recording(self, recording: Recording) -> Recording:
        return rebin(recording, self.bin)


class SmoothSpikes(Step):
    """Smooth spike counts over time, so that they tell a rate.

    Parameters
    ----------
    sd : float, s, default 0.04
        Standard deviation of the Gaussian, or time constant of the exponential.
    kernel : "gaussian" (default), "half-gaussian" or "exponential"
        "gaussian" looks 4 `sd` ahead; the other two use past counts only.

    Attributes
    ----------
    delay_ : float, s
        How far the rate lags behind: 0 for "gaussian", about 0.8 `sd` less half a bin for
        "half-gaussian", `sd` less half a bin for "exponential".

    Raises
    ------
    DataError
        No channel of kind spikes, or `sd` is not positive.

    Notes
    -----
    The result stays in counts per bin, and channels of other kinds stay as they are. At the ends
    "gaussian" reflects, so that no spike is lost; the past of the first bin is taken to be like
    it. Smooth recordings before the cut where one can.

    Source: the kernels compared by Cunningham et al. 2009, 10.1016/j.neunet.2009.02.004.

    Examples
    --------
    >>> import neurodecode as nd
    >>> from neurodecode.core import Channels
    >>> units = Channels(["unit 1"], "spikes")
    >>> rec = nd.Recording(np.eye(1, 101, 50), channels=units, sfreq=100)
    >>> smooth = nd.preprocessing.SmoothSpikes(0.03).transform(rec).data
    >>> round(smooth.sum(), 6), round(smooth.max(), 3)
    (np.float64(1.0), np.float64(0.133))
    """

    scope = "trial"
    accepts_recording = True

    def __init__(self, sd: float = 0.04, kernel: str = "gaussian"):
        self.sd = sd
        self.kernel = kernel

    def stream(self, sfreq: float, channels: Channels | Sequence[str]) -> FilterStream:
        """The smoothing for counts that arrive in chunks; equal to `transform` of the whole.

        Parameters
        ----------
        sfreq : float, bins a second
        channels : Channels or sequence of str

        Raises
        ------
        DataError
            ``kernel="gaussian"`` needs counts that have not arrived.
        """
        design = self._design(sfreq)
        if self.kernel == "gaussian":
            raise DataError(
                "SmoothSpikes: this kernel cannot run on a stream",
                found="kernel='gaussian', which looks ahead",
                expected="half-gaussian or exponential",
                fix='SmoothSpikes(kernel="half-gaussian")',
            )
        table = channels if isinstance(channels, Channels) else Channels(channels, "spikes")
        rows = self._rows(table)
        return FilterStream(design, len(table), rows, self._lag(design))

    def _fit(self, X: Epochs, y: np.ndarray | None) -> None:
        self.delay_ = self._lag(self._design(X.sfreq)) / X.sfreq

    def _transform(self, X: Epochs) -> Epochs:
        rows, design = self._rows(X.channels), self._design(X.sfreq)
        out = np.array(X.padded())
        out[:, rows] = self._smoothed(out[:, rows], design)
        return X.with_data(out, pad=X.pad)

    def _transform_recording(self, recording: Recording) -> Recording:
        rows, design = self._rows(recording.channels), self._design(recording.sfreq)
        out = np.array(recording.data)
        for start, stop in recording.good_spans():
            out[rows, start:stop] = self._smoothed(out[rows, start:stop], design)
        return recording.with_data(out, note=str(self))

    def _rows(self, channels: Channels) -> np.ndarray:
        rows = channels.of_kind("spikes")
        if not len(rows):
            raise DataError(
                "SmoothSpikes acts on spike counts",
                found=channels.text(),
                expected="channels of kind spikes",
                fix="Bandpass(None, high) smooths signals",
            )
        return rows

    def _design(self, sfreq: float) -> np.ndarray:
        """Taps from the newest bin to the oldest, or the section of the exponential."""
        check_word(self, "kernel", self.kernel, KERNELS)
        if not (np.isfinite(self.sd) and self.sd > 0):
            raise DataError("SmoothSpikes: sd must be positive", found=f"sd={self.sd} s")
        bins = self.sd * sfreq
        if self.kernel == "exponential":
            kept = np.exp(-1 / bins)
            return np.array([[1 - kept, 0, 0, 1, -kept, 0]])
        reach = int(np.ceil(_REACH * bins))
        age = np.arange(-reach if self.kernel == "gaussian" else 0, reach + 1)
        taps = np.exp(-0.5 * (age / bins) ** 2)
        return taps / taps.sum()

    def _lag(self, design: np.ndarray) -> float:
        """Mean age of a count in the rate, bins."""
        if self.kernel == "gaussian":
            return 0.0
        if design.ndim == 1:
            return float(design @ np.arange(len(design)))
        kept = -design[0, 4]
        return float(kept / (1 - kept))

    def _smoothed(self, x: np.ndarray, design: np.ndarray) -> np.ndarray:
        if design.ndim == 2:
            return filtering.causal(x, design)
        if self.kernel == "gaussian":
            return ndimage.convolve1d(x.astype(np.float64), design, axis=-1).astype(x.dtype)
        reach = len(design) - 1
        taps = np.concatenate([np.zeros(reach), design])  # nothing of the future
        out = ndimage.convolve1d(x.astype(np.float64), taps, axis=-1, mode="nearest")
        return out.astype(x.dtype)
