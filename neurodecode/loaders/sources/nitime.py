"""Two small recordings that travel inside the package `nitime`.

*Grasshopper*: times of action potentials of an auditory receptor cell of *Locusta migratoria* and
the amplitude of the tone it heard, two stimuli of 10 s. *Event-related fMRI*: the mean BOLD signal
of motion-sensitive voxels and the times of six kinds of motion stimuli.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from neurodecode.core.card import Card
from neurodecode.core.channels import Channels
from neurodecode.core.dependencies import need
from neurodecode.core.errors import CardError, DataError
from neurodecode.core.recording import Recording

SECONDS = 10.0  # of each grasshopper stimulus
REFERENCE_PASCAL = 2.0e-5  # hearing threshold, 0 dB SPL
VOLUMES_PER_RUN = 280  # see `event_related_runs`
EVENTS_PER_BLOCK = 4


def read_recordings(card: Card, subjects: list[str] | None) -> list[Recording]:
    """The recordings that `source.set` of the card names: "grasshopper" or "event-related".

    Raises
    ------
    MissingDependency : nitime is not installed.
    DataError : a file is missing or holds something else.
    """
    sets = {"grasshopper": grasshopper_sessions, "event-related": event_related_runs}
    name = card.source.get("set", "")
    if name not in sets:
        raise CardError(f"{card.name}: no such set", found=repr(name), expected=", ".join(sets))
    return sets[name](card)


def grasshopper_sessions(card: Card) -> list[Recording]:
    """Spike counts and stimulus of both sessions, in bins of 1 / `card.sfreq`.

    Target "stimulus" is the sound level (dB SPL, mean over the bin) `source.lag` seconds before
    the bin: a spike tells about what the cell has just heard, so a window must end after it.
    """
    bins = round(SECONDS * card.sfreq)
    lag = round(card.source["lag"] * card.sfreq)
    sessions = []
    for session, top in enumerate(card.source["intensity_db"], start=1):
        spikes = _table(f"grasshopper_spike_times{session}.txt", 1)  # µs
        amplitude = _table(f"grasshopper_stimulus{session}.txt", 2)[:, 1]  # Pa, every 50 µs
        level = 20 * np.log10(amplitude / REFERENCE_PASCAL)
        level += top - level.max()  # the spike file's header gives the largest level
        counts, _ = np.histogram(spikes * 1e-6, bins=bins, range=(0.0, SECONDS))
        heard = level.reshape(bins, -1).mean(axis=1)
        delayed = np.concatenate([np.full(lag, heard[0]), heard[: bins - lag]])
        sessions.append(
            Recording(
                counts[None].astype(np.float32),
                channels=Channels(card.channels["names"], kinds="spikes"),
                sfreq=card.sfreq,
                recording=f"{card.name} ses-{session}",
                subject=card.subjects[0],
                session=str(session),  # each stimulus has its own level and speed: no common model
                targets={"stimulus": delayed},
            )
        )
    return sessions


def event_related_runs(card: Card) -> list[Recording]:
    """BOLD of twelve runs with their events; column "block" numbers groups of four like events.

    The file holds one series of 3360 volumes. That it is twelve runs of 280 is inferred: each such
    piece holds 48 events, eight of each kind, and has mean zero; pieces of another length do not.
    """
    table = _table("event_related_fmri.csv", 2, skip=1, delimiter=",")
    bold, codes = table.T
    if len(bold) % VOLUMES_PER_RUN:
        raise DataError(
            "event_related_fmri.csv has another length",
            found=f"{len(bold)} volumes",
            expected=f"a multiple of {VOLUMES_PER_RUN}",
            fix="install nitime 0.12",
        )
    runs = []
    pieces = zip(bold.reshape(-1, VOLUMES_PER_RUN), codes.reshape(-1, VOLUMES_PER_RUN), strict=True)
    for run, (signal, code) in enumerate(pieces, start=1):
        volumes = np.flatnonzero(code)
        events = pd.DataFrame(
            {
                "onset": volumes / card.sfreq,
                "duration": 0.0,
                "label": [f"motion {int(kind)}" for kind in code[volumes]],
                "block": [f"{run}-{1 + i // EVENTS_PER_BLOCK}" for i in range(len(volumes))],
            }
        )
        runs.append(
            Recording(
                signal[None].astype(np.float32),
                channels=Channels(card.channels["names"], kinds="bold", units="%"),
                sfreq=card.sfreq,
                events=events,
                recording=f"{card.name} run-{run}",
                subject=card.subjects[0],
                run=str(run),
            )
        )
    return runs


def is_present(card: Card) -> bool:
    """Whether nitime is installed."""
    return find_spec("nitime") is not None


def file_path(card: Card, name: str) -> Path:
    """Where a file of the card lies."""
    return data_folder() / name


def data_folder() -> Path:
    """Folder of the installed nitime that holds its data."""
    spec = find_spec("nitime")
    if spec is None or not spec.submodule_search_locations:
        need("nitime", extra="data", why="this data set")  # raises, naming the install line
        raise AssertionError("unreachable")
    return Path(spec.submodule_search_locations[0]) / "data"


def _table(name: str, columns: int, skip: int = 0, delimiter: str | None = None) -> np.ndarray:
    path = data_folder() / name
    if not path.is_file():
        raise DataError(
            f"{name} is not in the installed nitime",
            found=f"no file {path}",
            expected="nitime 0.11 or newer with its data folder",
            fix='pip install --force-reinstall "nitime>=0.11"',
        )
    table = np.loadtxt(path, skiprows=skip, delimiter=delimiter)
    if (table.ndim == 1 and columns != 1) or (table.ndim == 2 and table.shape[1] != columns):
        raise DataError(f"{name} has another layout", found=str(table.shape), expected=f"{columns}")
    return table
