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
_PATIENCE = 4  # steps without progress that say so
_ITERATIONS = 60
_DEPTH = 5  # of Anderson's mixing
_BLOCK = 256


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
    matrices give every subset its first step. Then unit steps along the gradient
    (Moakher 2005, 10.1137/S0895479803436937), taken to the chart to first order and mixed by
    Anderson's method (Walker, Ni 2011, 10.1137/10078356X), until its norm is below 1e-9 sqrt(n),
    and one step more.

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
    gradients = _first_gradients(matrices, subsets, used, whitener, where)
    logs = np.empty_like(gradients)  # of the means, in the chart
    active = [_Search(k, np.zeros((n, n)), gradients[k]) for k in range(len(subsets))]
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
    """Steps towards the mean of one subset: logarithms in the chart, and the steps from there."""

    def __init__(self, subset: int, log: np.ndarray, step: np.ndarray):
        self.subset = subset
        self.log, self.step = log, step
        self.done = False
        self.best = log
        self.norms: list[float] = []
        self._logs: list[np.ndarray] = []
        self._steps: list[np.ndarray] = []

    def advance(self) -> np.ndarray:
        """Where to look next; the mean, once `done`."""
        norm = float(np.linalg.norm(self.step))
        limit = _TOLERANCE * np.sqrt(len(self.step))
        if norm > 2 * min(self.norms, default=np.inf):  # mixing went astray
            self._logs, self._steps = [], []
        self.norms.append(norm)
        self._logs = [*self._logs[-_DEPTH:], self.log.ravel()]
        self._steps = [*self._steps[-_DEPTH:], self.step.ravel()]
        here = self.log
        self.log = self._mixed()
        if norm == min(self.norms):
            self.best = self.log if norm < limit else here
        stale = len(self.norms) - 1 - int(np.argmin(self.norms)) >= _PATIENCE
        self.done = norm < limit or (stale and min(self.norms) < _FLOOR)
        return self.best if self.done else self.log

    def _mixed(self) -> np.ndarray:
        ahead = self.log + self.step
        if len(self._logs) == 1:
            return ahead
        steps = np.diff(self._steps, axis=0)  # (depth, n^2)
        weights = np.linalg.lstsq(steps.T, self._steps[-1], rcond=None)[0]
        mixed = ahead - (weights @ (np.diff(self._logs, axis=0) + steps)).reshape(ahead.shape)
        return (mixed + mixed.T) / 2


def _chart(mean: np.ndarray, where: str) -> tuple[np.ndarray, np.ndarray]:
    """A root G of the matrix, mean = G G', and its inverse."""
    values, vectors = full_rank_eigh(mean, where)
    return vectors * np.sqrt(values), (vectors / np.sqrt(values)).T


def _first_gradients(
    matrices: np.ndarray,
    subsets: Sequence[np.ndarray],
    used: np.ndarray,
    whitener: np.ndarray,
    where: str,
) -> np.ndarray:
    """Mean logarithm of every subset at the origin of the chart; each logarithm is taken once."""
    n = matrices.shape[-1]
    shares = np.zeros((len(subsets), len(matrices)))
    for share, rows in zip(shares, subsets, strict=True):
        np.add.at(share, rows, 1 / len(rows))
    total = np.zeros((len(subsets), n * n))
    for first in range(0, len(used), _BLOCK):
        rows = used[first : first + _BLOCK]
        logs = logarithms(matrices, whitener, where, rows)
        total += shares[:, rows] @ logs.reshape(len(rows), n * n)
    return total.reshape(-1, n, n)


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
        search.step = step


def _exp(matrices: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrices)
    return (vectors * np.exp(values)[..., None, :]) @ vectors.swapaxes(-1, -2)
