"""Guards, controls and shuffles."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from neurodecode.core.errors import DataError, LeakageError
from neurodecode.evaluation import (
    check_not_below_chance,
    check_split,
    identical_trials,
    label_shuffle_control,
    near_copies,
    permute_labels,
    refuse_fitted,
    shift_target,
    split,
    too_good,
)


@pytest.fixture
def trials() -> pd.DataFrame:
    return pd.DataFrame({"subject": "S01", "run": np.repeat(["1", "2"], 10),
                         "onset": np.tile(np.arange(10.0), 2), "duration": 0.9})  # fmt: skip


def test_a_trial_in_two_roles(trials):
    with pytest.raises(LeakageError, match="play another role") as caught:
        check_split((np.arange(10), np.array([3, 15])), trials)
    assert caught.value.trials == ("S01/1/1: 3.000000 s",)


def test_a_group_on_both_sides(trials):
    trials["stimulus"] = np.tile(np.arange(10), 2)
    rows = np.arange(10), np.arange(10, 20)
    check_split(rows, trials)
    with pytest.raises(LeakageError, match="same stimulus") as caught:
        check_split(rows, trials, unit="stimulus")
    assert len(caught.value.trials) == 10


def test_trials_that_overlap_in_time(trials):
    rows = np.arange(5), np.arange(5, 10)
    check_split(rows, trials)
    with pytest.raises(LeakageError, match="overlap training trials in time") as caught:
        check_split(rows, trials, gap=0.5)
    assert caught.value.trials == ("S01/1/1: 5.000000 s",)
    check_split((np.arange(10), np.arange(10, 20)), trials, gap=0.5)  # another recording


def test_labels_that_name_the_person(trials):
    trials["subject"] = np.repeat(list("abcd"), 5)
    y = np.repeat([0, 0, 1, 1], 5)
    rows = np.arange(0, 20, 2), np.arange(1, 20, 2)
    check_split(rows, trials, y=np.tile([0, 1], 10))
    with pytest.raises(LeakageError, match="constant inside every subject"):
        check_split(rows, trials, y=y)
    check_split((np.flatnonzero(trials["subject"].isin(["a", "c"])),
                 np.flatnonzero(trials["subject"].isin(["b", "d"]))), trials, y=y)  # fmt: skip


def test_equal_bytes_name_both_trials(trials):
    data = np.random.default_rng(0).standard_normal((20, 2, 5)).astype(np.float32)
    data[17] = data[4]
    data[[1, 15]] = 3.0  # flat trials are exempt
    rows = np.arange(10), np.arange(10, 20)
    assert identical_trials(data, *rows) == [(4, 17)]
    with pytest.raises(LeakageError, match=r"S01/1/1: 4\.0+ s = S01/1/2: 7\.0+ s") as caught:
        check_split(rows, trials, data)
    assert caught.value.trials == ("S01/1/2: 7.000000 s",)


def test_a_few_spikes_are_equal_by_chance(trials):
    rng = np.random.default_rng(0)
    spikes = (rng.uniform(size=(20, 1, 40)) < 0.05).astype(np.float32)
    spikes[17] = spikes[4]
    rows = np.arange(10), np.arange(10, 20)
    check_split(rows, trials, spikes)
    many = rng.poisson(3, size=(20, 4, 40)).astype(np.float32)
    many[17] = many[4]
    assert identical_trials(many, *rows) == [(4, 17)]


def test_every_split_of_ours_passes(trials):
    y = np.tile(["l", "r"], 10)
    data = np.random.default_rng(0).standard_normal((20, 1, 4))
    for kind in ("within-session", "leave-one-run-out"):
        for each in split(kind, k=2).roles(trials, y):
            check_split(each, trials, data, y=y)


def test_rescaled_and_recut_copies():
    rng = np.random.default_rng(0)
    long = rng.standard_normal((3, 2, 120)).cumsum(axis=2)
    data = np.concatenate([long[:, :, :100], 2 * long[:1, :, :100] - 5, long[1:2, :, 20:]])
    first, second = np.arange(3), np.array([3, 4])
    assert near_copies(data, first, second) == [(0, 3)]
    assert near_copies(data, first, second, lags=(0, 20, -20)) == [(0, 3), (1, 4)]
    assert near_copies(rng.standard_normal((6, 2, 100)), first, np.arange(3, 6)) == []


def test_fitted_steps_are_refused_by_name():
    x, y = np.random.default_rng(0).standard_normal((20, 3)), np.tile([0, 1], 10)
    fresh = make_pipeline(FunctionTransformer(), make_union(StandardScaler()), SVC())
    refuse_fitted(fresh)
    with pytest.raises(LeakageError, match="standardscaler"):
        refuse_fitted(make_pipeline(make_union(StandardScaler().fit(x)), SVC()))
    with pytest.raises(LeakageError, match="fitted before"):
        refuse_fitted(fresh.fit(x, y))
    with pytest.raises(LeakageError, match="frozen"):
        refuse_fitted(make_pipeline(FrozenEstimator(StandardScaler().fit(x)), SVC()))
    refuse_fitted(make_pipeline(FunctionTransformer().fit(x), SVC()))  # it learns nothing


def test_below_chance_is_an_error_with_reasons():
    y = np.tile([0, 1], 50)
    check_not_below_chance(y, np.random.default_rng(0).permutation(y))
    with pytest.raises(DataError, match="event codes swapped"):
        check_not_below_chance(y, 1 - y)
    rare = np.r_[np.zeros(90, int), np.ones(10, int)]
    check_not_below_chance(rare, np.ones(100, int))  # 10 of 100 right, and no less than guessing


def test_too_good_to_be_true():
    assert "look for a leak" in too_good(1.0, 31)
    assert too_good(1.0, 20) == ""
    assert "above 0.900" in too_good(0.95, 100, ceiling=0.9)
    assert too_good(0.85, 100, ceiling=0.9) == ""


def test_labels_are_shuffled_where_they_were_assigned():
    blocks = np.repeat(np.arange(6), 5)
    y = np.repeat([0, 1, 0, 1, 0, 1], 5)
    for seed in range(5):
        shuffled = permute_labels(y, blocks, seed)
        assert all(len(set(shuffled[blocks == b])) == 1 for b in range(6))
        assert sorted(shuffled) == sorted(y)
    runs = np.repeat([0, 1], 15)
    varying = np.r_[np.zeros(10, int), np.ones(5, int), np.ones(12, int), np.zeros(3, int)]
    inside = permute_labels(varying, runs, 1)
    assert [inside[runs == r].sum() for r in (0, 1)] == [5, 12]
    assert not np.array_equal(inside, varying)
    assert sorted(permute_labels(y)) == sorted(y)
    with pytest.raises(DataError):
        permute_labels(y, blocks[:-1])


def test_shifted_targets_keep_their_shape_and_their_distance():
    y = np.arange(20.0)
    lags = {int(np.flatnonzero(shift_target(y, 6, seed) == 0)[0]) for seed in range(60)}
    assert min(lags) == 6
    assert max(lags) == 14
    assert shift_target(np.zeros((20, 2)), 5).shape == (20, 2)
    with pytest.raises(DataError):
        shift_target(y, 11)


def test_control_calls_a_leak_and_nothing_else():
    y = np.tile([0, 1], 40)
    honest = label_shuffle_control(lambda labels: float(np.mean(labels == y)), y, chance=0.5)
    assert not honest.alarm
    assert honest.threshold == pytest.approx(3 * 1.3 * np.sqrt(0.25 / 80 / 20))
    leaky = label_shuffle_control(lambda labels: 0.7, y, chance=0.5)
    assert leaky.alarm
    assert len(leaky.scores) == 20
    few = label_shuffle_control(lambda labels: 0.7, y, chance=0.5, units=np.arange(80) // 40)
    assert not few.alarm  # two units can show nothing
