"""What holds for every split of every table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodecode.core.errors import LeakageError
from neurodecode.evaluation import check_split, split

KINDS = ["within-session", "cross-session", "cross-subject", "leave-one-run-out"]
FEW = settings(max_examples=12, deadline=None)


@st.composite
def cohorts(draw):
    """People with 2 sessions of 2 runs, runs of unequal length, jittered and partly overlapping."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    rows = []
    for subject in range(draw(st.integers(2, 4))):
        for session in range(2):
            for run in range(2):
                n = draw(st.integers(6, 12))
                onset = np.sort(rng.uniform(0, 3.0 * n, n)).round(2)
                rows += [
                    {"subject": f"s{subject}", "session": session, "run": run, "onset": time,
                     "duration": 1.0}
                    for time in onset
                ]  # fmt: skip
    trials = pd.DataFrame(rows).drop_duplicates().reset_index(drop=True)
    return trials, rng.choice(list("abc"), len(trials))


def ids(trials: pd.DataFrame, rows) -> frozenset:
    table = trials.iloc[rows][["subject", "session", "run", "onset"]]
    return frozenset(table.itertuples(index=False, name=None))


def splits_of(cv, trials, y, subjects=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(cv.roles(trials, y, subjects))


@FEW
@given(cohorts(), st.sampled_from(KINDS), st.integers(2, 4), st.floats(0, 2))
def test_roles_and_groups_are_disjoint(cohort, kind, k, gap):
    trials, y = cohort
    unit = {"cross-session": ["subject", "session"], "cross-subject": ["subject"]}
    columns = unit.get(kind, ["subject", "session", "run"])
    try:
        found = splits_of(split(kind, k=k, gap=gap), trials, y)
    except LeakageError as error:  # short sessions: purging may leave too little, and says so
        assert "overlap test trials" in str(error)
        return
    tested = np.concatenate([each.test for each in found])
    assert sorted(tested) == list(range(len(trials)))
    for each in found:
        roles = [each.source, each.target_labelled, each.target_unlabelled, each.test]
        everyone = np.concatenate(roles)
        assert len(everyone) == len(np.unique(everyone))
        assert all(role.dtype == np.int64 for role in roles)
        if kind != "within-session":
            key = trials[columns].astype(str).agg("/".join, axis=1)
            assert not set(key.iloc[each.source]) & set(key.iloc[each.test])
        check_split(each, trials, y=y, gap=gap)


@FEW
@given(cohorts(), st.sampled_from(KINDS), st.sampled_from(["block", "shuffled"]), st.randoms())
def test_the_order_of_rows_decides_nothing(cohort, kind, order, random):
    trials, y = cohort
    moved = list(range(len(trials)))
    random.shuffle(moved)
    cv = split(kind, k=3, order=order, gap=0.0)
    try:
        first = splits_of(cv, trials, y)
    except LeakageError:
        return
    second = splits_of(cv, trials.iloc[moved], y[moved])
    again = trials.iloc[moved].reset_index(drop=True)
    for one, other in zip(first, second, strict=True):
        assert ids(trials, one.test) == ids(again, other.test)
        assert ids(trials, one.train) == ids(again, other.train)
        assert one.stamp == other.stamp


@FEW
@given(cohorts(), st.sampled_from(KINDS))
def test_a_subset_of_people_gets_the_folds_of_the_whole(cohort, kind):
    trials, y = cohort
    cv = split(kind, k=2, gap=0.0)
    try:
        whole = splits_of(cv, trials, y)
    except LeakageError:
        return
    part = splits_of(cv, trials, y, subjects=["s1"])
    expected = [each.stamp for each in whole if "s1" in set(trials["subject"].iloc[each.test])]
    assert [each.stamp for each in part] == expected
    if kind != "cross-subject":  # these never look at other people
        mine = (trials["subject"] == "s1").to_numpy()
        alone = splits_of(cv, trials[mine], y[mine])
        assert [ids(trials[mine], each.test) for each in alone] == [
            ids(trials, each.test) for each in part
        ]


@FEW
@given(cohorts(), st.integers(0, 3))
def test_dropped_trials_do_not_move_shuffled_ones(cohort, seed):
    """With one class, dealing leaves the order of keys: neighbours stay neighbours."""
    trials, _ = cohort
    y = np.zeros(len(trials), dtype=int)
    cv = split("within-session", k=2, seed=seed, order="shuffled", gap=0.0)
    try:
        before = splits_of(cv, trials, y)
        after = splits_of(cv, trials.iloc[:-1], y[:-1])
    except LeakageError:
        return
    same = [a.stamp == b.stamp for a, b in zip(before, after, strict=True)]
    assert all(same[:-2])  # only the session that lost a trial may change


SCRIPT = """
import json, numpy as np, pandas as pd
from neurodecode.evaluation import split, validation_split
rows = [{"subject": f"s{s}", "session": e, "run": r, "onset": 2.0 * i, "duration": 1.0}
        for s in range(5) for e in (1, 2) for r in (1, 2) for i in range(9)]
trials, y = pd.DataFrame(rows), np.array(list("lrr") * (len(rows) // 3))
out = [validation_split(trials, y)[1].tolist()]
for kind in ("within-session", "cross-session", "cross-subject", "leave-one-run-out"):
    for order in ("block", "shuffled"):
        out += [s.stamp for s in split(kind, k=3, order=order).roles(trials, y)]
print(json.dumps(out))
"""


def test_processes_and_hash_seeds_agree():
    answers = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        answers.append(json.loads(done.stdout))
    assert answers[0] == answers[1]
    assert len(answers[0]) > 60


@pytest.mark.parametrize("kind", KINDS)
def test_renaming_labels_does_not_move_blocks(kind):
    trials = pd.DataFrame(
        [{"subject": s, "session": e, "run": r, "onset": 2.0 * i, "duration": 1.0}
         for s in "abcd" for e in "12" for r in "12" for i in range(10)]
    )  # fmt: skip
    y = np.random.default_rng(0).choice([0, 1], len(trials))
    renamed = np.where(y == 0, "zebra", "ant")
    cv = split(kind, k=3)
    first, second = splits_of(cv, trials, y), splits_of(cv, trials, renamed)
    assert [each.stamp for each in first] == [each.stamp for each in second]
