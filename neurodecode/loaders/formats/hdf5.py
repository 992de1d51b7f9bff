"""Arrays inside HDF5 files, read in parts when they are asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from neurodecode.core.dependencies import need


class Hdf5Reader:
    """Samples of a dataset of shape (n_times, n_channels) or (n_times,), as rows in our units.

    With `channels_first` the dataset's shape is (n_channels, n_times).

    The file is opened at the first read and in every process anew, so that recordings pickle.

    Parameters
    ----------
    path : file
    dataset : name inside it
    n_times : int
    factors, offsets : float arrays, shape (n_channels,); a value is ``x * factor + offset``
    """

    def __init__(
        self, path: Path, dataset: str, n_times: int, factors: np.ndarray, offsets: np.ndarray,
        channels_first: bool = False,
    ):  # fmt: skip
        self.path, self.dataset, self.channels_first = Path(path), dataset, channels_first
        self.n_times, self.factors, self.offsets = int(n_times), factors, offsets
        self.dtype = np.dtype(np.float32)
        self._open: Any = None

    def read(self, start: int, stop: int, channel_indices: np.ndarray | None = None) -> np.ndarray:
        """Samples start to stop (excluded), shape (n_channels, n), float32."""
        if self._open is None:
            h5py = need("h5py", extra="spikes", why="an HDF5 file")
            self._open = h5py.File(self.path, "r")
        picks = np.arange(len(self.factors)) if channel_indices is None else channel_indices
        stored = self._open[self.dataset]
        block = stored[:, start:stop].T if self.channels_first else stored[start:stop]
        block = np.asarray(block, dtype=np.float64)
        block = block.reshape(stop - start, len(self.factors))[:, picks]
        return (block * self.factors[picks] + self.offsets[picks]).T.astype(self.dtype)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": None}
