"""What a recipe takes from a data set's card: flicker frequencies and phases, by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn.base import clone

from neurodecode.core.card import Card
from neurodecode.decoders.flicker import CARD


def fill_from_card(estimator: Any, card: Card | None, classes: Sequence[Any]) -> tuple[Any, str]:
    """Estimator whose ``frequencies = "card"`` and ``phases = "card"`` are those of a card.

    Parameters
    ----------
    estimator : unfitted estimator or pipeline; it is left alone
    card : Card or None
    classes : labels in the data

    Returns
    -------
    estimator : a clone with the card's values, or the same object where it asks for none
    reason : str, why it does not apply: no card, or a class without a value; else ""

    Examples
    --------
    >>> from neurodecode.core.card import read_card
    >>> from neurodecode.decoders import CCA
    >>> card = read_card("sim-ssvep")
    >>> fill_from_card(CCA("card"), card, card.classes)[0].frequencies["10 Hz"]
    10.0
    """
    asked = {
        address: address.rpartition("__")[2]
        for address, value in estimator.get_params(deep=True).items()
        if isinstance(value, str) and value == CARD and address.endswith(("frequencies", "phases"))
    }
    values: dict[str, dict[str, float]] = {}
    for address, what in asked.items():
        values[address] = dict(getattr(card, what, None) or {})
        lacking = [str(label) for label in classes if label not in values[address]]
        if card is None or lacking:
            source = f"the card names none for {', '.join(lacking)}" if card else "there is no card"
            return estimator, f"needs the {what} of the flicker; {source}"
    if not values:
        return estimator, ""
    filled: Any = clone(estimator)  # scikit-learn types it as what lists of estimators give
    return filled.set_params(**values), ""
