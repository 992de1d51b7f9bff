"""Simulators: what was planted is there to be found, and a seed gives the same data."""

import numpy as np
import pytest
from scipy.signal import welch

from neurodecode.loaders import (
    simulate_cursor,
    simulate_fmri,
    simulate_meg,
    simulate_mi,
    simulate_p300,
    simulate_ssvep,
)
from neurodecode.loaders.simulate import blocks, cursor, evoked_fields, head, oddball, signals
from neurodecode.loaders.simulate.motor_imagery import CHANNELS

SMALL = {
    simulate_mi: {"n_subjects": 2, "n_sessions": 1, "n_trials": 8},
    simulate_p300: {"n_subjects": 2, "n_sessions": 1, "n_flashes": 30},
    simulate_ssvep: {"n_subjects": 2, "n_trials": 4},
    simulate_meg: {"n_subjects": 2, "n_trials": 6},
    simulate_cursor: {"n_sessions": 1, "seconds": 20.0},
    simulate_fmri: {"n_subjects": 1, "n_runs": 2},
}


@pytest.mark.parametrize("simulate", SMALL, ids=lambda f: f.__name__)
def test_a_seed_gives_the_same_data_and_another_seed_others(simulate):
    first, again = (simulate(**SMALL[simulate])[0] for _ in range(2))
    other, _ = simulate(**SMALL[simulate], random_state=1)
    np.testing.assert_array_equal(first.data, again.data)
    assert not np.array_equal(first.data, other.data)
    assert first.simulated and np.isfinite(first.data).all()


@pytest.mark.parametrize(
    ("simulate", "fewer"),
    [(simulate_mi, {"n_sessions": 1, "n_trials": 8}), (simulate_ssvep, {"n_trials": 4})],
)
def test_people_do_not_depend_on_how_many_there_are(simulate, fewer):
    one, _ = simulate(n_subjects=1, **fewer)
    two, _ = simulate(n_subjects=2, **fewer)
    np.testing.assert_array_equal(one.data, two[: len(one)].data)


# ------------------------------------------------------------------ motor imagery
def test_imagery_fades_the_rhythm_of_the_opposite_hemisphere():
    epochs, truth = simulate_mi(n_subjects=1, n_sessions=2, n_trials=40)
    mu = truth["mu_hz"]["1"]
    frequencies, power = welch(epochs.data, epochs.sfreq, nperseg=96)
    band = np.abs(frequencies - mu) < 2
    log_power = np.log(power[..., band].mean(axis=-1))  # (n_trials, n_channels)
    left, right = (log_power[epochs.y == name].mean(axis=0) for name in ("left_hand", "right_hand"))
    c3, c4 = CHANNELS.index("C3"), CHANNELS.index("C4")
    assert (left - right)[c4] < -0.15 < 0.15 < (left - right)[c3]


def test_mu_peak_and_planted_pattern():
    epochs, truth = simulate_mi(n_subjects=1, n_sessions=1, n_trials=30, erd=0.0)
    pattern = truth["patterns"]["1"]["right_hand"]  # over the left hemisphere
    assert CHANNELS[int(np.abs(pattern).argmax())] in ("C1", "C3", "C5", "CP3", "FC3")
    frequencies, power = welch(epochs.data[:, CHANNELS.index("C3")], epochs.sfreq, nperseg=192)
    band = (frequencies > 8) & (frequencies < 14)
    peak = frequencies[band][power.mean(axis=0)[band].argmax()]
    assert peak == pytest.approx(truth["mu_hz"]["1"], abs=1.5)


def test_background_is_pink():
    noise = signals.pink_noise((50, 4096), np.random.default_rng(0))
    frequencies, power = welch(noise, 128, nperseg=512)
    band = (frequencies > 1) & (frequencies < 50)
    slope, _ = np.polyfit(np.log(frequencies[band]), np.log(power.mean(axis=0)[band]), 1)
    assert slope == pytest.approx(-1.0, abs=0.1)


# ------------------------------------------------------------------ evoked
def test_p300_comes_at_its_latency_over_the_parietal_scalp():
    epochs, truth = simulate_p300(n_subjects=1, n_sessions=2, n_flashes=300)
    difference = epochs.data[epochs.y == "target"].mean(0) - epochs.data[epochs.y != "target"].mean(
        0
    )
    late = epochs.times > 0.27
    pz = difference[epochs.channels.names.index("Pz")]
    assert epochs.times[late][pz[late].argmax()] == pytest.approx(truth["latency"]["1"], abs=0.04)
    at_peak = difference[:, np.abs(epochs.times - truth["latency"]["1"]).argmin()]
    assert np.corrcoef(at_peak, truth["pattern"])[0, 1] > 0.9


def test_targets_are_one_in_six_and_never_neighbours():
    labels = oddball._flashes(600, np.random.default_rng(3)) == "target"
    assert labels.sum() == 100
    assert not (labels[1:] & labels[:-1]).any()


def test_tones_are_stronger_on_the_opposite_side():
    epochs, truth = simulate_meg(n_subjects=1, n_trials=150)
    inverse = np.linalg.pinv(truth["patterns"]["1"])
    for name, responses in truth["responses"].items():
        courses = inverse @ epochs.data[epochs.y == name].mean(axis=0)  # (3 sources, n_times)
        strongest = int(np.argmax([strength for _, strength in responses]))
        height = courses.max(axis=1)
        assert height.argmax() == strongest
        peak = epochs.times[courses[strongest].argmax()]
        assert peak == pytest.approx(responses[strongest][0], abs=0.015)


def test_radial_dipoles_are_silent_in_meg_and_loud_in_eeg():
    places, outward = head.under(("C3", "Pz"))
    sideways = np.cross(outward, [0.0, 0.0, 1.0])
    radial = np.abs(head.meg_lead_field(20, places, outward)).max()
    tangential = np.abs(head.meg_lead_field(20, places, sideways)).max()
    assert radial < 1e-6 * tangential
    field = head.eeg_lead_field(("C3", "C4", "Pz"), places, outward)
    assert field.argmax(axis=0).tolist() == [0, 2]  # each below its own electrode
    assert 0.01 < field.max() < 5  # µV for 1 nAm


def test_potentials_are_mnes_in_its_four_shells():
    import mne

    places, orientations = head.scattered_dipoles(12, np.random.default_rng(0))
    names = CHANNELS[:6]
    montage = mne.channels.make_dig_montage(
        dict(zip(names, head.cap_positions(names), strict=True)), coord_frame="head"
    )
    info = mne.create_info(list(names), 100.0, "eeg").set_montage(montage)
    theirs = 1e-3 * head._solve(info, places, orientations)  # µV for 1 nAm
    ours = head.eeg_lead_field(names, places, orientations)
    np.testing.assert_allclose(ours, theirs, atol=1e-12 * np.abs(theirs).max())


def test_turning_the_cap_is_turning_the_brain_back():
    places, outward = head.under(("C3",))
    turn = head.rotation(np.array([0.0, 0.0, 180.0]))
    field = head.eeg_lead_field(("C3", "C4"), places, outward, turn)
    assert field[1, 0] > field[0, 0]  # half a turn puts C4 over the left hemisphere


# ------------------------------------------------------------------ steady state
def test_each_class_peaks_at_its_frequency_with_its_phase():
    epochs, truth = simulate_ssvep(n_subjects=1, n_trials=48)
    source = np.tensordot(truth["pattern"]["1"], epochs.data, axes=(0, 1))  # (n_trials, n_times)
    times = epochs.times - truth["delay"]
    for name, frequency in truth["frequencies"].items():
        mean = source[epochs.y == name].mean(axis=0)
        lines = {
            other: abs(np.exp(-2j * np.pi * f * times) @ mean)
            for other, f in truth["frequencies"].items()
        }
        assert max(lines, key=lines.get) == name
        phase = np.angle(1j * np.exp(-2j * np.pi * frequency * times) @ mean)  # of a sine
        error = np.angle(np.exp(1j * (phase - truth["phases"][name])))
        assert abs(error) < 0.5


# ------------------------------------------------------------------ spikes
def test_spikes_lead_and_prefer_their_direction():
    recordings, truth = cursor.cursor_recordings(n_sessions=1, seconds=300.0)
    counts, velocity = recordings[0].data, recordings[0].targets["velocity"]
    lead = round(truth["lead"] * recordings[0].sfreq)
    fit = np.linalg.lstsq(
        np.vstack([velocity[:, lead:], np.ones(counts.shape[1] - lead)]).T,
        counts[:, : counts.shape[1] - lead].T,
        rcond=None,
    )[0]
    tuning = fit[:2].T / np.linalg.norm(fit[:2].T, axis=1, keepdims=True)
    assert (tuning * truth["preferred"]).sum(axis=1).min() > 0.9
    drive = truth["preferred"] @ velocity
    lags = range(5)
    agreement = [
        np.mean(
            [
                np.corrcoef(c[: len(c) - lag], d[lag:])[0, 1]
                for c, d in zip(counts, drive, strict=True)
            ]
        )
        for lag in lags
    ]
    assert int(np.argmax(agreement)) == lead


# ------------------------------------------------------------------ fMRI
def test_haemodynamic_response_peaks_at_five_seconds_and_undershoots():
    times = np.arange(0, 30, 0.01)
    response = signals.haemodynamic_response(times)
    assert response.max() == pytest.approx(1.0) and times[response.argmax()] == pytest.approx(
        5.0, abs=0.1
    )
    assert -0.2 < response.min() < -0.05 and 12 < times[response.argmin()] < 18
    assert signals.haemodynamic_response(np.array([-1.0]))[0] == 0


def test_voxels_answer_with_their_planted_weights():
    recordings, truth = blocks.fmri_recordings(n_subjects=1, n_runs=6)
    design, data = [], []
    for recording in recordings:
        events = recording.events
        regressors = [
            blocks.block_response(
                events["onset"][events["label"] == name].to_numpy(), recording.shape[1], 2.0
            )
            for name in blocks.CLASSES
        ]
        trend = np.linspace(-1, 1, recording.shape[1])
        shared = np.zeros((2 * len(recordings), recording.shape[1]))
        shared[2 * len(data) : 2 * len(data) + 2] = [np.ones_like(trend), trend]
        design.append(np.vstack([regressors, shared]))
        data.append(recording.data)
    fit = np.linalg.lstsq(np.hstack(design).T, np.hstack(data).T, rcond=None)[0][:2].T
    assert np.abs(fit - truth["weights"]).max() < 0.35
    assert np.corrcoef(fit.ravel(), truth["weights"].ravel())[0, 1] > 0.95


def test_helmet_sensors_lie_on_the_helmet_and_apart():
    places, axes = head.helmet(evoked_fields.N_SENSORS)
    np.testing.assert_allclose(np.linalg.norm(places - head.CENTRE, axis=1), head.HELMET_RADIUS)
    identity = np.broadcast_to(np.eye(3), axes.shape)  # right-handed, orthogonal
    np.testing.assert_allclose(axes @ axes.transpose(0, 2, 1), identity, atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(axes), 1)
    distances = np.linalg.norm(places[:, None] - places, axis=-1) + np.eye(len(places))
    assert distances.min() > 0.02


def test_segments_hold_what_they_are_called():
    from neurodecode.loaders import simulate_segments

    segments = simulate_segments(n_people=3, n_segments=12)
    again = simulate_segments(n_people=3, n_segments=12)
    shares = {}
    for kind, epochs in segments.items():
        assert epochs.shape == (36, 1, 512) and epochs.channels.kinds == (kind,)
        assert np.array_equal(epochs.data, again[kind].data) and epochs.simulated
        assert abs(epochs.data.mean(axis=2)).max() < 1e-4 and epochs.data.std(axis=2).min() > 0
        power = np.mean(np.abs(np.fft.rfft(epochs.data[:, 0])) ** 2, axis=0)
        hertz = np.fft.rfftfreq(512, 1 / 256)
        bands = [(0.4, 4), (8, 13), (30, 130)]
        shares[kind] = [power[(hertz >= a) & (hertz < b)].sum() / power.sum() for a, b in bands]
    slow, alpha, fast = np.transpose([shares[kind] for kind in ("eeg", "eog", "emg")])
    assert slow[1] > 0.9 and fast[2] > 0.7 and alpha.argmax() == 0
