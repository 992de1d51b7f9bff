"""Spatial filters for rhythms: power that follows a target (SPoC), peaks over flanks (SSD)."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.step import Step
from neurodecode.features.riemann import as_covariances
from neurodecode.linalg.eigen import generalized_eigh, patterns_of_filters, powers
from neurodecode.linalg.filtering import butterworth, zero_phase


class SPoC(Step):
    """Log-powers of components whose power follows a continuous target.

    Parameters
    ----------
    n_filters : int, default 4
        Spatial filters kept, at most the rank of the channels.

    Attributes
    ----------
    filters_ : float64 array, shape (n_filters, n_channels)
    patterns_ : float64 array, shape of `filters_`
    ratios_ : float64 array, shape (n_filters,)
        Covariance of the component's power with the standardized target, largest size first.

    Raises
    ------
    DataError
        The input is no stack of covariances, or the target is no number for each trial or does
        not vary.

    Notes
    -----
    Eigenvectors of mean(z C) over mean(C), z the standardized target (SPoC-lambda), by decreasing
    size of the eigenvalue. Input: (n_trials, n, n), from a covariance step on band-passed
    signals. Output: float64, (n_trials, n_filters), log(w' C w). Source: Dahne et al. 2014,
    10.1016/j.neuroimage.2013.07.079. Equals pyRiemann's ``SPoC(metric="euclid")``.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> matrices = np.array([np.diag([z, 1.0]) for z in (1.0, 2.0, 3.0)])
    >>> powers = nd.features.SPoC(1).fit_transform(matrices, [1.0, 2.0, 3.0])
    >>> powers[[0, 2], 0].round(3).tolist()
    [-0.693, 0.405]
    """

    scope = "train"
    accepts_arrays = True

    def __init__(self, n_filters: int = 4):
        self.n_filters = n_filters

    def _fit(self, X: np.ndarray, y: np.ndarray | None) -> None:
        matrices = as_covariances(X, "SPoC")
        z = _standardized(y, len(matrices))
        mean = matrices.mean(axis=0)
        ratios, filters = generalized_eigh(
            np.einsum("n,ncd->cd", z, matrices) / len(z), mean, "SPoC"
        )
        order = np.argsort(-np.abs(ratios), kind="stable")[: int(self.n_filters)]
        self.ratios_, self.filters_ = ratios[order], filters[order]
        self.patterns_ = patterns_of_filters(self.filters_, mean)

    def _transform(self, X: np.ndarray) -> np.ndarray:
        return np.log(powers(as_covariances(X, "SPoC"), self.filters_))


class SSD(Step):
    """Log-powers of components that stand out in a band from the flanks beside it.

    Parameters
    ----------
    low, high : float, Hz, default 8 and 13
        The band of the rhythm.
    flank : float, Hz, default 2
        Width of the flanks on either side.
    n_components : int, default 4
        Components kept, at most the rank of the channels.

    Attributes
    ----------
    filters_ : float64 array, shape (n_components, n_channels)
    patterns_ : float64 array, shape of `filters_`
    ratios_ : float64 array, shape (n_components,)
        Power in the band over power in the flanks, largest first.

    Raises
    ------
    DataError
        Band and flanks do not lie between 0 and half the rate.

    Notes
    -----
    Learns from the signals alone, not from labels. What the flanks hold is the wider band less
    the band, as in MNE. Filters are Butterworth, order 4, zero phase; cut epochs with a margin
    (``rec.epoch(..., pad=1.0)``) to keep their ends clean. Output: float64,
    (n_trials, n_components), log power in the band. Source: Nikulin, Nolte, Curio 2011,
    10.1016/j.neuroimage.2011.01.057.

    Examples
    --------
    >>> import neurodecode as nd
    >>> epochs = nd.load("sim-mi", subjects=["1"])
    >>> nd.features.SSD(n_components=3).fit_transform(epochs).shape
    (100, 3)
    """

    scope = "train"

    def __init__(
        self, low: float = 8.0, high: float = 13.0, flank: float = 2.0, n_components: int = 4
    ):
        self.low = low
        self.high = high
        self.flank = flank
        self.n_components = n_components

    def _fit(self, X: Epochs, y: Any) -> None:
        if not 0 < self.flank < self.low:
            raise DataError(
                "SSD: no lower flank",
                found=f"flank {self.flank:g} Hz, band from {self.low:g} Hz",
                expected="a flank above 0 and below the band's lower edge",
            )
        band = self._filtered(X, self.low, self.high)
        wide = self._filtered(X, self.low - self.flank, self.high + self.flank)
        signal = _mean_covariance(band)
        ratios, filters = generalized_eigh(signal, _mean_covariance(wide - band), "SSD")
        self.ratios_ = ratios[: int(self.n_components)]
        self.filters_ = filters[: int(self.n_components)]
        self.patterns_ = patterns_of_filters(self.filters_, signal)

    def _transform(self, X: Epochs) -> np.ndarray:
        components = self.filters_ @ self._filtered(X, self.low, self.high)
        power = components.var(axis=-1)
        if not (power > 0).all():
            raise DataError(
                "SSD: trials without variance",
                found=f"trial {np.argwhere(~(power > 0))[0, 0]} has no power in the band",
                expected="signals that vary over time",
                fix="leave them out: epochs[keep]",
            )
        return np.log(power)

    def _filtered(self, X: Epochs, low: float, high: float) -> np.ndarray:
        sections = butterworth(low, high, X.sfreq)
        filtered = zero_phase(X.padded().astype(np.float64), sections, round(X.sfreq / low))
        pad = X.pad_samples
        return filtered[..., pad : pad + X.shape[2]]


def _mean_covariance(x: np.ndarray) -> np.ndarray:
    centred = x - x.mean(axis=-1, keepdims=True)
    return np.einsum("nct,ndt->cd", centred, centred, optimize=True) / (len(x) * x.shape[-1])


def _standardized(y: np.ndarray | None, n_trials: int) -> np.ndarray:
    """The target with mean 0 and variance 1."""
    numeric = y is not None and y.dtype.kind in "iuf" and y.reshape(len(y), -1).shape[1] == 1
    if y is None or not numeric or len(y) != n_trials:
        raise DataError(
            "SPoC follows a continuous target",
            found="no target" if y is None else f"{y.dtype} targets of shape {y.shape}",
            expected=f"({n_trials},) numbers, one per trial",
            fix="nd.features.CSP() for labels",
        )
    z = y.reshape(-1).astype(np.float64)
    if not np.isfinite(z).all() or z.std() == 0:
        raise DataError(
            "SPoC: the target does not vary, or is not finite",
            found=f"standard deviation {z.std():g}",
            expected="finite numbers that differ between trials",
        )
    return (z - z.mean()) / z.std()
