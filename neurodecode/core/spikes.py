"""Spike times as a reader of counts: the times stay, so that bins can be chosen again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurodecode.core.errors import DataError
from neurodecode.core.readers import PickedReader, SignalReader


class SpikeReader:
    """Counts per bin of spike times, made when they are asked for.

    Bin k holds the spikes with ``start + k / sfreq <= t < start + (k + 1) / sfreq``.

    Parameters
    ----------
    times : sequence of float arrays, one a unit, s; any order
    sfreq : float, Hz
        Bins a second.
    n_times : int
        Number of bins.
    start : float, s, default 0
        Start of the first bin, on the clock of `times`.

    Raises
    ------
    DataError
        A time is not finite.

    Examples
    --------
    >>> SpikeReader([[0.05, 0.3, 0.31], [0.99]], sfreq=10.0, n_times=5).read(0, 5)
    array([[1., 0., 0., 2., 0.],
           [0., 0., 0., 0., 0.]], dtype=float32)
    """

    def __init__(
        self, times: Sequence[np.ndarray | Sequence[float]], sfreq: float, n_times: int,
        start: float = 0.0,
    ):  # fmt: skip
        self.times = [np.sort(np.asarray(each, dtype=np.float64).ravel()) for each in times]
        for unit, each in enumerate(self.times):
            if len(each) and not np.isfinite(each[[0, -1]]).all():
                raise DataError("spike times must be finite", found=f"NaN or infinity in {unit=}")
        self.sfreq, self.n_times, self.start = float(sfreq), int(n_times), float(start)
        self.dtype = np.dtype(np.float32)
        # 0.3 * 10 is 2.999...: nine decimals put a time that lies on an edge back on it.
        self._bins = [
            np.floor(np.round((each - self.start) * self.sfreq, 9)).astype(np.int64)
            for each in self.times
        ]

    def read(self, start: int, stop: int, channel_indices: np.ndarray | None = None) -> np.ndarray:
        """Counts of bins start to stop (excluded), shape (n_units, n), float32."""
        picks = range(len(self.times)) if channel_indices is None else channel_indices
        counts = np.zeros((len(picks), stop - start), dtype=self.dtype)
        for row, unit in enumerate(picks):
            low, high = np.searchsorted(self._bins[unit], [start, stop])
            counts[row] = np.bincount(self._bins[unit][low:high] - start, minlength=stop - start)
        return counts

    def rebinned(self, sfreq: float) -> SpikeReader:
        """The same spikes in other bins over the same time; a last bin that is not whole goes."""
        n_times = int(np.floor(round(self.n_times / self.sfreq * sfreq, 9)))
        return SpikeReader(self.times, sfreq, n_times, self.start)


def spike_reader(reader: SignalReader, sfreq: float) -> SignalReader | None:
    """A reader of the same units in other bins, or None where no spike times are kept."""
    if isinstance(reader, SpikeReader):
        return reader.rebinned(sfreq)
    if isinstance(reader, PickedReader):
        inner = spike_reader(reader.reader, sfreq)
        return None if inner is None else PickedReader(inner, reader.index)
    return None
