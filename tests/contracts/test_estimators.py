"""Every registered step, feature and decoder meets one contract, by discovery."""

import inspect

import numpy as np
import pytest
from contracts import checks
from contracts.cases import EXCEPTIONS, REGRESSORS, SLOW, cases, classifiers

CLAUSES = [function for name, function in vars(checks).items() if name.startswith("check_")]


def _pairs():
    for case in cases("step", "feature", "decoder"):
        for clause in CLAUSES:
            reason = EXCEPTIONS.get((case.name, clause.__name__))
            marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
            marks += [pytest.mark.slow] * (case.name in SLOW)
            name = f"{case}-{clause.__name__.removeprefix('check_')}"
            yield pytest.param(case, clause, id=name, marks=marks)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("case", "clause"), list(_pairs()))
def test_contract(case, clause, tmp_path):
    if "folder" in inspect.signature(clause).parameters:
        clause(case, tmp_path / "model")
    else:
        clause(case)


def test_no_exception_is_out_of_date():
    known = {(case.name, clause.__name__) for case in cases("step", "feature", "decoder")
             for clause in CLAUSES}  # fmt: skip
    assert set(EXCEPTIONS) <= known, "exceptions for things that no longer exist: delete them"


CLASSIFIERS = [case for case in cases("decoder") if case.name not in REGRESSORS]


def _halves(epochs):
    first = np.arange(len(epochs)) % 4 < 2  # both classes on both sides
    return epochs[first], epochs[~first]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=[pytest.mark.slow] * (case.name in SLOW)) for case in classifiers()],
    ids=str,
)
def test_chains_into_a_classifier_and_labels_stay_text(case):
    train, test = _halves(case.planted(80, effect=1.5))
    predicted = case.decoder().fit(train, train.y).predict(test)
    assert set(predicted) == {"left", "right"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CLASSIFIERS, ids=str)
def test_decoders_find_a_planted_effect(case):
    train, test = _halves(case.planted(80, effect=1.5))
    score = case.decoder().fit(train, train.y).score(test, test.y)
    assert score > 0.75, f"{case} scores {score:.2f} on an effect that is easy to see"


SHUFFLES = 8
# 8 x 20 test trials of balanced labels: a decoder without a leak scores .5 with a standard
# deviation of sqrt(.25 / 160) = .04. Four of these are passed once in 16 000 honest decoders.
CHANCE = 0.16


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CLASSIFIERS, ids=str)
def test_decoders_stay_at_chance_on_shuffled_labels(case):
    train, test = _halves(case.planted(40).without_targets())
    y = np.repeat(["left", "right"], 10)
    short = {"epochs": 2} if "epochs" in case.settings else {}  # a leak shows at once
    scores = []
    for seed in range(SHUFFLES):
        rng = np.random.default_rng(seed)
        decoder = case.decoder(**short).fit(train, rng.permutation(y))
        scores.append(decoder.score(test, rng.permutation(y)))
    assert abs(np.mean(scores) - 0.5) < CHANCE, "learns from noise: look for leakage"
