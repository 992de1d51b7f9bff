import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

import neurodecode as nd
from neurodecode import Epochs
from neurodecode.core.channels import Channels
from neurodecode.core.errors import DataError
from neurodecode.decoders import Denoiser
from neurodecode.evaluation import score

SFREQ = 128.0


def rhythms(n, n_times=128, seed=0):
    """10 Hz rhythms of any phase, µV; one channel."""
    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi, (n, 1, 1))
    return 20 * np.sin(2 * np.pi * 10 * np.arange(n_times) / SFREQ + phase)


def epochs_of(data, kinds="eeg", **options):
    channels = Channels([f"E{i}" for i in range(data.shape[1])], kinds=kinds)
    return Epochs(data.astype(np.float32), channels=channels, sfreq=SFREQ, **options)


def quick(**options):
    settings = {"net": "eegdenoisenet-fcnn", "adversarial": 0, "epochs": 12, "lr": 3e-3}
    return Denoiser(**(settings | {"sfreq": SFREQ, "device": "cpu"} | options))


CLEAN = rhythms(160)
NOISY = CLEAN + 15 * np.random.default_rng(1).normal(size=CLEAN.shape)
TEST = rhythms(40, seed=2)
NOISY_TEST = TEST + 15 * np.random.default_rng(3).normal(size=TEST.shape)


@pytest.fixture(scope="module")
def fitted():
    return quick().fit(epochs_of(NOISY), epochs_of(CLEAN))


# ---------------------------------------------------------------- what it does
def test_cleans_what_it_has_not_seen(fitted):
    cleaned = fitted.transform(epochs_of(NOISY_TEST))
    assert isinstance(cleaned, Epochs) and cleaned.shape == TEST.shape
    assert score("rrmse-temporal", TEST, NOISY_TEST) > 1
    assert score("rrmse-temporal", TEST, cleaned.data) < 0.6
    assert score("segment-correlation", TEST, cleaned.data) > 0.85


def test_learns_nothing_from_clean_signals_of_others():
    """With clean twins dealt at random, the best guess is near silence."""
    wrong = CLEAN[np.random.default_rng(5).permutation(len(CLEAN))]
    cleaned = quick().fit(NOISY, wrong).transform(NOISY_TEST)
    assert abs(score("segment-correlation", TEST, cleaned)) < 0.3


def test_unit_size_and_offset_do_not_matter(fitted):
    usual = fitted.transform(NOISY_TEST)
    np.testing.assert_allclose(fitted.transform(1e-3 * NOISY_TEST + 7), 1e-3 * usual + 7, atol=1e-6)
    flat = np.full((1, 1, 128), 3.0)
    np.testing.assert_allclose(fitted.transform(flat), flat, rtol=1e-12)


def test_channel_by_channel_and_only_its_kind(fitted):
    wide = np.concatenate([NOISY_TEST, NOISY_TEST[::-1], NOISY_TEST], axis=1)
    epochs = epochs_of(wide, kinds=["eeg", "eeg", "eog"], y=np.arange(40) % 2, tmin=-0.5)
    cleaned = fitted.transform(epochs)
    assert fitted.transform(epochs_of(wide[:, :2], rank=1)).rank is None
    alone = fitted.transform(epochs_of(NOISY_TEST)).data
    np.testing.assert_allclose(cleaned.data[:, :1], alone, atol=1e-4)
    np.testing.assert_allclose(cleaned.data[:, 1:2], alone[::-1], atol=1e-4)
    assert np.array_equal(cleaned.data[:, 2], epochs.data[:, 2])
    assert cleaned.tmin == -0.5 and np.array_equal(cleaned.y, epochs.y)


@pytest.mark.parametrize("n_times", [129, 192, 200, 400])
def test_longer_epochs_are_covered(fitted, n_times):
    """Each part is cleaned as it would be alone; the margin stays."""
    clean = rhythms(10, n_times, seed=4)
    noisy = clean + 15 * np.random.default_rng(5).normal(size=clean.shape)
    pad = 16 / SFREQ
    cleaned = fitted.transform(epochs_of(noisy, pad=pad))
    assert cleaned.pad == pad and cleaned.padded().shape == noisy.shape
    assert score("rrmse-temporal", clean, cleaned.padded()) < 0.6
    constant = np.full((1, 1, n_times), 5.0)  # weights sum to one everywhere
    np.testing.assert_allclose(fitted.transform(constant), constant)


@pytest.mark.slow
def test_atat_doubts_more_where_there_is_more_noise():
    white = np.random.default_rng(6).normal(size=(200, 1, 128))
    spread = np.tile([2.0, 40.0], 100)[:, None, None]  # µV of noise on rhythms of 14 µV
    clean = rhythms(200)
    noisy = clean + spread * white
    denoiser = quick(net="atat", adversarial=0.01, epochs=8, batch_size=16, validation=0)
    cleaned = denoiser.fit(noisy[:160], clean[:160]).transform(noisy[160:])
    x = torch.from_numpy(noisy[160:] / noisy[160:].std(2, keepdims=True)).float()
    with torch.no_grad():
        doubt = denoiser.module_.body(x)[..., -1].mean(1).numpy()
    assert doubt[1::2].mean() > 0.9 and doubt[::2].mean() < 0.5
    assert score("rrmse-temporal", clean[161::2], cleaned[1::2]) < 1 < 2.5  # untouched: 2.8


# ---------------------------------------------------------------- validation
def test_pairs_of_one_clean_segment_stay_on_one_side():
    clean = np.repeat(CLEAN[:20], 4, axis=0)
    fit, valid = quick(validation=0.25)._validation_rows(clean, clean, 0)
    assert len(valid) == 20 and not set(fit // 4) & set(valid // 4)


def test_whole_people_validate_where_there_are_several():
    people = pd.DataFrame({"subject": np.arange(160) // 16})
    fit, valid = quick(validation=0.2)._validation_rows(epochs_of(NOISY, trials=people), CLEAN, 0)
    assert len(valid) == 32 and not set(fit // 16) & set(valid // 16)


def test_validation_pairs_of_the_caller():
    ones = quick(epochs=3).fit(NOISY, CLEAN, NOISY_TEST, TEST)
    twin = quick(epochs=3, validation=0.0).fit(NOISY, CLEAN)
    assert np.isfinite(ones.history_["valid_loss"]).all()
    assert np.isnan(twin.history_["valid_loss"]).all()
    assert ones.history_["train_loss"] == twin.history_["train_loss"]  # they choose, not train


# ---------------------------------------------------------------- as a step
def test_saved_loaded_and_frozen_in_a_pipeline(fitted, tmp_path):
    nd.save(fitted, tmp_path / "denoiser")
    loaded = nd.load_model(tmp_path / "denoiser", device="cpu")
    epochs = epochs_of(NOISY_TEST, y=["left", "right"] * 20)
    pipe = make_pipeline(
        FrozenEstimator(loaded), nd.features.WindowMeans(4), nd.decoders.ShrinkageLDA()
    ).fit(epochs, epochs.y)
    assert np.array_equal(pipe[0].transform(epochs).data, fitted.transform(epochs).data)
    nd.save(pipe, tmp_path / "pipe")
    twin = nd.load_model(tmp_path / "pipe", device="cpu")
    assert np.array_equal(twin.predict_proba(epochs), pipe.predict_proba(epochs))


def test_mne_epochs(fitted):
    epochs = epochs_of(NOISY_TEST)
    expected = fitted.transform(epochs).data
    np.testing.assert_allclose(fitted.transform(epochs.to_mne()).data, expected, atol=1e-3)


# ---------------------------------------------------------------- refusals
def _volts(data):
    channels = Channels(["E0"], units="V")
    return Epochs(data, channels=channels, sfreq=SFREQ)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda d: d.transform(Epochs(NOISY_TEST, channels=["E0"], sfreq=256)), "sampling rate"),
        (lambda d: d.transform(_volts(NOISY_TEST)), "kind or unit"),
        (lambda d: d.transform(epochs_of(NOISY_TEST, kinds="mag")), "kind or unit"),
        (lambda d: d.transform(NOISY_TEST[..., :100]), "shorter"),
        (lambda d: quick().fit(epochs_of(NOISY), _volts(CLEAN)), "differ in unit"),
        (lambda d: quick().fit(NOISY, np.arange(160) % 2), "FrozenEstimator"),
        (lambda d: quick().fit(NOISY), "no clean signals"),
        (lambda d: quick().fit(NOISY[:0], CLEAN[:0]), "no pairs"),
        (lambda d: quick(sfreq=None).fit(NOISY, CLEAN), "sampling rate"),
        (lambda d: quick(adversarial=-1).fit(NOISY, CLEAN), "weight"),
        (lambda d: quick(validation=1).fit(NOISY, CLEAN), "share"),
        (lambda d: quick().fit(NOISY, CLEAN, *2 * [rhythms(5, 200)]), "another shape"),
        (lambda d: quick().fit(np.repeat(NOISY, 2, 1), np.full((160, 2, 128), np.nan)), "finite"),
        (
            lambda d: quick().fit(epochs_of(np.repeat(NOISY, 2, 1), kinds=["eeg", "eog"]), 0),
            "one kind",
        ),
    ],
)
def test_refusals(fitted, act, words):
    with pytest.raises(DataError, match=words):
        act(fitted)


def test_two_rates_are_refused():
    with pytest.raises(DataError, match="two sampling rates"):
        quick(sfreq=100.0).fit(epochs_of(NOISY), CLEAN)
