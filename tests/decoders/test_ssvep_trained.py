"""Calibrated decoders of flicker: closed forms, the sheet's order and chance, what they refuse."""

import numpy as np
import pytest
from decoders.flicker_trials import FREQUENCIES, block_accuracy, flicker_trials

import neurodecode as nd
from neurodecode.core.errors import DataError
from neurodecode.decoders import CCA, ITCCA, SSCOR, TDCA, TRCA, ExtendedCCA, MsetCCA
from neurodecode.decoders.ssvep_sets import shared_components, sscor_filter
from neurodecode.decoders.ssvep_trained import trca_filter

MAKES = {
    "cca": lambda: CCA(FREQUENCIES),
    "it-cca": lambda: ITCCA(),
    "extended-cca": lambda: ExtendedCCA(FREQUENCIES),
    "mset-cca": lambda: MsetCCA(),
    "sscor": lambda: SSCOR(n_bands=1),
    "trca": lambda: TRCA(n_bands=1),
    "etrca": lambda: TRCA(ensemble=True, n_bands=1),
    "tdca": lambda: TDCA(FREQUENCIES, n_components=11, n_bands=1),
}


def centred(x):
    return x - x.mean(axis=-1, keepdims=True)


def test_trca_of_identical_trials_is_their_number_less_one():
    x = centred(np.random.default_rng(0).normal(size=(1, 4, 100)))
    assert trca_filter(np.repeat(x, 6, axis=0))[0] == pytest.approx(5.0, abs=1e-9)


def test_trca_on_noise_is_a_little_above_zero():
    x = np.random.default_rng(0).normal(size=(200, 6, 4, 100))
    ratios = [trca_filter(centred(each))[0] for each in x]
    assert np.mean(ratios) == pytest.approx(0.27, abs=0.02)
    assert min(ratios) > -1


def test_trca_equals_the_sum_over_pairs():
    from scipy.linalg import eigh

    x = centred(np.random.default_rng(0).normal(size=(6, 4, 100)))
    pairs = sum(x[i] @ x[j].T for i in range(6) for j in range(6) if i != j)
    total = sum(each @ each.T for each in x)
    values, vectors = eigh(pairs, total)
    ratio, weights = trca_filter(x)
    assert ratio == pytest.approx(values[-1], abs=1e-10)
    assert np.allclose(abs(weights), abs(vectors[:, -1]), atol=1e-10)


def test_trca_survives_an_average_reference():
    epochs, block = flicker_trials(0.4, 0)
    referenced = epochs.with_data(epochs.data - epochs.data.mean(axis=1, keepdims=True))
    train, test = referenced[block > 0], referenced[block == 0]
    for make in (TRCA(n_bands=1), TRCA(True, n_bands=1), ITCCA(), TDCA(FREQUENCIES, n_bands=1)):
        assert make.fit(train, train.y).score(test, test.y) > 0.8


@pytest.mark.parametrize("name", MAKES)
def test_units_do_not_matter(name):
    """Volts and microvolts: the ridge of TDCA is relative."""
    epochs, _ = flicker_trials(0.15, 0)
    volts = nd.Epochs(epochs.data * 1e-6, channels=epochs.channels, sfreq=250, y=epochs.y)
    a = MAKES[name]().fit(epochs, epochs.y).decision_function(epochs[:12])
    b = MAKES[name]().fit(volts, volts.y).decision_function(volts[:12])
    assert np.allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("name", MAKES)
def test_at_chance_on_noise(name):
    assert abs(block_accuracy(MAKES[name], 0.0, range(3)) - 1 / 12) < 0.06


@pytest.mark.slow  # ten seeds, because the random patterns set the difficulty
def test_the_order_of_methods():
    names = [name for name in MAKES if name != "mset-cca"]
    mean = {name: block_accuracy(MAKES[name], 0.1, range(10)) for name in names}
    assert mean["tdca"] > mean["etrca"] > mean["trca"] > mean["cca"] > 0.25
    assert mean["extended-cca"] > mean["cca"]
    assert mean["sscor"] > mean["cca"]
    # Sets of references overfit weak signals: two seeds at twice the amplitude.
    assert block_accuracy(MAKES["mset-cca"], 0.2, range(2)) > 0.4


@pytest.mark.parametrize("name", ["trca", "etrca", "tdca"])
def test_a_jitter_of_the_onset_destroys_templates_but_not_cca(name):
    epochs, block = flicker_trials(0.4, 0, n_times=250)
    rng = np.random.default_rng(0)
    starts = rng.integers(0, 125, size=len(epochs))
    data = np.stack([x[:, s : s + 125] for x, s in zip(epochs.data, starts, strict=True)])
    jittered = nd.Epochs(data, channels=epochs.channels, sfreq=250, y=epochs.y)
    train, test = jittered[block > 0], jittered[block == 0]
    assert CCA(FREQUENCIES).fit(train, train.y).score(test, test.y) > 0.8
    assert MAKES[name]().fit(train, train.y).score(test, test.y) < 0.6


def test_tdca_without_frequencies_decodes_codes():
    rng = np.random.default_rng(0)
    codes = rng.choice([-1.0, 1.0], size=(4, 1, 125))
    y = np.repeat(list("abcd"), 10)
    data = np.repeat(codes, 10, axis=0) * rng.normal(size=(1, 6, 1)) * 0.3
    data += rng.normal(size=data.shape)
    epochs = nd.Epochs(data, channels=[f"E{i}" for i in range(6)], sfreq=250, y=y)
    train = np.arange(40) % 2 == 0
    for clf in (TDCA(n_bands=1), TRCA(n_bands=1), TRCA(True, n_bands=1)):
        assert clf.fit(epochs[train], y[train]).score(epochs[~train], y[~train]) > 0.9


def test_tdca_reads_nothing_after_the_test_window():
    whole, _ = flicker_trials(0.2, 0, n_times=145)
    padded = nd.Epochs(
        whole.data, channels=whole.channels, sfreq=250, y=whole.y, pad=10 / 250, tmin=0.04
    )
    spoilt = whole.data.copy()
    spoilt[..., -10:] = 50
    clf = TDCA(FREQUENCIES, n_bands=1).fit(padded, padded.y)
    a, b = clf.decision_function(padded), clf.decision_function(padded.with_data(spoilt, pad=0.04))
    assert np.array_equal(a, b)
    other = TDCA(FREQUENCIES, n_bands=1).fit(padded.with_data(spoilt, pad=0.04), padded.y)
    assert not np.allclose(other.filters_, clf.filters_)  # training does read them


def test_what_cannot_be_is_refused():
    epochs, _ = flicker_trials(0.2, 0)
    with pytest.raises(DataError, match="one training trial"):
        TRCA().fit(epochs[:23], epochs.y[:23])
    with pytest.raises(DataError, match="another window"):
        ITCCA().fit(epochs, epochs.y).predict(epochs.crop(0.0, 0.4))
    with pytest.raises(DataError, match="n_delays"):
        TDCA(FREQUENCIES, n_delays=-1).fit(epochs, epochs.y)


def test_sscor_maximizes_the_sum_of_squared_correlations():
    """Its total is reached by its own filter, and by no other of many."""
    from neurodecode.linalg.canonical import first_canonical

    x = centred(np.random.default_rng(0).normal(size=(5, 4, 80)))
    total, weights = sscor_filter(x)

    def squares(w):
        return sum(first_canonical((w @ x.mean(axis=0))[None], each)[0] ** 2 for each in x)

    others = np.random.default_rng(1).normal(size=(200, 4))
    assert squares(weights) == pytest.approx(total, abs=1e-9)
    assert max(squares(w) for w in others) < total


def test_shared_components_solve_the_eigenproblem_of_the_paper():
    from scipy.linalg import block_diag, eigh

    x = centred(np.random.default_rng(0).normal(size=(4, 3, 60)))
    stacked = x.reshape(12, 60)
    within = block_diag(*[each @ each.T for each in x])
    vector = eigh(stacked @ stacked.T - within, within)[1][:, -1]
    expected = np.stack([w @ each for w, each in zip(vector.reshape(4, 3), x, strict=True)])
    found = shared_components(x)
    ratio = np.einsum("nt,nt->n", expected, found) / np.einsum("nt,nt->n", expected, expected)
    assert np.allclose(found, ratio[:, None] * expected, atol=1e-9)
    assert np.allclose(ratio, ratio[0], atol=1e-9)  # one scale for all trials
