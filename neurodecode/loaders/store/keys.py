"""What decides the trials of a cut: files, steps, arguments, and the code that runs.

Two keys are equal only when the trials are bit-equal; what has no lasting identity has no key.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from neurodecode.core.card import Card
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.core.stamps import array_digest, digest
from neurodecode.core.study import Mapped, Study

# Rooms whose code, and packages whose versions, decide the bits of what is stored.
_ROOMS = ("core", "linalg", "loaders", "preprocessing")
_PACKAGES = (
    "numpy", "scipy", "pandas", "mne", "moabb", "nibabel", "nilearn", "pynwb", "pyxdf", "neo",
)  # fmt: skip


def study_key(study: Study, words: Mapping[str, Any]) -> str:
    """Key of a study's trials.

    Parameters
    ----------
    study : of files, mapped by steps
    words : plain arguments of the cut

    Raises
    ------
    DataError
        A recording in memory, or a step without a lasting identity.
    """
    items = [item_words(item) for item in study.items]
    table = {name: study.table[name].map(str).tolist() for name in study.table.columns}
    return digest([items, table, plain(words), code_words()])


def card_key(
    card: Card, source: Any, subjects: list[str] | None, words: Mapping[str, Any]
) -> str | None:
    """Key of the trials that a card cuts from files, or None where they cannot be stored.

    A source says with ``files(card, subjects)`` which files it reads. None where it has no such
    function, where a file is not here yet, and where a step has no lasting identity.
    """
    paths = source.files(card, subjects) if hasattr(source, "files") else []
    if not paths or not all(Path(path).exists() for path in paths):
        return None
    # What a person reads about the set decides no trial.
    facts = [card.name, card.version, card.source, card.channels, card.classes, card.zero]
    try:
        what = [plain(facts), card.tmin, card.tmax, card.simulated, subjects, plain(words)]
    except DataError:
        return None
    return digest([what, files_words(paths), code_words()])


def item_words(item: Any) -> Any:
    """What decides a recording that is opened later, as plain JSON."""
    if isinstance(item, Mapped):
        return [item_words(item.item), step_words(item.apply)]
    if hasattr(item, "words"):
        return item.words()
    what = "a recording in memory" if isinstance(item, Recording) else type(item).__name__
    raise DataError(
        "these trials cannot be stored: what decides them is unknown",
        found=what,
        expected="recordings that are opened from files",
        fix='nd.read("sub-{subject}_*.edf") for a study of files, or leave store out',
    )


def files_words(paths: Iterable[str | os.PathLike[str]]) -> list[Any]:
    """Name, size and time of change of recordings' files and of what lies beside them.

    A recording may be several files (header, data, markers, events): all files of its folder
    that begin like it count, and everything inside formats that are folders.

    Raises
    ------
    DataError
        A file is not there.
    """
    return [_file_words(Path(path)) for path in paths]


def _file_words(path: Path) -> list[Any]:
    if not path.exists():
        raise DataError("no such file", found=str(path), expected="the file of a recording")
    if path.is_dir():
        parts = sorted(each for each in path.rglob("*") if each.is_file())
    else:
        # "sub-01_task-x_eeg.vhdr" goes with "sub-01_task-x_events.tsv"
        stem = path.name.partition(".")[0]
        stem = stem.rpartition("_")[0] or stem
        parts = sorted(each for each in path.parent.glob(_literal(stem) + "*") if each.is_file())
    return [str(path.absolute()), [_stat_words(each) for each in parts]]


def _literal(text: str) -> str:
    return "".join(f"[{letter}]" if letter in "[?*" else letter for letter in text)


def _stat_words(path: Path) -> list[Any]:
    found = path.stat()
    return [path.name, found.st_size, found.st_mtime_ns]


def step_words(step: Any) -> Any:
    """Class, parameters and (of classes that are not ours) source of a step.

    Raises
    ------
    DataError
        A lambda, a function that remembers values, or a step that carries learned state.
    """
    if inspect.ismethod(step) and step.__name__ == "transform":
        return step_words(step.__self__)
    if inspect.isfunction(step):
        if step.__name__ == "<lambda>" or step.__closure__ or step.__defaults__:
            raise _no_identity(f"the function {step.__qualname__}")
        return [step.__module__, step.__qualname__, _source_digest(step)]
    cls, state = type(step), getattr(step, "__dict__", {})
    params = step.get_params(deep=False) if isinstance(step, BaseEstimator) else dict(state)
    learned = sorted(set(state) - set(params))
    if learned:
        raise _no_identity(f"{cls.__name__} with {', '.join(learned)}")
    return [cls.__module__, cls.__qualname__, _source_digest(cls), plain(params)]


def _source_digest(thing: Any) -> str:
    if thing.__module__.partition(".")[0] == "neurodecode":
        return ""  # `code_words` answers for it
    try:
        source = Path(inspect.getsourcefile(thing) or "").read_bytes()
    except (OSError, TypeError) as error:
        raise _no_identity(f"{thing.__qualname__}, whose source is not in a file") from error
    return hashlib.sha256(source).hexdigest()


def plain(value: Any) -> Any:
    """Parameters as plain JSON; arrays by their digest.

    Raises
    ------
    DataError
        An object without a lasting identity.
    """
    if isinstance(value, np.ndarray):
        return ["array", array_digest(value)]
    if isinstance(value, Mapping):
        # Pairs, not a JSON object: the keys 1 and "1" select different events.
        return [[plain(key), plain(each)] for key, each in value.items()]
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return repr(value)
    if hasattr(value, "transform"):
        return step_words(value)
    raise _no_identity(f"a parameter of type {type(value).__name__}")


def _no_identity(found: str) -> DataError:
    return DataError(
        "these trials cannot be stored: a step has no lasting identity",
        found=found,
        expected="steps with plain parameters, or functions written with def in a file",
        fix="a class with get_params (nd.preprocessing has many), or leave store out",
    )


@lru_cache(maxsize=1)
def code_words() -> list[Any]:
    """Digest of the code that reads, filters and cuts, and versions of what it calls."""
    versions = []
    for package in _PACKAGES:
        if importlib.util.find_spec(package) is not None:
            versions.append([package, metadata.version(package)])
    root = Path(sys.modules["neurodecode"].__file__ or "").parent
    state = hashlib.sha256()
    for path in sorted(path for room in _ROOMS for path in (root / room).rglob("*")):
        if path.suffix in (".py", ".c", ".so", ".pyd"):
            state.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return [state.hexdigest(), versions, sys.byteorder]
