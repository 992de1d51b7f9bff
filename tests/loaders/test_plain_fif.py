"""FIF files that are opened without MNE give the recording that MNE's head would have given."""

import datetime

import mne
import numpy as np
import pandas as pd
import pytest

import neurodecode as nd
from neurodecode.loaders import reading
from neurodecode.loaders.formats.plain_fif import open_plain

ONSETS = np.array([0.0, 0.51, 1.5, 7.25])


def electrodes(types="eeg", names=("Fz", "C3", "C4"), sfreq=100.0, n_times=1000):
    info = mne.create_info(list(names), sfreq, types)
    values = 1e-5 * np.random.default_rng(0).standard_normal((len(names), n_times))
    return mne.io.RawArray(values, info, verbose="error")


def cued(raw, words=("left", "right: hard", "BAD blink", "boundary"), onsets=ONSETS, duration=0.2):
    return raw.set_annotations(mne.Annotations(onsets, duration, words[: len(onsets)]))


def dated(raw):
    raw.set_meas_date(datetime.datetime(2020, 1, 2, 3, 4, 5, 678, tzinfo=datetime.UTC))
    return raw


def marked(raw):
    raw.info["bads"] = ["C4"]
    raw.info["line_freq"] = 50.0
    return raw


def banded(raw):
    return raw.filter(1, 40, method="iir", verbose="error")


def placed(raw):
    return raw.set_montage("colin27_1005", verbose="error")


PLAIN = {
    "nothing besides": electrodes,
    "cues": lambda: cued(electrodes()),
    "cues and a date": lambda: cued(dated(electrodes())),
    "marks": lambda: marked(electrodes()),
    "band": lambda: banded(electrodes()),
    "places": lambda: placed(electrodes()),
    "reference": lambda: electrodes().set_eeg_reference(verbose="error"),
    "kinds": lambda: electrodes(["eeg", "eog", "ecg"], ["Cz", "HEOG", "EKG"]),
    "implanted": lambda: electrodes(["seeg", "ecog", "emg"], ["A1", "G1", "M1"]),
    "rate": lambda: cued(electrodes(sfreq=512.5)),
    "subject": lambda: cued(dated(_of_somebody(electrodes()))),
}
MNES = {
    "MEG": lambda: electrodes("mag"),
    "triggers": lambda: electrodes(["eeg", "eeg", "stim"]),
    "other units": lambda: electrodes(["eeg", "eeg", "misc"]),
    "a projector": lambda: electrodes().set_eeg_reference(projection=True, verbose="error"),
    "long names": lambda: electrodes(names=["C3", "C4", "an electrode of long name"]),
    "a later start": lambda: cued(electrodes()).crop(1.0),
    "cues at once": lambda: cued(electrodes(), onsets=[1.0, 1.0, 2.0]),
    "cues over the end": lambda: cued(electrodes(), onsets=[1.0, 9.95]),
    "other letters": lambda: cued(electrodes(), words=["β"], onsets=[1.0]),
}


def _of_somebody(raw):
    raw.info["subject_info"] = {"his_id": "x", "sex": 1}
    raw.info["device_info"] = {"type": "amplifier"}
    return raw


def by_mne(path, monkeypatch, **words):
    with monkeypatch.context() as patch:
        patch.setattr(reading, "open_plain", lambda path: None)
        return nd.read(path, **words)


def assert_same(ours, theirs):
    pd.testing.assert_frame_equal(ours.events, theirs.events)
    pd.testing.assert_frame_equal(ours.intervals, theirs.intervals)
    for name in ("names", "kinds", "units", "frame", "position_from", "reference", "bads"):
        assert getattr(ours.channels, name) == getattr(theirs.channels, name), name
    np.testing.assert_array_equal(ours.channels.positions, theirs.channels.positions)
    np.testing.assert_array_equal(ours.channels.orientations, theirs.channels.orientations)
    for name in ("sfreq", "n_times", "first_sample", "line_freq", "band", "notes", "source"):
        assert getattr(ours, name) == getattr(theirs, name), name
    np.testing.assert_array_equal(ours.data, theirs.data)


@pytest.mark.parametrize("name", PLAIN)
def test_plain_files(tmp_path, monkeypatch, name):
    path = tmp_path / "sub-3_raw.fif"
    PLAIN[name]().save(path, verbose="error")
    assert open_plain(path) is not None
    assert_same(nd.read(path), by_mne(path, monkeypatch))


def test_events_of_a_file_of_their_own(tmp_path, monkeypatch):
    path = tmp_path / "a_raw.fif"
    electrodes().save(path, verbose="error")
    events = np.array([[100, 0, 7], [300, 0, 8]])
    assert_same(nd.read(path, events=events), by_mne(path, monkeypatch, events=events))


@pytest.mark.parametrize("name", MNES)
def test_what_is_left_to_mne(tmp_path, name):
    path = tmp_path / "a_raw.fif"
    MNES[name]().save(path, verbose="error")
    assert open_plain(path) is None
    assert nd.read(path).n_times > 0


def test_damaged_files_are_left_to_mne(tmp_path):
    path = tmp_path / "a_raw.fif"
    cued(electrodes()).save(path, verbose="error")
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for length in (0, 3, 16, 100, len(whole) // 2, len(whole) - 20):
        path.write_bytes(whole[:length])
        assert open_plain(path) is None
    for place in rng.integers(0, 2500, 200):  # the head: whatever it becomes, no other error
        damaged = bytearray(whole)
        damaged[place] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        open_plain(path)
    path.write_bytes(whole.replace(b"\n", b"\r\n"))
    assert open_plain(path) is None
