"""Eigenproblems of stacks of small symmetric matrices, one matrix in each lane."""

from __future__ import annotations

import numpy as np

from neurodecode.linalg._native.library import Kernels, kernels

# Largest matrix for each number of lanes; LAPACK, blocked, overtakes them beyond
# (benchmarks/native.py; eight lanes: not measured, as four).
_LARGEST = {2: 48, 4: 96, 8: 96}


def eigh(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues and eigenvectors, as `numpy.linalg.eigh`, the twin, defines them.

    A matrix's result does not depend on its neighbours in the stack.

    Parameters
    ----------
    matrices : float array, shape (..., n, n), symmetric; lower triangles are read

    Returns
    -------
    values : float64 array, shape (..., n), ascending
    vectors : float64 array, shape (..., n, n), in columns

    Examples
    --------
    >>> values, vectors = eigh(np.array([np.diag([2.0, 1.0]), np.diag([3.0, 5.0])]))
    >>> values.tolist()
    [[1.0, 2.0], [3.0, 5.0]]
    """
    found = kernels()
    wide = np.ascontiguousarray(matrices, dtype=np.float64)
    if found is not None and _fits(wide, found):
        values, vectors = np.empty(wide.shape[:-1]), np.empty(wide.shape)
        if _solve(found, wide, values, vectors):
            return values, vectors
    values, vectors = np.linalg.eigh(wide)  # also after a failure: it says what is wrong
    return values, vectors


def eigvalsh(matrices: np.ndarray) -> np.ndarray:
    """Eigenvalues alone, as `numpy.linalg.eigvalsh` gives them.

    Parameters
    ----------
    matrices : float array, shape (..., n, n), symmetric; lower triangles are read

    Returns
    -------
    values : float64 array, shape (..., n), ascending

    Examples
    --------
    >>> eigvalsh(np.diag([2.0, 1.0])[None]).tolist()
    [[1.0, 2.0]]
    """
    found = kernels()
    wide = np.ascontiguousarray(matrices, dtype=np.float64)
    if found is not None and _fits(wide, found):
        values = np.empty(wide.shape[:-1])
        if _solve(found, wide, values, None):
            return values
    return np.linalg.eigvalsh(wide)


def _fits(matrices: np.ndarray, found: Kernels) -> bool:
    """True for a stack of square matrices that lanes solve faster than LAPACK.

    However few they are: a result that changed with the size of the stack, if only in its last
    bit, would make a trial's prediction depend on the company it is in.
    """
    *stack, n_rows, n = matrices.shape
    square = len(stack) > 0 and n_rows == n
    return square and n <= _LARGEST[found.lanes] and matrices.size > 0


def _solve(
    found: Kernels, matrices: np.ndarray, values: np.ndarray, vectors: np.ndarray | None
) -> bool:
    """Fill `values` and `vectors`; False when some matrix was not solved."""
    n = matrices.shape[-1]
    bad = found.eigen(
        matrices.ctypes.data, matrices.size // n**2, n, values.ctypes.data,
        None if vectors is None else vectors.ctypes.data,
    )  # fmt: skip
    if bad < 0:
        raise MemoryError(f"no room for eigenproblems of {n} x {n} matrices")
    return bad == 0
