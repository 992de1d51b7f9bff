"""Lead fields of dipoles in MNE's spherical head, for EEG caps and a magnetometer helmet."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.montage import template_places

CENTRE = np.array([0.0, 0.0, 0.04])  # of the sphere, m, head coordinates
HEAD_RADIUS = 0.09
HELMET_RADIUS = 0.115
# Three dipoles in one sphere that stand for one dipole in four shells: depths and weights, as MNE
# 1.13 fits them to its default shells (radii .90 .92 .97 1, conductivities .33 1 .004 .33 S/m).
_DEPTHS = (0.9448359874179917, 0.6677604222170581, -0.29131729347978164)
_WEIGHTS = (0.414714197195374, 2.071801714804225, -0.030850449368638705)


def cap_positions(names: tuple[str, ...]) -> np.ndarray:
    """Positions of named electrodes, shape (n, 3), m, head frame, from MNE's 10-05 template."""
    places = template_places("standard_1005")
    return np.array([places[name.lower()] for name in names])


def cap(names: tuple[str, ...], reference: str | None = None) -> Channels:
    """EEG channels with their template places."""
    return Channels(
        names, positions=cap_positions(names), position_from="template", reference=reference
    )


def under(names: tuple[str, ...], depth: float = 0.02) -> tuple[np.ndarray, np.ndarray]:
    """Points `depth` m under the scalp below named electrodes, and the outward normals there.

    Returns
    -------
    positions, normals : arrays, shape (n, 3)
    """
    outward = cap_positions(names) - CENTRE
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    return CENTRE + (HEAD_RADIUS - depth) * outward, outward


def scattered_dipoles(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Random positions in the upper half of the brain and random orientations, shape (count, 3)."""
    outward = rng.normal(size=(count, 3))
    outward[:, 2] = np.abs(outward[:, 2]) * 0.9 - 0.1
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    depth = rng.uniform(0.015, 0.045, size=(count, 1))
    orientation = rng.normal(size=(count, 3))
    orientation /= np.linalg.norm(orientation, axis=1, keepdims=True)
    return CENTRE + (HEAD_RADIUS - depth) * outward, orientation


def rotation(angles_deg: np.ndarray) -> np.ndarray:
    """Rotation by three angles about x, y, z (degrees), shape (3, 3)."""
    from scipy.spatial.transform import Rotation

    return Rotation.from_euler("xyz", angles_deg, degrees=True).as_matrix()


def eeg_lead_field(
    names: tuple[str, ...],
    positions: np.ndarray,
    orientations: np.ndarray,
    turn: np.ndarray | None = None,
) -> np.ndarray:
    """Potentials of unit dipoles at a cap.

    Parameters
    ----------
    names : electrodes of the 10-05 template
    positions, orientations : arrays, shape (n_dipoles, 3), m and unit vectors
    turn : rotation of the cap on the head, shape (3, 3); None leaves it in place

    Returns
    -------
    lead_field : array, shape (n_channels, n_dipoles), µV for 1 nAm

    Source: four-shell sphere, Mosher, Leahy & Lewis 1999 (doi 10.1109/10.748978), as in MNE,
    whose forward solution it equals.
    """
    if turn is not None:  # turning the cap one way is turning the brain the other way
        positions = CENTRE + (positions - CENTRE) @ turn
        orientations = orientations @ turn
    electrodes = (cap_positions(names) - CENTRE)[:, None]  # (n_channels, 1, 3)
    sources = positions - CENTRE
    potentials = np.zeros((len(names), len(sources)))
    for depth, weight in zip(_DEPTHS, _WEIGHTS, strict=True):
        potentials += weight * _one_sphere(electrodes, depth * sources, orientations)
    return potentials / (4 * np.pi) * 1e6 * 1e-9


def _one_sphere(
    electrodes: np.ndarray, positions: np.ndarray, orientations: np.ndarray
) -> np.ndarray:
    """Potentials of dipoles in a homogeneous sphere, times 4 pi conductivities."""
    r, away = np.linalg.norm(electrodes, axis=2), electrodes - positions
    a = np.linalg.norm(away, axis=2)
    along = (electrodes * positions).sum(axis=2)
    depth = (positions**2).sum(axis=1)
    slope = 2 / a**3
    first = slope * (along - depth) + 1 / a - 1 / r
    second = slope + (a + r) / (r * a * (r * a + r**2 - along))
    radial = (first - second * along) / depth
    return radial * (positions * orientations).sum(axis=1) + second * (
        electrodes * orientations
    ).sum(axis=2)


def helmet(n_sensors: int) -> tuple[np.ndarray, np.ndarray]:
    """Places and coil axes of magnetometers spread evenly over the upper head.

    They lie on a Fibonacci spiral on the cap z > 0 of a sphere of 11.5 cm.

    Returns
    -------
    positions : array, shape (n_sensors, 3), m
    axes : array, shape (n_sensors, 3, 3); rows are the coil's x, y and (outward) normal
    """
    index = np.arange(n_sensors) + 0.5
    height = 1 - index / n_sensors * 0.95  # from the vertex nearly down to the rim
    angle = np.pi * (1 + np.sqrt(5)) * index
    ring = np.sqrt(1 - height**2)
    normals = np.stack([ring * np.cos(angle), ring * np.sin(angle), height], axis=1)
    east = np.cross(normals, [1.0, 0.0, 0.3])
    east /= np.linalg.norm(east, axis=1, keepdims=True)
    return CENTRE + HELMET_RADIUS * normals, np.stack([east, np.cross(normals, east), normals], 1)


def meg_lead_field(n_sensors: int, positions: np.ndarray, orientations: np.ndarray) -> np.ndarray:
    """Fields of unit dipoles at the point magnetometers of `helmet`.

    Parameters
    ----------
    positions, orientations : arrays, shape (n_dipoles, 3), m and unit vectors

    Returns
    -------
    lead_field : array, shape (n_sensors, n_dipoles), fT for 1 nAm

    Source: Sarvas 1987 (doi 10.1088/0031-9155/32/1/004), as in MNE. Radial dipoles are silent.
    """
    import mne
    from mne.io.constants import FIFF
    from mne.transforms import Transform

    places, axes = helmet(n_sensors)
    info = mne.create_info(n_sensors, 100.0, "mag")
    for channel, place, coil in zip(info["chs"], places, axes, strict=True):
        channel["loc"][:] = np.r_[place, coil.ravel()]
        channel["coil_type"] = FIFF.FIFFV_COIL_POINT_MAGNETOMETER
        channel["coord_frame"] = FIFF.FIFFV_COORD_DEVICE
    with info._unlock():
        info["dev_head_t"] = Transform("meg", "head")  # the device sits on the head: identity
    return _solve(info, positions, orientations) * 1e15 * 1e-9


def _solve(info: Any, positions: np.ndarray, orientations: np.ndarray) -> np.ndarray:
    """SI lead field of oriented dipoles, shape (n_channels, n_dipoles)."""
    import mne

    sphere = mne.make_sphere_model(r0=CENTRE, head_radius=HEAD_RADIUS, verbose="error")
    points: Any = {"rr": positions, "nn": orientations}
    sources = mne.setup_volume_source_space(pos=points, verbose="error")
    solution: Any = mne.make_forward_solution(
        info, trans=None, src=sources, bem=sphere, mindist=0.0, verbose="error"
    )
    free = solution["sol"]["data"].reshape(len(info["chs"]), len(positions), 3)  # x, y, z
    return np.einsum("cdx,dx->cd", free, orientations)
