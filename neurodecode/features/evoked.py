"""Spatial filters for evoked responses: xDAWN by class, DSS by repeatability."""

from __future__ import annotations

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.inputs import as_trials, check_labels
from neurodecode.core.step import Step
from neurodecode.linalg.eigen import generalized_eigh, patterns_of_filters


class Xdawn(Step):
    """Time courses of components with the most evoked over total power, for each class.

    Parameters
    ----------
    n_filters : int, default 4
        Spatial filters for each class, at most the number of channels.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    filters_ : float64 array, shape (n_classes * n_filters, n_channels)
    patterns_ : float64 array, shape of `filters_`

    Raises
    ------
    DataError
        No labels, or fewer than two classes.

    Notes
    -----
    Output: float64, (n_trials, n_classes * n_filters, n_times); `Flatten` or `WindowMeans` makes
    a table of it. Learns from labels: it belongs inside the folds. Source: Rivet et al. 2009,
    10.1109/TBME.2009.2012869. Filters come from pyRiemann.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> data = np.random.default_rng(0).normal(size=(6, 3, 100))
    >>> epochs = nd.Epochs(data, channels=["C3", "Cz", "C4"], sfreq=100, y=list("ababab"))
    >>> nd.features.Xdawn(2).fit_transform(epochs, epochs.y).shape
    (6, 4, 100)
    """

    scope = "train"
    accepts_arrays = True

    def __init__(self, n_filters: int = 4):
        self.n_filters = n_filters

    def _fit(self, X: Epochs | np.ndarray, y: np.ndarray | None) -> None:
        from pyriemann.spatialfilters import Xdawn as PyriemannXdawn

        labels = check_labels(y, len(X), "Xdawn")
        fitted = PyriemannXdawn(nfilter=self.n_filters, estimator="scm").fit(as_trials(X), labels)
        self.classes_ = np.asarray(fitted.classes_)
        self.filters_ = np.asarray(fitted.filters_)
        self.patterns_ = np.asarray(fitted.patterns_)

    def _transform(self, X: Epochs | np.ndarray) -> np.ndarray:
        return self.filters_ @ as_trials(X)


class DSS(Step):
    """Time courses of the components that repeat most from trial to trial.

    Parameters
    ----------
    n_components : int, default 4
        Components kept, at most the rank of the channels.

    Attributes
    ----------
    filters_ : float64 array, shape (n_components, n_channels)
    patterns_ : float64 array, shape of `filters_`
    ratios_ : float64 array, shape (n_components,)
        Power of the class averages over power of the trials, 0 to 1; 1 / n_trials on noise.

    Notes
    -----
    With labels the bias is the mean power of the class averages, without them that of the average
    over all trials. The mean over time and trials is removed. Output: float64,
    (n_trials, n_components, n_times); `Flatten` or `WindowMeans` makes a table of it. Source: de
    Cheveigne, Simon 2008, 10.1016/j.jneumeth.2008.03.015 (joint decorrelation).

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> data = np.random.default_rng(0).normal(size=(6, 3, 100))
    >>> epochs = nd.Epochs(data, channels=["C3", "Cz", "C4"], sfreq=100)
    >>> nd.features.DSS(2).fit_transform(epochs).shape
    (6, 2, 100)
    """

    scope = "train"
    accepts_arrays = True

    def __init__(self, n_components: int = 4):
        self.n_components = n_components

    def _fit(self, X: Epochs | np.ndarray, y: np.ndarray | None) -> None:
        data = as_trials(X)
        data = data - data.mean(axis=(0, 2), keepdims=True)
        labels = np.zeros(len(data)) if y is None else check_labels(y, len(data), "DSS")
        averages = np.stack([data[labels == label].mean(axis=0) for label in np.unique(labels)])
        total = _power(data)
        ratios, filters = generalized_eigh(_power(averages), total, "DSS")
        self.ratios_ = ratios[: int(self.n_components)]
        self.filters_ = filters[: int(self.n_components)]
        self.patterns_ = patterns_of_filters(self.filters_, total)

    def _transform(self, X: Epochs | np.ndarray) -> np.ndarray:
        return self.filters_ @ as_trials(X)


def _power(x: np.ndarray) -> np.ndarray:
    """Mean over trials and time of the outer product of channels."""
    return np.einsum("nct,ndt->cd", x, x, optimize=True) / (len(x) * x.shape[-1])
