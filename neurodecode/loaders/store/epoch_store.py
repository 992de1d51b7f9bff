"""`EpochStore`: folders of epochs, each under the key of all that decides it, within a size."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import time
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurodecode.core.ahead import ahead
from neurodecode.core.epochs_files import (
    MANIFEST,
    load_epochs,
    read_manifest,
    write_epochs,
    writing,
)
from neurodecode.core.errors import DataError
from neurodecode.core.files import file_lock
from neurodecode.core.joining import shared_names
from neurodecode.core.paths import cache_folder, cache_limit
from neurodecode.core.words import plural

if TYPE_CHECKING:
    from neurodecode.core.epochs import Epochs
    from neurodecode.core.study import CutOne, Study

_ABANDONED = 86_400  # s without a change after which an unfinished folder is a killed run's
_STALE = 900  # s without a sign of life after which a builder counts as killed


@dataclass(frozen=True)
class Entry:
    """One folder of a store: what it holds, how large it is, when it was last opened."""

    key: str
    text: str
    n_bytes: int
    used: float  # seconds since 1970


class EpochStore:
    """Trials on disk under the key of all that decides them.

    Safe for many processes, also on a shared folder: an entry appears whole, is never changed, and
    two that want the same one make it once. The least recently opened entries go when the store
    grows over its limit; maps of them that are open stay valid.

    Parameters
    ----------
    folder : path, optional
        Default: ``epochs`` in the cache folder (``NEURODECODE_CACHE``). Made when first needed.
    max_bytes : int, optional
        Limit; default `neurodecode.core.paths.cache_limit`.

    Examples
    --------
    >>> import tempfile, numpy as np, neurodecode as nd
    >>> store = EpochStore(tempfile.mkdtemp())
    >>> parts = lambda: [nd.Epochs(np.ones((2, 1, 5)), channels=["Cz"], sfreq=5)]
    >>> store.get_or_make("0" * 64, parts, "two trials").data.sum()
    np.float64(10.0)
    >>> [entry.text for entry in store.entries()]
    ['two trials']
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None, max_bytes: int | None = None):
        self.folder = cache_folder() / "epochs" if folder is None else Path(folder)
        self._max_bytes = max_bytes

    @property
    def max_bytes(self) -> int:
        """Bytes that all entries together may take."""
        return cache_limit(self.folder) if self._max_bytes is None else self._max_bytes

    # ------------------------------------------------------------------ entries
    def get(self, key: str) -> Epochs | None:
        """Trials of a key, memory-mapped, or None. A damaged entry is removed, with a warning."""
        place = self._place(key)
        if not (place / MANIFEST).exists():
            return None
        try:
            epochs = load_epochs(place)
        except (DataError, OSError) as error:
            if (place / MANIFEST).exists():  # else another process is cleaning
                warnings.warn(f"stored epochs are made again: {error}", stacklevel=3)
                _remove(place)
            return None
        with contextlib.suppress(OSError):  # a read-only store has no times of use
            os.utime(place / MANIFEST)
        return epochs

    def get_or_make(
        self,
        key: str,
        parts: Callable[[], Iterable[Epochs]],
        text: str,
        notes: Mapping[str, Any] | None = None,
    ) -> Epochs:
        """Trials of a key; made from parts, one at a time in memory, where they are not there.

        Parameters
        ----------
        key : hex text
        parts : function giving the parts in order; called only when they are needed
        text : what they are, for people who look into the store
        notes : plain dict, kept for `EpochStore.notes`; `parts` may fill it until they end

        Raises
        ------
        DataError
            Parts that do not fit one another, or a folder that cannot be written.
        """
        found = self.get(key)
        if found is not None:
            return found
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            if not os.access(self.folder, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        lock = self.folder / f".{key[:32]}.lock"
        with file_lock(lock, timeout=float("inf"), stale=_STALE):
            found = self.get(key)  # whoever held the lock may have made it
            if found is not None:
                return found
            made = _alive(parts(), lock)
            words = {"key": key, "text": text, "notes": {} if notes is None else notes}
            write_epochs(made, self._place(key), words=words)
            self.clean(keep=key)
        return load_epochs(self._place(key))

    def notes(self, key: str) -> dict[str, Any]:
        """What was found on the way when an entry was made."""
        return read_manifest(self._place(key))["notes"]

    def _place(self, key: str) -> Path:
        return self.folder / key[:32]

    def entries(self) -> list[Entry]:
        """What is in the store, last opened first."""
        found = []
        for place in self.folder.glob("*/"):
            if place.name.startswith("."):
                continue
            with contextlib.suppress(OSError, ValueError, KeyError):
                manifest = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
                size = sum(size for size, _ in manifest["files"].values())
                used = (place / MANIFEST).stat().st_mtime
                found.append(Entry(manifest["key"], manifest["text"], size, used))
        return sorted(found, key=lambda entry: -entry.used)

    def clean(self, max_bytes: int | None = None, keep: str | None = None) -> int:
        """Remove the least recently opened entries above the limit, and what killed runs left.

        Parameters
        ----------
        max_bytes : int, optional, default the store's limit
        keep : key that stays whatever its size

        Returns
        -------
        freed : int, bytes
        """
        limit, total, freed = self.max_bytes if max_bytes is None else max_bytes, 0, 0
        self._sweep()
        for entry in self.entries():
            total += entry.n_bytes
            if total > limit and entry.key != keep and _remove(self._place(entry.key)):
                total -= entry.n_bytes
                freed += entry.n_bytes
        return freed

    def _sweep(self) -> None:
        for pattern in (".*.part", ".*.old"):
            for place in self.folder.glob(pattern):
                with contextlib.suppress(OSError):
                    newest = max(each.stat().st_mtime for each in (place, *place.iterdir()))
                    if time.time() - newest > _ABANDONED:
                        shutil.rmtree(place, ignore_errors=True)

    # ------------------------------------------------------------------ studies
    def cut(
        self, study: Study, words: Mapping[str, Any], one: CutOne, on: str, jobs: int
    ) -> Epochs:
        """Trials of a study; what `Study.epoch(..., store=...)` calls.

        Raises
        ------
        DataError
            The study holds recordings in memory, or steps without a lasting identity.
        """
        from neurodecode.loaders.store.keys import study_key

        def parts() -> Iterator[Epochs]:
            made = ahead(one, range(len(study)), threads=max(1, jobs))
            return made if on == "same" else self.common(made)

        key = study_key(study, {**words, "on": on})
        return self.get_or_make(key, parts, f"{plural(len(study), 'recording')} · {_words(words)}")

    def common(self, parts: Iterable[Epochs]) -> Iterator[Epochs]:
        """Parts with the channels that all share, which is known only when all have been made.

        They wait on disk: one is in memory at a time.
        """
        waiting = self.folder / f".{uuid.uuid4().hex[:12]}.part"
        try:
            places = []
            for i, part in enumerate(parts):
                places.append(waiting / str(i))
                write_epochs([part], places[-1])
            names = shared_names([load_epochs(place).channels.names for place in places], "common")
            for place in places:
                part = load_epochs(place)
                if part.channels.names != names:
                    dropped = part.dropped
                    part = part.pick(names)
                    part.dropped = dropped
                yield part
        finally:
            shutil.rmtree(waiting, ignore_errors=True)


def _words(cut: Mapping[str, Any]) -> str:
    """A cut in words: its name and the arguments that say something."""
    ((name, arguments),) = cut.items()
    told = [f"{key}={value!r}" for key, value in arguments.items() if value]
    return f"{name}({', '.join(told)})"


def _alive(parts: Iterable[Epochs], lock: Path) -> Iterator[Epochs]:
    """The parts, with a sign of life in the lock after each: a long run is not a killed one."""
    for part in parts:
        with contextlib.suppress(OSError):
            os.utime(lock)
        yield part


def _remove(place: Path) -> bool:
    """Take an entry out at once, then delete it; False where a process holds it (Windows)."""
    old = place.with_name(f".{place.name}-{uuid.uuid4().hex[:12]}.old")
    try:
        os.replace(place, old)
    except OSError:
        return False
    shutil.rmtree(old, ignore_errors=True)
    return True
