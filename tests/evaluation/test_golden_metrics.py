"""Metrics: golden values, agreement with scikit-learn, and where we differ from it on purpose."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from neurodecode.core import registry
from neurodecode.core.errors import DataError, UnknownName
from neurodecode.evaluation import (
    chance_level,
    ece_null,
    itr_bits,
    itr_per_minute,
    metric_info,
    retrieval_chance,
    retrieval_ranks,
    score,
    score_folds,
    summarise_ranks,
    undefined_reason,
)
from neurodecode.evaluation import metrics as ours

TABLE = np.array([[.6, .3, .1], [.4, .5, .1], [.2, .6, .2], [.3, .3, .4], [.1, .2, .7],
                  [.5, .2, .3], [.2, .5, .3]])  # fmt: skip
TABLE_Y = np.array([0, 0, 1, 1, 2, 2, 1])


def labels(counts) -> tuple[np.ndarray, np.ndarray]:
    """True and predicted labels with a given confusion table (true classes in rows)."""
    counts = np.asarray(counts)
    true, guess = np.indices(counts.shape)
    return np.repeat(true.ravel(), counts.ravel()), np.repeat(guess.ravel(), counts.ravel())


LABEL_GOLDEN = [
    ([[90, 10], [5, 5]], {"accuracy": .8636, "balanced-accuracy": .700, "kappa": .3265,
     "mcc": .3351, "f1-macro": .6615, "f1-weighted": .8755244755}),
    ([[40, 10], [5, 45]], {"accuracy": .85, "kappa": .70, "mcc": .7035}),
    ([[8, 1, 1], [2, 6, 2], [0, 3, 7]], {"accuracy": .70, "kappa": .55}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "metric", "value"),
    [(counts, name, value) for counts, row in LABEL_GOLDEN for name, value in row.items()],
)
def test_label_metrics(counts, metric, value):
    assert score(metric, *labels(counts)) == pytest.approx(value, abs=5e-5)


def test_further_label_values():
    y, guess = labels([[90, 10], [5, 5]])
    assert chance_level("accuracy", y) == pytest.approx(0.9091, abs=5e-5)
    assert ours.f1_per_class(y, guess, np.array([0, 1]))[1] == pytest.approx(0.4)
    y, guess = labels([[40, 10], [5, 45]])
    assert ours.f1_per_class(y, guess, np.array([0, 1]))[1] == pytest.approx(0.8571, abs=5e-5)
    y, guess = labels([[8, 1, 1], [2, 6, 2], [0, 3, 7]])
    assert ours.kappa(y, guess, np.arange(3), quadratic=True) == pytest.approx(0.70, abs=5e-5)


def test_binary_ranking():
    y, s = [0, 0, 0, 0, 1, 1, 1], [0.1, 0.4, 0.35, 0.8, 0.35, 0.7, 0.9]
    assert score("roc-auc", y, scores=s) == pytest.approx(0.7083, abs=5e-5)
    assert score("average-precision", y, scores=s) == pytest.approx(0.7222, abs=5e-5)


@pytest.mark.parametrize(
    ("against", "weighted", "value"),
    [("rest", False, .8611), ("rest", True, .8571), ("one", False, .8611), ("one", True, .8601)],
)  # fmt: skip
def test_multiclass_auc(against, weighted, value):
    found = ours.roc_auc(TABLE_Y, TABLE, np.arange(3), against, weighted)
    assert found == pytest.approx(value, abs=5e-5)
    how = {"multi_class": "ovr" if against == "rest" else "ovo"}
    average = "weighted" if weighted else "macro"
    assert found == pytest.approx(reference.roc_auc_score(TABLE_Y, TABLE, average=average, **how))


def test_probability_metrics():
    assert score("log-loss", TABLE_Y, scores=TABLE) == pytest.approx(0.7708, abs=5e-5)
    assert score("brier", TABLE_Y, scores=TABLE) == pytest.approx(0.4514, abs=5e-5)
    uniform = np.full((7, 3), 1 / 3)
    assert score("log-loss", TABLE_Y, scores=uniform) == pytest.approx(1.0986, abs=5e-5)
    assert chance_level("log-loss", TABLE_Y) == pytest.approx(1.0790, abs=5e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_loss_does_not_depend_on_the_type(dtype):
    p = np.array([[0.9, 0.1], [1, 0], [0.2, 0.8]], dtype=dtype)
    assert score("log-loss", [0, 1, 1], scores=p) == pytest.approx(5.4822, abs=1e-4)


@pytest.mark.parametrize(("bins", "value"), [(15, 0.19375), (10, 0.19375), (5, 0.06875)])
def test_calibration_error(bins, value):
    confidence = np.array([0.55, 0.58, 0.65, 0.72, 0.78, 0.85, 0.91, 0.97])
    right = np.array([1, 0, 0, 1, 1, 1, 1, 1])
    p = np.column_stack([1 - confidence, confidence])
    assert ours.ece(right, p, np.array([0, 1]), bins) == pytest.approx(value)


def test_calibration_error_of_a_calibrated_decoder():
    rng = np.random.default_rng(0)
    found = [ece_null(rng.uniform(0.5, 1, 100), n_draws=100, random_state=i) for i in range(10)]
    mean, high = np.mean(found, axis=0)
    assert mean == pytest.approx(0.088, abs=0.006)
    assert high == pytest.approx(0.131, abs=0.01)


@pytest.mark.parametrize(
    ("p", "n", "seconds", "shift", "value"),
    [(.9, 4, 2, 0, 41.18), (.9, 4, 2, .5, 32.94), (.9, 40, 1, 0, 259.46), (.9, 40, 1.5, 0, 172.98),
     (.95, 36, 10, 0, 27.76), (1.0, 40, 1.5, 0, 212.88), (1.0, 40, .4, .5, 354.7952),
     (.8, 40, .4, .5, 236.1946), (.5, 40, 1.0, .5, 67.1691), (.9, 4, .5, .5, 82.3505),
     (.5, 2, 1.0, .5, 0.0)],
)  # fmt: skip
def test_itr(p, n, seconds, shift, value):
    assert itr_per_minute(p, n, seconds, shift) == pytest.approx(value, abs=5e-3)


def test_itr_below_chance_and_over_people():
    assert itr_bits(0.3, 2) == itr_bits(0.2, 4) == itr_bits(0.25, 4) == 0
    assert itr_bits(0.7, 2) == pytest.approx(0.1187, abs=5e-5)
    each = [itr_per_minute(p, 40, 1.5) for p in (0.5, 1.0)]
    assert np.mean(each) == pytest.approx(140.02, abs=5e-3)
    assert itr_per_minute(0.75, 40, 1.5) == pytest.approx(127.57, abs=5e-3)
    with pytest.raises(DataError):
        itr_bits(1.2, 4)


def test_r2_and_correlation_per_output():
    y = np.array([[1.0, 10], [2, 10], [3, 30], [4, 50]])
    guess = np.array([[1.1, 20], [1.9, 20], [3.2, 30], [3.8, 30]])
    assert ours.r2_per_output(y, guess) == pytest.approx([0.98, 0.4545], abs=5e-5)
    assert score("r2", y, guess) == pytest.approx(0.7173, abs=5e-5)
    assert ours.correlation_per_output(y, guess) == pytest.approx([0.9908, 0.9045], abs=5e-5)


def test_r2_is_pooled_over_folds():
    y = np.array([0.0, 1, 2, 10, 11, 12])
    guess = np.array([0.5, 1, 1.5, 10.5, 11, 11.5])
    folds = [0, 0, 0, 1, 1, 1]
    assert score_folds("r2", y, guess, folds=folds).value == pytest.approx(0.9935, abs=5e-5)
    assert [score("r2", y[s], guess[s]) for s in (slice(3), slice(3, 6))] == [0.75, 0.75]


def test_r2_around_the_training_mean_and_over_time():
    y, guess = np.array([1.0, 3.0]), np.array([1.0, 2.0])
    assert ours.r2(y, guess, baseline=np.array([0.0])) == pytest.approx(0.9)
    wide = np.random.default_rng(0).standard_normal((5, 2, 7))
    flat = np.moveaxis(wide, 1, 2).reshape(-1, 2)
    assert ours.r2(wide, wide + 0.1) == pytest.approx(ours.r2(flat, flat + 0.1))


def test_retrieval():
    ranks = retrieval_ranks([[0.9, 0.1, 0.2], [0.8, 0.3, 0.7], [0.2, 0.3, 0.1]])
    assert ranks.tolist() == [1, 3, 3]
    assert summarise_ranks(ranks, 3).mrr == pytest.approx(0.5556, abs=5e-5)
    chance = retrieval_chance(200)
    assert (chance.top1, chance.top5, chance.mean_rank, chance.two_way) == pytest.approx(
        (0.005, 0.025, 100.5, 0.5)
    )
    assert chance.mrr == pytest.approx(0.0294, abs=5e-5)
    tied = np.ones((2, 4))
    assert retrieval_ranks(tied).tolist() == [1, 1]
    assert retrieval_ranks(tied, pessimistic=True).tolist() == [4, 4]
    with pytest.raises(DataError):
        retrieval_ranks(np.full((2, 2), np.nan))


def test_agreement_with_scikit_learn():
    rng = np.random.default_rng(1)
    y, guess = rng.choice(list("abc"), 60), rng.choice(list("abc"), 60)
    table = rng.dirichlet([1, 1, 1], 60)
    same = {
        "accuracy": reference.accuracy_score, "balanced-accuracy":
        reference.balanced_accuracy_score, "kappa": reference.cohen_kappa_score,
        "mcc": reference.matthews_corrcoef,
        "f1-macro": lambda t, p: reference.f1_score(t, p, average="macro"),
        "f1-weighted": lambda t, p: reference.f1_score(t, p, average="weighted"),
    }  # fmt: skip
    for name, function in same.items():
        assert score(name, y, guess) == pytest.approx(function(y, guess)), name
    assert score("log-loss", y, scores=table) == pytest.approx(reference.log_loss(y, table))
    assert score("roc-auc", y, scores=table) == pytest.approx(
        reference.roc_auc_score(y, table, multi_class="ovo")
    )
    each = [reference.average_precision_score(y == c, table[:, i]) for i, c in enumerate("abc")]
    assert score("average-precision", y, scores=table) == pytest.approx(np.mean(each))
    tied = np.round(table[:, 1], 1)
    binary = np.where(y == "a", "a", "b")
    assert score("average-precision", binary, scores=tied) == pytest.approx(
        reference.average_precision_score(binary == "b", tied)
    )


@pytest.mark.parametrize("metric", ["balanced-accuracy", "kappa", "mcc", "f1-macro", "f1-weighted"])
def test_one_class_folds_are_undefined_with_a_sentence(metric):
    assert np.isnan(score(metric, ["a"] * 4, ["a"] * 4, classes=["a", "b"]))
    assert "no test trial of class b" in undefined_reason(metric, ["a"] * 4, classes=["a", "b"])


def test_missing_class_is_not_a_perfect_auc():
    y, table = TABLE_Y[TABLE_Y != 2], TABLE[TABLE_Y != 2]
    assert np.isnan(score("roc-auc", y, scores=table, classes=[0, 1, 2]))
    assert np.isfinite(score("log-loss", y, scores=table, classes=[0, 1, 2]))


def test_bad_scores_are_undefined_with_a_sentence():
    assert np.isnan(score("roc-auc", [0, 1], scores=[np.nan, 1.0]))
    assert "NaN" in undefined_reason("roc-auc", [0, 1], [np.nan, 1.0])
    assert np.isnan(score("log-loss", [0, 1], scores=[-3.0, 2.0]))
    assert "no probabilities" in undefined_reason("log-loss", [0, 1], [-3.0, 2.0])
    assert np.isnan(score("r2", [1.0, 1.0], [1.0, 1.0]))
    assert "constant output 0" in undefined_reason("r2", [1.0, 1.0])


def test_a_predicted_stranger_is_an_error_not_a_class():
    assert score("balanced-accuracy", [0, 0, 1, 1], [0, 7, 1, 1]) == 0.75
    assert score("f1-macro", [0, 0, 1, 1], [0, 7, 1, 1]) == pytest.approx((2 / 3 + 1) / 2)


def test_auc_is_averaged_over_folds_that_hold_both_classes():
    y = np.array([0, 1, 0, 1, 1, 1])
    s = np.array([0.1, 0.9, 10, 11, 5, 5])
    found = score_folds("roc-auc", y, scores=s, folds=[0, 0, 1, 1, 2, 2])
    assert (found.value, found.n_valid, found.n_folds) == (1.0, 2, 3)
    assert "2 of 3" in found.note
    few = score_folds("roc-auc", y, scores=s, folds=[0, 0, 1, 2, 3, 4])
    assert np.isnan(few.value)


@pytest.mark.parametrize("metric", registry.names("metric"))
def test_every_metric_is_described_and_best_when_right(metric):
    info = metric_info(metric)
    assert info.title
    y = np.array([0, 1, 2, 1, 0, 2])
    if info.needs == "values":
        assert score(metric, y.astype(float), y.astype(float)) == pytest.approx(1)
        return
    if info.needs == "signals":
        signals = np.random.default_rng(0).normal(size=(4, 32))
        best = score(metric, signals, signals)
        assert best == pytest.approx(1 if info.higher_is_better else 0)
        return
    good, bad = np.eye(3)[y], np.eye(3)[(y + 1) % 3]
    how = "labels" if info.needs == "labels" else "scores"
    args = [(each.argmax(1), None) if how == "labels" else (None, each) for each in (good, bad)]
    right, wrong = (score(metric, y, *each) for each in args)
    assert (right > wrong) == info.higher_is_better


def test_misuse_says_what_to_do():
    with pytest.raises(UnknownName, match="did you mean 'accuracy'"):
        score("acuracy", [0, 1], [0, 1])
    with pytest.raises(DataError, match="needs scores"):
        score("roc-auc", [0, 1], [0, 1])
    with pytest.raises(DataError, match="differ in number"):
        score("accuracy", [0, 1], [0])
    with pytest.raises(DataError, match="do not fit"):
        score("accuracy", ["a", "c"], ["a", "c"], classes=["a", "b"])
