"""Where MNE and MOABB keep downloaded sets; their settings are read and never changed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neurodecode.core.paths import data_folder

_HOME = "_MNE_FAKE_HOME_DIR"  # where MNE looks for its settings instead of the user's home


def mne_folder(sign: str) -> Path:
    """Folder under which the files of a set lie.

    Parameters
    ----------
    sign : str
        MNE's word for the set, "EEGBCI" say.

    Returns
    -------
    folder : Path
        ``MNE_DATASETS_<SIGN>_PATH`` or ``MNE_DATA``, from the environment or MNE's settings; else
        ``mne_data`` in the home folder where that exists already; else the folder of downloaded
        data (``NEURODECODE_DATA``).

    Examples
    --------
    >>> mne_folder("EEGBCI").is_absolute()
    True
    """
    for key in (_own_key(sign), "MNE_DATA"):
        place = _setting(key)
        if place:
            return Path(place).expanduser().absolute()
    usual = Path.home() / "mne_data"
    return usual if usual.is_dir() and "NEURODECODE_DATA" not in os.environ else data_folder()


def _own_key(sign: str) -> str:
    """The setting that moves one set alone; the sleep recordings have their own spelling."""
    sign = sign.upper()
    return f"{sign}_PATH" if sign == "PHYSIONET_SLEEP" else f"MNE_DATASETS_{sign}_PATH"


def _setting(key: str) -> str:
    """A setting of MNE; the environment first, which costs no import of MNE."""
    if value := os.environ.get(key):
        return value
    import mne

    return str(mne.get_config(key) or "")


@contextlib.contextmanager
def borrowed_settings(sign: str) -> Iterator[Path]:
    """Let a library use the user's MNE settings and write its own into a folder that goes away.

    MOABB writes ``MNE_DATA`` into the user's settings when it finds none.

    Parameters
    ----------
    sign : str
        MNE's word for the set that will be read.

    Yields
    ------
    folder : Path
        What ``MNE_DATA`` says inside the block; it exists.
    """
    import mne

    folder = mne_folder(sign)
    folder.mkdir(parents=True, exist_ok=True)
    settings: Any = mne.get_config()  # without a key: all of them
    known = {key: str(value) for key, value in (settings or {}).items()}
    wanted = {**known, "MNE_DATA": str(folder), _own_key(sign): str(folder)}
    with tempfile.TemporaryDirectory() as home:
        before = dict(os.environ)
        os.environ.update({**wanted, _HOME: home})
        try:
            yield folder
        finally:
            for key in set(os.environ) - set(before):
                del os.environ[key]
            os.environ.update(before)
