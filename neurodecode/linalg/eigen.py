"""Generalized eigenproblems of spatial filters, on the subspace that the data span."""

from __future__ import annotations

import numpy as np

from neurodecode.core.errors import DataError

_RANK_TOLERANCE = 1e-9  # of the largest eigenvalue; float32 data leave 1e-7 of it as noise


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
