"""Changing the sampling rate without aliasing and without moving anything in time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from scipy import signal

from neurodecode.core.errors import DataError
from neurodecode.linalg.filtering import zero_phase

Kernel = Callable[[np.ndarray, Fraction], np.ndarray]  # as `polyphase`

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
    n_out = _grid_index(x.shape[-1], ratio)
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


def resample_trials(
    x: np.ndarray,
    ratio: Fraction,
    held: np.ndarray,
    margin: int = 0,
    kernel: Kernel = polyphase,
) -> tuple[np.ndarray, int]:
    """Trials at another rate, on a grid that starts at their first sample after the margin.

    Parameters
    ----------
    x : float array, shape (n_trials, n_channels, n_times + 2 * margin)
    ratio : Fraction, new rate / old rate
    held : int array
        Positions of channels of codes, which no filter may touch: a new sample takes the last old
        one that is not after it.
    margin : int
        Samples on both sides that are no part of the trial.
    kernel : function of an array and the ratio

    Returns
    -------
    y : array, shape (n_trials, n_channels, ceil(n_times * ratio) + 2 * new margin), dtype of `x`
    margin : int
        What is left of it, in new samples.

    Examples
    --------
    >>> x, held = np.zeros((3, 2, 120)), np.array([1])
    >>> y, margin = resample_trials(x, Fraction(1, 4), held, margin=10)
    >>> y.shape, margin
    ((3, 2, 29), 2)
    """
    # Only a left margin of a multiple of `down` samples keeps time zero on the new grid.
    kept = margin // ratio.denominator * ratio.denominator
    left = int(kept * ratio)
    n_out = _grid_index(x.shape[-1] - 2 * margin, ratio)
    x = x[..., margin - kept :]
    y = kernel(x, ratio)[..., : n_out + 2 * left]
    y[:, held] = x[:, held][..., _held_samples(y.shape[-1], ratio)]
    return y, left


def resample_spans(
    x: np.ndarray,
    ratio: Fraction,
    spans: Sequence[tuple[int, int]],
    held: np.ndarray,
    kernel: Kernel = polyphase,
) -> np.ndarray:
    """A recording at another rate: every span by itself, all on the grid of its first sample.

    Parameters
    ----------
    x : float array, shape (n_channels, n_times)
    ratio : Fraction, new rate / old rate
    spans : (start, stop) in samples, stop excluded
        Stretches without a break. Between them a new sample is the last old one not after it.
    held : int array
        Positions of channels of codes, which take that sample everywhere.
    kernel : function of an array and the ratio

    Returns
    -------
    y : array, shape (n_channels, ceil(n_times * ratio)), dtype of `x`

    Examples
    --------
    >>> x = np.array([[1.0, 1, 1, 1, 9, 9, 9, 9], [0, 0, 7, 7, 7, 7, 7, 7]])
    >>> resample_spans(x, Fraction(1, 2), [(0, 4), (4, 8)], held=np.array([1])).round(9)
    array([[1., 1., 9., 9.],
           [0., 7., 7., 7.]])
    """
    n_out = _grid_index(x.shape[-1], ratio)
    out = x[:, _held_samples(n_out, ratio)]
    for start, stop in spans:
        before = start % ratio.denominator  # back to the last sample both grids share
        origin = (start - before) // ratio.denominator * ratio.numerator
        first, last = _grid_index(start, ratio), _grid_index(stop, ratio)
        for i in np.setdiff1d(np.arange(len(x)), held):  # row by row: no copy of all channels
            row = np.pad(x[i, start:stop], (before, 0), mode="edge")
            out[i, first:last] = kernel(row, ratio)[first - origin :]
    return out


def _held_samples(n_out: int, ratio: Fraction) -> np.ndarray:
    """For every new sample the last old one that is not after it."""
    return np.arange(n_out) * ratio.denominator // ratio.numerator


def _grid_index(sample: int, ratio: Fraction) -> int:
    """The first new sample that lies at an old one or after it."""
    return -(-sample * ratio.numerator // ratio.denominator)
