"""Finite impulse responses: MNE's design, applied with no delay, or causally.

Inside everything is float64; the two ends are extended so that an offset leaves no step.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import signal

from neurodecode.core.errors import DataError
from neurodecode.linalg.filtering import by_rows, check_edges


def fir_taps(
    low: float | None, high: float | None, sfreq: float, minimum: bool = False
) -> np.ndarray:
    """Taps of MNE's default band-, high- or low-pass filter (firwin, Hamming window).

    Parameters
    ----------
    low, high : float, Hz, or None
        Edges of the pass band, 0 dB; -6 dB lies half a transition outside. None leaves that
        side open; not both.
    sfreq : float, Hz
    minimum : bool, default False
        True: the minimum-phase filter of the same gain, for causal use with a short delay.

    Returns
    -------
    taps : float64 array, shape (n_taps,)

    Raises
    ------
    DataError
        As `butterworth`.

    Notes
    -----
    Transitions are ``min(max(low / 4, 2), low)`` and ``min(max(high / 4, 2), sfreq / 2 - high)``
    Hz wide; the length is 3.3 over the narrower one (1-40 Hz: 3.3 s).

    Examples
    --------
    >>> len(fir_taps(1, 40, sfreq=250))
    825
    """
    import mne

    check_edges(low, high, sfreq)
    return np.asarray(
        mne.filter.create_filter(
            None, sfreq, low, high, phase="minimum" if minimum else "zero", verbose="ERROR"
        ),
        dtype=np.float64,
    )


def fir_zero_phase(x: np.ndarray, taps: np.ndarray) -> np.ndarray:
    """Filter along the last axis with symmetric taps, without delay.

    Ends are extended by odd reflection, as MNE does by default.

    Parameters
    ----------
    x : float array, shape (..., n_times)
    taps : float64 array, shape (n_taps,), n_taps odd

    Returns
    -------
    y : array, shape and dtype of `x`

    Raises
    ------
    DataError
        The signal is shorter than the filter.

    Examples
    --------
    >>> y = fir_zero_phase(np.ones((2, 500)), fir_taps(None, 40, sfreq=250))
    >>> float(abs(y - 1).max()) < 1e-9
    True
    """
    half = len(taps) // 2
    return _convolved(x, taps, lambda rows: np.concatenate(
        [2 * rows[:, :1] - rows[:, half:0:-1], rows, 2 * rows[:, -1:] - rows[:, -2:-half - 2:-1]],
        axis=1,
    ))  # fmt: skip


def fir_causal(x: np.ndarray, taps: np.ndarray) -> np.ndarray:
    """Filter forwards along the last axis, as if the first sample had always been there.

    Parameters
    ----------
    x : float array, shape (..., n_times)
    taps : float64 array, shape (n_taps,)

    Returns
    -------
    y : array, shape and dtype of `x`; symmetric taps delay it by (n_taps - 1) / 2 samples

    Raises
    ------
    DataError
        The signal is shorter than the filter.

    Examples
    --------
    >>> y = fir_causal(np.ones((2, 500)), fir_taps(None, 40, sfreq=250))
    >>> float(abs(y - 1).max()) < 1e-9
    True
    """
    past = len(taps) - 1
    return _convolved(
        x, taps, lambda rows: np.concatenate([np.repeat(rows[:, :1], past, axis=1), rows], axis=1)
    )


def _convolved(
    x: np.ndarray, taps: np.ndarray, extended: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    if x.shape[-1] < len(taps):
        raise DataError(
            "the data are shorter than the filter",
            found=f"{x.shape[-1]} samples, {len(taps)} taps",
            expected="at least as many samples as taps",
            fix='method="iir" has no length, or filter the recording before the cut',
        )
    return by_rows(
        x, lambda rows: signal.oaconvolve(extended(rows), taps[None], mode="valid", axes=1)
    )
