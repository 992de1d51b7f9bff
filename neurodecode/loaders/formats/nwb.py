"""NWB files (HDF5): units, voltages, calcium, behaviour and trials, by pynwb.

A file with one kind of signal gives a `Recording`, one with several a `Bundle` on the file's clock.
Behaviour becomes targets on the samples of every signal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.bundle import Bundle
from neurodecode.core.channels import Channels
from neurodecode.core.dependencies import need
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.recording import Recording
from neurodecode.core.words import join_words, plural
from neurodecode.loaders.binning import DEFAULT_BIN, recording_from_spikes
from neurodecode.loaders.clock import steady_clock
from neurodecode.loaders.formats.event_files import read_events
from neurodecode.loaders.formats.hdf5 import Hdf5Reader
from neurodecode.loaders.formats.nwb_tables import (
    bad_spans,
    behaviour,
    event_table,
    outside,
    steady_targets,
)
from neurodecode.loaders.formats.scans import check_options

NAME = "NWB"
OPTIONS = ("bin", "signal")
# Words in an electrode's group, location or series that tell how it sat.
_SURFACE = ("ecog", "grid", "strip", "surface", "utah")
_SCALP = ("eeg", "scalp")


def read_file(
    path: Path, events: Any, options: dict[str, Any], ids: Mapping[str, str]
) -> Recording | Bundle:
    """Recording or Bundle of an NWB file.

    Parameters
    ----------
    path : ``.nwb``
    events : as `read_events` takes them, in place of the file's; for one signal only
    options
        bin: width of the bins that spikes are counted in, s, default 0.02 (the times are kept:
        `rebin`); signal: "spikes" or the name of a series, to read that alone.

    Returns
    -------
    recording : voltages in µV; every trial's start and other times as events, its columns with them

    Raises
    ------
    MissingDependency
        pynwb is not installed.
    DataError
        Damaged, no units and no series of signals, or no signal of that name.
    """
    check_options(options, OPTIONS, path.name)
    pynwb = need("pynwb", extra="spikes", why="an NWB file")
    with pynwb.NWBHDF5IO(str(path), "r", load_namespaces=True) as io:
        return _read(io.read(), path, events, options, ids)


def _read(
    nwb: Any, path: Path, events: Any, options: Mapping[str, Any], ids: Mapping[str, str]
) -> Recording | Bundle:
    words: dict[str, Any] = {**_ids(nwb), **ids, "source": str(path)}
    series = _series(nwb)
    names = (["spikes"] if nwb.units is not None and len(nwb.units) else []) + list(series)
    wanted = options.get("signal")
    if not names or (wanted is not None and wanted not in names):
        raise DataError(
            f"{path.name} holds no signal" + ("" if wanted is None else " of that name"),
            found=join_words(names) if names else "neither units nor series of voltages or dF/F",
            fix=did_you_mean(str(wanted), names) if wanted else None,
        )
    moving = behaviour(nwb)
    bad = bad_spans(nwb)
    table = event_table(nwb)
    parts, starts = {}, {}
    for name in [wanted] if wanted else names:
        if name == "spikes":
            part, start = _units(nwb, options.get("bin", DEFAULT_BIN), moving, words)
        else:
            part, start = _voltages(series[name], path, moving, words)
        spans = [part.intervals, bad.assign(onset=bad["onset"] - start)]
        part = part.with_intervals(pd.concat([each for each in spans if len(each)] or spans[:1]))
        parts[name], starts[name] = part, start
    notes = [f"target {name!r} in {unit}" for name, _, _, unit in moving]
    if len(parts) > 1:
        if events is not None:
            raise DataError("events that lie apart need one signal to be counted on",
                            found=join_words(list(parts)), fix=f'signal="{names[0]}"')  # fmt: skip
        zero = min(starts.values())
        offsets = {name: start - zero for name, start in starts.items()}
        return Bundle(
            parts, events=table.assign(onset=table["onset"] - zero), offsets=offsets, notes=notes
        )
    name, only = next(iter(parts.items()))
    if events is not None:
        own = read_events(events, only.sfreq, 0, only.n_times)
    else:
        own = table.assign(onset=table["onset"] - starts[name])
    return only.with_events(own).with_notes([*only.notes, *notes])


def _ids(nwb: Any) -> dict[str, str]:
    found = {}
    if nwb.subject is not None and nwb.subject.subject_id:
        found["subject"] = str(nwb.subject.subject_id)
    if nwb.session_id:
        found["session"] = str(nwb.session_id)
    return found


# ---------------------------------------------------------------------------------- spikes
def _units(
    nwb: Any, bin: float, moving: list[Any], words: Mapping[str, Any]
) -> tuple[Recording, float]:
    """Counts of all units, and where bin 0 starts on the file's clock."""
    units = nwb.units
    if "spike_times" not in units.colnames:
        raise DataError("the units have no spike times", found=", ".join(units.colnames))
    trains = {
        f"unit {number}": np.asarray(units.get_unit_spike_times(i))
        for i, number in enumerate(units.id[:].tolist())
    }
    observed = _observed(units)
    start, stop = _extent(trains, observed, nwb, moving)
    made = recording_from_spikes(trains, bin=bin, start=start, stop=stop)
    middles = start + (np.arange(made.n_times) + 0.5) / made.sfreq
    said = [f"counts in bins of {bin:g} s; rebin(rec, bin) chooses others"]
    if start:
        said.append(f"time 0 is {start:.6g} s of the file's clock")
    left = [name for name in units.colnames if name not in ("spike_times", "obs_intervals")]
    if left:
        said.append(f"columns of the units left out: {', '.join(left)}")
    intervals = None if observed is None else outside(observed, start, stop)
    again = Recording(
        made.reader, channels=made.channels, sfreq=made.sfreq, intervals=intervals,
        targets=steady_targets(moving, middles), notes=said, **words,
    )  # fmt: skip
    return again, start


def _observed(units: Any) -> np.ndarray | None:
    """Stretches in which all units were observed, shape (n, 2), s; None where nothing is said."""
    if "obs_intervals" not in units.colnames:
        return None
    common: np.ndarray | None = None
    for i in range(len(units)):
        own = np.asarray(units.get_unit_obs_intervals(i), dtype=np.float64).reshape(-1, 2)
        if len(own):
            own = own[np.argsort(own[:, 0])]
            common = own if common is None else _overlap(common, own)
    return common if common is not None and len(common) else None


def _overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if np.array_equal(a, b):
        return a
    pairs = [
        (max(low, other[0]), min(high, other[1]))
        for low, high in a
        for other in b[np.searchsorted(b[:, 1], low) : np.searchsorted(b[:, 0], high)]
    ]
    return np.array([pair for pair in pairs if pair[1] > pair[0]]).reshape(-1, 2)


def _extent(
    trains: Mapping[str, np.ndarray], observed: np.ndarray | None, nwb: Any, moving: list[Any]
) -> tuple[float, float]:
    """Start and stop of the spikes on the file's clock."""
    if observed is not None:
        return float(observed[0, 0]), float(observed[:, 1].max())
    spikes = [each for each in trains.values() if len(each)]
    ends = [float(each.max()) for each in spikes]
    ends += [float(stamps[-1]) for _, stamps, _, _ in moving]
    ends += [float(np.max(t["stop_time"][:])) for t in (nwb.trials, nwb.epochs) if t is not None]
    if not ends:
        raise DataError("the units have no spikes", found=plural(len(trains), "empty unit"))
    first = min([float(each.min()) for each in spikes], default=0.0)
    return min(0.0, first), max(ends)


# ---------------------------------------------------------------------------------- series
def _series(nwb: Any) -> dict[str, Any]:
    """Series of voltages and of calcium, by unique name."""
    kinds = {"ElectricalSeries", "RoiResponseSeries"}
    found: dict[str, Any] = {}
    for each in nwb.objects.values():
        if type(each).__name__ in kinds and each.data is not None and each.data.shape[0] > 1:
            parent = getattr(each.parent, "name", "")
            name = each.name if each.name not in found else f"{parent} {each.name}"
            found[name] = each
    return found


def _voltages(
    series: Any, path: Path, moving: list[Any], words: Mapping[str, Any]
) -> tuple[Recording, float]:
    """Recording of a series, and the time of its first sample on the file's clock."""
    n_times = series.data.shape[0]
    n = 1 if series.data.ndim == 1 else series.data.shape[1]
    start, sfreq, edges, said = _times(series, n_times)
    electrical = type(series).__name__ == "ElectricalSeries"
    kind = _kind(series) if electrical else "calcium"
    scale = 1e6 if electrical else 1.0
    factors = np.full(n, float(series.conversion)) * scale
    own = getattr(series, "channel_conversion", None)
    if electrical and own is not None:
        factors = factors * np.asarray(own[:], dtype=np.float64)
    offsets = np.full(n, float(series.offset or 0.0) * scale)
    if electrical:
        said.append(f"{series.name}: taken as {kind}; places of electrodes are left out: the file "
                    "does not say in which frame they are")  # fmt: skip
    channels = Channels(
        _names(series, n), kinds=kind, units=None if electrical else series.unit or "dF/F"
    )
    reader = Hdf5Reader(
        Path(series.data.file.filename), series.data.name, n_times, factors, offsets
    )
    made = Recording(
        reader, channels=channels, sfreq=sfreq, intervals=edges, notes=said,
        targets=steady_targets(moving, start + np.arange(n_times) / sfreq), **words,
    )  # fmt: skip
    return made, start


def _times(series: Any, n_times: int) -> tuple[float, float, pd.DataFrame | None, list[str]]:
    if series.rate is not None:
        return float(series.starting_time or 0.0), float(series.rate), None, []
    clock = steady_clock(np.asarray(series.timestamps[:]), f"series {series.name!r}")
    if len(clock.stamps) != n_times:
        raise DataError(f"series {series.name!r}: not one time stamp a sample",
                        found=f"{len(clock.stamps)} stamps, {n_times} samples")  # fmt: skip
    return clock.start, clock.sfreq, clock.edges(), clock.notes(series.name)


def _kind(series: Any) -> str:
    words = " ".join(_electrode_words(series)).lower()
    if any(word in words for word in _SURFACE):
        return "ecog"
    return "eeg" if any(word in words.replace("ieeg", "") for word in _SCALP) else "seeg"


def _electrode_words(series: Any) -> Iterator[str]:
    yield series.name
    yield str(series.description or "")
    table = series.electrodes.table
    for column in ("location", "group_name"):
        if column in table.colnames:
            yield from {str(word) for word in table[column][:]}


def _names(series: Any, n: int) -> list[str]:
    """Labels of electrodes where they are unique, else numbers."""
    numbers: Sequence[int] = range(n)
    if type(series).__name__ == "ElectricalSeries":
        numbers = [int(i) for i in series.electrodes.data[:]]
        table = series.electrodes.table
        for column in ("label", "channel_name", "name", "electrode_label"):
            if column in table.colnames:
                labels = [str(table[column][i]) for i in numbers]
                if len(set(labels)) == n:
                    return labels
        return [f"electrode {table.id[i]}" for i in numbers]
    return [f"roi {i + 1}" for i in numbers]
