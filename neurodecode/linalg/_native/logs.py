"""Logarithms of positive definite matrices, one in each lane; the twin is in `linalg.logs`."""

from __future__ import annotations

from functools import cache

import numpy as np

from neurodecode.linalg._native.library import kernels

# Largest matrix that lanes finish before LAPACK (benchmarks/native.py).
_LARGEST = 128
_NODES, _MOST = 8, 48  # as in logs.h
_LARGEST_CONDITION = 1e12  # beyond, a matrix has lost rank, and the twin is to say so
_DIGITS = 31.0  # of exp(-31) = 3e-14; see `rules`


def fill(
    matrices: np.ndarray,
    rows: np.ndarray,
    factor: np.ndarray | None,
    logs: np.ndarray | None = None,
    norms: np.ndarray | None = None,
    total: np.ndarray | None = None,
) -> bool:
    """Write log(F M F') of some matrices M; False where the twin must.

    Parameters
    ----------
    matrices : float64 array, shape (n_matrices, n, n), symmetric; lower triangles are read
    rows : int64 array, shape (count,)
        Which of them.
    factor : float64 array, shape (n, n), or None, the identity
    logs : float64 array, shape (count, n, n), to fill
    norms : float64 array, shape (count,), to fill with the squared norms of the logarithms
    total : float64 array, shape (n, n), to fill with the sum of the logarithms
        Matrices that are not positive definite, or nearly so, leave NaN in all three.

    Examples
    --------
    >>> norms = np.empty(1)
    >>> done = fill(np.diag([1.0, np.e])[None], np.array([0]), None, norms=norms)
    >>> not done or bool(abs(norms[0] - 1) < 1e-12)
    True
    """
    found, n = kernels(), matrices.shape[-1]
    if found is None or not 0 < n <= _LARGEST or not matrices.flags.c_contiguous:
        return False
    table = rules()
    if factor is not None:
        factor = np.ascontiguousarray(factor)
    status = found.logs(
        matrices.ctypes.data, rows.ctypes.data, len(rows), n, _address(factor),
        table.ctypes.data, len(table), _address(logs), _address(norms), _address(total),
    )  # fmt: skip
    if status:
        raise MemoryError(f"no room for logarithms of {n} x {n} matrices")
    return True


def _address(array: np.ndarray | None) -> int | None:
    return None if array is None else array.ctypes.data


@cache
def rules() -> np.ndarray:
    """Weights and nodes of log x = sum of w / (1 + t) - w / (x + t), by condition number.

    Returns
    -------
    rules : float64 array, shape (n_rules, 98)
        The condition number c that the rule is good for, x from c^-1/2 to c^1/2; how many nodes;
        48 nodes t; 48 weights w.

    Notes
    -----
    The integral log x = int (x - 1) / ((1 + t) (x + t)) dt over t > 0 with t = c^-1/2 sc(u, k)^2,
    k^2 = 1 - 1 / c, which maps the quarter period K of Jacobi's function sc onto t > 0. In
    u the integrand is an odd function around both ends, sin(pi u / K) times a function of
    cos(pi u / K): Gauss and Legendre's rule in that cosine converges as exp(-pi^2 N / K), the
    rate of the best rational functions.
    Compare Hale, Higham, Trefethen 2008, 10.1137/070700607, whose nodes for log are complex.

    Examples
    --------
    >>> rule = rules()[1]  # 16 nodes
    >>> t, w = rule[2:18], rule[50:66]
    >>> float(np.sum(w / (1 + t) - w / (2 + t)).round(9))  # log 2
    0.693147181
    """
    from scipy.special import ellipj, ellipkm1

    table = np.zeros((_MOST // _NODES, 2 + 2 * _MOST))
    for row, n_nodes in zip(table, range(_NODES, _MOST + 1, _NODES), strict=True):
        condition = _condition(np.pi**2 * n_nodes / _DIGITS)
        quarter = ellipkm1(1 / condition)
        cosines, weights = np.polynomial.legendre.leggauss(n_nodes)
        cosines, weights = cosines[n_nodes // 2 :], weights[n_nodes // 2 :]  # t(K - u) = 1 / t(u)
        u = quarter / np.pi * np.arccos(cosines)
        sn, cn, dn, _ = ellipj(u, 1 - 1 / condition)
        half = (sn / cn) ** 2 / np.sqrt(condition)
        nodes = np.concatenate([half, 1 / half])
        density = weights * quarter / np.pi * 2 * dn / (sn * cn) / np.sin(np.pi * u / quarter)
        row[:2] = condition, n_nodes
        row[2 : 2 + n_nodes] = nodes
        row[2 + _MOST : 2 + _MOST + n_nodes] = nodes * np.concatenate([density, density])
    table[-1, 0] = min(table[-1, 0], _LARGEST_CONDITION)
    return table


def _condition(quarter: float) -> float:
    """Condition number whose quarter period K(1 - 1 / c) this is, by bisection of its logarithm."""
    from scipy.special import ellipkm1

    low, high = 0.0, 60.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if ellipkm1(np.exp(-middle)) < quarter else (low, middle)
    return float(np.exp(low))
