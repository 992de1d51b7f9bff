"""Brain spaces as files: arrays in ``space.npz``, or the header of a CIFTI file, ``space.nii``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from neurodecode.core.dependencies import need
from neurodecode.core.errors import DataError
from neurodecode.core.space import GrayordinateSpace, Space

ARRAYS_FILE, CIFTI_FILE = "space.npz", "space.nii"
# spaces that are their constructor's arrays and words
_PARTS = {
    "VolumeSpace": ("mask", "affine"),
    "ParcelSpace": ("atlas", "affine"),
    "SurfaceSpace": ("n_vertices", "structure"),
    "SurfacePairSpace": ("n_vertices", "structures"),
}


def write_space(folder: Path, space: Space) -> None:
    """Write a space into a folder.

    Raises
    ------
    DataError
        The space is of a kind that is not known here.
    MissingDependency
        nibabel, for grayordinates.
    """
    kind = type(space).__name__
    if isinstance(space, GrayordinateSpace):
        nibabel = need("nibabel", extra="fmri", why="writing grayordinates")
        nothing = np.zeros(len(space.names), dtype=np.float32)
        nibabel.save(space.to_image(nothing), folder / CIFTI_FILE)
    elif kind in _PARTS:
        parts: dict[str, Any] = {name: getattr(space, name) for name in _PARTS[kind]}
        np.savez_compressed(folder / ARRAYS_FILE, kind=kind, **parts)
    else:
        raise DataError(
            "epochs of this space cannot be written",
            found=kind,
            expected="one of " + ", ".join([*_PARTS, "GrayordinateSpace"]),
            fix="keep them in memory, or save images: epochs.to_image(epochs.data[..., 0])",
        )


def read_space(folder: Path) -> Space | None:
    """The space that `write_space` wrote, or None where there is none.

    Examples
    --------
    >>> import tempfile
    >>> from neurodecode.core.space import SurfaceSpace
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_space(folder, SurfaceSpace(3, "CortexLeft"))
    >>> read_space(folder)
    surface of 3 vertices (CortexLeft)
    """
    from neurodecode.core import space

    if (folder / CIFTI_FILE).exists():
        nibabel = need("nibabel", extra="fmri", why="reading grayordinates")
        return GrayordinateSpace(nibabel.load(folder / CIFTI_FILE).header.get_axis(1))
    if not (folder / ARRAYS_FILE).exists():
        return None
    with np.load(folder / ARRAYS_FILE, allow_pickle=False) as parts:
        kind = str(parts["kind"])
        values = [parts[name] for name in _PARTS[kind]]
    return getattr(space, kind)(*(each if each.ndim else each.item() for each in values))
