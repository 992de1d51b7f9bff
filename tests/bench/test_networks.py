"""The table of networks: its metrics by hand, its words, and a set from end to end."""

import importlib
import sys

import numpy as np
import pandas as pd
import pytest

import neurodecode as nd
from neurodecode.nets._registry import TABLE


@pytest.fixture(scope="module")
def networks(checkout):
    sys.path.insert(0, str(checkout / "benchmarks"))
    try:
        yield importlib.import_module("networks")
    finally:
        sys.path.remove(str(checkout / "benchmarks"))


@pytest.fixture(scope="module")
def rows(networks):
    return sys.modules["network_rows"]


def test_every_network_of_ours_is_run_or_left_out_with_a_reason(rows):
    ours = {name for name, place in TABLE.items() if ".borrowed:" not in place}
    assert ours <= {*rows.NETS, *rows.LEFT_OUT}
    assert set(rows.NETS) <= set(nd.list("net")) and not set(rows.NETS) & set(rows.LEFT_OUT)
    assert {each.card for each in rows.SETS} <= set(nd.list("dataset"))


def test_gain_over_chance(rows):
    assert rows.gain_over_chance(0.75, 0.5) == (0.25, 0.5)
    assert rows.gain_over_chance(0.55, 0.25) == pytest.approx((0.30, 0.40))


def test_gain_from_transfer_averages_people_not_folds(rows):
    scores = {"a": (0.9, 0.6), "b": (0.7, 0.6), "c": (0.8, 0.5)}
    table = [
        (f"eegnet {way}", subject, seed, value + shift)
        for subject, pair in scores.items()
        for way, value in zip(("tuned", "own"), pair, strict=True)
        for seed, shift in enumerate((0.05, -0.05))
    ]
    people = pd.DataFrame(table, columns=["recipe", "subject", "seed", "score"])
    found = rows.gains_from_transfer(people)["eegnet"]
    assert found.gain == pytest.approx((0.3 + 0.1 + 0.3) / 3)
    assert found.n_people == 3 and found.p == pytest.approx(0.25)  # 2 / 2**3: all signs alike


def test_target_only_sees_nobody_else(rows):
    from sklearn.dummy import DummyClassifier

    trials = pd.DataFrame({"role": ["source"] * 6 + ["target"] * 3})
    y = np.array(["left"] * 6 + ["right"] * 3)
    epochs = nd.Epochs(np.ones((9, 1, 4)), channels=["Cz"], sfreq=4, y=y, trials=trials)
    fitted = rows.TargetOnly(DummyClassifier(strategy="prior")).fit(epochs, y)
    assert fitted.classes_.tolist() == ["right"]


def test_verdict_says_where_networks_lose(networks):
    columns = {"score": [0.6, 0.9, 0.5, 0.8], "at_chance": [False, False, True, False]}
    table = pd.DataFrame(columns, index=["window-lda", "tangent-lr", "eegnet", "shallow"])
    said = networks.verdict(table, ["eegnet", "shallow"])
    assert "`shallow` (0.80), loses to `tangent-lr` (0.90); 2 of 2" in said and "of 1 the" in said


@pytest.mark.slow
def test_a_set_from_end_to_end(networks, rows):
    effort = rows.Effort(seeds=1, epochs=1, quick=True)
    text = networks.section(rows.SETS[0], ["eegnet"], effort, None, 1)
    lines = text.splitlines()
    assert lines[0] == "### sim-mi" and all(line.count("|") == 10 for line in lines[5:])
    assert "`eegnet`" in lines[-1] and " M |" in lines[-1]
    people = rows.transferred(rows.SETS[0], ["eegnet"], effort, None, 1).findings().people
    assert rows.gains_from_transfer(people)["eegnet"].n_people == 3
