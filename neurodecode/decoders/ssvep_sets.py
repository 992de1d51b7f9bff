"""Calibrated decoders of flicker that treat the trials of a class as sets of signals."""

from __future__ import annotations

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.decoders.flicker import FlickerClassifier
from neurodecode.decoders.ssvep_trained import TRCA, check_pairs
from neurodecode.linalg.canonical import first_canonical, orthonormal_rows


class MsetCCA(FlickerClassifier):
    """Canonical correlation of the trial with what the training trials of a class share.

    Parameters
    ----------
    n_sets : int, default 5, >= 2
        Trials of a class beyond this number are averaged into so many sets.
    n_bands : int, default 1
        Sub-bands as in `FilterBankCCA`; 1 takes the signals as they come.
    latency : float, default 0 s, as in `CCA`

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    references_ : float64 array, shape (n_bands, n_classes, n, n_times)
        One component of each set; n is the largest number of sets of a class, and smaller
        classes have rows of zeros, which correlate with nothing.

    Raises
    ------
    DataError
        A class with one training trial, `n_sets` below 2, more channels of all sets than samples;
        test trials with other channels, rate or window.

    Notes
    -----
    Each set gets its own filter, such that the filtered sets of a class correlate most in sum;
    these are the references of a canonical correlation. Needs no frequencies. Source: Zhang et
    al. 2014, 10.1142/S0129065714500130; there every trial is a set, and with many of them all
    noise is shared, as their channels together outnumber the samples. MOABB's `SSVEP_MsetCCA`
    takes their mean as the one reference, which is another method.

    Examples
    --------
    >>> import neurodecode as nd
    >>> epochs = nd.load("sim-ssvep", subjects=["1"])
    >>> clf = nd.decoders.MsetCCA().fit(epochs[:24], epochs.y[:24])
    >>> clf.predict(epochs[24:]).shape
    (24,)
    """

    def __init__(self, n_sets: int = 5, n_bands: int = 1, latency: float = 0.0):
        self.n_sets = n_sets
        self.n_bands = n_bands
        self.latency = latency

    def _learn(self, epochs: Epochs, codes: np.ndarray) -> None:
        check_pairs(codes, self.classes_, "MsetCCA")
        bands = self._bands(epochs)
        counts = np.minimum(np.bincount(codes), max(2, self.n_sets))
        n_times, n_rows = bands.shape[-1], int(counts.max()) * epochs.shape[1]
        if self.n_sets < 2 or n_rows >= n_times:
            raise DataError(
                "MsetCCA: no sets of these; any noise would be shared",
                found=f"n_sets={self.n_sets}, {n_rows} channels of all sets, {n_times} samples",
                expected="at least two sets, and fewer channels of all sets than samples",
                fix="longer trials, fewer channels or fewer sets",
            )
        self.references_ = np.zeros((len(bands), len(counts), counts.max(), n_times))
        for band, x in enumerate(bands):
            for code, count in enumerate(counts):
                own = x[codes == code]
                sets = np.stack([own[i::count].mean(axis=0) for i in range(count)])
                self.references_[band, code, :count] = shared_components(sets)

    def _band_scores(self, number: int, x: np.ndarray, times: np.ndarray) -> np.ndarray:
        return first_canonical(x[:, None], self.references_[number])[0]


class SSCOR(TRCA):
    """Filters of class means that correlate most with every single trial, in squares.

    Parameters
    ----------
    ensemble : bool, default False
        True filters every class with the filters of all classes.
    n_bands : int, default 5
        Sub-bands as in `FilterBankCCA`; 1 takes the signals as they come.
    latency : float, default 0 s, as in `CCA`

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    filters_ : float64 array, shape (n_bands, n_classes, n_channels)
    ratios_ : float64 array, shape (n_bands, n_classes)
        Sum of squared correlations, in [0, n_trials]; above 0 on noise too.
    templates_ : float64 array, shape (n_bands, n_classes, n_channels, n_times)

    Raises
    ------
    DataError
        A class with one training trial; test trials with other channels, rate or window.

    Notes
    -----
    Scores as those of `TRCA`. Source: Kumar, Reddy 2019, IEEE Transactions on Neural Systems and
    Rehabilitation Engineering 27, 2044-2050. With G the correlations of whitened class mean
    (rows) and whitened trial (columns) we sum G G', the space in which the filter is applied;
    public code sums G' G, which depends on how the trials were whitened.

    Examples
    --------
    >>> import neurodecode as nd
    >>> epochs = nd.load("sim-ssvep", subjects=["1"])
    >>> clf = nd.decoders.SSCOR(ensemble=True).fit(epochs[:24], epochs.y[:24])
    >>> clf.score(epochs[24:], epochs.y[24:]) > 0.8
    True
    """

    def _filter(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        return sscor_filter(x)


def shared_components(x: np.ndarray) -> np.ndarray:
    """One component of every trial, such that they correlate most with one another in sum.

    Parameters
    ----------
    x : float array, shape (n_trials, n_channels, n_times), trials of one class

    Returns
    -------
    components : float64 array, shape (n_trials, n_times)

    Notes
    -----
    The first eigenvector of the correlations between all whitened channels of all trials.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(1, 3, 50))
    >>> components = shared_components(np.repeat(x, 4, axis=0))
    >>> np.corrcoef(components).round(6).min()
    np.float64(1.0)
    """
    rows, _ = orthonormal_rows(x)
    n_trials, n_channels, n_times = rows.shape
    stacked = rows.reshape(-1, n_times)
    weights = np.linalg.eigh(stacked @ stacked.T)[1][:, -1].reshape(n_trials, 1, n_channels)
    return (weights @ rows)[:, 0]


def sscor_filter(x: np.ndarray) -> tuple[float, np.ndarray]:
    """Filter of the mean trial with the largest sum of squared correlations with single trials.

    Each trial answers with the filter of its own that fits best.

    Parameters
    ----------
    x : float array, shape (n_trials, n_channels, n_times), trials of one class

    Returns
    -------
    total : float, sum of squared correlations, in [0, n_trials]
    weights : float64 array, shape (n_channels,), unit power of the filtered mean

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(1, 4, 100))
    >>> round(sscor_filter(np.repeat(x, 6, axis=0))[0], 6)
    6.0
    """
    mean, mixing = orthonormal_rows(x.mean(axis=0))
    trials, _ = orthonormal_rows(x)
    shared = mean @ np.swapaxes(trials, -1, -2)  # (n_trials, n_channels, n_channels)
    totals, axes = np.linalg.eigh(np.einsum("nij,nkj->ik", shared, shared))
    return float(totals[-1]), axes[:, -1] @ mixing
