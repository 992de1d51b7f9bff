"""`Card`: what is known about a data set, read from a TOML file and checked once.

A card holds facts, never code: where the data come from, what a trial is, how many of everything
must arrive, which scores were published under which protocol, and what is wrong with the data as
distributed. Loaders, checks, the benchmark and the report all read the same card.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from neurodecode.core import registry
from neurodecode.core.errors import CardError, did_you_mean

SPLIT_KINDS = (
    "within-session",
    "cross-session",
    "cross-subject",
    "leave-one-run-out",
    "published",
)
FLAW_KINDS = ("mis-cut", "duplicates", "clipped", "other")
FORMS = ("repaired", "as distributed", "original")


@dataclass(frozen=True)
class Published:
    """One published score and the protocol it was measured under.

    `form` says which form of the data the score was measured on: ``"repaired"`` (what `nd.load`
    gives), ``"as distributed"`` or ``"original"`` (what the authors had). `comparable` is True
    only when split, metric, classes, window and channels agree with the card's own split, so that
    a difference means something.
    """

    method: str
    metric: str
    score: float
    protocol: str
    source: str
    comparable: bool
    recipe: str | None = None
    sd: float | None = None
    form: str = "repaired"


@dataclass(frozen=True)
class Flaw:
    """One known fault of the data as distributed, and how loading repairs it.

    `kind` is one of `FLAW_KINDS`; `repair` is empty where nothing can be repaired.
    """

    kind: str
    text: str
    repair: str = ""


@dataclass(frozen=True)
class Card:
    """Facts about one data set.

    Attributes
    ----------
    name, version, title : how the set is called; `version` counts changes of what loading gives.
    modality, paradigm : ``"eeg"``, ``"meg"``, ``"spikes"``, ``"fmri"`` ...; what people did.
    simulated : True where the data are made, not measured.
    source : ``{"kind": reader, ...}``; `kind` names the reader, the rest are its arguments.
    channels : ``{"names": [...], "kind": ..., "montage": ..., "reference": ...}``.
    subjects : subject ids as in the trial table; a file may write ``"1..109"``. Empty: too many to
        list, the data tell.
    classes : class names in the order of codes; empty for continuous targets.
    zero, tmin, tmax, sfreq : meaning of time 0, window in s (`tmax` excluded), rate in Hz.
    split : ``{"kind", "unit", "k"}``, the evaluation the card recommends.
    metric : main metric.
    expected : counts of what loading gives; ``expected["as_distributed"]`` where they differ.
    checksums : file name -> SHA-256.
    sanity : baseline recipe with measured score, floor, ceiling, date and versions.
    published, flaws : scores of others; known faults.
    frequencies, phases : class -> Hz and class -> rad of the flicker, for steady-state responses.
    extra : anything a person should read; no code depends on it.

    Examples
    --------
    >>> from neurodecode.core.card import read_card
    >>> card = read_card("HandMovementDirection")
    >>> card.classes, card.sfreq, card.split["kind"]
    (['right', 'forward', 'left', 'backward'], 400.0, 'published')
    """

    name: str
    version: int
    title: str
    modality: str
    paradigm: str
    simulated: bool
    source: dict[str, Any]
    channels: dict[str, Any]
    licence: str
    citation: str
    subjects: list[str]
    zero: str
    tmin: float
    tmax: float
    sfreq: float
    split: dict[str, Any]
    metric: str
    expected: dict[str, Any]
    doi: str = ""
    classes: list[str] = field(default_factory=list)
    checksums: dict[str, str] = field(default_factory=dict)
    sanity: dict[str, Any] = field(default_factory=dict)
    published: list[Published] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    frequencies: dict[str, float] = field(default_factory=dict)
    phases: dict[str, float] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    def flaw(self, kind: str) -> Flaw | None:
        """The card's first flaw of this kind, or None."""
        return next((flaw for flaw in self.flaws if flaw.kind == kind), None)


# Key -> type a card file must give. Integers are accepted where a float is asked.
_TYPES: dict[str, type] = {
    "name": str, "version": int, "title": str, "modality": str, "paradigm": str,
    "simulated": bool, "source": dict, "channels": dict, "licence": str, "citation": str,
    "doi": str, "subjects": list, "classes": list, "zero": str, "tmin": float, "tmax": float,
    "sfreq": float, "split": dict, "metric": str, "expected": dict, "checksums": dict,
    "sanity": dict, "published": list, "flaws": list, "frequencies": dict,
    "phases": dict, "extra": dict,
}  # fmt: skip
_OPTIONAL = frozenset(
    (
        "doi",
        "classes",
        "checksums",
        "sanity",
        "published",
        "flaws",
        "frequencies",
        "phases",
        "extra",
    )
)
_SPLIT_KEYS = ("kind", "unit", "k")
_SANITY_KEYS = (
    "recipe", "split", "metric", "measured", "floor", "ceiling", "date", "versions", "note",
)  # fmt: skip


def read_card(name_or_path: str | Path) -> Card:
    """The card of a data set, by name (case does not matter) or by the path of a TOML file.

    Raises
    ------
    UnknownName : no card has this name; the message names the closest one.
    CardError : the file is not valid TOML, or a key is unknown, missing or impossible.

    Examples
    --------
    >>> from neurodecode.core.card import read_card
    >>> read_card("sim-mi").simulated
    True
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = Path(registry.resolve("dataset", str(name_or_path)))
    if not path.is_file():
        raise CardError(
            f"no card at {path}",
            found="no such file",
            expected="a TOML file",
            fix='a name of nd.list("dataset"), or the path of an existing card',
        )
    return parse_card(path.read_text(encoding="utf-8"), where=path.name)


def parse_card(text: str, where: str = "card") -> Card:
    """A checked `Card` from the text of a TOML file; `where` names it in messages.

    Raises
    ------
    CardError : the text is not valid TOML, or a key is unknown, missing or impossible.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CardError(
            f"{where} is not valid TOML", found=str(error), expected="TOML 1.0", fix="mend the line"
        ) from error
    check_keys(table, _TYPES, where)
    missing = [key for key in _TYPES if key not in table and key not in _OPTIONAL]
    if missing:
        raise CardError(
            f"{where} lacks {', '.join(missing)}",
            found=f"keys {', '.join(table)}",
            expected=f"all of {', '.join(key for key in _TYPES if key not in _OPTIONAL)}",
            fix="add the missing keys",
        )
    values = {key: typed_value(value, _TYPES[key], key, where) for key, value in table.items()}
    values["subjects"] = [each for entry in values["subjects"] for each in _people(entry)]
    values["published"] = _records(Published, values.get("published", []), "published", where)
    values["flaws"] = _records(Flaw, values.get("flaws", []), "flaws", where)
    card = Card(**values)
    _check_values(card, where)
    return card


def check_keys(table: Mapping[str, Any], allowed: Mapping[str, Any], where: str) -> None:
    """Refuse a key of a TOML table that is not among the allowed ones; guess the typo.

    Raises
    ------
    CardError
    """
    for key in table:
        if key not in allowed:
            raise CardError(
                f"{where} has an unknown key {key!r}",
                found=key,
                expected=", ".join(allowed),
                fix=did_you_mean(key, list(allowed)) or "remove it, or move it under [extra]",
            )


def typed_value(value: Any, kind: type, key: str, where: str) -> Any:
    """The value of a TOML key, of the type asked for; integers become floats where those are.

    Raises
    ------
    CardError
    """
    # bool is an int in Python: a card that says `version = true` must not pass.
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is float and number:
        return float(value)
    if not isinstance(value, kind) or (kind is int and not number):
        raise CardError(
            f"{where}: {key} has the wrong type",
            found=f"{value!r} ({type(value).__name__})",
            expected=kind.__name__,
            fix=f"write {key} as {kind.__name__}",
        )
    return value


def _people(entry: str) -> list[str]:
    """One id, or the ids of a range of numbers: "1..109"."""
    ends = re.fullmatch(r"(\d+)\.\.(\d+)", entry)
    return [str(n) for n in range(int(ends[1]), int(ends[2]) + 1)] if ends else [entry]


def _records(kind: type, tables: list[Any], key: str, where: str) -> list[Any]:
    """Dataclass instances from a TOML array of tables."""
    allowed = {item.name: item for item in fields(kind)}
    records = []
    for number, table in enumerate(tables, start=1):
        place = f"{where}: [[{key}]] number {number}"
        if not isinstance(table, dict):
            raise CardError(
                f"{place} is no table",
                found=repr(table),
                expected="key = value lines",
                fix=f"write it as [[{key}]]",
            )
        check_keys(table, allowed, place)
        try:
            records.append(kind(**table))
        except TypeError as error:
            raise CardError(
                f"{place} is incomplete",
                found=", ".join(table),
                expected=", ".join(allowed),
                fix="add the missing keys",
            ) from error
    return records


def _check_values(card: Card, where: str) -> None:
    """Refuse values that cannot be true together."""
    check_keys(card.split, dict.fromkeys(_SPLIT_KEYS), f"{where}: [split]")
    check_keys(card.sanity, dict.fromkeys(_SANITY_KEYS), f"{where}: [sanity]")
    _choice(card.split.get("kind"), SPLIT_KINDS, "split.kind", where)
    for flaw in card.flaws:
        _choice(flaw.kind, FLAW_KINDS, "flaws.kind", where)
    for row in card.published:
        _choice(row.form, FORMS, "published.form", where)
    if not isinstance(card.source.get("kind"), str):
        raise CardError(
            f"{where}: source.kind is missing",
            found=repr(card.source),
            expected="the name of a reader",
            fix='add kind = "..." under [source]',
        )
    if not (card.tmax > card.tmin and card.sfreq > 0):
        raise CardError(
            f"{where}: impossible window",
            found=f"tmin {card.tmin}, tmax {card.tmax}, sfreq {card.sfreq}",
            expected="tmin < tmax and sfreq > 0",
            fix="correct the window; tmax is excluded",
        )
    for key, named in (
        ("expected.classes", card.expected.get("classes", {})),
        ("frequencies", card.frequencies),
        ("phases", card.phases),
    ):
        strangers = sorted(set(named) - set(card.classes))
        if strangers:
            raise CardError(
                f"{where}: {key} names classes that the card does not have",
                found=", ".join(strangers),
                expected=", ".join(card.classes),
                fix=did_you_mean(strangers[0], card.classes) or "use the names under `classes`",
            )


def _choice(value: Any, allowed: tuple[str, ...], key: str, where: str) -> None:
    if value not in allowed:
        raise CardError(
            f"{where}: {key} is not one of the known words",
            found=repr(value),
            expected=", ".join(allowed),
            fix=did_you_mean(str(value), list(allowed)) or f"use one of {', '.join(allowed)}",
        )
