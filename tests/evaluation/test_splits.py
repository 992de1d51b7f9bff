"""Each kind of split: who is tested against whom, and what it refuses."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError, LeakageError
from neurodecode.evaluation import inner_split, split, validation_split


def study(subjects="abc", sessions="12", runs="12", n=20, step=2.0, duration=1.5):
    """A trial table, with labels that alternate at random."""
    rows = [
        {"subject": s, "session": e, "run": r, "onset": step * i, "duration": duration}
        for s in subjects
        for e in sessions
        for r in runs
        for i in range(n)
    ]
    trials = pd.DataFrame(rows)
    return trials, np.random.default_rng(7).choice(["left", "right"], len(trials))


def test_within_session_tests_contiguous_pieces():
    trials, y = study(n=11)
    roles = list(split("within-session", k=4).roles(trials, y))
    assert len(roles) == 6 * 4
    for each in roles:
        assert np.all(np.diff(each.test) == 1)
        assert {each.subject, each.session} == {
            *trials["subject"].iloc[each.train],
            *trials["session"].iloc[each.train],
        }
    sizes = [len(each.test) for each in roles[:4]]
    assert max(sizes) - min(sizes) <= 1


def test_every_trial_is_tested_once():
    trials, y = study(subjects="abcdefg")
    for kind in ("within-session", "cross-session", "cross-subject", "leave-one-run-out"):
        tests = [test for _, test in split(kind, k=3).split(trials, y)]
        assert sorted(np.concatenate(tests)) == list(range(len(trials))), kind
        assert split(kind, k=3).get_n_splits(trials, y) == len(tests)


def test_runs_and_sessions_stay_inside_their_container():
    trials, y = study()
    for each in split("leave-one-run-out").roles(trials, y):
        assert trials.iloc[each.train][["subject", "session"]].nunique().tolist() == [1, 1]
        assert len(set(trials["run"].iloc[each.test])) == 1
    for each in split("cross-session").roles(trials, y):
        assert set(trials["subject"].iloc[each.train]) == {each.subject}


def test_forward_sessions_use_the_past_only():
    trials, y = study(subjects="a", sessions=["ses-2", "ses-10", "ses-1"])
    tested = []
    for each in split("cross-session", direction="forward").roles(trials, y):
        past = set(trials["session"].iloc[each.source])
        tested.append((each.session, sorted(past), each.n_folds))
    assert tested == [("ses-2", ["ses-1"], 2), ("ses-10", ["ses-1", "ses-2"], 2)]


def test_people_are_left_out_one_by_one_or_in_groups():
    trials, y = study(subjects="abcdef")
    alone = split("cross-subject", k=None).roles(trials, y)
    assert [each.subject for each in alone] == list("abcdef")
    groups = list(split("cross-subject", k=3).roles(trials, y))
    assert [trials["subject"].iloc[each.test].nunique() for each in groups] == [2, 2, 2]
    assert {each.subject for each in groups} == {"all"}
    other = list(split("cross-subject", k=3, seed=1).roles(trials, y))
    assert any(not np.array_equal(a.test, b.test) for a, b in zip(groups, other, strict=True))


def test_people_with_one_label_each_are_dealt_by_label():
    trials, _ = study(subjects="abcdefgh", sessions="1", runs="1")
    y = np.where(trials["subject"] < "e", "control", "patient")
    for each in split("cross-subject", k=4).roles(trials, y):
        assert len(set(y[each.test])) == 2
    for kind in ("within-session", "cross-session", "leave-one-run-out"):
        with pytest.raises(LeakageError, match="constant inside every subject") as caught:
            list(split(kind).roles(trials, y))
        assert len(caught.value.trials) == len(trials)


def test_published_split_is_the_stored_list():
    trials, y = study(subjects="a", sessions="1", runs="1", n=6)
    trials["part"] = ["train", "test", "val", "train", "test", "train"]
    (each,) = split("published").roles(trials, y)
    assert (each.train.tolist(), each.test.tolist()) == ([0, 2, 3, 5], [1, 4])
    fit, valid, level = validation_split(trials.iloc[each.train], y[each.train])
    assert (fit.tolist(), valid.tolist(), level) == ([0, 2, 3], [1], "published")
    with pytest.raises(DataError, match="carry no published split"):
        list(split("published").roles(trials.drop(columns="part"), y))
    with pytest.raises(DataError, match="empty side"):
        list(split("published").roles(trials[trials["part"] == "test"], y[[1, 4]]))


def test_published_split_that_recognises_people_is_refused():
    trials, _ = study(subjects="ab", sessions="1", runs="1", n=6)
    trials["part"] = ["train", "test"] * 6
    with pytest.raises(LeakageError, match="constant inside every subject"):
        list(split("published").roles(trials, trials["subject"].to_numpy()))


def test_overlapping_training_trials_are_purged_and_counted():
    trials, y = study(subjects="a", sessions="1", runs="1", n=20, step=1.0, duration=1.5)
    roles = list(split("within-session", k=4).roles(trials, y))
    assert [each.n_purged for each in roles] == [1, 2, 2, 1]
    wider = list(split("within-session", k=4, gap=1.0).roles(trials, y))
    assert [each.n_purged for each in wider] == [2, 4, 4, 2]
    with pytest.raises(LeakageError, match="overlap test trials") as caught:
        list(split("within-session", k=4, order="shuffled", gap=3.0).roles(trials, y))
    assert caught.value.trials


def test_hidden_margins_widen_the_gap():
    trials, y = study(subjects="a", sessions="1", runs="1", n=20, step=2.0, duration=1.5)
    epochs = Epochs(np.zeros((20, 1, 50)), channels=["Cz"], sfreq=20, trials=trials, y=y, pad=0.5)
    assert [each.n_purged for each in split("within-session", k=2).roles(epochs)] == [1, 1]
    assert [e.n_purged for e in split("within-session", k=2, gap=0.0).roles(epochs)] == [0, 0]


def test_windows_of_one_trial_stay_together():
    trials, _ = study(subjects="a", sessions="1", runs="1", n=60, step=0.5, duration=1.0)
    trials["trial"] = np.repeat(np.arange(20), 3)
    trials["onset"] += np.repeat(np.arange(20), 3) * 2.0
    y = np.repeat(np.random.default_rng(1).choice(list("lr"), 20), 3)
    for order in ("block", "shuffled"):
        for each in split("within-session", k=4, order=order).roles(trials, y):
            assert not set(trials["trial"].iloc[each.train]) & set(trials["trial"].iloc[each.test])
            assert each.n_units == 5
            assert each.n_purged == 0


def test_repeated_stimuli_stay_together():
    trials, y = study(subjects="a", sessions="1", runs="1", n=40)
    trials["stimulus"] = np.tile(np.arange(10), 4)
    cv = split("within-session", k=5, unit="stimulus")
    for each in cv.roles(trials, y):
        seen = set(trials["stimulus"].iloc[each.train])
        assert not seen & set(trials["stimulus"].iloc[each.test])
        assert each.unit == "stimulus"
    trials["run"] = np.repeat(list("1234"), 10)
    with pytest.raises(LeakageError, match="same stimulus is in training and in test") as caught:
        list(split("leave-one-run-out", unit="stimulus").roles(trials, y))
    assert len(caught.value.trials) == 10


def test_class_blocks_are_held_out_whole_and_said():
    trials, _ = study(subjects="a", sessions="1", runs="1", n=80)
    y = np.repeat(["left", "right"] * 4, 10)
    with pytest.warns(UserWarning, match="8 blocks are held out whole"):
        roles = list(split("within-session", k=5).roles(trials, y))
    assert len(roles) == 4
    for each in roles:
        assert each.n_units == 2
        assert sorted(y[each.test]) == ["left"] * 10 + ["right"] * 10
    with pytest.warns(UserWarning, match="decode slow drifts"):
        list(split("within-session", order="shuffled").roles(trials, y))
    trials["run"] = np.repeat(["1", "2"], 40)
    assert [each.n_units for each in split("leave-one-run-out").roles(trials, y)] == [4, 4]


def test_blocks_end_with_their_recording():
    trials, _ = study(subjects="a", sessions="1", runs="12", n=40)
    y = np.repeat(["left", "right", "left", "right", "right", "left", "right", "left"], 10)
    with pytest.warns(UserWarning, match="8 blocks are held out whole"):
        list(split("within-session", k=4).roles(trials, y))


def test_one_block_per_class_is_refused():
    trials, _ = study(subjects="a", sessions="1", runs="1", n=40)
    y = np.repeat(["left", "right"], 20)
    with pytest.raises(LeakageError, match="time and label cannot be told apart"):
        list(split("within-session").roles(trials, y))
    unknown = trials.drop(columns="onset")
    with pytest.warns(UserWarning, match="without blocks to hold out"):
        roles = list(split("within-session").roles(unknown, y))
    assert all(len(set(y[each.test])) == 2 for each in roles)


def test_alternating_and_rare_labels_are_no_blocks():
    trials, y = study(subjects="a", sessions="1", runs="1", n=300)
    rare = np.where(np.random.default_rng(0).uniform(size=300) < 0.1, "target", "other")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(split("within-session").roles(trials, y))
        list(split("within-session").roles(trials, rare))


def test_calibrations_are_nested_and_share_one_test_set():
    trials, y = study(n=40)
    series = [
        list(split("cross-subject", n_calibration=k, max_calibration=10).roles(trials, y))
        for k in (0, 1, 2, 5, 10)
    ]
    for folds in zip(*series, strict=True):
        for few, more in itertools.pairwise(folds):
            assert set(few.target_labelled) < set(more.target_labelled)
            assert np.array_equal(few.test, more.test)
        for k, each in zip((0, 1, 2, 5, 10), folds, strict=True):
            counts = np.unique(y[each.target_labelled], return_counts=True)[1]
            assert counts.tolist() == ([k, k] if k else [])
            # the table is in time order: what was given comes before what is tested
            assert max([*each.target_labelled, *each.target_unlabelled]) < each.test.min()
    with pytest.raises(DataError, match="not enough trials"):
        list(split("cross-subject", n_calibration=100).roles(trials, y))


def test_transductive_is_declared():
    trials, y = study()
    each = next(split("cross-subject", transductive=True).roles(trials, y))
    assert each.transductive
    assert np.array_equal(each.target_unlabelled, each.test)
    assert not len(next(split("cross-subject").roles(trials, y)).target_unlabelled)


def test_domains_follow_the_kind():
    trials, y = study()
    assert next(split("cross-subject").roles(trials, y)).domain[0] == "a"
    assert next(split("cross-session").roles(trials, y)).domain[0] == "a/1"


def test_one_person_is_not_a_population():
    trials, y = study(subjects=["S01"])
    with pytest.raises(LeakageError) as caught:
        list(split("cross-subject").roles(trials, y))
    lines = str(caught.value).splitlines()
    assert lines[0] == "this split would test on subjects it was trained on"
    assert lines[1] == "  found      1 subject ('S01') in 80 trials, 4 runs"
    assert lines[2] == "  expected   at least 2 subjects for split='cross-subject'"
    assert lines[3] == "  fix        split='leave-one-run-out' (4 folds) or 'within-session'"
    assert "several people in one file?" in lines[4]
    assert len(caught.value.trials) == 80


def test_one_session_and_one_run_are_refused_too():
    trials, y = study(sessions="1", runs="1")
    with pytest.raises(LeakageError, match="sessions it was trained on"):
        list(split("cross-session").roles(trials, y))
    with pytest.raises(LeakageError, match="at least 2 runs in one session"):
        list(split("leave-one-run-out").roles(trials, y))


def test_people_with_one_session_are_named():
    trials, y = study()
    some = ((trials["subject"] != "b") | (trials["session"] == "1")).to_numpy()
    with pytest.warns(UserWarning, match="not tested, with one session only: subject b"):
        roles = list(split("cross-session").roles(trials[some], y[some]))
    assert {each.subject for each in roles} == {"a", "c"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "cross-subjcet"}, "did you mean 'cross-subject'"),
        ({"kind": "within-session", "order": "random"}, "'block', 'shuffled'"),
        ({"kind": "within-session", "k": 1}, "k out of range"),
        ({"kind": "within-session", "gap": -1}, "gap out of range"),
        ({"kind": "cross-session", "direction": "back"}, "'any', 'forward'"),
        ({"kind": "cross-subject", "n_calibration": 3, "max_calibration": 2}, "out of range"),
        ({"kind": "within-session", "n_calibration": 3}, "has no calibration"),
    ],
)
def test_misuse_of_split(arguments, message):
    with pytest.raises(DataError, match=message):
        split(**arguments)


def test_misuse_of_trials():
    trials, y = study(n=2, sessions="1", runs="1")
    with pytest.raises(DataError, match="fewer trials than folds"):
        list(split("within-session").roles(trials, y))
    with pytest.raises(DataError, match="cannot be grouped by 'stimulus'"):
        list(split("within-session", unit="stimulus").roles(trials, y))
    with pytest.raises(DataError, match="differ in number"):
        list(split("cross-subject").roles(trials, y[:-1]))
    with pytest.raises(DataError, match="epochs are needed"):
        list(split("cross-subject").roles(np.zeros((3, 2, 5)), y))
    with pytest.raises(DataError, match="depends on the trials"):
        split("cross-subject").get_n_splits()


# ------------------------------------------------------------------ scikit-learn
class Means(Ridge):
    """Ridge on channel means, so that epochs can be `X`."""

    def fit(self, X, y):
        return super().fit(np.asarray(X).mean(axis=2), y)

    def predict(self, X):
        return super().predict(np.asarray(X).mean(axis=2))


@pytest.fixture
def epochs() -> Epochs:
    trials, _ = study()
    rng = np.random.default_rng(0)
    data = rng.standard_normal((len(trials), 3, 8))
    y = data[:, 0].mean(axis=1) + 0.001 * rng.standard_normal(len(trials))
    return Epochs(data, channels=["a", "b", "c"], sfreq=8, trials=trials, y=y)


@pytest.mark.parametrize(
    "kind", ["within-session", "cross-session", "cross-subject", "leave-one-run-out"]
)
def test_inside_scikit_learn_with_continuous_targets(epochs, kind):
    cv = split(kind, k=4)
    scores = cross_val_score(Means(), epochs, epochs.y, cv=cv)
    assert len(scores) == cv.get_n_splits(epochs)
    assert scores.min() > 0.7
    assert cross_val_predict(Means(), epochs, epochs.y, cv=cv).shape == (len(epochs),)


def test_inner_split_inside_a_search(epochs):
    outer = next(split("cross-subject").roles(epochs))
    inner = inner_split(outer, epochs)
    train = epochs[outer.train]
    search = GridSearchCV(Means(), {"alpha": [0.1, 1.0]}, cv=inner).fit(train, train.y)
    assert search.n_splits_ == 2  # two people are left: one is held out at a time
    for fit, valid in inner.split(train):
        assert not set(train.trials["subject"].iloc[fit]) & set(train.trials["subject"].iloc[valid])
