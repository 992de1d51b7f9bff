"""BIDS folders: what files and tables say, by the rule of inheritance, in one study."""

import json

import mne
import numpy as np
import pandas as pd
import pytest

import neurodecode as nd
from neurodecode.core.errors import DataError
from neurodecode.loaders.formats.bids_files import entities, find_files
from neurodecode.loaders.formats.bids_tables import beside, participants, read_tsv, sidecar

NAMES = ["C3", "Cz", "C4", "EOG", "TRIG"]


def write_vhdr(folder, stem, names=NAMES, seconds=10, seed=0):
    """A BrainVision recording of µV noise at 100 Hz, without markers."""
    folder.mkdir(parents=True, exist_ok=True)
    data = np.random.default_rng(seed).normal(size=(len(names), seconds * 100)).astype("<f4") * 10
    (folder / f"{stem}.eeg").write_bytes(data.T.tobytes())
    rows = "\n".join(f"Ch{i}={name},,1,µV" for i, name in enumerate(names, 1))
    (folder / f"{stem}.vhdr").write_text(
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={stem}.eeg\nMarkerFile={stem}.vmrk\nDataFormat=BINARY\n"
        f"DataOrientation=MULTIPLEXED\nNumberOfChannels={len(names)}\nSamplingInterval=10000\n"
        f"[Binary Infos]\nBinaryFormat=IEEE_FLOAT_32\n[Channel Infos]\n{rows}\n",
        encoding="utf-8",
    )
    (folder / f"{stem}.vmrk").write_text(
        "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={stem}.eeg\n[Marker Infos]\n",
        encoding="utf-8",
    )


def write(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join("\t".join(map(str, row)) for row in rows) + "\n", encoding="utf-8")


def describe(root):
    root.mkdir(parents=True, exist_ok=True)
    (root / "dataset_description.json").write_text('{"Name": "toy", "BIDSVersion": "1.9.0"}')


@pytest.fixture
def root(tmp_path):
    """Two people, two sessions of one run; two tasks; tables at three levels."""
    root = tmp_path / "a study with spaces"
    describe(root)
    write(
        root / "participants.tsv",
        ("participant_id", "age", "sex"), ("sub-01", 31, "n/a"), ("sub-10", "n/a", "F"),
    )  # fmt: skip
    (root / "task-mi_eeg.json").write_text(
        json.dumps({"PowerLineFrequency": 60, "EEGReference": "Cz", "TaskName": "mi"})
    )
    write(
        root / "task-mi_channels.tsv",
        ("name", "type", "units", "status"), ("C3", "EEG", "µV", "good"),
        ("Cz", "EEG", "µV", "bad"), ("C4", "EEG", "µV", "good"), ("EOG", "VEOG", "µV", "good"),
        ("TRIG", "TRIG", "n/a", "good"),
    )  # fmt: skip
    for sub in ("01", "10"):
        for ses in ("2", "10"):
            folder = root / f"sub-{sub}" / f"ses-{ses}" / "eeg"
            stem = f"sub-{sub}_ses-{ses}_task-mi"
            write_vhdr(folder, f"{stem}_eeg", seed=int(sub) * int(ses))
            write(
                folder / f"{stem}_events.tsv",
                ("onset", "duration", "trial_type", "value", "stim_file"),
                (1.0, 0.5, "left", 1, "a.png"), (4.0, 0.5, "right", 2, "b.png"),
                ("n/a", 0.5, "left", 1, "c.png"), (6.0, "n/a", "n/a", 9, "n/a"),
            )  # fmt: skip
        rest = f"sub-{sub}_ses-2_task-rest_eeg"
        write_vhdr(root / f"sub-{sub}" / "ses-2" / "eeg", rest, seed=int(sub) + 500)
    return root


def test_a_folder_becomes_a_study_in_natural_order(root):
    study = nd.read(root, task="mi")
    assert len(study) == 4
    table = study.table
    assert table["recording"][0] == "sub-01_ses-2_task-mi"
    assert table[["subject", "session", "run"]].to_numpy().tolist() == [
        ["01", "2", "1"], ["01", "10", "1"], ["10", "2", "1"], ["10", "10", "1"],
    ]  # fmt: skip
    assert table["age"].tolist()[:2] == [31, 31] and np.isnan(table["age"].tolist()[2])
    assert table["sex"].tolist()[2] == "F"
    assert len(nd.read(root)) == 6
    assert len(nd.read(root, task="mi", subjects="10", sessions=[2])) == 1


def test_tables_rule_kinds_bads_events_reference_and_mains(root):
    recording = nd.read(root, task="mi")[0]
    assert recording.channels.kinds == ("eeg", "eeg", "eeg", "eog", "stim")
    assert recording.channels.bads == {"Cz"} and recording.channels.reference == "Cz"
    assert recording.line_freq == 60
    events = recording.events
    assert events["onset"].tolist() == [1.0, 4.0, 6.0]  # "n/a": nobody knows when
    assert events["label"].tolist() == ["left", "right", "n/a"]
    assert events["code"].tolist() == [1, 2, 9]
    epochs = nd.read(root, task="mi").epoch({"L": "left", "R": "right"}, tmax=0.5)
    assert epochs.shape == (8, 2, 50)
    assert epochs.trials["stim_file"].tolist()[:2] == ["a.png", "b.png"]
    assert epochs.trials["age"].tolist()[0] == 31


def test_the_nearest_table_of_fitting_entities_is_inherited(root):
    file = find_files(root, wanted={"task": ["mi"]})[0]
    assert beside(file, "channels", ".tsv") == root / "task-mi_channels.tsv"
    other = root / "sub-01" / "sub-01_task-rest_channels.tsv"
    write(other, ("name", "type"), ("C3", "EEG"))
    assert beside(file, "channels", ".tsv") == root / "task-mi_channels.tsv"
    nearer = root / "sub-01" / "sub-01_channels.tsv"
    write(nearer, ("name", "type"), ("C3", "EEG"))
    assert beside(file, "channels", ".tsv") == nearer
    (root / "sub-01" / "sub-01_eeg.json").write_text('{"PowerLineFrequency": 50}')
    assert sidecar(file) == {"PowerLineFrequency": 50, "EEGReference": "Cz", "TaskName": "mi"}


@pytest.mark.parametrize(
    ("system", "units", "frame", "place"),
    [
        ("CapTrak", "mm", "head", [0.01, 0.02, 0.03]),
        ("EEGLAB", "cm", "head", [-0.2, 0.1, 0.3]),  # x is the nose there
        ("MNI152Lin", "m", "mni", [10.0, 20.0, 30.0]),
        ("ACPC", "mm", "acpc", [0.01, 0.02, 0.03]),
    ],
)
def test_places_keep_their_frame_and_become_metres(root, system, units, frame, place):
    folder = root / "sub-01" / "ses-2" / "eeg"
    write(
        folder / "sub-01_ses-2_space-X_electrodes.tsv",
        ("name", "x", "y", "z"), ("C3", 10, 20, 30), ("C4", "n/a", "n/a", "n/a"),
    )  # fmt: skip
    words = {"EEGCoordinateSystem": system, "EEGCoordinateUnits": units}
    (folder / "sub-01_ses-2_space-X_coordsystem.json").write_text(json.dumps(words))
    channels = nd.read(root, task="mi")[0].channels
    assert (channels.frame, channels.position_from) == (frame, "file")
    np.testing.assert_allclose(channels.positions[0], place)
    assert np.isnan(channels.positions[2]).all()


def test_places_in_pixels_are_left_out_and_said(root):
    folder = root / "sub-01" / "ses-2" / "eeg"
    write(folder / "sub-01_ses-2_electrodes.tsv", ("name", "x", "y", "z"), ("C3", 1, 2, 3))
    words = {"EEGCoordinateSystem": "Pixels", "EEGCoordinateUnits": "pixels"}
    (folder / "sub-01_ses-2_coordsystem.json").write_text(json.dumps(words))
    recording = nd.read(root, task="mi")[0]
    assert recording.channels.position_from != "file"
    assert any("Pixels" in note for note in recording.notes)


def test_one_call_gives_epochs(root):
    epochs = nd.load(f"bids:{root}", task="mi", labels={"L": "left", "R": "right"}, tmax=0.5)
    assert epochs.shape == (8, 2, 50) and sorted(set(epochs.y)) == ["L", "R"]
    assert epochs.trials["age"].tolist()[0] == 31
    one = nd.load(f"bids:{root}", task="mi", labels=["left"], subjects=["10"], channels=["C4"])
    assert one.shape == (2, 1, 100) and set(one.groups("subject")) == {"10"}
    study = nd.load(f"bids:{root}", task="rest", form="recording")
    assert len(study) == 2


def test_derivatives_are_read_only_when_asked_for(root):
    folder = root / "derivatives" / "clean" / "sub-01" / "ses-2" / "eeg"
    write_vhdr(folder, "sub-01_ses-2_task-mi_desc-clean_eeg")
    assert len(nd.read(root, task="mi")) == 4
    cleaned = nd.read(root, derivatives="clean")
    assert len(cleaned) == 1 and cleaned.table["age"].tolist() == [31]
    with pytest.raises(DataError, match="did you mean 'clean'"):
        nd.read(root, derivatives="cleen")


def test_subjects_with_other_electrodes_stay_apart_until_asked(tmp_path):
    root = tmp_path / "ieeg"
    describe(root)
    for sub, names in (("1", ["A1", "A2", "S1"]), ("2", ["B1", "S1"])):
        folder = root / f"sub-{sub}" / "ieeg"
        write_vhdr(folder, f"sub-{sub}_task-x_ieeg", names, seed=int(sub))
        rows = [(name, "SEEG", "good") for name in names]
        write(folder / f"sub-{sub}_task-x_channels.tsv", ("name", "type", "status"), *rows)
        write(folder / f"sub-{sub}_task-x_events.tsv", ("onset", "duration", "trial_type"),
              (1.0, 1.0, "go"), (3.0, 1.0, "no"))  # fmt: skip
    study = nd.read(root)
    assert study[0].channels.kinds == ("seeg",) * 3
    with pytest.raises(DataError, match='on="common"'):
        study.epoch(tmax=0.5)
    assert study.epoch(tmax=0.5, on="common").channels.names == ("S1",)
    assert nd.load(f"bids:{root}", labels=["go", "no"], on="common").shape == (4, 1, 100)
    apart = {s: part.epoch(tmax=0.5) for s, part in study.groups("subject").items()}
    assert [epochs.shape[1] for epochs in apart.values()] == [3, 2]


def test_what_is_wrong_is_said(root, tmp_path):
    with pytest.raises(DataError, match="did you mean 'mi'"):
        nd.read(root, task="mmi")
    with pytest.raises(DataError, match="has no subject 'sub-01'"):
        nd.read(root, subjects=["sub-01"])
    with pytest.raises(DataError, match="brings its events"):
        nd.read(root, events="x.tsv")
    with pytest.raises(DataError, match="no BIDS folder"):
        nd.load(f"bids:{tmp_path}/nothing")
    folder = root / "sub-01" / "ses-2" / "meg"
    folder.mkdir()
    (folder / "sub-01_ses-2_task-mi_meg.fif").touch()
    with pytest.raises(DataError, match='datatype="eeg"'):
        nd.read(root, task="mi")
    assert len(nd.read(root, task="mi", datatype="eeg")) == 4


def test_a_table_of_other_channels_is_refused(root):
    write(root / "task-mi_channels.tsv", ("name", "type"), ("E1", "EEG"), ("E2", "EEG"))
    with pytest.raises(DataError, match="share no channel") as error:
        nd.read(root, task="mi")[0]
    assert "C3" in error.value.found and "E1" in error.value.found


def test_sides_of_the_format(tmp_path, root):
    assert entities("sub-01_ses-2_task-a_run-03_split-01_meg.fif")["run"] == "03"
    (tmp_path / "x.tsv").write_text("onset\ttrial_type\n1.5\tNA\n2\tn/a\n", encoding="utf-8-sig")
    table = read_tsv(tmp_path / "x.tsv")
    assert table["trial_type"][0] == "NA" and pd.isna(table["trial_type"][1])
    assert participants(tmp_path).empty
    folder = root / "sub-01" / "ses-2" / "eeg"
    (folder / "sub-01_ses-2_task-mi_eeg.edf").touch()  # the same recording in another format
    assert len(find_files(root, wanted={"task": ["mi"]})) == 4


def test_a_folder_that_mne_bids_wrote_reads_as_mne_bids_reads_it(tmp_path):
    mne_bids = pytest.importorskip("mne_bids")
    info = mne.create_info(["C3", "Cz", "C4", "HEOG"], 200.0, ["eeg", "eeg", "eeg", "eog"])
    data = np.random.default_rng(0).normal(size=(4, 2000)) * 1e-5
    raw = mne.io.RawArray(data, info, verbose="error")
    raw.info["line_freq"], raw.info["bads"] = 50, ["Cz"]
    raw.set_montage("colin27_1005", on_missing="ignore", verbose="error")
    raw.set_annotations(mne.Annotations([2.0, 5.0], 0.5, ["left", "right"]))
    path = mne_bids.BIDSPath(subject="7", task="mi", run="1", root=tmp_path / "b", datatype="eeg")
    mne_bids.write_raw_bids(
        raw, path, format="BrainVision", allow_preload=True, verbose="error"
    )  # fmt: skip
    ours = nd.read(tmp_path / "b", task="mi")[0]
    theirs = mne_bids.read_raw_bids(path, verbose="error")
    np.testing.assert_allclose(ours.data, theirs.get_data() * 1e6, rtol=1e-6, atol=1e-6)
    assert ours.channels.names == tuple(theirs.ch_names)
    assert ours.channels.kinds == tuple(theirs.get_channel_types())
    assert ours.channels.bads == set(theirs.info["bads"]) and ours.line_freq == 50
    assert ours.events["label"].tolist() == theirs.annotations.description.tolist()
    np.testing.assert_allclose(ours.events["onset"], theirs.annotations.onset)
    places = theirs.get_montage().get_positions()["ch_pos"]
    np.testing.assert_allclose(
        ours.channels.positions[:3], [places[name] for name in ours.channels.names[:3]], atol=1e-6
    )


def test_a_benchmark_takes_a_folder_by_name(root):
    from neurodecode.bench.dataset import open_data

    request = {"task": "mi", "labels": {"L": "left", "R": "right"}, "tmax": 0.5}
    (data,) = open_data((f"bids:{root}", request))
    assert data.name == f"bids:{root}" and data.classes == ("L", "R")
    assert data.card is not None and data.card.subjects == ["01", "10"]
