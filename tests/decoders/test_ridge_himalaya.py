"""Ridge regression equals himalaya's: same penalties, same folds, same candidates, float64.

The solutions are of one linear system by two routes (eigenvalues of a Gram matrix here, singular
values there): what is chosen is equal, weights and predictions agree to 1e-8 of their size.
"""

import numpy as np
import pytest
from sklearn.model_selection import KFold

from neurodecode.decoders import BandedRidge
from neurodecode.linalg.ridge import RidgePath, mean_eigenvalue

himalaya_ridge = pytest.importorskip("himalaya.ridge", reason="himalaya is not installed")

ALPHAS = np.logspace(-3, 3, 7)
CLOSE = {"rtol": 0, "atol": 1e-8}  # of quantities of size 1


def _data(n_first: int, n_second: int, n: int = 250, n_targets: int = 6):
    """250 rows: from 200 on every target chooses for itself, and five folds are of one size.

    The first band speaks more loudly for every next target, so that they choose differently.
    """
    rng = np.random.default_rng(0)
    X = 3 + rng.normal(size=(n, n_first + n_second)) * rng.uniform(0.1, 9, n_first + n_second)
    weights = rng.normal(size=(n_first, n_targets)) / np.sqrt(n_first)
    signal = X[:, :n_first] / X[:, :n_first].std(axis=0) @ weights
    y = signal * np.linspace(0.05, 2, n_targets) + rng.normal(size=(n, n_targets)) - 1
    return X, y, np.repeat([0, 1], [n_first, n_second])


def _standardized(X: np.ndarray) -> np.ndarray:
    return (X - X.mean(axis=0)) / X.std(axis=0)


@pytest.mark.parametrize("shape", [(60, 20), (20, 60)])  # primal, dual
def test_path_equals_himalaya_with_a_penalty_for_every_target(shape):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=shape), rng.normal(size=(shape[0], 4))
    alphas = np.array([0.1, 1.0, 10.0, 100.0])
    theirs = himalaya_ridge.solve_ridge_svd(X, y, alpha=alphas, warn=False)
    np.testing.assert_allclose(RidgePath.of(X, y).weights(alphas), theirs, **CLOSE)


@pytest.mark.parametrize("sizes", [(20, 30), (20, 260)])  # primal, dual
def test_one_band_equals_ridge_cv(sizes):
    X, y, _ = _data(*sizes)
    z = _standardized(X)
    ours = BandedRidge(bands=1, alphas=ALPHAS).fit(X, y)
    theirs = himalaya_ridge.RidgeCV(
        alphas=ALPHAS * mean_eigenvalue(z),
        fit_intercept=True,
        cv=KFold(5),
        solver_params={"warn": False},
    ).fit(z, y)
    assert len(set(theirs.best_alphas_)) > 1
    np.testing.assert_allclose(ours.penalties_[0], theirs.best_alphas_, rtol=1e-12)
    np.testing.assert_allclose(ours.coef_.T * X.std(axis=0)[:, None], theirs.coef_, **CLOSE)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(z), **CLOSE)


@pytest.mark.parametrize("sizes", [(20, 30), (20, 260)])
def test_bands_equal_group_ridge_on_the_same_band_weights(sizes):
    X, y, bands = _data(*sizes)
    z = _standardized(X)
    ours = BandedRidge(bands=bands, n_draws=5, alphas=ALPHAS)
    weights = ours._ratios(2)
    ours.fit(X, y)
    theirs = himalaya_ridge.GroupRidgeCV(
        groups=bands,
        fit_intercept=True,
        cv=KFold(5),
        solver_params={
            "n_iter": weights,
            "alphas": ALPHAS * mean_eigenvalue(z),
            "progress_bar": False,
            "warn": False,
        },
    ).fit(z, y)
    assert len(np.unique(theirs.deltas_, axis=1).T) > 1
    np.testing.assert_allclose(ours.penalties_, np.exp(-theirs.deltas_), rtol=1e-9)
    np.testing.assert_allclose(ours.coef_.T * X.std(axis=0)[:, None], theirs.coef_, **CLOSE)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(z), **CLOSE)
