"""Means, distances and geodesics of positive definite matrices, by the metric that defines them.

Names and definitions are pyRiemann's. Matrices that references and projections made singular share
one range; all of this then happens inside it, as in `spd`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.linalg._native.eigen import eigh, eigvalsh
from neurodecode.linalg.logs import log_sum, logarithms
from neurodecode.linalg.rank import check_positive, full_rank_eigh, range_basis
from neurodecode.linalg.spd import (
    inverse_sqrt,
    riemannian_mean,
    riemannian_means,
    squared_distances,
)

_TOLERANCE = 1e-12  # of the matrix's norm; fixed points below converge linearly
_ITERATIONS = 500


def check_metric(metric: str, where: str) -> None:
    """Refuse unknown metrics.

    Raises
    ------
    DataError

    Examples
    --------
    >>> check_metric("riemann", "example")
    """
    if metric not in METRICS:
        raise DataError(
            f"{where}: no such metric",
            found=repr(metric),
            expected=", ".join(map(repr, METRICS)),
            fix=did_you_mean(str(metric), METRICS) or "metric='riemann'",
        )


def metric_mean(matrices: np.ndarray, metric: str, where: str = "mean") -> np.ndarray:
    """Mean of matrices: the point of least summed squared distance under a metric.

    Parameters
    ----------
    matrices : float array, shape (n_matrices, n, n), symmetric positive definite
    metric : str, one of `METRICS`
    where : str
        Named in errors and warnings.

    Returns
    -------
    mean : float64 array, shape (n, n)

    Raises
    ------
    DataError
        An unknown metric, or a matrix that spans less than the others.

    Notes
    -----
    "euclid", "harmonic" and "logeuclid" are arithmetic means of the matrices, their inverses and
    their logarithms (Arsigny et al. 2007, 10.1137/050637996); "kullback_sym" is the geometric
    mean of the first two (Moakher, Batchelor 2006, 10.1007/3-540-31272-2_17); "logdet" (Sra 2012,
    NeurIPS) and "wasserstein" (Agueh, Carlier 2011, hal-00637399) are fixed points, run until
    they move by less than 1e-12 of their norm; "riemann" is `riemannian_mean`.

    Examples
    --------
    >>> pair = np.array([np.diag([1.0, 4.0]), np.diag([4.0, 1.0])])
    >>> [float(metric_mean(pair, name)[0, 0].round(3)) for name in ("euclid", "logeuclid")]
    [2.5, 2.0]
    """
    check_metric(metric, where)
    matrices = np.asarray(matrices, dtype=np.float64)
    basis = range_basis(matrices.mean(axis=0), where)
    if basis is not None:
        return basis @ metric_mean(basis.T @ matrices @ basis, metric, where) @ basis.T
    if metric not in ("euclid", "riemann"):  # the one needs no rank, the other looks itself
        check_positive(eigvalsh(matrices), where)
    return METRICS[metric][0](matrices, where)


def metric_means(
    matrices: np.ndarray, subsets: Sequence[ArrayLike], metric: str, where: str = "means"
) -> np.ndarray:
    """Means of many subsets of one set of matrices, under a metric.

    Parameters
    ----------
    matrices : float array, shape (n_matrices, n, n), symmetric positive definite
    subsets : sequence of int arrays
        Rows of `matrices`, one array for each mean; they may overlap.
    metric, where : as in `metric_mean`

    Returns
    -------
    means : float64 array, shape (n_subsets, n, n)

    Raises
    ------
    DataError
        As `metric_mean` and `riemannian_means`.

    Examples
    --------
    >>> matrices = np.array([np.diag([1.0, 4.0]), np.diag([4.0, 1.0])])
    >>> metric_means(matrices, [[0, 1], [1]], "euclid")[:, 0, 0].tolist()
    [2.5, 4.0]
    """
    check_metric(metric, where)
    if metric == "riemann":
        return riemannian_means(matrices, subsets, where)
    return np.stack([metric_mean(matrices[np.asarray(rows)], metric, where) for rows in subsets])


def metric_squared_distances(
    matrices: np.ndarray, reference: np.ndarray, metric: str, where: str = "distance"
) -> np.ndarray:
    """Squared distance of every matrix to a reference, or to several, under a metric.

    Parameters
    ----------
    matrices : float array, shape (n_matrices, n, n), symmetric positive definite
    reference : float array, shape (n, n) or (n_references, n, n), symmetric positive definite
    metric, where : as in `metric_mean`

    Returns
    -------
    distances : float64 array, shape (n_matrices,) or (n_matrices, n_references)
        "kullback_sym" is squared too, although a divergence is no distance: as in pyRiemann.

    Raises
    ------
    DataError
        An unknown metric, or a matrix that does not span the range of the reference.

    Examples
    --------
    >>> float(metric_squared_distances(2 * np.eye(4)[None], np.eye(4), "euclid")[0])
    4.0
    """
    check_metric(metric, where)
    matrices = np.asarray(matrices, dtype=np.float64)
    if metric == "riemann":  # shares what it can, and looks at ranks itself
        return squared_distances(matrices, reference, where)
    if np.ndim(reference) == 3:
        each = [metric_squared_distances(matrices, one, metric, where) for one in reference]
        return np.stack(each, axis=1)
    basis = range_basis(reference)
    if basis is not None:
        matrices, reference = basis.T @ matrices @ basis, basis.T @ reference @ basis
    if metric != "euclid":  # needs no rank
        check_positive(eigvalsh(matrices), where)
    return METRICS[metric][1](matrices, reference, where)


def geodesic(start: np.ndarray, end: np.ndarray, share: float | np.ndarray) -> np.ndarray:
    """Point on the Riemannian geodesic: `start` at share 0, `end` at share 1.

    Parameters
    ----------
    start, end : float array, shape (n, n), symmetric positive definite
    share : float, 0 to 1

    Returns
    -------
    point : float64 array, shape (n, n)

    Raises
    ------
    DataError
        A matrix has not full rank.

    Examples
    --------
    >>> geodesic(np.eye(2), 4 * np.eye(2), 0.5).round(9).tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """
    root, inverse = power(start, 0.5), inverse_sqrt(start, "geodesic")
    return root @ power(inverse @ end @ inverse, share) @ root


def power(matrices: np.ndarray, exponent: float | np.ndarray) -> np.ndarray:
    """Symmetric power of matrices.

    Parameters
    ----------
    matrices : float array, shape (..., n, n), symmetric positive definite
    exponent : float

    Returns
    -------
    powers : float64 array, shape of `matrices`

    Raises
    ------
    DataError
        A matrix has not full rank.

    Examples
    --------
    >>> power(np.diag([4.0, 9.0]), 0.5).tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    values, vectors = full_rank_eigh(matrices, "matrix power")
    return _function(values**exponent, vectors)


def logarithm(matrices: np.ndarray, where: str = "matrix logarithm") -> np.ndarray:
    """Symmetric logarithm of matrices.

    Parameters
    ----------
    matrices : float array, shape (..., n, n), symmetric positive definite
    where : str, named in the error

    Returns
    -------
    logarithms : float64 array, shape of `matrices`

    Raises
    ------
    DataError
        A matrix has not full rank.

    Examples
    --------
    >>> logarithm(np.diag([1.0, np.e])).tolist()
    [[0.0, 0.0], [0.0, 1.0]]
    """
    values, vectors = full_rank_eigh(matrices, where)
    return _function(np.log(values), vectors)


def from_tangent(vectors: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Matrices of tangent vectors: the inverse of `spd.tangent_vectors`.

    Parameters
    ----------
    vectors : float array, shape (n_matrices, n * (n + 1) / 2)
    reference : float array, shape (n, n), symmetric positive definite

    Returns
    -------
    matrices : float64 array, shape (n_matrices, n, n)

    Raises
    ------
    DataError
        The reference has not full rank.

    Examples
    --------
    >>> from_tangent(np.array([[1.0, 0.0, 0.0]]), np.eye(2)).round(3).tolist()
    [[[2.718, 0.0], [0.0, 1.0]]]
    """
    n = len(reference)
    rows, columns = np.triu_indices(n)
    logs = np.zeros((len(vectors), n, n))
    logs[:, rows, columns] = vectors / np.where(rows == columns, 1.0, np.sqrt(2.0))
    logs[:, columns, rows] = logs[:, rows, columns]
    values, axes = eigh(logs)
    root = power(reference, 0.5)
    return root @ _function(np.exp(values), axes) @ root


def _function(values: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    return (vectors * values[..., None, :]) @ np.swapaxes(vectors, -1, -2)


# ------------------------------------------------------------------ means
def _euclid_mean(matrices: np.ndarray, where: str) -> np.ndarray:
    return matrices.mean(axis=0)


def _harmonic_mean(matrices: np.ndarray, where: str) -> np.ndarray:
    return np.linalg.inv(np.linalg.inv(matrices).mean(axis=0))


def _logeuclid_mean(matrices: np.ndarray, where: str) -> np.ndarray:
    values, vectors = np.linalg.eigh(log_sum(matrices, where=where) / len(matrices))
    return _function(np.exp(values), vectors)


def _kullback_sym_mean(matrices: np.ndarray, where: str) -> np.ndarray:
    return geodesic(matrices.mean(axis=0), _harmonic_mean(matrices, where), 0.5)


def _logdet_mean(matrices: np.ndarray, where: str) -> np.ndarray:
    return _fixed_point(
        lambda mean: np.linalg.inv(np.linalg.inv((matrices + mean) / 2).mean(axis=0)),
        matrices.mean(axis=0),
        where,
    )


def _wasserstein_mean(matrices: np.ndarray, where: str) -> np.ndarray:
    def improved(mean: np.ndarray) -> np.ndarray:
        root, inverse = power(mean, 0.5), power(mean, -0.5)
        inner = power(root @ matrices @ root, 0.5).mean(axis=0)
        return inverse @ inner @ inner @ inverse

    return _fixed_point(improved, matrices.mean(axis=0), where)


def _fixed_point(
    improved: Callable[[np.ndarray], np.ndarray], start: np.ndarray, where: str
) -> np.ndarray:
    mean = start
    for _ in range(_ITERATIONS):
        last, mean = mean, improved(mean)
        if np.linalg.norm(mean - last) <= _TOLERANCE * np.linalg.norm(mean):
            return mean
    raise DataError(
        f"{where}: the mean does not converge",
        found=f"{_ITERATIONS} iterations",
        expected="matrices of similar scale and condition",
        fix="metric='logeuclid', which needs no iterations",
    )


# ------------------------------------------------------------------ squared distances
def _euclid_distances(matrices: np.ndarray, reference: np.ndarray, where: str) -> np.ndarray:
    return np.sum((matrices - reference) ** 2, axis=(1, 2))


def _harmonic_distances(matrices: np.ndarray, reference: np.ndarray, where: str) -> np.ndarray:
    return _euclid_distances(np.linalg.inv(matrices), np.linalg.inv(reference), where)


def _logeuclid_distances(matrices: np.ndarray, reference: np.ndarray, where: str) -> np.ndarray:
    return _euclid_distances(logarithms(matrices, where=where), logarithm(reference, where), where)


def _kullback_sym_distances(matrices: np.ndarray, reference: np.ndarray, where: str) -> np.ndarray:
    # The two halves of the divergence; their log-determinants cancel.
    there = np.trace(np.linalg.solve(reference, matrices), axis1=1, axis2=2)
    back = np.trace(np.linalg.solve(matrices, reference[None]), axis1=1, axis2=2)
    return ((there + back) / 2 - len(reference)) ** 2


def _logdet_distances(matrices: np.ndarray, reference: np.ndarray, where: str) -> np.ndarray:
    middle = np.linalg.slogdet((matrices + reference) / 2)[1]
    ends = np.linalg.slogdet(matrices)[1] + np.linalg.slogdet(reference)[1]
    return np.maximum(middle - ends / 2, 0.0)


def _wasserstein_distances(matrices: np.ndarray, reference: np.ndarray, where: str) -> np.ndarray:
    root = power(reference, 0.5)
    inner = np.sqrt(eigvalsh(root @ matrices @ root)).sum(axis=1)
    total = np.trace(matrices, axis1=1, axis2=2) + np.trace(reference) - 2 * inner
    return np.maximum(total, 0.0)


METRICS: dict[str, tuple[Callable[..., np.ndarray], Callable[..., np.ndarray]]] = {
    "riemann": (riemannian_mean, squared_distances),
    "logeuclid": (_logeuclid_mean, _logeuclid_distances),
    "euclid": (_euclid_mean, _euclid_distances),
    "wasserstein": (_wasserstein_mean, _wasserstein_distances),
    "logdet": (_logdet_mean, _logdet_distances),
    "kullback_sym": (_kullback_sym_mean, _kullback_sym_distances),
    "harmonic": (_harmonic_mean, _harmonic_distances),
}
