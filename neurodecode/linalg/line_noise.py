"""Power-line noise: components that repeat at the line's rate, and spectra without its peak."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

_TOOTH = 1.0  # Hz, full width at half maximum of each tooth of the comb
_LEAST_SCORE = 0.1  # share of a component's power that lies in the teeth


def period_average(x: np.ndarray, period: float) -> np.ndarray:
    """Mean over one period around every sample: nothing at the frequency or its multiples is left.

    Parameters
    ----------
    x : float array, shape (..., n_times)
    period : float, samples, >= 1
        Need not be whole: the outermost samples enter in part.

    Returns
    -------
    smooth : float64 array, shape of `x`

    Examples
    --------
    >>> period_average(np.array([0.0, 3, 0, 3, 0, 3]), 2.0).tolist()
    [0.75, 1.5, 1.5, 1.5, 1.5, 2.25]
    """
    n_whole = 2 * int((period - 1) // 2) + 1  # the odd number of samples that fit
    share = (period - n_whole) / 2
    kernel = np.concatenate([[share], np.ones(n_whole), [share]]) / period
    return ndimage.convolve1d(np.asarray(x, np.float64), kernel, axis=-1, mode="nearest")


def line_scatter(x: np.ndarray, frequency: float, sfreq: float) -> tuple[np.ndarray, np.ndarray]:
    """Scatter of a signal at a frequency and its multiples, and of the whole signal.

    Parameters
    ----------
    x : float array, shape (n_channels, n_times)
    frequency : float, Hz, below half the rate
    sfreq : float, Hz

    Returns
    -------
    line, total : float64 arrays, shape (n_channels, n_channels), unit of `x` squared
        Sums over time; `line` after a comb of Gaussian teeth, 1 Hz wide at half height.

    Examples
    --------
    >>> hum = np.sin(2 * np.pi * 50 * np.arange(500) / 250)[None]
    >>> line, total = line_scatter(hum, 50, 250)
    >>> round(float(line[0, 0] / total[0, 0]), 6)
    1.0
    """
    n_times = x.shape[1]
    spectrum = np.fft.rfft(x, axis=1)
    at = np.fft.rfftfreq(n_times, 1 / sfreq)
    nearest = np.clip(np.round(at / frequency), 1, (sfreq / 2) // frequency) * frequency
    sigma = _TOOTH / (2 * np.sqrt(2 * np.log(2)))
    comb = np.exp(-0.5 * ((at - nearest) / sigma) ** 2)
    # Each bin but the first and an even length's last stands for its mirror image too.
    twice = np.full(len(at), 2.0)
    twice[0] = 1.0
    if n_times % 2 == 0:
        twice[-1] = 1.0
    line = ((spectrum * (comb**2 * twice)) @ spectrum.conj().T).real
    total = ((spectrum * twice) @ spectrum.conj().T).real
    return line / n_times, total / n_times


def count_line_components(scores: Sequence[float] | np.ndarray, n_channels: int) -> int:
    """How many components are line noise: those before the largest fall of the scores.

    Parameters
    ----------
    scores : sequence of float, descending
        Share of each component's power that lies in the teeth.
    n_channels : int

    Returns
    -------
    count : int
        0 where no score is above 0.1; at most a fifth of the channels.

    Notes
    -----
    A rule on mean and standard deviation of the scores is masked by the components it looks for.

    Examples
    --------
    >>> count_line_components([0.998, 0.996, 0.993, 0.977, 0.847, 0.777, 0.023, 0.02], 32)
    6
    >>> count_line_components([0.028, 0.02, 0.01], 32)
    0
    """
    scores = np.maximum(np.asarray(scores, dtype=np.float64), np.finfo(float).tiny)
    candidates = np.flatnonzero(scores[:-1] > _LEAST_SCORE)[: n_channels // 5]
    if not len(candidates):
        return 0
    falls = scores[candidates] / scores[candidates + 1]
    return int(candidates[np.argmax(falls)]) + 1


def interpolate_spectrum(
    x: np.ndarray, frequencies: Sequence[float], sfreq: float, width: float, flank: float
) -> np.ndarray:
    """Replace the amplitudes around some frequencies by those beside them; phases stay.

    Parameters
    ----------
    x : float array, shape (..., n_times)
    frequencies : sequence of float, Hz
    sfreq : float, Hz
    width : float, Hz
        Frequencies up to `width` away are replaced.
    flank : float, Hz, > width
        By the mean amplitude of those from `width` to `flank` away.

    Returns
    -------
    y : float64 array, shape of `x`

    Examples
    --------
    >>> hum = np.sin(2 * np.pi * 50 * np.arange(500) / 250)
    >>> bool(abs(interpolate_spectrum(hum, [50], 250, 1.0, 3.0)).max() < 1e-9)
    True
    """
    spectrum = np.fft.rfft(np.asarray(x, np.float64), axis=-1)
    at = np.fft.rfftfreq(x.shape[-1], 1 / sfreq)
    for frequency in frequencies:
        away = np.abs(at - frequency)
        inside, beside = away <= width, (away > width) & (away <= flank)
        level = np.abs(spectrum[..., beside]).mean(axis=-1, keepdims=True)
        peak = spectrum[..., inside]
        size = np.abs(peak)
        spectrum[..., inside] = np.where(
            size > 0, peak * level / np.maximum(size, np.finfo(float).tiny), 0
        )
    return np.fft.irfft(spectrum, n=x.shape[-1], axis=-1)
