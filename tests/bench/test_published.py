"""Published scores: compared only with a run of the same data, split and task."""

import dataclasses

import pytest

from neurodecode.bench.published import best_published, published_of, published_scores
from neurodecode.core.card import Flaw, Published, read_card


def card(form="repaired", comparable=True, repair="row 0 is kept", split="published"):
    entry = Published("A", "accuracy", 0.8, "published split", "X", comparable, "a", form=form)
    return dataclasses.replace(
        read_card("sim-mi"),
        split={"kind": split, "unit": "trial"},
        published=[entry],
        flaws=[Flaw("mis-cut", "Rows mix.", repair)],
    )


@pytest.mark.parametrize(
    ("made", "split", "request_", "why_not"),
    [
        (card(), "published", {}, ""),
        (card(), "published", {"steps": [1], "tmax": None}, ""),
        (card(), "within-session", {}, "another split"),
        (card(comparable=False), "published", {}, "another protocol"),
        (card(form="as distributed"), "published", {}, "measured on the data as distributed"),
        (card(form="as distributed"), "published", {"as_distributed": True}, ""),
        (card(), "published", {"as_distributed": True}, "measured on the repaired data"),
        (card(form="as distributed", repair=""), "published", {}, ""),
        (card(), "published", {"channels": ["C3"]}, "here with other channels"),
    ],
)
def test_what_may_be_compared(made, split, request_, why_not):
    (entry,) = published_scores(made, split, request_)
    assert (entry["why_not"], entry["comparable"]) == (why_not, not why_not)


def test_rows_take_their_recipe_and_metric_comparable_first():
    rows = [
        {"recipe": "a", "metric": "accuracy", "score": 0.9, "comparable": False},
        {"recipe": "a", "metric": "accuracy", "score": 0.8, "comparable": True},
        {"recipe": "a", "metric": "kappa", "score": 0.7, "comparable": True},
    ]
    facts = {"published": rows}
    assert published_of(facts, "a", "accuracy") == rows[1]
    assert published_of(facts, "a", "kappa") == rows[2]
    assert published_of(facts, "b", "kappa") is None


def test_the_best_ones_are_named_whoever_reached_them():
    facts = {"published": published_scores(read_card("EyesOpenShut"), "published", {})}
    comparable, other = best_published(facts)
    assert comparable.startswith("52.4 % accuracy, DrCIF") and comparable.endswith("; comparable")
    assert other.startswith("66.4 %") and other.endswith("not compared: another protocol")
