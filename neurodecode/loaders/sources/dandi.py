"""DANDI: NWB files of a dandiset, listed and fetched through its public interface."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from neurodecode.core.card import Card
from neurodecode.core.errors import DataError, DownloadError, UnknownName
from neurodecode.core.events import natural_order
from neurodecode.core.paths import data_folder
from neurodecode.core.recording import Recording
from neurodecode.core.study import Study
from neurodecode.core.time_axis import to_samples
from neurodecode.loaders.downloading import read_page
from neurodecode.loaders.formats.bids_files import entities
from neurodecode.loaders.reading import read
from neurodecode.loaders.sources.listed_files import (
    ListedFile,
    fetch_listed,
    is_here,
    keep_listing,
    kept_listing,
)

API = "https://api.dandiarchive.org/api"


def make_card(number: str, task: str | None, labels: dict[Any, Any] | None) -> Card:
    """A card of a dandiset, made of its list of files.

    Parameters
    ----------
    number : six digits
    task : None; NWB files have no task in their name
    labels : as in `nd.load`

    Raises
    ------
    UnknownName : no number of DANDI, or a dandiset without NWB files.
    DownloadError : the list is not here and cannot be fetched.
    """
    if not re.fullmatch(r"\d{6}", number):
        raise UnknownName("no dandiset", found=repr(number), expected="six digits")
    if task is not None:
        raise DataError(f"dandi:{number} has no tasks", found=f"task={task!r}", fix="leave it out")
    people = {_subject(each) for each in _listing(number)}
    return Card(
        name=f"dandi:{number}", version=1, title=f"dandiset {number}", modality="nwb",
        paradigm="see the dandiset", simulated=False,
        source={"kind": "dandi", "number": number, "events": labels}, channels={},
        licence="see the dandiset", citation=f"https://dandiarchive.org/dandiset/{number}",
        subjects=sorted(people, key=natural_order),
        classes=[] if labels is None else [str(each) for each in labels], zero="event",
        tmin=0.0, tmax=1.0, sfreq=float("nan"),
        split={"kind": "within-session", "unit": "session", "k": 5},
        metric="balanced-accuracy", expected={},
    )  # fmt: skip


def read_recordings(card: Card, subjects: list[str] | None) -> Study:
    """Study of the NWB files of the wanted people, fetched where they are not here.

    Raises
    ------
    DownloadError : files are missing and cannot be fetched.
    MissingDependency : pynwb is not installed.
    """
    number = card.source["number"]
    files = [
        each
        for each in _listing(number)
        if (subjects is None or _subject(each) in subjects)
        and re.search(card.source.get("files", ""), each.path)
    ]
    fetch_listed(files, folder_of(number), card.name)
    paths = [folder_of(number) / each.path for each in files]
    rows = [
        {
            "recording": each.path,
            "subject": _subject(each),
            "session": entities(each.path.rsplit("/", 1)[-1]).get("ses", "1"),
            "file": str(path),
        }
        for each, path in zip(files, paths, strict=True)
    ]
    openers = [functools.partial(_open, path, card.source) for path in paths]
    return Study(openers, pd.DataFrame(rows))


def _open(path: Path, source: dict[str, Any]) -> Recording:
    recording = cast(Recording, read(path, **source.get("options", {})))
    lag = source.get("lag", 0.0)
    return with_targets_ahead(recording, lag) if lag else recording


def with_targets_ahead(recording: Recording, lag: float) -> Recording:
    """Recording whose targets are those of `lag` s later: movement follows the cells that cause it.

    Parameters
    ----------
    recording : with targets
    lag : s, >= 0; the last samples get NaN

    Examples
    --------
    >>> import numpy as np
    >>> rec = Recording(np.zeros((1, 3)), channels=["a"], sfreq=10, targets={"v": [[1.0, 2, 3]]})
    >>> with_targets_ahead(rec, 0.1).targets["v"]
    array([[ 2.,  3., nan]])
    """
    n = to_samples(lag, recording.sfreq)
    return recording.with_targets(
        {
            name: np.concatenate([row[:, n:], np.full((len(row), n), np.nan)], axis=1)
            for name, row in recording.targets.items()
        }
    )


def files(card: Card, subjects: list[str] | None) -> list[Path]:
    """The NWB files that are here, for the epoch store."""
    folder = folder_of(card.source["number"])
    return [
        folder / each.path
        for each in kept_listing(folder) or []
        if (subjects is None or _subject(each) in subjects)
        and re.search(card.source.get("files", ""), each.path)
    ]


def is_present(card: Card) -> bool:
    """Whether the files of the card are here."""
    folder = folder_of(card.source["number"])
    listing = kept_listing(folder)
    pattern = card.source.get("files", "")
    return bool(listing) and all(
        is_here(each, folder) for each in listing if re.search(pattern, each.path)
    )


def folder_of(number: str) -> Path:
    """Where a dandiset lies."""
    return data_folder() / "dandi" / number


def _subject(file: ListedFile) -> str:
    return entities(file.path.split("/")[0]).get("sub", "1")


def _listing(number: str) -> list[ListedFile]:
    """NWB files of a dandiset; those that somebody put into its folder count as listed."""
    folder = folder_of(number)
    kept = kept_listing(folder)
    if kept is not None:
        return kept
    here = sorted(folder.rglob("*.nwb")) if folder.is_dir() else []
    if here:
        return [
            ListedFile(each.relative_to(folder).as_posix(), "", each.stat().st_size)
            for each in here
        ]
    files = list_files(number)
    if not files:
        raise UnknownName(f"dandiset {number} has no NWB files", expected="one that has")
    keep_listing(files, folder)
    return files


def list_files(number: str) -> list[ListedFile]:
    """NWB files of the current version of a dandiset.

    Raises
    ------
    DownloadError : DANDI does not answer, or answers something else.
    """
    place = str(folder_of(number))
    url = f"{API}/dandisets/{number}/versions/draft/assets/?page_size=1000&order=path&metadata=true"
    files = []
    while url:
        page = read_page(url, place)
        try:
            answer = json.loads(page)
            for entry in answer["results"]:
                if entry["path"].endswith(".nwb"):
                    digest = (entry.get("metadata") or {}).get("digest", {})
                    files.append(
                        ListedFile(
                            entry["path"],
                            f"{API}/assets/{entry['asset_id']}/download/",
                            int(entry["size"]),
                            sha256=digest.get("dandi:sha2-256"),
                        )
                    )
            url = answer.get("next")
        except (ValueError, KeyError, TypeError) as error:
            raise DownloadError(
                "DANDI answers something else than a list of files",
                found=repr(page[:60]),
                expected="JSON with results",
            ) from error
    return files
