"""False alarms of the tests, simulated; the naive test must fail, or the simulation is dead."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from neurodecode.evaluation import corrected_t, random_effects, sign_flip
from neurodecode.evaluation.folds import deal, fold_key

RUNS = 400
pytestmark = pytest.mark.slow


def ridge_hits(x: np.ndarray, y: np.ndarray, train: np.ndarray, test: np.ndarray) -> float:
    """Accuracy of a regularised linear discriminant of classes coded -1 and 1."""
    a = x[train]
    w = np.linalg.solve(a.T @ a + 0.1 * len(train) * np.eye(x.shape[1]), a.T @ y[train])
    return float(np.mean(np.sign(x[test] @ w) == y[test]))


def fold_differences(rng: np.random.Generator, repetitions: int, k: int, n: int) -> np.ndarray:
    """Accuracy differences of two equally good learners on disjoint features of one person."""
    y = np.where(np.arange(n) % 2, 1.0, -1.0)
    x = rng.standard_normal((n, 20))
    for start in (0, 10):
        x[:, start : start + 10] += y[:, None] * 0.75 / np.sqrt(10)
    found = []
    for repetition in range(repetitions):
        fold = deal([fold_key(repetition, i) for i in range(n)], (y > 0).astype(int), k)
        for number in range(k):
            train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
            first = ridge_hits(x[:, :10], y, train, test)
            found.append(first - ridge_hits(x[:, 10:], y, train, test))
    return np.array(found)


def test_corrected_t_holds_its_level_and_naive_t_does_not():
    rng = np.random.default_rng(0)
    corrected, naive = [], []
    for _ in range(RUNS):
        d = fold_differences(rng, repetitions=10, k=5, n=100)
        corrected.append(corrected_t(d, k=5).p < 0.05)
        naive.append(stats.ttest_1samp(d, 0).pvalue < 0.05)
    assert 0.02 <= np.mean(corrected) <= 0.08
    assert np.mean(naive) > 0.2


@pytest.mark.parametrize("n_subjects", [9, 20])
def test_sign_flip_holds_its_level(n_subjects):
    rng = np.random.default_rng(1)
    rejected = [
        sign_flip(rng.normal(0, 0.05, n_subjects) + rng.normal(0, 0.02, n_subjects), n_draws=999)
        < 0.05
        for _ in range(RUNS)
    ]
    assert 0.02 <= np.mean(rejected) <= 0.08


@pytest.mark.parametrize("tau", [0.0, 0.02])
def test_hartung_knapp_holds_its_level_and_fixed_effects_do_not(tau):
    rng = np.random.default_rng(2)
    pooled, fixed = [], []
    for _ in range(RUNS):
        s = rng.integers(8, 40, size=10)
        d = [rng.normal(rng.normal(0, tau), 0.05, n) for n in s]
        y, v = np.array([e.mean() for e in d]), np.array([e.var(ddof=1) / len(e) for e in d])
        found = random_effects(y, v)
        pooled.append(found.p < 0.05)
        fixed.append(abs(found.fixed) * np.sqrt(np.sum(1 / v)) > 1.96)
    assert 0.02 <= np.mean(pooled) <= 0.08
    if tau:
        assert np.mean(fixed) > 0.2
