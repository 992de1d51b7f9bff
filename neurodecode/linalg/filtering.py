"""Second-order sections: design, zero-phase and causal filtering, response.

Sections only: at 0.1 Hz and 1 kHz the transfer-function form is already 1.5 % wrong. All states
are float64; in float32 an offset of 50 mV leaves errors as large as the signal.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import signal

from neurodecode.core.errors import DataError
from neurodecode.linalg._native.sections import filter_forward, filter_rows

_BLOCK = 1 << 18  # samples filtered at once: their float64 copies stay in the cache


def butterworth(low: float | None, high: float | None, sfreq: float, order: int = 4) -> np.ndarray:
    """Sections of a Butterworth band-, high- or low-pass filter.

    Parameters
    ----------
    low, high : float, Hz, or None
        Edges, -3.01 dB in one pass. None leaves that side open; not both.
    sfreq : float, Hz
    order : int, >= 1
        Order of the prototype (a band-pass has twice as many poles).

    Returns
    -------
    sections : float64 array, shape (n_sections, 6)

    Raises
    ------
    DataError
        An edge is not between 0 and half the sampling rate, or the edges are out of order.

    Examples
    --------
    >>> butterworth(8, 32, sfreq=250).shape
    (4, 6)
    """
    check_edges(low, high, sfreq)
    return _designed(low, high, sfreq, order).copy()


@functools.lru_cache(maxsize=64)  # a study asks for the same filter once a recording
def _designed(low: float | None, high: float | None, sfreq: float, order: int) -> np.ndarray:
    edges = [edge for edge in (low, high) if edge is not None]
    kind = "bandpass" if len(edges) == 2 else ("highpass" if high is None else "lowpass")
    band = edges if len(edges) == 2 else edges[0]
    return np.asarray(signal.butter(order, band, kind, fs=sfreq, output="sos"))


def check_edges(low: float | None, high: float | None, sfreq: float) -> list[float]:
    """The edges that are given, refused where they fit neither one another nor the rate.

    Raises
    ------
    DataError

    Examples
    --------
    >>> check_edges(None, 40, sfreq=250)
    [40]
    """
    edges = [edge for edge in (low, high) if edge is not None]
    if not edges or any(not 0 < edge < sfreq / 2 for edge in edges) or edges != sorted(set(edges)):
        raise DataError(
            "band edges do not fit the data",
            found=f"low={low}, high={high} Hz at a sampling rate of {sfreq:g} Hz",
            expected=f"0 < low < high < {sfreq / 2:g} Hz (half the rate); one of them may be None",
            fix="change the edges, or keep a higher sampling rate",
        )
    return edges


def notch(
    frequencies: Sequence[float], sfreq: float, quality: float | Sequence[float] = 30.0
) -> np.ndarray:
    """Sections of narrow band-stop filters, one for each frequency.

    Parameters
    ----------
    frequencies : sequence of float, Hz, each between 0 and sfreq / 2
    sfreq : float, Hz
    quality : float, > 0, or one for each frequency
        Frequency over -3 dB width.

    Returns
    -------
    sections : float64 array, shape (n_frequencies, 6)

    Raises
    ------
    DataError
        No frequency, or one at or above half the sampling rate.

    Examples
    --------
    >>> notch([50, 100], sfreq=250).shape
    (2, 6)
    """
    outside = [f for f in frequencies if not 0 < f < sfreq / 2]
    if outside or not len(frequencies):
        raise DataError(
            "frequencies to notch out do not fit the data",
            found=f"{', '.join(f'{f:g}' for f in frequencies) or 'none'} Hz at {sfreq:g} Hz",
            expected=f"at least one frequency, each between 0 and {sfreq / 2:g} Hz",
            fix="leave out what the sampling rate cannot hold",
        )
    qualities = np.broadcast_to(quality, len(frequencies))
    pairs = [signal.iirnotch(f, q, fs=sfreq) for f, q in zip(frequencies, qualities, strict=True)]
    return np.concatenate([signal.tf2sos(b, a) for b, a in pairs])


def zero_phase(
    x: np.ndarray, sections: np.ndarray, n_pad: int = 0, overwrite: bool = False
) -> np.ndarray:
    """Filter forwards and backwards along the last axis.

    The gain is squared: a Butterworth edge is at -6.02 dB, not -3.01. Ends are extended by odd
    reflection. The output depends on future samples.

    Parameters
    ----------
    x : float array, shape (..., n_times)
    sections : float64 array, shape (n_sections, 6)
    n_pad : int
        Samples of extension; at least 3 * (2 * n_sections + 1), at most n_times - 1 are used.
    overwrite : bool, default False
        True: `x` is not needed any more, and `y` may lie in its place.

    Returns
    -------
    y : array, shape and dtype of `x` (float64 inside)

    Examples
    --------
    >>> y = zero_phase(np.ones((2, 500)), butterworth(None, 40, sfreq=250))
    >>> float(abs(y - 1).max()) < 1e-9
    True
    """
    n_pad = min(max(n_pad, 3 * (2 * len(sections) + 1)), x.shape[-1] - 1)
    filtered = filter_rows(x, sections, n_pad, overwrite)
    if filtered is not None:
        return filtered
    return by_rows(x, lambda rows: signal.sosfiltfilt(sections, rows, axis=-1, padlen=n_pad))


def causal(x: np.ndarray, sections: np.ndarray) -> np.ndarray:
    """Filter forwards along the last axis, from the steady state of the first sample.

    Parameters
    ----------
    x : float array, shape (..., n_times)
    sections : float64 array, shape (n_sections, 6)

    Returns
    -------
    y : array, shape and dtype of `x` (float64 inside)

    Examples
    --------
    >>> y = causal(np.ones((2, 500)), butterworth(None, 40, sfreq=250))
    >>> float(abs(y - 1).max()) < 1e-9
    True
    """
    rows = x.reshape(-1, x.shape[-1])
    return forward(rows, sections, start_state(rows, sections))[0].reshape(x.shape)


def start_state(x: np.ndarray, sections: np.ndarray) -> np.ndarray:
    """State of each section as if the first samples had always been there.

    Parameters
    ----------
    x : float array, shape (n_rows, n_times)
    sections : float64 array, shape (n_sections, 6)

    Returns
    -------
    state : float64 array, shape (n_sections, n_rows, 2)

    Examples
    --------
    >>> start_state(np.full((1, 3), 2.0), np.array([[0.5, 0.5, 0, 1, 0, 0]])).tolist()
    [[[1.0, 0.0]]]
    """
    return signal.sosfilt_zi(sections)[:, None, :] * x[None, :, :1].astype(np.float64)


def forward(
    x: np.ndarray, sections: np.ndarray, state: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Filter rows forwards from a state; cut into calls, they come out with the same bits.

    Parameters
    ----------
    x : float array, shape (n_rows, n_times)
    sections : float64 array, shape (n_sections, 6)
    state : float64 array, shape (n_sections, n_rows, 2)

    Returns
    -------
    y : array, shape and dtype of `x` (float64 inside)
    state : float64 array, for the samples that follow

    Examples
    --------
    >>> delay = np.array([[0.0, 1.0, 0.0, 1.0, 0.0, 0.0]])
    >>> y, state = forward(np.array([[1.0, 2.0]]), delay, np.zeros((1, 1, 2)))
    >>> y.tolist(), state.tolist()
    ([[0.0, 1.0]], [[[2.0, 0.0]]])
    """
    filtered = filter_forward(x, sections, state)
    if filtered is not None:
        return filtered
    y, left = np.empty_like(x), np.empty(state.shape)
    for part in _row_blocks(x):
        rows = x[part].astype(np.float64)
        y[part], left[:, part] = signal.sosfilt(sections, rows, axis=-1, zi=state[:, part])
    return y, left


def gain_db(sections: np.ndarray, frequencies: Sequence[float], sfreq: float) -> np.ndarray:
    """Gain of one pass at given frequencies, in dB; twice that for zero phase.

    Parameters
    ----------
    sections : float64 array, shape (n_sections, 6)
    frequencies : sequence of float, Hz
    sfreq : float, Hz

    Returns
    -------
    gain : float array, shape (n_frequencies,), dB

    Examples
    --------
    >>> gain_db(butterworth(1, 40, sfreq=250), [1, 40], sfreq=250).round(2).tolist()
    [-3.01, -3.01]
    """
    _, response = signal.sosfreqz(sections, np.asarray(frequencies, float), fs=sfreq)
    return 20 * np.log10(np.maximum(np.abs(response), 1e-300))


def group_delay(sections: np.ndarray, frequencies: Sequence[float], sfreq: float) -> np.ndarray:
    """Delay of the causal filter at given frequencies, in samples.

    Parameters
    ----------
    sections, frequencies, sfreq : as in `gain_db`

    Returns
    -------
    delay : float array, shape (n_frequencies,), samples

    Examples
    --------
    >>> group_delay(butterworth(1, 40, sfreq=250), [10], sfreq=250).round(2).tolist()
    [3.57]
    """
    at: Any = np.asarray(frequencies, float)  # SciPy's stubs know integers only
    return np.sum([signal.group_delay((s[:3], s[3:]), at, fs=sfreq)[1] for s in sections], axis=0)


def energy_delay(sections: np.ndarray, n_times: int) -> float:
    """Delay of a causal filter over its whole band: the centre of its impulse response's energy.

    By Parseval's identity this is the group delay averaged over frequencies with the squared
    gain as weight.

    Parameters
    ----------
    sections : float64 array, shape (n_sections, 6)
    n_times : int
        Samples after which the response has died away.

    Returns
    -------
    delay : float, samples

    Examples
    --------
    >>> round(energy_delay(butterworth(8, 32, sfreq=250), 2000), 1)
    10.2
    """
    impulse = np.zeros(n_times)
    impulse[0] = 1.0
    energy = np.square(signal.sosfilt(sections, impulse))
    return float(np.sum(energy * np.arange(n_times)) / np.sum(energy))


def by_rows(x: np.ndarray, run: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Run a filter on float64 copies of a few rows at a time; shape and dtype of `x` stay."""
    rows = x.reshape(-1, x.shape[-1])
    out = np.empty(rows.shape, dtype=x.dtype)
    for part in _row_blocks(rows):
        out[part] = run(rows[part].astype(np.float64))
    return out.reshape(x.shape)


def _row_blocks(rows: np.ndarray) -> list[slice]:
    step = max(1, _BLOCK // max(1, rows.shape[-1]))
    return [slice(start, start + step) for start in range(0, len(rows), step)]
