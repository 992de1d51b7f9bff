"""Covariance matrices of trials: plain, and augmented with the class averages of evoked data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.inputs import as_trials, check_labels
from neurodecode.core.step import Step
from neurodecode.linalg.covariance import SHRINKAGES, trial_blocks, trial_covariances
from neurodecode.linalg.rank import check_rank, range_basis
from neurodecode.linalg.spd import second_moment

ESTIMATORS = tuple(SHRINKAGES)


class Covariance(Step):
    """Covariance matrix of each trial's channels.

    Parameters
    ----------
    estimator : "oas" (default), "lwf", "scm" or "corr"
        Shrunk by oracle approximation, by Ledoit and Wolf's weight, the sample covariance, or the
        correlation: the sample covariance of channels of unit variance, which knows no power.

    Raises
    ------
    DataError
        A trial is constant, "scm" or "corr" meet fewer samples than channels, or "corr" a known
        loss of rank.

    Notes
    -----
    Output: float64, shape (n_trials, n_channels, n_channels), unit of the channels squared. The
    mean over time is removed from each trial. Where references or projections have lowered the
    rank of the channels (`Epochs.rank`), shrinkage acts inside the space that is left and the
    matrices stay singular; what reads them works in that space, and says so.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> epochs = nd.Epochs(np.random.default_rng(0).normal(size=(5, 3, 100)), channels=["C3", "Cz",
    ...                    "C4"], sfreq=100)
    >>> nd.features.Covariance().transform(epochs).shape
    (5, 3, 3)
    """

    scope = "trial"
    accepts_arrays = True

    def __init__(self, estimator: str = "oas"):
        self.estimator = estimator

    def _transform(self, X: Epochs | np.ndarray) -> np.ndarray:
        check_estimator(self.estimator, "Covariance")
        rank = X.rank if isinstance(X, Epochs) else None
        matrices = trial_covariances(as_trials(X, None), self.estimator, rank)
        if self.estimator in ("scm", "corr"):  # each such trial spans a space of its own
            rank = X.shape[1] if rank is None else rank
            # Scaling the channels of each trial turns what a reference left in another direction.
            needed = rank if self.estimator == "scm" else X.shape[1]
            check_rank(min(rank, X.shape[2] - 1), needed, f"Covariance({self.estimator!r})")
        refuse_constant(matrices, "Covariance")
        return matrices


class BlockCovariance(Step):
    """Covariance matrix of each trial inside blocks of channels, zero between blocks.

    For channels that are copies in several frequency bands, or of several kinds, whose
    covariances with each other only add noise.

    Parameters
    ----------
    size : int or list of int, default 1
        Channels in each block, in their order; an integer cuts blocks of one size.
    estimator : "oas" (default), "lwf", "scm" or "corr"
        Applied to each block by itself.

    Raises
    ------
    DataError
        The blocks do not add up to the channels, an unknown estimator, or constant trials.

    Notes
    -----
    Output: float64, shape (n_trials, n_channels, n_channels). Geodesics between such matrices
    stay block-diagonal, so that tangent vectors are zero outside the blocks. As
    `pyriemann.estimation.BlockCovariances`. Source: Congedo et al. 2013, arXiv 1310.8115.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> epochs = nd.Epochs(np.random.default_rng(0).normal(size=(5, 4, 100)), channels=["C3", "Cz",
    ...                    "C4", "Pz"], sfreq=100)
    >>> nd.features.BlockCovariance(2).transform(epochs)[0, :2, 2:].tolist()
    [[0.0, 0.0], [0.0, 0.0]]
    """

    scope = "trial"
    accepts_arrays = True

    def __init__(self, size: int | Sequence[int] = 1, estimator: str = "oas"):
        self.size = size
        self.estimator = estimator

    def _transform(self, X: Epochs | np.ndarray) -> np.ndarray:
        check_estimator(self.estimator, "BlockCovariance")
        data = as_trials(X, None)
        n_channels = data.shape[1]
        sizes = self._sizes(n_channels)
        if min(sizes, default=0) < 1 or sum(sizes) != n_channels:
            raise DataError(
                "BlockCovariance: blocks do not add up to the channels",
                found=f"size={self.size!r}, {n_channels} channels",
                expected=f"a divisor of {n_channels}, or sizes of sum {n_channels}",
            )
        out = np.zeros((len(data), n_channels, n_channels))
        start = 0
        for size in sizes:
            block = slice(start, start + size)
            out[:, block, block] = trial_covariances(data[:, block], self.estimator)
            start += size
        refuse_constant(out, "BlockCovariance")
        return out

    def _sizes(self, n_channels: int) -> list[int]:
        if isinstance(self.size, int):
            return [self.size] * (n_channels // self.size if self.size > 0 else 0)
        return [int(size) for size in self.size]


class ERPCovariance(Step):
    """Covariance of each trial stacked on the class averages of the training trials.

    The blocks between averages and trial hold what is time-locked to the event, which a plain
    covariance loses.

    Parameters
    ----------
    estimator : "oas" (default), "lwf" or "scm"
    n_components : int or None, default None
        Keep the first singular components of each class average; None keeps all channels.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    prototypes_ : float64 array, shape (n_classes * n_components, n_times)

    Raises
    ------
    DataError
        Unknown estimator, or no labels.

    Notes
    -----
    Output: float64, shape (n_trials, n, n) with n = n_channels + the rows of `prototypes_`.
    Learns from labels: it belongs inside the folds. Source: Barachant, Congedo 2014,
    arXiv 1409.0107 (`pyriemann.estimation.ERPCovariances`; ours shrinks by default).

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> data = np.random.default_rng(0).normal(size=(6, 3, 100))
    >>> epochs = nd.Epochs(data, channels=["C3", "Cz", "C4"], sfreq=100, y=list("ababab"))
    >>> nd.features.ERPCovariance().fit_transform(epochs, epochs.y).shape
    (6, 9, 9)
    """

    scope = "train"
    accepts_arrays = True

    def __init__(self, estimator: str = "oas", n_components: int | None = None):
        self.estimator = estimator
        self.n_components = n_components

    def _fit(self, X: Epochs | np.ndarray, y: np.ndarray | None) -> None:
        check_estimator(self.estimator, "ERPCovariance")
        data = as_trials(X)
        y = check_labels(y, len(data), "ERPCovariance")
        self.classes_ = np.unique(y)
        parts = []
        for label in self.classes_:
            average = data[y == label].mean(axis=0)  # (n_channels, n_times)
            if self.n_components is not None:
                left = np.linalg.svd(average, full_matrices=False)[0]
                average = left[:, : self.n_components].T @ average
            parts.append(average)
        self.prototypes_ = np.concatenate(parts)

    def _transform(self, X: Epochs | np.ndarray) -> np.ndarray:
        return _stacked(as_trials(X), self.prototypes_, self.estimator)


class XdawnCovariance(Step):
    """Covariance of xDAWN components stacked on the filtered class averages.

    Parameters
    ----------
    n_filters : int, default 4
        Spatial filters for each class, those with the most evoked over total power.
    estimator : "oas" (default), "lwf" or "scm"
        Of the stacked covariance; the filters themselves use sample covariances.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    filters_ : float64 array, shape (n_classes * n_filters, n_channels)
    patterns_ : float64 array, shape of `filters_`
    prototypes_ : float64 array, shape (n_classes * n_filters, n_times)

    Raises
    ------
    DataError
        Unknown estimator, or no labels.

    Notes
    -----
    Output: float64, shape (n_trials, n, n), n = 2 * n_classes * min(n_filters, rank).
    Learns from labels: fitted on all trials before cross-validation it scores a ROC-AUC of 0.94
    on pure noise. Sources: Rivet et al. 2009, 10.1109/TBME.2009.2012869; Barachant, Congedo
    2014, arXiv 1409.0107. Filters come from pyRiemann.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> data = np.random.default_rng(0).normal(size=(6, 3, 100))
    >>> epochs = nd.Epochs(data, channels=["C3", "Cz", "C4"], sfreq=100, y=list("ababab"))
    >>> nd.features.XdawnCovariance(2).fit_transform(epochs, epochs.y).shape
    (6, 8, 8)
    """

    scope = "train"
    accepts_arrays = True

    def __init__(self, n_filters: int = 4, estimator: str = "oas"):
        self.n_filters = n_filters
        self.estimator = estimator

    def _fit(self, X: Epochs | np.ndarray, y: np.ndarray | None) -> None:
        from pyriemann.spatialfilters import Xdawn

        check_estimator(self.estimator, "XdawnCovariance")
        data, y = as_trials(X), check_labels(y, len(X), "XdawnCovariance")
        rank = X.rank if isinstance(X, Epochs) else None
        basis = range_basis(second_moment(data).mean(axis=0), "XdawnCovariance", rank)
        basis = np.eye(X.shape[1]) if basis is None else basis  # (n_channels, rank)
        fitted = Xdawn(nfilter=self.n_filters, estimator="scm").fit(basis.T @ data, y)
        self.classes_ = np.asarray(fitted.classes_)
        self.filters_ = np.asarray(fitted.filters_) @ basis.T
        self.patterns_ = np.asarray(fitted.patterns_) @ basis.T
        self.prototypes_ = np.asarray(fitted.evokeds_)

    def _transform(self, X: Epochs | np.ndarray) -> np.ndarray:
        return _stacked(self.filters_ @ as_trials(X), self.prototypes_, self.estimator)


def check_estimator(estimator: str, where: str) -> None:
    """Refuse unknown covariance estimators.

    Raises
    ------
    DataError
    """
    if estimator not in ESTIMATORS:
        raise DataError(
            f"{where}: no such covariance estimator",
            found=repr(estimator),
            expected=", ".join(map(repr, ESTIMATORS)),
            fix=did_you_mean(str(estimator), ESTIMATORS) or "estimator='oas'",
        )


def _stacked(data: np.ndarray, prototypes: np.ndarray, estimator: str) -> np.ndarray:
    """Covariances of [prototypes; trial], shape (n_trials, n, n)."""
    n = len(prototypes) + data.shape[1]
    out = np.empty((len(data), n, n))
    for block in trial_blocks(len(data), n * data.shape[2]):
        trials = data[block]
        repeated = np.broadcast_to(prototypes, (len(trials), *prototypes.shape))
        out[block] = trial_covariances(np.concatenate([repeated, trials], axis=1), estimator)
    return out


def refuse_constant(matrices: np.ndarray, where: str) -> None:
    """Refuse covariances of trials that do not vary.

    Raises
    ------
    DataError
    """
    constant = np.flatnonzero(~(np.trace(matrices, axis1=1, axis2=2) > 0))
    if len(constant):
        raise DataError(
            f"{where}: trials without variance",
            found=f"{len(constant)} of {len(matrices)} constant trials, first trial {constant[0]}",
            expected="signals that vary over time",
            fix="leave them out: epochs[keep]",
        )
