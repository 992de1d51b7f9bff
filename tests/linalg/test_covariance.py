"""Covariances of all trials at once: equal to scikit-learn's, and no trial sees another."""

import numpy as np
import pytest
from sklearn.covariance import empirical_covariance, ledoit_wolf, oas

from neurodecode.linalg import subset_means, trial_covariances
from neurodecode.linalg.covariance import trial_blocks

THEIRS = {
    "scm": empirical_covariance,
    "oas": lambda x: oas(x)[0],
    "lwf": lambda x: ledoit_wolf(x)[0],
}


def signals(n_trials, n_channels, n_times, dtype=np.float64):
    rng = np.random.default_rng([n_trials, n_channels, n_times])
    mixing = rng.normal(size=(n_channels, n_channels))
    x = mixing @ rng.normal(size=(n_trials, n_channels, n_times))
    return (x + 100 * rng.normal(size=(n_channels, 1))).astype(dtype)


@pytest.mark.parametrize("estimator", THEIRS)
@pytest.mark.parametrize(("n_channels", "n_times"), [(2, 300), (22, 250), (128, 200), (30, 20)])
def test_they_are_scikit_learns(estimator, n_channels, n_times):
    x = signals(5, n_channels, n_times)
    expected = np.stack([THEIRS[estimator](trial.T) for trial in x])
    difference = np.abs(trial_covariances(x, estimator) - expected).max()
    assert difference <= 1e-12 * np.abs(expected).max()


@pytest.mark.parametrize("estimator", [*THEIRS, "corr"])
@pytest.mark.parametrize(
    ("dtype", "n_channels", "rank"),
    [(np.float64, 3, None), (np.float32, 22, None), (np.float64, 22, 21)],
)
def test_a_trial_gets_the_same_bits_in_any_company(estimator, dtype, n_channels, rank):
    n_trials = 2 * trial_blocks(10**6, n_channels * 501)[0].stop + 1  # blocks, and one left over
    x = signals(n_trials, n_channels, 501, dtype)
    together = trial_covariances(x, estimator, rank)
    for i in (0, 1, n_trials - 2, n_trials - 1):
        assert np.array_equal(trial_covariances(x[i : i + 1], estimator, rank)[0], together[i])
    assert np.array_equal(trial_covariances(x[::-1], estimator, rank), together[::-1])
    assert np.array_equal(trial_covariances(x[1::2].copy(), estimator, rank), together[1::2])


def test_a_memory_map_is_read_as_it_is(tmp_path):
    x = signals(9, 4, 100, np.float32)
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert np.array_equal(trial_covariances(mapped), trial_covariances(x))


def test_an_offset_costs_no_digit():
    x = signals(2, 3, 400)
    x -= x.mean(axis=2, keepdims=True)
    expected = trial_covariances(x)
    assert np.allclose(trial_covariances(x + 1e6), expected, rtol=1e-8)


def test_no_trials_give_no_matrices():
    assert trial_covariances(np.empty((0, 3, 50))).shape == (0, 3, 3)


def test_constant_trials_stay_zero():
    x = signals(3, 3, 50)
    x[1] = 5.0
    for estimator in THEIRS:
        assert np.array_equal(trial_covariances(x, estimator)[1], np.zeros((3, 3)))


def test_means_of_subsets_leave_out_what_they_do_not_hold():
    rng = np.random.default_rng(0)
    matrices = rng.normal(size=(20, 3, 3))
    matrices[7] *= 1e20
    subsets = [np.arange(7), np.arange(8, 20), np.array([4, 4, 2]), np.arange(20)]
    means = subset_means(matrices, subsets)
    expected = [matrices[rows].mean(axis=0) for rows in subsets]
    assert np.allclose(means, expected, rtol=1e-13, atol=1e-15)
