"""Common spatial patterns that pay for large weights."""

from __future__ import annotations

import numpy as np

from neurodecode.core.errors import DataError
from neurodecode.core.inputs import check_labels
from neurodecode.core.step import Step
from neurodecode.features.riemann import as_covariances
from neurodecode.linalg.eigen import generalized_eigh, patterns_of_filters, powers


class RegularizedCSP(Step):
    """Common spatial patterns with a Tikhonov penalty, for few trials or many channels.

    Parameters
    ----------
    n_filters : int, default 6
        Spatial filters, shared evenly among the classes: each class gets
        ``n_filters // n_classes``, at least one and at most the number of channels.
    penalty : float, default 0.1, >= 0
        Weight of w'w, relative to the mean power of a channel.

    Attributes
    ----------
    filters_ : float64 array, shape (n_kept, n_channels)
    patterns_ : float64 array, shape of `filters_`

    Raises
    ------
    DataError
        The input is no stack of covariances, fewer than two classes, or a negative penalty.

    Notes
    -----
    Each class maximizes w' C w / (w' C_others w + penalty * trace / n * w'w); `C_others` is the
    mean of the other classes' covariances. With two classes and penalty 0 the filters are those
    of `CSP`. Input: (n_trials, n, n), from a covariance step. Output: float64,
    (n_trials, n_kept), log(w' C w). Source: Lotte, Guan 2011, 10.1109/TBME.2010.2082539 (TRCSP).

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> matrices = np.array([np.diag([4.0, 1, 1]), np.diag([1.0, 1, 4])])
    >>> nd.features.RegularizedCSP(2).fit_transform(matrices, ["left", "right"]).shape
    (2, 2)
    """

    scope = "train"
    accepts_arrays = True

    def __init__(self, n_filters: int = 6, penalty: float = 0.1):
        self.n_filters = n_filters
        self.penalty = penalty

    def _fit(self, X: np.ndarray, y: np.ndarray | None) -> None:
        matrices = as_covariances(X, "RegularizedCSP")
        y = check_labels(y, len(matrices), "RegularizedCSP")
        if self.penalty < 0:
            raise DataError(
                "RegularizedCSP: negative penalty", found=f"{self.penalty}", expected="0 or more"
            )
        means = np.stack([matrices[y == label].mean(axis=0) for label in np.unique(y)])
        n_channels = means.shape[1]
        size = np.trace(means.mean(axis=0)) / n_channels
        n_each = max(1, int(self.n_filters) // len(means))
        filters = []
        for code, own in enumerate(means):
            others = np.delete(means, code, axis=0).mean(axis=0)
            penalized = others + self.penalty * size * np.eye(n_channels)
            filters.append(generalized_eigh(own, penalized, "RegularizedCSP")[1][:n_each])
        self.filters_ = np.concatenate(filters)
        self.patterns_ = patterns_of_filters(self.filters_, means.mean(axis=0))

    def _transform(self, X: np.ndarray) -> np.ndarray:
        return np.log(powers(as_covariances(X, "RegularizedCSP"), self.filters_))
