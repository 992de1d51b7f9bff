"""The affine-invariant geometry beside pyRiemann and SciPy, with kernels and with their twins.

Sets have condition numbers up to 1e8, as recordings have them: mixed by one ill-conditioned
matrix. What bounds the agreement is rounding of the matrices themselves: at 4e8, the tangent
vectors of pyRiemann and ours are both 6e-10 from those of arithmetic with 40 digits.
"""

import numpy as np
import pytest
from scipy.linalg import eigvalsh

from neurodecode.core.errors import DataError
from neurodecode.linalg import (
    gaussian_kernel,
    log_euclidean_kernel,
    pairwise_squared_distances,
    riemannian_kernel,
    riemannian_mean,
    riemannian_means,
    squared_distances,
    tangent_vectors,
)
from neurodecode.linalg._native import library
from neurodecode.linalg._native.logs import rules
from neurodecode.linalg.karcher import karcher_means
from neurodecode.linalg.logs import logarithms

pytestmark = pytest.mark.parity

SIZES = [2, 5, 22, 64, 128]
CONDITIONS = [1e2, 3e6]  # of the mixing; the matrices themselves reach 7e3 and 1e8


@pytest.fixture(params=["kernels", "twins"], autouse=True)
def way(request, monkeypatch):
    """Both ways, whatever the environment says."""
    if request.param == "twins":
        monkeypatch.setenv(library.SWITCH, "0")
    elif not library.forms():
        pytest.skip("no kernels built here (no C compiler?)")
    else:
        monkeypatch.delenv(library.SWITCH, raising=False)


def spd_set(n, condition, count=None, seed=0):
    """Covariances of a few trials, mixed by a matrix of the square root of a condition number."""
    rng = np.random.default_rng(seed)
    count = count or (10 if n < 64 else 3)
    powers = np.exp(rng.normal(size=(count, n, 1)))
    x = np.sqrt(powers) * rng.normal(size=(count, n, 6 * n))
    basis = np.linalg.qr(rng.normal(size=(n, n)))[0]
    mixing = basis * condition ** (-0.5 * np.linspace(0, 1, n))
    matrices = mixing @ (x @ x.transpose(0, 2, 1) / (6 * n)) @ mixing.T
    return (matrices + matrices.transpose(0, 2, 1)) / 2


def apart(n, condition, count, seed=0):
    """Matrices that share no axes, each of a condition number."""
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(count, n, n)))[0]
    matrices = (basis * condition ** -np.linspace(0, 1, n)) @ basis.transpose(0, 2, 1)
    return (matrices + matrices.transpose(0, 2, 1)) / 2


def difference(a, b):
    return np.linalg.norm(a - b) / np.linalg.norm(b)


def pyriemann_mean(matrices):
    from pyriemann.geometry.mean import mean_riemann

    return mean_riemann(matrices, tol=1e-10, maxiter=60)


# ---------------------------------------------------------------------- against the peers
@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("condition", CONDITIONS)
def test_logarithms_and_tangent_vectors_equal_pyriemann(n, condition):
    from pyriemann.geometry.base import logm
    from pyriemann.geometry.tangentspace import tangent_space

    matrices = spd_set(n, condition)
    assert difference(logarithms(matrices), logm(matrices)) < 1e-9
    reference = matrices.mean(axis=0)
    ours = tangent_vectors(matrices, reference, "test")
    assert difference(ours, tangent_space(matrices, reference)) < 1e-9


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("condition", CONDITIONS)
def test_distances_equal_scipys_generalized_eigenvalues(n, condition):
    matrices = spd_set(n, condition)
    between = [[np.sum(np.log(eigvalsh(a, b)) ** 2) for b in matrices] for a in matrices]
    assert difference(pairwise_squared_distances(matrices), between) < 1e-9
    ours = squared_distances(matrices, matrices[:2], "test")
    off = ~np.eye(len(matrices), 2, dtype=bool)
    assert difference(ours[off], np.array(between)[:, :2][off]) < 1e-9
    assert np.array_equal(squared_distances(matrices, matrices[1], "test"), ours[:, 1])


@pytest.mark.parametrize(
    ("n", "condition"), [(2, 3e6), (5, 3e6), (22, 1e2), (22, 3e6), (64, 3e6), (128, 1e2)]
)
def test_means_equal_pyriemanns_to_1e_9(n, condition):
    matrices = spd_set(n, condition)
    assert difference(riemannian_mean(matrices), pyriemann_mean(matrices)) < 1e-9


@pytest.mark.parametrize("n", [2, 22])
@pytest.mark.parametrize("condition", CONDITIONS)
def test_kernels_equal_pyriemann(n, condition):
    from pyriemann.geometry import kernel

    matrices = spd_set(n, condition)
    matrices, others = matrices[:-3], matrices[-3:]
    mean = riemannian_mean(matrices)
    for ours, theirs in (
        (log_euclidean_kernel(matrices), kernel.kernel_logeuclid(matrices, reg=0)),
        (log_euclidean_kernel(matrices, others), kernel.kernel_logeuclid(matrices, others)),
        (riemannian_kernel(matrices), kernel.kernel_riemann(matrices, Cref=mean, reg=0)),
        (riemannian_kernel(matrices, others), kernel.kernel_riemann(matrices, others, Cref=mean)),
    ):
        assert difference(ours, theirs) < 1e-9


@pytest.mark.parametrize("n", [2, 22])
def test_gaussian_kernel_falls_with_the_distance(n):
    matrices = spd_set(n, 1e2)
    kernel = gaussian_kernel(matrices, gamma=0.1)
    assert np.allclose(kernel, np.exp(-0.1 * pairwise_squared_distances(matrices)), rtol=1e-12)
    across = gaussian_kernel(matrices, matrices[:3], gamma=0.1)
    assert np.allclose(across, kernel[:, :3], rtol=1e-9)
    with pytest.raises(DataError, match="gamma=0"):
        gaussian_kernel(matrices, gamma=0)


# ---------------------------------------------------------------------- means
@pytest.mark.parametrize(("n", "condition"), [(2, 1e8), (6, 1e8), (12, 1e4)])
def test_the_gradient_vanishes_at_means_of_matrices_without_common_axes(n, condition):
    matrices = apart(n, condition, count=10)
    mean = riemannian_mean(matrices)
    gradient = tangent_vectors(matrices, mean, "test").mean(axis=0)
    assert np.linalg.norm(gradient) < 1e-12 * condition + 1e-9 * np.sqrt(n)


def test_a_mean_of_subsets_does_not_see_the_other_subsets():
    matrices = spd_set(8, 1e4, count=40)
    rows = np.arange(40)
    folds = [rows[rows % 5 != k] for k in range(5)]
    subsets = [*folds, *(fold[fold % 2 == 0] for fold in folds), rows[:1], rows[:2], rows]
    together = riemannian_means(matrices, subsets)
    for mean, subset in zip(together, subsets, strict=True):
        assert difference(mean, riemannian_mean(matrices[subset])) < 1e-9
        assert difference(mean, riemannian_mean(matrices[subset[::-1]])) < 1e-9
    assert difference(together[-3], matrices[0]) < 1e-9
    assert difference(together[0], pyriemann_mean(matrices[folds[0]])) < 1e-9


def test_subsets_are_rows_or_masks_and_may_repeat_a_row():
    matrices = spd_set(4, 1e2)
    mask = np.arange(10) < 4
    twice = riemannian_means(matrices, [mask, [0, 1, 2, 3], [0, 0, 1]])
    assert np.array_equal(twice[0], twice[1])
    assert difference(twice[2], riemannian_mean(matrices[[0, 0, 1]])) < 1e-9
    assert riemannian_means(matrices, []).shape == (0, 4, 4)


def test_subsets_of_different_ranges_have_their_means_in_them():
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(5, 5)))[0]
    inside = spd_set(3, 1e2, count=6)
    left, right = basis[:, :3], basis[:, 2:]
    matrices = np.concatenate([left @ inside @ left.T, right @ inside @ right.T])
    with pytest.warns(UserWarning, match="rank 3"):
        means = riemannian_means(matrices, [np.arange(6), np.arange(6, 12)], "here")
    mean = riemannian_mean(inside)
    assert difference(means[0], left @ mean @ left.T) < 1e-9
    assert difference(means[1], right @ mean @ right.T) < 1e-9


def test_what_has_no_mean_is_refused():
    matrices = spd_set(4, 1e2)
    with pytest.raises(DataError, match="subset 1 is empty"):
        riemannian_means(matrices, [[0], []], "here")
    with pytest.raises(DataError, match="here: no matrices"):
        riemannian_mean(matrices[:0], "here")
    matrices[7] = np.diag([1.0, 1, 1, 0])
    with pytest.raises(DataError, match=r"here, trial 7 of 10: .*full rank"):
        riemannian_means(matrices, [[0, 1], [6, 7]], "here")
    riemannian_means(matrices, [[0, 1], [6, 8]])  # a bad matrix that nobody asks for


def test_a_mean_out_of_reach_is_no_number(monkeypatch):
    monkeypatch.setattr("neurodecode.linalg.karcher._ITERATIONS", 2)
    with pytest.raises(DataError, match="here: the mean does not converge"):
        karcher_means(spd_set(4, 1e2), [np.arange(10)], "here")


# ---------------------------------------------------------------------- company
def test_a_trial_gets_the_same_bits_whatever_lies_beside_it():
    matrices = np.concatenate([spd_set(8, 1e2, 3), np.eye(8)[None], spd_set(8, 1e8, 5)])
    reference = spd_set(8, 1e2, 1, seed=3)[0]
    vectors = tangent_vectors(matrices, reference, "test")
    distances = squared_distances(matrices, reference, "test")
    for order in (np.arange(9)[::-1], np.array([4]), np.array([3, 0])):
        assert np.array_equal(tangent_vectors(matrices[order], reference, "test"), vectors[order])
        assert np.array_equal(
            squared_distances(matrices[order], reference, "test"), distances[order]
        )


@pytest.mark.parametrize("scale", [1e-200, 1e-12, 1e12, 1e200])
def test_units_do_not_matter(scale):
    matrices = spd_set(5, 1e4)
    distances = pairwise_squared_distances(scale * matrices)
    assert difference(distances, pairwise_squared_distances(matrices)) < 1e-9
    mean = riemannian_mean(scale * matrices)
    assert difference(mean / scale, riemannian_mean(matrices)) < 1e-9


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_matrices_that_are_not_finite_are_refused(bad):
    matrices = spd_set(5, 1e2)
    matrices[3, 2, 2] = bad
    with pytest.raises((DataError, np.linalg.LinAlgError)):
        squared_distances(matrices, np.eye(5), "test")
    with pytest.raises((DataError, np.linalg.LinAlgError)):
        riemannian_mean(matrices)


def test_rules_give_the_logarithm_over_the_range_they_promise():
    for condition, n_nodes, *table in rules():
        t, w = table[: int(n_nodes)], table[48 : 48 + int(n_nodes)]
        x = np.exp(np.linspace(-0.5, 0.5, 501) * np.log(condition))
        log = np.sum(w / (1 + np.array(t))) - np.sum(w / (x[:, None] + t), axis=1)
        assert np.abs(log - np.log(x)).max() < 1e-11


# ---------------------------------------------------------------------- tensors
def test_tensors_give_tensors():
    import torch

    matrices = spd_set(5, 1e2)
    given = torch.from_numpy(matrices)
    rows = [np.arange(5), np.arange(10)]
    reference = matrices[0]
    for function, arguments in (
        (riemannian_mean, ()),
        (riemannian_means, (rows,)),
        (tangent_vectors, (reference, "test")),
        (squared_distances, (matrices[:2], "test")),
        (pairwise_squared_distances, ()),
        (riemannian_kernel, ()),
    ):
        result = function(given, *arguments)
        assert isinstance(result, torch.Tensor) and result.dtype == torch.float64
        assert np.array_equal(result.numpy(), function(matrices, *arguments))
    mixed = tangent_vectors(matrices, torch.from_numpy(reference), "test")
    assert isinstance(mixed, torch.Tensor)
    assert riemannian_mean(given.float()).dtype == torch.float64
