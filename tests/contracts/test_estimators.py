"""Every registered step, feature and decoder meets one contract, by discovery."""

import inspect

import numpy as np
import pytest
from contracts import checks
from contracts.cases import EXCEPTIONS, REGRESSORS, cases, classifiers
from contracts.planted import planted_epochs
from sklearn.model_selection import cross_val_score

from neurodecode.evaluation import split

CLAUSES = [function for name, function in vars(checks).items() if name.startswith("check_")]


def _pairs():
    for case in cases("step", "feature", "decoder"):
        for clause in CLAUSES:
            reason = EXCEPTIONS.get((case.name, clause.__name__))
            marks = pytest.mark.xfail(reason=reason, strict=True) if reason else ()
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
@pytest.mark.parametrize("case", classifiers(), ids=str)
def test_chains_into_a_classifier_and_labels_stay_text(case):
    train, test = _halves(planted_epochs(80, effect=1.5))
    predicted = case.decoder().fit(train, train.y).predict(test)
    assert set(predicted) == {"left", "right"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CLASSIFIERS, ids=str)
def test_decoders_find_a_planted_effect(case):
    train, test = _halves(planted_epochs(80, effect=1.5))
    score = case.decoder().fit(train, train.y).score(test, test.y)
    assert score > 0.75, f"{case} scores {score:.2f} on an effect that is easy to see"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CLASSIFIERS, ids=str)
def test_decoders_stay_at_chance_on_shuffled_labels(case):
    epochs = planted_epochs(80).without_targets()
    y = np.random.default_rng(2).permutation(planted_epochs(80).y)  # two of each in every fold
    scores = cross_val_score(case.decoder(), epochs, y, cv=split("within-session", k=2))
    assert abs(scores.mean() - 0.5) < 0.2, "learns from noise: look for leakage"
