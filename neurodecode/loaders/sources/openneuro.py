"""OpenNeuro: BIDS data sets, fetched file by file from its public bucket, read as any BIDS folder.

The bucket lists keys, sizes and (for files sent in one piece) MD5 sums. Only the tables at the top
and the people and task that are asked for are fetched; the list is kept beside them.
"""

from __future__ import annotations

import re
import urllib.parse
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pandas as pd

from neurodecode.core.card import Card
from neurodecode.core.errors import DataError, DownloadError, UnknownName
from neurodecode.core.events import natural_order
from neurodecode.core.paths import data_folder
from neurodecode.core.study import Study
from neurodecode.loaders.downloading import read_page
from neurodecode.loaders.formats.bids import read_study
from neurodecode.loaders.formats.bids_files import entities, is_bids
from neurodecode.loaders.sources import bids_sets
from neurodecode.loaders.sources.listed_files import (
    ListedFile,
    fetch_listed,
    is_here,
    keep_listing,
    kept_listing,
)

BUCKET = "https://s3.amazonaws.com/openneuro.org"
_LEFT_OUT = re.compile(r"(derivatives|sourcedata|stimuli|code|\.git[^/]*)/")


def make_card(number: str, task: str | None, labels: dict[Any, Any] | None) -> Card:
    """A card of a data set of OpenNeuro, made of its list of files.

    Parameters
    ----------
    number : "ds" and six digits
    task, labels : as in `nd.load`

    Raises
    ------
    UnknownName : no number of OpenNeuro, or no such set.
    DownloadError : the list is not here and cannot be fetched.
    """
    number = number.lower()
    if not re.fullmatch(r"ds\d{6}", number):
        raise UnknownName(
            "no data set of OpenNeuro", found=repr(number), expected='"ds" and six digits'
        )
    folder = folder_of(number)
    source = {"kind": "openneuro", "sets": [number]}
    name = f"openneuro:{number}"
    listing = _listing(number)
    if listing is None:  # somebody put the folder there
        return bids_sets.make_card(str(folder), task, labels, name=name, source=source)
    tables = [each for each in listing if "/" not in each.path]
    fetch_listed(tables, folder, name)
    people = {entities(f"{each.path.split('/')[0]}_").get("sub") for each in listing}
    subjects = sorted((each for each in people if each), key=natural_order)
    return Card(
        name=name, version=1, title=f"{number} of OpenNeuro", modality=_modality(listing),
        paradigm=task or "see the data set", simulated=False,
        source=source | {"task": task, "events": labels},
        channels={}, licence="see dataset_description.json",
        citation="see dataset_description.json", subjects=subjects,
        classes=[] if labels is None else [str(each) for each in labels], zero="event",
        tmin=0.0, tmax=1.0, sfreq=float("nan"),
        split={"kind": "within-session", "unit": "session", "k": 5},
        metric="balanced-accuracy", expected={},
    )  # fmt: skip


def read_recordings(card: Card, subjects: list[str] | None) -> Study:
    """Study of the wanted people, fetched where they are not here.

    Raises
    ------
    DownloadError : files are missing and cannot be fetched.
    DataError : no such person or task.
    """
    task, studies = card.source.get("task"), []
    left_out = set(card.source.get("without", []))
    for number in card.source["sets"]:
        folder = folder_of(number)
        listing = _listing(number)
        if listing is not None:
            there = {_subject(each) for each in listing} - {None}
            people = None if subjects is None else [s for s in subjects if s in there]
            if people == []:
                continue
            wanted = [each for each in listing if _is_wanted(each, task, people, left_out)]
            fetch_listed(wanted, folder, card.name)
        study = read_study(folder, task=task)
        keep = [
            subject not in left_out and (subjects is None or subject in subjects)
            for subject in study.table["subject"]
        ]
        studies.append(study[keep])
    items = [item for study in studies for item in study.items]
    if not items:
        raise DataError(f"{card.name} has no such people", found=", ".join(subjects or []))
    return Study(items, pd.concat([study.table for study in studies], ignore_index=True))


def is_present(card: Card) -> bool:
    """Whether all files of the card are here; a folder without a list counts as whole."""
    for number in card.source["sets"]:
        folder = folder_of(number)
        if not is_bids(folder):
            return False
        listing = kept_listing(folder) or []
        wanted = [
            each for each in listing if _is_wanted(each, card.source.get("task"), None, set())
        ]
        if not all(is_here(each, folder) for each in wanted):
            return False
    return True


def folder_of(number: str) -> Path:
    """Where a data set lies."""
    return data_folder() / "openneuro" / number


def _listing(number: str) -> list[ListedFile] | None:
    """Files of a data set; None where the folder is here and nobody fetched it from a list."""
    folder = folder_of(number)
    kept = kept_listing(folder)
    if kept is not None or is_bids(folder):
        return kept
    files = list_files(number)
    if not files:
        raise UnknownName(
            "OpenNeuro has no such data set", found=number, expected="a public one with files"
        )
    keep_listing(files, folder)
    return files


def list_files(number: str) -> list[ListedFile]:
    """Files of a data set as the bucket lists them, derivatives and source data left out.

    Raises
    ------
    DownloadError : the bucket does not answer.
    """
    files, token = [], ""
    while True:
        query = {"list-type": "2", "prefix": f"{number}/"}
        if token:
            query["continuation-token"] = token
        page = read_page(f"{BUCKET}?{urllib.parse.urlencode(query)}", str(folder_of(number)))
        try:
            tree = ElementTree.fromstring(page)
        except ElementTree.ParseError as error:
            raise DownloadError(
                "OpenNeuro's bucket answers something else than a list",
                found=repr(page[:60]),
                expected="XML",
                fix="a proxy or a login page may stand between",
            ) from error
        space = tree.tag.partition("}")[0] + "}" if tree.tag.startswith("{") else ""
        for entry in tree.iter(f"{space}Contents"):
            key = str(entry.findtext(f"{space}Key"))
            path = key.removeprefix(f"{number}/")
            if path and not path.endswith("/") and not _LEFT_OUT.match(path):
                tag = str(entry.findtext(f"{space}ETag")).strip('"')
                files.append(
                    ListedFile(
                        path,
                        f"{BUCKET}/{urllib.parse.quote(key)}",
                        int(entry.findtext(f"{space}Size") or 0),
                        md5=tag if re.fullmatch(r"[0-9a-f]{32}", tag) else None,
                    )
                )
        token = tree.findtext(f"{space}NextContinuationToken") or ""
        if not token:
            return files


def _subject(file: ListedFile) -> str | None:
    return entities(file.path.split("/")[0]).get("sub")


def _is_wanted(
    file: ListedFile, task: str | None, subjects: list[str] | None, without: set[str]
) -> bool:
    """Tables at the top; of the wanted people what belongs to the task or to all tasks."""
    subject = _subject(file)
    if subject is None:
        return "/" not in file.path
    if subject in without or (subjects is not None and subject not in subjects):
        return False
    own = entities(file.path.rsplit("/", 1)[-1]).get("task")
    return "/anat/" not in file.path and (task is None or own in (None, task))


def _modality(listing: list[ListedFile]) -> str:
    for modality in ("eeg", "meg", "ieeg", "nirs", "func"):
        if any(f"/{modality}/" in each.path for each in listing):
            return {"nirs": "fnirs", "func": "fmri"}.get(modality, modality)
    return "unknown"
