"""Every leak we know scores high when broken and at chance when right.

Each alarm generates noise (or data without the claimed information), evaluates it with the leak
and without, and, where a guard exists, shows that the guard stops the leak and names the trials.
sLDA is LDA with Ledoit-Wolf shrinkage. Right scores are means over repetitions.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pyriemann.estimation import XdawnCovariances
from pyriemann.tangentspace import TangentSpace
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from neurodecode.core.errors import LeakageError
from neurodecode.evaluation import (
    check_split,
    inner_split,
    label_shuffle_control,
    refuse_fitted,
    score,
    shift_target,
    split,
    validation_split,
)


def slda() -> LinearDiscriminantAnalysis:
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")


def nearest(k: int = 1) -> KNeighborsClassifier:
    return KNeighborsClassifier(k)


def shuffled(x, y, seed: int = 0) -> list:
    return list(StratifiedKFold(5, shuffle=True, random_state=seed).split(x, y))


def accuracy(model, x, y, folds, metric: str = "accuracy") -> float:
    """Score of the pooled predictions."""
    guess = cross_val_predict(model, x, y, cv=folds)
    return score(metric, y, guess)


def table(n: int, **columns) -> pd.DataFrame:
    """Trials of one session, 3 s apart, 1 s long."""
    return pd.DataFrame({"onset": 3.0 * np.arange(n), "duration": 1.0} | columns)


def repeated(alarm, n: int) -> tuple[float, float]:
    """Mean right and broken score over seeds."""
    right, broken = np.transpose([alarm(np.random.default_rng(seed)) for seed in range(n)])
    return float(right.mean()), float(broken.mean())


# ------------------------------------------------------------------ steps fitted on all data
def test_feature_selection_on_all_data():
    def alarm(rng):
        x, y = rng.standard_normal((60, 1000)), np.tile([0, 1], 30)
        folds, select = shuffled(x, y), SelectKBest(f_classif, k=20)
        chosen = select.fit_transform(x, y)
        with pytest.raises(LeakageError, match="selectkbest"):
            refuse_fitted(make_pipeline(select, slda()))
        right = make_pipeline(SelectKBest(f_classif, k=20), slda())
        refuse_fitted(right)
        return accuracy(right, x, y, folds), accuracy(slda(), chosen, y, folds)

    right, broken = repeated(alarm, 5)
    assert abs(right - 0.5) < 0.12
    assert broken > 0.8


class LogVariance(TransformerMixin, BaseEstimator):
    """CSP in ten lines: log-variance along the extreme generalised eigenvectors."""

    def __init__(self, n_filters: int = 6):
        self.n_filters = n_filters

    def fit(self, x, y):
        from scipy.linalg import eigh

        one, other = (np.mean([t @ t.T for t in x[y == c]], axis=0) for c in np.unique(y))
        half = self.n_filters // 2
        vectors = eigh(one, one + other)[1]
        self.filters_ = np.hstack([vectors[:, :half], vectors[:, -half:]]).T
        return self

    def transform(self, x):
        return np.log(np.var(self.filters_ @ x, axis=2))


def test_csp_on_all_data():
    def alarm(rng):
        x = rng.standard_normal((22, 22)) @ rng.standard_normal((80, 22, 250))
        x *= np.exp(0.2 * rng.standard_normal((80, 22, 1)))
        y = np.tile([0, 1], 40)
        folds, csp = shuffled(x, y), LogVariance()
        leaked = csp.fit_transform(x, y)
        with pytest.raises(LeakageError, match="logvariance"):
            refuse_fitted(make_pipeline(csp, slda()))
        right = accuracy(make_pipeline(LogVariance(), slda()), x, y, folds)
        return right, accuracy(slda(), leaked, y, folds)

    right, broken = repeated(alarm, 4)
    assert abs(right - 0.5) < 0.12
    assert broken > 0.65


def test_xdawn_on_all_data():
    def alarm(rng):
        x, y = rng.standard_normal((360, 8, 100)), np.repeat([1, 0], [60, 300])
        folds = shuffled(x, y)
        after = (TangentSpace(), LogisticRegression())
        xdawn = XdawnCovariances(nfilter=2)
        leaked = xdawn.fit(x, y).transform(x)
        with pytest.raises(LeakageError, match="xdawncovariances"):
            refuse_fitted(make_pipeline(xdawn, *after))
        right = make_pipeline(XdawnCovariances(nfilter=2), *after)
        return tuple(
            cross_val_score(model, data, y, cv=folds, scoring="roc_auc").mean()
            for model, data in ((right, x), (make_pipeline(*after), leaked))
        )

    right, broken = repeated(alarm, 1)
    assert abs(right - 0.5) < 0.13
    assert broken > 0.8


def test_class_wise_alignment_with_target_labels():
    def alarm(rng):
        subject, y = np.repeat(np.arange(6), 40), np.tile([0, 1], 120)
        x = rng.standard_normal((240, 30)) + rng.standard_normal((6, 30))[subject]
        trials = pd.DataFrame({"subject": subject, "onset": 3.0 * np.tile(np.arange(40), 6)})
        centred, by_class = x.copy(), x.copy()
        for s in range(6):
            centred[subject == s] -= x[subject == s].mean(axis=0)
            for c in (0, 1):
                here = (subject == s) & (y == c)
                by_class[here] += x[y == c].mean(axis=0) - x[here].mean(axis=0)
        folds = []
        for each in split("cross-subject", k=None).roles(trials, y):
            assert not len(each.target_labelled)  # the guard: labels of the target have no role
            folds.append((each.train, each.test))
        return accuracy(slda(), centred, y, folds), accuracy(slda(), by_class, y, folds)

    right, broken = repeated(alarm, 5)
    assert abs(right - 0.5) < 0.07
    assert broken > 0.58


def test_unsupervised_steps_on_all_data_are_harmless_and_forbidden_all_the_same():
    def alarm(rng):
        x, y = rng.standard_normal((60, 500)), np.tile([0, 1], 30)
        folds = shuffled(x, y)
        prepare = make_pipeline(StandardScaler(), PCA(20, svd_solver="full"))
        leaked = prepare.fit_transform(x)
        with pytest.raises(LeakageError, match=r"pca.*standardscaler"):
            refuse_fitted(make_pipeline(prepare, LogisticRegression()))
        fresh = make_pipeline(StandardScaler(), PCA(20, svd_solver="full"), LogisticRegression())
        return accuracy(fresh, x, y, folds), accuracy(LogisticRegression(), leaked, y, folds)

    right, broken = repeated(alarm, 6)
    assert abs(right - 0.5) < 0.1
    assert abs(broken - 0.5) < 0.1


def test_centring_on_the_whole_target_is_declared():
    trials = pd.DataFrame({"subject": np.repeat(list("abc"), 10), "onset": np.arange(30.0) * 3})
    y = np.tile([0, 1], 15)
    open_eyes = next(split("cross-subject", transductive=True).roles(trials, y))
    assert open_eyes.transductive
    assert np.array_equal(open_eyes.target_unlabelled, open_eyes.test)
    quiet = next(split("cross-subject", n_calibration=2).roles(trials, y))
    assert not np.intersect1d(quiet.target_unlabelled, quiet.test).size


# ------------------------------------------------------------------ groups on both sides
def test_windows_of_one_trial_on_both_sides():
    trial = np.repeat(np.arange(40), 10)
    trials = table(400, trial=trial)

    def alarm(rng):
        y = rng.permutation(np.tile([0, 1], 20))[trial]
        x = rng.standard_normal((40, 30))[trial] + rng.standard_normal((400, 30))
        right = list(split("within-session", k=5, order="shuffled").split(trials, y))
        wrong = shuffled(x, y)
        with pytest.raises(LeakageError, match="same trial") as caught:
            check_split(wrong[0], trials)
        assert len(caught.value.trials) > 50
        return accuracy(nearest(), x, y, right), accuracy(nearest(), x, y, wrong)

    right, broken = repeated(alarm, 8)
    assert abs(right - 0.5) < 0.1
    assert broken > 0.85


def drift(rng, n: int, dims: int, phi: float) -> np.ndarray:
    """Stationary AR(1) noise of unit variance, shape (n, dims)."""
    from scipy.signal import lfilter

    noise = rng.standard_normal((n + 300, dims)) * np.sqrt(1 - phi**2)
    return lfilter([1], [1, -phi], noise, axis=0)[300:]


@pytest.mark.filterwarnings("ignore:session")
def test_block_design():
    y = np.repeat([0, 1] * 4, 20)
    trials = table(160)

    def alarm(rng):
        x = 2 * drift(rng, 160, 30, 0.98) + rng.standard_normal((160, 30))
        order = rng.permutation(4) * 2  # which pairs of blocks come A B, which B A
        labels = y.copy()
        for pair in order[:2]:
            labels[pair * 20 : pair * 20 + 40] = 1 - labels[pair * 20 : pair * 20 + 40]
        blocks = list(split("within-session", k=4).split(trials, labels))
        wrong = shuffled(x, labels)
        return accuracy(slda(), x, labels, blocks), accuracy(slda(), x, labels, wrong)

    right, broken = repeated(alarm, 16)
    assert abs(right - 0.5) < 0.15  # a design of 8 blocks can hardly show anything
    assert broken > 0.7
    with pytest.warns(UserWarning, match="blocks are held out whole"):
        list(split("within-session", k=4).split(trials, y))


def test_repeated_stimuli():
    stimulus = np.tile(np.arange(40), 10)
    trials = table(400, stimulus=stimulus, run=np.repeat(np.arange(10), 40).astype(str))

    def alarm(rng):
        y = rng.permutation(np.tile([0, 1], 20))[stimulus]
        x = 0.5 * rng.standard_normal((40, 30))[stimulus] + rng.standard_normal((400, 30))
        session = trials.assign(run="1")
        right = list(split("within-session", k=5, unit="stimulus").split(session, y))
        by_run = list(split("leave-one-run-out").split(trials, y))
        with pytest.raises(LeakageError, match="same stimulus"):
            check_split(by_run[0], trials, unit="stimulus")
        return accuracy(slda(), x, y, right), accuracy(slda(), x, y, by_run)

    right, broken = repeated(alarm, 8)
    assert abs(right - 0.5) < 0.1
    assert broken > 0.6


def test_subject_identity():
    subject = np.repeat(np.arange(20), 30)
    trials = pd.DataFrame({"subject": subject, "onset": 3.0 * np.tile(np.arange(30), 20)})

    def alarm(rng):
        y = rng.permutation(np.tile([0, 1], 10))[subject]
        x = rng.standard_normal((20, 30))[subject] + 2 * rng.standard_normal((600, 30))
        right = list(split("cross-subject", k=10).split(trials, y))
        with pytest.raises(LeakageError, match="constant inside every subject"):
            list(split("within-session").split(trials, y))
        wrong = shuffled(x, y)
        with pytest.raises(LeakageError, match="subjects are on both sides") as caught:
            check_split(wrong[0], trials, y=y)
        assert caught.value.trials
        return accuracy(nearest(5), x, y, right), accuracy(nearest(5), x, y, wrong)

    right, broken = repeated(alarm, 6)
    assert abs(right - 0.5) < 0.13
    assert broken > 0.65


def test_duplicated_recordings():
    def alarm(rng):
        x, y = rng.standard_normal((150, 30)), rng.integers(0, 2, 150)
        copies = np.r_[np.arange(150), np.arange(30)]
        twice, labels = x[copies], y[copies]
        wrong = shuffled(twice, labels)
        with pytest.raises(LeakageError, match="same data are in training and in test") as caught:
            check_split(wrong[0], table(180), twice)
        assert caught.value.trials
        for fold in shuffled(x, y):
            check_split(fold, table(150), x)
        right = accuracy(nearest(), x, y, shuffled(x, y))
        return right, accuracy(nearest(), twice, labels, wrong)

    right, broken = repeated(alarm, 8)
    assert abs(right - 0.5) < 0.06
    assert broken > 0.58


class Oversampled(BaseEstimator):
    """1-NN that repeats the rare class inside fit."""

    _estimator_type = "classifier"

    def fit(self, x, y):
        rows = np.r_[np.arange(len(y)), np.repeat(np.flatnonzero(y == 1), 4)]
        self.model_ = nearest().fit(x[rows], y[rows])
        return self

    def predict(self, x):
        return self.model_.predict(x)


def test_oversampling_before_the_split():
    def alarm(rng):
        x, y = rng.standard_normal((120, 30)), np.repeat([1, 0], [20, 100])
        rows = np.r_[np.arange(120), np.repeat(np.arange(20), 4)]
        wrong = shuffled(x[rows], y[rows])
        with pytest.raises(LeakageError, match="same data"):
            check_split(wrong[0], table(200), x[rows])
        metric = "balanced-accuracy"
        right = accuracy(Oversampled(), x, y, shuffled(x, y), metric)
        return right, accuracy(nearest(), x[rows], y[rows], wrong, metric)

    right, broken = repeated(alarm, 8)
    assert abs(right - 0.5) < 0.07
    assert broken > 0.8


# ------------------------------------------------------------------ choices made on test data
def test_epoch_chosen_on_test_data():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((40, 100, 20)), np.tile([0, 1], 50)  # 40 people at once
    fit, valid, level = validation_split(table(60), y[:60])
    assert level == "trial"
    w = np.zeros((40, 20))
    at_valid, at_test = [], []
    for _ in range(200):  # epochs of logistic regression by stochastic gradient
        for i in rng.permutation(fit):
            p = 1 / (1 + np.exp(-np.sum(w * x[:, i], axis=1)))
            w += 0.1 * (y[i] - p)[:, None] * x[:, i]
        right = (np.einsum("pid,pd->pi", x, w) > 0) == y
        at_valid.append(right[:, valid].mean(axis=1))
        at_test.append(right[:, 60:].mean(axis=1))
    chosen = np.argmax(at_valid, axis=0)
    honest = np.array(at_test)[chosen, np.arange(40)].mean()
    assert abs(honest - 0.5) < 0.05
    assert np.max(at_test, axis=0).mean() > honest + 0.05
    assert np.max(at_valid, axis=0).mean() > 0.58  # the validation score itself is no result


class Linear:
    """Ridge discriminant without overhead, for thousands of fits."""

    def fit(self, x, y):
        self.centre_ = x.mean(axis=0)
        a = x - self.centre_
        self.weights_ = np.linalg.solve(a.T @ a + np.eye(a.shape[1]), a.T @ (y - y.mean()))
        return self

    def predict(self, x):
        return ((x - self.centre_) @ self.weights_ > 0).astype(int)


def test_best_of_many_configurations():
    trials, outer = table(100), split("within-session", k=5)

    def alarm(rng):
        x, y = rng.standard_normal((20, 100, 5)), rng.permutation(np.tile([0, 1], 50))
        folds = list(outer.split(trials, y))
        every = [np.mean(_predictions(Linear(), each, y, folds) == y) for each in x]
        nested = []
        for each in outer.roles(trials, y):
            train, labels = each.train, y[each.train]
            inner = list(inner_split(each, trials, y).split(trials.iloc[train], labels))
            scores = [np.mean(_predictions(Linear(), c[train], labels, inner) == labels) for c in x]
            best = x[int(np.argmax(scores))]
            guess = Linear().fit(best[train], labels).predict(best[each.test])
            nested.append(np.mean(guess == y[each.test]))
        return float(np.mean(nested)), max(every)

    right, broken = repeated(alarm, 10)
    assert abs(right - 0.5) < 0.08
    assert broken > 0.56


def test_best_of_many_seeds():
    draws = np.random.default_rng(0).standard_normal((4000, 20))
    best = [draws[:, :m].max(axis=1).mean() for m in (5, 10, 20)]
    assert best == pytest.approx([1.16, 1.54, 1.87], abs=0.06)
    assert abs(draws.mean()) < 0.02


def test_unrelated_smooth_target():
    n = 600
    trials = pd.DataFrame({"onset": 0.1 * np.arange(n), "duration": 0.1})

    def alarm(rng):
        x, y = drift(rng, n, 40, 0.97), drift(rng, n, 1, 0.97)[:, 0]
        right = split("within-session", k=5, gap=2.0).split(trials, y)
        wrong = KFold(5, shuffle=True, random_state=0).split(x)
        return tuple(
            score("r2", y, _predictions(Ridge(1.0), x, y, folds)) for folds in (right, wrong)
        )

    right, broken = repeated(alarm, 6)
    assert right < 0
    assert broken > 0.2
    rng = np.random.default_rng(0)
    x, y = drift(rng, n, 40, 0.97), drift(rng, n, 1, 0.97)[:, 0]
    shifted = [shift_target(y, 100, seed) for seed in range(5)]
    folds = list(KFold(5, shuffle=True, random_state=0).split(x))
    null = [score("r2", each, _predictions(Ridge(1.0), x, each, folds)) for each in shifted]
    assert np.mean(null) > 0.2, "the circular-shift null sees the leak too"


def _predictions(model, x, y, folds) -> np.ndarray:
    guess = np.zeros_like(y)
    for train, test in folds:
        guess[test] = model.fit(x[train], y[train]).predict(x[test])
    return guess


# ------------------------------------------------------------------ the shuffle control
@pytest.mark.parametrize("what", ["windows", "stimuli", "subjects"])
def test_control_sees_leaks_only_at_the_level_of_assignment(what):
    rng = np.random.default_rng(0)
    n_units, n_each = 20, 10
    unit = np.repeat(np.arange(n_units), n_each)
    if what == "stimuli":
        unit = np.tile(np.arange(n_units), n_each)
    x = 1.5 * rng.standard_normal((n_units, 15))[unit] + rng.standard_normal((len(unit), 15))
    y = np.tile([0, 1], n_units // 2)[unit]
    folds = [(f.copy(), t.copy()) for f, t in KFold(5, shuffle=True, random_state=0).split(x)]

    def evaluate(labels):
        return float(np.mean(_predictions(nearest(), x, labels, folds) == labels))

    settings = {"chance": 0.5, "n_shuffles": 10}
    assert label_shuffle_control(evaluate, y, units=unit, **settings).alarm
    assert not label_shuffle_control(evaluate, y, **settings).alarm
