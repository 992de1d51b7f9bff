"""Folders that users bring: where they lie, what a layout may ask of them, and rows of a study."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.card import Card
from neurodecode.core.errors import DataError, DownloadError
from neurodecode.core.paths import data_folder
from neurodecode.core.recording import Recording
from neurodecode.loaders.pattern import match_files

Opener = Callable[[], Recording]
Rows = list[tuple[Opener, dict[str, Any]]]


def folder_of(card: Card) -> Path:
    """Where the folder of a card must lie."""
    return data_folder() / card.source["folder"]


def found_files(card: Card) -> list[tuple[Path, dict[str, str]]]:
    """Recordings that the card's pattern finds, and the fields of their paths.

    Raises
    ------
    DownloadError : nothing is there; the message says where to get it and where to put it.
    """
    folder = folder_of(card)
    try:
        return match_files(f"{folder.as_posix()}/{card.source['pattern']}")
    except DataError as error:
        raise absent(card, error.found or "nothing") from error


def absent(card: Card, found: str, name: str | None = None) -> DownloadError:
    """The error that says where a file of a card comes from, and where to put it."""
    return DownloadError(
        f"{card.name} is not on this machine",
        found=found,
        expected=f"{folder_of(card) / (name or card.source['pattern'])}",
        fix=f"get it from {card.source['host']} and put it there (a link will do); "
        "NEURODECODE_DATA names another place",
    )


def companion(card: Card, name: str) -> Path:
    """A file of the card that all or some of its recordings need: labels, masks, designs.

    Raises
    ------
    DownloadError : it is not there.
    """
    path = folder_of(card) / name
    if not path.is_file():
        raise absent(card, f"no file {name}", name)
    return path


def person_of(card: Card, path: Path, fields: dict[str, str]) -> str:
    """Whose recording it is: by the pattern, by the file's name, or the card's only person.

    ``source.person`` is an expression whose group finds the person in a name; ``source.same`` gives
    people with two numbers one.

    Raises
    ------
    DataError : the name does not tell.
    """
    subject = fields.get("subject", card.subjects[0] if card.subjects else "1")
    if "person" in card.source:
        found = re.search(card.source["person"], path.name, flags=re.IGNORECASE)
        if found is None:
            raise DataError(
                f"{card.name}: a file's name does not say whose it is",
                found=str(path.relative_to(folder_of(card))),
                expected=f"a name with {card.source['person']!r}",
                fix="rename it, or take it out of the folder",
            )
        subject = found[1]
    return card.source.get("same", {}).get(subject, subject)


def row_of(card: Card, path: Path, fields: dict[str, str], **more: Any) -> dict[str, Any]:
    """A row of the study's table."""
    name = path.relative_to(folder_of(card)).as_posix()
    return {"recording": name, **fields, "file": str(path), **more}


def picked(card: Card, recording: Recording) -> Recording:
    """The card's channels by the card's names, in its order, at the places of its montage.

    Raises
    ------
    DataError : the recording lacks one.
    """
    montage = card.channels.get("montage")
    chosen = _named(card, recording) if card.channels.get("names") else recording
    return chosen if montage is None else chosen.set_montage(montage)


def _named(card: Card, recording: Recording) -> Recording:
    names = card.channels["names"]
    given = {_plain(name): name for name in reversed(recording.channels.names)}
    missing = [name for name in names if _plain(name) not in given]
    if missing:
        raise DataError(
            f"{card.name}: a channel is missing",
            found=f"{recording.recording} without {', '.join(missing[:6])}",
            expected=f"the {len(names)} channels of the card",
            fix="leave this recording out; zeros in its place would be no data",
        )
    chosen = recording.pick([given[_plain(name)] for name in names])
    return chosen.rename(dict(zip(chosen.channels.names, names, strict=True)))


def _plain(name: str) -> str:
    """The electrode in a name: "EEG FP1-REF" and "FP1-LE" are fp1, "T8-P8-0" is t8-p8."""
    name = re.sub(r"^EEG\s+", "", name.strip(), flags=re.IGNORECASE)
    return re.sub(r"(-REF|-LE|-\d)$", "", name, flags=re.IGNORECASE).lower()


def with_labelled_windows(
    card: Card, recording: Recording, spans: Iterable[tuple[float, float]]
) -> Recording:
    """Windows side by side, each with the class that takes most of it.

    Parameters
    ----------
    card : its two classes are that of the rest and that of the spans; its window is the step
    spans : (start, end) of the second class, s from the recording's first sample
    """
    length = card.tmax - card.tmin
    # A window that ends with the recording counts.
    onsets = np.arange(int((recording.duration + 1e-6) / length)) * length
    covered = np.zeros(len(onsets))
    for start, stop in spans:
        covered += np.clip(np.minimum(onsets + length, stop) - np.maximum(onsets, start), 0, None)
    rest, inside = card.classes
    labels = np.where(covered > length / 2, inside, rest)
    return recording.with_events(pd.DataFrame({"onset": onsets, "label": labels}))
