"""Symmetric positive definite matrices: moments, rank, functions, mean, logarithmic maps.

Riemannian here means the affine-invariant metric, d(A, B) = || log(A^-1/2 B A^-1/2) ||_F.
Matrices that references and projections made singular share one range: the geometry is then that
of the range (Bonnabel, Sepulchre 2009, 10.1137/080731347), and a warning says how large it is.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from neurodecode.core.errors import DataError
from neurodecode.linalg._native.eigen import eigh, eigvalsh

# Relative to the largest eigenvalue. Rounding of float32 data leaves 1e-15 in a direction that
# an average reference emptied; real recordings reach condition numbers of 1e8 at most.
RANK_TOLERANCE = 1e-12


def second_moment(x: np.ndarray) -> np.ndarray:
    """Mean of x(t) x(t)' over time, without removing the mean.

    Parameters
    ----------
    x : float array, shape (..., n_channels, n_times)

    Returns
    -------
    moment : float64 array, shape (..., n_channels, n_channels), unit of `x` squared

    Examples
    --------
    >>> second_moment(np.array([[1.0, -1.0], [2.0, -2.0]])).tolist()
    [[1.0, 2.0], [2.0, 4.0]]
    """
    n_channels, n_times = x.shape[-2:]
    out = np.empty((*x.shape[:-2], n_channels, n_channels))
    for index in np.ndindex(x.shape[:-2]):  # one trial at a time: no float64 copy of all data
        wide = x[index].astype(np.float64)
        out[index] = wide @ wide.T / n_times
    return out


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


def inverse_sqrt(matrix: np.ndarray, where: str = "inverse square root") -> np.ndarray:
    """Symmetric inverse square root.

    Parameters
    ----------
    matrix : float array, shape (..., n, n), symmetric positive definite
    where : str
        Named in the error.

    Returns
    -------
    root : float64 array, shape (..., n, n), with root @ matrix @ root = identity

    Raises
    ------
    DataError
        A matrix has not full rank.

    Examples
    --------
    >>> inverse_sqrt(np.diag([4.0, 0.25])).tolist()
    [[0.5, 0.0], [0.0, 2.0]]
    """
    return _rebuild(*full_rank_eigh(matrix, where), lambda values: 1 / np.sqrt(values))


def riemannian_mean(matrices: np.ndarray, where: str = "Riemannian mean") -> np.ndarray:
    """Mean of matrices under the affine-invariant metric (Karcher mean).

    Parameters
    ----------
    matrices : float array, shape (n_matrices, n, n), symmetric positive definite
    where : str
        Named in the error.

    Returns
    -------
    mean : float64 array, shape (n, n)

    Raises
    ------
    DataError
        A matrix has not full rank.

    Notes
    -----
    Singular matrices of one range have their mean in it. Gradient descent of unit step from the
    arithmetic mean, halved when the gradient grows, until the gradient's norm is below 1e-9 times
    sqrt(n).
    Source: Moakher 2005, 10.1137/S0895479803436937.

    Examples
    --------
    >>> riemannian_mean(np.array([np.diag([1.0, 4.0]), np.diag([4.0, 1.0])])).round(9).tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """
    matrices = np.asarray(matrices, dtype=np.float64)
    mean = matrices.mean(axis=0)
    basis = range_basis(mean, where)
    if basis is not None:
        return basis @ riemannian_mean(basis.T @ matrices @ basis, where) @ basis.T
    step, last = 1.0, np.inf
    for _ in range(60):
        values, vectors = full_rank_eigh(mean, where)
        root = _rebuild(values, vectors, np.sqrt)
        inverse = _rebuild(values, vectors, lambda v: 1 / np.sqrt(v))
        gradient = _log(inverse @ matrices @ inverse, where).mean(axis=0)
        norm = float(np.linalg.norm(gradient))
        step = step if norm < last else step / 2
        last = norm
        mean = root @ _rebuild(*np.linalg.eigh(step * gradient), np.exp) @ root
        if norm < 1e-9 * np.sqrt(len(mean)):
            break
    return mean


def riemannian_means(
    matrices: np.ndarray, subsets: Sequence[np.ndarray], where: str = "Riemannian means"
) -> np.ndarray:
    """Riemannian means of many subsets of one set of matrices: folds, classes, classes in folds.

    Parameters
    ----------
    matrices : float array, shape (n_matrices, n, n), symmetric positive definite
    subsets : sequence of int arrays
        Rows of `matrices`, one array for each mean; they may overlap.
    where : str
        Named in the error.

    Returns
    -------
    means : float64 array, shape (n_subsets, n, n)
        What `riemannian_mean` gives for each subset.

    Raises
    ------
    DataError
        A matrix has not full rank.

    Examples
    --------
    >>> matrices = np.array([np.diag([1.0, 4.0]), np.diag([4.0, 1.0]), np.eye(2)])
    >>> riemannian_means(matrices, [[0, 1], [2]]).round(9)[:, 0, 0].tolist()
    [2.0, 1.0]
    """
    matrices = np.asarray(matrices, dtype=np.float64)
    means = np.empty((len(subsets), *matrices.shape[1:]))
    for k, rows in enumerate(subsets):
        means[k] = riemannian_mean(matrices[np.asarray(rows)], where)
    return means


def tangent_vectors(matrices: np.ndarray, reference: np.ndarray, where: str) -> np.ndarray:
    """Logarithms at a reference as vectors whose Euclidean norm is the Riemannian distance.

    Parameters
    ----------
    matrices : float array, shape (n_matrices, n, n), symmetric positive definite
    reference : float array, shape (n, n), symmetric positive definite
    where : str
        Named in the error.

    Returns
    -------
    vectors : float64 array, shape (n_matrices, r * (r + 1) / 2), r the rank of the reference
        Upper triangle by rows of log(R^-1/2 M R^-1/2), off-diagonal entries times sqrt(2).

    Raises
    ------
    DataError
        A matrix does not span the range of the reference.

    Examples
    --------
    >>> tangent_vectors(np.diag([np.e, 1.0])[None], np.eye(2), "example").round(9).tolist()
    [[1.0, 0.0, 0.0]]
    """
    logs = _log(_whitened(matrices, reference, where), where)
    rows, columns = np.triu_indices(logs.shape[-1])
    return logs[:, rows, columns] * np.where(rows == columns, 1.0, np.sqrt(2.0))


def squared_distances(matrices: np.ndarray, reference: np.ndarray, where: str) -> np.ndarray:
    """Squared affine-invariant distance of every matrix to a reference.

    Parameters
    ----------
    matrices, reference, where : as in `tangent_vectors`

    Returns
    -------
    distances : float64 array, shape (n_matrices,)

    Raises
    ------
    DataError
        A matrix has not full rank.

    Examples
    --------
    >>> float(squared_distances(2 * np.eye(4)[None], np.eye(4), "example")[0] ** 0.5)  # 2 log 2
    1.3862943611198906
    """
    values = eigvalsh(_whitened(matrices, reference, where))
    check_positive(values, where)
    return np.sum(np.log(values) ** 2, axis=-1)


def _whitened(matrices: np.ndarray, reference: np.ndarray, where: str) -> np.ndarray:
    """Matrices seen from a reference, which becomes the identity (of its range)."""
    basis = range_basis(reference)
    if basis is not None:
        matrices, reference = basis.T @ matrices @ basis, basis.T @ reference @ basis
    inverse = inverse_sqrt(reference, where)
    return inverse @ matrices @ inverse


def _log(matrices: np.ndarray, where: str) -> np.ndarray:
    values, vectors = eigh(matrices)
    check_positive(values, where)
    return _rebuild(values, vectors, np.log)


def check_positive(values: np.ndarray, where: str) -> None:
    """Refuse the eigenvalues of matrices without full rank, (n_matrices, n), and name the first.

    Raises
    ------
    DataError
    """
    n = values.shape[-1]
    bad = np.flatnonzero(~(values[:, 0] > RANK_TOLERANCE * np.abs(values[:, -1])))
    if len(bad):
        rank = int((values[bad[0]] > RANK_TOLERANCE * np.abs(values[bad[0], -1])).sum())
        check_rank(min(rank, n - 1), n, f"{where}, trial {bad[0]} of {len(values)}")


def _rebuild(
    values: np.ndarray, vectors: np.ndarray, function: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    return (vectors * function(values)[..., None, :]) @ np.swapaxes(vectors, -1, -2)
