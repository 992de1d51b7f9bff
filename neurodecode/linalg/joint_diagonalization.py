"""One matrix that makes several covariances as diagonal as they can become together."""

from __future__ import annotations

import warnings
from math import sqrt

import numpy as np

from neurodecode.linalg._native.eigen import eigvalsh
from neurodecode.linalg._native.joint import pham_sweeps
from neurodecode.linalg.rank import check_positive

_TOLERANCE = 1e-6  # per ordered pair of rows
_NEVER_APART = 1e-9  # stands in for the difference of two diagonals that are proportional


def joint_diagonalizer(
    matrices: np.ndarray, max_sweeps: int = 20, where: str = "joint diagonalization"
) -> np.ndarray:
    """Matrix V for which all ``V C V'`` are as diagonal as they can become together.

    Parameters
    ----------
    matrices : float array, shape (n_matrices, n, n), symmetric positive definite
    max_sweeps : int, default 20
    where : str
        Named in errors and warnings.

    Returns
    -------
    diagonalizer : float64 array, shape (n, n)
        Components in rows; their sizes and signs are arbitrary.

    Raises
    ------
    DataError
        A matrix has not full rank.

    Notes
    -----
    Least mean Kullback-Leibler divergence of ``V C V'`` from their own diagonals, lowered pair of
    rows by pair of rows, from the identity on, until a sweep lowers it by less than 1e-6 for each
    pair. On pooled covariances that is far from the optimum: where it stops is part of the
    result, and is as in `pyriemann.geometry.ajd.ajd_pham`. Reaching `max_sweeps` gives a warning.
    Source: Pham 2001, 10.1137/S089547980035689X.

    Examples
    --------
    >>> mixing = np.array([[2.0, 1.0], [1.0, 3.0]])
    >>> matrices = np.array([mixing @ np.diag(d) @ mixing.T for d in ([1.0, 2.0], [3.0, 1.0])])
    >>> np.abs(joint_diagonalizer(matrices) @ mixing).round(6)[[0, 1], [1, 0]].tolist()
    [0.0, 0.0]
    """
    matrices = np.ascontiguousarray(matrices, dtype=np.float64)
    check_positive(eigvalsh(matrices), where)
    n = matrices.shape[1]
    tolerance = n * (n - 1) * _TOLERANCE
    done = pham_sweeps(matrices, tolerance, max_sweeps)
    diagonalizer, converged = done or _sweeps(matrices, tolerance, max_sweeps)
    if not converged:
        warnings.warn(
            f"{where}: joint diagonalization of {len(matrices)} matrices has not settled after "
            f"{max_sweeps} sweeps; the last sweep is used",
            stacklevel=3,
        )
    return diagonalizer


def _sweeps(matrices: np.ndarray, tolerance: float, max_sweeps: int) -> tuple[np.ndarray, bool]:
    """What `pham_sweeps` computes, in NumPy."""
    stack = np.ascontiguousarray(matrices.transpose(1, 2, 0))  # (n, n, n_matrices)
    rows = np.eye(len(stack))
    for _ in range(max_sweeps):
        decrease = 0.0
        for i in range(1, len(stack)):
            for j in range(i):
                to_i, to_j, promised = _pair_step(stack[i, i], stack[j, j], stack[i, j])
                decrease += promised
                for part in (stack, stack.swapaxes(0, 1), rows):
                    part[i], part[j] = part[i] + to_i * part[j], part[j] + to_j * part[i]
        if decrease < tolerance:
            return rows, True
    return rows, False


def _pair_step(
    first: np.ndarray, second: np.ndarray, between: np.ndarray
) -> tuple[float, float, float]:
    """How much of the second row goes to the first, of the first to the second, and the gain."""
    n_matrices = len(first)
    by_first, by_second = 1 / (n_matrices * first), 1 / (n_matrices * second)
    # Means over matrices as inner products: a tenth of the time of np.mean on so few numbers.
    g12, g21 = float(between @ by_first), float(between @ by_second)
    omega12, omega21 = float(second @ by_first), float(first @ by_second)
    omega, ratio = sqrt(omega12 * omega21), sqrt(omega21 / omega12)
    even = (ratio * g12 + g21) / (omega + 1)
    odd = (ratio * g12 - g21) / max(omega - 1, _NEVER_APART)
    h12, h21 = even + odd, (even - odd) / ratio
    half = 1 + sqrt(1 - h12 * h21)
    return -h12 / half, -h21 / half, n_matrices * (g12 * h12 + g21 * h21) / 2
