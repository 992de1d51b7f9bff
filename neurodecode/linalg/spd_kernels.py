"""Kernel matrices of positive definite matrices, for support vector machines and their kind.

pyRiemann's kernels without the 1e-10 that it adds to the diagonal.
"""

from __future__ import annotations

import numpy as np

from neurodecode.core.errors import DataError
from neurodecode.linalg.arrays import takes_tensors
from neurodecode.linalg.spd import (
    pairwise_squared_distances,
    riemannian_mean,
    squared_distances,
    tangent_vectors,
)


@takes_tensors
def log_euclidean_kernel(
    matrices: np.ndarray, others: np.ndarray | None = None, where: str = "log-Euclidean kernel"
) -> np.ndarray:
    """Inner products tr(log A log B).

    Parameters
    ----------
    matrices : float array, shape (n_matrices, n, n), symmetric positive definite
    others : float array, shape (n_others, n, n), default None: `matrices` again
    where : str
        Named in the error.

    Returns
    -------
    kernel : float64 array, shape (n_matrices, n_others)

    Raises
    ------
    DataError
        A matrix has not full rank.

    Notes
    -----
    Source: Arsigny et al. 2007, 10.1137/050637996 (the inner product).

    Examples
    --------
    >>> log_euclidean_kernel(np.e * np.eye(2)[None]).round(9).tolist()
    [[2.0]]
    """
    return riemannian_kernel(matrices, others, np.eye(np.shape(matrices)[-1]), where)


@takes_tensors
def riemannian_kernel(
    matrices: np.ndarray,
    others: np.ndarray | None = None,
    reference: np.ndarray | None = None,
    where: str = "Riemannian kernel",
) -> np.ndarray:
    """Inner products of tangent vectors at a reference.

    Parameters
    ----------
    matrices, others : as in `log_euclidean_kernel`
    reference : float array, shape (n, n), default None: the Riemannian mean of `matrices`
    where : str
        Named in the error.

    Returns
    -------
    kernel : float64 array, shape (n_matrices, n_others)

    Raises
    ------
    DataError
        A matrix does not span the range of the reference.

    Notes
    -----
    Source: Barachant et al. 2013, hal-00820475.

    Examples
    --------
    >>> both = np.stack([np.eye(2), np.e * np.eye(2)])
    >>> riemannian_kernel(both).round(9).tolist()  # their mean lies in the middle
    [[0.5, -0.5], [-0.5, 0.5]]
    """
    if reference is None:
        reference = riemannian_mean(matrices, where)
    vectors = tangent_vectors(matrices, reference, where)
    if others is None:
        return vectors @ vectors.T  # half of it computed: BLAS sees the symmetry
    return vectors @ tangent_vectors(others, reference, where).T


@takes_tensors
def gaussian_kernel(
    matrices: np.ndarray,
    others: np.ndarray | None = None,
    *,
    gamma: float,
    where: str = "Gaussian kernel",
) -> np.ndarray:
    """exp(-gamma d(A, B)^2) of affine-invariant distances.

    Parameters
    ----------
    matrices, others : as in `log_euclidean_kernel`
    gamma : float, > 0
    where : str
        Named in the error.

    Returns
    -------
    kernel : float64 array, shape (n_matrices, n_others)

    Raises
    ------
    DataError
        gamma is not positive, or a matrix has not full rank.

    Notes
    -----
    Not positive definite for every gamma: the metric is curved (Jayasumana et al. 2015,
    arXiv:1412.0265).

    Examples
    --------
    >>> both = np.stack([np.eye(2), np.e * np.eye(2)])
    >>> gaussian_kernel(both, gamma=0.5).round(3).tolist()  # d^2 = 2
    [[1.0, 0.368], [0.368, 1.0]]
    """
    if not gamma > 0:
        raise DataError(f"{where}: no such width", found=f"gamma={gamma}", expected="above 0")
    if others is None:
        return np.exp(-gamma * pairwise_squared_distances(matrices, where))
    return np.exp(-gamma * squared_distances(matrices, others, where))
