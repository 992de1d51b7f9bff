"""CSV, TSV and text: rate, markers, units, and what is no table."""

import gzip

import numpy as np
import pandas as pd
import pytest

import neurodecode as nd
from neurodecode import read
from neurodecode.core.errors import DataError


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(scale=10, size=(500, 2)), columns=["C3", "C4"])
    table.insert(0, "time", np.arange(500) / 125)
    table["marker"] = 0
    table.loc[100:102, "marker"] = 7  # three samples long: one event
    table.loc[300, "marker"] = 8
    return table


def test_time_and_marker_columns_are_found_by_name(tmp_path, frame):
    path = tmp_path / "sub-07_task-x.csv"
    frame.to_csv(path, index=False)
    rec = read(path)
    assert rec.sfreq == 125 and rec.channels.names == ("C3", "C4") and rec.subject == "07"
    assert rec.events["onset"].tolist() == [0.8, 2.4]
    assert rec.events["code"].tolist() == [7, 8]
    assert rec.events["duration"][0] == pytest.approx(3 / 125)
    np.testing.assert_allclose(rec.data, frame[["C3", "C4"]].to_numpy().T)
    assert "taken as µV: the file states no unit" in rec.notes
    assert rec.channels.position_from == "template"


@pytest.mark.parametrize("separator", [",", ";", "\t", " "])
@pytest.mark.parametrize("packed", [False, True])
def test_separators_and_compression(tmp_path, frame, separator, packed):
    path = tmp_path / ("a.txt.gz" if packed else "a.txt")
    text = frame.to_csv(index=False, sep=separator)
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    assert read(path).shape == (2, 500)


def test_columns_named_by_the_user_and_volts(tmp_path, frame):
    path = tmp_path / "ä b.csv"
    frame.rename(columns={"time": "clock", "marker": "cue"}).assign(C3=frame["C3"] * 1e-6).to_csv(
        path, index=False
    )
    with pytest.raises(DataError, match="does not say its sampling rate"):
        read(path)
    rec = read(path, time="clock", marker="cue", channels=["C3"], unit="V")
    np.testing.assert_allclose(rec.data[0], frame["C3"], rtol=1e-6)
    assert rec.channels.units == ("µV",) and len(rec.events) == 2
    loud = read(path, sfreq=125, channels=["C3"])
    assert any("look like volts" in note and 'unit="V"' in note for note in loud.notes)


def test_text_markers_milliseconds_and_lost_rows(tmp_path, frame):
    frame["marker"] = ""
    frame.loc[[100, 300], "marker"] = ["left", "right"]
    frame["time"] = (frame["time"] * 1000).round()
    path = tmp_path / "a.tsv"
    frame.rename(columns={"time": "Time (ms)"}).drop(index=range(200, 220)).to_csv(
        path, sep="\t", index=False
    )
    rec = read(path)
    assert rec.sfreq == 125 and rec.events["label"].tolist() == ["left", "right"]
    assert rec.intervals["onset"].tolist() == [1.6] and rec.intervals["kind"][0] == "edge"
    assert rec.events["onset"].tolist() == [0.8, 280 / 125]


def test_openvibe_writes_its_rate_into_the_first_name(tmp_path):
    path = tmp_path / "ov.csv"
    path.write_text("Time:512Hz,Cz,Pz\n0,1,2\n0.001953125,3,4\n", encoding="utf-8")
    rec = read(path)
    assert rec.sfreq == 512 and rec.channels.names == ("Cz", "Pz")


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("", {"sfreq": 10}, "no line of data"),
        ("a,b\n1,x\n2,y\n", {"sfreq": 10}, "holds text"),
        ("a,b\n1,2,3\n4,5,6\n", {"sfreq": 10}, "2 names above 3 columns"),
        ("a,a\n1,2\n3,4\n", {"sfreq": 10}, "two columns are called 'a'"),
        ("a,b\n1,2\n", {"sfreq": 10, "maker": "b"}, "did you mean 'marker'"),
        ("a,b\n1,2\n", {"sfreq": 10, "marker": "c"}, "no marker column"),
        ("time,a\n0,1\n8,2\n16,3\n", {}, "does not seem to be in seconds"),
    ],
)
def test_what_is_no_table_is_refused_in_words(tmp_path, text, options, says):
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=says):
        read(path, **options)


def test_a_row_that_ends_early_is_said(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n3\n", encoding="utf-8")
    rec = read(path, sfreq=10)
    assert "1 empty cell became NaN" in rec.notes and np.isnan(rec.data[1, 1])


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(DataError, match="no table of samples"):
        read(path, sfreq=10)
    packed = tmp_path / "a.txt.gz"
    packed.write_bytes(gzip.compress(b"1 2\n" * 5000)[:-40])
    with pytest.raises(DataError, match="no table of samples"):
        read(packed, sfreq=10)


# ---------------------------------------------------------------------------------- in memory
def test_frames_arrays_and_xarray(frame):
    assert read(frame).events["code"].tolist() == [7, 8]
    data = frame[["C3", "C4"]].to_numpy().T
    rec = read(data, sfreq=125, channels=["C3", "C4"], events=np.array([[50, 0, 3]]))
    assert rec.events["onset"].tolist() == [0.4]
    stamped = frame.drop(columns="time").set_index(pd.date_range("2026", periods=500, freq="8ms"))
    assert read(stamped.reset_index(names="timestamp")).sfreq == 125


def test_xarray_brings_names_rate_and_unit():
    xarray = pytest.importorskip("xarray")
    array = xarray.DataArray(
        np.full((300, 2), 1e-6), dims=("time", "channel"), attrs={"units": "V"},
        coords={"time": np.arange(300) / 100, "channel": ["Fz", "Oz"]},
    )  # fmt: skip
    rec = read(array)
    assert rec.shape == (2, 300) and rec.sfreq == 100 and rec.channels.names == ("Fz", "Oz")
    np.testing.assert_allclose(rec.data, 1.0)
    with pytest.raises(DataError, match="channels and times"):
        read(array.rename(channel="voxelish"))


@pytest.mark.parametrize(
    ("thing", "options", "says"),
    [
        (np.zeros((2, 50)), {}, "does not say its sampling rate"),
        (np.zeros((50, 2, 3)), {"sfreq": 10}, "two dimensions"),
        (np.zeros((500, 4)), {"sfreq": 10}, "seem to be swapped"),
        (np.zeros((2, 50)), {"sfreq": 10, "channels": ["a"]}, "names do not fit"),
        (np.zeros((2, 50)), {"sfreq": 10, "kind": "eegg"}, "did you mean 'eeg'"),
        (7, {}, "nothing to read"),
    ],
)
def test_what_is_in_memory_and_no_recording(thing, options, says):
    with pytest.raises(DataError, match=says):
        read(thing, **options)


def test_a_frame_is_no_array_of_channels(frame):
    with pytest.raises(DataError, match=r"opened by nd\.read"):
        nd.Recording(frame, channels=["C3", "C4"], sfreq=125)


def test_a_pattern_of_tables_is_a_study(tmp_path, frame):
    for subject in ("01", "02"):
        frame.to_csv(tmp_path / f"sub-{subject}_x.csv", index=False)
    epochs = nd.read(f"{tmp_path}/sub-{{subject}}_x.csv", marker="marker").epoch([7, 8], tmax=0.5)
    assert epochs.groups("subject").tolist() == ["01", "01", "02", "02"]


def test_first_line_with_names_and_rate(shared_data):
    rec = read(shared_data / "eeg_blinks" / "sample-blinks.txt.gz")
    assert rec.shape[0] == 19 and rec.sfreq == 128 and 10 < rec.duration < 12
    assert rec.channels.names[:2] == ("Fp1", "Fp2") and rec.channels.position_from == "template"


def test_one_column_of_sleep_and_its_spindles(shared_data):
    """Relative power at 11 to 16 Hz, .058 in N2 and .024 in N3 by the folder's notes."""
    from scipy.signal import welch

    share = {}
    for stage, name, sfreq in (
        ("N2", "data_N2_spindles_15sec_200Hz.txt", 200),
        ("N3", "data_N3_no-spindles_30sec_100Hz.txt", 100),
    ):
        rec = read(shared_data / "sleep_yasa" / name, sfreq=sfreq)
        f, p = welch(rec.data[0], sfreq, nperseg=4 * sfreq)
        share[stage] = p[(f >= 11) & (f <= 16)].sum() / p[(f >= 0.5) & (f <= 30)].sum()
    assert share["N2"] == pytest.approx(0.058, abs=0.02)
    assert share["N3"] == pytest.approx(0.024, abs=0.01)
