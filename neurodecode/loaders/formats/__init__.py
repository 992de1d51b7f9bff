"""Doors over the readers of others, one file a family; each gives a `Recording` or a `Bundle`.

Formats that MNE opens go through `mne_files`. Every other family is a module here with one function
``read_file(path, events, options, ids)``, named in `FAMILIES` by the endings it takes:

- `path`: the file, which exists;
- `events`: what the user gave beside it, or None;
- `options`: further keyword arguments of `nd.read`, all of which the function must know;
- `ids`: subject, session and run that the file's name or a pattern told.

A family that shares an ending with MNE returns None for files that are not its own.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

# ending in lower case -> module of this package; the longest ending that fits wins
FAMILIES: dict[str, str] = {
    ".nii": "nifti", ".nii.gz": "nifti", ".gii": "surfaces", ".gii.gz": "surfaces",
    ".nirs": "homer", ".1d": "roi_tables",
    ".csv": "tables", ".tsv": "tables", ".txt": "tables", ".csv.gz": "tables", ".tsv.gz": "tables",
    ".txt.gz": "tables", ".csv.xz": "tables",
    ".npy": "arrays", ".npz": "arrays", ".mat": "arrays",
    ".xdf": "xdf", ".xdfz": "xdf", ".xdf.gz": "xdf",
    ".nwb": "nwb",
    ".plx": "neo_files", ".pl2": "neo_files", ".nev": "neo_files", ".smr": "neo_files",
    ".smrx": "neo_files", ".rhd": "neo_files", ".rhs": "neo_files", ".nex": "neo_files",
}  # fmt: skip


def family_of(path: Path) -> ModuleType | None:
    """Module that reads a path, or None where MNE's readers are asked."""
    name = path.name.lower()
    endings = [ending for ending in FAMILIES if name.endswith(ending)]
    if not endings:
        return None
    return importlib.import_module(f"{__name__}.{FAMILIES[max(endings, key=len)]}")
