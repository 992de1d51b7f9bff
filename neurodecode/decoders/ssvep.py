"""Training-free decoders of flickering targets: canonical correlation with sine references.

`fit` learns which classes there are and nothing else; scores need no calibration data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.decoders.flicker import FlickerClassifier, of_classes
from neurodecode.linalg.canonical import first_canonical


class CCA(FlickerClassifier):
    """Target whose sine and cosine references correlate best with the trial.

    Parameters
    ----------
    frequencies : dict, label -> Hz
        Flicker frequency of each class, by label. In a recipe ``"card"``: the benchmark fills in
        the frequencies of the data set's card.
    phases : dict, label -> rad, or None (default)
        With phases, harmonic h is the one reference sin(h (2 pi f (t - latency) + phase)): the
        phase counts, up to its sign, since spatial weights have any sign.
    n_harmonics : int, default 3
    latency : float, default 0 s
        Samples before it, from time zero (flicker onset), are not used; about 0.14 s.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    frequencies_ : float64 array, shape (n_classes,), Hz, in the order of `classes_`

    Raises
    ------
    DataError
        A class without frequency, a harmonic above half the rate, or too few samples for the
        number of channels (the correlation is then 1 for every target).

    Notes
    -----
    Score: the largest canonical correlation. Without `phases` it does not depend on the phase of
    the flicker, nor on any invertible mixing of the channels. Probabilities are a softmax of
    scores, not calibrated. Sources: Lin et al. 2006, 10.1109/TBME.2006.886577; with phases Pan et
    al. 2011, 10.1088/1741-2560/8/3/036027 (there the phase may vary in a range; here it is fixed).

    Examples
    --------
    >>> import neurodecode as nd
    >>> epochs = nd.load("sim-ssvep", subjects=["1"])
    >>> hertz = {"7.5 Hz": 7.5, "8.57 Hz": 60 / 7, "10 Hz": 10, "12 Hz": 12}
    >>> clf = nd.decoders.CCA(hertz).fit(epochs, epochs.y)
    >>> clf.score(epochs, epochs.y) > 0.9
    True
    """

    same_window = False

    def __init__(
        self,
        frequencies: Mapping[Any, float] | str | None = None,
        phases: Mapping[Any, float] | str | None = None,
        n_harmonics: int = 3,
        latency: float = 0.0,
    ):
        self.frequencies = frequencies
        self.phases = phases
        self.n_harmonics = n_harmonics
        self.latency = latency

    def _learn(self, epochs: Epochs, codes: np.ndarray) -> None:
        self._look_up_frequencies(epochs)
        self.phases_ = None
        if self.phases is not None:
            self.phases_ = of_classes(self.phases, self.classes_, "phases", type(self).__name__)

    def _band_scores(self, number: int, x: np.ndarray, times: np.ndarray) -> np.ndarray:
        references = self._references(times)
        rows = x.shape[1] + references.shape[1]
        if rows >= len(times):
            raise DataError(
                f"{type(self).__name__}: too few samples; every target correlates perfectly",
                found=f"{len(times)} samples, {x.shape[1]} channels and {references.shape[1]} "
                "references",
                expected=f"more than {rows} samples",
                fix="longer trials, fewer channels or fewer harmonics",
            )
        return first_canonical(x[:, None], references)[0]

    def _references(self, times: np.ndarray) -> np.ndarray:
        if self.phases_ is None:
            return super()._references(times)
        harmonics = np.arange(1, self.n_harmonics + 1)
        angles = 2 * np.pi * self.frequencies_[:, None] * (times - self.latency)
        return np.sin(harmonics[:, None] * (angles + self.phases_[:, None])[:, None])


class FilterBankCCA(CCA):
    """Canonical correlation in sub-bands that each start one harmonic later.

    Parameters
    ----------
    frequencies : dict, label -> Hz; in a recipe ``"card"``
    n_harmonics : int, default 5
    n_bands : int, default 5
        Sub-bands from 6, 14, 22, 30 and 38 Hz to 90 Hz.
    latency : float, default 0 s, as in `CCA`

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    frequencies_ : float64 array, shape (n_classes,), Hz

    Raises
    ------
    DataError
        As `CCA`; or a sub-band above half the rate.

    Notes
    -----
    Score: sum over bands of (m^-1.25 + 0.25) times the squared correlation. Bands are filtered
    after the cut: cut with a margin (``rec.epoch(..., pad=1.0)``) to keep their ends clean.
    Frequencies below 6 Hz lie outside the first band. Source: Chen et al. 2015,
    10.1088/1741-2560/12/4/046008; band edges are those of Nakanishi et al. 2018.

    Examples
    --------
    >>> import neurodecode as nd
    >>> epochs = nd.load("sim-ssvep", subjects=["1"])
    >>> hertz = {"7.5 Hz": 7.5, "8.57 Hz": 60 / 7, "10 Hz": 10, "12 Hz": 12}
    >>> clf = nd.decoders.FilterBankCCA(hertz, n_bands=3)
    >>> clf.fit(epochs, epochs.y).score(epochs, epochs.y) > 0.9
    True
    """

    phases = None  # sine and cosine: phase does not matter

    def __init__(
        self,
        frequencies: Mapping[Any, float] | str | None = None,
        n_harmonics: int = 5,
        n_bands: int = 5,
        latency: float = 0.0,
    ):
        self.frequencies = frequencies
        self.n_harmonics = n_harmonics
        self.n_bands = n_bands
        self.latency = latency

    def _band_scores(self, number: int, x: np.ndarray, times: np.ndarray) -> np.ndarray:
        return super()._band_scores(number, x, times) ** 2
