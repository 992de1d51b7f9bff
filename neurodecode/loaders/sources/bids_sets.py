"""`nd.load("bids:FOLDER", task=..., labels=...)`: a BIDS folder as a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neurodecode.core.card import Card
from neurodecode.core.errors import CardError, DataError
from neurodecode.core.events import natural_order
from neurodecode.core.study import Study
from neurodecode.loaders.formats.bids import read_study
from neurodecode.loaders.formats.bids_files import SUFFIXES, find_files, is_bids
from neurodecode.loaders.formats.bids_tables import tables_of

_MODALITIES = {"ieeg": "ieeg", "nirs": "fnirs", "func": "fmri"}


def make_card(
    place: str,
    task: str | None,
    labels: dict[Any, Any] | None,
    name: str | None = None,
    source: dict[str, Any] | None = None,
) -> Card:
    """A card of a BIDS folder, made of its file names.

    Parameters
    ----------
    place : str
        The folder; "~" is the home folder.
    task : str or None
    labels : dict of class -> event name or code, or None: all events by their label
    name, source : other than "bids:PLACE" and the folder itself, for sources that fetch it

    Raises
    ------
    DataError
        No BIDS folder, no recording of the task, or several data types.
    """
    folder = Path(place).expanduser()
    if not is_bids(folder):
        raise DataError(
            "no BIDS folder",
            found=f"{folder} " + ("without dataset_description.json" if folder.is_dir() else
                                  "does not exist"),
            expected="the root of a BIDS data set",
        )  # fmt: skip
    files = find_files(folder, wanted={} if task is None else {"task": [task]})
    datatype = files[0].datatype
    return Card(
        name=name or f"bids:{place}",
        version=1,
        title=f"{folder.name}, a BIDS folder" + (f", task {task}" if task else ""),
        modality=_MODALITIES.get(datatype, datatype),
        paradigm=task or "see the folder",
        simulated=False,
        source=(source or {"kind": "bids", "folder": str(folder.absolute())})
        | {"task": task, "events": labels},
        channels={"kind": SUFFIXES[datatype]},
        licence="see dataset_description.json",
        citation="see dataset_description.json",
        subjects=sorted({file.words()["subject"] for file in files}, key=natural_order),
        classes=[] if labels is None else [str(label) for label in labels],
        zero="event",
        tmin=0.0,
        tmax=1.0,
        sfreq=float("nan"),  # the files tell
        split={"kind": "within-session", "unit": "session", "k": 5},
        metric="balanced-accuracy",
        expected={},
    )


def read_recordings(card: Card, subjects: list[str] | None) -> Study:
    """Study of the card's folder.

    Raises
    ------
    CardError : the card names no folder.
    DataError : nothing there fits.
    """
    return read_study(folder_of(card), task=card.source.get("task"), subjects=subjects)


def files(card: Card, subjects: list[str] | None) -> list[Path]:
    """Recordings of the card's folder and the tables that rule them, for the epoch store."""
    root = folder_of(card)
    wanted = {"task": [card.source["task"]]} if card.source.get("task") else {}
    paths = {*root.glob("*.tsv"), *root.glob("*.json")}
    for file in find_files(root, wanted=wanted):
        if subjects is None or file.words()["subject"] in subjects:
            paths |= {file.path, *tables_of(file)}
    return sorted(paths)


def folder_of(card: Card) -> Path:
    """The folder that a card names."""
    if "folder" not in card.source:
        raise CardError(f"{card.name} names no folder", expected="source.folder")
    return Path(card.source["folder"]).expanduser()


def is_present(card: Card) -> bool:
    """Whether the folder is here."""
    return "folder" in card.source and is_bids(folder_of(card))
