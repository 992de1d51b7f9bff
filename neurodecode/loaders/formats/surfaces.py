"""Surfaces over time: GIFTI and CIFTI, vertices, grayordinates or parcels as channels."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.errors import DataError
from neurodecode.core.readers import ArrayReader, SignalReader
from neurodecode.core.recording import Recording
from neurodecode.core.space import GrayordinateSpace, Space, SurfacePairSpace, SurfaceSpace
from neurodecode.loaders.formats.scans import (
    CLEANING,
    blocks,
    check_options,
    open_image,
    read_values,
    recording_of,
    repetition_time,
)

NAME = "GIFTI or CIFTI"
OPTIONS = ("tr", "pair", *CLEANING)
# how names of files tell the hemisphere, between dots, lines and underscores: left, right
_SIDES = (("hemi-L", "hemi-R"), ("lh", "rh"), ("L", "R"))
_FIX = (
    "a surface or a map of it serves as a place to draw on, not as data: read the ...func.gii or "
    "...dtseries.nii"
)


class CiftiReader:
    """Rows of a CIFTI series, a few at a time."""

    def __init__(self, image: Any, path: Path):
        self.path, self.n_channels = path, int(image.shape[1])
        self.n_times, self.dtype = int(image.shape[0]), np.dtype(np.float32)

    def read(self, start: int, stop: int, channel_indices: np.ndarray | None = None) -> np.ndarray:
        """Volumes start to stop (excluded), shape (n_channels, n), float32."""
        import nibabel

        image: Any = nibabel.load(self.path, keep_file_open=True)
        n = self.n_channels if channel_indices is None else len(channel_indices)
        signals = np.empty((n, stop - start), dtype=self.dtype)
        for low, high in blocks(stop, self.n_channels, start):
            part = read_values(image.dataobj, np.s_[low:high], self.path.name).T
            signals[:, low - start : high - start] = (
                part if channel_indices is None else part[channel_indices]
            )
        return signals


def read_file(path: Path, events: Any, options: dict[str, Any], ids: dict[str, str]) -> Recording:
    """Recording of a functional GIFTI file or a CIFTI series; kind "bold", unit as stored.

    Parameters
    ----------
    path : Path of a .gii, .gii.gz, .dtseries.nii or .ptseries.nii file
    events : path, DataFrame, or None
        See `volume_events`.
    options : dict
        ``tr`` (s), ``confounds``, ``detrend``, ``high_pass`` (Hz), ``standardize``. ``pair=True``
        reads the other hemisphere too ("lh" and "rh", "hemi-L" and "hemi-R", "L" and "R" in the
        name): one recording, the left before the right.
    ids : dict

    Raises
    ------
    DataError
        A mesh or a single map, no repetition time, or no file of the other hemisphere.
    MissingDependency
        nibabel is not installed.
    """
    check_options(options, OPTIONS, "a surface")
    if options.get("pair", False):
        reader, space, step, unit = _pair(path)
    else:
        image = open_image(path)
        is_cifti = type(image).__name__ == "Cifti2Image"
        reader, space, step, unit = _cifti(image, path) if is_cifti else _gifti(image, path)
    tr, notes = repetition_time(path, options.get("tr"), step, unit)
    channels = Channels(space.names, kinds="bold")
    return recording_of(
        path, reader, channels, space, tr, events=events, ids=dict(ids), notes=notes, whole=False,
        **{name: options[name] for name in CLEANING if name in options},
    )  # fmt: skip


def _pair(path: Path) -> tuple[SignalReader, Space, float | None, str]:
    """Both hemispheres of a pair of GIFTI files as one."""
    sides = [_gifti(open_image(each), each) for each in _both_sides(path)]
    (left, left_space, step, unit), (right, right_space, other_step, _) = sides
    if (left.n_times, step) != (right.n_times, other_step):
        raise DataError(
            f"{path.name}: the hemispheres are not of one run",
            found=f"{left.n_times} and {right.n_times} volumes, {step} and {other_step} ms each",
            expected="as many volumes, as far apart, on both sides",
        )
    words = [left_space.structure or "CortexLeft", right_space.structure or "CortexRight"]
    if words[0] == words[1]:
        raise DataError(f"{path.name}: both files say they are {words[0]}", found=path.name)
    space = SurfacePairSpace([left_space.n_vertices, right_space.n_vertices], words)
    return ArrayReader(np.concatenate([left.data, right.data])), space, step, unit


def _both_sides(path: Path) -> tuple[Path, Path]:
    """Files of the left and the right hemisphere, one of which is `path`."""
    for sides in _SIDES:
        for here, there in (sides, sides[::-1]):
            pattern = rf"(?<![A-Za-z0-9]){here}(?![A-Za-z0-9])"
            other = path.with_name(re.sub(pattern, there, path.name))
            if other != path and other.is_file():
                return (path, other) if here == sides[0] else (other, path)
    raise DataError(
        f"{path.name} has no other hemisphere beside it",
        found=f"no file in {path.parent} that differs in the side only",
        expected="names with lh and rh, hemi-L and hemi-R, or L and R",
        fix="leave out pair=, or nd.read each file",
    )


def _gifti(image: Any, path: Path) -> tuple[ArrayReader, SurfaceSpace, float | None, str]:
    """GIFTI files are XML, which nibabel has read by now; a map a volume, or one array of all."""
    arrays = [each.data for each in image.darrays]
    sizes = {array.shape for array in arrays}
    if len(sizes) != 1 or min(image.darrays[0].intent, 9999) in (1008, 1009, 1002):
        raise _no_series(path, f"{len(arrays)} arrays of shapes {sorted(sizes)}")
    signals = np.stack(arrays, axis=-1) if arrays[0].ndim == 1 else arrays[0]
    if signals.ndim != 2 or signals.shape[1] < 2:
        raise _no_series(path, f"an array of shape {signals.shape}")
    meta = image.darrays[0].meta
    structure = image.meta.get("AnatomicalStructurePrimary", "") or meta.get(
        "AnatomicalStructurePrimary", ""
    )
    step = float(meta.get("TimeStep", 0) or 0)  # FreeSurfer and nibabel: milliseconds
    reader = ArrayReader(signals.astype(np.float32, copy=False))
    return reader, SurfaceSpace(len(signals), structure), step, "msec"


def _cifti(image: Any, path: Path) -> tuple[SignalReader, Space, float | None, str]:
    from nibabel.cifti2.cifti2_axes import BrainModelAxis, ParcelsAxis, SeriesAxis

    series, places = (image.header.get_axis(i) for i in range(2))
    if not isinstance(series, SeriesAxis) or not isinstance(places, BrainModelAxis | ParcelsAxis):
        raise _no_series(
            path, f"axes {type(series).__name__} and {type(places).__name__}, shape {image.shape}"
        )
    # The header's own unit; the exponent is already in the step.
    unit = "sec" if series.unit == "SECOND" else "another"
    return CiftiReader(image, path), GrayordinateSpace(places), float(series.step), unit


def _no_series(path: Path, found: str) -> DataError:
    return DataError(
        f"{path.name} is no series of volumes",
        found=found,
        expected="one value a vertex for each of at least two volumes",
        fix=_FIX,
    )
