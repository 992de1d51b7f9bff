"""What channels share in a frequency band: cross-spectral matrices and coherences."""

from __future__ import annotations

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.inputs import as_trials
from neurodecode.core.step import Step
from neurodecode.features.covariance import refuse_constant

COHERENCES = ("ordinary", "instantaneous", "lagged", "imaginary")


class CrossSpectralCovariance(Step):
    """Real part of each trial's cross-spectral matrix, averaged over a band.

    The covariance of the channels inside the band; symmetric and positive semidefinite, so that
    `TangentSpace` and `MDM` take it.

    Parameters
    ----------
    low, high : float, Hz, 0 <= low < high <= half the rate
        Edges of the band, both included.
    window : float, seconds, default 0.5
        Length of the overlapping Hann windows; 1 / window is the resolution in Hz.

    Raises
    ------
    DataError
        No frequency lies in the band, a trial is shorter than two windows that overlap by half,
        or constant.

    Notes
    -----
    Output: float64, shape (n_trials, n_channels, n_channels), power a bin of the unit squared.
    Needs at least as many windows times bins as channels to have full rank. Windows overlap by
    half; the mean over time is removed from each trial. As `pyriemann.estimation.CoSpectra`
    averaged over frequencies, except that it counts both ends of a band at half their power.
    Source: Welch 1967.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> epochs = nd.Epochs(np.random.default_rng(0).normal(size=(5, 3, 200)), channels=["C3", "Cz",
    ...                    "C4"], sfreq=100)
    >>> nd.features.CrossSpectralCovariance(8, 30).transform(epochs).shape
    (5, 3, 3)
    """

    scope = "trial"

    def __init__(self, low: float, high: float, window: float = 0.5):
        self.low = low
        self.high = high
        self.window = window

    def _transform(self, X: Epochs) -> np.ndarray:
        spectra = _band_spectra(X, self.low, self.high, self.window, "CrossSpectralCovariance")
        matrices = np.real(spectra).mean(axis=1)
        refuse_constant(matrices, "CrossSpectralCovariance")
        return matrices


class Coherence(Step):
    """Coherence of every pair of channels, averaged over a band.

    Parameters
    ----------
    low, high : float, Hz, 0 < low < high < half the rate
    window : float, seconds, default 0.5
        As in `CrossSpectralCovariance`.
    kind : "ordinary" (default), "instantaneous", "lagged" or "imaginary"
        Share of the power of a pair that is common at any delay, without delay, with delay beside
        what is common without, or with delay. The last two do not see volume conduction.

    Raises
    ------
    DataError
        Unknown kind, one channel only, a channel without power in the band, or what
        `CrossSpectralCovariance` refuses.

    Notes
    -----
    Output: float64, shape (n_trials, n_channels * (n_channels - 1) / 2), 0 to 1, upper triangle
    by rows. Few windows bias it upward (about 1 / n_windows on independent channels): compare
    trials of one length only. With S the cross-spectral matrix: |S_ij|^2, Re(S_ij)^2 and
    Im(S_ij)^2 over S_ii S_jj; "lagged" is Im(S_ij)^2 / (S_ii S_jj - Re(S_ij)^2). As
    `pyriemann.estimation.Coherences`, averaged over frequencies. Sources: Nolte et al. 2004,
    10.1016/j.clinph.2004.04.029; Pascual-Marqui 2007, arXiv 0711.1455.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> epochs = nd.Epochs(np.random.default_rng(0).normal(size=(5, 3, 200)), channels=["C3", "Cz",
    ...                    "C4"], sfreq=100)
    >>> nd.features.Coherence(8, 30).transform(epochs).shape
    (5, 3)
    """

    scope = "trial"

    def __init__(self, low: float, high: float, window: float = 0.5, kind: str = "ordinary"):
        self.low = low
        self.high = high
        self.window = window
        self.kind = kind

    def _transform(self, X: Epochs) -> np.ndarray:
        if self.kind not in COHERENCES:
            raise DataError(
                "Coherence: no such kind",
                found=repr(self.kind),
                expected=", ".join(map(repr, COHERENCES)),
                fix=did_you_mean(str(self.kind), COHERENCES) or "kind='ordinary'",
            )
        spectra = _band_spectra(X, self.low, self.high, self.window, "Coherence")
        first, second = np.triu_indices(X.shape[1], k=1)
        if not len(first):
            raise DataError("Coherence: no pairs", found="1 channel", expected="at least 2")
        powers = np.real(np.diagonal(spectra, axis1=2, axis2=3))
        if not (powers > 0).all():
            trial, _, channel = np.argwhere(~(powers > 0))[0]
            raise DataError(
                "Coherence: a channel without power in the band",
                found=f"trial {trial}, channel {X.channels.names[channel]}",
                fix="leave the channel or the trial out",
            )
        pairs = spectra[:, :, first, second]  # (n_trials, n_bins, n_pairs)
        both = powers[:, :, first] * powers[:, :, second]
        if self.kind == "ordinary":
            shared = np.abs(pairs) ** 2 / both
        elif self.kind == "instantaneous":
            shared = np.real(pairs) ** 2 / both
        elif self.kind == "imaginary":
            shared = np.imag(pairs) ** 2 / both
        else:  # nothing is left beside two equal channels, and nothing of it is delayed
            left = np.maximum(both - np.real(pairs) ** 2, 1e-12 * both)
            shared = np.imag(pairs) ** 2 / left
        return shared.mean(axis=1)


def _band_spectra(X: Epochs, low: float, high: float, window: float, where: str) -> np.ndarray:
    """Cross-spectral matrices of the bins in a band, (n_trials, n_bins, n_channels, n_channels).

    One-sided: bins between zero and half the rate count twice.
    """
    n_window, n_times = round(window * X.sfreq), X.shape[2]
    step = max(1, n_window // 2)
    if n_window < 2 or n_window + step > n_times:
        raise DataError(
            f"{where}: the windows do not fit the trials",
            found=f"windows of {window:g} s, trials of {n_times / X.sfreq:g} s at {X.sfreq:g} Hz",
            expected="two windows, half a window apart, or more",
            fix=f"window={n_times / X.sfreq / 3:.2g}",
        )
    frequencies = np.fft.rfftfreq(n_window, 1 / X.sfreq)
    inside = np.flatnonzero((frequencies >= low) & (frequencies <= high))
    if not 0 <= low < high <= X.sfreq / 2 or not len(inside):
        raise DataError(
            f"{where}: no frequency lies in the band",
            found=f"{low:g} to {high:g} Hz at {X.sfreq:g} Hz, bins of {X.sfreq / n_window:g} Hz",
            expected="0 <= low < high <= half the rate, and a bin inside",
            fix=f"a longer window than {window:g} s, or a wider band",
        )
    taper = np.hanning(n_window)
    sided = np.where((inside == 0) | (2 * inside == n_window), 1.0, 2.0)
    out = np.empty((len(X), len(inside), X.shape[1], X.shape[1]), dtype=np.complex128)
    for i, trial in enumerate(as_trials(X, None)):
        centred = trial - trial.mean(axis=1, keepdims=True, dtype=np.float64)
        pieces = np.lib.stride_tricks.sliding_window_view(centred, n_window, axis=1)[:, ::step]
        bins = np.fft.rfft(pieces * taper, axis=2)[:, :, inside]  # (n_channels, n_windows, n_bins)
        spectra = np.einsum("cwf,dwf->fcd", bins.conj(), bins)
        out[i] = spectra * (sided / (pieces.shape[1] * np.sum(taper**2)))[:, None, None]
    return out
