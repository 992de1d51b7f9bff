"""Time courses that sources are made of."""

from __future__ import annotations

from math import factorial

import numpy as np


def pink_noise(
    shape: tuple[int, ...], rng: np.random.Generator, exponent: float = 1.0
) -> np.ndarray:
    """Noise whose power falls as 1 / f**exponent, each row with mean 0 and s.d. 1.

    Examples
    --------
    >>> import numpy as np
    >>> x = pink_noise((3, 1000), np.random.default_rng(0))
    >>> x.shape, bool(np.allclose(x.std(axis=-1), 1))
    ((3, 1000), True)
    """
    n_times = shape[-1]
    bins = np.arange(n_times // 2 + 1)
    gain = np.zeros(len(bins))
    gain[1:] = bins[1:] ** (-exponent / 2)
    spectrum = np.fft.rfft(rng.normal(size=shape)) * gain
    noise = np.fft.irfft(spectrum, n=n_times)
    return noise / noise.std(axis=-1, keepdims=True)


def rhythm(
    n_times: int, sfreq: float, centre: float, rng: np.random.Generator, width: float = 2.0
) -> np.ndarray:
    """A waxing and waning oscillation: noise under a Gaussian in frequency, s.d. 1.

    Parameters
    ----------
    centre, width : Hz, peak and standard deviation of the spectrum
    """
    frequencies = np.fft.rfftfreq(n_times, 1 / sfreq)
    gain = np.exp(-0.5 * ((frequencies - centre) / width) ** 2)
    wave = np.fft.irfft(np.fft.rfft(rng.normal(size=n_times)) * gain, n=n_times)
    return wave / wave.std()


def bump(times: np.ndarray, peak: float, width: float) -> np.ndarray:
    """A Gaussian deflection of height 1 at `peak` with standard deviation `width` (s)."""
    return np.exp(-0.5 * ((times - peak) / width) ** 2)


def smooth_gate(n_times: int, sfreq: float, rise: float = 0.2) -> np.ndarray:
    """1 inside, with raised-cosine flanks of `rise` s at both ends."""
    ramp = round(rise * sfreq)
    gate = np.ones(n_times)
    flank = 0.5 * (1 - np.cos(np.pi * (np.arange(ramp) + 0.5) / ramp))
    gate[:ramp], gate[-ramp:] = flank, flank[::-1]
    return gate


def haemodynamic_response(times: np.ndarray) -> np.ndarray:
    """Double-gamma response to an impulse at 0, peak 1, undershoot 1/6.

    Source: Glover 1999 / SPM's canonical form: gamma densities of shape 6 and 16, scale 1 s.
    """
    fine = np.arange(0, 20, 0.01)
    return _two_gammas(np.asarray(times, dtype=float)) / _two_gammas(fine).max()


def _two_gammas(times: np.ndarray) -> np.ndarray:
    late = np.clip(times, 0.0, None)
    return np.exp(-late) * (late**5 / factorial(5) - late**15 / factorial(15) / 6)
