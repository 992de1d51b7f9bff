"""Where channels of volumes and surfaces sit, and how values of theirs become an image again.

Channels are found by the names that the reader gave them, so a selection of channels still knows
its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from neurodecode.core.dependencies import need
from neurodecode.core.errors import DataError


class Space:
    """What the spaces below share: names of all their places, and values laid out over them."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all places, in order."""
        raise NotImplementedError

    @cached_property
    def _place(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    def to_image(self, values: Any, names: Sequence[str] | None = None) -> Any:
        """An image of one value (or a row of values) per channel; all other places hold 0.

        Parameters
        ----------
        values : float array, shape (n_channels,) or (n_maps, n_channels)
        names : sequence of str, length n_channels, optional
            Channels the values belong to; default: all of the space.

        Returns
        -------
        image : nibabel image
            NIfTI for volumes (3-D, or 4-D with a map per volume), GIFTI or CIFTI for surfaces,
            a tuple (left, right) for a pair of surfaces.

        Raises
        ------
        DataError
            Another number of values, or channels that are not of this space.
        MissingDependency
            nibabel is not installed.
        """
        need("nibabel", extra="fmri", why="an image of the brain")
        names = self.names if names is None else tuple(names)
        array = np.asarray(values)
        if array.dtype.kind not in "fiub" or array.ndim not in (1, 2):
            raise DataError(
                "an image is made of one number a channel",
                found=f"shape {array.shape} of {array.dtype}",
                expected=f"({len(names)},) or (n_maps, {len(names)})",
            )
        if array.shape[-1] != len(names):
            raise DataError(
                "the values do not fit the channels",
                found=f"{array.shape[-1]} values",
                expected=f"{len(names)}, one per channel",
            )
        if array.dtype not in (np.float32, np.float64):
            array = array.astype(np.float64)
        full = np.zeros((*array.shape[:-1], len(self.names)), dtype=array.dtype)
        full[..., self._index(names)] = array
        return self._image(full)

    def _index(self, names: tuple[str, ...]) -> np.ndarray | slice:
        if names == self.names:
            return slice(None)
        lost = [name for name in names if name not in self._place]
        if lost:
            raise DataError(
                "these channels have no place in the image",
                found=", ".join(map(repr, lost[:5])) + (" and more" if len(lost) > 5 else ""),
                expected=f"names that the reader gave, such as {self.names[0]!r}",
                fix="values of components must be turned back into values of channels first",
            )
        return np.array([self._place[name] for name in names], dtype=np.int64)

    def _image(self, full: np.ndarray) -> Any:
        raise NotImplementedError


class VolumeSpace(Space):
    """Voxels inside a mask.

    Parameters
    ----------
    mask : bool array, shape (nx, ny, nz)
    affine : float array, shape (4, 4)
        From voxel indices to millimetres.

    Examples
    --------
    >>> space = VolumeSpace(np.array([[[True, False, True]]]), np.eye(4))
    >>> space.names
    ('v0-0-0', 'v0-0-2')
    """

    def __init__(self, mask: np.ndarray, affine: np.ndarray):
        self.mask = _read_only(np.asarray(mask, dtype=bool))
        self.affine = _read_only(np.asarray(affine, dtype=np.float64))

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(f"v{i}-{j}-{k}" for i, j, k in np.argwhere(self.mask).tolist())

    def positions(self) -> np.ndarray:
        """Centres of the voxels, m, shape (n, 3)."""
        return _to_metres(np.argwhere(self.mask), self.affine)

    def _image(self, full: np.ndarray) -> Any:
        volume = np.zeros((*self.mask.shape, *full.shape[:-1]), dtype=full.dtype)
        volume[self.mask] = full.T
        return _nifti(volume, self.affine)

    def __eq__(self, other: object) -> bool:
        """Same grid; the masks may differ, as those of two runs do."""
        return isinstance(other, VolumeSpace) and _same_grid(self, other, self.mask, other.mask)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{_grid_words(self.mask, self.affine)}, {int(self.mask.sum())} in the mask"


class ParcelSpace(Space):
    """Regions of a label image; 0 is background, any other integer is a region.

    Parameters
    ----------
    atlas : int array, shape (nx, ny, nz)
        Labels of any size and order; they are kept as they are.
    affine : float array, shape (4, 4)

    Examples
    --------
    >>> ParcelSpace(np.array([[[0, 70000, 3]]]), np.eye(4)).names
    ('label 3', 'label 70000')
    """

    def __init__(self, atlas: np.ndarray, affine: np.ndarray):
        self.atlas = _read_only(np.asarray(atlas))
        self.affine = _read_only(np.asarray(affine, dtype=np.float64))

    @cached_property
    def labels(self) -> np.ndarray:
        """Labels in ascending order, background left out."""
        labels = np.unique(self.atlas)
        return labels[labels != 0]

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(f"label {label}" for label in self.labels.tolist())

    def positions(self) -> np.ndarray:
        """Centres of gravity of the regions, m, shape (n, 3)."""
        inside = self.atlas != 0
        code = np.searchsorted(self.labels, self.atlas[inside])
        count = np.bincount(code)
        sums = [np.bincount(code, weights=axis) / count for axis in np.argwhere(inside).T]
        return _to_metres(np.stack(sums, axis=1), self.affine)

    def _image(self, full: np.ndarray) -> Any:
        inside = self.atlas != 0
        volume = np.zeros((*self.atlas.shape, *full.shape[:-1]), dtype=full.dtype)
        volume[inside] = full.T[np.searchsorted(self.labels, self.atlas[inside])]
        return _nifti(volume, self.affine)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ParcelSpace)
            and _same_grid(self, other, self.atlas, other.atlas)
            and np.array_equal(self.atlas, other.atlas)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{_grid_words(self.atlas, self.affine)}, {len(self.labels)} regions"


class SurfaceSpace(Space):
    """Vertices of one surface mesh.

    Parameters
    ----------
    n_vertices : int
    structure : str
        As GIFTI names it: "CortexLeft", "CortexRight", or "" where the file does not say.

    Examples
    --------
    >>> SurfaceSpace(3, "CortexLeft").names
    ('vertex 0', 'vertex 1', 'vertex 2')
    """

    def __init__(self, n_vertices: int, structure: str = ""):
        self.n_vertices, self.structure = int(n_vertices), structure

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(f"vertex {i}" for i in range(self.n_vertices))

    def _image(self, full: np.ndarray) -> Any:
        return _gifti(full, self.structure)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SurfaceSpace) and (self.n_vertices, self.structure) == (
            other.n_vertices,
            other.structure,
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"surface of {self.n_vertices} vertices" + (
            f" ({self.structure})" if self.structure else ""
        )


class SurfacePairSpace(Space):
    """Vertices of both hemispheres, the left before the right; images are a pair too.

    Parameters
    ----------
    n_vertices : two int
    structures : two str
        As GIFTI names them.

    Examples
    --------
    >>> SurfacePairSpace([2, 1], ["CortexLeft", "CortexRight"]).names
    ('CortexLeft vertex 0', 'CortexLeft vertex 1', 'CortexRight vertex 0')
    """

    def __init__(self, n_vertices: Sequence[int], structures: Sequence[str]):
        self.n_vertices = tuple(int(n) for n in n_vertices)
        self.structures = tuple(str(each) for each in structures)

    @cached_property
    def names(self) -> tuple[str, ...]:
        pairs = zip(self.structures, self.n_vertices, strict=True)
        return tuple(f"{word} vertex {i}" for word, n in pairs for i in range(n))

    def _image(self, full: np.ndarray) -> Any:
        sides = np.split(full, np.cumsum(self.n_vertices)[:-1], axis=-1)
        pairs = zip(sides, self.structures, strict=True)
        return tuple(_gifti(side, structure) for side, structure in pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SurfacePairSpace) and (self.n_vertices, self.structures) == (
            other.n_vertices,
            other.structures,
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        pairs = zip(self.n_vertices, self.structures, strict=True)
        return "surfaces of " + " and ".join(f"{n} vertices ({word})" for n, word in pairs)


class GrayordinateSpace(Space):
    """Vertices, voxels or parcels of a CIFTI file.

    Parameters
    ----------
    axis : nibabel.cifti2.BrainModelAxis or ParcelsAxis
    """

    def __init__(self, axis: Any):
        self.axis = axis

    @cached_property
    def names(self) -> tuple[str, ...]:
        axis = self.axis
        if not hasattr(axis, "vertex"):
            return tuple(str(name) for name in axis.name)
        short = [str(name).removeprefix("CIFTI_STRUCTURE_") for name in axis.name]
        return tuple(
            f"{word} vertex {vertex}" if vertex >= 0 else f"{word} v{i}-{j}-{k}"
            for word, vertex, (i, j, k) in zip(
                short, axis.vertex.tolist(), axis.voxel.tolist(), strict=True
            )
        )

    def _image(self, full: np.ndarray) -> Any:
        from nibabel.cifti2.cifti2 import Cifti2Image
        from nibabel.cifti2.cifti2_axes import ScalarAxis

        rows = np.atleast_2d(full)
        maps = ScalarAxis([f"map {i + 1}" for i in range(len(rows))])
        return Cifti2Image(rows, header=(maps, self.axis))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GrayordinateSpace) and self.axis == other.axis

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        what = "grayordinates" if hasattr(self.axis, "vertex") else "parcels"
        return f"{len(self.axis)} {what}"


def image_of(values: Any, space: Space | None, names: tuple[str, ...]) -> Any:
    """Image of values of named channels.

    Raises
    ------
    DataError
        There is no space: the channels do not come from an image.
    """
    if space is None:
        raise DataError(
            "these channels do not come from an image",
            found=f"{len(names)} channels without a space",
            expected="voxels, regions or vertices, as nd.read gives for NIfTI, GIFTI and CIFTI",
        )
    return space.to_image(values, names)


def _read_only(array: np.ndarray) -> np.ndarray:
    array = array.view()
    array.flags.writeable = False
    return array


def _to_metres(voxels: np.ndarray, affine: np.ndarray) -> np.ndarray:
    return (voxels @ affine[:3, :3].T + affine[:3, 3]) / 1000


def _nifti(volume: np.ndarray, affine: np.ndarray) -> Any:
    import nibabel

    return nibabel.Nifti1Image(volume, affine)


def _gifti(full: np.ndarray, structure: str) -> Any:
    from nibabel.gifti.gifti import GiftiDataArray, GiftiImage, GiftiMetaData

    meta = {"AnatomicalStructurePrimary": structure} if structure else {}
    image = GiftiImage(meta=GiftiMetaData(meta))
    for row in np.atleast_2d(full).astype(np.float32):  # GIFTI knows no doubles
        image.add_gifti_data_array(
            GiftiDataArray(row, intent="NIFTI_INTENT_SHAPE", datatype="NIFTI_TYPE_FLOAT32")
        )
    return image


def _same_grid(a: Any, b: Any, volume_a: np.ndarray, volume_b: np.ndarray) -> bool:
    return volume_a.shape == volume_b.shape and np.allclose(a.affine, b.affine, atol=1e-3)


def _grid_words(volume: np.ndarray, affine: np.ndarray) -> str:
    sizes = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    return (
        " × ".join(map(str, volume.shape))
        + " voxels of "
        + " × ".join(f"{size:.3g}" for size in sizes)
        + " mm"
    )
