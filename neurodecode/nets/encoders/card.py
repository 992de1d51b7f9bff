"""`EncoderCard`: what one checkpoint was trained on and wants to be fed, read from TOML."""

from __future__ import annotations

import tomllib
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from neurodecode.core import registry
from neurodecode.core.card import check_keys, typed_value
from neurodecode.core.channels import NATURAL_UNITS
from neurodecode.core.errors import CardError, did_you_mean
from neurodecode.nets.encoders.adapter import ADAPTERS
from neurodecode.nets.encoders.tokens import READOUTS

RESHAPES = ("slice", "interpolate")


@dataclass(frozen=True)
class EncoderCard:
    """Facts about one checkpoint of an encoder.

    Attributes
    ----------
    name, family, title : how it is called, the architecture's name, one line.
    paper, code_url, weights_url : where it is described, programmed, and to be had.
    code_licence, weights_licence : as their owners write them; "none" where there is none.
    redistributable : whether weights made from these may be passed on.
    weights_sha256 : checksum of the released file, where it is known.
    model : ``"module:class"`` of the encoder; `params` are its further arguments.
    n_params : parameters without heads.
    width : length of one token.
    kinds : kinds of channel that it was trained on.
    sfreq : Hz.
    band : (low, high) of the training data, Hz; reference : theirs.
    recording_steps : steps that are exact only before the cut, as in a recipe.
    adapter : chain of input adapters, ``{"name": ..., arguments}`` each.
    readouts, readout, untrained_readouts : what it offers, the default, and those which no
        objective of the pretraining ever reached.
    key_maps : layout -> list of [regular expression, replacement], applied in turn to the names
        in a checkpoint; a name that becomes empty is left out on purpose.
    reshape : name of a tensor -> "slice" or "interpolate", where a checkpoint may have more rows.
    min_match : least fraction of the parameters that a checkpoint must fill.
    corpora : data sets of the pretraining.
    notes : traps a person should know.

    Examples
    --------
    >>> read_encoder_card("ephys-tokenizer").sfreq
    250.0
    """

    name: str
    family: str
    title: str
    paper: str
    code_url: str
    code_licence: str
    weights_url: str
    weights_licence: str
    redistributable: bool
    model: str
    n_params: int
    width: int
    kinds: list[str]
    sfreq: float
    reference: str
    adapter: list[dict[str, Any]]
    readouts: list[str]
    readout: str
    key_maps: dict[str, list[list[str]]]
    band: list[float] = field(default_factory=list)
    weights_sha256: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    recording_steps: list[dict[str, Any]] = field(default_factory=list)
    untrained_readouts: list[str] = field(default_factory=list)
    reshape: dict[str, str] = field(default_factory=dict)
    min_match: float = 0.99
    corpora: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


_KINDS = {"str": str, "int": int, "float": float, "bool": bool, "list": list, "dict": dict}
_TYPES = {item.name: _KINDS[str(item.type).split("[")[0]] for item in fields(EncoderCard)}
_NEEDED = [
    item.name
    for item in fields(EncoderCard)
    if item.default is MISSING and item.default_factory is MISSING
]


def read_encoder_card(name_or_path: str | Path) -> EncoderCard:
    """The card of an encoder, by name or by the path of a TOML file.

    Raises
    ------
    UnknownName
        No encoder has this name; the message names the closest one.
    CardError
        The file is not valid TOML, or a key is unknown, missing or impossible.

    Examples
    --------
    >>> read_encoder_card("ephys-tokenizer").weights_licence
    'MIT'
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = Path(registry.resolve("encoder", str(name_or_path)))
    if not path.is_file():
        raise CardError(
            "no card of an encoder there",
            found=str(path),
            fix='a name of nd.list("encoder"), or the path of a TOML file',
        )
    return parse_encoder_card(path.read_text(encoding="utf-8"), where=path.name)


def parse_encoder_card(text: str, where: str = "card") -> EncoderCard:
    """A checked `EncoderCard` from the text of a TOML file; `where` names it in messages.

    Raises
    ------
    CardError
        The text is not valid TOML, or a key is unknown, missing or impossible.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CardError(
            f"{where} is not valid TOML", found=str(error), expected="TOML 1.0", fix="mend the line"
        ) from error
    check_keys(table, _TYPES, where)
    missing = [key for key in _NEEDED if key not in table]
    if missing:
        raise CardError(
            f"{where} lacks {', '.join(missing)}",
            found=f"keys {', '.join(table)}",
            expected=f"all of {', '.join(_NEEDED)}",
            fix="add the missing keys",
        )
    values = {key: typed_value(value, _TYPES[key], key, where) for key, value in table.items()}
    card = EncoderCard(**values)
    _check(card, where)
    return card


def _check(card: EncoderCard, where: str) -> None:
    """Refuse words that nothing knows and values that cannot be true."""
    _words(card.kinds, list(NATURAL_UNITS), "kinds", where)
    _words(card.readouts, list(READOUTS), "readouts", where)
    _words([card.readout, *card.untrained_readouts], card.readouts, "readout", where)
    _words([str(step.get("name")) for step in card.adapter], list(ADAPTERS), "adapter", where)
    steps = registry.names("step")
    _words([str(step.get("name")) for step in card.recording_steps], steps, "steps", where)
    _words(list(card.reshape.values()), list(RESHAPES), "reshape", where)
    if not (0 < card.min_match <= 1 and card.sfreq > 0 and card.n_params > 0 and card.width > 0):
        raise CardError(
            f"{where}: impossible numbers",
            found=f"min_match {card.min_match}, sfreq {card.sfreq}, n_params {card.n_params}",
            expected="0 < min_match <= 1, and positive rate, count and width",
            fix="correct them",
        )
    if ":" not in card.model:
        raise CardError(f"{where}: model is no place", found=card.model, expected="module:class")


def _words(given: list[str], allowed: list[str], key: str, where: str) -> None:
    for word in given:
        if word not in allowed:
            raise CardError(
                f"{where}: {key} holds an unknown word",
                found=repr(word),
                expected=", ".join(allowed),
                fix=did_you_mean(word, allowed) or "use one of these",
            )
