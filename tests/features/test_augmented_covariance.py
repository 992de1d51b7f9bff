"""Augmented covariance: the rotation process that no plain covariance can tell apart."""

import numpy as np
import pytest
from features.planted import noise_epochs
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from neurodecode.core.errors import DataError
from neurodecode.features import AugmentedCovariance, Covariance, TangentSpace
from neurodecode.linalg import trial_covariances


def rotating(seed=0, pairs=3, n_times=250, noise=0.5, n_each=100, mixed=True):
    """Pairs of sources that turn at 10 Hz of 250: clockwise in one class, the other way in the
    other. All power spectra and zero-lag covariances are equal."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(2 * pairs, 2 * pairs)) if mixed else np.eye(2 * pairs)
    y = np.tile([0, 1], n_each)
    sine = np.where(y == 1, 1, -1)[:, None] * np.sin(2 * np.pi / 25)
    cosine = np.cos(2 * np.pi / 25)
    first, second = np.zeros((2, 2 * n_each, pairs))
    x = np.empty((2 * n_each, 2 * pairs, n_times))
    for t in range(-200, n_times):
        pushed = rng.normal(size=(2, 2 * n_each, pairs))
        first, second = (
            0.9 * (cosine * first - sine * second) + pushed[0],
            0.9 * (sine * first + cosine * second) + pushed[1],
        )
        if t >= 0:
            x[:, ::2, t], x[:, 1::2, t] = first, second
    return mixing @ x + noise * rng.normal(size=x.shape), y


def accuracy(step, x, y):
    cv = StratifiedKFold(5, shuffle=True, random_state=0)
    return cross_val_score(make_pipeline(step, TangentSpace(), LogisticRegression()), x, y, cv=cv)


def test_rotation_is_seen_by_lagged_blocks_only():
    x, y = rotating()
    assert accuracy(AugmentedCovariance(2, 1), x, y).mean() >= 0.99
    assert 0.4 < accuracy(AugmentedCovariance(1, 1), x, y).mean() < 0.6
    # After a full period a rotation is no rotation.
    assert accuracy(AugmentedCovariance(2, 25), x, y).mean() <= 0.65


def test_the_rule_finds_a_lag_that_tells_directions_apart():
    x, y = rotating()
    step = AugmentedCovariance().fit(x[::2])
    assert 4 <= step.lag_ <= 8 and step.order_ >= 2  # a quarter of the period is 6.25
    assert accuracy(AugmentedCovariance(), x, y).mean() >= 0.99


def test_blocks_are_those_of_the_closed_form():
    # Gamma(0) = I / (1 - rho^2), Gamma(1) = rho R(theta) / (1 - rho^2)
    x, y = rotating(pairs=1, n_times=4000, noise=0.0, n_each=15, mixed=False)
    mean = AugmentedCovariance(2, 1, "scm").fit_transform(x)[y == 1].mean(axis=0)
    lagged = np.array([[4.58803, 1.17800], [-1.17800, 4.58803]])
    assert mean[:2, :2] == pytest.approx(5.26316 * np.eye(2), abs=0.2)
    assert mean[:2, 2:] == pytest.approx(lagged, abs=0.2)


def test_the_first_block_is_the_covariance_of_the_samples_kept():
    epochs = noise_epochs()
    augmented = AugmentedCovariance(3, 5, "scm").fit_transform(epochs)
    assert augmented.shape == (40, 12, 12)
    kept = trial_covariances(epochs.data[..., :-10], "scm")
    assert np.allclose(augmented[:, :4, :4], kept, rtol=1e-10)
    plain = AugmentedCovariance(1, 1).fit_transform(epochs)
    assert np.array_equal(plain, Covariance().transform(epochs))


@pytest.mark.parity
def test_inside_the_trial_it_is_pyriemanns_time_delay_covariance():
    estimation = pytest.importorskip("pyriemann.estimation")
    x = noise_epochs(n_times=400).data
    padded = np.concatenate([np.zeros((40, 4, 2)), x, np.zeros((40, 4, 2))], axis=2)
    theirs = estimation.TimeDelayCovariances(delays=3, estimator="scm").fit_transform(padded)
    ours = AugmentedCovariance(3, 1, "scm").fit_transform(padded)
    order = np.concatenate([np.arange(8, 12), np.arange(4, 8), np.arange(4)])  # theirs look back
    scale = padded.shape[2] / (padded.shape[2] - 2)
    assert np.allclose(ours, scale * theirs[:, order][:, :, order], atol=2e-3)


def test_the_rule_leaves_the_matrix_smaller_than_the_trial():
    step = AugmentedCovariance(lag=1).fit(noise_epochs(n_times=40))
    assert 2 * step.order_ * 4 <= 40 - (step.order_ - 1)


def test_copies_beyond_the_trial_are_refused():
    with pytest.raises(DataError, match="order 5, lag 30"):
        AugmentedCovariance(5, 30).fit(noise_epochs(n_times=100))
