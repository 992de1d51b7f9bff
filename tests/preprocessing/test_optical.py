"""fNIRS steps: the closed forms of the sheet, MNE's numbers, real recordings."""

import mne
import numpy as np
import pandas as pd
import pytest

import neurodecode as nd
from neurodecode import Epochs, Recording
from neurodecode.core import Channels
from neurodecode.core.errors import DataError
from neurodecode.preprocessing import TDDR, BeerLambert, ScalpCoupling, ShortChannels


def optodes(pairs, lengths, kind="fnirs_od", bads=()):
    """Pairs of wavelengths, side by side along the head, each of some length in m."""
    names, places, table = [], [], []
    for i, (pair, length) in enumerate(zip(pairs, lengths, strict=True)):
        for nm in (760.0, 850.0):
            source, detector = [0.02 * i, 0, 0], [0.02 * i, length, 0]
            names.append(f"{pair} {nm:.0f}")
            places.append([0.02 * i, length / 2, 0.05])
            table.append([*source, *detector, nm, 0, 0])
    return Channels(names, kind, positions=np.array(places), orientations=table, bads=bads)


# ---------------------------------------------------------------- haemoglobin
def test_one_micromolar_there_and_back():
    channels = optodes(["S1_D1"], [0.03])
    density = np.array([0.005034, 0.035261])  # 1 µM HbO, -0.3 µM HbR; 3 cm, factor 6
    rec = Recording(density[:, None] * np.ones((2, 5)), channels=channels, sfreq=10)
    made = BeerLambert(ppf=6.0).transform(rec)
    assert made.channels.names == ("S1_D1 hbo", "S1_D1 hbr")
    assert made.channels.kinds == ("hbo", "hbr") and made.channels.units == ("µM", "µM")
    np.testing.assert_allclose(made.data[:, 0], [1.0, -0.3], atol=2e-4)
    np.testing.assert_allclose(BeerLambert(0.1).transform(rec).data, 60 * made.data)


def test_the_order_of_channels_decides_nothing():
    channels = optodes(["S1_D1", "S2_D2"], [0.03, 0.035])
    data = np.random.default_rng(0).normal(size=(4, 20))
    straight = BeerLambert().transform(Recording(data, channels=channels, sfreq=10))
    order = [2, 0, 3, 1]
    mixed = BeerLambert().transform(Recording(data[order], channels=channels.pick(order), sfreq=10))
    back = mixed.channels.index(straight.channels.names)
    np.testing.assert_allclose(mixed.data[back], straight.data, rtol=1e-12)


def test_epochs_and_recordings_agree_and_bad_pairs_stay_bad():
    channels = optodes(["S1_D1", "S2_D2"], [0.03, 0.03], bads=["S2_D2 850"])
    data = np.random.default_rng(0).normal(size=(4, 20))
    rec = BeerLambert().transform(Recording(data, channels=channels, sfreq=10))
    epochs = BeerLambert().transform(Epochs(data[None], channels=channels, sfreq=10))
    np.testing.assert_allclose(epochs.data[0], rec.data)
    assert rec.channels.bads == {"S2_D2 hbo", "S2_D2 hbr"} == epochs.channels.bads


@pytest.mark.parametrize(
    ("channels", "words"),
    [
        (Channels(["C3"]), "pairs of wavelengths"),
        (optodes(["S1_D1"], [0.03]).pick([0]), "pairs of wavelengths"),
        (Channels(["S1_D1 760", "S1_D1 850"], "fnirs_od"), "distance is not known"),
    ],
)
def test_what_cannot_become_haemoglobin_is_said(channels, words):
    rec = Recording(np.ones((len(channels), 5)), channels=channels, sfreq=10)
    with pytest.raises(DataError, match=words):
        BeerLambert().transform(rec)


# ---------------------------------------------------------------- coupling
@pytest.mark.parametrize(("heart", "index"), [(10, 0.995), (3, 0.946), (1, 0.673), (0, 0.0)])
def test_coupling_falls_with_the_heart_beat(heart, index):
    # Amplitude of the beat over the s.d. of white noise, 7.8 Hz.
    rng, t = np.random.default_rng(0), np.arange(6000) / 7.8125
    data = rng.normal(size=(2, 6000)) + heart * np.sin(2 * np.pi * 1.1 * t)
    step = ScalpCoupling()
    made = step.transform(Recording(data, channels=optodes(["S1_D1"], [0.03]), sfreq=7.8125))
    assert step.index_[0] == step.index_[1] == pytest.approx(index, abs=0.05)
    assert bool(made.channels.bads) == (step.index_[0] < 0.5)


def test_slow_data_hold_no_heart_beat():
    rec = Recording(np.ones((2, 50)), channels=optodes(["S1_D1"], [0.03]), sfreq=2)
    with pytest.raises(DataError, match="heart beat"):
        ScalpCoupling().transform(rec)


# ---------------------------------------------------------------- motion
def test_a_jump_goes_and_the_gap_is_not_bridged():
    rng, t = np.random.default_rng(0), np.arange(6000) / 10
    physiology = 0.0075 * np.sqrt(2) * np.sin(2 * np.pi * 0.08 * t)
    truth = np.tile(physiology + 0.002 * rng.normal(size=6000), (2, 1))
    moved = truth + 0.2 * (t > 200)
    rec = Recording(moved, channels=optodes(["S1_D1"], [0.03]), sfreq=10)
    out = TDDR().transform(rec).data[0]
    step = out[2100:3000].mean() - out[1000:1900].mean()
    assert abs(step) < 0.02  # of 0.2
    assert np.corrcoef(out, truth[0])[0, 1] > 0.7
    parted = rec.with_intervals(pd.DataFrame({"onset": [200.1], "duration": [0.0], "kind": "edge"}))
    halves = TDDR().transform(parted).data[0]
    alone = Recording(moved[:, 2001:], channels=rec.channels, sfreq=10)
    np.testing.assert_allclose(halves[2001:], TDDR().transform(alone).data[0], atol=1e-9)


def test_light_only():
    rec = Recording(np.ones((1, 50)), channels=["C3"], sfreq=10)
    with pytest.raises(DataError, match="optical"):
        TDDR().transform(rec)


# ---------------------------------------------------------------- short channels
def test_the_scalp_is_taken_out_with_the_trainings_coefficients():
    rng, n = np.random.default_rng(0), 6000
    scalp = np.cumsum(rng.normal(size=n)) / 40
    brain = (np.arange(n) // 300 % 2) * 1.0
    channels = optodes(["S1_D1", "S2_D2"], [0.03, 0.008])
    data = np.empty((4, n))
    data[:2] = 0.8 * scalp + brain + 0.1 * rng.normal(size=(2, n))
    data[2:] = scalp + 0.1 * rng.normal(size=(2, n))
    rec = Recording(data, channels=channels, sfreq=10)
    made = ShortChannels().transform(rec)
    before, after = (np.corrcoef(each.data[0], brain)[0, 1] for each in (rec, made))
    assert before < 0.75 < 0.95 < after
    assert made.channels.bads == {"S2_D2 760", "S2_D2 850"}

    half = Recording(data[:, : n // 2], channels=channels, sfreq=10)
    fitted = ShortChannels().fit(half)
    b = np.polyfit(data[2, : n // 2], data[0, : n // 2], 1)[0]
    np.testing.assert_allclose(fitted.matrix_[0], [1, 0, -b, 0], rtol=1e-9)
    epochs = Epochs(data[None, :, n // 2 :], channels=channels, sfreq=10)
    out = fitted.transform(epochs)
    assert out.channels.names == ("S1_D1 760", "S1_D1 850")  # the scalp is not decoded from
    np.testing.assert_allclose(out.data[0], fitted.matrix_[:2] @ data[:, n // 2 :], rtol=1e-6)


def test_a_cap_without_short_channels_is_refused():
    channels = optodes(["S1_D1", "S2_D2"], [0.03, 0.03])
    rec = Recording(np.random.default_rng(0).normal(size=(4, 50)), channels=channels, sfreq=10)
    with pytest.raises(DataError, match="30 to 30 mm"):
        ShortChannels().transform(rec)


# ---------------------------------------------------------------- real recordings
def test_real_recording_equals_mne(shared_data):
    path = shared_data / "fnirs_tapping" / "subA.snirf"
    rec = nd.read(path)
    raw = mne.preprocessing.nirs.optical_density(
        mne.io.read_raw_snirf(path, verbose="error"), verbose="error"
    )
    coupling = ScalpCoupling()
    coupling.transform(rec)
    np.testing.assert_allclose(
        coupling.index_, mne.preprocessing.nirs.scalp_coupling_index(raw, verbose="error"),
        atol=1e-6,
    )  # fmt: skip
    repaired = mne.preprocessing.nirs.temporal_derivative_distribution_repair(raw)
    np.testing.assert_allclose(TDDR().transform(rec).data, repaired.get_data(), atol=1e-6)
    read = nd.read(path, fnirs="haemoglobin")
    made = BeerLambert().transform(rec)
    assert made.channels == read.channels
    np.testing.assert_allclose(made.data, read.data, atol=1e-5)
