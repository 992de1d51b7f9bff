"""Changing the sampling rate without aliasing and without moving anything in time."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy import signal

from neurodecode.core.errors import DataError
from neurodecode.linalg.filtering import zero_phase

_MAX_DENOMINATOR = 4000  # longer polyphase filters than this are never what was meant


def rate_ratio(old: float, new: float) -> Fraction:
    """The ratio new / old as a fraction of small whole numbers.

    Parameters
    ----------
    old, new : float, Hz, > 0

    Returns
    -------
    ratio : Fraction, up / down

    Raises
    ------
    DataError
        No fraction with a denominator up to 4000 comes within 1e-7 of the ratio.

    Examples
    --------
    >>> rate_ratio(250, 128)
    Fraction(64, 125)
    """
    exact = new / old if old > 0 else 0.0
    ratio = Fraction(exact).limit_denominator(_MAX_DENOMINATOR)
    if not exact > 0 or abs(float(ratio) / exact - 1) > 1e-7:
        near = f"{float(ratio) * old:.6f} Hz" if exact > 0 and ratio > 0 else "a positive rate"
        raise DataError(
            "sampling rates without a common divisor",
            found=f"{old:g} Hz to {new:g} Hz",
            expected=f"a ratio of whole numbers up to {_MAX_DENOMINATOR}",
            fix=f"Resample to {near}",
        )
    return ratio


def polyphase(x: np.ndarray, ratio: Fraction) -> np.ndarray:
    """Resample along the last axis by a rational factor; the first sample keeps its time.

    A Kaiser window (beta 5) low-pass at the lower of both Nyquist frequencies: aliases from one
    and a half times the new Nyquist frequency are at -62 dB. Beyond its ends a row goes on along
    the line through its first and last sample.

    Parameters
    ----------
    x : float array, shape (..., n_times)
    ratio : Fraction, new rate / old rate

    Returns
    -------
    y : array, shape (..., ceil(n_times * ratio)), dtype of `x` (float64 inside)

    Examples
    --------
    >>> polyphase(np.zeros((3, 1000)), Fraction(64, 125)).shape
    (3, 512)
    """
    rows = x.reshape(-1, x.shape[-1])
    n_out = -(-x.shape[-1] * ratio.numerator // ratio.denominator)
    out = np.empty((len(rows), n_out), dtype=x.dtype)
    for i, row in enumerate(rows):  # row by row: no float64 copy of everything
        # The phases of the filter differ by 1e-4 in their gain at 0 Hz: an offset of 50 mV, as
        # amplifiers without a high-pass have it, would ripple by 7 µV.
        offset = row.mean(dtype=np.float64)
        up, down = ratio.numerator, ratio.denominator
        out[i] = signal.resample_poly(row - offset, up, down, padtype="line") + offset
    return out.reshape(*x.shape[:-1], n_out)


def decimate(x: np.ndarray, factor: int) -> np.ndarray:
    """Keep every `factor`-th sample after a zero-phase Chebyshev low-pass (order 8, 0.05 dB).

    Parameters
    ----------
    x : float array, shape (..., n_times)
    factor : int, >= 1

    Returns
    -------
    y : array, shape (..., ceil(n_times / factor)), dtype of `x` (float64 inside)

    Examples
    --------
    >>> decimate(np.ones((3, 1000)), 4).shape
    (3, 250)
    """
    if factor == 1:
        return x
    sections = np.asarray(signal.cheby1(8, 0.05, 0.8 / factor, output="sos"))
    return np.ascontiguousarray(zero_phase(x, sections, n_pad=10 * factor)[..., ::factor])
