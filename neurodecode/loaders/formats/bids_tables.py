"""Tables and JSON files of a BIDS folder, found by its rule of inheritance."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd

from neurodecode.core.errors import DataError
from neurodecode.loaders.formats.bids_files import SUFFIXES, BidsFile, entities

_TABLES = (
    ("events", ".tsv"), ("channels", ".tsv"), ("electrodes", ".tsv"), ("coordsystem", ".json"),
)  # fmt: skip


def beside(file: BidsFile, suffix: str, ending: str) -> Path | None:
    """The table that belongs to a recording, by BIDS' rule of inheritance.

    Of the folders from the file's own up to the root, the nearest that holds a table whose
    entities are all the file's; there the one with the most entities. Tables of places may carry a
    "space" that the recording has not.
    """
    free = {"space"} if suffix in ("electrodes", "coordsystem") else set()
    folder = file.path.parent
    while True:
        fits = []
        for path in folder.glob(f"*{suffix}{ending}"):
            if re.search(rf"(^|_){suffix}{re.escape(ending)}$", path.name) is None:
                continue
            names = {k: v for k, v in entities(path.name).items() if k not in free}
            if names.items() <= dict(file.entities).items():
                fits.append((len(names), path.name, path))
        if fits:
            return max(fits)[-1]
        if folder == file.root or folder == folder.parent:
            return None
        folder = folder.parent


def tables_of(file: BidsFile) -> list[Path]:
    """The tables that belong to a recording and are there."""
    found = [beside(file, *each) for each in _TABLES]
    return [path for path in found if path is not None]


def sidecar(file: BidsFile) -> dict[str, Any]:
    """What the JSON files of a recording say, the nearest winning."""
    suffix = SUFFIXES[file.datatype]
    folders = [file.path.parent]
    while folders[-1] not in (file.root, folders[-1].parent):
        folders.append(folders[-1].parent)
    words: dict[str, Any] = {}
    for folder in reversed(folders):
        paths = [p for p in folder.glob(f"*{suffix}.json")
                 if entities(p.name).items() <= dict(file.entities).items()]  # fmt: skip
        for path in sorted(paths, key=lambda p: len(entities(p.name))):
            try:
                words.update(json.loads(path.read_text(encoding="utf-8-sig")))
            except (ValueError, TypeError) as error:
                raise DataError(f"{path.name} is no JSON object", found=str(error)) from error
    return words


def read_tsv(path: Path) -> pd.DataFrame:
    """A table of a BIDS folder; only "n/a" and empty cells are missing values.

    Raises
    ------
    DataError
        The file is no table of tab-separated columns.
    """
    try:
        return pd.read_csv(path, sep="\t", na_values=["n/a", ""], keep_default_na=False,
                           encoding="utf-8-sig")  # fmt: skip
    except (ValueError, OSError) as error:
        raise DataError(
            f"{path.name} is no table", found=str(error).splitlines()[0],
            expected="columns parted by tabs, names in the first row",
        ) from error  # fmt: skip


def participants(root: Path) -> pd.DataFrame:
    """Rows of participants.tsv with a column subject, without "sub-"; empty where there is none."""
    path = root / "participants.tsv"
    if not path.is_file():
        return pd.DataFrame({"subject": []})
    table = pd.read_csv(path, sep="\t", dtype={"participant_id": str}, na_values=["n/a"],
                        encoding="utf-8-sig")  # fmt: skip
    if "participant_id" not in table:
        raise DataError(
            "participants.tsv has no column participant_id",
            found=", ".join(map(str, table.columns)),
        )
    subjects = table.pop("participant_id").str.removeprefix("sub-")
    table.insert(0, "subject", subjects)
    return table.drop_duplicates("subject")
