"""Joint diagonalization and common spatial patterns against pyRiemann, by kernels and twins."""

from functools import cache

import numpy as np
import pytest
from pyriemann.geometry.ajd import ajd_pham
from pyriemann.spatialfilters import CSP as PyriemannCSP

from neurodecode.core.errors import DataError
from neurodecode.linalg import joint_diagonalizer
from neurodecode.linalg._native import joint, library
from neurodecode.linalg.eigen import csp_filters, powers

pytestmark = pytest.mark.parity


@pytest.fixture(params=[None, *library.forms()], ids=lambda form: form.name if form else "twin")
def form(request, monkeypatch):
    """The twin, then the kernel in one form after the other."""
    monkeypatch.setattr(joint, "kernels", lambda: request.param)


def related(count, n, condition=100.0, apart=0.05, seed=0):
    """Covariances that share their mixing but for a little, condition number as told."""
    rng = np.random.default_rng([seed, count, n])
    basis = np.linalg.qr(rng.normal(size=(n, n)))[0]
    roots = []
    for _ in range(count):
        powers_of_sources = condition ** -np.linspace(0, 1, n) * rng.uniform(0.5, 2, n)
        changed = np.eye(n) + apart * rng.normal(size=(n, n)) / np.sqrt(n)
        roots.append(basis * np.sqrt(powers_of_sources) @ changed)
    return np.array([root @ root.T for root in roots])


def distance(a, b):
    return np.linalg.norm(a - b) / np.linalg.norm(b)


@cache
def pyriemanns(count, n):
    return ajd_pham(related(count, n))[0]


# ---------------------------------------------------------------------- joint diagonalization
@pytest.mark.parametrize(("count", "n"), [(2, 2), (3, 2), (4, 3), (9, 5), (2, 8), (3, 13), (4, 22)])
def test_it_is_pyriemanns(form, count, n):
    assert distance(joint_diagonalizer(related(count, n)), pyriemanns(count, n)) < 1e-8


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")  # three sweeps do not settle, in either
@pytest.mark.parametrize(("count", "n"), [(3, 64), (4, 128)])
def test_it_is_pyriemanns_at_many_channels(form, count, n):
    # Two or three matrices of 128 channels leave so many directions free that pyRiemann's own
    # result moves by 0.1 and 1e-5 where its input moves by 1e-16.
    matrices = related(count, n)
    theirs = ajd_pham(matrices, n_iter_max=2)[0]
    assert distance(joint_diagonalizer(matrices, 2), theirs) < 1e-8


@pytest.mark.parametrize("n", [2, 8, 13])
def test_channels_of_very_unlike_units_change_nothing(form, n):
    """A condition number of 1e8 and more that lies in the units alone costs no digit."""
    matrices = related(4, n)
    units = 10.0 ** np.linspace(0, -4, n)
    scaled = matrices * units * units[:, None]
    assert np.linalg.cond(scaled[0]) > 1e8
    theirs = ajd_pham(scaled)[0]
    ours = joint_diagonalizer(scaled)
    assert distance(ours * units / units[:, None], theirs * units / units[:, None]) < 1e-8
    assert distance(ours * units / units[:, None], joint_diagonalizer(matrices)) < 1e-8


def test_it_stops_after_the_same_sweeps(form):
    matrices = related(4, 6, apart=1.0)
    for sweeps in range(1, 5):
        with pytest.warns(UserWarning, match="not reached"):
            theirs = ajd_pham(matrices, n_iter_max=sweeps)[0]
        with pytest.warns(UserWarning, match=f"here: .* not settled after {sweeps} sweeps"):
            ours = joint_diagonalizer(matrices, sweeps, "here")
        assert distance(ours, theirs) < 1e-12


def test_matrices_with_a_common_mixing_become_diagonal(form):
    matrices = related(3, 7, apart=0.0)
    found = joint_diagonalizer(matrices)
    for each in found @ matrices @ found.T:
        scale = np.sqrt(np.diag(each))
        assert np.abs(each / scale / scale[:, None] - np.eye(7)).max() < 1e-3


def test_a_matrix_without_full_rank_is_named(form):
    matrices = related(3, 4)
    matrices[1] = np.diag([1.0, 1, 1, 0])
    with pytest.raises(DataError, match="here, trial 1 of 3"):
        joint_diagonalizer(matrices, where="here")


# ---------------------------------------------------------------------- common spatial patterns
def class_means(matrices, y):
    return np.stack([matrices[y == label].mean(axis=0) for label in np.unique(y)])


def trials(n_classes, n, condition, seed=0):
    """Six covariances a class, whose sources differ in power between classes."""
    rng = np.random.default_rng([seed, n_classes, n])
    y = np.repeat(np.arange(n_classes), [6 + k for k in range(n_classes)])
    mixing = np.linalg.qr(rng.normal(size=(n, n)))[0] * np.sqrt(condition ** -np.linspace(0, 1, n))
    per_class = np.exp(rng.normal(size=(n_classes, n)))
    x = rng.normal(size=(len(y), n, 4 * n)) * np.sqrt(per_class[y])[:, :, None]
    sources = x @ x.transpose(0, 2, 1) / (4 * n)
    return mixing @ sources @ mixing.T, y


@pytest.mark.parametrize(
    ("n_classes", "n", "condition"),
    [
        *((2, 2, 1e8), (2, 5, 1e6), (2, 22, 1e4), (2, 64, 1e4), (2, 128, 1e2)),
        *((3, 2, 1e2), (3, 8, 1e4), (4, 11, 1e2)),
    ],
)
def test_csp_is_pyriemanns_in_its_order(form, n_classes, n, condition):
    matrices, y = trials(n_classes, n, condition)
    theirs = PyriemannCSP(nfilter=n, metric="euclid").fit(matrices, y)
    filters, patterns = csp_filters(class_means(matrices, y), np.bincount(y) / len(y))
    signs = np.sign(np.sum(filters * theirs.filters_, axis=1, keepdims=True))
    assert distance(signs * filters, theirs.filters_) < 1e-8
    assert distance(signs * patterns, theirs.patterns_) < 1e-8


@pytest.mark.parametrize("n_classes", [2, 3])
def test_powers_hold_at_a_condition_of_1e8(form, n_classes):
    """Where rounding turns filters a little, what they measure stays."""
    matrices, y = trials(n_classes, 8, 1e8)
    theirs = PyriemannCSP(nfilter=8, metric="euclid").fit(matrices, y)
    filters, _ = csp_filters(class_means(matrices, y), np.bincount(y) / len(y))
    assert np.allclose(powers(matrices, filters), np.exp(theirs.transform(matrices)), rtol=1e-6)


def test_singular_means_are_solved_on_what_they_span(form):
    matrices, y = trials(3, 4, 10.0)
    basis = np.linalg.qr(np.random.default_rng(3).normal(size=(6, 4)))[0]
    means, shares = class_means(matrices, y), np.bincount(y) / len(y)
    filters, _ = csp_filters(means, shares)
    with pytest.warns(UserWarning, match="rank 4"):
        wide, spread = csp_filters(basis @ means @ basis.T, shares)
    assert wide.shape == spread.shape == (4, 6)
    assert np.allclose(
        powers(basis @ matrices @ basis.T, wide), powers(matrices, filters), rtol=1e-4
    )
    assert np.allclose(wide @ spread.T, np.eye(4), atol=1e-8)
