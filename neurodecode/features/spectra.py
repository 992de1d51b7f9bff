"""Power of each channel in frequency bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.inputs import as_trials
from neurodecode.core.step import Step

# Edges in Hz by the names of clinical EEG; delta needs trials of two seconds and is left out.
BANDS = {"theta": (4.0, 8.0), "alpha": (8.0, 13.0), "beta": (13.0, 30.0), "gamma": (30.0, 45.0)}


class BandPower(Step):
    """Mean power of each channel in each band, as decibels or in units squared.

    Parameters
    ----------
    bands : mapping of name to (low, high), or sequence of (low, high), Hz; default None
        None: theta 4-8, alpha 8-13, beta 13-30, gamma 30-45 Hz.
    log : bool, default True
        10 log10 of the power; False gives the power itself.

    Raises
    ------
    DataError
        No Fourier bin lies in a band: the trial is too short or the rate too low.

    Notes
    -----
    Output: float64, shape (n_trials, n_channels * n_bands), bands of a channel side by side. One
    Hann window over the trial (Welch 1967 averages several), mean removed, one-sided density
    in units squared per Hz, averaged over the bins with low <= f < high.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> wave = np.sin(2 * np.pi * 10 * np.arange(200) / 100)
    >>> epochs = nd.Epochs(wave[None, None], channels=["Oz"], sfreq=100)
    >>> nd.features.BandPower([(4, 8), (8, 13)], log=False).transform(epochs).round(2).tolist()
    [[0.0, 0.1]]
    """

    scope = "trial"

    def __init__(
        self,
        bands: Mapping[str, Sequence[float]] | Sequence[Sequence[float]] | None = None,
        log: bool = True,
    ):
        self.bands = bands
        self.log = log

    def _transform(self, X: Epochs) -> np.ndarray:
        data = as_trials(X)
        n_times = data.shape[2]
        window = np.hanning(n_times + 1)[:-1]  # periodic
        spectrum = np.fft.rfft((data - data.mean(axis=2, keepdims=True)) * window)
        power = np.abs(spectrum) ** 2 * (2 / (X.sfreq * np.sum(window**2)))
        frequencies = np.fft.rfftfreq(n_times, 1 / X.sfreq)
        columns = [
            power[..., self._bins(frequencies, low, high)].mean(axis=-1)
            for low, high in self._edges()
        ]
        out = np.stack(columns, axis=2).reshape(len(data), -1)
        if not self.log:
            return out
        return 10 * np.log10(np.maximum(out, np.finfo(float).tiny))

    def _edges(self) -> list[tuple[float, float]]:
        bands = BANDS if self.bands is None else self.bands
        pairs = bands.values() if isinstance(bands, Mapping) else bands
        return [(float(low), float(high)) for low, high in pairs]

    @staticmethod
    def _bins(frequencies: np.ndarray, low: float, high: float) -> np.ndarray:
        inside = np.flatnonzero((frequencies >= low) & (frequencies < high))
        if not len(inside):
            step = frequencies[1] if len(frequencies) > 1 else np.inf
            raise DataError(
                "BandPower: no Fourier bin in a band",
                found=f"band {low:g}-{high:g} Hz; bins every {step:.3g} Hz up to "
                f"{frequencies[-1]:g} Hz",
                expected="a band that holds at least one bin",
                fix="a wider band, longer epochs, or a higher sampling rate",
            )
        return inside
