"""Logarithms of many positive definite matrices behind one congruence, log(F M F').

All that the affine-invariant geometry asks of a stack: each of them (tangent vectors), their norms
(distances), their sum (means). Kernels do the work where they can; the twin takes eigenvectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodecode.linalg._native.eigen import eigh, eigvalsh
from neurodecode.linalg._native.logs import fill
from neurodecode.linalg.rank import check_positive

_BLOCK = 256  # matrices at a time in the twin: larger stacks fall out of the cache


def logarithms(
    matrices: np.ndarray,
    factor: np.ndarray | None = None,
    where: str = "matrix logarithm",
    rows: np.ndarray | None = None,
) -> np.ndarray:
    """Symmetric logarithms log(F M F').

    Parameters
    ----------
    matrices : float array, shape (n_matrices, n, n), symmetric positive definite
    factor : float array, shape (n, n), default None: the identity
    where : str
        Named in the error.
    rows : int array, shape (count,), default None: all of the matrices

    Returns
    -------
    logarithms : float64 array, shape (count, n, n)
        One never depends on the others beside it.

    Raises
    ------
    DataError
        A matrix has not full rank.

    Examples
    --------
    >>> np.allclose(logarithms(np.diag([1.0, np.e])[None]), np.diag([0.0, 1.0]))
    True
    """
    matrices, rows = _prepared(matrices, rows)
    logs = np.empty((len(rows), *matrices.shape[1:]))
    done = fill(matrices, rows, factor, logs=logs)
    for left in _left(np.isnan(logs[:, 0, 0]) if done else None, len(rows)):
        values, vectors = eigh(_seen(matrices[rows[left]], factor))
        check_positive(values, where, rows[left], len(matrices))
        logs[left] = (vectors * np.log(values)[:, None, :]) @ vectors.swapaxes(1, 2)
    return logs


def squared_log_norms(
    matrices: np.ndarray,
    factor: np.ndarray | None = None,
    where: str = "matrix logarithm",
    rows: np.ndarray | None = None,
) -> np.ndarray:
    """Squared Frobenius norms of log(F M F').

    Parameters
    ----------
    matrices, factor, where, rows : as in `logarithms`

    Returns
    -------
    norms : float64 array, shape (count,)

    Raises
    ------
    DataError
        A matrix has not full rank.

    Examples
    --------
    >>> squared_log_norms(np.diag([1.0, np.e])[None]).round(9).tolist()
    [1.0]
    """
    matrices, rows = _prepared(matrices, rows)
    norms = np.empty(len(rows))
    done = fill(matrices, rows, factor, norms=norms)
    for left in _left(np.isnan(norms) if done else None, len(rows)):
        values = eigvalsh(_seen(matrices[rows[left]], factor))
        check_positive(values, where, rows[left], len(matrices))
        norms[left] = np.sum(np.log(values) ** 2, axis=1)
    return norms


def log_sum(
    matrices: np.ndarray,
    factor: np.ndarray | None = None,
    where: str = "matrix logarithm",
    rows: np.ndarray | None = None,
) -> np.ndarray:
    """Sum of the logarithms log(F M F').

    Parameters
    ----------
    matrices, factor, where, rows : as in `logarithms`

    Returns
    -------
    total : float64 array, shape (n, n)

    Raises
    ------
    DataError
        A matrix has not full rank.

    Examples
    --------
    >>> log_sum(np.stack([np.diag([1.0, np.e])] * 3))[1, 1].round(9)
    np.float64(3.0)
    """
    matrices, rows = _prepared(matrices, rows)
    total = np.empty(matrices.shape[1:])
    if fill(matrices, rows, factor, total=total) and not np.isnan(total[0, 0]):
        return total
    blocks = _left(None, len(rows))
    return np.sum(
        [logarithms(matrices, factor, where, rows[one]).sum(axis=0) for one in blocks], axis=0
    )


def _prepared(matrices: np.ndarray, rows: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    matrices = np.ascontiguousarray(matrices, dtype=np.float64)
    rows = np.arange(len(matrices)) if rows is None else np.ascontiguousarray(rows, dtype=np.int64)
    return matrices, rows


def _left(missing: np.ndarray | None, count: int) -> list[np.ndarray]:
    """Places that the twin fills, in blocks: all of them, or those that are missing."""
    places = np.arange(count) if missing is None else np.flatnonzero(missing)
    return [places[first : first + _BLOCK] for first in range(0, len(places), _BLOCK)]


def _seen(matrices: np.ndarray, factor: np.ndarray | None) -> Any:
    return matrices if factor is None else factor @ matrices @ factor.T
