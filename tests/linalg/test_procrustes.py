"""Rotations: what they bring together, what they leave alone, pyRiemann's beside."""

import numpy as np
import pytest

from neurodecode.linalg.procrustes import least_rotation, matrix_rotation


def random_rotation(n, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))[0]


def random_spd(n_matrices, n, seed=0):
    x = np.random.default_rng(seed).normal(size=(n_matrices, n, 3 * n))
    return x @ x.transpose(0, 2, 1) / (3 * n)


def test_vectors_are_brought_together_and_what_is_orthogonal_stays():
    anchors, rotation = np.random.default_rng(0).normal(size=(3, 40)), random_rotation(40)
    found = least_rotation(anchors, anchors @ rotation)
    assert np.allclose(anchors @ found, anchors @ rotation, atol=1e-6)
    assert np.allclose(found @ found.T, np.eye(40), atol=1e-12)
    both = np.concatenate([anchors, anchors @ rotation])
    aside = np.linalg.svd(both)[2][6:]
    assert np.allclose(aside @ found, aside, atol=1e-12)


def test_vectors_in_place_are_not_moved():
    anchors = np.random.default_rng(0).normal(size=(3, 10))
    assert np.allclose(least_rotation(anchors, anchors), np.eye(10), atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_a_rotation_of_matrices_is_found(seed):
    matrices, rotation = random_spd(2, 6, seed), random_rotation(6, seed)
    targets = rotation @ matrices @ rotation.T
    found = matrix_rotation(matrices, targets)
    assert np.allclose(found @ matrices @ found.T, targets, atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_matrices_come_nearer_than_by_steepest_descent(seed):
    transfer = pytest.importorskip("pyriemann.transfer")
    matrices, rotation = random_spd(2, 6, seed), random_rotation(6, seed)
    targets = rotation @ matrices @ rotation.T + 0.3 * random_spd(2, 6, seed + 10)
    points = np.concatenate([matrices, targets])
    X, y = transfer.encode_domains(points, [0, 1, 0, 1], np.repeat(["a", "b"], 2))
    theirs = transfer.TLRotate("b", metric="euclid").fit(X, y).rotations_["a"]

    def missed(one):
        return np.sum((targets - one @ matrices @ one.T) ** 2)

    assert missed(matrix_rotation(matrices, targets)) <= missed(theirs) + 1e-9
