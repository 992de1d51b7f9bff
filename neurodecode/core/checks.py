"""Checks of arrays at the door; past it rooms trust their input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.channels import Channels
from neurodecode.core.errors import DataError
from neurodecode.core.time_axis import to_samples


def check_finite(
    array: np.ndarray, channel_names: Sequence[str] | None = None, first: int = 0
) -> None:
    """Refuse NaN and infinite signals, naming the trial (counted from `first`) and channel.

    Raises
    ------
    DataError
    """
    # The sum of squares is one fast pass without a temporary; where it is not finite, squares may
    # have been too large, and each value is looked at.
    if array.dtype.kind == "f" and array.flags.c_contiguous:
        flat = array.reshape(-1)
        with np.errstate(over="ignore", invalid="ignore"):
            squares = np.dot(flat, flat)
        if np.isfinite(squares):
            return
    if np.isfinite(array).all():
        return
    trial, channel = np.argwhere(~np.isfinite(array))[0, :2]
    name = channel_names[channel] if channel_names else str(channel)
    raise DataError(
        "signals must be finite",
        found=f"NaN or infinite values, first in trial {trial + first}, channel {name}",
        fix="leave out the trial or the channel: epochs[keep], epochs.pick(names)",
    )


def check_data(data: Any, channels: Channels, sfreq: float, pad: float) -> np.ndarray:
    """Signals of trials as a read-only float view, their shape and type checked."""
    array = data if isinstance(data, np.ndarray) else np.asarray(data)
    if array.ndim != 3 or array.shape[1] != len(channels):
        raise DataError(
            "the data do not fit the channels",
            found=f"shape {array.shape}, {len(channels)} channels",
            expected="(n_trials, n_channels, n_times)",
            fix="name each channel once: channels=[...], or reorder the axes: data.transpose(...)",
        )
    check_rate(sfreq)
    if not pad >= 0 or array.shape[2] - 2 * to_samples(pad, sfreq) < 1:
        raise DataError(
            "no sample is left between the margins",
            found=f"{array.shape[2]} samples, margin {pad} s at {sfreq} Hz on each side",
        )
    return read_only_floats(array)


def check_rate(sfreq: float) -> float:
    """A sampling rate as a float, Hz, refused unless finite and positive."""
    if not (np.isfinite(sfreq) and sfreq > 0):
        raise DataError("the sampling rate must be positive", found=f"{sfreq} Hz")
    return float(sfreq)


def read_only_floats(array: np.ndarray) -> np.ndarray:
    """A read-only view of float32 or float64 signals; other real types become float32."""
    if array.dtype.kind not in "fiub":
        raise DataError("signals must be real numbers", found=f"type {array.dtype}")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float32)
    array = array.view()
    array.flags.writeable = False
    return array


def check_index(key: Any, n: int) -> np.ndarray:
    """A trial index as an array of integers or booleans."""
    index = np.asarray(key)
    if index.size == 0 and index.dtype.kind != "b":  # an empty list is an array of floats
        return index.astype(np.int64)
    if index.ndim != 1 or index.dtype.kind not in "biu":
        raise DataError(
            "epochs are indexed by trial",
            found=f"{type(key).__name__} of {index.dtype}",
            expected="an integer, a slice, integers, or a mask of booleans",
        )
    if index.dtype.kind == "b" and len(index) != n:
        raise DataError("the mask does not fit", found=f"{len(index)} booleans, {n} trials")
    return index


def check_length(length: Any, n: int, n_times: int) -> np.ndarray | None:
    """Valid samples of ragged trials as int64, or None."""
    if length is None:
        return None
    length = np.asarray(length, dtype=np.int64)
    if length.shape != (n,) or length.min(initial=1) < 1 or length.max(initial=1) > n_times:
        raise DataError(
            "lengths do not fit the trials",
            found=f"shape {length.shape}, {length.min(initial=n_times)} to "
            f"{length.max(initial=1)} samples",
            expected=f"{n} integers between 1 and {n_times}",
        )
    return length


def check_resamplable(channels: Channels, where: str) -> None:
    """Refuse spike counts where the sampling rate is to change: a count belongs to its bin.

    Raises
    ------
    DataError
    """
    if "spikes" in channels.kinds:
        raise DataError(
            f"{where}: spike counts cannot be resampled",
            found="channels of kind spikes (counts in bins)",
            expected="channels that sample a signal",
            fix="cut with another bin width, or leave the spikes out: epochs.pick('eeg')",
        )


def text_column(values: Iterable[Any]) -> pd.Series:
    """Values as text, in a column of Python objects whatever pandas' own type for text is.

    Examples
    --------
    >>> text_column([1, "a"]).tolist()
    ['1', 'a']
    """
    return pd.Series(text_array(values), dtype=object, copy=False)


def text_array(values: Iterable[Any]) -> np.ndarray:
    """Values as text, in an array of Python objects.

    Examples
    --------
    >>> text_array([1, "a"])
    array(['1', 'a'], dtype=object)
    """
    if isinstance(values, pd.Series):
        values = values.tolist()  # faster than iterating, where pandas keeps text its own way
    return np.array([str(value) for value in values], dtype=object)


def frame_of(columns: Mapping[str, Any], n: int) -> pd.DataFrame:
    """A frame of `n` rows, built in one go; arrays of Python objects stay that.

    Recordings have several small tables, which pandas would take longer to align and to guess the
    types of than the samples to read. Series must count their rows from 0.

    Examples
    --------
    >>> frame_of({"label": text_array("ab"), "onset": np.zeros(2)}, 2).dtypes.tolist()
    [dtype('O'), dtype('float64')]
    """
    index = pd.RangeIndex(n)
    held = {
        name: pd.Series(column, index=index, dtype=object, copy=False)
        if isinstance(column, np.ndarray) and column.dtype == object
        else column
        for name, column in columns.items()
    }
    return pd.DataFrame(held, index=index)


def float_array(column: Any) -> np.ndarray:
    """A column of a frame as float64, shape (n,).

    Examples
    --------
    >>> float_array(pd.Series([1, 2]))
    array([1., 2.])
    """
    values = column.to_numpy()
    return values if values.dtype == np.float64 else column.astype(np.float64).to_numpy()
