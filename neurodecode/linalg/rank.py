"""Rank of positive semidefinite matrices: what is refused, and what a singular one spans."""

from __future__ import annotations

import warnings

import numpy as np

from neurodecode.core.errors import DataError
from neurodecode.linalg._native.eigen import eigh

# Relative to the largest eigenvalue. Rounding of float32 data leaves 1e-15 in a direction that
# an average reference emptied; real recordings reach condition numbers of 1e8 at most.
RANK_TOLERANCE = 1e-12


def check_rank(rank: int, n_channels: int, where: str) -> None:
    """Refuse rank-deficient covariances before a logarithm or an inverse meets them.

    Parameters
    ----------
    rank, n_channels : int
    where : str
        The step and what it looked at.

    Raises
    ------
    DataError
        `rank` is below `n_channels`.

    Examples
    --------
    >>> check_rank(8, 8, "Covariance")
    """
    if rank < n_channels:
        lost = n_channels - rank
        raise DataError(
            f"{where}: covariance without full rank",
            found=f"rank {rank}",
            expected=f"{n_channels}, one for each channel. Usual causes: average reference, "
            "interpolated channels, removed components, fewer samples than channels",
            fix=f"Covariance('oas'), or leave out {lost} channel{'s' * (lost > 1)} with "
            "epochs.pick(...): the others determine what a reference or projection took",
        )


def check_positive(
    values: np.ndarray, where: str, trials: np.ndarray | None = None, n_trials: int | None = None
) -> None:
    """Refuse the eigenvalues of matrices without full rank, and name the first.

    Parameters
    ----------
    values : float array, shape (n_matrices, n), ascending
    where : str
        Named in the error.
    trials : int array, shape (n_matrices,), default None: their order
        Which trials they are, out of `n_trials`.
    n_trials : int, default None: how many there are

    Raises
    ------
    DataError

    Examples
    --------
    >>> check_positive(np.array([[0.5, 1.0]]), "example")
    """
    n = values.shape[-1]
    bad = np.flatnonzero(~(values[:, 0] > RANK_TOLERANCE * np.abs(values[:, -1])))
    if len(bad):
        rank = int((values[bad[0]] > RANK_TOLERANCE * np.abs(values[bad[0], -1])).sum())
        trial = bad[0] if trials is None else trials[bad[0]]
        check_rank(min(rank, n - 1), n, f"{where}, trial {trial} of {n_trials or len(values)}")


def full_rank_eigh(matrix: np.ndarray, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues and eigenvectors of matrices that must be positive definite.

    Parameters
    ----------
    matrix : float array, shape (..., n, n), symmetric
    where : str
        Named in the error.

    Returns
    -------
    values, vectors : float64 arrays, shapes (..., n) and (..., n, n)

    Raises
    ------
    DataError
        A matrix has an eigenvalue below 1e-12 of its largest.

    Examples
    --------
    >>> full_rank_eigh(np.diag([2.0, 1.0]), "example")[0].tolist()
    [1.0, 2.0]
    """
    values, vectors = eigh(matrix)
    ranks = (values > RANK_TOLERANCE * np.abs(values[..., -1:])).sum(axis=-1)
    check_rank(int(ranks.min(initial=values.shape[-1])), values.shape[-1], where)
    return values, vectors


def range_basis(
    matrix: np.ndarray, where: str | None = None, rank: int | None = None
) -> np.ndarray | None:
    """Orthonormal basis of what a singular matrix spans; None for one of full rank.

    Parameters
    ----------
    matrix : float array, shape (n, n), symmetric positive semidefinite
    where : str, optional
        Who learns here: a singular matrix then gives a warning that names it.
    rank : int, optional
        Rank known beforehand; the matrix may show less, and no more is believed.

    Returns
    -------
    basis : float64 array, shape (n, rank), or None

    Examples
    --------
    >>> range_basis(np.eye(2)) is None, range_basis(np.diag([0.0, 1.0])).tolist()
    (True, [[0.0], [1.0]])
    """
    values, vectors = np.linalg.eigh(matrix)
    n = len(values)
    seen = int((values > RANK_TOLERANCE * np.abs(values[-1])).sum())
    rank = seen if rank is None else min(rank, seen)
    if rank in (0, n):
        return None
    if where is not None:
        warnings.warn(
            f"{where}: covariances of {n} channels have rank {rank} (what references, "
            f"interpolation and removed components leave); they are projected on these {rank} "
            "dimensions",
            stacklevel=3,
        )
    return vectors[:, n - rank :]
