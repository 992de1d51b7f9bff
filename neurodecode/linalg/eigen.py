"""Spatial filters from covariances, on the subspace that the data span, and what they show."""

from __future__ import annotations

import numpy as np

from neurodecode.core.errors import DataError
from neurodecode.linalg.joint_diagonalization import joint_diagonalizer
from neurodecode.linalg.rank import range_basis

_RANK_TOLERANCE = 1e-9  # of the largest eigenvalue; float32 data leave 1e-7 of it as noise
_SWEEPS = 100  # of the joint diagonalization in `pyriemann.spatialfilters.CSP`


def generalized_eigh(
    signal: np.ndarray, total: np.ndarray, where: str = "spatial filter"
) -> tuple[np.ndarray, np.ndarray]:
    """Filters that maximize ``w' signal w / w' total w``, the largest ratio first.

    Directions in which `total` has no power (average reference, removed components) are left
    out, so that a singular `total` gives fewer filters and never an error or an infinite ratio.

    Parameters
    ----------
    signal : float array, shape (n, n), symmetric; need not be positive
    total : float array, shape (n, n), symmetric, positive semidefinite
    where : str, named in the error

    Returns
    -------
    ratios : float64 array, shape (rank,), descending (largest algebraic, not magnitude)
    filters : float64 array, shape (rank, n), one a row, ``w' total w = 1``

    Raises
    ------
    DataError : `total` is zero.

    Examples
    --------
    >>> ratios, filters = generalized_eigh(np.diag([1.0, 6, 0]), np.diag([1.0, 2, 0]))
    >>> ratios.round(6).tolist(), filters.shape
    ([3.0, 1.0], (2, 3))
    """
    values, vectors = np.linalg.eigh(total)
    keep = values > _RANK_TOLERANCE * max(values[-1], 0.0)
    if not keep.any():
        raise DataError(
            f"{where}: signals without variance",
            found="a covariance of zeros",
            expected="signals that vary over time",
            fix="leave out constant trials and channels",
        )
    whiten = vectors[:, keep] / np.sqrt(values[keep])  # (n, rank)
    ratios, rotated = np.linalg.eigh(whiten.T @ signal @ whiten)
    return ratios[::-1], (whiten @ rotated[:, ::-1]).T


def csp_filters(
    means: np.ndarray, shares: np.ndarray, where: str = "common spatial patterns"
) -> tuple[np.ndarray, np.ndarray]:
    """Filters of common spatial patterns and their patterns, the most telling first.

    Parameters
    ----------
    means : float array, shape (n_classes, n, n), symmetric positive semidefinite
        Mean covariance of each class.
    shares : float array, shape (n_classes,)
        Share of each class in the trials, sum 1.
    where : str
        Named in errors and warnings.

    Returns
    -------
    filters, patterns : float64 arrays, shape (rank, n)
        The patterns are the columns of the inverse of all filters.

    Raises
    ------
    DataError
        One of three or more classes spans less than all of them.

    Notes
    -----
    Two classes: eigenvectors of ``C2 w = v (C1 + C2) w`` by decreasing ``|v - 1/2|``. More: joint
    diagonalization, by decreasing mutual information with the class. The order and the values are
    those of `pyriemann.spatialfilters.CSP` with Euclidean means; signs are free. Sources:
    Blankertz et al. 2008, 10.1109/MSP.2008.4408441; Grosse-Wentrup, Buss 2008,
    10.1109/TBME.2008.921154.

    Examples
    --------
    >>> means = np.array([np.diag([4.0, 1, 1]), np.diag([1.0, 1, 9])])
    >>> csp_filters(means, np.array([0.5, 0.5]))[0].round(3).tolist()
    [[0.0, 0.0, 0.316], [0.447, 0.0, 0.0], [0.0, 0.707, 0.0]]
    """
    basis = range_basis(np.tensordot(shares, means, axes=1), where)
    if basis is not None:
        filters, patterns = csp_filters(basis.T @ means @ basis, shares, where)
        return filters @ basis.T, patterns @ basis.T
    if len(means) == 2:
        from scipy.linalg import eigh

        values, vectors = eigh(means[1], means[0] + means[1])
        filters, merit = vectors.T, np.abs(values - 0.5)
    else:
        filters = joint_diagonalizer(means, _SWEEPS, where)
        filters = filters / np.sqrt(powers(means.mean(axis=0)[None], filters)[0])[:, None]
        merit = _gaussian_information(powers(means, filters), shares)
    filters = filters[np.argsort(merit)[::-1]]
    return filters, np.linalg.inv(filters).T


def _gaussian_information(class_powers: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Mutual information of class and component, (n_filters,); Grosse-Wentrup, Buss 2008.

    Powers of each class, (n_classes, n_filters), of components of unit power over all classes.
    """
    entropy = shares @ np.log(np.sqrt(class_powers))
    return -(entropy + 3 / 16 * (shares @ (class_powers**2 - 1)) ** 2)


def powers(matrices: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """Power ``w' C w`` of every filter under every covariance.

    Parameters
    ----------
    matrices : float array, shape (n_matrices, n, n)
    filters : float array, shape (n_filters, n)

    Returns
    -------
    powers : float64 array, shape (n_matrices, n_filters)

    Examples
    --------
    >>> powers(np.diag([1.0, 4.0])[None], np.array([[1.0, 0.0], [1.0, 1.0]])).tolist()
    [[1.0, 5.0]]
    """
    return np.sum((filters @ matrices) * filters, axis=-1)


def patterns_of_filters(filters: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """How the components of spatial filters show on the channels.

    ``A = C W (W' C W)^-1``: Haufe et al. 2014, 10.1016/j.neuroimage.2013.10.067.

    Parameters
    ----------
    filters : float array, shape (n_filters, n_channels)
    covariance : float array, shape (n_channels, n_channels)

    Returns
    -------
    patterns : float64 array, shape (n_filters, n_channels)

    Examples
    --------
    >>> patterns_of_filters(np.array([[1.0, -1.0]]), np.eye(2)).tolist()
    [[0.5, -0.5]]
    """
    spread = covariance @ filters.T  # (n_channels, n_filters)
    return (spread @ np.linalg.pinv(filters @ spread)).T
