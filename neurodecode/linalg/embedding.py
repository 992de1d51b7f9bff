"""Delay embedding of signals, and the rules that choose its lag and its order."""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree

from neurodecode.core.errors import DataError

_POINTS = 1000  # at most, for the search of neighbours
_STRETCH = 10.0  # Kennel et al. 1992: a neighbour is false if a step apart stretches it so much
_FEW = 0.1  # share of false neighbours that noise leaves at any order


def delay_embedded(x: np.ndarray, order: int, lag: int) -> np.ndarray:
    """Signals stacked on their own later samples.

    Parameters
    ----------
    x : float array, shape (..., n_channels, n_times)
    order : int, >= 1
        Copies, the undelayed one included.
    lag : int, >= 1
        Samples from one copy to the next.

    Returns
    -------
    stacked : array, shape (..., order * n_channels, n_times - (order - 1) * lag)
        Row block k holds ``x[..., k * lag :]``; nothing is wrapped around or padded.

    Raises
    ------
    DataError
        Order or lag below 1, or copies that reach beyond the signal.

    Examples
    --------
    >>> delay_embedded(np.arange(5)[None], order=2, lag=3).tolist()
    [[0, 1], [3, 4]]
    """
    check_embedding(order, lag, x.shape[-1])
    return stack_copies(x, order, lag)


def check_embedding(order: int, lag: int, n_times: int) -> None:
    """Refuse an order and a lag that leave fewer than two samples of so many.

    Raises
    ------
    DataError
    """
    if order < 1 or lag < 1 or n_times - (order - 1) * lag < 2:
        raise DataError(
            "this delay embedding does not fit the signals",
            found=f"order {order}, lag {lag}, {n_times} samples",
            expected="order and lag of at least 1, and (order - 1) * lag below the samples",
            fix="a smaller order or lag, or longer trials",
        )


def stack_copies(x: np.ndarray, order: int, lag: int) -> np.ndarray:
    """What `delay_embedded` gives, past its check."""
    left = x.shape[-1] - (order - 1) * lag
    return np.concatenate([x[..., k * lag : k * lag + left] for k in range(order)], axis=-2)


def information_lag(x: np.ndarray, max_lag: int) -> int:
    """Lag of the first minimum of the mutual information between a signal and its later self.

    Parameters
    ----------
    x : float array, shape (n_trials, n_channels, n_times)
    max_lag : int, samples, 1 to n_times - 2

    Returns
    -------
    lag : int, 1 to `max_lag`
        Where there is no minimum before `max_lag`: that of the least information.

    Notes
    -----
    Information of Gaussian signals, ``-log(1 - r^2) / 2`` with r the autocorrelation, averaged
    over channels: a smooth curve, which a count of filled bins is not. A rhythm of period p gives
    p / 4, where a signal and its copy are most unlike; the first minimum of the autocorrelation
    itself is p / 2, where the copy is the signal again with its sign turned. Source: Fraser,
    Swinney 1986, 10.1103/PhysRevA.33.1134, who estimate the information from bins.

    Examples
    --------
    >>> times = np.arange(400) / 400
    >>> information_lag(np.sin(2 * np.pi * 10 * times)[None, None], max_lag=30)  # period 40
    10
    """
    centred = x - x.mean(axis=2, keepdims=True, dtype=np.float64)
    power = np.maximum(np.sum(centred**2, axis=(0, 2)), np.finfo(float).tiny)
    information = []
    for lag in range(1, max_lag + 1):
        shared = np.sum(centred[..., :-lag] * centred[..., lag:], axis=(0, 2)) / power
        shared *= x.shape[2] / (x.shape[2] - lag)
        information.append(-np.mean(np.log1p(-np.minimum(shared**2, 1 - 1e-12))) / 2)
        if lag > 2 and information[-3] > information[-2] <= information[-1]:
            return lag - 1
    return int(np.argmin(information)) + 1


def false_neighbour_order(x: np.ndarray, lag: int, max_order: int) -> int:
    """Order from which neighbours in the embedding stay neighbours.

    Parameters
    ----------
    x : float array, shape (n_trials, n_channels, n_times)
    lag : int, samples
    max_order : int, >= 1

    Returns
    -------
    order : int, 1 to `max_order`
        The first with fewer than a tenth of false neighbours, or, where noise never lets it come
        to that, the one with the fewest. Median over channels.

    Notes
    -----
    Neighbours come from other trials or other times, among at most 1000 points a channel. Source:
    Kennel, Brown, Abarbanel 1992, 10.1103/PhysRevA.45.3403, with the ratio 10.

    Examples
    --------
    >>> times = np.arange(400) / 400
    >>> false_neighbour_order(np.sin(2 * np.pi * 10 * times)[None, None], lag=10, max_order=5)
    2
    """
    max_order = max(1, min(max_order, (x.shape[2] - 2) // lag))
    orders = [_channel_order(x[:, c], lag, max_order) for c in range(x.shape[1])]
    return int(np.median(orders))


def _channel_order(x: np.ndarray, lag: int, max_order: int) -> int:
    """Order of one channel, (n_trials, n_times)."""
    stacked = delay_embedded(x[:, None].astype(np.float64), max_order + 1, lag)
    points = np.moveaxis(stacked, 1, 2).reshape(-1, max_order + 1)
    points = points[np.unique(np.linspace(0, len(points) - 1, _POINTS).astype(int))]
    # Rounding keeps equal points apart from a ratio of two rounding errors.
    floor = 1e-6 * points.std()
    shares = []
    for order in range(1, max_order + 1):
        distance, nearest = KDTree(points[:, :order]).query(points[:, :order], k=2)
        step = np.abs(points[:, order] - points[np.asarray(nearest)[:, 1], order])
        shares.append(np.mean(step > _STRETCH * np.maximum(np.asarray(distance)[:, 1], floor)))
        if shares[-1] < _FEW:
            return order
    return int(np.argmin(shares)) + 1
