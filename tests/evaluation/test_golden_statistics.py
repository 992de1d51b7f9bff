"""Chance, intervals, tests: golden values, and SciPy where it has the function."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from neurodecode.core.errors import DataError
from neurodecode.core.stamps import digest
from neurodecode.evaluation import (
    autocorrelated_n,
    benjamini_hochberg,
    binomial_threshold,
    chance_level,
    chance_threshold,
    clopper_pearson,
    compare_subjects,
    compare_trials,
    corrected_interval,
    corrected_t,
    critical_difference,
    delong,
    hedges_g,
    holm,
    interval,
    mcnemar,
    newcombe_auc,
    permutation_p,
    random_effects,
    rope_probabilities,
    sign_flip,
    stouffer,
    subject_interval,
    subjects_needed,
    wilson,
)
from neurodecode.evaluation.comparisons import delong_shares

EIGHT = np.array([0.05, 0.02, -0.01, 0.04, 0.03, 0.06, -0.02, 0.01])


@pytest.mark.parametrize(
    ("n", "p0", "count"),
    [(20, .5, 15), (40, .5, 26), (100, .5, 59), (200, .5, 113), (1000, .5, 527), (60, .25, 22),
     (100, .25, 33), (240, 1 / 40, 11), (100, .8, 87), (511, 426 / 511, 441)],
)  # fmt: skip
def test_binomial_thresholds(n, p0, count):
    assert binomial_threshold(n, p0) == count
    assert stats.binom.sf(count - 1, n, p0) <= 0.05 < stats.binom.sf(count - 2, n, p0)


@pytest.mark.parametrize(("n", "value"), [(40, 18 / 25), (100, 38 / 62), (200, 73 / 125)])
def test_kfold_thresholds(n, value):
    assert chance_threshold("accuracy", [0, 1] * (n // 2), kfold=True) == pytest.approx(value)


def test_thresholds_of_other_metrics():
    y = np.repeat([0, 1], [426, 85])
    even = np.arange(511) % 2
    assert chance_threshold("balanced-accuracy", y, even) == pytest.approx(0.5488, abs=1e-4)
    skewed = np.repeat([0, 1], [424, 87])
    assert chance_threshold("balanced-accuracy", y, skewed) == pytest.approx(0.5367, abs=1e-4)
    four = np.repeat(np.arange(4), 25)
    assert chance_threshold("balanced-accuracy", four) == pytest.approx(0.3212, abs=5e-5)
    for m, n, value in [(20, 20, 0.652), (20, 100, 0.617), (10, 50, 0.666), (85, 426, 0.5565)]:
        y = np.repeat([1, 0], [m, n])
        assert chance_threshold("roc-auc", y) == pytest.approx(value, abs=5e-4)
    assert math.isnan(chance_threshold("kappa", [0, 1]))
    assert chance_threshold("accuracy", [0, 1] * 200, n_units=40) == 26 / 40


def test_chance_levels():
    y = ["a"] * 6 + ["b"] * 2
    expected = {"accuracy": .75, "balanced-accuracy": .5, "kappa": 0, "roc-auc": .5,
                "average-precision": .25, "brier": 1 - .75**2 - .25**2,
                "f1-weighted": .75 * 1.5 / 1.75}  # fmt: skip
    for metric, value in expected.items():
        assert chance_level(metric, y) == pytest.approx(value), metric
    assert math.isnan(chance_level("ece", y))


def test_permutation_p():
    assert permutation_p(1.0, np.zeros(999)) == 0.001
    assert permutation_p(1.0, np.r_[np.ones(49), np.zeros(950)]) == 0.05
    above = stats.binom.sf(binomial_threshold(40, 0.5) - 1, 40, 0.5)
    assert 1 - (1 - above) ** 10 == pytest.approx(0.34, abs=0.005)
    assert autocorrelated_n(1000, 0.95, 0.95) == pytest.approx(51.2, abs=0.05)


@pytest.mark.parametrize(
    ("k", "n", "w", "cp"),
    [(70, 100, (.6042, .7811), (.6002, .7876)), (14, 20, (.4810, .8545), (.4572, .8811)),
     (20, 20, (.8389, 1), (.8316, 1)), (0, 20, (0, .1611), (0, .1684)),
     (95, 100, (.8882, .9785), (.8872, .9836)), (182, 234, (.7203, .8263), (.7190, .8294))],
)  # fmt: skip
def test_proportions(k, n, w, cp):
    assert wilson(k, n) == pytest.approx(w, abs=5e-5)
    assert clopper_pearson(k, n) == pytest.approx(cp, abs=5e-5)
    for method, found in [("wilson", wilson(k, n)), ("exact", clopper_pearson(k, n))]:
        scipy = stats.binomtest(k, n).proportion_ci(method=method)
        assert found == pytest.approx((scipy.low, scipy.high), abs=1e-9)


def test_kfold_interval():
    y = np.array([0, 1] * 50)
    guess = np.r_[y[:70], 1 - y[70:]]
    found = interval("accuracy", y, guess, kfold=True)
    assert (found.low, found.high) == pytest.approx((0.5775, 0.7993), abs=5e-5)
    assert found.estimand == "this-person"
    assert chance_threshold("accuracy", y, kfold=True) == pytest.approx(0.613, abs=5e-4)


@pytest.mark.parametrize(
    ("auc", "m", "n", "ends"),
    [(17 / 24, 3, 4, (.2930, .9302)), (.8, 20, 100, (.6709, .8831)), (1, 10, 10, (.8002, 1)),
     (.95, 50, 50, (.8816, .9790))],
)  # fmt: skip
def test_newcombe(auc, m, n, ends):
    found = newcombe_auc(auc, m, n)
    assert found == pytest.approx(ends, abs=2e-4)
    half = (m + n) / 2
    for t in found:
        if 0 < t < 1:  # the ends solve the equation of the paper
            v = t * (1 - t) / (m * n) * (2 * half - 1 - (3 * half - 3) / ((2 - t) * (1 + t)))
            assert abs(auc - t) == pytest.approx(1.959964 * math.sqrt(v), abs=1e-6)
    assert newcombe_auc(0.5, m, n)[0] == pytest.approx(1 - newcombe_auc(0.5, m, n)[1])


def test_delong():
    y = np.array([0, 0, 0, 0, 1, 1, 1]) == 1
    s = np.array([0.1, 0.4, 0.35, 0.8, 0.35, 0.7, 0.9])
    over, under = delong_shares(y, s)
    assert over.var(ddof=1) / 3 + under.var(ddof=1) / 4 == pytest.approx(0.05324, abs=5e-6)
    one = [0.1, 0.3, 0.2, 0.6, 0.5, 0.4, 0.7, 0.8, 0.9, 0.55]
    two = [0.2, 0.6, 0.3, 0.7, 0.4, 0.5, 0.35, 0.8, 0.65, 0.45]
    found = delong([0] * 5 + [1] * 5, one, two)
    assert (found.first, found.second) == pytest.approx((0.88, 0.68))
    assert (found.z, found.p) == pytest.approx((1.195, 0.232), abs=5e-4)
    assert delong([0, 0, 1, 1], one[:4], one[:4]).p == 1.0


def test_subject_interval():
    found = subject_interval(EIGHT)
    assert (found.low, found.high) == pytest.approx((-0.00104, 0.04604), abs=5e-6)
    assert found.estimand == "population"


def test_corrected_t():
    found = corrected_t([0.05, 0.02, -0.01, 0.04, 0.03], k=5)
    assert (found.statistic, found.p) == pytest.approx((1.6836, 0.1676), abs=5e-5)
    raw = np.random.default_rng(0).standard_normal(100)
    values = 0.02 + 0.04 * (raw - raw.mean()) / raw.std(ddof=1)
    found = corrected_t(values, k=10)
    assert (found.statistic, found.p) == pytest.approx((1.4367, 0.154), abs=5e-4)
    both = corrected_interval(values, k=10)
    assert (both.low, both.high) == pytest.approx((found.low, found.high))
    with pytest.raises(DataError, match="incomplete"):
        corrected_t(values[:-1], k=10)


def test_sign_flip_and_subjects():
    found = compare_subjects(0.7 + EIGHT, np.full(8, 0.7))
    assert found.difference == pytest.approx(0.0225)
    assert found.p == pytest.approx(0.0859, abs=5e-5)
    assert found.effect == pytest.approx(0.799, abs=5e-4)
    assert hedges_g(found.effect, 8) == pytest.approx(0.710, abs=5e-4)
    assert sign_flip(EIGHT, "greater") == pytest.approx(0.0430, abs=5e-5)
    scipy = stats.permutation_test(
        (EIGHT,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="greater"
    )
    assert sign_flip(EIGHT, "greater") == pytest.approx(scipy.pvalue)
    assert sign_flip(-EIGHT, "less") == sign_flip(EIGHT, "greater")
    assert stats.wilcoxon(EIGHT).pvalue == pytest.approx(0.0859, abs=5e-5)
    assert stats.ttest_1samp(EIGHT, 0).pvalue == pytest.approx(0.0583, abs=5e-5)


def test_drawn_flips_approach_exact_ones():
    d = np.random.default_rng(3).normal(0.4, 1, 13)
    bits = (np.arange(2**13)[:, None] >> np.arange(13)) & 1
    exact = np.mean(np.abs((1 - 2 * bits) @ d) >= abs(d.sum()) - 1e-12)
    assert sign_flip(d) == pytest.approx(exact, abs=0.015)


def test_too_few_people_are_not_called_equal():
    assert [subjects_needed(m) for m in (1, 3, 10, 45)] == [6, 7, 9, 11]
    found = compare_subjects([0.9] * 5, [0.5, 0.6, 0.5, 0.55, 0.5])
    assert math.isnan(found.p)
    assert "Not testable" in found.note


def test_mcnemar():
    assert mcnemar(15, 5) == pytest.approx(0.0414, abs=5e-5)
    assert mcnemar(8, 2) == pytest.approx(0.109, abs=5e-4)
    y = np.zeros(30, int)
    first, second = y.copy(), y.copy()
    first[:5], second[5:20] = 1, 1
    found = compare_trials(y, first, second)
    assert (found.difference, found.p) == pytest.approx((10 / 30, 0.0414), abs=5e-5)


def test_random_effects():
    se = np.array([0.010, 0.012, 0.020, 0.015, 0.008])
    found = random_effects([0.04, 0.01, 0.06, -0.01, 0.03], se**2)
    assert found.fixed == pytest.approx(0.02641, abs=5e-6)
    assert (found.q, found.q_p) == pytest.approx((12.631, 0.0132), abs=5e-4)
    assert found.i2 == pytest.approx(0.683, abs=5e-4)
    assert found.tau2 == pytest.approx(2.984e-4, abs=5e-8)
    assert found.mean == pytest.approx(0.02507, abs=5e-6)
    assert (found.low, found.high) == pytest.approx((-0.0054, 0.0555), abs=5e-5)
    ends = found.prediction_low, found.prediction_high
    assert ends == pytest.approx((-0.0378, 0.0879), abs=5e-5)
    z, p = stouffer([0.04, 0.20, 0.01], np.sqrt([10, 20, 9]))
    assert (z, p) == pytest.approx((2.6067, 0.00457), abs=5e-5)
    scipy = stats.combine_pvalues([0.04, 0.2, 0.01], "stouffer", weights=np.sqrt([10, 20, 9]))
    assert (z, p) == pytest.approx((scipy.statistic, scipy.pvalue))


def test_multiplicity():
    p = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06]
    assert holm(p) == pytest.approx([0.006, 0.040, 0.156, 0.156, 0.156, 0.156], abs=5e-4)
    adjusted = [0.006, 0.024, 0.0504, 0.0504, 0.0504, 0.060]
    assert benjamini_hochberg(p) == pytest.approx(adjusted, abs=5e-5)
    rng = np.random.default_rng(0)
    p = rng.uniform(size=20)
    assert benjamini_hochberg(p) == pytest.approx(stats.false_discovery_control(p))
    shuffled = rng.permutation(20)
    assert holm(p[shuffled]) == pytest.approx(holm(p)[shuffled])
    with pytest.raises(DataError):
        holm([0.1, np.nan])


def test_critical_difference():
    table = [[.80, .78, .70], [.75, .76, .71], [.90, .85, .83], [.60, .62, .55], [.72, .70, .66],
             [.81, .79, .80]]  # fmt: skip
    found = critical_difference(table)
    assert found.ranks == pytest.approx([1.333, 1.833, 2.833], abs=5e-4)
    assert (found.chi2, found.chi2_p) == pytest.approx((7.0, 0.0302), abs=5e-5)
    assert (found.f, found.f_p) == pytest.approx((7.0, 0.0126), abs=5e-5)
    assert found.critical_difference == pytest.approx(1.3531, abs=5e-5)
    scipy = stats.friedmanchisquare(*np.transpose(table))
    assert found.chi2 == pytest.approx(scipy.statistic)
    for k, q in [(3, 2.3437), (5, 2.7278), (10, 3.1637)]:
        rng = np.random.default_rng(k)
        cd = critical_difference(rng.uniform(size=(6, k))).critical_difference
        assert cd / math.sqrt(k * (k + 1) / 36) == pytest.approx(q, abs=5e-5)


def test_rope():
    found = rope_probabilities([0.05, 0.02, -0.01, 0.04, 0.03], k=5)
    assert found == pytest.approx((0.0401, 0.1393, 0.8206), abs=5e-5)


def test_cell_key():
    cell = {
        "card": "demo@1", "fold": 0, "seed": 0,
        "recipe": [["covariance", {"estimator": "oas"}], ["tangent-space", {}],
                   ["logistic", {"C": 1.0}]],
        "split": {"k": 5, "kind": "within-session", "order": "block", "version": 1},
    }  # fmt: skip
    assert digest(cell) == "caa49efbba410bff232c8822fcca5bf40a59c01b4cd5258c45a96606a34c7dc8"


# ------------------------------------------------------------- a sentence, not a number
def test_perfect_scores_carry_a_sentence():
    y = np.array([0, 1] * 10)
    found = interval("accuracy", y, y)
    assert found.high == 1
    assert found.low == pytest.approx(0.8389, abs=5e-5)
    assert "no proof" in found.note
    auc = interval("roc-auc", y, scores=y.astype(float))
    assert (auc.low, auc.high) == pytest.approx((0.8002, 1), abs=5e-5)
    assert "no proof" in auc.note
    balanced = interval("balanced-accuracy", y, y)
    assert 0.7 < balanced.low < balanced.high == 1


def test_balanced_accuracy_interval_feels_the_rare_class():
    y = np.repeat([0, 1], [190, 10])
    guess = np.r_[np.zeros(160, int), np.ones(30, int), np.ones(7, int), np.zeros(3, int)]
    rare = interval("balanced-accuracy", y, guess)
    even = interval("accuracy", y, guess)
    assert rare.high - rare.low > 2 * (even.high - even.low)
    balanced_y = np.repeat([0, 1], 100)
    wrong = np.r_[np.zeros(70, int), np.ones(100, int), np.zeros(30, int)]
    ends = [interval(m, balanced_y, wrong) for m in ("balanced-accuracy", "accuracy")]
    assert tuple(ends[0]) == pytest.approx(tuple(ends[1]), abs=0.01)


def test_missing_intervals_say_why():
    assert "One person" in subject_interval([0.7]).note
    assert "have no score" in subject_interval([0.7, np.nan, 0.8]).note
    assert "score the same" in subject_interval([0.7, 0.7]).note
    one_class = interval("balanced-accuracy", [0, 0], [0, 0], classes=[0, 1])
    assert "no test trial of class 1" in one_class.note
    assert "NaN" in interval("roc-auc", [0, 1], scores=[np.nan, 1.0]).note
    assert "No interval for kappa" in interval("kappa", [0, 1], [0, 1]).note
    assert "folds" in corrected_interval([0.5], k=5).note


def test_equal_differences_say_so():
    same = compare_subjects([0.7] * 8, [0.7] * 8)
    assert same.p == 1
    assert math.isnan(same.effect)
    assert "d_z is undefined" in same.note
    shifted = compare_subjects([0.8] * 8, [0.7] * 8)
    assert math.isnan(shifted.effect)
    assert shifted.p == pytest.approx(2 / 2**8)
    assert corrected_t([0.0] * 5, k=5).p == 1
    assert "nothing to test" in compare_trials([0, 1], [0, 1], [0, 1]).note
    with pytest.raises(DataError, match="NaN"):
        compare_subjects([0.7, np.nan], [0.7, 0.7])


def test_two_data_sets_are_not_pooled():
    found = random_effects([0.1, 0.2], [0.01, 0.01])
    assert math.isnan(found.mean)
    assert "too few to pool" in found.note
    with pytest.raises(DataError):
        random_effects([0.1, 0.2, 0.3], [0.01, 0.0, 0.01])
