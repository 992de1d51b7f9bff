"""Positive definite matrices: closed forms, invariances, refusals, and pyRiemann beside."""

import numpy as np
import pytest

from neurodecode.core.errors import DataError
from neurodecode.linalg import (
    inverse_sqrt,
    riemannian_mean,
    second_moment,
    squared_distances,
    tangent_vectors,
    trial_covariances,
)


def random_spd(n_matrices, n, seed=0):
    x = np.random.default_rng(seed).normal(size=(n_matrices, n, 3 * n))
    return x @ x.transpose(0, 2, 1) / (3 * n)


def test_inverse_sqrt_whitens():
    matrices = random_spd(5, 6)
    roots = inverse_sqrt(matrices)
    assert np.allclose(roots @ matrices @ roots, np.eye(6), atol=1e-10)
    assert np.allclose(roots, roots.transpose(0, 2, 1))


def test_distance_of_twice_the_identity_is_2_log_2():
    distance = squared_distances(2 * np.eye(4)[None], np.eye(4), "test")[0] ** 0.5
    assert distance == pytest.approx(1.386294, abs=1e-6)


def test_distance_does_not_see_mixing():
    a, b = random_spd(2, 5)
    mix = np.random.default_rng(1).normal(size=(5, 5))
    plain = squared_distances(a[None], b, "test")
    mixed = squared_distances((mix @ a @ mix.T)[None], mix @ b @ mix.T, "test")
    assert mixed == pytest.approx(plain, rel=1e-8)


@pytest.mark.parametrize(
    ("matrix", "vector"),
    [
        (np.diag([np.e, np.e**-2]), [1, 0, -2]),
        (np.array([[2, 0.5], [0.5, 1]]), [0.641758, 0.511875, -0.082142]),
    ],
)
def test_tangent_vectors_at_the_identity(matrix, vector):
    assert tangent_vectors(matrix[None], np.eye(2), "test")[0] == pytest.approx(vector, abs=1e-6)


def test_tangent_norm_is_the_distance():
    matrices, reference = random_spd(4, 5), random_spd(1, 5, seed=9)[0]
    norms = np.sum(tangent_vectors(matrices, reference, "test") ** 2, axis=1)
    assert norms == pytest.approx(squared_distances(matrices, reference, "test"), rel=1e-9)


def test_mean_of_commuting_matrices_is_geometric():
    matrices = np.stack([np.diag(d) for d in [[1.0, 8.0], [4.0, 2.0], [2.0, 4.0]]])
    assert np.allclose(riemannian_mean(matrices), np.diag([2.0, 4.0]), atol=1e-10)


def test_mean_moves_with_mixing_and_with_inversion():
    matrices = random_spd(10, 4)
    mix = np.random.default_rng(1).normal(size=(4, 4))
    mean = riemannian_mean(matrices)
    assert np.allclose(riemannian_mean(mix @ matrices @ mix.T), mix @ mean @ mix.T, rtol=1e-7)
    assert np.allclose(riemannian_mean(np.linalg.inv(matrices)), np.linalg.inv(mean), rtol=1e-7)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
def test_mean_and_tangent_space_equal_pyriemann():
    from pyriemann.tangentspace import TangentSpace

    matrices = random_spd(30, 8)
    theirs = TangentSpace(metric="riemann").fit(matrices)
    mean = riemannian_mean(matrices)
    assert np.allclose(mean, theirs.reference_, rtol=1e-6, atol=1e-7)
    ours = tangent_vectors(matrices, mean, "test")
    assert np.allclose(ours, theirs.transform(matrices), atol=1e-6)


@pytest.mark.parametrize("call", [
    lambda bad: inverse_sqrt(bad, "here"),
    lambda bad: riemannian_mean(np.concatenate([bad, [np.eye(4)]]), "here"),
    lambda bad: tangent_vectors(bad, np.eye(4), "here"),
    lambda bad: squared_distances(bad, np.eye(4), "here"),
])  # fmt: skip
def test_matrices_without_full_rank_are_refused(call):
    centre = np.eye(4) - 0.25  # an average reference
    bad = centre @ random_spd(3, 4) @ centre
    with pytest.raises(DataError, match="found      rank 3") as caught:
        call(bad)
    assert "here" in str(caught.value) and "pick" in caught.value.fix


@pytest.mark.parametrize("seed", [0, 1])
def test_geometry_of_singular_matrices_is_that_of_their_range(seed):
    basis = np.linalg.qr(np.random.default_rng(seed).normal(size=(5, 5)))[0][:, :3]
    inside = random_spd(6, 3)
    matrices = basis @ inside @ basis.T
    mean = riemannian_mean(inside)
    with pytest.warns(UserWarning, match="here: covariances of 5 channels have rank 3"):
        theirs = riemannian_mean(matrices, "here")
    assert np.allclose(theirs, basis @ mean @ basis.T, atol=1e-9)
    distances = squared_distances(matrices, theirs, "here")
    assert np.allclose(distances, squared_distances(inside, mean, "here"), atol=1e-9)
    vectors = tangent_vectors(matrices, theirs, "here")
    assert vectors.shape == (6, 6)
    assert np.allclose((vectors**2).sum(axis=1), distances, atol=1e-9)


def test_rank_of_average_referenced_float32_data_is_seen():
    x = np.random.default_rng(0).normal(size=(1, 8, 500)).astype(np.float32)
    x -= x.mean(axis=1, keepdims=True)
    with pytest.raises(DataError, match="rank 7"):
        inverse_sqrt(second_moment(x))


@pytest.mark.parametrize(("estimator", "theirs"), [("oas", "oas"), ("lwf", "ledoit_wolf")])
@pytest.mark.parametrize("n_times", [5, 40, 400])
def test_shrinkage_equals_scikit_learn(estimator, theirs, n_times):
    import sklearn.covariance

    x = np.random.default_rng(0).normal(size=(3, 10, n_times)) * np.arange(1, 11)[:, None]
    expected = [getattr(sklearn.covariance, theirs)(trial.T)[0] for trial in x]
    assert np.allclose(trial_covariances(x, estimator), expected, rtol=1e-10)


def test_sample_covariance_divides_by_the_number_of_samples():
    x = np.random.default_rng(0).normal(size=(2, 3, 50))
    expected = [np.cov(trial, bias=True) for trial in x]
    assert np.allclose(trial_covariances(x, "scm"), expected)
