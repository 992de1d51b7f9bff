"""Bayes' rule by hand, its limits, and a rat on a real track."""

import numpy as np
import pytest
import scipy.io
from scipy.stats import poisson

from neurodecode.core.errors import DataError
from neurodecode.decoders import BayesPosition


def _track(n=1200, n_units=12, seed=0):
    rng = np.random.default_rng(seed)
    place = np.abs((np.arange(n) * 0.013) % 2 - 1)  # back and forth
    rate = 0.2 + 6 * np.exp(-0.5 * ((place[:, None] - np.linspace(0, 1, n_units)) / 0.08) ** 2)
    return rng.poisson(rate)[:, :, None].astype(float), place


def test_posterior_is_bayes_rule_on_poisson_counts():
    counts, place = _track()
    decoder = BayesPosition(n_bins=10, smoothing=0).fit(counts, place)
    edges = np.linspace(place.min(), place.max(), 11)
    where = np.clip(np.digitize(place, edges) - 1, 0, 9)
    rates = np.stack([counts[where == b, :, 0].mean(axis=0) for b in range(10)])
    rates = np.maximum(rates, 0.5 / len(counts))
    np.testing.assert_allclose(decoder.rates_, rates)
    prior = np.bincount(where) / len(where)
    likelihood = poisson.pmf(counts[:5, None, :, 0], rates).prod(axis=2) * prior
    expected = likelihood / likelihood.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(decoder.posterior(counts[:5]), expected, rtol=1e-10)
    best = decoder.centers_[expected.argmax(axis=1), 0]
    np.testing.assert_allclose(decoder.predict(counts[:5]), best)


def test_without_spikes_the_prior_speaks():
    counts, place = _track()
    silent = np.zeros((1, 12, 1))
    for prior, weight in (("occupancy", None), ("uniform", 1.0)):
        decoder = BayesPosition(n_bins=10, smoothing=0, prior=prior).fit(counts, place)
        expected = np.exp(-decoder.rates_.sum(axis=1))
        expected *= np.exp(decoder.log_prior_) if weight is None else weight
        np.testing.assert_allclose(decoder.posterior(silent)[0], expected / expected.sum())


def test_units_in_any_order_and_samples_of_a_window_add_up():
    counts, place = _track()
    usual = BayesPosition().fit(counts[:800], place[:800]).predict(counts[800:])
    order = np.random.default_rng(1).permutation(12)
    other = BayesPosition().fit(counts[:800, order], place[:800]).predict(counts[800:, order])
    np.testing.assert_array_equal(usual, other)
    halves = np.concatenate([counts // 2, counts - counts // 2], axis=2)
    split = BayesPosition().fit(halves[:800], place[:800]).predict(halves[800:])
    np.testing.assert_array_equal(usual, split)


def test_finds_the_place_and_stays_at_chance_on_shuffled_places():
    counts, place = _track()
    good = BayesPosition().fit(counts[:800], place[:800]).predict(counts[800:])
    assert np.median(abs(good - place[800:])) < 0.05
    shuffled = np.random.default_rng(2).permutation(place[:800])
    bad = BayesPosition().fit(counts[:800], shuffled).predict(counts[800:])
    assert np.median(abs(bad - place[800:])) > 0.2


def test_two_coordinates():
    rng = np.random.default_rng(3)
    place = rng.uniform(size=(3000, 2))
    centres = np.stack(np.meshgrid(*2 * [np.linspace(0, 1, 5)]), axis=-1).reshape(-1, 2)
    distance = ((place[:, None] - centres) ** 2).sum(axis=2)
    counts = rng.poisson(8 * np.exp(-distance / (2 * 0.12**2)))[:, :, None]
    decoder = BayesPosition(n_bins=12, estimate="mean").fit(counts[:2500], place[:2500])
    error = np.linalg.norm(decoder.predict(counts[2500:]) - place[2500:], axis=1)
    assert np.median(error) < 0.08


def test_a_spike_of_a_silent_unit_rules_nothing_out():
    counts, place = _track()
    counts[:, 3] = 0
    decoder = BayesPosition().fit(counts, place)
    surprise = counts[:1].copy()
    surprise[0, 3] = 1
    np.testing.assert_allclose(decoder.posterior(surprise), decoder.posterior(counts[:1]))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"n_bins": 1}, "n_bins"),
        ({"smoothing": -1.0}, "smoothing"),
        ({"prior": "flat"}, "prior"),
        ({"estimate": "median"}, "estimate"),
    ],
)
def test_arguments_out_of_range(change, match):
    counts, place = _track(100)
    with pytest.raises(DataError, match=match):
        BayesPosition(**change).fit(counts, place)


def test_refuses_what_are_no_counts_and_no_places():
    counts, place = _track(100)
    decoder = BayesPosition().fit(counts, place)
    with pytest.raises(DataError, match="spike counts"):
        decoder.predict(counts - 1)
    with pytest.raises(DataError, match="windows"):
        decoder.predict(np.repeat(counts, 2, axis=2))
    with pytest.raises(DataError, match="constant"):
        BayesPosition().fit(counts, np.zeros(100))
    with pytest.raises(DataError, match="coordinates"):
        BayesPosition().fit(counts, np.random.default_rng(0).normal(size=(100, 3)))


@pytest.fixture(scope="module")
def linear_track(shared_data):
    """Counts in windows of 0.75 s while the rat runs, and its place along the track, pixels."""
    folder = shared_data / "hc_linear_track"
    raw = (folder / "trajectory.videoPositionTracking").read_bytes()
    body = raw[raw.index(b"<End settings>") + len(b"<End settings>\n") :]
    table = np.frombuffer(body[: len(body) // 12 * 12], dtype="<u4,<u2,<u2,<u2,<u2")
    time = table["f0"] / 30000.0
    xy = np.stack([table["f1"], table["f2"]], axis=1).astype(float)
    spikes = _spike_times(scipy.io.loadmat(folder / "spikes.mat"))
    starts = np.arange(4400.0, 5300.0, 0.75)
    inside = [np.interp(starts + 0.375, time, column) for column in xy.T]
    before = [np.interp(starts, time, column) for column in xy.T]
    after = [np.interp(starts + 0.75, time, column) for column in xy.T]
    speed = np.hypot(after[0] - before[0], after[1] - before[1]) / 0.75
    place = np.stack(inside, axis=1)
    axis = np.linalg.svd(place - place.mean(axis=0), full_matrices=False)[2][0]
    counts = np.stack(
        [np.histogram(each, np.append(starts, starts[-1] + 0.75))[0] for each in spikes], axis=1
    )
    runs = speed > 30
    return counts[runs, :, None], (place @ axis)[runs]


def _spike_times(file):
    """Times of every cell of every shank that fired, seconds."""
    shanks = file["spikes"][0, 0][0, 0].ravel()  # one session
    cells = [cell for shank in shanks for cell in shank.ravel() if cell.size]
    times = [cell["time"][0, 0].ravel() for cell in cells]
    return [each for each in times if len(each)]


@pytest.mark.data
def test_place_of_a_real_rat(linear_track):
    counts, place = linear_track
    assert counts.shape[1] == 31
    n, guess = len(counts), np.empty(len(counts))
    for fold in range(5):
        test = np.arange(n * fold // 5, n * (fold + 1) // 5)
        train = np.setdiff1d(np.arange(n), test)
        guess[test] = BayesPosition().fit(counts[train], place[train]).predict(counts[test])
    chance = np.median(abs(place - np.random.default_rng(0).permutation(place)))
    assert chance > 120
    assert np.median(abs(guess - place)) < 32
