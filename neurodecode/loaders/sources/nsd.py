"""Natural Scenes Dataset: a session's single-trial betas as samples, the pictures as events.

A trial lasts 4 s and has one beta a voxel, so a session is a recording of one sample every 4 s.
Betas are stored as integers, 300 times the percent signal change. Which picture a trial showed
stands in the design: ``subjectim[person, masterordering[trial]]``, all counted from one. Source:
NSD Data Manual, "Functional data (NSD)" and "Experiments"; Allen et al. 2022,
doi 10.1038/s41593-021-00962-x.
"""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.card import Card
from neurodecode.core.channels import Channels
from neurodecode.core.dependencies import need
from neurodecode.core.errors import DataError
from neurodecode.core.readers import SignalReader
from neurodecode.core.recording import Recording
from neurodecode.core.space import VolumeSpace
from neurodecode.loaders.formats.arrays import load_array
from neurodecode.loaders.formats.damage import damage_told
from neurodecode.loaders.formats.nifti import Masked, VolumeReader
from neurodecode.loaders.formats.scans import WholeReader, open_image, read_values
from neurodecode.loaders.sources.folder_files import Rows, companion, row_of

SCALE = 300.0  # stored integer / percent signal change
TRIALS = 750  # a session
_PLANES = 4  # slices of an HDF5 file read at a time


def session_rows(card: Card, path: Path, fields: dict[str, str]) -> Rows:
    """The row of a session's file, ``.hdf5`` or ``.nii.gz``.

    Raises
    ------
    DownloadError : the design or the person's mask is not there.
    """
    twin = path.with_name(f"betas_session{fields['session']}.hdf5")
    if path != twin and twin.is_file():  # the same betas; no session counts twice
        return []
    design = companion(card, card.source["design"])
    mask = companion(card, card.source["mask"].format(**fields))
    opener = functools.partial(
        open_session, card, path, mask, design, int(fields["subject"]), int(fields["session"])
    )
    return [(opener, row_of(card, path, fields))]


def open_session(
    card: Card, path: Path, mask: Path, design: Path, person: int, session: int
) -> Recording:
    """Betas of the mask's voxels in percent signal change; pictures by their number of 73 000.

    Events carry `stimulus` (the picture), `repeat` (which showing of it to this person) and `part`:
    the 1000 pictures that all people were to see are the test.

    Raises
    ------
    DataError : betas that are no integers, or do not fit mask or design.
    MissingDependency : nibabel or h5py is not installed.
    """
    space = _space(mask)
    reader = _reader(path, space)
    if reader.n_times != TRIALS:
        raise DataError(
            f"{path.name} is no whole session",
            found=f"{reader.n_times} betas a voxel",
            expected=f"{TRIALS}, one a trial",
        )
    channels = Channels(
        space.names,
        kinds=card.channels["kind"],
        units=card.channels["unit"],
        positions=space.positions(),
        frame="device",
        position_from="file",
    )
    return Recording(
        WholeReader(reader, len(channels), None),
        channels=channels,
        sfreq=card.sfreq,
        events=pictures(design, person, session).assign(
            onset=np.arange(TRIALS) / card.sfreq, duration=1 / card.sfreq
        ),
        space=space,
        source=str(path),
        notes=[f"voxels of {mask.name}; samples are trials, not moments of a scan"],
    )


def pictures(design: Path, person: int, session: int) -> pd.DataFrame:
    """Pictures of a session's trials by the design: label, stimulus, repeat, part.

    Parameters
    ----------
    design : ``nsd_expdesign.mat``
    person : 1 to 8
    session : 1 to 40

    Raises
    ------
    DataError : the design knows no such person or session.
    """
    order = load_array(design, "masterordering").ravel().astype(np.int64)
    numbers = load_array(design, "subjectim").astype(np.int64)
    shared = load_array(design, "sharedix").ravel().astype(np.int64)
    start = (session - 1) * TRIALS
    if not (1 <= person <= len(numbers) and 0 <= start <= len(order) - TRIALS):
        raise DataError(
            f"{design.name} does not know these trials",
            found=f"person {person}, session {session}",
            expected=f"1 to {len(numbers)} and 1 to {len(order) // TRIALS}",
        )
    shown = numbers[person - 1, order[: start + TRIALS] - 1]
    seen: Counter[int] = Counter()
    repeats = []
    for number in shown.tolist():
        seen[number] += 1
        repeats.append(seen[number])
    mine = shown[start:]
    return pd.DataFrame(
        {
            "label": mine.astype(str),
            "stimulus": mine.astype(str),
            "repeat": repeats[start:],
            "part": np.where(np.isin(mine, shared), "test", "train"),
        }
    )


def _space(mask: Path) -> VolumeSpace:
    """Voxels of a region: 1 and above; -1 marks what lies outside the cortex."""
    image = open_image(mask)
    inside = read_values(image.dataobj, np.s_[...], mask.name) > 0
    if inside.ndim != 3 or not inside.any():
        raise DataError(f"{mask.name} is no mask", found=f"shape {inside.shape}",
                        expected="one volume with voxels above 0")  # fmt: skip
    return VolumeSpace(inside, image.affine)


def _reader(path: Path, space: VolumeSpace) -> SignalReader:
    if path.suffix == ".hdf5":
        return BetaReader(path, space.mask)
    image = open_image(path)
    slope = float(getattr(image.dataobj, "slope", 1.0))
    _check_stored(path, tuple(image.shape), image.get_data_dtype(), space.mask.shape)
    if slope != 1.0:
        raise DataError(f"{path.name} scales its own values", found=f"slope {slope:g}",
                        expected="integers as NSD stores them, without a scale")  # fmt: skip
    return VolumeReader(path, _Scaled(space.mask), int(space.mask.sum()), None)


def _check_stored(path: Path, shape: tuple[int, ...], dtype: Any, grid: tuple[int, ...]) -> None:
    if np.dtype(dtype) != np.int16:
        raise DataError(
            f"{path.name} holds no betas as NSD stores them",
            found=f"type {np.dtype(dtype)}",
            expected="int16, 300 times the percent signal change",
            fix="copy the file from the source again; converted files may be scaled already",
        )
    if len(shape) != 4 or shape[:3] != tuple(grid):
        raise DataError(
            f"{path.name} does not lie on the mask's grid",
            found=f"shape {shape}",
            expected=f"{tuple(grid)} voxels and {TRIALS} trials",
            fix="betas and mask of one person and one resolution (func1pt8mm or func1mm)",
        )


class _Scaled(Masked):
    """Voxels of a mask in percent signal change."""

    def __call__(self, volumes: np.ndarray) -> np.ndarray:
        return super().__call__(volumes).astype(np.float32) / np.float32(SCALE)


class BetaReader:
    """Voxels of an HDF5 file of betas, a few slices at a time.

    Each voxel's trials lie together in the file (MATLAB's axes are x, y, z, trials; HDF5 shows
    them reversed), so slices of the head are read, not stretches of trials.

    Parameters
    ----------
    path : file with the data set ``betas``
    mask : bool array, shape (nx, ny, nz)
    """

    def __init__(self, path: Path, mask: np.ndarray):
        self.path, self.mask = path, mask
        self.dtype = np.dtype(np.float32)
        with damage_told(path), self._file() as file:
            if "betas" not in file:
                raise DataError(f"{path.name} holds no betas", found=", ".join(file) or "nothing",
                                expected="a data set called 'betas'")  # fmt: skip
            stored = file["betas"]
            _check_stored(path, stored.shape[::-1], stored.dtype, mask.shape)
            self.n_times = int(stored.shape[0])

    def _file(self) -> Any:
        return need("h5py", extra="spikes", why="an HDF5 file").File(self.path, "r")

    def read(self, start: int, stop: int, channel_indices: np.ndarray | None = None) -> np.ndarray:
        """Trials start to stop (excluded), shape (n_voxels, n), float32, percent signal change."""
        place = np.cumsum(self.mask.ravel()).reshape(self.mask.shape) - 1  # voxel -> row
        out = np.empty((int(self.mask.sum()), stop - start), dtype=self.dtype)
        with damage_told(self.path), self._file() as file:
            for low in range(0, self.mask.shape[2], _PLANES):
                inside = self.mask[:, :, low : low + _PLANES]
                if inside.any():
                    block = file["betas"][start:stop, low : low + _PLANES]  # (n, z, y, x)
                    rows = place[:, :, low : low + _PLANES][inside]
                    out[rows] = block.transpose(3, 2, 1, 0)[inside]
        out /= np.float32(SCALE)
        return out if channel_indices is None else out[channel_indices]
