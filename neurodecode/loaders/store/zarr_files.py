"""Epochs as Zarr on any file system that fsspec knows: object storage, the web, a folder.

A group holds the arrays ``data`` (trial, channel, time), ``y`` and ``length``; labels that are text
are numbers into ``classes`` of its attributes. The trial table lies beside as ``trials.parquet``.
Attributes are written last: a group without them is a copy that was stopped.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.channels import Channels
from neurodecode.core.dependencies import need
from neurodecode.core.epochs import Epochs
from neurodecode.core.epochs_files import describe
from neurodecode.core.errors import DataError
from neurodecode.core.stamps import BlockDigest, digest
from neurodecode.loaders.store.epoch_store import EpochStore

FORMAT = 2
_CHUNK = 1 << 23  # bytes of one object: large enough for the network, small enough for memory
_WORDS = "neurodecode"


def to_zarr(epochs: Epochs, url: str, storage_options: Mapping[str, Any] | None = None) -> None:
    """Write epochs as a new Zarr group; one chunk is in memory at a time.

    Parameters
    ----------
    epochs : Epochs without `space`
    url : str
        A path, or an address of fsspec: ``"s3://bucket/set.zarr"``.
    storage_options : dict, optional
        Passed to the file system: keys, endpoints.

    Raises
    ------
    MissingDependency
        zarr is not installed.
    DataError
        Something is there already, or the epochs sit on a volume or surface.

    Examples
    --------
    >>> epochs = Epochs(np.ones((2, 1, 5)), channels=["Cz"], sfreq=5, y=["a", "b"])
    >>> to_zarr(epochs, "memory://example.zarr")
    """
    zarr = need("zarr", extra="hub", why="epochs as Zarr")
    if epochs.space is not None:
        raise DataError("volumes and surfaces are not written as Zarr", fix="epochs.save(folder)")
    files = _files(url, storage_options)
    if files.find(""):
        raise DataError("something is there already", found=url, fix="name a new place")
    group = zarr.open_group(url, mode="a", storage_options=_options(url, storage_options))
    size = max(1, _CHUNK // epochs.base[:1].nbytes)
    array = group.create_array(
        "data",
        shape=(len(epochs), *epochs.base.shape[1:]),
        chunks=(min(size, max(1, len(epochs))), *epochs.base.shape[1:]),
        dtype=epochs.dtype,
        dimension_names=("trial", "channel", "time"),
    )
    state = BlockDigest()
    for start in range(0, len(epochs), size):
        block = epochs.base[epochs.rows[start : start + size]]
        array[start : start + size] = block
        state.update(block)
    content = state.hexdigest(epochs.dtype, array.shape)
    words: dict[str, Any] = {"format": FORMAT, "content": content}
    if epochs.y is not None:
        y = epochs.y
        if y.dtype.kind == "U":
            words["classes"], y = epochs.classes.tolist(), np.searchsorted(epochs.classes, y)
        group.create_array("y", data=y)
    if epochs.length is not None:
        group.create_array("length", data=epochs.length)
    table = io.BytesIO()
    epochs.trials.to_parquet(table, index=False)
    files.pipe("trials.parquet", table.getvalue())
    group.attrs[_WORDS] = {**words, "epochs": _without_nan(describe(epochs))}


def from_zarr(
    url: str, storage_options: Mapping[str, Any] | None = None, store: EpochStore | None = None
) -> Epochs:
    """Epochs of a Zarr group, copied into the epoch store once and mapped from there.

    Parameters
    ----------
    url, storage_options : as in `to_zarr`
    store : EpochStore, optional

    Raises
    ------
    MissingDependency
        zarr is not installed.
    DataError
        No epochs there, another format, or other bytes than were written.

    Examples
    --------
    >>> import tempfile
    >>> epochs = Epochs(np.ones((2, 1, 5)), channels=["Cz"], sfreq=5, y=["a", "b"])
    >>> to_zarr(epochs, "memory://twice.zarr")
    >>> from_zarr("memory://twice.zarr", store=EpochStore(tempfile.mkdtemp())).y.tolist()
    ['a', 'b']
    """
    zarr = need("zarr", extra="hub", why="epochs as Zarr")
    try:
        group = zarr.open_group(url, mode="r", storage_options=_options(url, storage_options))
        words = dict(group.attrs[_WORDS])
    except (FileNotFoundError, KeyError, zarr.errors.GroupNotFoundError) as error:
        raise DataError(
            "no epochs here", found=url, expected="a whole group written by to_zarr"
        ) from error
    if words["format"] != FORMAT:
        raise DataError("epochs of another version", found=f"format {words['format']} in {url}")
    files = _files(url, storage_options)
    table = files.cat("trials.parquet")
    # The labels are the group's own: the same signals may be stored with others.
    y = None if "y" not in group else group["y"][:]
    if y is not None and "classes" in words:
        y = np.array(words["classes"])[y]
    key = digest(
        ["zarr", words, hashlib.sha256(table).hexdigest(), None if y is None else y.tolist()]
    )
    store = EpochStore() if store is None else store
    return store.get_or_make(key, lambda: _parts(group, words, table, y, url), f"Zarr · {url}")


def _parts(group: Any, words: dict[str, Any], table: bytes, y: Any, url: str) -> Iterator[Epochs]:
    """Epochs of one chunk after the other; the digest is compared when all have come."""
    trials, data = pd.read_parquet(io.BytesIO(table)), group["data"]
    length = group["length"][:] if "length" in group else None
    meaning = dict(words["epochs"])
    channels = meaning.pop("channels")
    for name in ("positions", "orientations"):
        channels[name] = np.array(channels[name], dtype=np.float64)  # null becomes NaN
    state = BlockDigest()
    size = data.chunks[0]
    for start in range(0, max(1, len(trials)), size):
        part = slice(start, start + size)
        block = np.ascontiguousarray(data[part])
        state.update(block)
        yield Epochs(
            block,
            channels=Channels(**channels),
            trials=trials.iloc[part],
            y=None if y is None else y[part],
            length=None if length is None else length[part],
            **meaning,
        )
    if state.hexdigest(data.dtype, data.shape) != words["content"]:
        raise DataError(
            "other samples than were written",
            found=url,
            expected=f"content {words['content'][:12]}…",
            fix="write the group again",
        )


def _files(url: str, storage_options: Mapping[str, Any] | None) -> Any:
    import fsspec
    from fsspec.implementations.dirfs import DirFileSystem

    system, path = fsspec.core.url_to_fs(url, **(storage_options or {}))
    return DirFileSystem(path, system)


def _options(url: str, storage_options: Mapping[str, Any] | None) -> dict[str, Any] | None:
    # Zarr takes options for addresses only, and none for paths.
    return dict(storage_options or {}) if "://" in url else None


def _without_nan(obj: Any) -> Any:
    """JSON has no NaN; unknown places are null."""
    if isinstance(obj, dict):
        return {key: _without_nan(value) for key, value in obj.items()}
    if isinstance(obj, (list, tuple)):
        return [_without_nan(value) for value in obj]
    return None if isinstance(obj, float) and obj != obj else obj
