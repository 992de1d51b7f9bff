"""Which recordings a BIDS folder holds: names, their entities, and the choice among them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.events import natural_order
from neurodecode.core.words import join_words

# data type (a folder's name) -> what ends the names of its recordings
SUFFIXES = {"eeg": "eeg", "meg": "meg", "ieeg": "ieeg", "nirs": "nirs", "func": "bold"}
# Endings of recordings, the header before the data that lie beside it.
_ENDINGS = (
    ".vhdr", ".set", ".edf", ".bdf", ".fif", ".ds", ".sqd", ".con", ".mefd", ".nwb", ".snirf",
    ".nii.gz", ".nii", ".dtseries.nii",
)  # fmt: skip
IDS = {"subject": "sub", "session": "ses", "run": "run"}


@dataclass(frozen=True)
class BidsFile:
    """A recording in a BIDS folder.

    `entities` by their short words ("sub", "ses", "task", ...), `datatype` the folder's name.
    """

    path: Path
    root: Path
    datatype: str
    entities: Mapping[str, str] = field(hash=False)

    def words(self) -> dict[str, str]:
        """Subject, session, run and task, "1" where the name has no session or run."""
        ids = {word: self.entities.get(short, "1") for word, short in IDS.items()}
        return ids | {"task": self.entities.get("task", "")}


def is_bids(folder: Path) -> bool:
    """True for a folder that says of itself that it is a BIDS data set."""
    return folder.is_dir() and (folder / "dataset_description.json").is_file()


def find_files(
    root: Path, datatype: str | None = None, wanted: Mapping[str, Sequence[str]] | None = None
) -> list[BidsFile]:
    """Recordings of a BIDS folder in natural order, ``derivatives`` and ``sourcedata`` left out.

    Parameters
    ----------
    root : Path
    datatype : str, optional
    wanted : dict of "subject", "session", "run" or "task" -> ids to keep, optional

    Raises
    ------
    DataError
        None fits, or several data types do; the message lists what there is.
    """
    every = [file for folder in sorted(root.glob("sub-*")) for file in _files_under(folder, root)]
    kept = [file for file in every if datatype in (None, file.datatype)]
    for word, ids in (wanted or {}).items():
        present = {file.words()[word] for file in kept}
        unknown = [each for each in ids if each not in present]
        if unknown:
            raise _nothing_fits(root, word, unknown[0], present)
        kept = [file for file in kept if file.words()[word] in ids]
    types = sorted({file.datatype for file in kept})
    if not kept:
        found = sorted({file.datatype for file in every})
        raise DataError(
            "no recording in this BIDS folder",
            found=f"{root}: data types {join_words(found)}" if found else f"{root}: none",
            expected=f"sub-*/[ses-*/]{datatype or 'eeg'}/*_{SUFFIXES.get(datatype or 'eeg')}.*",
        )
    if len(types) > 1:
        raise DataError(
            "this BIDS folder holds several kinds of recordings",
            found=join_words(types),
            expected="one of them at a time",
            fix=f'nd.read(folder, datatype="{types[0]}")',
        )
    return sorted(kept, key=lambda file: natural_order(file.path.as_posix()))


def _files_under(folder: Path, root: Path) -> list[BidsFile]:
    found: dict[str, BidsFile] = {}
    for place in [folder, *sorted(folder.glob("ses-*"))]:
        for datatype, suffix in SUFFIXES.items():
            for ending in _ENDINGS:
                for path in sorted((place / datatype).glob(f"sub-*_{suffix}{ending}")):
                    stem = path.name.removesuffix(ending)
                    names = entities(path.name)
                    if names.get("split", "01").lstrip("0") != "1":
                        continue  # parts of a FIF file, which the first one brings along
                    # One recording in two formats counts once, by the order of the endings.
                    found.setdefault(stem, BidsFile(path, root, datatype, names))
    return list(found.values())


def entities(name: str) -> dict[str, str]:
    """The "key-value" parts of a BIDS file name.

    Examples
    --------
    >>> entities("sub-01_ses-2_task-rest_eeg.vhdr")
    {'sub': '01', 'ses': '2', 'task': 'rest'}
    """
    return dict(re.findall(r"(?:^|_)([a-z]+)-([^_.]+)", name))


def _nothing_fits(root: Path, word: str, asked: str, present: set[str]) -> DataError:
    listed = sorted(present, key=natural_order)
    return DataError(
        f"{root.name} has no {word} {asked!r}",
        found=", ".join(listed[:20]) + (", …" if len(listed) > 20 else ""),
        expected=f"one of them, without {word[:3]}-" if word in IDS else "one of them",
        fix=did_you_mean(asked.removeprefix("sub-"), listed),
    )


def derivatives_folder(root: Path, name: str) -> Path:
    """Folder of derivatives by their name.

    Raises
    ------
    DataError
        There is none of that name.
    """
    folder = root / "derivatives" / name
    if not folder.is_dir():
        place = root / "derivatives"
        there = sorted(each.name for each in place.iterdir()) if place.is_dir() else []
        raise DataError(
            "no such derivatives",
            found=", ".join(there) or f"{place} does not exist",
            expected=name,
            fix=did_you_mean(name, there),
        )
    return folder
