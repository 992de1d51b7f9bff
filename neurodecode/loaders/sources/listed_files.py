"""Files that an archive lists: which are missing here, how large they are, and their download."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from neurodecode.core.errors import DownloadError
from neurodecode.core.files import atomic_write
from neurodecode.core.memory import bytes_words
from neurodecode.core.words import plural
from neurodecode.loaders.downloading import announce, download

LISTING = ".neurodecode-files.json"


@dataclass(frozen=True)
class ListedFile:
    """A file as an archive describes it: path inside the set, address, bytes, checksums in hex."""

    path: str
    url: str
    size: int
    md5: str | None = None
    sha256: str | None = None


def fetch_listed(files: Iterable[ListedFile], folder: Path, name: str) -> None:
    """Download the files that are not here with their full size; say how much before.

    Parameters
    ----------
    files : iterable of ListedFile
    folder : Path
        The files lie below it as the archive has them.
    name : str
        Name of the set, for what is said.

    Raises
    ------
    DownloadError
        They do not fit on the disk, a path leaves the folder, or a download fails.
    """
    missing = [each for each in files if not is_here(each, folder)]
    if not missing:
        return
    total = sum(each.size for each in missing)
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if total > free:
        raise DownloadError(
            f"{name} does not fit on the disk",
            found=f"{bytes_words(free)} free in {folder}",
            expected=f"{bytes_words(total)} for {plural(len(missing), 'file')}",
            fix="subjects=[...] for some people, or NEURODECODE_DATA on another disk",
        )
    announce(f"{name}: {plural(len(missing), 'file')}, {bytes_words(total)}")
    for each in missing:
        place = _place(each, folder)
        download(each.url, place, sha256=each.sha256, md5=each.md5, size=each.size)


def is_here(file: ListedFile, folder: Path) -> bool:
    """Whether a file lies in the folder with its full size."""
    place = _place(file, folder)
    return place.is_file() and place.stat().st_size == file.size


def _place(file: ListedFile, folder: Path) -> Path:
    parts = PurePosixPath(file.path).parts
    if not parts or ".." in parts or parts[0] == "/":
        raise DownloadError("a listed file lies outside its data set", found=file.path)
    return folder.joinpath(*parts)


def keep_listing(files: Sequence[ListedFile], folder: Path) -> None:
    """Remember a list beside the files, so that the archive is asked once."""
    with atomic_write(folder / LISTING) as temporary:
        temporary.write_text(json.dumps([asdict(each) for each in files]), encoding="utf-8")


def kept_listing(folder: Path) -> list[ListedFile] | None:
    """The list that `keep_listing` left, or None."""
    path = folder / LISTING
    if not path.is_file():
        return None
    return [ListedFile(**each) for each in json.loads(path.read_text(encoding="utf-8"))]
