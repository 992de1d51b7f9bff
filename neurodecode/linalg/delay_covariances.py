"""Covariances of delay embeddings for a whole grid of orders and lags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from neurodecode.linalg.covariance import correlations, shrink, trial_blocks
from neurodecode.linalg.embedding import check_embedding, stack_copies

_FEW_COPIES = 4  # below, one product of the stacked copies is faster than products of lags

Cell = tuple[int, int]  # order, lag


def delay_covariances(
    x: np.ndarray,
    orders: Sequence[int],
    lags: Sequence[int],
    estimator: str = "oas",
    rank: int | None = None,
) -> dict[Cell, np.ndarray]:
    """Covariance of every trial stacked on its own later samples, for each order and lag.

    Parameters
    ----------
    x : float array, shape (n_trials, n_channels, n_times)
    orders : sequence of int, >= 1
        Copies, the undelayed one included.
    lags : sequence of int, >= 1
        Samples from one copy to the next.
    estimator, rank : as in `trial_covariances`
        The rank is that of the channels; copies multiply it.

    Returns
    -------
    matrices : dict of (order, lag) -> float64 array, shape (n_trials, order * n_channels, same)
        Equal to ``trial_covariances(delay_embedded(x, order, lag), estimator, order * rank)``.

    Raises
    ------
    DataError
        A pair of order and lag does not fit the trials, or "corr" meets a constant channel.

    Notes
    -----
    Blocks of one matrix that are equally many lags apart sum the same products of samples but
    for a few at the ends, and a matrix of lower order holds the blocks of the next one and a few
    products more: per lag, the products of whole trials are made once for each difference of
    copies at the largest order. All sums only grow, so that nothing cancels.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(2, 3, 50))
    >>> grid = delay_covariances(x, orders=[1, 2], lags=[1, 5])
    >>> sorted(grid), grid[2, 5].shape
    ([(1, 1), (1, 5), (2, 1), (2, 5)], (2, 6, 6))
    """
    n_trials, n_channels, n_times = x.shape
    for lag in lags:
        check_embedding(max(orders), lag, n_times)
    sizes = {order: order * n_channels for order in sorted(set(orders), reverse=True)}
    out = {
        (order, lag): np.empty((n_trials, size, size))
        for order, size in sizes.items()
        for lag in lags
    }
    margin = (max(orders) - 1) * max(lags)
    inner = slice(margin, n_times - margin) if 2 * margin < n_times else slice(None)
    for block in trial_blocks(n_trials, n_channels * n_times):
        wide = x[block].astype(np.float64)
        # Samples that all windows share: what then is left of a window's mean comes from its own.
        wide -= wide[:, :, inner].mean(axis=2, keepdims=True)
        for lag in lags:
            for order, left, moments, sums in _descending(wide, list(sizes), lag):
                matrices = out[order, lag][block]
                np.subtract(moments, sums[:, :, None] * (sums / left)[:, None], out=matrices)
                matrices /= left
                lengths = None
                if estimator == "lwf":
                    lengths = _squared_lengths(wide, sums / left, order, lag)
                shrink(matrices, left, estimator, rank and order * rank, lengths)
    if estimator == "corr":
        return {cell: correlations(matrices) for cell, matrices in out.items()}
    return out


def _descending(
    x: np.ndarray, orders: list[int], lag: int
) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
    """Order, samples left, second moments and sums of the stacked copies, the largest order first.

    The moments of the next order are made in place of those before.
    """
    n_channels, n_times = x.shape[1:]
    before = orders[0]
    left = n_times - (before - 1) * lag
    moments = _moments(x, before, lag)
    sums = np.concatenate([x[:, :, k * lag : k * lag + left].sum(axis=2) for k in range(before)], 1)
    for order in orders:
        if order < before:  # fewer copies leave more samples
            added = stack_copies(x[:, :, left:], order, lag)
            size, left = order * n_channels, left + added.shape[2]
            moments, sums = moments[:, :size, :size], sums[:, :size]
            moments += added @ added.swapaxes(1, 2)
            sums += added.sum(axis=2)
        yield order, left, moments, sums
        before = order


def _moments(x: np.ndarray, order: int, lag: int) -> np.ndarray:
    """Sums over time of products of all copies, (n_trials, order * n_channels, same)."""
    n_trials, n_channels, n_times = x.shape
    reach = (order - 1) * lag
    left = n_times - reach
    if order < _FEW_COPIES or left <= reach:
        stacked = stack_copies(x, order, lag)
        return stacked @ stacked.swapaxes(1, 2)
    # Samples of copies a and a + d run over [a * lag, a * lag + left). All of these hold the core
    # [reach - d * lag, left); pieces of `lag` samples before and after it make up the rest.
    pieces = (stack_copies(part, order - 1, lag) for part in (x[:, :, :reach], x[:, :, left:]))
    shape = (n_trials, order - 1, n_channels, order - 1, n_channels)
    head, tail = ((piece @ piece.swapaxes(1, 2)).reshape(shape) for piece in pieces)
    out = np.empty((n_trials, order, n_channels, order, n_channels))
    for d in range(order):
        earlier, later = slice(reach - d * lag, left), slice(reach, left + d * lag)
        from_copy = [x[:, :, earlier] @ x[:, :, later].swapaxes(1, 2)]  # the last copy's first
        for k in reversed(range(order - 1 - d)):
            from_copy.append(from_copy[-1] + head[:, k, :, k + d])
        ends = np.zeros_like(from_copy[0])
        for a, block in enumerate(reversed(from_copy)):
            out[:, a, :, a + d] = block + ends
            out[:, a + d, :, a] = out[:, a, :, a + d].swapaxes(1, 2)
            if a + d < order - 1:
                ends += tail[:, a, :, a + d]
    return out.reshape(n_trials, order * n_channels, order * n_channels)


def _squared_lengths(x: np.ndarray, means: np.ndarray, order: int, lag: int) -> np.ndarray:
    """Squared length of the stacked copies less their means at each sample, (n_trials, left)."""
    n_channels, n_times = x.shape[1:]
    left = n_times - (order - 1) * lag
    lengths = np.zeros((len(x), left))
    for k in range(order):
        mean = means[:, k * n_channels : (k + 1) * n_channels, None]
        lengths += np.sum((x[:, :, k * lag : k * lag + left] - mean) ** 2, axis=1)
    return lengths
