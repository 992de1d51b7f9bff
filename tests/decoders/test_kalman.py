"""Kalman filters: textbook recursion, steady state, the discriminative twin, real reaches."""

import numpy as np
import pandas as pd
import pytest
import scipy.io
from scipy.linalg import solve_discrete_lyapunov
from sklearn.neighbors import KNeighborsRegressor

from neurodecode import Epochs
from neurodecode.core.channels import Channels
from neurodecode.core.errors import DataError
from neurodecode.decoders import DiscriminativeKalman, Kalman
from neurodecode.evaluation.metrics import r2_per_output
from neurodecode.linalg.kalman import (
    Information,
    observation_information,
    run_varying,
    steady_state,
)

ANGLE, DECAY = 0.15, 0.97
A = DECAY * np.array([[np.cos(ANGLE), -np.sin(ANGLE)], [np.sin(ANGLE), np.cos(ANGLE)]])
W = 0.05 * np.eye(2)


def _toy(n_times, seed, n_channels=30):
    """A rotating state seen by noisy channels; C is drawn first and the same for every length."""
    rng = np.random.default_rng(seed)
    C = 0.3 * rng.standard_normal((n_channels, 2))
    x = np.zeros((n_times, 2))
    noise = np.sqrt(0.05) * rng.standard_normal((n_times, 2))
    for t in range(1, n_times):
        x[t] = A @ x[t - 1] + noise[t]
    return C, x, x @ C.T + rng.standard_normal((n_times, n_channels))


def _windows(y, step=0.05, recording="one", start=0.0):
    trials = pd.DataFrame({"recording": recording, "onset": start + step * np.arange(len(y))})
    names = [f"unit {i}" for i in range(y.shape[1])]
    return Epochs(
        y[:, :, None], channels=Channels(names, kinds="spikes"), sfreq=1 / step, trials=trials
    )


def _overlapping(y, length, step=0.05):
    """Windows of `length` bins, one after every bin."""
    single = _windows(y[length - 1 :], step)
    data = np.lib.stride_tricks.sliding_window_view(y, length, axis=0)  # (n, units, length)
    return Epochs(data, channels=single.channels, sfreq=1 / step, trials=single.trials)


def _textbook(y, C, Q, prior):
    """Gain form, as in any textbook: the reference."""
    mean, covariance, means = np.zeros(2), prior, []
    for t, each in enumerate(y):
        if t:
            mean, covariance = A @ mean, A @ covariance @ A.T + W
        gain = covariance @ C.T @ np.linalg.inv(C @ covariance @ C.T + Q)
        mean = mean + gain @ (each - C @ mean)
        covariance = covariance - gain @ C @ covariance
        means.append(mean)
    return np.array(means)


def test_information_form_is_the_textbook_filter():
    C, _, y = _toy(200, 0)
    Q = np.diag(np.random.default_rng(1).uniform(0.5, 2, 30))
    prior = solve_discrete_lyapunov(A, W)
    weights, precision = observation_information(C, Q)
    model = Information(A, W, prior, precision)
    found = model.run([y[:120] @ weights.T, y[120:] @ weights.T])  # two recordings
    np.testing.assert_allclose(found[0], _textbook(y[:120], C, Q, prior), atol=1e-12)
    np.testing.assert_allclose(found[1], _textbook(y[120:], C, Q, prior), atol=1e-12)


def test_covariances_settle_where_the_riccati_equation_says():
    C, _, _ = _toy(10, 0)
    Q = 2 * np.eye(30)
    _, precision = observation_information(C, Q)
    predicted, filtered = Information(A, W, np.eye(2), precision).covariances(1000)
    steady, gain = steady_state(A, W, C, Q)
    np.testing.assert_allclose(predicted[-1], steady, rtol=1e-9)
    np.testing.assert_allclose(gain @ Q, filtered[-1] @ C.T, rtol=1e-8)  # K Q = P C'
    assert len(predicted) < 200


def test_reaches_the_theory_of_the_toy():
    C, x, y = _toy(8000, 3)
    train, test = _windows(y[:4000]), _windows(y[4000:], start=200.0)
    scores = r2_per_output(x[4000:], Kalman(order=1).fit(train, x[:4000]).predict(test))
    predicted, _ = steady_state(A, W, C, np.eye(30))
    filtered = np.linalg.inv(np.linalg.inv(predicted) + C.T @ C)
    theory = 1 - np.trace(filtered) / np.trace(solve_discrete_lyapunov(A, W))
    assert abs(scores.mean() - theory) < 0.05
    assert scores.mean() > 0.75


def test_discriminative_twin_is_exact_where_all_is_gaussian_and_known():
    C, _, y = _toy(150, 4)
    Q, S = np.eye(30), solve_discrete_lyapunov(A, W)
    # p(x | y) of a linear Gaussian model with prior S
    error = np.linalg.inv(np.linalg.inv(S) + C.T @ np.linalg.solve(Q, C))
    f = y @ (error @ C.T @ np.linalg.inv(Q)).T
    word = np.linalg.inv(error)
    discriminative = Information(A, W, S, word - np.linalg.inv(S)).run([f @ word.T])[0]
    np.testing.assert_allclose(discriminative, _textbook(y, C, Q, S), atol=1e-12)


def test_discriminative_estimator_comes_close_to_the_filter():
    _, x, y = _toy(8000, 5)
    train, test = _windows(y[:4000]), _windows(y[4000:], start=200.0)
    a = Kalman(order=1).fit(train, x[:4000]).predict(test)
    for n_neighbors in (None, 400):
        b = DiscriminativeKalman(order=1, n_neighbors=n_neighbors).fit(train, x[:4000])
        assert np.corrcoef(a.ravel(), b.predict(test).ravel())[0, 1] > 0.99


def test_varying_precision_that_does_not_vary_is_the_same_filter():
    C, _, y = _toy(150, 4)
    weights, precision = observation_information(C, np.eye(30))
    drive, prior = y @ weights.T, solve_discrete_lyapunov(A, W)
    constant = Information(A, W, prior, precision).run([drive])[0]
    varying = run_varying(A, W, prior, np.repeat(precision[None], 150, axis=0), drive)
    np.testing.assert_allclose(varying, constant, atol=1e-12)


def test_errors_that_depend_on_the_observation_are_weighed():
    """Saturating channels tell little at the ends: knowing it beats one Q for all."""
    _, x, _ = _toy(6000, 7)
    y = np.tanh(3 * x) + 0.05 * np.random.default_rng(7).standard_normal(x.shape)
    train, test = _windows(y[:4000]), _windows(y[4000:], start=200.0)
    f = KNeighborsRegressor(30)
    scores = [
        DiscriminativeKalman(f, order=1, n_neighbors=k).fit(train, x[:4000]).score(test, x[4000:])
        for k in (None, 100)
    ]
    assert scores[1] > scores[0] + 0.02


def test_a_step_that_tells_less_than_the_prior_is_robust():
    _, x, y = _toy(1000, 8)
    b = DiscriminativeKalman(order=1).fit(_windows(y), x)
    words, precisions = b._information(np.stack([0.01 * b.prior_, 2 * b.prior_]))
    assert np.linalg.eigvalsh(words[0] - precisions[0]).min() > 0  # the prior is taken out
    np.testing.assert_array_equal(words[1], precisions[1])


@pytest.mark.parametrize("make", [Kalman, DiscriminativeKalman])
def test_never_crosses_the_edge_of_a_recording(make):
    _, x, y = _toy(1200, 6)
    one, two = _windows(y[:600]), _windows(y[600:], recording="two")
    both = Epochs.concat([one, two])
    fitted = make().fit(both, x)
    together = fitted.predict(both)
    np.testing.assert_allclose(together[:600], fitted.predict(one), atol=1e-12)
    np.testing.assert_allclose(together[600:], fitted.predict(two), atol=1e-12)
    late = _windows(y[600:], start=600 * 0.05 + 3.0)  # same recording, after a gap
    gap = fitted.predict(Epochs.concat([one, late]))
    np.testing.assert_allclose(gap, together, atol=1e-12)


def test_order_of_rows_does_not_matter_and_the_future_is_not_seen():
    _, x, y = _toy(400, 7)
    epochs = _windows(y)
    order = np.random.default_rng(0).permutation(400)
    fitted = Kalman().fit(epochs, x)
    shuffled = Kalman().fit(epochs[order], x[order])
    np.testing.assert_allclose(shuffled.predict(epochs), fitted.predict(epochs), atol=1e-9)
    np.testing.assert_allclose(fitted.predict(epochs[order]), fitted.predict(epochs)[order])
    np.testing.assert_allclose(fitted.predict(epochs[:50]), fitted.predict(epochs)[:50])


def test_overlapping_windows_count_every_sample_once():
    _, x, y = _toy(500, 8)
    single, overlapping = _windows(y), _overlapping(y, 10)
    a = Kalman().fit(overlapping, x[9:]).predict(overlapping)
    b = Kalman().fit(single[9:], x[9:]).predict(single[9:])
    np.testing.assert_allclose(a, b, atol=1e-9)


@pytest.mark.parametrize("make", [Kalman, DiscriminativeKalman])
def test_refuses_what_would_give_a_wrong_number(make):
    _, x, y = _toy(200, 9)
    epochs = _windows(y)
    fitted = make().fit(epochs, x)
    with pytest.raises(DataError, match="pace"):
        fitted.predict(epochs.with_trials(epochs.trials.assign(onset=0.01 * np.arange(200))))
    with pytest.raises(DataError, match="without onset"):
        fitted.predict(epochs.with_trials(epochs.trials.assign(onset=np.nan)))
    with pytest.raises(DataError, match="constant"):
        make().fit(epochs, np.column_stack([x, np.zeros(200)]))
    with pytest.raises(DataError, match="NaN"):
        make().fit(epochs, np.where(np.arange(200)[:, None] == 7, np.nan, x))
    with pytest.raises(DataError, match="lag"):
        make(lag=1.0).fit(epochs, x)
    with pytest.raises(DataError, match="order=0"):
        make(order=0).fit(epochs, x)


def test_kalman_needs_more_windows_than_channels():
    _, x, y = _toy(25, 10)  # 24 with one before them
    with pytest.raises(DataError, match="24 windows of 30 channels"):
        Kalman().fit(_windows(y), x)


@pytest.fixture(scope="module")
def reaches(shared_data):
    """171 units of M1 and PMd in bins of 50 ms, hand velocity in m/s."""
    recorded = scipy.io.loadmat(shared_data / "m1_reach" / "m1_stevenson_2011.mat")
    counts, velocity = recorded["spikes"].T.astype(np.float32), recorded["handVel"][:2].T
    # windows of 150 ms every 50 ms: the lag needs what came before
    return _overlapping(counts, 3), velocity[2:]


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("make", [Kalman, DiscriminativeKalman])
def test_hand_velocity_of_real_reaches(reaches, make):
    epochs, velocity = reaches
    n, truth, guess = len(epochs), [], []
    for fold in range(5):
        test = np.arange(n * fold // 5, n * (fold + 1) // 5)
        train = np.concatenate([np.arange(max(0, test[0] - 20)), np.arange(test[-1] + 21, n)])
        fitted = make(lag=0.1).fit(epochs[train], velocity[train])
        truth.append(velocity[test])
        guess.append(fitted.predict(epochs[test]))
    scores = r2_per_output(np.concatenate(truth), np.concatenate(guess))
    assert (scores > [0.7, 0.55]).all()
