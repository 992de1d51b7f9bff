"""Epochs as a folder: a memory-mappable array, tables and a manifest; whole or absent.

``data.npy`` holds the signals, ``trials.parquet`` one row a trial, ``dropped.parquet`` what the cut
left out; ``y.npy``, ``length.npy`` and ``space.npz`` (CIFTI: ``space.nii``) hold targets, valid
samples and the brain space where there are any. ``epochs.json`` says the rest: axes, channels, and
the size and SHA-256 of every other file. The folder is written under another name and renamed when
it is complete.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurodecode.core.channels import Channels
from neurodecode.core.errors import DataError
from neurodecode.core.files import atomic_folder, sha256_of
from neurodecode.core.joining import agreed_channels, check_joinable
from neurodecode.core.space_files import read_space, write_space
from neurodecode.core.stamps import BlockDigest
from neurodecode.core.table_files import read_table, write_table

if TYPE_CHECKING:
    from neurodecode.core.epochs import Epochs

FORMAT = 3
MANIFEST = "epochs.json"
_BLOCK = 1 << 25  # bytes copied at once: a subset of a large map is never held whole


def save_epochs(epochs: Epochs, folder: str | os.PathLike[str]) -> None:
    """Write epochs to a folder that does not exist yet, or holds epochs to be replaced.

    Raises
    ------
    DataError
        The folder holds something else or cannot be replaced, or the epochs cannot be written.
    """
    write_epochs([epochs], folder)


def write_epochs(
    parts: Iterable[Epochs], folder: str | os.PathLike[str], *, words: dict[str, Any] | None = None
) -> None:
    """Write trials part by part, as `concat` would join them; one part is in memory at a time.

    Parameters
    ----------
    parts : iterable of Epochs of one data set, in order
    folder : path; epochs that are there are replaced, readers of the old ones keep them
    words : dict, optional
        Plain further entries of the manifest.

    Raises
    ------
    DataError
        No part, parts that do not fit one another, or a folder that holds something else;
        nothing is left behind.
    """
    folder = Path(folder)
    with contextlib.ExitStack() as stack:
        with writing(folder):
            writer = _Writer(stack.enter_context(atomic_folder(folder, MANIFEST)))
        for epochs in parts:  # errors of whoever makes them are theirs
            with writing(folder):
                writer.append(epochs)
        with writing(folder):
            writer.finish(words or {})
            stack.close()


@contextlib.contextmanager
def writing(place: Path) -> Iterator[None]:
    """Say which place could not be written, and why, in place of the system's error.

    Raises
    ------
    DataError
    """
    try:
        yield
    except OSError as error:
        raise DataError(
            "epochs cannot be written",
            found=f"{error.strerror or error}: {place}",
            expected="a folder that may be written to, on a disk with enough free space",
            fix="another folder (NEURODECODE_CACHE moves the epoch store), store=False, or "
            "`neurodecode cache clear`",
        ) from error


class _Writer:
    """Signals go to disk as they come; tables, a few bytes a trial, wait for the end."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.first: Epochs | None = None  # the first part without its trials
        self.words: dict[str, Any] = {}  # as `concat` would agree on them
        self.tables: list[tuple[pd.DataFrame, Any, Any, Any]] = []
        self.provenance: str | None = None
        self.content = BlockDigest()
        self.n = 0

    def append(self, epochs: Epochs) -> None:
        dropped = epochs.dropped
        if self.first is None:
            self.first = _head(epochs)
            self.words = {"channels": epochs.channels, "rank": epochs.rank, "simulated": False}
            self.provenance = _provenance(epochs)
        else:
            epochs = self._fitting(self.first, epochs)
            self.provenance = None
        ranks = [rank for rank in (self.words["rank"], epochs.rank) if rank is not None]
        self.words = {
            "channels": agreed_channels(self.words["channels"], epochs.channels),
            "rank": min(ranks, default=None),
            "simulated": self.words["simulated"] or epochs.simulated,
        }
        self.tables.append((epochs.trials, epochs.y, epochs.length, dropped))
        with open(self.folder / "data.npy", "ab") as handle:
            if not self.n:
                handle.write(self._header(0))
            for block in _blocks(epochs):
                handle.write(block.reshape(-1).view(np.uint8).data)
                self.content.update(block)
            # Part by part, while the next ones are made: nothing piles up for the end.
            handle.flush()
            os.fsync(handle.fileno())
        self.n += len(epochs)

    def _fitting(self, first: Epochs, epochs: Epochs) -> Epochs:
        check_joinable(first, epochs, len(self.tables))
        for what, ours, theirs in (
            ("names of the data set", first.name, epochs.name),
            ("types of samples", first.dtype, epochs.dtype),
        ):
            if ours != theirs:
                raise DataError(f"{what} differ", found=f"{ours} and {theirs}")
        names = first.channels.names
        return epochs if epochs.channels.names == names else epochs.pick(names)

    def _header(self, n: int) -> bytes:
        assert self.first is not None
        _, n_channels, n_padded = self.first.base.shape
        # NumPy leaves room for the first axis to grow: the length does not depend on n.
        buffer = io.BytesIO()
        words = {"descr": self.first.dtype.str, "fortran_order": False}
        np.lib.format.write_array_header_1_0(buffer, {**words, "shape": (n, n_channels, n_padded)})
        return buffer.getvalue()

    def finish(self, words: dict[str, Any]) -> None:
        if self.first is None:
            raise DataError("nothing to write", found="no epochs", expected="at least one part")
        with open(self.folder / "data.npy", "rb+") as handle:
            handle.write(self._header(self.n))
            os.fsync(handle.fileno())
        trials, targets, lengths, dropped = zip(*self.tables, strict=True)
        write_table(self.folder / "trials.parquet", pd.concat(trials, ignore_index=True))
        if targets[0] is not None:
            np.save(self.folder / "y.npy", np.concatenate(targets), allow_pickle=False)
        if any(each is not None for each in lengths):
            n_times, pairs = self.first.shape[2], zip(lengths, trials, strict=True)
            valid = [np.full(len(rows), n_times) if own is None else own for own, rows in pairs]
            np.save(self.folder / "length.npy", np.concatenate(valid))
        if self.first.space is not None:
            write_space(self.folder, self.first.space)
        lists = [each for each in dropped if each is not None]
        if lists:
            write_table(self.folder / "dropped.parquet", pd.concat(lists, ignore_index=True))
        shape = (self.n, *self.first.base.shape[1:])
        data, channels = self.folder / "data.npy", self.words["channels"]
        manifest = {
            **words,
            "format": FORMAT,
            "n_trials": self.n,
            "provenance": self.provenance,
            "content": self.content.hexdigest(self.first.dtype, shape),
            "files": {
                path.name: [path.stat().st_size, None if path == data else sha256_of(path)]
                for path in sorted(self.folder.iterdir())
            },
            "epochs": {**describe(self.first), **self.words, "channels": _plain_channels(channels)},
        }
        text = json.dumps(manifest, indent=1)
        (self.folder / MANIFEST).write_text(text, encoding="utf-8")


def _head(epochs: Epochs) -> Epochs:
    empty = np.empty((0, *epochs.base.shape[1:]), dtype=epochs.dtype)
    return epochs[:0].with_data(empty, pad=epochs.pad)


def _provenance(epochs: Epochs) -> str | None:
    return epochs._base.provenance if epochs._is_whole else None


def _blocks(epochs: Epochs) -> Iterator[np.ndarray]:
    size = max(1, _BLOCK // max(1, epochs.base[:1].nbytes))
    for start in range(0, len(epochs), size):
        yield np.ascontiguousarray(epochs.base[epochs.rows[start : start + size]])


def _content(data: np.ndarray) -> str:
    """`array_digest` of signals on disk, read in blocks: the same stamp as in memory."""
    state = BlockDigest()
    size = max(1, _BLOCK // max(1, data[:1].nbytes))
    for start in range(0, len(data), size):
        state.update(data[start : start + size])
    return state.hexdigest(data.dtype, data.shape)


def read_manifest(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """The manifest of a folder of epochs, its files checked against it (sizes, and the tables).

    Raises
    ------
    DataError
        The folder holds no epochs, another format, or files that changed since.
    """
    folder = Path(folder)
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        form = manifest["format"]
    except FileNotFoundError:
        raise DataError(
            "no epochs here", found=str(folder), expected="a folder of Epochs.save"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, MANIFEST, str(error)) from error
    if form != FORMAT:
        raise DataError(
            "epochs of another version",
            found=f"format {form} in {folder}",
            expected=f"format {FORMAT}",
            fix="write them again, or use the version of neurodecode that wrote them",
        )
    for name, (size, digest) in manifest["files"].items():
        path = folder / name
        found = path.stat().st_size if path.is_file() else -1
        if found != size:
            raise _damaged(folder, name, f"{found} bytes" if found >= 0 else "missing", size)
        if digest is not None and sha256_of(path) != digest:
            raise _damaged(folder, name, "other bytes than were written")
    return manifest


def _damaged(folder: Path, name: str, found: str, size: int | None = None) -> DataError:
    return DataError(
        f"{name} of stored epochs is damaged",
        found=f"{folder}: {found}",
        expected="the file as it was written" if size is None else f"{size} bytes",
        fix="delete the folder and write the epochs again",
    )


def load_epochs(folder: str | os.PathLike[str], *, verify: bool = False) -> Epochs:
    """Read a folder that `save_epochs` wrote; the signals are memory-mapped.

    Parameters
    ----------
    folder : path
    verify : bool, default False
        Read all signals once and compare their digest; sizes and tables are always checked.

    Raises
    ------
    DataError
        The folder holds no epochs, another format, or files that changed since.
    """
    from neurodecode.core.epochs import Epochs

    folder = Path(folder)
    manifest = read_manifest(folder)
    words = dict(manifest["epochs"])
    channels = {key: _array(key, value) for key, value in words.pop("channels").items()}

    def optional(name: str) -> np.ndarray | None:
        return np.load(folder / name, allow_pickle=False) if name in manifest["files"] else None

    # NumPy maps no empty file.
    mode = "r" if manifest["n_trials"] else None
    try:
        data = np.load(folder / "data.npy", mmap_mode=mode, allow_pickle=False)
    except ValueError as error:
        raise _damaged(folder, "data.npy", str(error)) from error
    if verify and _content(data) != manifest["content"]:
        raise _damaged(folder, "data.npy", "other samples than were written")
    epochs = Epochs(
        data,
        channels=Channels(**channels),
        trials=read_table(folder / "trials.parquet"),
        y=optional("y.npy"),
        length=optional("length.npy"),
        space=read_space(folder),
        **words,
    )
    # The stamp is that of the same epochs in memory, and costs no pass over the data.
    provenance = manifest["provenance"] or manifest["content"]
    epochs._base = replace(epochs._base, provenance=provenance)
    if "dropped.parquet" in manifest["files"]:
        epochs.dropped = read_table(folder / "dropped.parquet")
    return epochs


def describe(epochs: Epochs) -> dict[str, Any]:
    """Everything about epochs that is neither signal, target nor trial, as plain JSON."""
    return {
        "sfreq": epochs.sfreq,
        "tmin": epochs.tmin,
        "pad": epochs.pad,
        "zero": epochs.zero,
        "name": epochs.name,
        "rank": epochs.rank,
        "line_freq": epochs.line_freq,
        "simulated": epochs.simulated,
        "channels": _plain_channels(epochs.channels),
    }


def _plain_channels(channels: Channels) -> dict[str, Any]:
    return {
        key: value.tolist() if isinstance(value, np.ndarray) else value
        for key, value in channels.describe().items()
    }


def _array(key: str, value: Any) -> Any:
    return np.array(value, dtype=np.float64) if key in ("positions", "orientations") else value
