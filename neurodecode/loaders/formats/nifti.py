"""NIfTI volumes over time: voxels of a mask or means of regions as channels, volumes as samples."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.dependencies import need
from neurodecode.core.errors import DataError
from neurodecode.core.memory import check_bytes
from neurodecode.core.recording import Recording
from neurodecode.core.space import ParcelSpace, VolumeSpace
from neurodecode.loaders.formats.scans import (
    CLEANING,
    blocks,
    check_options,
    open_image,
    read_values,
    recording_of,
    repetition_time,
)

NAME = "NIfTI"
OPTIONS = ("mask", "atlas", "tr", "smoothing", *CLEANING)
_LOOK = 20  # volumes from which a brain mask is computed
_CODES = {3: "mni", 4: "mni"}  # sform or qform code -> frame; others are the scanner's


class VolumeReader:
    """Channels of a 4-D image, a few volumes at a time; never all of it as floats.

    Parameters
    ----------
    path : Path
    reduce : function
        From volumes, shape (nx, ny, nz, n), to channels, shape (n_channels, n).
    n_channels : int
    smoothing : float or None
        Full width at half maximum of a Gaussian, mm.
    """

    def __init__(
        self, path: Path, reduce: Callable[[np.ndarray], np.ndarray], n_channels: int,
        smoothing: float | None,
    ):  # fmt: skip
        self.path, self.reduce, self.n_channels = path, reduce, n_channels
        self.smoothing = smoothing
        self.shape = open_image(path).shape
        self.n_times, self.dtype = int(self.shape[3]), np.dtype(np.float32)

    def read(self, start: int, stop: int, channel_indices: np.ndarray | None = None) -> np.ndarray:
        """Volumes start to stop (excluded), shape (n_channels, n), float32."""
        import nibabel

        # The file stays open for this call only: gzip streams go forward without starting anew.
        image = nibabel.load(self.path, keep_file_open=True)
        n = self.n_channels if channel_indices is None else len(channel_indices)
        signals = np.empty((n, stop - start), dtype=self.dtype)
        for low, high in blocks(stop, int(np.prod(self.shape[:3])), start):
            part = self.reduce(self._volumes(image, low, high))
            signals[:, low - start : high - start] = (
                part if channel_indices is None else part[channel_indices]
            )
        return signals

    def _volumes(self, image: Any, low: int, high: int) -> np.ndarray:
        volumes = read_values(image.dataobj, np.s_[..., low:high], self.path.name)
        if self.smoothing is None:
            return volumes
        import nibabel

        nilearn = need("nilearn.image", extra="fmri", why="smoothing")
        part = nibabel.Nifti1Image(volumes.astype(np.float32), image.affine)
        return np.asarray(nilearn.smooth_img(part, self.smoothing).dataobj)


class Masked:
    """Voxels of a mask; the same order as `volumes[mask]`."""

    def __init__(self, mask: np.ndarray):
        self.mask = mask

    def __call__(self, volumes: np.ndarray) -> np.ndarray:
        return volumes[self.mask]


class RegionMeans:
    """Mean of each region of a label image, in the order of the labels."""

    def __init__(self, space: ParcelSpace):
        self.inside = space.atlas != 0
        self.codes = np.searchsorted(space.labels, space.atlas[self.inside])
        self.counts = np.bincount(self.codes)

    def __call__(self, volumes: np.ndarray) -> np.ndarray:
        voxels = volumes[self.inside]  # (n_voxels, n)
        sums = [np.bincount(self.codes, weights=each) for each in voxels.T]
        return (np.array(sums) / self.counts).T


def read_file(path: Path, events: Any, options: dict[str, Any], ids: dict[str, str]) -> Recording:
    """Recording of a 4-D NIfTI image; kind "bold", unit as stored.

    Parameters
    ----------
    path : Path of a .nii or .nii.gz file
    events : path, DataFrame, or None
        See `volume_events`. None: the events.tsv that BIDS puts beside the image.
    options : dict
        ``mask`` (path or image; "all" keeps every voxel; default: nilearn's brain mask of the
        first volumes), ``atlas`` (path or image of integer labels, in place of a mask), ``tr``
        (s), ``smoothing`` (FWHM in mm), ``confounds``, ``detrend``, ``high_pass`` (Hz),
        ``standardize`` (see `neurodecode.loaders.formats.confounds`).
    ids : dict

    Raises
    ------
    DataError
        No time axis, no repetition time, a mask or atlas that does not lie on the image.
    MissingDependency
        nibabel or nilearn is not installed.
    """
    check_options(options, OPTIONS, "NIfTI")
    image = open_image(path)
    if type(image).__name__ == "Cifti2Image":
        from neurodecode.loaders.formats import surfaces

        return surfaces.read_file(path, events, options, ids)
    _check_series(image, path)
    header = image.header
    tr, notes = repetition_time(
        path, options.get("tr"), float(header["pixdim"][4]), _time_unit(header)
    )
    space, said = _space(image, options.get("mask"), options.get("atlas"))
    reduce = RegionMeans(space) if isinstance(space, ParcelSpace) else Masked(space.mask)
    reader = VolumeReader(path, reduce, len(space.names), options.get("smoothing"))
    code = int(header["sform_code"]) or int(header["qform_code"])
    channels = Channels(
        space.names,
        kinds="bold",
        positions=space.positions(),
        frame=_CODES.get(code, "device"),
        position_from="file",
    )
    if (width := options.get("smoothing")) is not None:
        said.append(f"smoothed by a Gaussian of {width:g} mm (FWHM)")
    return recording_of(
        path, reader, channels, space, tr, events=events, ids=dict(ids), notes=[*notes, *said],
        whole=path.suffix == ".gz", **{name: options[name] for name in CLEANING if name in options},
    )  # fmt: skip


def _check_series(image: Any, path: Path) -> None:
    shape = tuple(int(n) for n in image.shape)
    if len(shape) == 4 and shape[3] > 1 and min(shape) > 0:
        check_bytes(
            8 * prod(shape[:3]), f"one volume of {' × '.join(map(str, shape[:3]))} voxels",
            shrink="a header that says so may be damaged",
        )  # fmt: skip
        if image.get_data_dtype().kind not in "fiu":
            raise DataError(
                f"{path.name} holds no real numbers", found=f"type {image.get_data_dtype()}",
                expected="integers or floats",
            )  # fmt: skip
        return
    raise DataError(
        f"{path.name} is no series of volumes",
        found=f"an image of shape {shape}",
        expected="four dimensions: x, y, z and at least two volumes",
        fix="single images serve as mask= or atlas= of a series; maps of betas: "
        "nd.Epochs(maps[:, :, None], channels=..., sfreq=...)",
    )


def _time_unit(header: Any) -> str:
    try:
        return str(header.get_xyzt_units()[1])
    except KeyError:  # a code that NIfTI does not have
        return "unknown"


def _space(image: Any, mask: Any, atlas: Any) -> tuple[VolumeSpace | ParcelSpace, list[str]]:
    """Voxels or regions to take, and what had to be decided."""
    if atlas is not None:
        if mask is not None:
            raise DataError("either a mask or an atlas", found="both", fix="leave one out")
        labels, notes = _on_grid(atlas, image, "atlas")
        return ParcelSpace(labels, image.affine), notes
    if mask is None:
        return _brain(image)
    if isinstance(mask, str) and mask == "all":
        return VolumeSpace(np.ones(image.shape[:3], dtype=bool), image.affine), []
    labels, notes = _on_grid(mask, image, "mask")
    return VolumeSpace(labels != 0, image.affine), notes


def _on_grid(source: Any, image: Any, what: str) -> tuple[np.ndarray, list[str]]:
    """Integer labels of a mask or atlas on the grid of the image."""
    found = source if hasattr(source, "affine") else open_image(Path(source))
    labels = _labels(read_values(found.dataobj, np.s_[...], f"the {what}"), what)
    same_place = np.allclose(found.affine, image.affine, atol=1e-3)
    notes = []
    if labels.shape != image.shape[:3] or not same_place:
        labels = _resampled(labels, found.affine, image)
        notes = [f"the {what} lay on another grid: nearest neighbours were taken"]
    if not (labels != 0).any():
        raise DataError(
            f"the {what} holds nothing of the image",
            found=f"shape {tuple(found.shape)} against {tuple(image.shape[:3])}",
            expected=f"a {what} in the space of the image",
            fix="check that both are in the same space (native, MNI)",
        )
    return labels, notes


def _labels(values: np.ndarray, what: str) -> np.ndarray:
    """Whole numbers as the widest integers; files often keep labels as floats."""
    if values.ndim == 4 and values.shape[3] == 1:
        values = values[..., 0]
    whole = values.astype(np.int64) if np.isfinite(values).all() else None
    if values.ndim != 3 or whole is None or not np.array_equal(whole, values):
        raise DataError(
            f"this is no {what}",
            found=f"an image of shape {values.shape}"
            + ("" if values.ndim != 3 else " with fractions or missing values"),
            expected="one volume of whole numbers, 0 outside",
        )
    return whole


def _resampled(labels: np.ndarray, affine: np.ndarray, image: Any) -> np.ndarray:
    import nibabel

    resampling = need("nilearn.image", extra="fmri", why="a mask on another grid")
    # Numbers of the labels travel in place of the labels, which no type on the way may narrow.
    known, codes = np.unique(np.append(labels.ravel(), 0), return_inverse=True)
    zero = int(codes[-1])
    shifted = (codes[:-1] - zero).astype(np.int32).reshape(labels.shape)
    moved = resampling.resample_img(
        nibabel.Nifti1Image(shifted, affine),
        target_affine=image.affine,
        target_shape=image.shape[:3],
        interpolation="nearest",
        force_resample=True,
        copy_header=True,
    )
    return known[np.asarray(moved.dataobj).astype(np.int64) + zero]


def _brain(image: Any) -> tuple[VolumeSpace, list[str]]:
    """Brain mask from the mean of the first volumes."""
    import nibabel

    masking = need("nilearn.masking", extra="fmri", why="a brain mask (or give mask=)")
    first = read_values(image.dataobj, np.s_[..., :_LOOK], "the image")
    mean = first.mean(axis=-1, dtype=np.float64).astype(np.float32)
    opening = 2 if min(image.shape[:3]) > 8 else False  # a thin slab would be opened away
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = masking.compute_epi_mask(
                nibabel.Nifti1Image(mean, image.affine), opening=opening
            )
            mask = np.asarray(found.dataobj).astype(bool)
        except (ValueError, IndexError, np.linalg.LinAlgError):  # volumes of nothing or of NaN
            mask = np.zeros(image.shape[:3], dtype=bool)
    if not mask.any():
        raise DataError(
            "no brain is seen in the first volumes",
            found=f"an empty mask of shape {mask.shape}",
            fix="nd.read(..., mask='mask.nii.gz'), or mask='all' for every voxel",
        )
    note = (
        f"no mask given: {int(mask.sum())} of {mask.size} voxels are taken as brain "
        "(nilearn's compute_epi_mask); runs that belong together need one mask="
    )
    return VolumeSpace(mask, image.affine), [note]
