"""Sub-bands for responses with harmonics: each band starts one harmonic later."""

from __future__ import annotations

import numpy as np
from scipy import signal

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.linalg.filtering import zero_phase

# Pass and stop edges in Hz (Nakanishi et al. 2018); all bands end at 90 Hz, stopped from 100 Hz.
PASS = (6.0, 14.0, 22.0, 30.0, 38.0)
STOP = (4.0, 10.0, 16.0, 24.0, 32.0)
_TOP, _TOP_STOP = 90.0, 100.0
_LOSS, _STOPPED, _RIPPLE = 3.0, 40.0, 0.5  # dB


def band_weights(n_bands: int) -> np.ndarray:
    """Weight of each sub-band, ``m ** -1.25 + 0.25`` for m = 1, 2, ...

    Source: Chen et al. 2015, 10.1088/1741-2560/12/4/046008.

    Examples
    --------
    >>> band_weights(2).round(3).tolist()
    [1.25, 0.67]
    """
    return np.arange(1.0, n_bands + 1) ** -1.25 + 0.25


def band_sections(number: int, sfreq: float) -> np.ndarray:
    """Chebyshev filter of sub-band `number` (0 to 4), as second-order sections.

    Where half the rate is below 100 Hz nothing is left to stop above, and the filter is a
    high-pass.

    Raises
    ------
    DataError : the band lies above half the rate.

    Examples
    --------
    >>> band_sections(0, sfreq=250).shape[1]
    6
    """
    low, stop = PASS[number], STOP[number]
    if low >= 0.9 * sfreq / 2:
        raise DataError(
            "sub-band above half the sampling rate",
            found=f"band {number + 1} from {low:g} Hz at {sfreq:g} Hz",
            expected=f"a rate above {low / 0.45:g} Hz",
            fix=f"n_bands={max(1, number)}",
        )
    if sfreq / 2 > _TOP_STOP:
        edges, stops, kind = (low, _TOP), (stop, _TOP_STOP), "bandpass"
    else:
        edges, stops, kind = low, stop, "highpass"
    order, natural = signal.cheb1ord(edges, stops, _LOSS, _STOPPED, fs=sfreq)
    return np.asarray(signal.cheby1(order, _RIPPLE, natural, kind, output="sos", fs=sfreq))


def filter_bank(epochs: Epochs, n_bands: int, where: str) -> np.ndarray:
    """Trials in each sub-band, their hidden margin included.

    Parameters
    ----------
    epochs : Epochs
    n_bands : int, 1 to 5; 1 leaves the signals as they come
    where : str, named in the error

    Returns
    -------
    bands : float64 array, shape (n_bands, n_trials, n_channels, n_times + 2 * pad_samples)

    Raises
    ------
    DataError : `n_bands` is out of range, or a band lies above half the rate.

    Examples
    --------
    >>> epochs = Epochs(np.ones((2, 3, 100)), channels=["O1", "Oz", "O2"], sfreq=100)
    >>> filter_bank(epochs, 2, "example").shape
    (2, 2, 3, 100)
    """
    if n_bands not in range(1, len(PASS) + 1):
        raise DataError(
            f"{where}: no such filter bank",
            found=f"n_bands={n_bands!r}",
            expected=f"1 (signals as they come) to {len(PASS)}",
        )
    data = epochs.padded().astype(np.float64)
    if n_bands == 1:
        return data[None]
    second = round(epochs.sfreq)  # the lowest stop edge has died away by then
    sections = [band_sections(m, epochs.sfreq) for m in range(n_bands)]
    return np.stack([zero_phase(data, each, second) for each in sections])
