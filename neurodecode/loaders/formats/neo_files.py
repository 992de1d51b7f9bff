"""Formats of electrophysiology that only Neo reads: Plexon, Blackrock spikes, Spike2, Intan.

Signals of each stream, sorted spikes, events and epochs of one segment; a `Recording` of one kind
of signal, a `Bundle` of several on the file's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.bundle import Bundle
from neurodecode.core.channels import NATURAL_UNITS
from neurodecode.core.dependencies import need
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.recording import Recording
from neurodecode.core.words import join_words, plural
from neurodecode.loaders.binning import DEFAULT_BIN, recording_from_spikes
from neurodecode.loaders.formats.event_files import read_events
from neurodecode.loaders.formats.in_memory import build
from neurodecode.loaders.formats.scans import check_options
from neurodecode.loaders.formats.units import to_natural

NAME = "a format of Neo's"
OPTIONS = ("bin", "signal", "segment", "kind")


def read_file(
    path: Path, events: Any, options: dict[str, Any], ids: Mapping[str, str]
) -> Recording | Bundle:
    """Recording or Bundle of one segment of a file that Neo opens.

    Parameters
    ----------
    path : ``.plx``, ``.nev``, ``.smr``, ``.rhd`` and others
    events : as `read_events` takes them, in place of the file's; for one signal only
    options
        bin: width of the bins that spikes are counted in, s, default 0.02; signal: "spikes" or the
        name of a stream, to read that alone; segment: number from 0, needed where there are
        several; kind: channel kind of voltages, default "seeg", which Neo does not know.

    Raises
    ------
    MissingDependency
        neo is not installed.
    DataError
        Damaged, several segments, or neither signals nor spikes.
    """
    check_options(options, OPTIONS, path.name)
    segment = _segment(path, options.get("segment"))
    words = {"source": str(path), **ids}
    parts, starts = _signals(segment, options.get("kind", "seeg"), words)
    if segment.spiketrains:
        bin = options.get("bin", DEFAULT_BIN)
        parts["spikes"], starts["spikes"] = _spikes(segment, bin, words)
    wanted = options.get("signal")
    if not parts or (wanted is not None and wanted not in parts):
        raise DataError(
            f"{path.name} holds no signal" + ("" if wanted is None else " of that name"),
            found=join_words(list(parts)) if parts else "neither signals nor sorted spikes",
            fix=did_you_mean(str(wanted), list(parts)) if wanted else None,
        )
    if wanted is not None:
        parts = {wanted: parts[wanted]}
    table = _events(segment)
    zero = min(starts[name] for name in parts)
    if len(parts) == 1:
        only = next(iter(parts.values()))
        own = None if events is None else read_events(events, only.sfreq, 0, only.n_times)
        return only.with_events(table.assign(onset=table["onset"] - zero) if own is None else own)
    if events is not None:
        raise DataError(
            "events that lie apart need one signal to be counted on",
            found=join_words(list(parts)),
            fix=f'signal="{next(iter(parts))}"',
        )
    offsets = {name: starts[name] - zero for name in parts}
    return Bundle(parts, events=table.assign(onset=table["onset"] - zero), offsets=offsets)


def _segment(path: Path, number: int | None) -> Any:
    neo = need("neo", extra="spikes", why=f"a {path.suffix} file")
    blocks = neo.io.get_io(str(path)).read()
    segments = [segment for block in blocks for segment in block.segments]
    if not segments or (number is None and len(segments) > 1):
        raise DataError(
            f"{path.name} holds {plural(len(segments), 'segment')}",
            expected="one, or the number of one",
            fix=f'nd.read("{path.name}", segment=0)' if segments else None,
        )
    if not 0 <= (number or 0) < len(segments):
        raise DataError("no such segment", found=str(number), expected=f"0 to {len(segments) - 1}")
    return segments[number or 0]


def _signals(
    segment: Any, kind: str, words: Mapping[str, str]
) -> tuple[dict[str, Recording], dict[str, float]]:
    """Recordings of all streams, and the time of their first samples, s."""
    parts: dict[str, Recording] = {}
    starts: dict[str, float] = {}
    for i, signal in enumerate(segment.analogsignals):
        name = str(signal.name or f"signal {i + 1}")
        name = name if name not in parts else f"{name} {i + 1}"
        n = signal.shape[1]
        unit = str(signal.units.dimensionality)
        own = (
            kind if to_natural(kind, unit)[1] == NATURAL_UNITS[kind] else "misc"
        )  # a thermometer is no electrode
        labels = signal.array_annotations.get("channel_names")
        labels = [f"{name} {j + 1}" for j in range(n)] if labels is None else list(map(str, labels))
        if len(set(labels)) < n:
            labels = [f"{label} {j + 1}" for j, label in enumerate(labels)]
        parts[name] = build(
            np.asarray(signal.magnitude, dtype=np.float64).T,
            sfreq=float(signal.sampling_rate.rescale("Hz").magnitude),
            channels=labels, kind=own, unit=unit,
            notes=[f"{name}: taken as {own}; Neo does not know kinds of channels"], **words,
        )  # fmt: skip
        starts[name] = float(signal.t_start.rescale("s").magnitude)
    return parts, starts


def _spikes(segment: Any, bin: float, words: Mapping[str, str]) -> tuple[Recording, float]:
    trains = {}
    for i, train in enumerate(segment.spiketrains):
        name = str(train.name or f"unit {i + 1}")
        name = name if name not in trains else f"{name} {i + 1}"
        trains[name] = train.times.rescale("s").magnitude
    start = min(float(each.t_start.rescale("s").magnitude) for each in segment.spiketrains)
    stop = max(float(each.t_stop.rescale("s").magnitude) for each in segment.spiketrains)
    note = f"counts in bins of {bin:g} s; rebin(rec, bin) chooses others"
    return recording_from_spikes(trains, bin, start, stop, notes=[note], **words), start


def _events(segment: Any) -> pd.DataFrame:
    """Events and epochs on the file's clock; several sources are told apart by their name."""
    sources = [each for each in (*segment.events, *segment.epochs) if len(each)]
    tables = []
    for each in sources:
        start = f"{each.name}/" if len(sources) > 1 and each.name else ""
        labels = [f"{start}{label}" for label in each.labels] or [each.name] * len(each)
        durations = getattr(each, "durations", None)
        seconds = 0.0 if durations is None else durations.rescale("s").magnitude
        onset = each.times.rescale("s").magnitude
        tables.append(pd.DataFrame({"onset": onset, "duration": seconds, "label": labels}))
    if not tables:
        return pd.DataFrame({"onset": [], "label": []})
    return pd.concat(tables, ignore_index=True).sort_values("onset", kind="stable")
