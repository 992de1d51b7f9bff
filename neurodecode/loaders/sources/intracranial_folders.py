"""Long intracranial recordings of the Bern sleep-wake-epilepsy centre, with the seizures in them.

Two issues exist. One has an ``.mat`` file an hour and seizures in ``ID.._info.mat``
(ieeg-swez.ethz.ch, long-term data); the other has HDF5 parts of about 10 GB and seizures in
``ID.._total.h5`` (Carzaniga et
al. 2025, arXiv:2506.20354). Seconds of seizures count from the person's first sample in both.
Electrodes have neither names nor places.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import numpy as np

from neurodecode.core.card import Card
from neurodecode.core.channels import Channels
from neurodecode.core.dependencies import need
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.loaders.formats.arrays import load_array
from neurodecode.loaders.formats.damage import damage_told
from neurodecode.loaders.formats.hdf5 import Hdf5Reader
from neurodecode.loaders.sources.folder_files import Rows, companion, row_of, with_labelled_windows

HOUR = 3600.0  # s
_LZ4 = 32004  # number of the LZ4 filter in HDF5's registry

Spans = list[tuple[float, float]]


# ---------------------------------------------------------------------- hours in MATLAB files
def hour_rows(card: Card, path: Path, fields: dict[str, str]) -> Rows:
    """The row of an hour, ``ID{subject}_{run}h.mat`` with the array ``EEG``.

    Raises
    ------
    DownloadError : the person's ``ID{subject}_info.mat`` is not there.
    """
    info = companion(card, card.source["info"].format(**fields))
    return [(functools.partial(open_hour, card, path, info, int(fields["run"])),
             row_of(card, path, fields))]  # fmt: skip


def open_hour(card: Card, path: Path, info: Path, hour: int) -> Recording:
    """Recording of an hour, µV, with a labelled window every `card.tmax` s.

    Raises
    ------
    DataError : arrays are missing, or seizures end before they begin.
    """
    data = load_array(path, "EEG")  # (n_channels, n_times)
    sfreq = float(load_array(info, "fs").ravel()[0])
    begin, end = (
        load_array(info, name).ravel().astype(np.float64)
        for name in ("seizure_begin", "seizure_end")
    )
    if data.shape[1] > round(HOUR * sfreq) or data.shape[0] > data.shape[1]:
        raise DataError(f"{path.name} is no hour of channels x samples", found=str(data.shape),
                        expected=f"at most {round(HOUR * sfreq)} samples a row")  # fmt: skip
    return _labelled(card, data.astype(np.float32), len(data), sfreq, path,
                     _checked(begin, end, info), (hour - 1) * HOUR)  # fmt: skip


# ---------------------------------------------------------------------- HDF5 in parts
def part_rows(card: Card, path: Path, fields: dict[str, str]) -> Rows:
    """The row of a part, ``ID.._part_{run}.h5``.

    Raises
    ------
    DownloadError : the person's ``ID.._total.h5`` is not there.
    """
    stem = path.name.partition("_part_")[0]
    name = path.with_name(f"{stem}_total.h5").relative_to(path.parents[1]).as_posix()
    total = companion(card, name)
    return [(functools.partial(open_part, card, path, total, int(fields["run"])),
             row_of(card, path, fields))]  # fmt: skip


def open_part(card: Card, path: Path, total: Path, part: int) -> Recording:
    """Recording of a part, µV, read as it is asked for, with a labelled window every `card.tmax` s.

    The file ``total`` tells the rate, the seizures and where each part starts. It is a view of the
    parts by their names, which samples are not read through: it breaks when files move.

    Raises
    ------
    DataError : a file without what it should hold, or a part that the view does not know.
    MissingDependency : h5py, or the plug-in for LZ4, is not installed.
    """
    h5py = need("h5py", extra="spikes", why="an HDF5 file")
    with damage_told(total), h5py.File(total, "r") as file:
        _check_has(file, total, "data/ieeg", "data/seizures")
        if "sampling_rate" not in file.attrs:
            raise DataError(f"{total.name} does not say its rate", expected="sampling_rate")
        sfreq = float(file.attrs["sampling_rate"])
        table = file["data/seizures"][()]
        start = _starts(file["data/ieeg"], total).get(part)
    if start is None:
        raise DataError(f"{total.name} does not know part {part}", expected=path.name)
    with damage_told(path), h5py.File(path, "r") as file:
        _check_has(file, path, "data/ieeg")
        n, n_times = file["data/ieeg"].shape
        if _needs_lz4(h5py, file["data/ieeg"]):
            need("hdf5plugin", extra="spikes", why=f"{path.name}, which is compressed by LZ4,")
    reader = Hdf5Reader(path, "data/ieeg", n_times, np.ones(n), np.zeros(n), channels_first=True)
    spans = _checked(np.ravel(table["onsets"]), np.ravel(table["offsets"]), total)
    return _labelled(card, reader, n, sfreq, path, spans, start / sfreq)


def _starts(view: Any, total: Path) -> dict[int, int]:
    """First sample of each part in the view of all; names of parts hold their numbers."""
    if not view.is_virtual:
        raise DataError(f"{total.name} is no view of parts", found="samples of its own")
    found = {}
    for source in view.virtual_sources():
        if match := re.search(r"_part_(\d+)\.h5$", source.file_name):
            found[int(match[1])] = int(source.vspace.get_select_bounds()[0][1])
    return found


def _needs_lz4(h5py: Any, data: Any) -> bool:
    made = data.id.get_create_plist()
    used = [made.get_filter(i)[0] for i in range(made.get_nfilters())]
    return _LZ4 in used and not h5py.h5z.filter_avail(_LZ4)


def _check_has(file: Any, path: Path, *names: str) -> None:
    for name in names:
        if name not in file:
            raise DataError(f"{path.name} lacks {name}", found=", ".join(file) or "nothing")


def _checked(begin: np.ndarray, end: np.ndarray, path: Path) -> Spans:
    if len(begin) != len(end) or (end < begin).any():
        raise DataError(f"{path.name}: seizures do not begin and end in turn",
                        found=f"{len(begin)} beginnings, {len(end)} ends")  # fmt: skip
    return list(zip(begin.tolist(), end.tolist(), strict=True))


def _labelled(
    card: Card, data: Any, n_channels: int, sfreq: float, path: Path, spans: Spans, start: float
) -> Recording:
    width = len(str(n_channels))
    names = [f"iEEG {i + 1:0{width}d}" for i in range(n_channels)]
    recording = Recording(
        data,
        channels=Channels(names, kinds=card.channels["kind"]),
        sfreq=sfreq,
        source=str(path),
        notes=[f"time 0 is {start:.6g} s of the person's recording"],
    )
    return with_labelled_windows(card, recording, [(a - start, b - start) for a, b in spans])
