"""Bad input: each a clear error or a repair that is stated, and never a wrong number.

Archives that are unpacked are tested with the downloads, full and read-only disks with the epoch
store too.
"""

import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import neurodecode as nd
from neurodecode.core.errors import DataError, NeurodecodeError
from neurodecode.core.events import check_events
from neurodecode.loaders.formats.damage import check_content, check_fif, content_of, damage_told

SFREQ = 100.0
SIGNALS = np.random.default_rng(0).normal(scale=20.0, size=(3, 1000)).astype(np.float32)


def brainvision(
    folder, signals=SIGNALS, names=("C3", "Cz", "C4"), unit="µV", markers=((101, "s"),)
):
    """A BrainVision recording; gives the path of its header."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.eeg").write_bytes(np.ascontiguousarray(signals.T, dtype="<f4").tobytes())
    channels = "\n".join(f"Ch{i + 1}={name},,1,{unit}" for i, name in enumerate(names))
    header = f"""Brain Vision Data Exchange Header File Version 1.0
[Common Infos]
Codepage=UTF-8
DataFile=a.eeg
MarkerFile=a.vmrk
DataFormat=BINARY
DataOrientation=MULTIPLEXED
NumberOfChannels={len(names)}
SamplingInterval={1e6 / SFREQ}
[Binary Infos]
BinaryFormat=IEEE_FLOAT_32
[Channel Infos]
{channels}
"""
    (folder / "a.vhdr").write_text(header, encoding="utf-8")
    rows = [f"Mk{i + 2}=Stimulus,{name},{at},1,0" for i, (at, name) in enumerate(markers)]
    text = "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\nDataFile=a.eeg\n"
    text += "[Marker Infos]\nMk1=New Segment,,1,1,0,20200101000000000000\n" + "\n".join(rows)
    (folder / "a.vmrk").write_text(text + "\n", encoding="utf-8")
    return folder / "a.vhdr"


def edf(path, samples=(100, 100), n_records=10):
    """An EDF file of one-second records; `samples` a second of each channel."""
    n = len(samples)

    def field(value, width):
        return str(value).ljust(width)[:width].encode("ascii")

    head = [("0", 8), ("X", 80), ("X", 80), ("01.01.20", 8), ("00.00.00", 8)]
    head += [(256 * (n + 1), 8), ("", 44), (n_records, 8), (1, 8), (n, 4)]
    columns = [
        ([f"E{i}" for i in range(n)], 16), ([""] * n, 80), (["uV"] * n, 8), ([-3276.8] * n, 8),
        ([3276.7] * n, 8), ([-32768] * n, 8), ([32767] * n, 8), ([""] * n, 80), (samples, 8),
        ([""] * n, 32),
    ]  # fmt: skip
    content = b"".join(field(*each) for each in head)
    content += b"".join(field(value, width) for values, width in columns for value in values)
    rng = np.random.default_rng(0)
    content += rng.integers(-500, 500, n_records * sum(samples)).astype("<i2").tobytes()
    path.write_bytes(content)
    return path


def fif(path):
    import mne

    info = mne.create_info(["C3", "Cz", "C4"], SFREQ, "eeg")
    mne.io.RawArray(1e-6 * SIGNALS, info, verbose="error").save(path, verbose="error")
    return path


# ---------------------------------------------------------------------- files as a whole
@pytest.mark.parametrize(
    "name",
    ["a.edf", "a.bdf", "a.gdf", "a_raw.fif", "a.vhdr", "a.set", "a.cnt", "a.npy", "a.csv", "a.mat"],
)
@pytest.mark.parametrize("content", [b"", b"\x00" * 700, b"<html>403 Forbidden</html>"])
def test_files_without_a_recording_are_told(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        nd.read(tmp_path / name)
    assert name == "a.csv" or (caught.value.found and name in str(caught.value))
    if content.startswith(b"<html") and name not in ("a.csv", "a.npy"):
        assert "web page" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "wrong", "says"),
    [
        ("a.edf", "a.bdf", "EDF, by its first bytes"),
        ("a.edf", "a_raw.fif", "it is EDF"),
        ("a.edf", "a.set", "it is EDF"),
        ("a.edf", "a.xyz", "no reader for this kind"),
    ],
)
def test_a_wrong_ending_is_told(tmp_path, name, wrong, says):
    edf(tmp_path / name).rename(tmp_path / wrong)
    with pytest.raises(DataError, match=says):
        nd.read(tmp_path / wrong)


def test_a_bdf_file_is_not_read_as_edf(tmp_path):
    content = edf(tmp_path / "a.edf").read_bytes()
    (tmp_path / "a.edf").write_bytes(b"\xffBIOSEMI" + content[8:])
    with pytest.raises(DataError, match=r"rename it to a\.bdf"):
        nd.read(tmp_path / "a.edf")


def test_truncated_recordings_say_what_is_missing(tmp_path):
    header = brainvision(tmp_path)
    data = header.with_suffix(".eeg")
    data.write_bytes(data.read_bytes()[: 12 * 400 + 5])
    rec = nd.read(header)
    assert rec.n_times == 400 and "ends inside a sample (5 of 12 bytes)" in rec.notes[0]
    np.testing.assert_allclose(rec.data, SIGNALS[:, :400], rtol=1e-6)
    short = edf(tmp_path / "a.edf")
    short.write_bytes(short.read_bytes()[:-1000])
    assert any("does not match" in note for note in nd.read(short).notes)


def test_a_file_that_shrinks_after_it_was_opened_is_told(tmp_path):
    rec = nd.read(brainvision(tmp_path))
    (tmp_path / "a.eeg").write_bytes(b"")
    with pytest.raises(DataError, match="samples cannot be read"):
        rec.read(0, 10)


@pytest.mark.parametrize("make", [fif, edf], ids=["fif", "edf"])
def test_a_transfer_as_text_is_found(tmp_path, make):
    path = make(tmp_path / f"a_raw.{make.__name__}")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    with pytest.raises(DataError, match="changed by a transfer as text"):
        nd.read(path)


def test_a_transfer_as_text_of_the_data_beside_a_header_is_found(tmp_path):
    header = brainvision(tmp_path)
    data = header.with_suffix(".eeg")
    assert data.read_bytes().count(b"\n") > 8
    data.write_bytes(data.read_bytes().replace(b"\n", b"\r\n"))
    with pytest.raises(DataError, match=r"a\.eeg was changed by a transfer as text"):
        nd.read(header)


def test_headers_with_either_line_ending_are_the_same(tmp_path):
    unix, windows = brainvision(tmp_path / "unix"), brainvision(tmp_path / "windows")
    for each in (windows, windows.with_suffix(".vmrk")):
        each.write_bytes(each.read_bytes().replace(b"\n", b"\r\n"))
    np.testing.assert_array_equal(nd.read(unix).data, nd.read(windows).data)
    pd.testing.assert_frame_equal(nd.read(unix).events, nd.read(windows).events)


def test_missing_parts_are_named(tmp_path):
    header = brainvision(tmp_path)
    header.with_suffix(".eeg").unlink()
    with pytest.raises(DataError, match=r"a\.eeg"):
        nd.read(header)


def test_a_fif_file_whose_tags_turn_back_ends(tmp_path):
    path = fif(tmp_path / "a_raw.fif")
    check_fif(path)
    content = bytearray(path.read_bytes())
    content[8:12] = struct.pack(">i", -32)  # size of the first tag
    path.write_bytes(content)
    with pytest.raises(DataError, match="points back"):
        nd.read(path)


class Owner:
    """A pickle that leaves a trace when it is opened."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (Path(self.trace),)


@pytest.mark.parametrize(
    "ending",
    [".npy", ".npz", ".mat", ".fif", ".edf", ".set", ".vhdr", ".csv", ".txt", ".cnt", ".pkl"],
)
def test_pickles_that_pose_as_data_are_not_run(tmp_path, ending):
    trace, path = tmp_path / "trace", tmp_path / f"a{ending}"
    path.write_bytes(pickle.dumps(Owner(trace)))
    with pytest.raises(DataError):
        nd.read(path)
    np.save(tmp_path / "objects.npy", np.array([Owner(trace)], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="could run code"):
        nd.read(tmp_path / "objects.npy", sfreq=100.0)
    assert not trace.exists()


@pytest.mark.parametrize("folder", ["two words", "ünï çödé", "日本語", "a'b(1)", "100%"])
def test_paths_may_hold_any_sign(tmp_path, folder):
    header = brainvision(tmp_path / folder)
    np.testing.assert_allclose(nd.read(header).data, SIGNALS, rtol=1e-6)
    np.testing.assert_allclose(nd.read(str(header)).data, SIGNALS, rtol=1e-6)
    assert nd.read(fif(tmp_path / folder / "a_raw.fif")).source.endswith("a_raw.fif")


def test_recordings_in_a_read_only_folder_are_read(tmp_path):
    header = brainvision(tmp_path / "locked")
    before = sorted(os.listdir(header.parent))
    os.chmod(header.parent, 0o500)
    try:
        assert len(nd.read(header).epoch(tmax=0.5)) == 1
    finally:
        os.chmod(header.parent, 0o700)
    assert sorted(os.listdir(header.parent)) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_epochs_are_not_saved_into_a_read_only_folder(tmp_path):
    epochs = nd.read(brainvision(tmp_path / "data")).epoch(tmax=0.5)
    os.chmod(tmp_path / "data", 0o500)
    try:
        with pytest.raises(DataError, match="cannot be written"):
            epochs.save(tmp_path / "data" / "epochs")
    finally:
        os.chmod(tmp_path / "data", 0o700)


def test_a_disk_that_fills_up_is_told(tmp_path, monkeypatch):
    import errno

    epochs = nd.read(brainvision(tmp_path / "data")).epoch(tmax=0.5)

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("neurodecode.core.epochs_files.np.save", full)
    with pytest.raises(DataError, match="No space left"):
        epochs.save(tmp_path / "epochs")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["data"]


# ---------------------------------------------------------------------- signals
def test_two_rates_in_one_file_are_stated(tmp_path):
    rec = nd.read(edf(tmp_path / "a.edf", samples=(100, 100, 20)))
    assert rec.sfreq == 100 and rec.shape == (3, 1000)
    assert rec.notes == ("E2: recorded at 20 Hz, brought to 100 Hz by interpolation",)
    assert nd.read(edf(tmp_path / "b.edf")).notes == ()


def test_channels_of_one_name_are_told_apart_or_refused(tmp_path):
    with pytest.raises(DataError, match="names two channels alike"):
        nd.read(brainvision(tmp_path, names=("Cz", "Cz", "C4")))
    with pytest.raises(DataError, match="'Cz' more than once"):
        nd.Recording(SIGNALS, channels=["Cz", "Cz", "C4"], sfreq=SFREQ)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_none_reaches_no_decoder(tmp_path, bad):
    signals = SIGNALS.copy()
    signals[1, 430] = bad
    rec = nd.read(brainvision(tmp_path, signals, markers=[(101, "a"), (401, "b"), (701, "a")]))
    epochs = rec.epoch(tmax=0.9)
    for use in (
        nd.preprocessing.Bandpass(8, 30).transform,
        nd.features.Covariance("oas").fit_transform,
        nd.decoders.ShrinkageLDA().fit,
    ):
        with pytest.raises(DataError, match="first in trial 1, "):
            use(epochs) if use.__name__ != "fit" else use(epochs, epochs.y)


def test_doubtful_signals_are_pointed_out(tmp_path):
    signals = SIGNALS.copy()
    signals[0] = 3.0
    signals[1] = np.clip(signals[1], -15, 15)
    text = str(nd.loaders.inspect_recording(brainvision(tmp_path / "a", signals)))
    assert "flat for 100 %" in text and "rests at its own extreme" in text
    for folder, unit, factor in (("volts", "µV", 1e-6), ("micro", "V", 1)):
        header = brainvision(tmp_path / folder, factor * SIGNALS, unit=unit)
        assert "is the unit right?" in str(nd.loaders.inspect_recording(header))


def test_events_outside_the_recording_are_said_to_be_left_out(tmp_path):
    rec = nd.read(brainvision(tmp_path, markers=[(101, "a"), (951, "a"), (5001, "a")]))
    assert len(rec.events) == 2 and "outside data range" in rec.notes[0]
    epochs = rec.epoch(tmax=1.0)
    assert len(epochs) == 1
    assert epochs.dropped["reason"].tolist() == ["ends after the recording"]


def test_missing_events_are_told(tmp_path):
    rec = nd.read(brainvision(tmp_path, markers=()))
    with pytest.raises(DataError, match="no events to cut at"):
        rec.epoch(["a"])


# ---------------------------------------------------------------------- helpers of all this
def test_our_errors_pass_the_border_and_others_do_not():
    with pytest.raises(DataError, match="mine"), damage_told(Path("a.edf")):
        raise DataError("mine")
    with (
        pytest.raises(DataError, match=r"a\.edf cannot be read") as caught,
        damage_told(Path("a.edf")),
    ):
        raise struct.error("unpack requires a buffer")
    assert isinstance(caught.value.__cause__, struct.error)
    with pytest.raises(KeyboardInterrupt), damage_told(Path("a.edf")):
        raise KeyboardInterrupt


def test_text_with_few_lines_is_not_taken_for_damage(tmp_path):
    path = tmp_path / "a.edf"
    path.write_bytes(b"\x01\r\n" * 7)
    check_content(path)
    assert content_of(path) is None
    path.write_bytes(b"\x01\r\n" * 8)
    with pytest.raises(DataError, match="as text"):
        check_content(path)


# ---------------------------------------------------------------------- properties
seconds = st.one_of(
    st.floats(-5, 25, width=32), st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 9.99, 10.0, 1e300])
)
labels = st.one_of(st.text(max_size=5), st.integers(-3, 3), st.none(), st.just(np.nan))
tables = st.lists(st.tuples(seconds, seconds, labels), max_size=8)
columns = st.sampled_from(
    [["onset", "duration", "label"], ["onset"], ["label"], ["time", "x", "y"]]
)
PROPERTY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@PROPERTY
@given(rows=tables, names=columns)
def test_any_table_of_events_is_used_as_it_says_or_refused(rows, names):
    frame = pd.DataFrame([row[: len(names)] for row in rows], columns=names)
    try:
        events = check_events(frame)
        rec = nd.Recording(SIGNALS, channels=["C3", "Cz", "C4"], sfreq=SFREQ, events=events)
        epochs = rec.epoch(tmin=-0.1, tmax=0.4)
    except NeurodecodeError:
        return
    assert len(epochs) + len(epochs.dropped) == len(events) == len(frame)
    for trial, onset in zip(epochs.data, epochs.trials["onset"], strict=True):
        start = round(onset * SFREQ)
        np.testing.assert_array_equal(trial, SIGNALS[:, start : start + 50])


headers = st.sampled_from(
    ["NumberOfChannels=3", "SamplingInterval=10000.0", "DataOrientation=MULTIPLEXED",
     "BinaryFormat=IEEE_FLOAT_32", "Ch2=Cz,,1,µV", "DataFile=a.eeg", "[Channel Infos]"]
)  # fmt: skip
values = st.one_of(
    st.sampled_from(["", "=", "0", "-1", "nan", "1e999", "4", "INT_16", "VECTORIZED", "Ch2=,,,"]),
    st.text(max_size=12),
)


@PROPERTY
@given(line=headers, value=values, keep_key=st.booleans())
def test_any_header_gives_a_recording_or_our_error(tmp_path, line, value, keep_key):
    header = brainvision(tmp_path / "h")
    key = line.partition("=")[0] + "=" if keep_key else ""
    header.write_text(header.read_text("utf-8").replace(line, key + value), "utf-8", "replace")
    try:
        rec = nd.read(header)
        data = rec.data
    except NeurodecodeError:
        return
    assert data.shape == rec.shape == (len(rec.channels), rec.n_times)
    assert rec.sfreq > 0 and len(set(rec.channels.names)) == len(rec.channels)


@PROPERTY
@given(place=st.integers(0, 767), byte=st.integers(0, 255))
def test_any_byte_of_an_edf_header_gives_a_recording_or_our_error(tmp_path, place, byte):
    content = bytearray(edf(tmp_path / "a.edf").read_bytes())
    content[place] = byte
    (tmp_path / "a.edf").write_bytes(content)
    try:
        rec = nd.read(tmp_path / "a.edf")
        rec.read(0, min(10, rec.n_times))
    except NeurodecodeError:
        return
    assert np.isfinite(rec.sfreq) and rec.sfreq > 0


# ---------------------------------------------------------------------- fuzzing of the zoo
def fuzz(shared_data, mutations, capsys):
    script = Path(__file__).with_name("fuzz_reading.py")
    command = [sys.executable, str(script), str(shared_data / "io_zoo")]
    done = subprocess.run(
        [*command, "--mutations", str(mutations)], capture_output=True, text=True, check=False
    )
    with capsys.disabled():
        sys.stdout.write("\n" + "".join(done.stdout.splitlines(keepends=True)[-1:]))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="every case is a forked process")
def test_damaged_copies_of_all_formats(shared_data, capsys):
    fuzz(shared_data, 2, capsys)


@pytest.mark.slow  # ten times as many
@pytest.mark.skipif(not hasattr(os, "fork"), reason="every case is a forked process")
def test_many_damaged_copies_of_all_formats(shared_data, capsys):
    fuzz(shared_data, 20, capsys)
