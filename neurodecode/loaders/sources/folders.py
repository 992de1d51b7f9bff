"""Sets that everybody must get for themselves: a folder laid out as its source lays it out.

The card names the folder (below the folder of downloaded data), the pattern of the recordings, and
the layout that says where labels lie: in the names of folders, or in files beside the signals.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from neurodecode.core.card import Card
from neurodecode.core.channels import Channels
from neurodecode.core.errors import CardError, DataError, DownloadError
from neurodecode.core.recording import Recording
from neurodecode.core.study import Study
from neurodecode.loaders.pickled_arrays import load_arrays
from neurodecode.loaders.reading import read
from neurodecode.loaders.repair import with_microvolts_scaled
from neurodecode.loaders.sources import emotiv_folders, intracranial_folders, nsd, spoken_sentences
from neurodecode.loaders.sources.folder_files import (
    Rows,
    absent,
    folder_of,
    found_files,
    person_of,
    picked,
    row_of,
    with_labelled_windows,
)


def read_recordings(card: Card, subjects: list[str] | None) -> Study:
    """Study of a folder, one row a recording, labels and parts in its table.

    Raises
    ------
    DownloadError : the folder or the people are not there; the message says where to get them.
    CardError : the card names no layout known here.
    """
    layout = card.source.get("layout", "")
    if layout not in LAYOUTS:
        raise CardError(
            f"{card.name}: no such layout", found=repr(layout), expected=", ".join(LAYOUTS)
        )
    rows = []
    for path, fields in found_files(card):
        subject = person_of(card, path, fields)
        if subjects is None or subject in subjects:
            rows += LAYOUTS[layout](card, path, {**fields, "subject": subject})
    if not rows:
        found = "nothing of " + ", ".join(subjects) if subjects else "nothing that counts"
        raise absent(card, found)
    table = pd.DataFrame([row for _, row in rows])
    parts = [_part(card, row) for row in table.to_dict("records")]
    if any(part is not None for part in parts):
        table["part"] = parts
    return Study([opener for opener, _ in rows], table)


def files(card: Card, subjects: list[str] | None) -> list[Path]:
    """Recordings of the folder and the files that label them, for the epoch store."""
    wanted = [
        path
        for path, fields in found_files(card)
        if subjects is None or person_of(card, path, fields) in subjects
    ]
    beside = [each for path in wanted for each in path.parent.glob("*summary.txt")]
    labels = [path.with_suffix(".rec") for path in wanted if path.with_suffix(".rec").is_file()]
    # What every recording needs: the store must see when it changes.
    shared = [each for name in card.source.get("beside", []) for each in folder_of(card).glob(name)]
    return sorted({*wanted, *beside, *labels, *shared})


def is_present(card: Card) -> bool:
    """Whether the folder holds recordings."""
    if not folder_of(card).is_dir():
        return False
    try:
        return bool(found_files(card))
    except DownloadError:
        return False


def file_path(card: Card, name: str) -> Path:
    """Where a file of a card lies."""
    return folder_of(card) / name


def _part(card: Card, row: dict[str, Any]) -> str | None:
    """Train, val or test, by a field of the path or by lists of people or runs."""
    for part, rule in card.source.get("parts", {}).items():
        if all(str(row.get(column)) in map(str, values) for column, values in rule.items()):
            return part
    return None


# ---------------------------------------------------------------------- labels in the path
def _plain_files(card: Card, path: Path, fields: dict[str, str]) -> Rows:
    """Any format; events in the file or in `source.events_file`, or a label in the path."""
    beside = card.source.get("events_file")
    events = None if beside is None else folder_of(card) / beside.format(**fields)
    return [(functools.partial(_open_plain, card, path, events), row_of(card, path, fields))]


def _open_plain(card: Card, path: Path, events: Path | None) -> Recording:
    options = card.source.get("options", {})
    recording = picked(card, cast(Recording, read(path, events=events, **options)))
    return with_microvolts_scaled(recording, card.source.get("scale", 1.0))


# ---------------------------------------------------------------------- labels in files beside
def _rec_files(card: Card, path: Path, fields: dict[str, str]) -> Rows:
    return [(functools.partial(_open_rec, card, path), row_of(card, path, fields))]


def _open_rec(card: Card, path: Path) -> Recording:
    """EDF with a ``.rec`` table beside it: channel, start (s), end (s), code of the event.

    The table has a row a channel; rows of one span and code are one event.
    """
    table = path.with_suffix(".rec")
    if not table.is_file():
        raise DataError(f"{path.name} has no labels beside it", expected=table.name)
    rows = pd.read_csv(table, header=None, names=["channel", "start", "end", "code"])
    rows = rows.drop_duplicates(["start", "end", "code"]).sort_values(["start", "code"])
    events = pd.DataFrame(
        {
            "onset": rows["start"],
            "duration": rows["end"] - rows["start"],
            "code": rows["code"].astype(int),
        }
    )
    return picked(card, cast(Recording, read(path, events=events)))


def _summary_files(card: Card, path: Path, fields: dict[str, str]) -> Rows:
    """EDF with seizures in the text ``chbNN-summary.txt`` of its folder."""
    summaries = sorted(path.parent.glob("*summary.txt"))
    if not summaries:
        raise DataError(
            f"{path.parent.name} has no summary", expected=f"{path.parent.name}-summary.txt"
        )
    spans = seizures(summaries[0].read_text(encoding="utf-8", errors="replace")).get(path.name, [])
    return [(functools.partial(_open_summary, card, path, spans), row_of(card, path, fields))]


def _open_summary(card: Card, path: Path, spans: list[tuple[float, float]]) -> Recording:
    return with_labelled_windows(card, picked(card, cast(Recording, read(path))), spans)


def seizures(summary: str) -> dict[str, list[tuple[float, float]]]:
    """Seizures of each file of a CHB-MIT summary, (start, end) in s.

    Start lines come in two wordings, with and without a number.

    Examples
    --------
    >>> text = '''File Name: chb01_03.edf
    ... Number of Seizures in File: 1
    ... Seizure 1 Start Time: 2996 seconds
    ... Seizure 1 End Time: 3036 seconds'''
    >>> seizures(text)
    {'chb01_03.edf': [(2996.0, 3036.0)]}
    """
    found: dict[str, list[tuple[float, float]]] = {}
    name, start = "", None
    for line in summary.splitlines():
        if match := re.match(r"File Name:\s*(\S+)", line):
            name = match[1]
            found[name] = []
        elif match := re.match(r"Seizure\s*\d*\s*Start Time:\s*([\d.]+)", line):
            start = float(match[1])
        elif (
            match := re.match(r"Seizure\s*\d*\s*End Time:\s*([\d.]+)", line)
        ) and start is not None:
            found[name].append((start, float(match[1])))
            start = None
    return found


# ---------------------------------------------------------------------- arrays of clips
def _clip_rows(card: Card, path: Path, fields: dict[str, str], open_one: Any, labels: Any) -> Rows:
    """One recording a clip: a split must never part the windows of one."""
    rows = []
    for number, label in enumerate(labels, start=1):
        row = row_of(card, path, fields, run=str(number), label=label)
        row["recording"] += f" clip-{number}"
        rows.append((functools.partial(open_one, card, path, number), row))
    return rows


def _seed_files(card: Card, path: Path, fields: dict[str, str]) -> Rows:
    """``{subject}_{date}.mat`` with one array a clip; all share the labels of ``label.mat``."""
    from scipy.io import loadmat

    table = path.parent / "label.mat"
    if not table.is_file():
        raise DataError(f"{path.parent} lacks the labels", expected="label.mat beside the arrays")
    codes = loadmat(table)["label"].ravel().tolist()
    names = {int(code): name for name, code in card.source["codes"].items()}
    return _clip_rows(card, path, fields, _open_seed, [names[int(code)] for code in codes])


def _open_seed(card: Card, path: Path, clip: int) -> Recording:
    from scipy.io import loadmat, whosmat

    # Names start with the person's initials: "djc_eeg1".
    names = [name for name, _, _ in whosmat(path) if re.fullmatch(rf"\w*?_?eeg{clip}", name)]
    if len(names) != 1:
        raise DataError(f"{path.name} has no clip {clip}", found=", ".join(names) or "none")
    data = loadmat(path, variable_names=names)[names[0]]
    return _array_recording(card, data)


def _arrays(path: Path) -> Any:
    """Arrays of a pickle; the last one is kept, because its clips are opened one by one."""
    return _loaded(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=1)
def _loaded(path: Path, changed: int) -> Any:
    return load_arrays(path)


def _array_recording(card: Card, data: np.ndarray) -> Recording:
    n_brain = int(card.expected["channels"])
    names = card.channels.get("names") or [f"EEG {i + 1}" for i in range(n_brain)]
    rest = [f"misc {i + 1}" for i in range(len(data) - n_brain)]
    kinds = [card.channels["kind"]] * n_brain + ["misc"] * len(rest)
    channels = Channels([*names, *rest], kinds=kinds)
    return Recording(np.asarray(data, dtype=np.float32), channels=channels, sfreq=card.sfreq)


def _pickled_clips(card: Card, path: Path, fields: dict[str, str]) -> Rows:
    """A pickled array (clips, channels, samples), clip numbers in the order of the labels."""
    labels = [name for name, count in card.source["clips"].items() for _ in range(count)]
    return _clip_rows(card, path, fields, _open_pickled_clip, labels)


def _open_pickled_clip(card: Card, path: Path, clip: int) -> Recording:
    data = np.asarray(_arrays(path))
    if data.ndim != 3:
        raise DataError(f"{path.name} has another shape", found=str(data.shape), expected="(28, …)")
    return _array_recording(card, data[clip - 1])


def _rated_clips(card: Card, path: Path, fields: dict[str, str]) -> Rows:
    """DEAP: data (40, 40, samples) and ratings (40, 4); the first rating cut at its middle."""
    ratings = np.asarray(_arrays(path)["labels"])[:, card.source["rating"]]
    labels = np.where(ratings > card.source["middle"], "high", "low").tolist()
    return _clip_rows(card, path, fields, _open_rated_clip, labels)


def _open_rated_clip(card: Card, path: Path, clip: int) -> Recording:
    data = np.asarray(_arrays(path)["data"])[clip - 1]
    start = round(card.source["baseline"] * card.sfreq)  # s before the clip starts
    return _array_recording(card, data[:, start:])


def _things_files(card: Card, path: Path, fields: dict[str, str]) -> Rows:
    """THINGS-EEG2: a pickled dict in a .npy file, image numbers in the trigger channel."""
    return [(functools.partial(_open_things, card, path), row_of(card, path, fields))]


def _open_things(card: Card, path: Path) -> Recording:
    parts = _arrays(path)
    kinds = [str(each) for each in parts["ch_types"]]
    data = np.asarray(parts["raw_eeg_data"])
    codes = data[kinds.index("stim")].astype(np.int64)
    onsets = np.flatnonzero((codes != 0) & (np.roll(codes, 1) != codes))
    shown = codes[onsets] != card.source["target_code"]  # a picture to be counted, not decoded
    events = pd.DataFrame(
        {"onset": onsets[shown] / float(parts["sfreq"]), "code": codes[onsets[shown]]}
    )
    brain = [i for i, kind in enumerate(kinds) if kind == "eeg"]
    return Recording(
        (data[brain] * 1e6).astype(np.float32),  # the file holds volts, as MNE does
        channels=Channels([str(parts["ch_names"][i]) for i in brain]),
        sfreq=float(parts["sfreq"]),
        events=events,
    )


LAYOUTS: dict[str, Callable[[Card, Path, dict[str, str]], Rows]] = {
    "files": _plain_files,
    "rec": _rec_files,
    "summary": _summary_files,
    "seed": _seed_files,
    "pickled-clips": _pickled_clips,
    "rated-clips": _rated_clips,
    "things": _things_files,
    "alljoined": emotiv_folders.alljoined_rows,
    "areeg-words": emotiv_folders.areeg_rows,
    "seizure-hours": intracranial_folders.hour_rows,
    "seizure-parts": intracranial_folders.part_rows,
    "nsd": nsd.session_rows,
    "sentences": spoken_sentences.day_rows,
}
