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
from loaders.small_files import SFREQ, SIGNALS, brainvision, bti, edf, fif

import neurodecode as nd
from neurodecode.core.errors import DataError
from neurodecode.loaders.formats.damage import (
    check_bti,
    check_content,
    check_fif,
    content_of,
    damage_told,
)


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


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"n_epochs": 2_000_000_000}, "counts 2000000000 epochs"),
        ({"n_epochs": -7}, "counts -7 epochs"),
        ({"n_events": 70_000}, "counts 70000 events"),
        ({"epochs": (50, 1)}, "51 samples of 2 channels in 400 bytes"),
        ({"epochs": (-50,)}, "-50 samples"),
        ({"place": 10_000}, "a header at byte 10000 of"),
    ],
)
def test_a_bti_header_that_counts_what_is_not_there_is_refused(tmp_path, words, says):
    check_bti(bti(tmp_path / "c,rfDC"))
    with pytest.raises(DataError, match=says):
        check_bti(bti(tmp_path / "c,rfDC", **words))


def test_a_damaged_count_does_not_keep_the_bti_reader_busy(tmp_path, shared_data):
    for name in ("test_config_linux", "test_pdf_linux"):
        (tmp_path / name).write_bytes((shared_data / "io_zoo" / "bti" / name).read_bytes())
    path = tmp_path / "test_pdf_linux"
    content = bytearray(path.read_bytes())
    place = int.from_bytes(content[-4:], "big")
    place += -place % 8
    content[place + 12 : place + 16] = struct.pack(">i", 1 << 30)
    path.write_bytes(content)
    with pytest.raises(DataError, match="counts 1073741824 epochs"):
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
