"""Samples as files hold them, to rows of float32; the kernel and its NumPy twin."""

from __future__ import annotations

import sys

import numpy as np

from neurodecode.linalg._native.library import kernels

# bytes of a sample -> what it is: EDF's and BDF's integers, the floats of FIF
KINDS = {2: "int16, low byte first", 3: "int24, low byte first", 4: "float32, high byte first"}


def decode_samples(
    records: np.ndarray, kind: int, starts: np.ndarray, step: int, count: int,
    gains: np.ndarray, offsets: np.ndarray, out: np.ndarray,
) -> None:  # fmt: skip
    """Write value * gain + offset of some channels, record after record, into rows.

    Parameters
    ----------
    records : uint8 array, shape (n_records, n_bytes), C-contiguous
    kind : 2, 3 or 4
        Bytes of a sample, see `KINDS`.
    starts : int64 array, shape (n_channels,)
        First byte of each channel within a record.
    step : int
        Bytes from a sample of a channel to its next.
    count : int
        Samples of a channel in a record.
    gains, offsets : float64 arrays, shape (n_channels,)
    out : float32 array, shape (n_channels, n_records * count), rows contiguous
        Computed in float64, rounded once.

    Examples
    --------
    >>> records, out = np.array([[1, 0, 2, 0]], dtype=np.uint8), np.empty((1, 2), np.float32)
    >>> decode_samples(records, 2, np.array([0]), 2, 2, np.array([0.5]), np.array([1.0]), out)
    >>> out
    array([[1.5, 2. ]], dtype=float32)
    """
    found = kernels()
    if found is None or sys.byteorder == "big" or (kind == 2 and step != 2):
        return _decode_twin(records, kind, starts, step, count, gains, offsets, out)
    found.samples(
        records.ctypes.data, kind, records.shape[1], step, len(records), count, starts.ctypes.data,
        gains.ctypes.data, offsets.ctypes.data, len(starts), out.ctypes.data, out.strides[0] // 4,
    )  # fmt: skip
    return None


def _decode_twin(
    records: np.ndarray, kind: int, starts: np.ndarray, step: int, count: int,
    gains: np.ndarray, offsets: np.ndarray, out: np.ndarray,
) -> None:  # fmt: skip
    for row, start in enumerate(starts):
        values = _numbers(records, kind, int(start), step, count).astype(np.float64)
        values *= gains[row]
        values += offsets[row]
        out[row] = values.ravel()


def _numbers(records: np.ndarray, kind: int, start: int, step: int, count: int) -> np.ndarray:
    """Samples of one channel as they are stored, shape (n_records, count)."""
    n_records, n_bytes = records.shape
    shape, strides = (n_records, count), (n_bytes, step)
    if kind != 3:
        form = "<i2" if kind == 2 else ">f4"
        return np.ndarray(shape, form, buffer=records, offset=start, strides=strides)  # type: ignore[arg-type]
    wide = np.zeros((*shape, 4), dtype=np.uint8)
    for place in range(3):  # in the upper bytes, so that the shift brings the sign down
        wide[..., place + 1] = np.ndarray(
            shape,
            np.uint8,
            buffer=records,
            offset=start + place,
            strides=strides,  # type: ignore[arg-type]
        )
    return wide.view("<i4")[..., 0] >> 8
