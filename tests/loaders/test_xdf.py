"""XDF: one signal a recording, several a bundle; clocks, units, events."""

import pickle
import sys

import numpy as np
import pytest
from loaders.xdf_writer import stream, write

from neurodecode import read
from neurodecode.core import Bundle, Recording
from neurodecode.core.errors import DataError, MissingDependency

pytest.importorskip("pyxdf")


def eeg(sfreq=250.0, seconds=8.0, start=100.0, speed=1.0, **words):
    """Two channels whose values are the samples' own time, s after `start`."""
    times = np.arange(round(seconds * sfreq)) / sfreq * speed
    values = np.stack([times, -times], axis=1) * 1e-6
    channels = [
        {"label": "C3", "type": "EEG", "unit": "volts"},
        {"label": "EOG1", "type": "EOG", "unit": "volts"},
    ]
    words = {"name": "amp", "type": "EEG", "channels": channels, **words}
    return stream(sfreq=sfreq, values=values, stamps=start + times, format="double64", **words)


def markers(*pairs, start=100.0, name="cues", **words):
    stamps, labels = [start + t for t, _ in pairs], [label for _, label in pairs]
    return stream(name, "Markers", 0, labels, stamps, format="string", **words)


def test_one_signal_and_markers_are_a_recording(tmp_path):
    path = write(tmp_path / "a.xdf", [markers((1.0, "left"), (3.0, "right")), eeg()])
    rec = read(path)
    assert isinstance(rec, Recording) and rec.sfreq == 250.0 and rec.shape == (2, 2000)
    assert rec.channels.names == ("C3", "EOG1") and rec.channels.kinds == ("eeg", "eog")
    assert rec.channels.units == ("µV", "µV")
    np.testing.assert_allclose(rec.data[0], np.arange(2000) / 250, atol=1e-5)
    np.testing.assert_allclose(rec.events["onset"], [1.0, 3.0])
    np.testing.assert_allclose(rec.epoch(tmax=0.1).data[:, 0, 0], [1.0, 3.0], atol=1e-5)
    assert any("no clock offsets for" in note for note in rec.notes)


def test_clock_offsets_bring_streams_of_two_computers_together(tmp_path):
    times = [100.0, 104.0, 108.0]
    late = markers((1.0, "go"), start=1100.0, offsets=[(1000 + t, -1000.0) for t in times])
    path = write(tmp_path / "a.xdf", [eeg(offsets=[(t, 0.0) for t in times]), late])
    rec = read(path)
    np.testing.assert_allclose(rec.events["onset"], [1.0], atol=1e-6)
    assert any(note.startswith("clock offsets applied") for note in rec.notes)


def test_several_signals_are_a_bundle_whose_members_carry_the_markers(tmp_path):
    sound = stream("mic", "Audio", 1000.0, np.arange(6000.0)[:, None], 101 + np.arange(6000) / 1000)
    path = write(tmp_path / "a.xdf", [eeg(), sound, markers((2.0, "talk"), (4.0, "talk"))])
    bundle = read(path)
    assert isinstance(bundle, Bundle) and bundle.names == ["amp", "mic"]
    assert bundle.offsets == {"amp": 0.0, "mic": pytest.approx(1.0)}
    np.testing.assert_allclose(bundle["mic"].events["onset"], [1.0, 3.0])
    assert bundle["mic"].channels.kinds == ("misc",)
    epochs = pickle.loads(pickle.dumps(bundle)).epoch(tmax=0.5)
    np.testing.assert_allclose(epochs["mic"].data[:, 0, 0], [1000.0, 3000.0])
    np.testing.assert_allclose(epochs["amp"].data[:, 0, 0], [2.0, 4.0], atol=1e-5)
    only = read(path, stream="mic")
    assert isinstance(only, Recording) and only.sfreq == 1000.0
    with pytest.raises(DataError, match="did you mean 'mic'"):
        read(path, stream="mick")


def test_a_device_that_is_slower_than_it_says(tmp_path):
    """0.4 % slow: events stay on their samples, whatever the rate is called."""
    slow = eeg(speed=1.004)
    path = write(tmp_path / "a.xdf", [slow, markers((6.0, "x"))])
    rec = read(path)
    assert rec.sfreq == 250.0
    assert any("250 Hz stated, 249.004 Hz by its stamps" in note for note in rec.notes)
    np.testing.assert_allclose(rec.epoch(tmax=0.1).data[0, 0, 0], 6.0, atol=0.004)
    measured = read(path, rate="measured")
    assert measured.sfreq == pytest.approx(250 / 1.004, rel=1e-6)
    both = read(write(tmp_path / "b.xdf", [slow, eeg(name="amp2"), markers((6.0, "x"))]))
    assert both["amp"].sfreq == pytest.approx(250 / 1.004, rel=1e-6)  # one clock for all
    assert both["amp2"].sfreq == 250.0
    with pytest.raises(DataError, match="'nominal' or 'measured'"):
        read(path, rate="stated")


def test_lost_samples_are_an_edge(tmp_path):
    whole = eeg()
    keep = np.r_[0:500, 1000:2000]
    gap = {**whole, "values": whole["values"][keep], "stamps": whole["stamps"][keep]}
    rec = read(write(tmp_path / "a.xdf", [gap, markers((1.0, "x"), (5.0, "x"))]))
    assert rec.intervals["kind"].tolist() == ["edge"]
    assert rec.intervals["onset"].tolist() == pytest.approx([2.0])
    np.testing.assert_allclose(rec.epoch(tmax=0.1).data[:, 0, 0], [1.0, 5.0], atol=1e-4)


def test_irregular_numbers_and_two_marker_streams_are_events(tmp_path):
    gaze = stream("gaze", "Gaze", 0, np.array([[1.0, 2.0], [3.0, 4.0]]), [100.5, 101.5],
                  channels=[{"label": "x"}, {"label": "y"}])  # fmt: skip
    rec = read(write(tmp_path / "a.xdf", [eeg(), gaze, markers((1.0, "left"))]))
    assert rec.events["label"].tolist() == ["gaze", "cues/left", "gaze"]
    assert rec.events["gaze x"].tolist()[::2] == [1.0, 3.0]
    assert len(rec.epoch("left", tmax=0.1)) == 1


def test_what_is_no_xdf_is_refused(tmp_path):
    path = tmp_path / "a.xdf"
    path.write_bytes(b"not an xdf file at all")
    with pytest.raises(DataError, match=r"cannot be read|holds no signal"):
        read(path)
    with pytest.raises(DataError, match="holds no signal"):
        read(write(tmp_path / "b.xdf", [markers((1.0, "x"))]))


@pytest.mark.parametrize(
    ("name", "shape", "n_events"),
    [
        ("clock_resets.xdf", (8, 27815), 175),
        ("empty_streams.xdf", (1, 10), 1),
        ("minimal.xdf", (3, 9), 9),
        ("test.xdf", (8, 9520), 0),
    ],
)
def test_files_of_the_zoo(shared_data, name, shape, n_events):
    rec = read(shared_data / "io_zoo" / "xdf" / name)
    assert rec.shape == shape and len(rec.events) == n_events
    if name == "clock_resets.xdf":
        assert "BioSemi: 100 Hz stated, 92.9344 Hz measured and used" in rec.notes
        assert rec.intervals["kind"].tolist() == ["edge"]  # the recorder was restarted


def test_the_package_that_is_missing_is_named(tmp_path, monkeypatch):
    path = tmp_path / "a.xdf"
    path.write_bytes(b"anything")
    monkeypatch.setitem(sys.modules, "pyxdf", None)
    with pytest.raises(MissingDependency, match=r"\[data\]"):
        read(path)
