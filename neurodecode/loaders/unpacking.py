"""Archives that come from elsewhere: unpacked into one folder, or refused."""

from __future__ import annotations

import os
import shutil
import tarfile
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from neurodecode.core.errors import DataError
from neurodecode.core.memory import bytes_words

MOST_RATIO = 200.0  # bytes out for a byte in; recordings pack to a half, zip bombs to a thousandth
SMALL = 64 << 20  # below this nothing is a bomb
_BLOCK = 1 << 20


@dataclass(frozen=True)
class _Member:
    name: str
    handle: IO[bytes]


def unpack(archive: str | os.PathLike[str], folder: str | os.PathLike[str]) -> Path:
    """Unpack a zip or tar archive into a folder that appears whole or not at all.

    Parameters
    ----------
    archive : path of a .zip, .tar, .tar.gz, .tgz, .tar.bz2 or .tar.xz file
    folder : path that must not exist yet

    Returns
    -------
    folder : Path

    Raises
    ------
    DataError
        The archive is broken, a member would leave the folder or is no plain file, or what comes
        out is far larger than it may be (a zip bomb) or than the disk holds.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp())
    >>> with zipfile.ZipFile(place / "a.zip", "w") as file:
    ...     file.writestr("sub-01/eeg.txt", "1 2 3")
    >>> (unpack(place / "a.zip", place / "a") / "sub-01" / "eeg.txt").read_text()
    '1 2 3'
    """
    archive, folder = Path(archive), Path(folder)
    if folder.exists():
        raise DataError(
            "the folder to unpack into exists", found=str(folder), fix="remove it first"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{folder.name}-{uuid.uuid4().hex[:12]}.part")
    allowed = max(SMALL, round(MOST_RATIO * archive.stat().st_size))
    free = shutil.disk_usage(folder.parent).free
    try:
        written = 0
        for member in _members(archive):
            target = temporary / _inside(member.name, archive)
            target.parent.mkdir(parents=True, exist_ok=True)
            # Sizes in the directory of an archive may lie: bytes are counted as they come.
            with open(target, "wb") as out:
                while block := member.handle.read(_BLOCK):
                    written += len(block)
                    if written > min(allowed, free):
                        raise _too_large(archive, written, allowed, free)
                    out.write(block)
        temporary.mkdir(exist_ok=True)
        os.replace(temporary, folder)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, RuntimeError) as error:
        raise DataError(
            f"{archive.name} cannot be unpacked",
            found=f"{type(error).__name__}: {error}",
            expected="a whole zip or tar archive",
            fix="fetch it again",
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _members(archive: Path) -> Iterator[_Member]:
    """Plain files of an archive, opened one after the other; folders need no entry."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            for info in file.infolist():
                if info.is_dir():
                    continue
                if (info.external_attr >> 16) & 0o170000 == 0o120000:
                    raise _no_plain_file(archive, info.filename, "a link")
                with file.open(info) as handle:
                    yield _Member(info.filename, handle)
        return
    with tarfile.open(archive) as file:
        for entry in file:
            if entry.isdir():
                continue
            handle: IO[bytes] | None = file.extractfile(entry) if entry.isfile() else None
            if handle is None:
                raise _no_plain_file(archive, entry.name, "a link or a device")
            yield _Member(entry.name, handle)


def _inside(name: str, archive: Path) -> Path:
    """Path of a member below the folder; one that leads elsewhere is refused."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or parts[0] == "/" or ".." in parts or ":" in parts[0]:
        raise DataError(
            f"{archive.name} would write outside its folder",
            found=repr(name),
            expected="names that stay inside",
            fix="do not trust this archive",
        )
    return Path(*parts)


def _no_plain_file(archive: Path, name: str, what: str) -> DataError:
    return DataError(
        f"{archive.name} holds more than files and folders",
        found=f"{name!r} is {what}",
        expected="plain files",
        fix="do not trust this archive",
    )


def _too_large(archive: Path, written: int, allowed: int, free: int) -> DataError:
    packed = archive.stat().st_size
    if written > free:
        return DataError(
            f"{archive.name} does not fit on the disk", found=f"{bytes_words(free)} are free"
        )
    return DataError(
        f"{archive.name} unpacks to far more than it holds",
        found=f"more than {bytes_words(allowed)} out of {bytes_words(packed)}",
        expected=f"at most {MOST_RATIO:g} times its size",
        fix="do not trust this archive",
    )
