"""Means and distances by metric: pyRiemann's numbers, closed forms, singular matrices."""

import numpy as np
import pytest

from neurodecode.core.errors import DataError
from neurodecode.linalg import (
    from_tangent,
    geodesic,
    metric_mean,
    metric_means,
    metric_squared_distances,
    tangent_vectors,
)
from neurodecode.linalg.spd_metrics import METRICS


def random_spd(n_matrices, n, seed=0):
    x = np.random.default_rng(seed).normal(size=(n_matrices, n, 4 * n))
    return x @ x.transpose(0, 2, 1) / (4 * n)


@pytest.mark.parity
@pytest.mark.parametrize("metric", METRICS)
def test_mean_equals_pyriemann(metric):
    geometry = pytest.importorskip("pyriemann.geometry.mean")
    matrices = random_spd(12, 5)
    settings = {"tol": 1e-13, "maxiter": 500} if metric in ("riemann", "logdet") else {}
    theirs = geometry.gmean(matrices, metric=metric, **settings)
    assert np.allclose(metric_mean(matrices, metric), theirs, rtol=0, atol=1e-8)


@pytest.mark.parity
@pytest.mark.parametrize("metric", METRICS)
def test_distances_equal_pyriemann(metric):
    geometry = pytest.importorskip("pyriemann.geometry.distance")
    matrices, reference = random_spd(12, 5), random_spd(1, 5, seed=1)[0]
    theirs = geometry.distance(matrices, reference, metric=metric, squared=True)[:, 0]
    ours = metric_squared_distances(matrices, reference, metric)
    assert np.allclose(ours, theirs, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("metric", METRICS)
def test_many_means_and_references_are_the_single_ones(metric):
    matrices, subsets = random_spd(12, 5), [np.arange(7), np.arange(4, 12)]
    means = metric_means(matrices, subsets, metric)
    for mean, rows in zip(means, subsets, strict=True):
        assert np.allclose(mean, metric_mean(matrices[rows], metric), rtol=0, atol=1e-9)
    together = metric_squared_distances(matrices, means, metric)
    for column, mean in zip(together.T, means, strict=True):
        assert np.array_equal(column, metric_squared_distances(matrices, mean, metric))


# The mean of "kullback_sym" minimizes the divergence, not the square of it.
@pytest.mark.parametrize("metric", [each for each in METRICS if each != "kullback_sym"])
def test_the_mean_is_where_summed_distances_are_least(metric):
    matrices = random_spd(8, 4)
    mean = metric_mean(matrices, metric)
    least = metric_squared_distances(matrices, mean, metric).sum()
    noise = np.random.default_rng(0).normal(size=(6, 4, 4)) / 50
    for near in mean + noise @ mean @ noise.transpose(0, 2, 1) + (noise + noise.mT) / 10:
        assert metric_squared_distances(matrices, near, metric).sum() > least


@pytest.mark.parametrize("metric", METRICS)
def test_singular_matrices_are_compared_in_their_range(metric):
    basis = np.linalg.qr(np.random.default_rng(2).normal(size=(5, 5)))[0][:, :3]
    inside = random_spd(6, 3)
    outside = basis @ inside @ basis.T
    with pytest.warns(UserWarning, match="here: covariances of 5 channels have rank 3"):
        mean = metric_mean(outside, metric, "here")
    assert np.allclose(mean, basis @ metric_mean(inside, metric) @ basis.T, atol=1e-9)
    ours = metric_squared_distances(outside, mean, metric)
    expected = metric_squared_distances(inside, metric_mean(inside, metric), metric)
    assert np.allclose(ours, expected, atol=1e-9)


def test_geodesic_meets_its_ends_and_halves_the_distance():
    start, end = random_spd(2, 4)
    assert np.allclose(geodesic(start, end, 0.0), start)
    assert np.allclose(geodesic(start, end, 1.0), end)
    middle = geodesic(start, end, 0.5)
    parts = metric_squared_distances(np.stack([start, end]), middle, "riemann")
    whole = metric_squared_distances(start[None], end, "riemann")[0]
    assert parts == pytest.approx([whole / 4] * 2)


def test_tangent_vectors_and_back():
    matrices, reference = random_spd(5, 4), random_spd(1, 4, seed=3)[0]
    vectors = tangent_vectors(matrices, reference, "test")
    assert np.allclose(from_tangent(vectors, reference), matrices, atol=1e-12)


def test_unknown_metrics_are_refused():
    with pytest.raises(DataError, match="did you mean 'logeuclid'"):
        metric_mean(random_spd(2, 3), "logeuclidean")
