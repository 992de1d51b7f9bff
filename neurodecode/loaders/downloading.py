"""Downloads that end as the right file or as an error: nothing half, nothing else, nothing twice.

A file enters its place only after its size, its first bytes and its checksum were looked at; until
then it has another name. What is on disk is used without asking the network. Certificates of
servers are always checked, against the system's authorities or those of ``SSL_CERT_FILE``.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import shutil
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from neurodecode.core.errors import DownloadError
from neurodecode.core.files import file_lock
from neurodecode.core.memory import bytes_words
from neurodecode.core.runtime import QUIET, quiet

OFFLINE = "NEURODECODE_OFFLINE"
_CHUNK = 1 << 18
_TRIES = 3  # a connection, each going on where the last one broke
_HTML = (b"<!doctype html", b"<html", b"<?xml version")
# ending -> how a file of that kind begins
_MAGIC = {
    ".zip": (b"PK",), ".npz": (b"PK",), ".gz": (b"\x1f\x8b",), ".bz2": (b"BZh",),
    ".xz": (b"\xfd7zXZ",), ".npy": (b"\x93NUMPY",), ".mat": (b"MATLAB", b"\x89HDF"),
    ".h5": (b"\x89HDF",), ".hdf5": (b"\x89HDF",), ".nwb": (b"\x89HDF",), ".snirf": (b"\x89HDF",),
    ".edf": (b"0       ",), ".bdf": (b"\xffBIOSEMI",), ".gdf": (b"GDF ",),
    ".fif": (b"\x00\x00\x00\x64",),
}  # fmt: skip
_TRUST = (
    "name a file of certificates to trust: SSL_CERT_FILE=/path/to/ca.pem (your institute's, where "
    "its proxy opens connections; certifi's, where Python knows none: python -m certifi)"
)
_Sum = tuple[str, str]  # name of a hash, its value in hex
_FAILURES = (urllib.error.URLError, http.client.HTTPException, OSError)


def download(
    urls: str | Sequence[str],
    target: str | os.PathLike[str],
    *,
    sha256: str | None = None,
    md5: str | None = None,
    size: int | None = None,
    timeout: float = 30.0,
) -> Path:
    """Fetch a file once; say what, from where and how large before it starts.

    Parameters
    ----------
    urls : str or sequence of str
        ``http`` or ``https``; several are mirrors of one file, tried in order.
    target : path
        Where the file will be. A file that is there already (and has `size`, where that is
        given) is used without asking the network.
    sha256, md5 : str, optional
        Checksum in hex; some archives give only the older one. With either, a broken download
        goes on where it stopped, also in a later run.
    size : int, optional
        Bytes.
    timeout : float, s, default 30
        Longest silence of a server.

    Returns
    -------
    target : Path

    Raises
    ------
    DownloadError
        ``NEURODECODE_OFFLINE`` is set, no mirror delivers or shows a certificate that can be
        verified, the disk is full, or what came is another file: of another size or checksum, or
        a web page.

    Examples
    --------
    >>> import tempfile
    >>> there = Path(tempfile.mkdtemp()) / "S001R03.edf"
    >>> _ = there.write_bytes(b"0       ")
    >>> download("https://example.org/S001R03.edf", there) == there
    True
    """
    target = Path(target)
    if _is_there(target, size):
        return target
    checksum = ("sha256", sha256) if sha256 else ("md5", md5) if md5 else None
    mirrors = [urls] if isinstance(urls, str) else list(urls)
    _check_online(target, mirrors)
    target.parent.mkdir(parents=True, exist_ok=True)
    with file_lock(target.with_name(f".{target.name}.lock")):
        if _is_there(target, size):  # another process was faster
            return target
        failures, unverified = [], False
        for url in mirrors:
            try:
                return _Fetch(url, target, checksum, size, timeout).run()
            except _Rejected as error:
                failures.append(f"{url}: {error}")
            except _FAILURES as error:
                failures.append(f"{url}: {_reason(error)}")
                unverified |= _is_unverified(error)
    again = _TRUST if unverified else "try again later"
    raise DownloadError(
        f"{target.name} could not be downloaded",
        found="; ".join(failures),
        expected=_expectation(checksum, size),
        fix=f"{again}, or put the file at {target} yourself",
    )


class _Rejected(Exception):
    """What came is not the file."""


class _Fetch:
    """One file from one mirror."""

    def __init__(
        self, url: str, target: Path, checksum: _Sum | None, size: int | None, timeout: float
    ):
        self.url, self.target, self.timeout = url, target, timeout
        self.checksum, self.size = checksum, size
        self.part = target.with_name(f".{target.name}.part")

    def run(self) -> Path:
        if self.checksum is None:  # nothing could tell that two halves belong together
            self.part.unlink(missing_ok=True)
        for attempt in range(_TRIES):
            try:
                self._receive()
                break
            except _FAILURES as error:
                if _is_final(error) or attempt == _TRIES - 1:
                    raise
                time.sleep(0.2 * (attempt + 1))
        try:
            self._verify()
        except _Rejected:
            self.part.unlink(missing_ok=True)
            raise
        os.replace(self.part, self.target)
        return self.target

    def _receive(self) -> None:
        have = self.part.stat().st_size if self.part.exists() else 0
        if self.size is not None and have == self.size:
            return
        request = urllib.request.Request(self.url, headers={"User-Agent": "neurodecode"})
        if have:
            request.add_header("Range", f"bytes={have}-")
        try:
            response = _open(request, self.timeout)
        except urllib.error.HTTPError as error:
            if error.code == 416 and have:  # longer than the file: not a part of it
                self.part.unlink()
            raise
        with response:
            goes_on = response.status == 206 and have
            self._look_at(response, have if goes_on else 0)
            self._store(response, have if goes_on else 0)

    def _look_at(self, response: Any, have: int) -> None:
        """Announce the download; refuse what cannot be the file or cannot be stored."""
        rest = response.headers.get("Content-Length")
        total = have + int(rest) if rest else self.size
        if response.headers.get_content_type() == "text/html" and not _is_page(self.target):
            raise _Rejected("a web page came instead of the file")
        if total and self.size and total != self.size:
            raise _Rejected(f"{total} bytes are offered, {self.size} expected")
        free = shutil.disk_usage(self.target.parent).free
        if total and total - have > free:
            raise _Rejected(f"{bytes_words(total)} do not fit on the disk ({bytes_words(free)})")
        announce(
            f"fetch  {self.target.name} from {urllib.parse.urlsplit(self.url).netloc}, "
            f"{bytes_words(total) if total else 'of unknown size'}"
            + (f" ({bytes_words(have)} are there)" if have else "")
            + f", to {self.target.parent}"
        )
        self.total = total

    def _store(self, response: Any, have: int) -> None:
        with open(self.part, "ab" if have else "wb") as handle, _bar(self.total, have) as advance:
            while chunk := response.read(_CHUNK):
                handle.write(chunk)
                advance(len(chunk))
        received = self.part.stat().st_size
        if self.total and received < self.total:
            raise ConnectionError(f"the connection broke after {received} of {self.total} bytes")

    def _verify(self) -> None:
        size = self.part.stat().st_size
        with open(self.part, "rb") as handle:
            head = handle.read(64)
        if head.lstrip().lower().startswith(_HTML) and not _is_page(self.target):
            raise _Rejected("a web page came instead of the file")
        if self.size is not None and size != self.size:
            raise _Rejected(f"{size} bytes came, {self.size} expected")
        magic = _MAGIC.get(self.target.suffix.lower())
        if magic and not head.startswith(magic):
            raise _Rejected(f"it begins with {head[:8]!r}, which no {self.target.suffix} file does")
        if self.checksum is not None:
            kind, wanted = self.checksum
            with open(self.part, "rb") as handle:
                found = hashlib.file_digest(handle, kind).hexdigest()
            if found != wanted.lower():
                raise _Rejected(f"its {kind} is {found[:12]}…, {wanted[:12]}… expected")


def read_page(url: str, place: str, timeout: float = 30.0) -> bytes:
    """What a server answers, for lists of files; never kept.

    Parameters
    ----------
    url : str
    place : str
        Folder where the files would have to lie, for the message.

    Raises
    ------
    DownloadError
        ``NEURODECODE_OFFLINE`` is set, or the server does not answer.
    """
    name = urllib.parse.urlsplit(url).netloc
    if is_offline():
        raise DownloadError(
            f"{name} cannot be asked what files there are: the network is switched off",
            found=f"{OFFLINE}={os.environ[OFFLINE]}",
            expected=f"the files in {place}",
            fix=f"unset {OFFLINE}, or fetch them elsewhere and put them there",
        )
    request = urllib.request.Request(url, headers={"User-Agent": "neurodecode"})
    for attempt in range(_TRIES):
        try:
            with _open(request, timeout) as response:
                return response.read()
        except _FAILURES as error:
            if not _is_final(error) and attempt < _TRIES - 1:
                time.sleep(0.2 * (attempt + 1))
                continue
            raise DownloadError(
                f"{name} does not list its files",
                found=_reason(error),
                expected=f"an answer of {url}",
                fix=(_TRUST if _is_unverified(error) else "try again later")
                + f", or put the files in {place} yourself",
            ) from error
    raise AssertionError("unreachable")


class _StaysEncrypted(urllib.request.HTTPRedirectHandler):
    """Follows a server to other addresses, but not from https to http."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if req.full_url.startswith("https://") and not newurl.startswith("https://"):
            raise urllib.error.HTTPError(newurl, code, "and leads to plain http", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(request: urllib.request.Request, timeout: float) -> Any:
    return urllib.request.build_opener(_StaysEncrypted).open(request, timeout=timeout)


def _is_unverified(error: Exception) -> bool:
    return isinstance(getattr(error, "reason", error), ssl.SSLCertVerificationError)


def _is_final(error: Exception) -> bool:
    """True for answers that another try would not change."""
    refused = isinstance(error, urllib.error.HTTPError) and error.code < 500
    return refused or _is_unverified(error)


def is_offline() -> bool:
    """True when ``NEURODECODE_OFFLINE`` forbids the network ("" and "0" allow it)."""
    return os.environ.get(OFFLINE, "") not in ("", "0")


def _is_there(target: Path, size: int | None) -> bool:
    return target.is_file() and (size is None or target.stat().st_size == size)


def _check_online(target: Path, mirrors: list[str]) -> None:
    strange = [url for url in mirrors if not url.startswith(("http://", "https://"))]
    if strange or not mirrors:
        raise DownloadError(
            f"{target.name} has no address to be fetched from",
            found=", ".join(strange) or "none",
            expected="http:// or https://",
        )
    if is_offline():
        raise DownloadError(
            f"{target.name} is not on this machine, and the network is switched off",
            found=f"{OFFLINE}={os.environ[OFFLINE]}",
            expected=f"the file at {target}",
            fix=f"unset {OFFLINE}, or fetch {mirrors[0]} elsewhere and put it there",
        )


def _is_page(target: Path) -> bool:
    return target.suffix.lower() in (".html", ".htm", ".xml")


def _expectation(checksum: _Sum | None, size: int | None) -> str | None:
    parts = [f"{size} bytes"] if size is not None else []
    parts += [f"{checksum[0]} {checksum[1][:12]}…"] if checksum else []
    return ", ".join(parts) or None


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answers {error.code} {error.reason}"
    if _is_unverified(error):
        problem: Any = getattr(error, "reason", error)
        return f"its certificate cannot be verified ({problem.verify_message})"
    if isinstance(error, urllib.error.URLError):
        return f"cannot be reached ({error.reason})"
    return str(error) or type(error).__name__


def announce(line: str) -> None:
    """Write a line for people to the error stream, unless ``NEURODECODE_QUIET`` is set."""
    if not os.environ.get(QUIET):
        sys.stderr.write(line + "\n")


@contextlib.contextmanager
def _bar(total: int | None, have: int) -> Iterator[Callable[[int], None]]:
    """A line with bytes, rate and time left, where somebody watches."""
    if quiet():
        yield lambda n: None
        return
    from rich import progress
    from rich.console import Console

    columns = (
        progress.BarColumn(), progress.DownloadColumn(), progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )  # fmt: skip
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total, completed=have)
        yield lambda n: bar.update(task, advance=n)
