"""Banded ridge: scikit-learn's closed form, primal and dual, bands that pay, real reaches."""

import numpy as np
import pandas as pd
import pytest
import scipy.io
from sklearn.linear_model import Ridge

from neurodecode import Channels, Epochs
from neurodecode.core.errors import DataError
from neurodecode.decoders import BandedRidge
from neurodecode.evaluation.metrics import r2_per_output
from neurodecode.linalg.ridge import RidgePath


def _toy(n=300, n_informative=60, n_noise=400, n_targets=40, seed=0):
    """Few informative features beside many that are noise."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, n_informative + n_noise))
    weights = rng.standard_normal((n_informative, n_targets)) / np.sqrt(n_informative)
    y = X[:, :n_informative] @ weights + rng.standard_normal((n, n_targets))
    return X, y, np.repeat([0, 1], [n_informative, n_noise])


@pytest.mark.parametrize("shape", [(50, 20), (20, 50)])  # primal, dual
def test_path_equals_scikit_learn(shape):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal(shape), rng.standard_normal((shape[0], 3))
    path = RidgePath.of(x, y)
    for alpha in (1e-3, 1.0, 1e3):
        theirs = Ridge(alpha=alpha, fit_intercept=False).fit(x, y).coef_.T
        np.testing.assert_allclose(path.weights(alpha), theirs, rtol=1e-7, atol=1e-10)
    each = np.array([0.1, 1.0, 10.0])
    theirs = Ridge(alpha=each, fit_intercept=False).fit(x, y).coef_.T
    np.testing.assert_allclose(path.weights(each), theirs, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("n", [40, 300])
def test_is_ridge_with_a_penalty_per_band(n):
    """Solved by hand: (F'F + diag(penalty))^-1 F'y on standardized features."""
    X, y, bands = _toy(n, 20, 60, 3)
    X = X * np.random.default_rng(1).uniform(0.1, 9, X.shape[1]) + 5
    ridge = BandedRidge(bands=bands, n_draws=6).fit(X, y)
    z = (X - X.mean(axis=0)) / X.std(axis=0)
    for k in range(3):
        penalty = np.diag(ridge.penalties_[bands, k])
        by_hand = np.linalg.solve(z.T @ z + penalty, z.T @ (y[:, k] - y[:, k].mean()))
        np.testing.assert_allclose(
            ridge.predict(X)[:, k], z @ by_hand + y[:, k].mean(), rtol=1e-6, atol=1e-8
        )
    assert len(np.unique(ridge.penalties_[0])) > (n > 200)  # targets choose alone from 200 on


def test_bands_pay():
    X, y, bands = _toy(n=1300)
    X, X_new, y, y_new = X[:300], X[300:], y[:300], y[300:]
    scores = {}
    for name, value in (("one", 1), ("two", bands)):
        fitted = BandedRidge(bands=value, n_draws=16).fit(X, y)
        scores[name] = r2_per_output(y_new, fitted.predict(X_new)).mean()
    assert scores["two"] > 0.35
    assert scores["two"] > 2.5 * scores["one"]


def test_shares_of_bands_sum_to_r2():
    X, y, bands = _toy(n_targets=4)
    ridge = BandedRidge(bands=bands, n_draws=4).fit(X[:200], y[:200])
    parts = ridge.band_r2(X[200:], y[200:])
    np.testing.assert_allclose(
        parts.sum(axis=0), r2_per_output(y[200:], ridge.predict(X[200:])), atol=1e-12
    )
    assert (parts[0] > parts[1]).all()


def test_bands_of_epochs_are_windows_of_time_or_kinds():
    rng = np.random.default_rng(0)
    channels = Channels(["a", "b", "c"], kinds=["eeg", "eeg", "fnirs_od"])
    epochs = Epochs(
        rng.standard_normal((30, 3, 8)), channels=channels, sfreq=8,
        trials=pd.DataFrame({"onset": 2.0 * np.arange(30)}),
    )  # fmt: skip
    y = rng.standard_normal(30)
    by_time = BandedRidge(bands=2, n_draws=2).fit(epochs, y).bands_.reshape(3, 8)
    np.testing.assert_array_equal(by_time, np.tile([0, 0, 0, 0, 1, 1, 1, 1], (3, 1)))
    by_kind = BandedRidge(bands="kinds", n_draws=2).fit(epochs, y).bands_.reshape(3, 8)
    np.testing.assert_array_equal(by_kind[:, 0], [0, 0, 1])


def test_scale_of_features_does_not_matter():
    X, y, bands = _toy(120, 20, 60, 2)
    usual = BandedRidge(bands=bands, n_draws=4).fit(X, y).predict(X)
    scaled = BandedRidge(bands=bands, n_draws=4).fit(1e3 * X - 4, y).predict(1e3 * X - 4)
    np.testing.assert_allclose(usual, scaled, rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"bands": 0}, "0 bands"),
        ({"bands": "kinds"}, "kinds"),
        ({"bands": [0, 1]}, "do not fit the features"),
        ({"alphas": [0.0]}, "alphas"),
        ({"n_draws": 0}, "n_draws"),
    ],
)
def test_refuses_bands_and_penalties_that_do_not_fit(change, match):
    X, y, _ = _toy(30, 5, 5, 1)
    with pytest.raises(DataError, match=match):
        BandedRidge(**change).fit(X, y)


@pytest.mark.data
@pytest.mark.slow
def test_hand_velocity_of_real_reaches(shared_data):
    recorded = scipy.io.loadmat(shared_data / "m1_reach" / "m1_stevenson_2011.mat")
    counts, velocity = recorded["spikes"].T.astype(np.float64), recorded["handVel"][:2].T
    lagged = np.lib.stride_tricks.sliding_window_view(counts, 7, axis=0)
    X, y = lagged.reshape(len(lagged), -1), velocity[6:]
    n = len(X)
    test = np.arange(n * 2 // 5, n * 3 // 5)
    train = np.concatenate([np.arange(test[0] - 20), np.arange(test[-1] + 21, n)])
    ridge = BandedRidge(bands=1, alphas=[0.1, 1.0]).fit(X[train], y[train])
    assert (r2_per_output(y[test], ridge.predict(X[test])) > [0.76, 0.68]).all()
