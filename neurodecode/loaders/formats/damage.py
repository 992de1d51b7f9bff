"""Damaged and misnamed files: what their bytes tell before they are read, and readers' errors.

Readers of others take some damage for data. A transfer "as text" shifts all samples behind it, and
a BDF file named .edf is read as 16-bit noise: both are looked for here.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from pathlib import Path

from neurodecode.core.errors import DataError, NeurodecodeError

_LOOK = 1 << 18  # bytes that are looked at
_FEW = 8  # line feeds below which nothing can be said
# first bytes -> what such a file is
_SIGNATURES = {
    b"0       ": "EDF",
    b"\xffBIOSEMI": "BDF",
    b"GDF ": "GDF",
    b"Brain Vision": "a BrainVision header",
    b"\x89HDF\r\n\x1a\n": "HDF5",
    b"MATLAB 5.0": "a MATLAB file",
    b"\x93NUMPY": "a NumPy array",
    b"XDF:": "XDF",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "compressed by gzip",
    b"%PDF": "a PDF",
    b"<!DOCTYPE": "a web page",
    b"<html": "a web page",
    b"version https://git-lfs": "a Git LFS pointer, not the file itself",
}
_BTI_HEAD = 96  # bytes before the list of epochs
_BTI_MASK = 0x7FFFFFFF
_BTI_SAMPLE = {1: 2, 2: 4, 3: 4, 4: 8}  # data format -> bytes a sample
_ONE_LAYOUT = {".edf": "EDF", ".rec": "EDF", ".bdf": "BDF", ".gdf": "GDF"}


def content_of(path: Path) -> str | None:
    """What a file is by its first bytes, or None.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.edf"
    >>> _ = path.write_text("<html>403 Forbidden</html>")
    >>> content_of(path)
    'a web page'
    """
    if not path.is_file():
        return None
    with path.open("rb") as handle:
        head = handle.read(32)
    return next((what for sign, what in _SIGNATURES.items() if head.startswith(sign)), None)


def check_content(path: Path) -> None:
    """Refuse binary files that were changed as text, and EDF, BDF and GDF under another's name.

    Raises
    ------
    DataError
    """
    what = content_of(path)
    wanted = _ONE_LAYOUT.get(path.suffix.lower())
    if wanted and what and what != wanted and what in _ONE_LAYOUT.values():
        raise DataError(
            f"{path.name} is not what its name says",
            found=f"{what}, by its first bytes",
            expected=wanted,
            fix=f"rename it to {path.with_suffix('.' + what.lower()).name}",
        )
    if path.is_file() and _went_as_text(path):
        raise DataError(
            f"{path.name} was changed by a transfer as text",
            found="a carriage return before every line feed, in binary data",
            expected="bytes as they were written: samples are shifted otherwise",
            fix="copy it again, in binary mode (git: mark such files as binary)",
        )


def check_fif(path: Path) -> None:
    """Refuse a FIF file whose chain of tags turns back: MNE would follow it for ever.

    Raises
    ------
    DataError
    """
    end, place = path.stat().st_size, 0
    with path.open("rb") as handle:
        while place + 16 <= end:
            handle.seek(place)
            _, _, size, following = struct.unpack(">iiii", handle.read(16))
            if following < 0:  # the last tag says so
                return
            ahead = place + 16 + size if following == 0 else following
            if size < 0 or ahead <= place:
                raise DataError(
                    f"{path.name} cannot be read",
                    found=f"a tag at byte {place} that points back",
                    expected="tags one after the other, as FIF has them",
                    fix="get a fresh copy: bytes were lost or changed",
                )
            place = ahead


def check_bti(path: Path) -> None:
    """Refuse a 4D/BTi file whose header counts more than the file holds: MNE would count on.

    The header stands behind the samples; the last 8 bytes say where. Its layout is the one that
    MNE's reader follows.

    Raises
    ------
    DataError
    """
    end = path.stat().st_size - 8
    with path.open("rb") as handle:
        handle.seek(max(0, end))
        place = int.from_bytes(handle.read(8), "big")
        if end + 8 - (place & _BTI_MASK) <= _BTI_MASK:  # the upper half may hold anything
            place &= _BTI_MASK
        place += -place % 8
        if place + _BTI_HEAD > end:
            raise _bti_damaged(path, f"a header at byte {place} of {end + 8}")
        handle.seek(place)
        form, n_epochs, n_events, n_processes, n_channels, n_classes = struct.unpack(
            ">8xh2xi4xi24xih6xi", handle.read(64)
        )
        handle.seek(place + _BTI_HEAD)
        epochs = handle.read(56 * min(max(n_epochs, 0), (end - place) // 56))
    counts = {
        "epochs": (n_epochs, 56), "channels": (n_channels, 104), "events": (n_events, 66),
        "processes": (n_processes, 356), "classes of events": (n_classes, 74),
    }  # fmt: skip
    for what, (count, size) in counts.items():
        if not 0 <= count <= (end - place - _BTI_HEAD) // size:
            raise _bti_damaged(path, f"a header of {end - place} bytes that counts {count} {what}")
    lengths = [length for (length,) in struct.iter_unpack(">i52x", epochs)]
    n_bytes = sum(lengths) * n_channels * _BTI_SAMPLE.get(form, 0)
    if min(lengths, default=0) <= 0 or not 0 < n_bytes <= place:
        raise _bti_damaged(
            path, f"{sum(lengths)} samples of {n_channels} channels in {place} bytes"
        )


def _bti_damaged(path: Path, found: str) -> DataError:
    return DataError(
        f"{path.name} cannot be read",
        found=found,
        expected="a 4D/BTi recording whose header counts what is there",
        fix="get a fresh copy: bytes were lost or changed",
    )


def _went_as_text(path: Path) -> bool:
    with path.open("rb") as handle:
        head = handle.read(_LOOK)
    # By chance, one line feed in 256 follows a carriage return.
    return head.count(b"\n") >= _FEW and head.count(b"\n") == head.count(b"\r\n")


@contextlib.contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Say which file cannot be read, in place of what its reader stumbled over.

    Parsers raise all there is on bytes they do not expect: struct errors, overflows, decoding
    errors. The first error stays chained.

    Raises
    ------
    DataError
        In place of any other error than ours.

    Examples
    --------
    >>> with damage_told(Path("a.edf")):
    ...     int("n/a")
    Traceback (most recent call last):
    neurodecode.core.errors.DataError: a.edf cannot be read
      found      ValueError: invalid literal for int() with base 10: 'n/a'
      expected   a whole file of this format
      fix        get a fresh copy: it may be cut short, or changed by a transfer as text
    """
    try:
        yield
    except NeurodecodeError:
        raise
    except Exception as error:
        text = (str(error).strip() or "no further word").splitlines()[0]
        what = content_of(path)
        raise DataError(
            f"{path.name} cannot be read",
            found=f"{type(error).__name__}: {text[:200]}" + (f"; it is {what}" if what else ""),
            expected="a whole file of this format",
            fix="get a fresh copy: it may be cut short, or changed by a transfer as text",
        ) from error
