"""Where data sets and caches live on this machine. Nothing here creates a folder."""

from __future__ import annotations

import os
from pathlib import Path


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


def _from_environment(variable: str) -> Path | None:
    value = os.environ.get(variable, "").strip()
    return Path(value).expanduser().absolute() if value else None


def _user_cache() -> Path:
    import platformdirs  # here: the import asks the system for folders

    return Path(platformdirs.user_cache_path("neurodecode", appauthor=False))
