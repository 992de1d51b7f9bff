"""Filter-bank CSP: finds the band that tells, and only inside the training trials."""

import numpy as np
import pytest
from scipy.linalg import eigh
from scipy.stats import norm
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

import neurodecode as nd
from neurodecode.core.errors import DataError
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


def brute_force(epochs, y, bands, n_filters, n_features):
    """Ang's choice by loops over trials, from SciPy's generalized eigenvectors."""
    filters, features = [], []
    for low, high in bands:
        filtered = zero_phase(
            epochs.data.astype(float), butterworth(low, high, epochs.sfreq), round(250 / low)
        )
        matrices = Covariance("oas").transform(epochs.with_data(filtered))
        first, second = (matrices[y == label].mean(axis=0) for label in np.unique(y))
        vectors = eigh(first, first + second)[1].T[::-1]  # largest share of the first class first
        kept = [*vectors[: n_filters // 2], *vectors[-n_filters // 2 :]]
        filters.append(kept)
        features.append([[np.log(w @ each @ w) for w in kept] for each in matrices])
    features = np.concatenate(features, axis=1)
    information = []
    for column in features.T:
        rest = 0.0
        for value in column:
            joint = []
            for label in np.unique(y):
                own = column[y == label]
                h = own.std(ddof=1) * (4 / (3 * len(own))) ** 0.2
                density = np.mean([norm.pdf(value, each, h) for each in own])
                joint.append(np.mean(y == label) * density)
            rest -= sum(p / sum(joint) * np.log2(p / sum(joint)) for p in joint) / len(y)
        information.append(1.0 - rest)  # two classes of one size: one bit
    chosen = set()
    for index in np.argsort(information)[::-1][:n_features]:
        band, place = divmod(int(index), n_filters)
        chosen |= {int(index), band * n_filters + n_filters - 1 - place}
    return np.array(information), sorted(chosen), features[:, sorted(chosen)]


def test_choice_and_features_equal_a_brute_force_reference():
    epochs, bands = beta_epochs(n_each=12), [(8, 14), (16, 24), (24, 32)]
    ours = FilterBankCSP(bands, n_filters=4, n_features=3).fit(epochs, epochs.y)
    information, chosen, features = brute_force(epochs, epochs.y, bands, 4, 3)
    np.testing.assert_allclose(ours.information_, information, atol=1e-6)
    assert ours.chosen_.tolist() == chosen
    np.testing.assert_allclose(ours.transform(epochs), features, atol=1e-6)


def test_chosen_filters_bring_their_partners():
    epochs = beta_epochs(n_each=12)
    ours = FilterBankCSP(n_filters=4, n_features=3).fit(epochs, epochs.y)
    assert {4 * (i // 4) + 3 - i % 4 for i in ours.chosen_} == set(ours.chosen_)
    with pytest.raises(DataError, match="in pairs"):
        FilterBankCSP(n_filters=3).fit(epochs, epochs.y)


def test_choice_among_many_features_does_not_leak():
    epochs = beta_epochs()
    y = np.random.default_rng(1).permutation(epochs.y)
    assert abs(accuracy(make_pipeline(FilterBankCSP(), ShrinkageLDA()), epochs, y) - 0.5) < 0.15


def test_one_band_and_all_features_is_plain_csp():
    epochs = beta_epochs(n_each=10)
    ours = FilterBankCSP(bands=[(8, 32)], n_filters=4, n_features=4).fit(epochs, epochs.y)
    plain = make_pipeline(Bandpass(8, 32), Covariance(), CSP(4)).fit(epochs, epochs.y)
    found, expected = ours.transform(epochs), plain.transform(epochs)
    order = [abs(expected - column[:, None]).max(axis=0).argmin() for column in found.T]
    assert sorted(order) == [0, 1, 2, 3]  # pyRiemann's order of filters is another one
    assert np.allclose(found, expected[:, order], atol=1e-4)
