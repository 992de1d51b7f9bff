"""Epochs as a folder: a memory-mappable array, a table and a few words, whole or absent."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurodecode.core.channels import Channels
from neurodecode.core.errors import DataError
from neurodecode.core.files import atomic_folder, damage_named

if TYPE_CHECKING:
    from neurodecode.core.epochs import Epochs

FORMAT = 1


def save_epochs(epochs: Epochs, folder: str | os.PathLike[str]) -> None:
    """Write epochs to a folder that does not exist yet, or holds epochs to be replaced.

    Raises
    ------
    DataError
        The folder holds something else, or `space` cannot be written yet.
    """
    if epochs.space is not None:
        raise DataError("volumes and surfaces cannot be saved as epochs", fix="save the images")
    with atomic_folder(folder, marker="epochs.json") as part:
        np.save(part / "data.npy", epochs.padded())
        if epochs.y is not None:
            np.save(part / "y.npy", epochs.y, allow_pickle=False)
        if epochs.length is not None:
            np.save(part / "length.npy", epochs.length)
        table = {name: column.tolist() for name, column in epochs.trials.items()}
        (part / "trials.json").write_text(json.dumps(table), encoding="utf-8")
        (part / "epochs.json").write_text(json.dumps(describe(epochs), indent=1), encoding="utf-8")


def load_epochs(folder: str | os.PathLike[str]) -> Epochs:
    """Read a folder that `save_epochs` wrote; the signals are memory-mapped.

    Raises
    ------
    DataError
        The folder holds no epochs, a later format, or damaged files.
    """
    from neurodecode.core.epochs import Epochs

    folder = Path(folder)
    if not (folder / "epochs.json").exists():
        raise DataError("no epochs here", found=str(folder), expected="a folder of Epochs.save")

    def optional(name: str) -> np.ndarray | None:
        path = folder / name
        return np.load(path, allow_pickle=False) if path.exists() else None

    with damage_named("these epochs", folder):
        words = json.loads((folder / "epochs.json").read_text(encoding="utf-8"))
        if words.pop("format") != FORMAT:
            raise DataError(
                "epochs of a later version", found=str(folder), fix="update neurodecode"
            )
        channels = words.pop("channels")
        table = json.loads((folder / "trials.json").read_text(encoding="utf-8"))
        return Epochs(
            np.load(folder / "data.npy", mmap_mode="r", allow_pickle=False),
            channels=Channels(**{key: _array(key, value) for key, value in channels.items()}),
            trials=pd.DataFrame(table),
            y=optional("y.npy"),
            length=optional("length.npy"),
            **words,
        )


def describe(epochs: Epochs) -> dict[str, Any]:
    """Everything about epochs that is neither signal, target nor trial, as plain JSON."""
    channels = epochs.channels.describe()
    return {
        "format": FORMAT,
        "sfreq": epochs.sfreq,
        "tmin": epochs.tmin,
        "pad": epochs.pad,
        "zero": epochs.zero,
        "name": epochs.name,
        "rank": epochs.rank,
        "line_freq": epochs.line_freq,
        "simulated": epochs.simulated,
        "channels": {
            key: value.tolist() if isinstance(value, np.ndarray) else value
            for key, value in channels.items()
        },
    }


def _array(key: str, value: Any) -> Any:
    return np.array(value, dtype=np.float64) if key in ("positions", "orientations") else value
