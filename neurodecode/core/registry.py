"""Names of things: kind + lower-case name -> ``"module:attribute"``.

Each room keeps one static table; packages of other people add entries through entry points.
Nothing is imported until a name is resolved.
"""

from __future__ import annotations

import importlib
import re
from functools import cache
from importlib.metadata import EntryPoints, entry_points
from importlib.resources import files
from typing import Any

from neurodecode.core.errors import UnknownName, did_you_mean

# kind -> (module holding TABLE, entry point group)
_TABLES = {
    "net": ("neurodecode.nets._registry", "neurodecode.nets"),
    "step": ("neurodecode.preprocessing._registry", "neurodecode.steps"),
    "feature": ("neurodecode.features._registry", "neurodecode.features"),
    "decoder": ("neurodecode.decoders._registry", "neurodecode.decoders"),
    "metric": ("neurodecode.evaluation._registry", "neurodecode.metrics"),
    "augmentation": ("neurodecode.training._registry", "neurodecode.augmentations"),
}
# kind -> (package holding TOML files, entry point group: each entry names such a package)
_FOLDERS = {
    "dataset": ("neurodecode.datasets", "neurodecode.datasets"),
    "recipe": ("neurodecode.pipelines", "neurodecode.recipes"),
    "encoder": ("neurodecode.nets.encoders.cards", "neurodecode.encoders"),
}
KINDS = tuple(sorted([*_TABLES, *_FOLDERS]))
# A card whose first line is its name need not be parsed to be listed.
_NAME_LINE = re.compile(r'name = "([^"\\]+)"$', re.MULTILINE)
_WORDS = {"dataset": "data set"}


def names(kind: str) -> list[str]:
    """Sorted names of one kind; data sets by the name their card gives them.

    Parameters
    ----------
    kind : one of `KINDS`

    Raises
    ------
    UnknownName
        There is no such kind.

    Examples
    --------
    >>> "eegnet" in names("net")
    True
    """
    return sorted(_entries(kind), key=str.lower)


def target(kind: str, name: str) -> str:
    """Where a name leads: ``"module:attribute"``, or the path of a TOML file.

    Raises
    ------
    UnknownName
        No such kind or name; the message guesses the typo.

    Examples
    --------
    >>> target("step", "bandpass")
    'neurodecode.preprocessing.filters:Bandpass'
    """
    entries = _entries(kind)
    if name in entries:
        return entries[name]
    by_lower = {key.lower(): value for key, value in entries.items()}
    if name.lower() not in by_lower:
        word = _WORDS.get(kind, kind)
        guess = did_you_mean(name, entries)
        raise UnknownName(
            f"no {word} of that name",
            found=repr(name),
            expected=f"one of {len(entries)} registered: " + ", ".join(names(kind)),
            fix=guess or f'nd.list("{kind}") shows all',
        )
    return by_lower[name.lower()]


def resolve(kind: str, name: str) -> Any:
    """Import what a name stands for (for data sets and recipes: the path of the TOML file).

    Raises
    ------
    UnknownName
        No such kind or name; the message guesses the typo.

    Examples
    --------
    >>> resolve("step", "bandpass").__name__
    'Bandpass'
    """
    place = target(kind, name)
    if kind in _FOLDERS:
        return place
    module, _, attribute = place.partition(":")
    return getattr(importlib.import_module(module), attribute)


@cache
def _entries(kind: str) -> dict[str, str]:
    if kind in _TABLES:
        module, group = _TABLES[kind]
        found = dict(importlib.import_module(module).TABLE)
        found.update({entry.name: entry.value for entry in _extensions(group)})
        return found
    if kind in _FOLDERS:
        package, group = _FOLDERS[kind]
        packages = [package, *(entry.value for entry in _extensions(group))]
        return {name: path for each in packages for name, path in _toml_files(kind, each)}
    raise UnknownName(
        "no such kind of thing",
        found=repr(kind),
        expected="one of " + ", ".join(KINDS),
        fix=did_you_mean(kind, KINDS),
    )


def _extensions(group: str) -> EntryPoints:
    """What packages of other people add to a group."""
    return _all_entry_points().select(group=group)


@cache
def _all_entry_points() -> Any:  # its type has another name on Python 3.11
    return entry_points()  # reads the metadata of every installed package: once


def _toml_files(kind: str, package: str) -> list[tuple[str, str]]:
    found = []
    for item in files(package).iterdir():
        if not item.name.endswith(".toml"):
            continue
        name = item.name.removesuffix(".toml")
        if kind == "dataset":  # the card spells its name with capitals, the file does not
            name = _card_name(item.read_text(encoding="utf-8"), name)
        found.append((name, str(item)))
    return found


def _card_name(text: str, default: str) -> str:
    plain = _NAME_LINE.match(text)
    if plain is not None:
        return plain[1]
    import tomllib

    return str(tomllib.loads(text).get("name", default))
