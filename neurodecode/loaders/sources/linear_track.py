"""Place cells of a rat on a linear track: nested MATLAB cells of spikes and a camera's positions.

``spikes.mat`` nests cells ``spikes{day}{epoch}{tetrode}{unit}`` of structures with the field
``time`` (s). The camera's file is a text header, which states the clock, and records of 12 bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.card import Card
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.loaders.binning import recording_from_spikes
from neurodecode.loaders.sources.data_files import data_file, file_names, have_all

_RECORD = np.dtype([("time", "<u4"), ("x", "<u2"), ("y", "<u2"), ("x2", "<u2"), ("y2", "<u2")])


def read_recordings(card: Card, subjects: list[str] | None) -> list[Recording]:
    """One recording: spikes of all units, and target "position" (x, y in camera pixels).

    Time zero is the first camera frame. Moments at which the camera lost the animal have no
    position; what comes after `source.run_until` (s on the files' clock) is marked BAD_rest.

    Raises
    ------
    DownloadError : a file is not here.
    DataError : a file holds something else.
    """
    if subjects is not None and not set(subjects) & set(card.subjects):
        return []
    stamps, position = camera_track(data_file(card, card.source["track"]["file"]))
    trains = unit_spikes(data_file(card, card.source["spikes"]["file"]))
    start, stop = float(stamps[0]), float(stamps[-1])
    middles = start + (np.arange(int((stop - start) * card.sfreq)) + 0.5) / card.sfreq
    seen = np.array([np.interp(middles, stamps, each) for each in position])
    rest = card.source["run_until"] - start
    bad = pd.DataFrame({"onset": [rest], "duration": [stop - start - rest], "kind": ["BAD_rest"]})
    return [
        recording_from_spikes(
            trains, bin=1 / card.sfreq, start=start, stop=stop, targets={"position": seen},
            intervals=bad, recording=card.name, subject=card.subjects[0],
            source=str(data_file(card, card.source["spikes"]["file"])),
            notes=[f"time 0 is {start:.3f} s of the files' clock"],
        )
    ]  # fmt: skip


def is_present(card: Card) -> bool:
    """Whether all files of the card lie in their folder."""
    return have_all(card)


def files(card: Card, subjects: list[str] | None) -> list[Path]:
    """Files the recording comes from."""
    return [file_path(card, name) for name in file_names(card)]


def file_path(card: Card, name: str) -> Path:
    """Where a file of the card lies, or should."""
    return data_file(card, name, must_exist=False)


def unit_spikes(path: Path) -> dict[str, np.ndarray]:
    """Spike times (s) of every unit that has any, named by tetrode and unit.

    Raises
    ------
    DataError : the file holds no nested spikes.
    """
    from scipy.io import loadmat

    try:
        content = loadmat(path, variable_names=["spikes"])["spikes"]
    except (KeyError, ValueError, OSError, TypeError) as error:
        raise DataError(f"{path.name} holds no spikes", found=str(error),
                        expected="nested cells called 'spikes'") from error  # fmt: skip
    trains = {
        "unit " + "-".join(str(number) for number in place[2:]): times
        for place, times in _leaves(content, ())
        if len(times)
    }
    if not trains:
        raise DataError(f"{path.name} holds no spikes", found="no structure with a field 'time'")
    return trains


def _leaves(cell: Any, place: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    """Places (numbers from one, as in MATLAB) and spike times of the structures in nested cells."""
    if not isinstance(cell, np.ndarray):
        return
    if cell.dtype.names and "time" in cell.dtype.names:
        for each in cell.ravel():
            yield place, np.asarray(each["time"], dtype=np.float64).ravel()
    elif cell.dtype == object:
        for number, each in enumerate(cell.ravel(), start=1):
            yield from _leaves(each, (*place, number))


def camera_track(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Time stamps (s) and positions (pixels, NaN where the animal was lost) of a camera's file.

    Returns
    -------
    stamps : float64 array, shape (n,)
    position : float64 array, shape (2, n): x, y

    Raises
    ------
    DataError : no such header, or a last record that is not whole.
    """
    content = path.read_bytes()
    header, mark, records = content.partition(b"<End settings>\n")
    clock = re.search(rb"clockrate:\s*(\d+)", header)
    if not mark or clock is None or len(records) % _RECORD.itemsize:
        raise DataError(
            f"{path.name} is no track of a camera",
            found="no header" if not mark or clock is None
            else f"{len(records)} bytes, no multiple of {_RECORD.itemsize}",
            expected="a text header with clockrate, then records of 12 bytes",
            fix="copy the file again",
        )  # fmt: skip
    track = np.frombuffer(records, dtype=_RECORD)
    position = np.array([track["x"], track["y"]], dtype=np.float64)
    position[:, (position == 0).all(axis=0)] = np.nan
    return track["time"] / float(clock[1]), position
