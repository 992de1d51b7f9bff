"""`inspect_recording`: what a recording holds and what is odd about it, before any analysis."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.bundle import Bundle
from neurodecode.core.errors import DataError
from neurodecode.core.events import event_counts, event_name
from neurodecode.core.files import atomic_write
from neurodecode.core.recording import Recording
from neurodecode.core.study import Study
from neurodecode.core.words import join_words, small_number
from neurodecode.loaders import signal_checks
from neurodecode.loaders.formats import family_of
from neurodecode.loaders.formats.mne_files import reader_name
from neurodecode.loaders.signal_checks import Amplitude, Spectrum, Suspect

FORMATS = {
    "edf": "EDF", "bdf": "BDF", "gdf": "GDF", "brainvision": "BrainVision", "fif": "FIF",
    "eeglab": "EEGLAB", "egi": "EGI", "nihon": "Nihon Kohden", "persyst": "Persyst",
    "eximia": "eXimia", "nicolet": "Nicolet", "curry": "Curry", "kit": "KIT", "ctf": "CTF",
    "eyelink": "EyeLink", "snirf": "SNIRF", "nirx": "NIRx", "boxy": "BOXY", "nsx": "Blackrock",
    "fieldtrip": "FieldTrip", "cnt": "Neuroscan CNT", "ant": "ANT CNT", "bti": "4D/BTi",
    "artemis123": "Artemis 123", "neuralynx": "Neuralynx",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Inspection:
    """What `inspect_recording` found; prints as a page of text, writes a page of HTML.

    Attributes
    ----------
    recording : Recording
    format : str
        Name of the file format, or "in memory".
    bytes_on_disk : int or None
    amplitudes : list of Amplitude
        One a kind of signal.
    suspects : list of Suspect
        Channels to look at, and why.
    spectrum : Spectrum or None
    events : DataFrame
        One row a label: label, count, first, last, shortest_gap (s).
    suggestion : dict
        `classes` (class -> event), `counts`, `tmin`, `tmax` to start from; empty where the
        events suggest none.
    share : float
        Share of the recording that was looked at.

    Examples
    --------
    >>> rec = Recording(np.ones((1, 1000)), channels=["Cz"], sfreq=200)
    >>> inspect_recording(rec).format
    'in memory'
    """

    recording: Recording
    format: str
    bytes_on_disk: int | None
    amplitudes: list[Amplitude]
    suspects: list[Suspect]
    spectrum: Spectrum | None
    events: pd.DataFrame
    suggestion: dict[str, Any] = field(default_factory=dict)
    share: float = 1.0

    def __str__(self) -> str:
        from neurodecode.loaders.inspection_text import text

        return text(self)

    def __repr__(self) -> str:
        return str(self)

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write one self-contained page: this text, traces, spectrum, sensors and events."""
        from neurodecode.loaders.inspection_page import page

        with atomic_write(path) as temporary:
            temporary.write_text(page(self), encoding="utf-8")


def inspect_recording(source: Any) -> Inspection:
    """Look at a recording: channels, amplitudes, faults, spectrum, gaps, events.

    Parameters
    ----------
    source : Recording, or anything `read` opens as one

    Returns
    -------
    inspection : Inspection
        ``print`` it, or write it with ``.to_html(path)``.

    Raises
    ------
    DataError
        It is a study, or cannot be opened.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rec = Recording(rng.normal(scale=12, size=(2, 4000)), channels=["C3", "C4"], sfreq=200)
    >>> inspect_recording(rec).amplitudes[0].ok
    True
    """
    recording = source if isinstance(source, Recording) else _open(source)
    blocks, starts = signal_checks.sample_blocks(recording)
    path = None if recording.source is None else Path(recording.source)
    return Inspection(
        recording=recording,
        format="in memory" if path is None else _format_name(path),
        bytes_on_disk=None if path is None else _bytes_on_disk(path),
        amplitudes=signal_checks.amplitudes(recording, blocks),
        suspects=signal_checks.suspects(recording, blocks),
        spectrum=signal_checks.spectrum(recording, blocks),
        events=_event_table(recording),
        suggestion=_suggestion(recording),
        share=min(1.0, len(starts) * blocks.shape[-1] / recording.n_times),
    )


def _open(source: Any) -> Recording:
    from neurodecode.loaders.reading import read

    found = read(source)
    if isinstance(found, Study):
        raise DataError(
            "one recording is looked at, not a study",
            found=f"{len(found)} recordings",
            fix=f"inspect one of its files: {found.table['file'].iloc[0]}",
        )
    if isinstance(found, Bundle):
        raise DataError(
            "one recording is looked at, not a bundle",
            found=f"members {join_words(found.names)}",
            fix=f"inspect_recording(bundle[{found.names[0]!r}])",
        )
    return found


def _format_name(path: Path) -> str:
    if name := reader_name(path):
        return FORMATS.get(name, name.upper())
    return getattr(family_of(path), "NAME", "file")


def _bytes_on_disk(path: Path) -> int:
    """Bytes of the file and of those beside it that share its stem, or of the whole folder."""
    if path.is_dir():
        return sum(entry.stat().st_size for entry in path.rglob("*") if entry.is_file())
    family = [entry for entry in path.parent.glob("*") if entry.stem == path.stem]
    return sum(entry.stat().st_size for entry in family if entry.is_file())


def _event_table(recording: Recording) -> pd.DataFrame:
    rows = []
    for label, count in event_counts(recording.events).items():
        onsets = recording.events.loc[recording.events["label"] == label, "onset"].to_numpy()
        gap = float(np.diff(onsets).min()) if count > 1 else np.nan
        rows.append((event_name(label), count, float(onsets[0]), float(onsets[-1]), gap))
    return pd.DataFrame(rows, columns=["label", "count", "first", "last", "shortest_gap"])


def _suggestion(recording: Recording) -> dict[str, Any]:
    """Classes of about equal size and a window that fits between their events."""
    counts = {label: n for label, n in event_counts(recording.events).items() if n >= 5}
    groups = [[other for other, m in counts.items() if 0.75 * n <= m <= n] for n in counts.values()]
    group = max(groups, key=lambda each: (len(each) > 1, sum(counts[x] for x in each)), default=[])
    if not 1 < len(group) <= 12:
        return {}
    onsets = recording.events.loc[recording.events["label"].isin(group), "onset"].to_numpy()
    gap = float(np.diff(onsets).min())
    longest = np.floor(round(gap * 10, 6)) / 10  # the gap, down to a tenth of a second
    tmin, tmax = (0.5, 3.0) if gap >= 3.0 else (0.0, float(np.clip(longest, 0.5, 1.0)))
    names = [event_name(label) for label in group]
    classes = [_class_name(name, i) for i, name in enumerate(names)]
    return {
        "classes": dict(zip(classes, names, strict=True)),
        "counts": [counts[label] for label in group],
        "tmin": tmin,
        "tmax": tmax,
    }


def _class_name(event: str, i: int) -> str:
    """The event's own word where it is one, else a number in words."""
    return event if event.replace("/", "").replace("_", "").isalpha() else small_number(i + 1)
