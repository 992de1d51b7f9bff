"""Filter-bank CSP: finds the band that tells, and only inside the training trials."""

import numpy as np
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

import neurodecode as nd
from neurodecode.decoders import ShrinkageLDA
from neurodecode.features import CSP, Covariance, FilterBankCSP
from neurodecode.linalg.filtering import butterworth, zero_phase
from neurodecode.preprocessing import Bandpass


def band_noise(rng, shape, low, high):
    noise = zero_phase(rng.normal(size=shape), butterworth(low, high, 250))
    return noise / noise.std(axis=-1, keepdims=True)


def beta_epochs(random_state=0, n_each=40):
    """A strong rhythm at 9-11 Hz that tells nothing over a weak one at 20-24 Hz that tells."""
    rng = np.random.default_rng(random_state)
    y = np.tile([0, 1], n_each)
    shape = (len(y), 8, 500)
    alpha = band_noise(rng, shape, 9, 11)
    sources = 0.3 * rng.normal(size=shape)
    sources += 2 * np.exp(0.5 * rng.normal(size=shape[:2]))[..., None] * alpha
    beta = 0.5 * band_noise(rng, (len(y), 2, 500), 20, 24)
    beta[y == 1, 0] *= 1.6
    beta[y == 0, 1] *= 1.6
    sources[:, :2] += beta
    names = ["FC3", "FC4", "C3", "Cz", "C4", "Pz", "P3", "P4"]
    data = rng.normal(size=(8, 8)) @ sources
    return nd.Epochs(data, channels=names, sfreq=250, y=np.where(y == 1, "b", "a"))


def accuracy(pipe, epochs, y):
    return cross_val_score(pipe, epochs, y, cv=StratifiedKFold(3), error_score="raise").mean()


def test_the_bank_finds_what_one_band_cannot():
    epochs = beta_epochs()
    bank = make_pipeline(FilterBankCSP(), ShrinkageLDA())
    one = make_pipeline(Covariance(), CSP(6), ShrinkageLDA())
    assert accuracy(bank, epochs, epochs.y) > 0.95
    assert accuracy(one, Bandpass(8, 32).transform(epochs), epochs.y) < 0.75
    chosen = FilterBankCSP(n_features=2).fit(epochs, epochs.y)
    assert set(chosen.chosen_ // 4) <= {2, 3}, "features of other bands than 16-24 Hz"


def test_choice_among_many_features_does_not_leak():
    epochs = beta_epochs()
    y = np.random.default_rng(1).permutation(epochs.y)
    assert abs(accuracy(make_pipeline(FilterBankCSP(), ShrinkageLDA()), epochs, y) - 0.5) < 0.15


def test_one_band_and_all_features_is_plain_csp():
    epochs = beta_epochs(n_each=10)
    ours = FilterBankCSP(bands=[(8, 32)], n_filters=4, n_features=4).fit(epochs, epochs.y)
    plain = make_pipeline(Bandpass(8, 32), Covariance(), CSP(4)).fit(epochs, epochs.y)
    assert np.allclose(ours.transform(epochs), plain.transform(epochs), atol=1e-4)
