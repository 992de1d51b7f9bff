"""Where the samples of a recording come from: an array, a file, or some channels of either."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.checks import read_only_floats
from neurodecode.core.errors import DataError


class SignalReader(Protocol):
    """What gives the samples of a recording that lies on disk."""

    n_times: int
    dtype: np.dtype

    def read(self, start: int, stop: int, channel_indices: np.ndarray | None = None) -> np.ndarray:
        """Samples start to stop (excluded), shape (n_channels, n), natural units."""
        ...


class ArrayReader:
    """Signals already in memory, in the clothes of a reader."""

    def __init__(self, data: np.ndarray):
        self.data, self.n_times, self.dtype = data, data.shape[1], data.dtype

    def read(self, start: int, stop: int, channel_indices: np.ndarray | None = None) -> np.ndarray:
        part = self.data[:, start:stop]
        if channel_indices is None:
            return part
        first = int(channel_indices[0]) if len(channel_indices) else 0
        side_by_side = np.arange(first, first + len(channel_indices))
        if np.array_equal(channel_indices, side_by_side):
            return part[first : first + len(channel_indices)]  # a view, no copy
        return part[channel_indices]


class PickedReader:
    """Some channels of another reader."""

    def __init__(self, reader: SignalReader, index: np.ndarray):
        self.reader, self.index = reader, index
        self.n_times, self.dtype = reader.n_times, reader.dtype

    def read(self, start: int, stop: int, channel_indices: np.ndarray | None = None) -> np.ndarray:
        index = self.index if channel_indices is None else self.index[channel_indices]
        return self.reader.read(start, stop, index)


def as_reader(data: np.ndarray | SignalReader, channels: Channels) -> SignalReader:
    """A reader as it is, an array as a reader of its read-only float view.

    Raises
    ------
    DataError
        The array does not fit the channels, or holds no real numbers.

    Examples
    --------
    >>> as_reader(np.arange(6).reshape(2, 3), Channels(["a", "b"])).read(1, 3).shape
    (2, 2)
    """
    if hasattr(data, "read") and hasattr(data, "n_times"):
        return data  # type: ignore[return-value]
    if hasattr(data, "columns") or hasattr(data, "dims"):
        raise DataError(
            "frames and labelled arrays are opened by nd.read",
            found=type(data).__name__,
            expected="an array of shape (n_channels, n_times), or a reader",
            fix="nd.read(frame, sfreq=250.0)",
        )
    array = np.asarray(data)
    if array.ndim != 2 or len(array) != len(channels):
        raise DataError(
            "the data do not fit the channels",
            found=f"shape {array.shape}, {len(channels)} channels",
            expected="(n_channels, n_times)",
        )
    return ArrayReader(read_only_floats(array))
