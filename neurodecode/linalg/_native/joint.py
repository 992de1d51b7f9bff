"""Pham's joint diagonalization, one matrix in each lane; the twin is in `joint_diagonalization`."""

from __future__ import annotations

import numpy as np

from neurodecode.linalg._native.library import kernels


def pham_sweeps(
    matrices: np.ndarray, tolerance: float, max_sweeps: int
) -> tuple[np.ndarray, bool] | None:
    """Joint diagonalizer and whether its sweeps converged, or None where the twin must.

    Parameters
    ----------
    matrices : float64 array, shape (n_matrices, n, n), symmetric positive definite
    tolerance : float
        Decrease of the criterion in one sweep below which no other follows.
    max_sweeps : int

    Returns
    -------
    diagonalizer : float64 array, shape (n, n)
    converged : bool

    Examples
    --------
    >>> found = pham_sweeps(np.array([np.diag([1.0, 2.0]), np.diag([3.0, 1.0])]), 1e-6, 20)
    >>> found is None or (found[0].tolist(), found[1])
    ([[1.0, 0.0], [0.0, 1.0]], True)
    """
    found = kernels()
    if found is None:
        return None
    stack = np.ascontiguousarray(matrices, dtype=np.float64)
    count, n = stack.shape[:2]
    rows = np.eye(n)
    taken = found.joint(stack.ctypes.data, count, n, tolerance, max_sweeps, rows.ctypes.data)
    if taken < 0:
        raise MemoryError(f"no room to diagonalize {count} matrices of {n} x {n}")
    return rows, taken > 0
