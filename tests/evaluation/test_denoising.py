"""Mixing and metrics of the EEGdenoiseNet protocol against closed forms."""

import numpy as np
import pytest
from scipy.signal import periodogram

from neurodecode.core.errors import DataError
from neurodecode.evaluation import denoising_pairs, mix_at_snr, score, undefined_reason

TIMES = np.arange(256) / 128
CLEAN = 20 * np.sin(2 * np.pi * 10 * TIMES)[None]
NOISE = 3 * np.cos(2 * np.pi * 10 * TIMES)[None]  # orthogonal to CLEAN, its RMS another


@pytest.mark.parametrize(
    ("definition", "label", "rrmse", "cc"),
    [
        ("eegdenoisenet", -7, 5.012, 0.196),
        ("eegdenoisenet", -3, 1.995, 0.448),
        ("eegdenoisenet", 0, 1.000, 0.707),
        ("eegdenoisenet", 2, 0.631, 0.846),
        ("power", -7, 2.239, 0.408),
        ("power", -3, 1.413, 0.578),
        ("power", 0, 1.000, 0.707),
        ("power", 2, 0.794, 0.783),
    ],
)
def test_doing_nothing_scores_what_the_level_says(definition, label, rrmse, cc):
    noisy = mix_at_snr(CLEAN, NOISE, label, definition)
    assert round(score("rrmse-temporal", CLEAN, noisy), 3) == rrmse
    assert round(score("segment-correlation", CLEAN, noisy), 3) == cc
    # A sine in quadrature at the same frequency: powers add, so PSDs differ by r^2.
    assert score("rrmse-spectral", CLEAN, noisy) == pytest.approx(rrmse**2, rel=2e-3)


def test_the_label_is_half_of_the_usual_decibel():
    by_label = mix_at_snr(CLEAN, NOISE, -3.5)
    np.testing.assert_allclose(by_label, mix_at_snr(CLEAN, NOISE, -7, "power"), rtol=1e-12)
    power = np.mean(CLEAN**2) / np.mean((by_label - CLEAN) ** 2)
    assert 10 * np.log10(power) == pytest.approx(-7)


def test_each_segment_gets_its_own_ratio_and_integers_stay_wide():
    clean, noise = np.array([[3, -3], [100, -100]], np.int16), np.array([[1, 1], [4, 4]], np.int16)
    added = mix_at_snr(clean, noise, [10, -10]) - clean
    np.testing.assert_allclose(added, [[0.3, 0.3], [1000, 1000]])


def test_perfect_is_perfect_and_silence_is_chance():
    rng = np.random.default_rng(0)
    clean = rng.normal(size=(7, 2, 100))
    for metric, perfect, silent in [
        ("rrmse-temporal", 0, 1), ("rrmse-spectral", 0, 1), ("segment-correlation", 1, 0),
    ]:  # fmt: skip
        assert score(metric, clean, clean) == pytest.approx(perfect, abs=1e-12)
        assert score(metric, clean, np.zeros_like(clean)) == pytest.approx(silent, abs=1e-12)


def test_scale_of_the_unit_does_not_matter():
    rng = np.random.default_rng(1)
    clean, cleaned = rng.normal(size=(2, 9, 64))
    for metric in ("rrmse-temporal", "rrmse-spectral", "segment-correlation"):
        usual = score(metric, clean, cleaned)
        assert score(metric, 1e-6 * clean, 1e-6 * cleaned) == pytest.approx(usual, rel=1e-9)


def test_segments_are_averaged_not_pooled():
    clean, cleaned = np.array([[1.0, -1.0], [100.0, -100.0]]), np.array([[0.0, 0.0], [100, -100]])
    assert score("rrmse-temporal", clean, cleaned) == 0.5  # pooled: 0.01


@pytest.mark.parametrize("n_times", [100, 101])
def test_spectrum_is_scipys_periodogram(n_times):
    clean, cleaned = np.random.default_rng(2).normal(size=(2, 3, n_times)) + 5
    a, b = (periodogram(each, detrend="constant")[1] for each in (clean, cleaned))
    rms = lambda x: np.sqrt(np.mean(x**2, axis=-1))  # noqa: E731
    # SciPy keeps the bin of the mean, which is zero: it cancels in the ratio.
    assert score("rrmse-spectral", clean, cleaned) == pytest.approx(np.mean(rms(b - a) / rms(a)))


def test_undefined_where_the_clean_signal_is_constant():
    flat = np.zeros((1, 8))
    assert np.isnan(score("rrmse-temporal", flat, flat))
    assert "constant" in undefined_reason("segment-correlation", flat)
    assert score("rrmse-temporal", CLEAN[:1], CLEAN[:1]) == 0  # one segment is enough


# ---------------------------------------------------------------- pairs
def _segments(n, seed):
    return np.random.default_rng(seed).normal(size=(n, 32))


@pytest.mark.parametrize(("n_clean", "n_noise"), [(60, 40), (40, 60)])
def test_parts_share_no_segment(n_clean, n_noise):
    clean, noise = _segments(n_clean, 0), _segments(n_noise, 1)
    parts = denoising_pairs(clean, noise, redraws=3, random_state=4)
    for rows in ("clean_rows", "noise_rows"):
        sets = [set(getattr(part, rows).tolist()) for part in parts]
        assert not (sets[0] & sets[1] | sets[0] & sets[2] | sets[1] & sets[2])
    assert set().union(*(part.clean_rows.tolist() for part in parts)) == set(range(n_clean))
    for part in parts:
        np.testing.assert_array_equal(part.clean, clean[part.clean_rows])
        level = np.sqrt(np.mean((part.noisy - part.clean) ** 2, 1) / np.mean(part.clean**2, 1))
        np.testing.assert_allclose(-10 * np.log10(level), part.snr, atol=1e-9)


def test_training_draws_levels_and_tests_stand_on_a_grid():
    train, valid, test = denoising_pairs(_segments(50, 0), _segments(50, 1), redraws=10)
    assert len(train) == 400 and -7 <= train.snr.min() < train.snr.max() <= 2
    assert len(np.unique(train.snr)) == 400
    for part in (valid, test):
        assert np.unique(part.snr).tolist() == list(range(-7, 3)) and len(part) == 50
        pairs = {(a, b) for a, b in zip(part.clean_rows, part.noise_rows, strict=True)}
        assert len(pairs) == 5  # the same pairs at every level
    again = denoising_pairs(_segments(50, 0), _segments(50, 1), redraws=10)[0]
    np.testing.assert_array_equal(again.noisy, train.noisy)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: mix_at_snr(CLEAN, NOISE, 0, "powr"), "power"),
        (lambda: mix_at_snr(CLEAN, 0 * NOISE, 0), "zero"),
        (lambda: mix_at_snr(CLEAN, np.nan * NOISE, 0), "not a number"),
        (lambda: mix_at_snr(CLEAN, NOISE[:, :9], 0), "shape"),
        (lambda: denoising_pairs(_segments(4, 0), _segments(40, 0)), "empty"),
        (lambda: denoising_pairs(_segments(4, 0)[:, None], _segments(40, 0)), "rows"),
    ],
)
def test_refusals(act, words):
    with pytest.raises(DataError, match=words):
        act()
