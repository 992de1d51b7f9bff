"""Cluster permutation over people: a planted stretch, MNE's numbers, and its level."""

import numpy as np
import pytest

from neurodecode.core.errors import DataError
from neurodecode.evaluation import cluster_test


def smooth_noise(rng, n_subjects, n_times, width=5):
    """Scores that are alike at neighbouring times, as overlapping windows make them."""
    kernel = np.ones(width) / width
    noise = rng.normal(size=(n_subjects, n_times + width - 1))
    return np.stack([np.convolve(each, kernel, "valid") for each in noise])


def test_p_values_are_mnes():
    from mne.stats import permutation_cluster_1samp_test
    from scipy.stats import t

    scores = smooth_noise(np.random.default_rng(0), 9, 40)
    scores[:, 20:26] += 0.5
    found = cluster_test(scores)
    observed, clusters, p, _ = permutation_cluster_1samp_test(
        scores, threshold=t.isf(0.05, 8), tail=1, n_permutations="all", out_type="mask",
        adjacency=None, verbose="error", seed=0,
    )  # fmt: skip
    np.testing.assert_allclose(found.statistic, observed, rtol=1e-9)
    assert len(clusters) > 1
    for cluster, value in zip(clusters, p, strict=True):
        # MNE leaves out the flip of all signs; ours are all 512 flips
        assert found.p[cluster] == pytest.approx(value, abs=2 / 512)


def test_a_square_on_a_map_is_found_and_chance_counts():
    rng = np.random.default_rng(1)
    scores = 0.25 + 0.05 * rng.normal(size=(14, 8, 8))
    scores[:, 2:5, 2:5] += 0.1
    assert cluster_test(scores, chance=0.25).mask[2:5, 2:5].all()
    assert not cluster_test(scores, chance=0.9).mask.any()


def test_four_people_can_show_nothing():
    scores = np.ones((4, 10)) + 0.01 * np.random.default_rng(0).normal(size=(4, 10))
    found = cluster_test(scores)
    assert not found.mask.any() and "at least 5" in found.note


@pytest.mark.parametrize(
    ("scores", "threshold"),
    [(np.ones((1, 5)), 0.05), (np.full((6, 5), np.nan), 0.05), (np.ones((6, 5)), 0.7)],
)
def test_refuses_what_cannot_be_tested(scores, threshold):
    with pytest.raises(DataError, match="no test of these maps"):
        cluster_test(scores, threshold=threshold)


@pytest.mark.slow
@pytest.mark.parametrize("n_subjects", [7, 20])
def test_level_holds_and_uncorrected_cells_do_not(n_subjects):
    from scipy.stats import ttest_1samp

    rng = np.random.default_rng(2)
    hits, naive = [], []
    for _ in range(400):
        scores = smooth_noise(rng, n_subjects, 40)
        hits.append(cluster_test(scores, n_draws=199).mask.any())
        naive.append((ttest_1samp(scores, 0, alternative="greater").pvalue < 0.05).any())
    assert 0.02 <= np.mean(hits) <= 0.08
    assert np.mean(naive) > 0.2
