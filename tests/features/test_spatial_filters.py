"""SPoC, SSD, xDAWN, DSS, regularized CSP and the eigenproblem below them."""

import mne
import numpy as np
import pytest
from pyriemann.estimation import Covariances as PyriemannCovariances
from pyriemann.spatialfilters import CSP as PyriemannCSP
from pyriemann.spatialfilters import SPoC as PyriemannSPoC
from pyriemann.spatialfilters import Xdawn as PyriemannXdawn

import neurodecode as nd
from neurodecode.core.errors import DataError
from neurodecode.features import CSP, DSS, SSD, Covariance, RegularizedCSP, SPoC, Xdawn
from neurodecode.linalg.eigen import generalized_eigh, patterns_of_filters

NAMES = ["C3", "Cz", "C4", "Pz", "Oz"]


def random_covariances(n, n_channels=5, random_state=0):
    x = np.random.default_rng(random_state).normal(size=(n, n_channels, 40))
    return x @ x.transpose(0, 2, 1) / 40


def same_up_to_sign(a, b, atol=1e-8):
    return np.allclose(np.abs(a), np.abs(b), atol=atol)


# ---------------------------------------------------------------------- eigenproblem
def test_eigenproblem_equals_scipys():
    from scipy.linalg import eigh

    a, b = random_covariances(2)
    values, vectors = eigh(a, b)
    ratios, filters = generalized_eigh(a, b)
    assert np.allclose(ratios, values[::-1])
    assert same_up_to_sign(filters, vectors.T[::-1])


def test_directions_without_power_are_left_out():
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(5, 3))
    small = [np.diag([3.0, 1, 2]), np.diag([1.0, 1, 4])]
    ratios, filters = generalized_eigh(*(mixing @ each @ mixing.T for each in small))
    assert ratios.round(6).tolist() == [3.0, 1.0, 0.5]
    assert filters.shape == (3, 5)
    with pytest.raises(DataError, match="without variance"):
        generalized_eigh(np.eye(3), np.zeros((3, 3)))


def test_patterns_are_the_mixing_of_independent_sources():
    mixing = np.random.default_rng(0).normal(size=(4, 4))
    patterns = patterns_of_filters(np.linalg.inv(mixing), mixing @ np.diag([4, 3, 2, 1]) @ mixing.T)
    assert np.allclose(patterns, mixing.T)


# ---------------------------------------------------------------------- CSP
def test_without_penalty_regularized_csp_is_csp():
    matrices, y = random_covariances(40), np.repeat(["a", "b"], 20)
    matrices[y == "a", 0, 0] += 1.0
    ours = RegularizedCSP(2, penalty=0.0).fit(matrices, y)
    plain = CSP(5).fit(matrices, y)
    for own in ours.filters_:  # one direction each; scales differ
        cosines = np.abs(plain.filters_ @ own) / np.linalg.norm(plain.filters_, axis=1)
        assert cosines.max() / np.linalg.norm(own) == pytest.approx(1, abs=1e-6)


def test_the_penalty_shrinks_weights_on_weak_channels():
    """A channel of little power that happens to differ gets large weights, unless they cost."""
    matrices = np.array([np.diag([4.0, 1, 0.002]), np.diag([1.0, 4, 0.0004])])
    free = RegularizedCSP(2, penalty=0.0).fit(matrices, [0, 1]).filters_[0]
    paid = RegularizedCSP(2, penalty=0.1).fit(matrices, [0, 1]).filters_[0]
    assert abs(free).argmax() == 2
    assert abs(paid).argmax() == 0
    with pytest.raises(DataError, match="penalty"):
        RegularizedCSP(penalty=-1.0).fit(matrices, [0, 1])


# ---------------------------------------------------------------------- SPoC, SSD
@pytest.mark.parity
def test_spoc_equals_pyriemanns():
    matrices, y = random_covariances(60), np.random.default_rng(1).normal(size=60)
    theirs = PyriemannSPoC(nfilter=3, metric="euclid", log=True).fit(matrices, y)
    ours = SPoC(3).fit(matrices, y)
    assert np.allclose(ours.transform(matrices), theirs.transform(matrices), atol=1e-8)


def test_spoc_follows_a_planted_power():
    rng = np.random.default_rng(0)
    z = rng.uniform(1, 4, size=80)
    mixing = rng.normal(size=(5, 5))
    sources = rng.normal(size=(80, 5, 200))
    sources[:, 0] *= np.sqrt(z)[:, None]
    x = mixing @ sources
    matrices = x @ x.transpose(0, 2, 1) / 200
    spoc = SPoC(1).fit(matrices[:40], z[:40])
    assert np.corrcoef(spoc.transform(matrices[40:])[:, 0], z[40:])[0, 1] > 0.9
    cosine = spoc.patterns_[0] @ mixing[:, 0]
    assert abs(cosine) / np.linalg.norm(spoc.patterns_[0]) / np.linalg.norm(mixing[:, 0]) > 0.95


@pytest.mark.parametrize("y", [None, ["a", "b", "c"], [1.0, 1.0, 1.0], [1.0, np.nan, 2.0]])
def test_spoc_refuses_what_is_no_continuous_target(y):
    with pytest.raises(DataError, match="SPoC"):
        SPoC().fit(random_covariances(3), y)


def test_ssd_finds_a_rhythm_under_louder_noise():
    rng = np.random.default_rng(0)
    times = np.arange(500) / 250
    mixing = rng.normal(size=(5, 5))
    sources = rng.normal(size=(30, 5, 500)).cumsum(axis=-1) * 0.3
    sources[:, 0] = np.sin(2 * np.pi * 10.5 * times + rng.uniform(0, 6, size=(30, 1)))
    epochs = nd.Epochs(mixing @ sources, channels=NAMES, sfreq=250)
    ssd = SSD(9, 12, n_components=2).fit(epochs)
    pattern = ssd.patterns_[0]
    cosine = abs(pattern @ mixing[:, 0]) / np.linalg.norm(pattern) / np.linalg.norm(mixing[:, 0])
    assert cosine > 0.99
    assert ssd.ratios_[0] > 3 * ssd.ratios_[1]
    with pytest.raises(DataError, match="flank"):
        SSD(9, 12, flank=10).fit(epochs)


@pytest.mark.parity
def test_ssd_is_mnes_where_both_see_the_same_bands():
    """With MNE's Butterworth filters, which pad the ends in another way, patterns agree."""
    from mne.decoding import SSD as MneSSD

    rng = np.random.default_rng(3)
    times = np.arange(500) / 250
    sources = rng.normal(size=(20, 5, 500)).cumsum(axis=-1) * 0.3
    sources[:, 0] += np.sin(2 * np.pi * 10.5 * times)
    epochs = nd.Epochs(rng.normal(size=(5, 5)) @ sources, channels=NAMES, sfreq=250)
    info = mne.create_info(list(NAMES), 250.0, "eeg")
    band, wide = ({"l_freq": 9 - w, "h_freq": 12 + w, "method": "iir"} for w in (0, 2))
    theirs = MneSSD(info, band, wide, n_components=5)
    with mne.use_log_level("error"):
        theirs.fit(epochs.data.astype(float))
    ours = SSD(9, 12, n_components=2).fit(epochs)
    pattern = theirs.patterns_[0]
    cosine = abs(pattern @ ours.patterns_[0]) / np.linalg.norm(pattern)
    assert cosine / np.linalg.norm(ours.patterns_[0]) > 0.999


@pytest.mark.parity
@pytest.mark.data
@pytest.mark.parametrize("held", range(3))
def test_csp_and_xdawn_are_pyriemanns_on_real_folds(shared_data, held):
    """Left and right hand of one person: fitted on two thirds of the trials, used on the rest."""
    recording = nd.read(shared_data / "eegbci_s001" / "S001R03.edf")
    recording = nd.preprocessing.Bandpass(8, 32).transform(recording.pick(np.arange(0, 64, 8)))
    epochs = recording.epoch({"left": "T1", "right": "T2"}, tmin=0.0, tmax=3.0)
    rows = np.arange(len(epochs))
    train, test = epochs[rows % 3 != held], epochs[rows % 3 == held]
    x, x_test = (each.data.astype(float) for each in (train, test))
    matrices = Covariance("oas").fit_transform(train)
    theirs = PyriemannCSP(nfilter=4, metric="euclid").fit(
        PyriemannCovariances("oas").fit_transform(x), train.y
    )
    expected = theirs.transform(PyriemannCovariances("oas").fit_transform(x_test))
    ours = CSP(4).fit(matrices, train.y)
    assert np.allclose(ours.transform(Covariance("oas").fit_transform(test)), expected, atol=1e-6)
    xdawn = PyriemannXdawn(nfilter=2, estimator="scm").fit(x, train.y)
    found = Xdawn(2).fit(train, train.y).transform(test)
    assert np.allclose(found, xdawn.transform(x_test), rtol=1e-5, atol=1e-6)


# ---------------------------------------------------------------------- evoked
def evoked_epochs(n=40, amplitude=1.0):
    rng = np.random.default_rng(0)
    bump = amplitude * np.exp(-0.5 * ((np.arange(100) - 35) / 5) ** 2)
    y = np.tile(["rare", "common"], n // 2)
    data = rng.normal(size=(n, 5, 100))
    data[y == "rare"] += np.array([1.0, -1, 0.5, 0, 0])[:, None] * bump
    return nd.Epochs(data, channels=NAMES, sfreq=100, y=y)


@pytest.mark.parity
def test_xdawn_is_pyriemanns():
    epochs = evoked_epochs()
    theirs = PyriemannXdawn(nfilter=2, estimator="scm").fit(epochs.data.astype(float), epochs.y)
    ours = Xdawn(2).fit_transform(epochs, epochs.y)
    assert np.allclose(ours, theirs.transform(epochs.data.astype(float)), atol=1e-8)


def test_dss_of_identical_trials_is_all_repeatable():
    one = np.random.default_rng(0).normal(size=(1, 5, 100))
    assert np.allclose(DSS(5).fit(np.repeat(one, 6, axis=0)).ratios_, 1)


def test_dss_on_noise_repeats_as_one_in_n_trials():
    noise = np.random.default_rng(0).normal(size=(20, 3, 4000))
    assert np.allclose(DSS(3).fit(noise).ratios_, 1 / 20, atol=0.01)


def test_dss_finds_the_evoked_component_of_its_class():
    epochs = evoked_epochs(amplitude=2.0)
    dss = DSS(1).fit(epochs, epochs.y)
    true = np.array([1.0, -1, 0.5, 0, 0])
    cosine = abs(dss.patterns_[0] @ true) / np.linalg.norm(dss.patterns_[0]) / np.linalg.norm(true)
    assert cosine > 0.95
