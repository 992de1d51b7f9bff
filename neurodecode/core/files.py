"""Files that are whole or absent: atomic writes and locks that survive a killed process."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from neurodecode.core.errors import DataError, NeurodecodeError


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`, renamed onto it when the block succeeds.

    A reader sees the old file or the new one, never half of one; a failed block leaves no trace.

    Parameters
    ----------
    path : path of the file to write; its folder is made when absent

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with atomic_write(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The ending stays last: writers such as numpy.savez append it when it is missing.
    temporary = path.with_name(f".{path.stem}-{uuid.uuid4().hex[:12]}.part{path.suffix}")
    try:
        yield temporary
        with open(temporary, "rb+") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(folder: str | os.PathLike[str], marker: str) -> Iterator[Path]:
    """Give a temporary folder beside `folder`, put in its place when the block succeeds.

    Parameters
    ----------
    folder : path, new, empty, or holding a `marker`, in which case it is replaced
    marker : name of a file that tells folders of this kind from others

    Raises
    ------
    DataError
        The folder holds something else, or cannot be replaced while it is in use (Windows).

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "mine"
    >>> with atomic_folder(target, "mine.json") as temporary:
    ...     _ = (temporary / "mine.json").write_text("{}")
    >>> [path.name for path in target.iterdir()]
    ['mine.json']
    """
    folder = Path(folder)
    ours = not folder.exists() or (
        folder.is_dir() and ((folder / marker).exists() or not any(folder.iterdir()))
    )
    if not ours:
        word = "this folder holds other files" if folder.is_dir() else "this is a file"
        raise DataError(word, found=str(folder), fix="name a new folder")
    token = uuid.uuid4().hex[:12]
    part, old = (folder.with_name(f".{folder.name}-{token}.{end}") for end in ("part", "old"))
    part.mkdir(parents=True)
    try:
        yield part
        _put_in_place(part, folder, old)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _put_in_place(part: Path, folder: Path, old: Path) -> None:
    """The old folder goes only when the new one is in its place; maps of its files stay valid."""
    try:
        if folder.exists():
            os.replace(folder, old)
        os.replace(part, folder)
    except OSError as error:
        if old.exists():
            os.replace(old, folder)
        if not isinstance(error, PermissionError):
            raise
        raise DataError(
            "this folder is in use, or may not be changed",
            found=f"{folder}: {error.strerror or error}",
            fix="name a new folder, or close the process that uses this one",
        ) from error
    shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def damage_named(what: str, place: str | os.PathLike[str]) -> Iterator[None]:
    """Name what is damaged when reading it fails, in whatever way the parser fails.

    Raises
    ------
    DataError
        The block failed; the original error is chained.

    Examples
    --------
    >>> with damage_named("this model", "model/"):
    ...     pass
    """
    try:
        yield
    except (NeurodecodeError, MemoryError):
        raise
    except Exception as error:  # parsers of damaged bytes raise anything
        reason = str(error).partition("\n")[0][:200]
        raise DataError(
            f"{what} cannot be read",
            found=f"{place}: {type(error).__name__}: {reason}",
            expected="all its files, as they were written",
            fix="save it again, or copy the whole folder anew",
        ) from error


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Checksum of a file's bytes, as hex.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "empty"
    >>> path.touch()
    >>> sha256_of(path)[:8]
    'e3b0c442'
    """
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@contextlib.contextmanager
def file_lock(
    path: str | os.PathLike[str], timeout: float = 600.0, stale: float = 3600.0
) -> Iterator[None]:
    """Hold a lock file; works on Windows, macOS, Linux and shared folders alike.

    Parameters
    ----------
    path : path of the lock file, made by this call and removed after
    timeout : float, default 600
        Seconds to wait for another holder.
    stale : float, default 3600
        A lock older than this many seconds is taken over: its holder was killed.

    Raises
    ------
    DataError
        The lock is still held after `timeout`.

    Examples
    --------
    >>> import tempfile
    >>> with file_lock(Path(tempfile.mkdtemp()) / "cpu.lock"):
    ...     pass
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + timeout
    while not _try_lock(path, stale):
        if time.monotonic() > deadline:
            raise DataError(
                "another process holds a lock",
                found=f"{path} is {time.time() - path.stat().st_mtime:.0f} s old",
                expected=f"it to go within {timeout:.0f} s",
                fix="wait for the other run, or delete the file if no run is going on",
            )
        time.sleep(0.05)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _try_lock(path: Path, stale: float) -> bool:
    with contextlib.suppress(FileNotFoundError):
        if time.time() - path.stat().st_mtime > stale:
            path.unlink(missing_ok=True)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except (FileExistsError, PermissionError):  # Windows answers the latter during a deletion
        return False
    os.write(handle, f"{socket.gethostname()} {os.getpid()}".encode())
    os.close(handle)
    return True
