"""Spherical splines: potentials between electrodes, and the current that leaves the scalp.

Source: Perrin, Pernier, Bertrand, Echallier 1989, 10.1016/0013-4694(89)90180-6.
"""

from __future__ import annotations

import numpy as np

from neurodecode.core.errors import DataError

_RIDGE = 1e-5  # added to the diagonal: the spline need not pass through every noisy electrode
_STIFFNESS = 4
_DEGREES = 50


def fit_sphere(positions: np.ndarray) -> tuple[np.ndarray, float]:
    """Centre and radius of the sphere next to some points, by least squares.

    Parameters
    ----------
    positions : float array, shape (n, 3), m

    Returns
    -------
    centre : float64 array, shape (3,), m
    radius : float, m

    Raises
    ------
    DataError
        Fewer than four points, or points on one plane.

    Examples
    --------
    >>> points = np.array([[1.0, 0, 2], [-1, 0, 2], [0, 1, 2], [0, 0, 3]])
    >>> centre, radius = fit_sphere(points)
    >>> (centre.round(9) + 0).tolist(), round(radius, 9)
    ([0.0, 0.0, 2.0], 1.0)
    """
    # |p|^2 = 2 p.c + (r^2 - |c|^2) is linear in the centre c and the bracket.
    design = np.column_stack([2 * positions, np.ones(len(positions))])
    shape = np.linalg.svd(positions - positions.mean(axis=0), compute_uv=False)
    if len(positions) < 4 or shape[-1] < 1e-3 * shape[0]:
        raise DataError(
            "no sphere fits these electrodes",
            found=f"{len(positions)} electrodes, all on one plane"
            if len(positions) >= 3
            else f"{len(positions)} electrodes",
            expected="four or more with places spread over the head",
            fix='rec.set_montage("standard_1005") gives template places',
        )
    *centre, rest = np.linalg.lstsq(design, (positions**2).sum(axis=1), rcond=None)[0]
    centre = np.array(centre)
    return centre, float(np.sqrt(rest + centre @ centre))


def interpolation_matrix(
    good: np.ndarray, bad: np.ndarray, centre: np.ndarray | None = None
) -> np.ndarray:
    """Weights that give the potentials at some places from those at others.

    Parameters
    ----------
    good, bad : float arrays, shapes (n_good, 3) and (n_bad, 3), m
    centre : float array, shape (3,), m, default that of the sphere fitted to `good`

    Returns
    -------
    weights : float64 array, shape (n_bad, n_good); rows sum to 1

    Raises
    ------
    DataError
        No sphere fits the places.

    Notes
    -----
    Stiffness 4, 50 Legendre terms, 1e-5 on the diagonal: equal to what
    `mne.io.Raw.interpolate_bads` computes with the same origin.

    Examples
    --------
    >>> places = np.array([[1.0, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0], [0, 0, 1]])
    >>> interpolation_matrix(places[:4], places[4:], np.zeros(3)).round(6).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """
    centre = fit_sphere(good)[0] if centre is None else centre
    good, bad = _directions(good, centre), _directions(bad, centre)
    n = len(good)
    system = np.ones((n + 1, n + 1))
    system[:n, :n] = _kernel(good @ good.T, _STIFFNESS) + _RIDGE * np.eye(n)
    system[n, n] = 0.0
    target = np.column_stack([_kernel(bad @ good.T, _STIFFNESS), np.ones(len(bad))])
    # The system is symmetric: its inverse from the right is a solution from the left.
    return np.linalg.solve(system, target.T).T[:, :n]


def current_source_matrix(
    positions: np.ndarray,
    sphere: tuple[float, float, float, float] | None = None,
    ridge: float = _RIDGE,
    stiffness: float = _STIFFNESS,
) -> np.ndarray:
    """Weights that give the surface Laplacian of the potential, sign turned, at every electrode.

    Parameters
    ----------
    positions : float array, shape (n, 3), m
    sphere : (x, y, z, radius), m, default the sphere fitted to `positions`
    ridge : float, > 0, default 1e-5
        Added to the diagonal: more is smoother.
    stiffness : float, > 1, default 4
        Of the spline: less is more local.

    Returns
    -------
    weights : float64 array, shape (n, n), 1/m²; they give nothing for a common potential

    Raises
    ------
    DataError
        No sphere fits the places.

    Notes
    -----
    A potential that is a spherical harmonic of degree l comes out times l (l + 1) / radius²,
    less for degrees that the electrodes do not resolve.

    Examples
    --------
    >>> places = np.array([[1.0, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]])
    >>> weights = current_source_matrix(places, (0, 0, 0, 1.0))
    >>> ((weights @ places[:, 2]).round(1) + 0).tolist()  # degree 1: times 2
    [0.0, 0.0, 0.0, 0.0, 2.0, -2.0]
    """
    if sphere is None:
        centre, radius = fit_sphere(positions)
    else:
        centre, radius = np.asarray(sphere[:3], dtype=np.float64), float(sphere[3])
    cosines = np.clip((unit := _directions(positions, centre)) @ unit.T, -1, 1)
    n = len(positions)
    inverse = np.linalg.inv(_kernel(cosines, stiffness) + ridge * np.eye(n))
    columns = inverse.sum(axis=0)
    # Spline coefficients that sum to zero: the constant of the potential is left out.
    coefficients = inverse - np.outer(columns, columns) / columns.sum()
    return _kernel(cosines, stiffness - 1) @ coefficients / radius**2


def _directions(positions: np.ndarray, centre: np.ndarray) -> np.ndarray:
    apart = positions - centre
    return apart / np.linalg.norm(apart, axis=1, keepdims=True)


def _kernel(cosines: np.ndarray, power: float) -> np.ndarray:
    """Sum over degrees l of (2l+1) / (l (l+1))^power P_l(cos) / 4 pi."""
    degrees = np.arange(1.0, _DEGREES + 1)
    weights = (2 * degrees + 1) / (degrees * (degrees + 1)) ** power / (4 * np.pi)
    return np.polynomial.legendre.legval(np.clip(cosines, -1, 1), [0.0, *weights])
