"""Where data sets and caches live on this machine. Nothing here creates a folder."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from neurodecode.core.errors import DataError

_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def cache_folder() -> Path:
    """Folder of everything that can be made again.

    Returns
    -------
    folder : Path
        ``NEURODECODE_CACHE`` where it is set, else the user cache folder of the system.

    Examples
    --------
    >>> cache_folder().is_absolute()
    True
    """
    return _from_environment("NEURODECODE_CACHE") or _user_cache()


def data_folder() -> Path:
    """Folder of downloaded data sets.

    Returns
    -------
    folder : Path
        ``NEURODECODE_DATA`` where it is set, else ``data`` inside the cache folder.

    Examples
    --------
    >>> data_folder().is_absolute()
    True
    """
    return _from_environment("NEURODECODE_DATA") or cache_folder() / "data"


def cache_limit(folder: Path) -> int:
    """Bytes that the epoch store in a folder may take.

    Returns
    -------
    limit : int
        ``NEURODECODE_CACHE_LIMIT`` ("20 GB") where it is set, else half of what the disk has free
        now.

    Raises
    ------
    DataError
        The variable holds no size.

    Examples
    --------
    >>> cache_limit(Path.home()) >= 0
    True
    """
    words = os.environ.get("NEURODECODE_CACHE_LIMIT", "").strip()
    if words:
        return parse_bytes(words)
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free // 2


def parse_bytes(text: str) -> int:
    """Bytes of a size in words, powers of 1000.

    Raises
    ------
    DataError
        Not a size.

    Examples
    --------
    >>> parse_bytes("20 GB"), parse_bytes("1.5k"), parse_bytes("0")
    (20000000000, 1500, 0)
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kKMGT]?)B?", text.strip())
    if match is None:
        raise DataError("not a size", found=repr(text), expected="a size such as '20 GB'")
    return int(float(match[1]) * _UNITS[match[2].replace("K", "k")])


def _from_environment(variable: str) -> Path | None:
    value = os.environ.get(variable, "").strip()
    return Path(value).expanduser().absolute() if value else None


def _user_cache() -> Path:
    import platformdirs  # here: the import asks the system for folders

    return Path(platformdirs.user_cache_path("neurodecode", appauthor=False))
