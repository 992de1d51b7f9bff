"""Riemannian means of many subsets of one set of matrices, found in lock-step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurodecode.core.errors import DataError
from neurodecode.linalg._native.eigen import eigh
from neurodecode.linalg.logs import log_sum, logarithms
from neurodecode.linalg.rank import full_rank_eigh

_TOLERANCE = 1e-9  # of the gradient's norm, times sqrt(n)
_FLOOR = 1e-5  # below, a gradient that no longer shrinks is rounding, of ill-conditioned matrices
_PATIENCE = 6  # steps without progress that say so
_ITERATIONS = 200
_DEPTH = 5  # of Anderson's mixing
_BLOCK = 256  # matrices whose logarithms are held at a time


def karcher_means(
    matrices: np.ndarray, subsets: Sequence[np.ndarray], where: str = "Riemannian means"
) -> np.ndarray:
    """Karcher mean of each subset, of matrices that all have full rank.

    Parameters
    ----------
    matrices : float64 array, shape (n_matrices, n, n), symmetric positive definite
    subsets : sequence of int64 arrays, none of them empty
    where : str
        Named in the error.

    Returns
    -------
    means : float64 array, shape (n_subsets, n, n)

    Raises
    ------
    DataError
        A matrix has not full rank, or a mean does not converge.

    Notes
    -----
    A rough common mean gives a chart: M = G exp(S) G', S symmetric. There the logarithms of all
    matrices, taken once, give every subset its first step. Steps follow the gradient
    (Moakher 2005, 10.1137/S0895479803436937), shortened by the mean curvature, taken to the chart
    to first order and mixed by Anderson's method (Walker, Ni 2011, 10.1137/10078356X), until its
    norm is below 1e-9 sqrt(n); one step more then leaves an error of 1e-10 of the mean's norm.
    Where rounding stops it before, at condition numbers about 1e8, the best place is the mean.

    Examples
    --------
    >>> pair = np.array([np.diag([1.0, 4.0]), np.diag([4.0, 1.0])])
    >>> karcher_means(pair, [np.array([0, 1])]).round(9).tolist()
    [[[2.0, 0.0], [0.0, 2.0]]]
    """
    n = matrices.shape[-1]
    used = np.unique(np.concatenate(subsets))
    root, whitener = _chart(matrices[used].mean(axis=0), where)
    if len(subsets) > 1:  # nearer to each of them
        step = log_sum(matrices, whitener, where, used) / len(used)
        root, whitener = _chart(root @ _exp(step) @ root.T, where)
    active = _searches(matrices, subsets, used, whitener, where)
    logs = np.empty((len(subsets), n, n))  # of the means, in the chart
    for _ in range(_ITERATIONS):
        for search in active:
            logs[search.subset] = search.advance()
        active = [search for search in active if not search.done]
        if not active:
            return root @ _exp(logs) @ root.T
        _evaluate(active, matrices, subsets, whitener, where)
    raise DataError(
        f"{where}: the mean does not converge",
        found=f"a gradient of {max(search.norms[-1] for search in active):.1e} after "
        f"{_ITERATIONS} steps",
        expected="matrices of similar scale and condition",
        fix="leave out outlying trials, or metric='logeuclid', which needs no steps",
    )


class _Search:
    """Steps towards the mean of one subset: logarithms in the chart, and the gradients there."""

    def __init__(self, subset: int, gradient: np.ndarray, pace: float):
        self.subset = subset
        self.log, self.gradient = np.zeros_like(gradient), gradient
        self.norms: list[float] = []
        self.done = False
        self._pace = pace  # of a gradient, what a step without mixing takes
        self._best = self.log, gradient
        self._history: list[tuple[np.ndarray, np.ndarray]] = []

    def advance(self) -> np.ndarray:
        """Where to look next; the mean, once `done`."""
        norm = float(np.linalg.norm(self.gradient))
        least = min(self.norms, default=np.inf)
        self.norms.append(norm)
        if norm < least:
            self._best = self.log, self.gradient
        elif norm > 2 * least:  # went astray
            self.log, self.gradient = self._best
            self._pace, self._history = self._pace / 2, []
        self._history = [*self._history[-_DEPTH:], (self.log.ravel(), self.gradient.ravel())]
        self.log = self._ahead()
        stale = len(self.norms) - 1 - int(np.argmin(self.norms)) >= _PATIENCE
        self.done = norm < _TOLERANCE * np.sqrt(len(self.gradient))
        if stale and least < _FLOOR:
            self.log, self.done = self._best[0], True
        return self.log

    def _ahead(self) -> np.ndarray:
        logs, gradients = (np.array(each) for each in zip(*self._history, strict=True))
        steps = self._paced(gradients)
        ahead = logs[-1] + steps[-1]
        if len(logs) > 1:
            turns = np.diff(gradients, axis=0)  # (depth, n^2)
            weights = np.linalg.lstsq(turns.T, gradients[-1], rcond=None)[0]
            ahead -= weights @ (np.diff(logs, axis=0) + np.diff(steps, axis=0))
        mixed = ahead.reshape(self.log.shape)
        return (mixed + mixed.T) / 2

    def _paced(self, gradients: np.ndarray) -> np.ndarray:
        """Steps of gradients (count, n^2): all that lies along the identity, less of the rest."""
        n = len(self.log)
        steps = self._pace * gradients
        steps[:, :: n + 1] += (1 - self._pace) * gradients[:, :: n + 1].mean(axis=1)[:, None]
        return steps


def _chart(mean: np.ndarray, where: str) -> tuple[np.ndarray, np.ndarray]:
    """A root G of the matrix, mean = G G', and its inverse."""
    values, vectors = full_rank_eigh(mean, where)
    return vectors * np.sqrt(values), (vectors / np.sqrt(values)).T


def _searches(
    matrices: np.ndarray,
    subsets: Sequence[np.ndarray],
    used: np.ndarray,
    whitener: np.ndarray,
    where: str,
) -> list[_Search]:
    """Searches with gradients at the origin of the chart; each logarithm there is taken once."""
    n = matrices.shape[-1]
    shares = np.zeros((len(subsets), len(matrices)))
    for share, rows in zip(shares, subsets, strict=True):
        np.add.at(share, rows, 1 / len(rows))
    gradients = np.zeros((len(subsets), n * n))
    spreads = np.zeros(len(subsets))
    for first in range(0, len(used), _BLOCK):
        rows = used[first : first + _BLOCK]
        logs = logarithms(matrices, whitener, where, rows).reshape(len(rows), n * n)
        traces = logs[:, :: n + 1].sum(axis=1)
        gradients += shares[:, rows] @ logs
        spreads += shares[:, rows] @ (np.sum(logs**2, axis=1) / n - (traces / n) ** 2)
    # Along X the gradient turns by (x/2) coth(x/2) X, x the differences of a log's eigenvalues.
    half = np.sqrt(np.maximum(spreads, 1e-12) / 2)
    paces = np.tanh(half) / half
    return [
        _Search(k, gradient, pace)
        for k, (gradient, pace) in enumerate(zip(gradients.reshape(-1, n, n), paces, strict=True))
    ]


def _evaluate(
    active: list[_Search],
    matrices: np.ndarray,
    subsets: Sequence[np.ndarray],
    whitener: np.ndarray,
    where: str,
) -> None:
    """Gradient at each search's place, as a step in the chart."""
    values, vectors = eigh(np.stack([search.log for search in active]))
    inverse = (vectors * np.exp(-values / 2)[:, None, :]) @ vectors.swapaxes(1, 2)
    factors = inverse @ whitener
    gradients = np.empty_like(inverse)
    for gradient, factor, search in zip(gradients, factors, active, strict=True):
        rows = subsets[search.subset]
        gradient[:] = log_sum(matrices, factor, where, rows) / len(rows)
    # d log(exp(S/2) exp(J) exp(S/2)) to first order in J, in the eigenvectors of S.
    half = (values[:, :, None] - values[:, None, :]) / 2
    shape = np.divide(half, np.sinh(half), out=np.ones_like(half), where=np.abs(half) > 1e-8)
    inside = vectors.swapaxes(1, 2) @ gradients @ vectors * shape
    steps = vectors @ inside @ vectors.swapaxes(1, 2)
    for search, step in zip(active, steps, strict=True):
        search.gradient = step


def _exp(matrices: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrices)
    return (vectors * np.exp(values)[..., None, :]) @ vectors.swapaxes(-1, -2)
