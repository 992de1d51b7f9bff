"""Covariance of channels and their delayed copies: the augmented covariance method."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.inputs import as_trials
from neurodecode.core.step import Step
from neurodecode.features.covariance import check_estimator, refuse_constant
from neurodecode.linalg.delay_covariances import delay_covariances
from neurodecode.linalg.embedding import check_embedding, false_neighbour_order, information_lag

MAX_ORDER = 10
MAX_LAG = 50  # samples; and at most a quarter of the trial
_TRIALS = 40  # at most, evenly spread, that the rules look at


class AugmentedCovariance(Step):
    """Covariance of each trial's channels and `order - 1` delayed copies of them.

    Its blocks are the covariances between samples 0, lag, 2 lag, ... apart. They hold the
    autoregressive model of the signals, where a plain covariance holds none of their dynamics.

    Parameters
    ----------
    order : int or None, default None
        Copies, the undelayed one included; 1 gives the plain covariance. None: the rule below.
    lag : int or None, default None
        Samples from one copy to the next. None: the rule below.
    estimator : "oas" (default), "lwf", "scm" or "corr"

    Attributes
    ----------
    order_, lag_ : int
        What is used.

    Raises
    ------
    DataError
        Unknown estimator, copies that reach beyond the trial, or constant trials.

    Notes
    -----
    Output: float64, shape (n_trials, order * n_channels, order * n_channels). A trial keeps
    n_times - (order - 1) * lag samples; nothing is padded and nothing crosses its ends. With
    lag 1 it is the block Hankel covariance (`pyriemann.estimation.TimeDelayCovariances` wraps the
    ends of the trial around instead).

    The rule is the one of delay embeddings, on training trials: the lag at the first minimum of
    the mutual information, then the order from which neighbours are not false any more, at most
    10 and so small that a trial has twice as many samples as the matrix has rows. The alternative
    is a nested search over both (recipe "acm-ts-lr").

    With few trials and many channels the matrix is too large to pay: published on PhysionetMI,
    all classes, .554 against .599 for the plain tangent space.

    Source: Carrara, Papadopoulo 2023, arXiv 2302.04508 (MOABB's embedding drops `lag` samples
    more than needed); the rules: see `linalg.embedding`.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> epochs = nd.Epochs(np.random.default_rng(0).normal(size=(5, 3, 100)), channels=["C3", "Cz",
    ...                    "C4"], sfreq=100)
    >>> nd.features.AugmentedCovariance(order=2, lag=5).fit_transform(epochs).shape
    (5, 6, 6)
    """

    scope = "train"
    accepts_arrays = True

    def __init__(self, order: int | None = None, lag: int | None = None, estimator: str = "oas"):
        self.order = order
        self.lag = lag
        self.estimator = estimator

    def _fit(self, X: Epochs | np.ndarray, y: np.ndarray | None) -> None:
        check_estimator(self.estimator, "AugmentedCovariance")
        n_trials, n_channels, n_times = X.shape
        some = np.unique(np.linspace(0, n_trials - 1, _TRIALS).astype(int))
        data = as_trials(X[some], None)
        lag, order = self.lag, self.order
        if lag is None:
            lag = information_lag(data, max(1, min(MAX_LAG, n_times // 4)))
        if order is None:
            room = [
                k for k in range(1, MAX_ORDER + 1) if n_times - (k - 1) * lag >= 2 * k * n_channels
            ]
            order = false_neighbour_order(data, lag, max(room, default=1))
        check_embedding(order, lag, n_times)
        self.order_, self.lag_ = order, lag

    def _transform(self, X: Epochs | np.ndarray) -> np.ndarray:
        cells = augmented_covariances(X, [self.order_], [self.lag_], self.estimator)
        return cells[self.order_, self.lag_]


def augmented_covariances(
    X: Epochs | np.ndarray, orders: Sequence[int], lags: Sequence[int], estimator: str
) -> dict[tuple[int, int], np.ndarray]:
    """What `AugmentedCovariance` gives for every order and lag of a grid, computed together.

    Parameters
    ----------
    X : Epochs, or float array of shape (n_trials, n_channels, n_times)
    orders, lags : sequence of int
    estimator : "oas", "lwf", "scm" or "corr"

    Returns
    -------
    matrices : dict of (order, lag) -> float64 array, shape (n_trials, order * n_channels, same)

    Raises
    ------
    DataError
        As in `AugmentedCovariance`.

    Examples
    --------
    >>> data = np.random.default_rng(0).normal(size=(5, 3, 100))
    >>> sorted(augmented_covariances(data, [1, 2], [5], "oas"))
    [(1, 5), (2, 5)]
    """
    rank = X.rank if isinstance(X, Epochs) else None
    cells = delay_covariances(as_trials(X, None), orders, lags, estimator, rank)
    for matrices in cells.values():
        refuse_constant(matrices, "AugmentedCovariance")
    return cells
