"""Calibrated decoders of flickering and coded targets: templates and task-related components.

All need trials that are locked to the flicker: a jitter of the onset destroys them, and not CCA.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.decoders.flicker import FlickerClassifier
from neurodecode.linalg.canonical import correlations, first_canonical, orthonormal_rows
from neurodecode.linalg.eigen import generalized_eigh


def class_means(x: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Mean trial of each class, shape (n_classes, ...)."""
    return np.stack([x[codes == code].mean(axis=0) for code in range(codes.max() + 1)])


def check_pairs(codes: np.ndarray, classes: np.ndarray, where: str) -> None:
    """Refuse a class with one trial, where trials of one class are compared.

    Raises
    ------
    DataError : names the class.
    """
    few = np.flatnonzero(np.bincount(codes) < 2)
    if len(few):
        raise DataError(
            f"{where} compares trials of one class",
            found=f"one training trial of class {classes[few[0]]}",
            expected="at least two of every class",
            fix="nd.decoders.ITCCA(), which takes one trial a class",
        )


def trca_filter(x: np.ndarray, where: str = "TRCA") -> tuple[float, np.ndarray]:
    """Filter that maximizes the covariance between trials, relative to their power.

    Parameters
    ----------
    x : float array, shape (n_trials, n_channels, n_times), trials of one class, centred over time
    where : str, named in the error

    Returns
    -------
    ratio : float, in [-1, n_trials - 1]; n_trials - 1 for identical trials
    weights : float64 array, shape (n_channels,), unit power over all trials

    Notes
    -----
    The sum over pairs of trials is (sum x)(sum x)' - sum x x'. Source: Tanaka, Katura, Sato 2013,
    10.1016/j.neuroimage.2012.08.044.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(1, 4, 100))
    >>> round(trca_filter(np.repeat(x - x.mean(-1, keepdims=True), 6, axis=0))[0], 6)
    5.0
    """
    total = np.einsum("nct,ndt->cd", x, x, optimize=True)
    summed = x.sum(axis=0)
    ratios, filters = generalized_eigh(summed @ summed.T - total, total, where)
    return float(ratios[0]), filters[0]


class ITCCA(FlickerClassifier):
    """Canonical correlation of the trial with the mean training trial of each class.

    Parameters
    ----------
    n_bands : int, default 1
        Sub-bands as in `FilterBankCCA`; 1 takes the signals as they come.
    latency : float, default 0 s, as in `CCA`

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    templates_ : float64 array, shape (n_bands, n_classes, n_channels, n_times)

    Raises
    ------
    DataError
        Test trials with other channels, rate or window.

    Notes
    -----
    Needs no frequencies, so it also serves codes (c-VEP). Source: Bin et al. 2011,
    10.1088/1741-2560/8/2/025015.

    Examples
    --------
    >>> import neurodecode as nd
    >>> epochs = nd.load("sim-ssvep", subjects=["1"])
    >>> clf = nd.decoders.ITCCA().fit(epochs[:24], epochs.y[:24])
    >>> clf.predict_proba(epochs[24:]).shape
    (24, 4)
    """

    def __init__(self, n_bands: int = 1, latency: float = 0.0):
        self.n_bands = n_bands
        self.latency = latency

    def _learn(self, epochs: Epochs, codes: np.ndarray) -> None:
        self.templates_ = np.stack([class_means(x, codes) for x in self._bands(epochs)])

    def _band_scores(self, number: int, x: np.ndarray, times: np.ndarray) -> np.ndarray:
        return first_canonical(x[:, None], self.templates_[number])[0]


class ExtendedCCA(FlickerClassifier):
    """Correlations with sine references and with class means, through three spatial filters.

    Parameters
    ----------
    frequencies : dict, label -> Hz; in a recipe ``"card"``
    n_harmonics : int, default 3
    n_bands : int, default 1
        Sub-bands as in `FilterBankCCA`; 1 takes the signals as they come.
    latency : float, default 0 s, as in `CCA`

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    frequencies_ : float64 array, shape (n_classes,), Hz
    templates_ : float64 array, shape (n_bands, n_classes, n_channels, n_times)
    weights_ : float64 array, shape (n_bands, n_classes, n_channels)
        Weights of the class mean in its canonical correlation with the references.

    Raises
    ------
    DataError
        As `CCA`; or test trials with another window.

    Notes
    -----
    Score: sum of sign(r) r^2 over r1 = CCA of trial and references, and the correlations of trial
    and template filtered by the trial's weights against the template (r2), by those against the
    references (r3), and by the template's against the references (r4). The fifth coefficient of
    Chen et al. 2015 compares the template with itself and is left out, as by Nakanishi et al.
    2015. Sources: 10.1073/pnas.1508080112, 10.1371/journal.pone.0140703.

    Examples
    --------
    >>> import neurodecode as nd
    >>> epochs = nd.load("sim-ssvep", subjects=["1"])
    >>> hertz = {"7.5 Hz": 7.5, "8.57 Hz": 60 / 7, "10 Hz": 10, "12 Hz": 12}
    >>> clf = nd.decoders.ExtendedCCA(hertz).fit(epochs[:24], epochs.y[:24])
    >>> clf.score(epochs[24:], epochs.y[24:]) > 0.8
    True
    """

    def __init__(
        self,
        frequencies: Mapping[Any, float] | str | None = None,
        n_harmonics: int = 3,
        n_bands: int = 1,
        latency: float = 0.0,
    ):
        self.frequencies = frequencies
        self.n_harmonics = n_harmonics
        self.n_bands = n_bands
        self.latency = latency

    def _learn(self, epochs: Epochs, codes: np.ndarray) -> None:
        self._look_up_frequencies(epochs)
        references = self._references(self._times(epochs))
        self.templates_ = np.stack([class_means(x, codes) for x in self._bands(epochs)])
        self.weights_ = first_canonical(self.templates_, references)[1]

    def _band_scores(self, number: int, x: np.ndarray, times: np.ndarray) -> np.ndarray:
        trials, templates = x[:, None], self.templates_[number]  # (n, 1, c, t), (k, c, t)
        with_reference, by_reference = first_canonical(trials, self._references(times))
        _, by_template = first_canonical(trials, templates)
        filters = (by_template, by_reference, self.weights_[number])
        r = [correlations(_filtered(w, trials), _filtered(w, templates)) for w in filters]
        return np.sum([np.sign(each) * each**2 for each in (with_reference, *r)], axis=0)


class TRCA(FlickerClassifier):
    """Task-related components: filters that make the trials of a class most alike.

    Parameters
    ----------
    ensemble : bool, default False
        True filters every class with the filters of all classes (eTRCA).
    n_bands : int, default 5
        Sub-bands as in `FilterBankCCA`; 1 takes the signals as they come.
    latency : float, default 0 s, as in `CCA`

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    filters_ : float64 array, shape (n_bands, n_classes, n_channels)
    ratios_ : float64 array, shape (n_bands, n_classes)
        Covariance between trials over their power, in [-1, n_trials - 1]; above 0 on noise too.
    templates_ : float64 array, shape (n_bands, n_classes, n_channels, n_times)

    Raises
    ------
    DataError
        A class with one training trial; test trials with other channels, rate or window.

    Notes
    -----
    Trials are centred over time. Score: correlation of filtered trial and filtered class mean,
    bands weighted by m^-1.25 + 0.25. Needs no frequencies, so it also serves codes (c-VEP).
    Channels may be rank-deficient: filters stay in what the data span. Source: Nakanishi et al.
    2018, 10.1109/TBME.2017.2694818. MOABB's `SSVEP_TRCA` centres across channels instead, which
    is another method.

    Examples
    --------
    >>> import neurodecode as nd
    >>> epochs = nd.load("sim-ssvep", subjects=["1"])
    >>> clf = nd.decoders.TRCA(ensemble=True).fit(epochs[:24], epochs.y[:24])
    >>> clf.score(epochs[24:], epochs.y[24:]) > 0.8
    True
    """

    def __init__(self, ensemble: bool = False, n_bands: int = 5, latency: float = 0.0):
        self.ensemble = ensemble
        self.n_bands = n_bands
        self.latency = latency

    def _learn(self, epochs: Epochs, codes: np.ndarray) -> None:
        check_pairs(codes, self.classes_, type(self).__name__)
        bands = self._bands(epochs)
        found = [[self._filter(x[codes == c]) for c in range(codes.max() + 1)] for x in bands]
        self.ratios_ = np.array([[ratio for ratio, _ in band] for band in found])
        self.filters_ = np.array([[weights for _, weights in band] for band in found])
        self.templates_ = np.stack([class_means(x, codes) for x in bands])

    def _filter(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """How well the trials of a class agree after its filter, and the filter."""
        return trca_filter(x)

    def _band_scores(self, number: int, x: np.ndarray, times: np.ndarray) -> np.ndarray:
        filters, templates = self.filters_[number], self.templates_[number]
        trials = filters @ x  # (n_trials, n_filters, n_times)
        if self.ensemble:
            flat = (filters @ templates).reshape(len(templates), -1)
            return correlations(trials.reshape(len(x), 1, -1), flat)
        own = np.einsum("kc,kct->kt", filters, templates)
        return correlations(trials, own)


class TDCA(FlickerClassifier):
    """Task discriminant components: filters over channels and delays that separate the classes.

    Parameters
    ----------
    frequencies : dict, label -> Hz, or None (default); in a recipe ``"card"``
        Each trial is joined by its projection on the sine references of a class; None leaves
        that out, as for codes (c-VEP).
    n_components : int, default 8
        Filters kept, at most n_channels * (n_delays + 1).
    n_delays : int, default 3
        Copies of the channels, each one sample later than the one before.
    n_harmonics : int, default 5
    ridge : float, default 0.001
        Added to the covariance within classes, relative to its mean eigenvalue.
    n_bands : int, default 5
        Sub-bands as in `FilterBankCCA`; 1 takes the signals as they come.
    latency : float, default 0 s, as in `CCA`

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    filters_ : float64 array, shape (n_bands, n_components, n_channels * (n_delays + 1))
    templates_ : float64 array, shape (n_bands, n_classes, n_components, n)
        Filtered class means; n is n_times, doubled by the projection.

    Raises
    ------
    DataError
        A class without frequency, a harmonic above half the rate, negative `n_delays`; test
        trials with other channels, rate or window.

    Notes
    -----
    Score: sum over bands of (m^-1.25 + 0.25) sign(r) r^2, r the correlation of filtered trial and
    class mean over components and time. Delayed copies of training trials read the samples after
    the window where the epochs hide a margin of them (`pad`), else zeros; those of test trials
    are zeros always: nothing after the window is used. Source: Liu et al. 2021,
    10.1109/TNSRE.2021.3114340; there the ridge is absolute and supposes microvolts.

    Examples
    --------
    >>> import neurodecode as nd
    >>> epochs = nd.load("sim-ssvep", subjects=["1"])
    >>> hertz = {"7.5 Hz": 7.5, "8.57 Hz": 60 / 7, "10 Hz": 10, "12 Hz": 12}
    >>> clf = nd.decoders.TDCA(hertz).fit(epochs[:24], epochs.y[:24])
    >>> clf.score(epochs[24:], epochs.y[24:]) > 0.8
    True
    """

    def __init__(
        self,
        frequencies: Mapping[Any, float] | str | None = None,
        n_components: int = 8,
        n_delays: int = 3,
        n_harmonics: int = 5,
        ridge: float = 1e-3,
        n_bands: int = 5,
        latency: float = 0.0,
    ):
        self.frequencies = frequencies
        self.n_components = n_components
        self.n_delays = n_delays
        self.n_harmonics = n_harmonics
        self.ridge = ridge
        self.n_bands = n_bands
        self.latency = latency

    def _learn(self, epochs: Epochs, codes: np.ndarray) -> None:
        if self.n_delays < 0 or self.n_components < 1:
            raise DataError(
                "TDCA: no filters of these",
                found=f"n_delays={self.n_delays}, n_components={self.n_components}",
                expected="n_delays >= 0, n_components >= 1",
            )
        self.frequencies_ = None
        if self.frequencies is not None:
            self._look_up_frequencies(epochs)
        spans = self._spans(self._times(epochs))
        filters, templates = [], []
        for x in self._bands(epochs, n_later=self.n_delays):
            delayed = _delayed(x, self.n_delays)
            if spans is not None:
                delayed = _with_projection(delayed, spans[codes])
            means = class_means(delayed, codes)
            kept = self._discriminants(delayed - means[codes], means)
            filters.append(kept)
            templates.append(kept @ means)
        self.filters_, self.templates_ = np.stack(filters), np.stack(templates)

    def _discriminants(self, within: np.ndarray, means: np.ndarray) -> np.ndarray:
        """Directions with the most power between class means over that within classes."""
        between = means - means.mean(axis=0)
        sb = np.einsum("kct,kdt->cd", between, between, optimize=True) / len(between)
        sw = np.einsum("nct,ndt->cd", within, within, optimize=True) / len(within)
        size = np.trace(sw) or np.trace(sb)  # one trial a class: nothing varies within
        sw += self.ridge * size / len(sw) * np.eye(len(sw))
        return generalized_eigh(sb, sw, "TDCA")[1][: self.n_components]

    def _spans(self, times: np.ndarray) -> np.ndarray | None:
        """Orthonormal rows that span each class's references, or None."""
        if self.frequencies_ is None:
            return None
        return orthonormal_rows(self._references(times))[0]

    def _band_scores(self, number: int, x: np.ndarray, times: np.ndarray) -> np.ndarray:
        n_later = [(0, 0), (0, 0), (0, self.n_delays)]
        filtered = self.filters_[number] @ _delayed(np.pad(x, n_later), self.n_delays)
        templates = self.templates_[number].reshape(len(self.classes_), -1)
        spans = self._spans(times)
        if spans is None:
            r = correlations(filtered.reshape(len(x), 1, -1), templates)
        else:  # filters act on channels, the projection on time: their order is free
            joined = (_with_projection(filtered, span).reshape(len(x), -1) for span in spans)
            r = np.stack([correlations(a, b) for a, b in zip(joined, templates, strict=True)], 1)
        return np.sign(r) * r**2


def _filtered(weights: np.ndarray, x: np.ndarray) -> np.ndarray:
    """One component, (..., n_times), of signals (..., n_channels, n_times)."""
    return (weights[..., None, :] @ x)[..., 0, :]


def _delayed(x: np.ndarray, n_delays: int) -> np.ndarray:
    """Copies of the channels, each a sample later; the last `n_delays` samples are used up."""
    n_times = x.shape[-1] - n_delays
    return np.concatenate([x[..., d : d + n_times] for d in range(n_delays + 1)], axis=-2)


def _with_projection(x: np.ndarray, span: np.ndarray) -> np.ndarray:
    """Signals followed in time by their projection on orthonormal rows."""
    return np.concatenate([x, x @ np.swapaxes(span, -1, -2) @ span], axis=-1)
