"""Folds and purges that must never change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from neurodecode.evaluation import split
from neurodecode.evaluation.folds import fold_key
from neurodecode.evaluation.purge import clashing


@pytest.fixture
def demo() -> tuple[pd.DataFrame, np.ndarray]:
    trials = pd.DataFrame({"dataset": "demo", "subject": "S01", "session": "0", "run": "run1",
                           "trial": [f"{i:03d}" for i in range(12)]})  # fmt: skip
    return trials, np.array(["left", "right"] * 6)


def folds_of(cv, trials, y) -> list[int]:
    fold = np.empty(len(trials), dtype=int)
    for number, (_, test) in enumerate(cv.split(trials, y)):
        fold[test] = number
    return fold.tolist()


def test_the_key_is_sha256_of_text():
    assert fold_key("demo", "S01", "0", 0, "run1/000").startswith("5ce1f3fea8054f1f")


@pytest.mark.parametrize(
    ("seed", "expected"),
    [(0, [0, 1, 0, 0, 1, 2, 2, 0, 1, 1, 2, 2]), (1, [1, 1, 2, 1, 1, 0, 2, 2, 0, 2, 0, 0])],
)
def test_shuffled_folds(demo, seed, expected):
    cv = split("within-session", k=3, seed=seed, order="shuffled")
    assert folds_of(cv, *demo) == expected


def test_inner_keys_differ_from_outer_ones(demo):
    from neurodecode.evaluation import Splitter

    outer = Splitter("within-session", k=3, order="shuffled")
    inner = Splitter("within-session", k=3, order="shuffled", inner=True)
    assert folds_of(outer, *demo) != folds_of(inner, *demo)


@pytest.mark.parametrize(("gap", "purged"), [(0.0, [2, 5]), (0.5, [2, 5]), (1.0, [1, 2, 5, 6])])
def test_purged_trials(gap, purged):
    onset, duration = np.arange(8.0), np.full(8, 1.5)
    assert clashing(np.zeros(8, int), onset, duration, np.array([3, 4]), gap).tolist() == purged


def test_purging_agrees_with_all_pairs():
    rng = np.random.default_rng(0)
    n = 120
    recording = rng.integers(0, 3, n)
    onset, duration = rng.uniform(0, 60, n), rng.uniform(0.1, 4, n)
    onset[:5] = np.nan
    test = rng.choice(n, 15, replace=False)
    for gap in (0.0, 0.7):
        others = np.setdiff1d(np.arange(n), test)
        slow = [
            i for i in others
            if any(
                recording[i] == recording[j]
                and onset[i] + duration[i] > onset[j] - gap
                and onset[j] + duration[j] > onset[i] - gap
                for j in test
            )
        ]  # fmt: skip
        assert clashing(recording, onset, duration, test, gap).tolist() == slow


def test_rounded_onsets_do_not_clash():
    onset = np.array([0.1 * i for i in range(10)])
    assert clashing(np.zeros(10, int), onset, np.full(10, 0.1), np.array([3, 4])).size == 0
