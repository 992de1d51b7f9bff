"""Bytes are counted before they are allocated."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from neurodecode.core.errors import DataError


def available_memory() -> int:
    """Bytes of memory a new array may take without swapping, as the system says.

    Linux: free plus reclaimable memory, within the limit of the control group. Windows: free
    physical memory. Elsewhere: half of the physical memory.

    Examples
    --------
    >>> available_memory() > 0
    True
    """
    if sys.platform.startswith("linux"):
        lines = Path("/proc/meminfo").read_text().splitlines()
        table = dict(line.split(":", 1) for line in lines)
        free = int(table["MemAvailable"].split()[0]) * 1024
        return min(free, _group_limit() or free)
    if sys.platform == "win32":
        return _windows_memory()
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _group_limit() -> int | None:
    """Bytes left in this container, or None where it has no limit."""
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
    except (OSError, ValueError):
        return None
    return max(0, int(limit) - used) if limit.isdigit() else None


def _windows_memory() -> int:
    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong), ("load", ctypes.c_ulong),
            ("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong),
            ("others", ctypes.c_ulonglong * 5),
        )  # fmt: skip

    status = Status(length=ctypes.sizeof(Status))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined]
    return int(status.free)


def check_bytes(needed: int, what: str, *, shrink: str, max_bytes: int | None = None) -> None:
    """Refuse an allocation that would not fit.

    Parameters
    ----------
    needed : int
        Bytes that are about to be allocated.
    what : str
        What they hold, in words, for the message.
    shrink : str
        The ways to need less.
    max_bytes : int, optional
        Limit; default half of `available_memory`.

    Raises
    ------
    DataError
        `needed` is above the limit.

    Examples
    --------
    >>> check_bytes(1000, "10 trials", shrink="fewer trials")
    """
    limit = available_memory() // 2 if max_bytes is None else max_bytes
    if needed > limit:
        asked = "max_bytes" if max_bytes is not None else "half of the free memory"
        raise DataError(
            "this would not fit into memory",
            found=f"{what} = {bytes_words(needed)}",
            expected=f"at most {bytes_words(limit)} ({asked})",
            fix=shrink,
        )


def bytes_words(count: float) -> str:
    """A number of bytes in the unit that suits it, powers of 1000.

    Examples
    --------
    >>> bytes_words(868), bytes_words(81_400_000), bytes_words(364e9)
    ('868 B', '81 MB', '364 GB')
    """
    unit = "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 999.5 or unit == "TB":
            break
        count /= 1000
    return f"{count:.1f} {unit}" if unit != "B" and count < 9.95 else f"{count:.0f} {unit}"
