"""Break each clause on purpose: the contract must fail, and tell the fix."""

from dataclasses import dataclass

import numpy as np
import pytest
from contracts import checks
from contracts.cases import ALTERNATIVES, Case
from sklearn.utils.validation import check_is_fitted

from neurodecode import Epochs
from neurodecode.core.step import Step


@dataclass(frozen=True)
class Broken(Case):
    """A case around a class that is registered nowhere."""

    made: type = Step

    def bare(self, **changes):
        return self.made(**changes)


class Honest(Step):
    """Learns a mean and takes it off; nothing is wrong with it."""

    def __init__(self, gain=1.0):
        self.gain = gain

    def _fit(self, X, y):
        self.mean_ = X.data.mean()

    def _transform(self, X):
        return X.with_data(self.gain * (X.data - self.mean_))


class Learns(Honest):
    """Calls itself stateless, and learns."""

    scope = "trial"

    def _transform(self, X):
        return X.with_data(X.data - getattr(self, "mean_", 0.0))


class Peeks(Honest):
    """Takes the mean of the test trials."""

    def _transform(self, X):
        return X.with_data(X.data - X.data.mean())


class Cheats(Honest):
    """Reads the labels that came with the test trials."""

    def _transform(self, X):
        return X if X.y is None else X.with_data(X.data + (X.y == "left")[:, None, None])


class Spoils(Honest):
    """Writes into the caller's table."""

    def _transform(self, X):
        X._all_trials.loc[:, "onset"] = 0.0
        return X


class Wanders(Honest):
    """Draws from the global generator."""

    def _fit(self, X, y):
        self.mean_ = np.random.random()  # noqa: NPY002


class Ignores(Honest):
    """Has an argument nobody uses."""

    def _transform(self, X):
        return X.with_data(X.data - self.mean_)


class Meddles(Honest):
    """Changes its own argument while fitting."""

    def _fit(self, X, y):
        self.gain = 2.0
        self.mean_ = 0.0


class Swallows(Honest):
    """Turns NaN into zero without a word."""

    def _check_input(self, X):
        return X.with_data(np.nan_to_num(X.data)) if isinstance(X, Epochs) else X


class Adapts(Honest):
    """Takes any number of channels."""

    def _check_like_fit(self, X):
        check_is_fitted(self)


class Forgets(Honest):
    """Loses what it learned on the way to a file."""

    def __getstate__(self):
        return {**super().__getstate__(), "mean_": 0.0}


class Hurries(Honest):
    """Fits all folds on all trials."""

    def fit_folds(self, X, y, folds):
        return [Hurries(self.gain).fit(X, y) for _ in folds]


BROKEN = [
    (Learns, checks.check_unfitted_use_is_refused),
    (Peeks, checks.check_company_of_test_trials),
    (Cheats, checks.check_targets_inside_are_not_read),
    (Spoils, checks.check_input_is_left_alone),
    (Wanders, checks.check_same_seed_same_result),
    (Ignores, checks.check_every_argument_matters),
    (Meddles, checks.check_arguments_are_stored),
    (Swallows, checks.check_nan_is_refused),
    (Adapts, checks.check_other_channels_are_refused),
    (Forgets, checks.check_saved_and_pickled),
    (Hurries, checks.check_folds_together_are_fits_apart),
]


def _run(clause, case, folder):
    with_folder = clause is checks.check_saved_and_pickled
    return clause(case, folder) if with_folder else clause(case)


@pytest.mark.parametrize(("made", "clause"), BROKEN, ids=lambda each: each.__name__)
def test_a_broken_step_fails_with_the_fix(made, clause, tmp_path, monkeypatch):
    monkeypatch.setitem(ALTERNATIVES, "mine", {"gain": 2.0})
    monkeypatch.setattr("neurodecode.core.persistence._allowed", lambda name: True)
    _run(clause, Broken("step", "mine", made=Honest), tmp_path / "a")  # the honest one passes
    with pytest.raises(AssertionError, match="Fix: "):
        _run(clause, Broken("step", "mine", made=made), tmp_path / "b")


def test_every_clause_is_broken_once():
    clauses = {name for name in vars(checks) if name.startswith("check_")}
    assert {clause.__name__ for _, clause in BROKEN} == clauses
