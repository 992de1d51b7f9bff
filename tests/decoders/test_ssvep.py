"""Training-free decoders of flicker: closed forms, invariances, peers, and what they refuse."""

import numpy as np
import pytest
from decoders.flicker_trials import FREQUENCIES, flicker_trials
from sklearn.cross_decomposition import CCA as SklearnCCA

import neurodecode as nd
from neurodecode.core.errors import DataError
from neurodecode.decoders import CCA, FilterBankCCA
from neurodecode.decoders.filter_bank import band_sections
from neurodecode.decoders.flicker import sine_references
from neurodecode.linalg.canonical import first_canonical
from neurodecode.linalg.filtering import gain_db

TIMES = np.arange(125) / 250
TEN = {"slow": 10.0, "fast": 13.0}


def epochs_of(data, y, **options):
    names = [f"E{i}" for i in range(data.shape[1])]
    return nd.Epochs(data, channels=names, sfreq=250, y=y, **options)


@pytest.fixture(scope="module")
def trials():
    return flicker_trials(0.2, 0)[0]


def test_a_mix_of_the_references_has_correlation_one():
    references = sine_references(np.array([10.0, 13.0]), 2, TIMES)
    mixed = np.random.default_rng(0).normal(size=(4, 4)) @ references
    scores, _ = first_canonical(mixed[:, None], references)
    assert np.allclose(np.diag(scores), 1, atol=1e-7)
    assert scores[0, 1] < 0.9


def test_correlation_equals_scikit_learns():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(5, 100)), rng.normal(size=(3, 100))
    a, b = SklearnCCA(n_components=1, tol=1e-12, max_iter=5000).fit_transform(x.T, y.T)
    value, weights = first_canonical(x, y)
    assert value == pytest.approx(np.corrcoef(a[:, 0], b[:, 0])[0, 1], abs=1e-8)
    assert abs(np.corrcoef(weights @ x, a[:, 0])[0, 1]) == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize("make", [CCA, lambda f: FilterBankCCA(f, n_bands=3)])
def test_any_invertible_mixing_of_channels_leaves_scores_alone(make, trials):
    mixing = np.random.default_rng(1).normal(size=(8, 8))
    clf = make(FREQUENCIES).fit(trials, trials.y)
    mixed = trials.with_data(mixing @ trials.data)
    assert np.allclose(clf.decision_function(mixed), clf.decision_function(trials), atol=1e-6)


def test_a_repeated_channel_adds_nothing(trials):
    doubled = epochs_of(np.concatenate([trials.data, trials.data[:, :2]], axis=1), trials.y)
    a = CCA(FREQUENCIES).fit(trials, trials.y).decision_function(trials)
    b = CCA(FREQUENCIES).fit(doubled, doubled.y).decision_function(doubled)
    assert np.allclose(a, b, atol=1e-6)


def test_frequencies_belong_to_labels_not_to_their_order(trials):
    """Renaming the classes so that their sorted order turns round gives the same targets."""
    renamed = {label: f"{99 - k:02d}" for k, label in enumerate(FREQUENCIES)}
    frequencies = {renamed[label]: hertz for label, hertz in FREQUENCIES.items()}
    shuffled = dict(sorted(frequencies.items(), key=lambda item: item[1] % 0.7))
    plain = CCA(FREQUENCIES).fit(trials, trials.y).predict(trials)
    other = trials.with_y(np.array([renamed[label] for label in trials.y]))
    assert CCA(shuffled).fit(other, other.y).predict(other).tolist() == [
        renamed[label] for label in plain
    ]


def test_fit_learns_classes_only(trials):
    wrong = np.roll(trials.y, 5)
    a = CCA(FREQUENCIES).fit(trials, trials.y).decision_function(trials)
    b = CCA(FREQUENCIES).fit(trials[:12], wrong[:12]).decision_function(trials)
    assert np.array_equal(a, b)


def test_a_shorter_window_needs_no_new_fit(trials):
    clf = CCA(FREQUENCIES).fit(trials, trials.y)
    assert clf.decision_function(trials.crop(0.1, 0.4)).shape == (72, 12)


def test_samples_before_the_latency_are_not_used(trials):
    spoilt = trials.data.copy()
    spoilt[..., :35] = 1000  # 0.14 s
    clf = CCA(FREQUENCIES, latency=0.14).fit(trials, trials.y)
    a, b = clf.decision_function(trials), clf.decision_function(trials.with_data(spoilt))
    assert np.allclose(a, b, atol=1e-6)


def test_phases_tell_targets_of_one_frequency_apart():
    rng = np.random.default_rng(0)
    phases = {"sine": 0.0, "cosine": np.pi / 2}
    y = np.tile(list(phases), 20)
    angle = 2 * np.pi * 10 * (TIMES - 0.1)
    drive = np.stack([np.sin(angle + phases[label]) for label in y])
    data = drive[:, None] * [[1.0], [-0.5], [0.2]] + 0.5 * rng.normal(size=(40, 3, 125))
    epochs = epochs_of(data, y)
    same = dict.fromkeys(phases, 10.0)
    known = CCA(same, phases, n_harmonics=1, latency=0.1)
    assert known.fit(epochs, y).score(epochs, y) > 0.95
    late = CCA(same, phases, n_harmonics=1, latency=0.125)  # a quarter period off: the other one
    assert late.fit(epochs, y).score(epochs, y) < 0.05
    blind = CCA(same, n_harmonics=1).fit(epochs, y).decision_function(epochs)
    assert np.allclose(blind, 0)


@pytest.mark.parity
@pytest.mark.slow  # MOABB takes seconds to import
def test_predictions_equal_moabbs(trials):
    pytest.importorskip("moabb", reason="the peer to compare with")
    from moabb.pipelines import SSVEP_CCA

    ours = CCA(FREQUENCIES).fit(trials, trials.y).predict(trials)
    codes = {label: code for code, label in enumerate(FREQUENCIES)}
    y = np.array([codes[label] for label in trials.y])
    theirs = SSVEP_CCA(n_harmonics=3, freq_map={codes[k]: f for k, f in FREQUENCIES.items()})
    raw = trials.to_mne()
    assert list(theirs.fit(raw, y).predict(raw)) == [codes[label] for label in ours]


def test_sub_bands_pass_what_they_say():
    for number, low in enumerate((6, 14, 22, 30, 38)):
        inside, below = gain_db(band_sections(number, 250), [low + 1.0, 0.6 * low], 250)
        assert inside > -1.5
        assert below < -30


@pytest.mark.parametrize("sfreq", [128, 200])
def test_sub_bands_end_at_half_the_rate_where_it_is_low(sfreq):
    assert gain_db(band_sections(0, sfreq), [0.45 * sfreq], sfreq)[0] > -1.5


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: CCA(), "which frequencies"),
        (lambda: CCA("card"), "filled by nd.benchmark"),
        (lambda: CCA({"slow": 10.0}), "without an entry"),
        (lambda: CCA({"slow": 10.0, "fast": 0.0}), "above 0 Hz"),
        (lambda: CCA({"slow": 10.0, "fast": 50.0}), "n_harmonics=2"),
        (lambda: CCA(TEN, phases={"slow": 0.0}), "phases"),
        (lambda: CCA(TEN, latency=0.5), "visual latency"),
        (lambda: FilterBankCCA(TEN, n_bands=6), "1 .* to 5"),
    ],
)
def test_what_cannot_be_is_refused(make, words):
    epochs = epochs_of(np.random.default_rng(0).normal(size=(4, 2, 125)), ["slow", "fast"] * 2)
    with pytest.raises(DataError, match=words):
        make().fit(epochs, epochs.y).predict(epochs)


def test_too_few_samples_are_refused():
    epochs = epochs_of(np.random.default_rng(0).normal(size=(4, 8, 14)), ["slow", "fast"] * 2)
    with pytest.raises(DataError, match="more than 14 samples"):
        CCA(TEN).fit(epochs, epochs.y).predict(epochs)


@pytest.mark.parametrize("run", ["S03_rec1", "S03_rec2"])
def test_real_flicker_at_its_true_frequencies(shared_data, run):
    """Exoskeleton set: code 3 is 21 Hz and code 4 is 17 Hz; the order of codes misleads."""
    folder = shared_data / "ssvep_exo"
    rec = nd.read(folder / f"{run}_raw.fif", events=folder / f"{run}-eve.fif")
    rec = nd.preprocessing.Bandpass(5, 45).transform(rec)
    epochs = rec.epoch({"13 Hz": "2", "21 Hz": "3", "17 Hz": "4"}, tmin=0.0, tmax=4.0)
    true = {"13 Hz": 13.0, "17 Hz": 17.0, "21 Hz": 21.0}
    swapped = {"13 Hz": 13.0, "17 Hz": 21.0, "21 Hz": 17.0}
    assert CCA(true, latency=0.14).fit(epochs, epochs.y).score(epochs, epochs.y) > 0.8
    assert CCA(swapped, latency=0.14).fit(epochs, epochs.y).score(epochs, epochs.y) < 0.5
