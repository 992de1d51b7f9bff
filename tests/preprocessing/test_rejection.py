"""Amplitude limits and the potato: marks on recordings and trials, and nothing dropped."""

import numpy as np
import pandas as pd
import pytest
from preprocessing.planted_artefacts import blinking, trials

from neurodecode import Recording
from neurodecode.core.errors import DataError
from neurodecode.linalg.covariance import trial_covariances
from neurodecode.preprocessing import AmplitudeLimits, Potato


def test_limits_find_the_loud_and_the_flat():
    epochs = trials(30)
    data = epochs.data.copy()
    data[3, 5, 60] += 500
    data[8, 2] = 0
    out = AmplitudeLimits(peak_to_peak=300).transform(epochs.with_data(data))
    reasons = out.trials["artefact"]
    assert np.flatnonzero(reasons != "").tolist() == [3, 8]
    assert "on F4, limit 300" in reasons[3] and "flat" in reasons[8] and "F7" in reasons[8]
    assert len(out) == 30 and np.array_equal(out.data, data)


def test_the_cut_gives_the_same_verdict_as_rec_epoch():
    recording, _, _ = blinking(30)
    events = pd.DataFrame({"onset": np.arange(1.0, 28), "label": "x"})
    recording = recording.with_events(events)
    whole = recording.epoch(tmin=0, tmax=1)
    kept = recording.epoch(tmin=0, tmax=1, reject={"eeg": 150})
    clean = AmplitudeLimits(150, flat=0.0).clean(whole)
    assert 0 < clean.sum() < len(whole)
    assert np.array_equal(whole.trials["onset"][clean], kept.trials["onset"])


def test_spans_are_marked_and_the_cut_leaves_them_out():
    recording, _, _ = blinking(30)
    out = AmplitudeLimits(150, window=0.5).transform(recording)
    bad = out.intervals
    assert set(bad["kind"]) == {"BAD_amplitude"} and "windows marked" in out.notes[-1]
    covered = np.zeros(out.n_times, dtype=bool)
    for onset, duration in zip(bad["onset"], bad["duration"], strict=True):
        covered[round(onset * 125) : round((onset + duration) * 125)] = True
    peaks = np.flatnonzero(recording.data[0] > 150)
    assert covered[peaks].all() and covered.mean() < 0.6
    assert np.array_equal(out.data, recording.data)
    windows = out.windows(0.5, 0.5)
    assert windows.dropped["reason"].str.contains("BAD_amplitude").all()
    assert np.ptp(windows.data, axis=2).max() < 150


def test_limits_by_kind_and_for_absent_kinds():
    recording, _, _ = blinking(10)
    epochs = recording.windows(1.0, 1.0, kinds="all")
    assert not AmplitudeLimits({"eeg": 1e4, "eog": 100}).clean(epochs).all()
    with pytest.raises(DataError, match="no good channel of kind 'mag'"):
        AmplitudeLimits({"mag": 3000}).transform(epochs)


def test_potato_is_that_of_pyriemann():
    from pyriemann.artifact_detection import Potato as Theirs

    epochs = trials(50)
    data = epochs.data.copy()
    data[[4, 11]] *= 2.5
    data[30, 3] *= 9
    train, test = epochs.with_data(data)[:35], epochs.with_data(data)
    ours = Potato(threshold=2.5).fit(train)
    theirs = Theirs(threshold=2.5).fit(trial_covariances(train.data, "scm"))
    expected = theirs.predict(trial_covariances(test.data, "scm")) == 1
    assert np.array_equal(ours.clean(test), expected)
    assert not expected[[4, 11, 30]].any() and expected.mean() > 0.8


def test_potato_learns_from_its_recording_when_unfitted():
    recording, _, _ = blinking(30)
    data = np.array(recording.pick("eeg").data)
    data[:, 1500:1750] *= 6
    loud = Recording(data, channels=recording.pick("eeg").channels, sfreq=125)
    out = Potato().transform(loud)
    middle = (out.intervals["onset"] <= 13) & (
        out.intervals["onset"] + out.intervals["duration"] >= 13
    )
    assert middle.any() and not out.windows(1.0, 1.0).dropped.empty


def test_marks_of_two_steps_add_up():
    epochs = trials(20)
    data = epochs.data.copy()
    data[2] *= 8
    data[5, 0] = 0
    both = AmplitudeLimits({"eeg": 1e9}, flat=0.5).transform(
        AmplitudeLimits(200, flat=0.0).transform(epochs.with_data(data))
    )
    assert np.flatnonzero(both.trials["artefact"] != "").tolist() == [2, 5]


def test_a_recording_shorter_than_a_window():
    with pytest.raises(DataError, match="no window fits"):
        AmplitudeLimits(window=60).transform(blinking(10)[0])
