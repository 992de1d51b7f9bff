"""Simulated sets: `source.generator` of the card names the simulator, the rest are its options."""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from neurodecode.core.card import Card
from neurodecode.core.errors import CardError, did_you_mean

if TYPE_CHECKING:
    from neurodecode.core.recording import Recording

# Generator -> "module:function" giving (recordings, truth)
GENERATORS = {
    "mi": "neurodecode.loaders.simulate.motor_imagery:mi_recordings",
    "p300": "neurodecode.loaders.simulate.oddball:p300_recordings",
    "ssvep": "neurodecode.loaders.simulate.steady_state:ssvep_recordings",
    "meg": "neurodecode.loaders.simulate.evoked_fields:meg_recordings",
    "cursor": "neurodecode.loaders.simulate.cursor:cursor_recordings",
    "fmri": "neurodecode.loaders.simulate.blocks:fmri_recordings",
}


def read_recordings(card: Card, subjects: list[str] | None) -> list[Recording]:
    """The card's recordings, of these subjects only (each is seeded apart: no one else changes)."""
    recordings, _ = generate(card)
    return [each for each in recordings if subjects is None or each.subject in subjects]


def is_present(card: Card) -> bool:
    """Simulated data always are."""
    return True


def generate(card: Card) -> tuple[list[Recording], dict[str, Any]]:
    """Recordings of a simulated set and the truth behind them.

    Raises
    ------
    CardError : the card names an unknown generator or options that it does not have.
    """
    generator = card.source.get("generator", "")
    if generator not in GENERATORS:
        raise CardError(
            f"{card.name}: no such generator",
            found=repr(generator),
            expected=", ".join(GENERATORS),
            fix=did_you_mean(generator, GENERATORS) or "correct source.generator",
        )
    options = card.source.get("options", {})
    try:
        return _made(generator, tuple(sorted(options.items())))
    except TypeError as error:
        raise CardError(
            f"{card.name}: the generator refuses its options",
            found=str(error),
            expected=f"arguments of {GENERATORS[generator]}",
            fix="correct [source.options] of the card",
        ) from error


@lru_cache(maxsize=4)  # a benchmark asks once a recipe; recordings cannot be changed
def _made(
    generator: str, options: tuple[tuple[str, Any], ...]
) -> tuple[list[Recording], dict[str, Any]]:
    module, _, function = GENERATORS[generator].partition(":")
    return getattr(importlib.import_module(module), function)(**dict(options))
