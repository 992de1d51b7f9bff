"""Splits inside training data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from neurodecode.evaluation import inner_split, split, validation_split


def table(subjects, sessions, runs, n):
    rows = [
        {"subject": s, "session": e, "run": r, "onset": 2.0 * i, "duration": 1.0}
        for s in range(subjects)
        for e in range(sessions)
        for r in range(runs)
        for i in range(n)
    ]
    return pd.DataFrame(rows), np.tile(["l", "r"], len(rows) // 2)


@pytest.mark.parametrize(
    ("outer", "shape", "inner"),
    [
        ("cross-subject", (3, 1, 1), "cross-subject"),
        ("cross-subject", (2, 2, 1), "cross-session"),
        ("cross-subject", (2, 1, 2), "leave-one-run-out"),
        ("cross-subject", (2, 1, 1), "within-session"),
        ("cross-session", (2, 3, 1), "cross-session"),
        ("cross-session", (2, 2, 1), "within-session"),
        ("leave-one-run-out", (1, 1, 3), "leave-one-run-out"),
        ("leave-one-run-out", (1, 1, 2), "within-session"),
        ("within-session", (2, 2, 2), "within-session"),
    ],
)
def test_inner_split_is_of_the_outer_kind_where_it_can_be(outer, shape, inner):
    trials, y = table(*shape, n=12)
    for each in split(outer, k=3).roles(trials, y):
        cv = inner_split(each, trials, y, k=3)
        assert cv.kind == inner
        part = trials.iloc[each.train].reset_index(drop=True)
        folds = list(cv.split(part, y[each.train]))
        assert len(folds) >= 2
        assert all(len(fit) and len(valid) for fit, valid in folds)


def test_inner_choices_go_on_where_too_few_blocks_are_left():
    trials, _ = table(1, 1, 1, n=80)
    y = np.repeat(["l", "r", "l", "r"], 20)
    with pytest.warns(UserWarning, match="4 blocks are held out whole"):
        outer = next(split("within-session", k=2).roles(trials, y))
    train = trials.iloc[outer.train]
    with pytest.warns(UserWarning, match="each class is cut by itself"):
        folds = list(inner_split(outer, trials, y).split(train, y[outer.train]))
    assert [len(set(y[outer.train][valid])) for _, valid in folds] == [2, 2, 2]


def test_inner_split_keeps_the_unit():
    trials, y = table(1, 1, 1, n=30)
    trials["stimulus"] = np.tile(np.arange(10), 3)
    outer = next(split("within-session", k=5, unit="stimulus").roles(trials, y))
    assert inner_split(outer, trials, y).unit == "stimulus"


def test_published_split_is_nested_by_the_widest_level():
    trials, y = table(3, 1, 1, n=8)
    trials["part"] = np.where(trials["subject"] == 0, "test", "train")
    (outer,) = split("published").roles(trials, y)
    assert inner_split(outer, trials, y).kind == "cross-subject"


@pytest.mark.parametrize(
    ("shape", "level"),
    [((5, 2, 2), "subject"), ((1, 5, 1), "session"), ((2, 2, 1), "session"), ((1, 1, 6), "run"),
     ((1, 1, 1), "trial")],
)  # fmt: skip
def test_validation_takes_whole_groups_of_the_widest_level(shape, level):
    trials, y = table(*shape, n=20)
    fit, valid, found = validation_split(trials, y)
    assert found == level
    assert sorted([*fit, *valid]) == list(range(len(trials)))
    assert set(y[fit]) == set(y[valid]) == {"l", "r"}
    columns = {"subject": ["subject"], "session": ["subject", "session"],
               "run": ["subject", "session", "run"]}.get(level)  # fmt: skip
    if columns:
        ids = trials[columns].astype(str).agg("/".join, axis=1)
        assert not set(ids[fit]) & set(ids[valid])
    assert 0.1 <= len(valid) / len(trials) <= 0.34


def test_validation_of_people_with_one_label_each():
    trials, _ = table(10, 1, 1, n=4)
    y = np.where(trials["subject"] < 5, "control", "patient")
    fit, valid, level = validation_split(trials, y)
    assert level == "subject"
    assert set(y[fit]) == set(y[valid]) == {"control", "patient"}


def test_validation_falls_back_when_groups_cannot_hold_every_class():
    trials, _ = table(3, 1, 1, n=12)
    y = np.where(trials["subject"] == 0, "rare", "common")
    y[:6] = "common"
    fit, valid, level = validation_split(trials, y)
    assert level == "trial"
    assert set(y[fit]) == set(y[valid]) == {"rare", "common"}


def test_no_validation_where_a_class_has_one_trial():
    trials, _ = table(1, 1, 1, n=6)
    fit, valid, level = validation_split(trials, np.array(list("aaaaab")))
    assert (len(fit), len(valid), level) == (6, 0, "none")


def test_validation_of_overlapping_windows_is_purged():
    trials, y = table(1, 1, 1, n=60)
    trials["onset"] = 0.5 * np.arange(60)
    fit, valid, level = validation_split(trials, y)
    assert level == "trial"
    assert len(fit) + len(valid) < 60
    gap = np.abs(trials["onset"].to_numpy()[fit][:, None] - trials["onset"].to_numpy()[valid])
    assert gap.min() >= 1.0


def test_validation_of_windows_keeps_their_trial_together():
    trials, _ = table(1, 1, 1, n=60)
    trials["trial"] = np.repeat(np.arange(15), 4)
    y = np.repeat(np.tile(["l", "r", "l"], 5), 4)
    fit, valid, _ = validation_split(trials, y)
    assert not set(trials["trial"][fit]) & set(trials["trial"][valid])


def test_validation_of_continuous_targets_and_of_seeds():
    trials, _ = table(6, 1, 1, n=10)
    y = np.random.default_rng(0).standard_normal((len(trials), 2))
    chosen = {tuple(validation_split(trials, y, seed=seed)[1]) for seed in range(6)}
    assert len(chosen) > 1
    assert validation_split(trials, y)[2] == "subject"
