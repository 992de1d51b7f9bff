"""Symmetric positive definite matrices: moments, rank, functions, mean, logarithmic maps.

Riemannian here means the affine-invariant metric, d(A, B) = || log(A^-1/2 B A^-1/2) ||_F.
Matrices that references and projections made singular share one range: the geometry is then that
of the range (Bonnabel, Sepulchre 2009, 10.1137/080731347), and a warning says how large it is.
Means, tangent vectors and distances take torch tensors too, and give tensors then: `arrays`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from neurodecode.core.errors import DataError
from neurodecode.linalg._native.eigen import eigvalsh
from neurodecode.linalg.arrays import takes_tensors
from neurodecode.linalg.karcher import karcher_means
from neurodecode.linalg.logs import logarithms, squared_log_norms
from neurodecode.linalg.rank import RANK_TOLERANCE, check_positive, full_rank_eigh, range_basis


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


@takes_tensors
def riemannian_mean(matrices: np.ndarray, where: str = "Riemannian mean") -> np.ndarray:
    """Mean of matrices under the affine-invariant metric (Karcher mean).

    Parameters
    ----------
    matrices : float array, shape (n_matrices, n, n), symmetric positive definite
    where : str
        Named in errors and warnings.

    Returns
    -------
    mean : float64 array, shape (n, n)

    Raises
    ------
    DataError
        No matrices, one without full rank, or a mean that does not converge.

    Notes
    -----
    Singular matrices of one range have their mean in it. Steps along the gradient
    (Moakher 2005, 10.1137/S0895479803436937) until its norm is below 1e-9 sqrt(n); how: see
    `karcher`.

    Examples
    --------
    >>> riemannian_mean(np.array([np.diag([1.0, 4.0]), np.diag([4.0, 1.0])])).round(9).tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """
    return riemannian_means(matrices, [np.arange(len(matrices))], where)[0]


@takes_tensors
def riemannian_means(
    matrices: np.ndarray, subsets: Sequence[ArrayLike], where: str = "Riemannian means"
) -> np.ndarray:
    """Riemannian means of many subsets of one set of matrices: folds, classes, classes in folds.

    Parameters
    ----------
    matrices : float array, shape (n_matrices, n, n), symmetric positive definite
    subsets : sequence of int arrays
        Rows of `matrices`, one array for each mean; they may overlap.
    where : str
        Named in errors and warnings.

    Returns
    -------
    means : float64 array, shape (n_subsets, n, n)
        What `riemannian_mean` gives for each subset, to about 1e-9 of its norm, whichever other
        subsets are asked for: they share the first steps.

    Raises
    ------
    DataError
        An empty subset, a matrix without full rank, or a mean that does not converge.

    Examples
    --------
    >>> matrices = np.array([np.diag([1.0, 4.0]), np.diag([4.0, 1.0]), np.eye(2)])
    >>> riemannian_means(matrices, [[0, 1], [2]]).round(9)[:, 0, 0].tolist()
    [2.0, 1.0]
    """
    matrices = np.asarray(matrices, dtype=np.float64)
    every = np.arange(len(matrices))
    chosen = [every[rows] if len(rows) else every[:0] for rows in map(np.asarray, subsets)]
    for k, rows in enumerate(chosen):
        if not len(rows):
            raise DataError(f"{where}: no matrices to average", found=f"subset {k} is empty")
    if not chosen:
        return np.empty((0, *matrices.shape[1:]))
    basis = range_basis(matrices[np.unique(np.concatenate(chosen))].mean(axis=0), where)
    if basis is not None:
        return basis @ riemannian_means(basis.T @ matrices @ basis, chosen, where) @ basis.T
    means = np.empty((len(chosen), *matrices.shape[1:]))
    centres = np.stack([matrices[rows].mean(axis=0) for rows in chosen])
    whole = _has_full_rank(eigvalsh(centres))
    if whole.any():
        means[whole] = karcher_means(matrices, [chosen[k] for k in np.flatnonzero(whole)], where)
    for k in np.flatnonzero(~whole):  # those span less than all of them together
        means[k] = riemannian_mean(matrices[chosen[k]], where)
    return means


@takes_tensors
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
    >>> matrices = np.array([[[1.0, 0.5], [0.5, 1.0]]])
    >>> tangent_vectors(matrices, np.eye(2), "example").round(3).tolist()
    [[-0.144, 0.777, -0.144]]
    """
    basis = range_basis(reference)
    if basis is not None:
        matrices, reference = basis.T @ matrices @ basis, basis.T @ reference @ basis
    return upper_triangles(logarithms(matrices, inverse_sqrt(reference, where), where))


def upper_triangles(matrices: np.ndarray) -> np.ndarray:
    """Symmetric matrices as vectors of the same norm.

    Parameters
    ----------
    matrices : float array, shape (n_matrices, n, n), symmetric

    Returns
    -------
    vectors : float64 array, shape (n_matrices, n * (n + 1) / 2)
        Upper triangle by rows, off-diagonal entries times sqrt(2).

    Examples
    --------
    >>> upper_triangles(np.array([[[1.0, 2.0], [2.0, 3.0]]])).round(3).tolist()
    [[1.0, 2.828, 3.0]]
    """
    count, n, _ = matrices.shape
    rows, columns = np.triu_indices(n)
    vectors = matrices.reshape(count, n * n).take(n * rows + columns, axis=1)
    vectors *= np.where(rows == columns, 1.0, np.sqrt(2.0))
    return vectors


@takes_tensors
def squared_distances(matrices: np.ndarray, reference: np.ndarray, where: str) -> np.ndarray:
    """Squared affine-invariant distance of every matrix to a reference, or to several.

    Parameters
    ----------
    matrices : float array, shape (n_matrices, n, n), symmetric positive definite
    reference : float array, shape (n, n) or (n_references, n, n), symmetric positive definite
    where : str
        Named in the error.

    Returns
    -------
    distances : float64 array, shape (n_matrices,) or (n_matrices, n_references)

    Raises
    ------
    DataError
        A matrix does not span the range of a reference.

    Examples
    --------
    >>> (squared_distances(2 * np.eye(4)[None], np.eye(4), "example") ** 0.5).round(9)  # 2 log 2
    array([1.38629436])
    """
    several = np.reshape(np.asarray(reference, dtype=np.float64), (-1, *np.shape(reference)[-2:]))
    distances = np.empty((len(several), len(matrices)))
    for row, (basis, factor) in zip(distances, _factors(several, where), strict=True):
        inside = matrices if basis is None else basis.T @ matrices @ basis
        row[:] = squared_log_norms(inside, factor, where)
    return distances[0] if np.ndim(reference) == 2 else distances.T


@takes_tensors
def pairwise_squared_distances(matrices: np.ndarray, where: str = "distances") -> np.ndarray:
    """Squared affine-invariant distances between all matrices of a set.

    Parameters
    ----------
    matrices : float array, shape (n_matrices, n, n), symmetric positive definite
    where : str
        Named in errors and warnings.

    Returns
    -------
    distances : float64 array, shape (n_matrices, n_matrices), symmetric, zero on the diagonal

    Raises
    ------
    DataError
        A matrix spans less than all of them together.

    Examples
    --------
    >>> both = np.stack([np.eye(2), np.e * np.eye(2)])
    >>> pairwise_squared_distances(both).round(9).tolist()
    [[0.0, 2.0], [2.0, 0.0]]
    """
    matrices = np.asarray(matrices, dtype=np.float64)
    count = len(matrices)
    distances = np.zeros((count, count))
    basis = range_basis(matrices.mean(axis=0), where) if count else None
    inside = matrices if basis is None else basis.T @ matrices @ basis
    check_positive(eigvalsh(inside), where)
    for k, factor in enumerate(_inverse_roots(inside)):
        rows = np.arange(k + 1, count)
        distances[rows, k] = distances[k, rows] = squared_log_norms(inside, factor, where, rows)
    return distances


def _factors(references: np.ndarray, where: str) -> Iterator[tuple[np.ndarray | None, np.ndarray]]:
    """Of each reference R: a basis B of its range, or None, and F with F B'RB F' = identity."""
    whole = _has_full_rank(eigvalsh(references))
    inverse_roots = iter(_inverse_roots(references[whole]))
    for reference, full in zip(references, whole, strict=True):
        if full:
            yield None, next(inverse_roots)
        else:
            basis = range_basis(reference)
            inside = reference if basis is None else basis.T @ reference @ basis
            yield basis, inverse_sqrt(inside, where)


def _has_full_rank(values: np.ndarray) -> np.ndarray:
    return values[:, 0] > RANK_TOLERANCE * np.abs(values[:, -1])


def _inverse_roots(matrices: np.ndarray) -> np.ndarray:
    """Inverses of Cholesky factors: triangular, so that congruences take half the work."""
    return np.tril(np.linalg.inv(np.linalg.cholesky(matrices)))


def _rebuild(
    values: np.ndarray, vectors: np.ndarray, function: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    return (vectors * function(values)[..., None, :]) @ np.swapaxes(vectors, -1, -2)
