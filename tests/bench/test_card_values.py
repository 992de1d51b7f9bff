"""Flicker frequencies reach a recipe from the card, or the cell says why not."""

import dataclasses

from neurodecode.bench.card_values import fill_from_card
from neurodecode.bench.dataset import BenchData, open_data
from neurodecode.bench.planning import open_recipes, plan
from neurodecode.bench.recipes import recipe
from neurodecode.core.card import read_card
from neurodecode.decoders import CCA
from neurodecode.preprocessing import Notch

CARD = read_card("sim-ssvep")
PLAN = {"split": "within-session", "k": 2, "seeds": 1}


def test_frequencies_and_phases_are_the_cards():
    asks = CCA("card", phases="card")
    filled, reason = fill_from_card(asks, CARD, CARD.classes)
    assert (filled.frequencies, filled.phases, reason) == (CARD.frequencies, CARD.phases, "")
    assert asks.frequencies == "card", "the user's estimator was changed"


def test_values_of_the_user_and_of_other_steps_stay():
    own = CCA({"10 Hz": 10.0})
    assert fill_from_card(own, CARD, CARD.classes) == (own, "")
    notch = Notch(50)
    assert fill_from_card(notch, None, ["a"]) == (notch, "")


def test_recipes_name_the_card_inside_a_pipeline():
    filled, _ = fill_from_card(recipe("fbcca"), CARD, CARD.classes)
    assert filled[-1].frequencies == CARD.frequencies


def test_a_class_without_frequency_does_not_apply():
    _, reason = fill_from_card(CCA("card"), CARD, [*CARD.classes, "rest"])
    assert reason == "needs the frequencies of the flicker; the card names none for rest"


def test_cells_without_a_card_say_so(planted):
    data = BenchData("planted", planted())
    (batch,) = plan([data], open_recipes(("mine", CCA("card"))), **PLAN)
    assert {cell.reason for cell in batch.cells} == {
        "needs the frequencies of the flicker; there is no card"
    }


def test_a_plan_runs_with_the_frequencies_of_its_card():
    (data,) = open_data(("sim-ssvep", {"subjects": ["1"]}))
    entries = open_recipes(("mine", CCA("card")))
    (batch,) = plan([data], entries, **PLAN)
    assert batch.estimator.frequencies == CARD.frequencies
    data.card = dataclasses.replace(CARD, frequencies=CARD.frequencies | {"10 Hz": 9.9})
    (changed,) = plan([data], entries, **PLAN)
    assert not {cell.key for cell in batch.cells} & {cell.key for cell in changed.cells}
