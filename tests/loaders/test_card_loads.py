"""Cards of archives load small files that lie as their source lays them; no network."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.io import savemat

from neurodecode import load
from neurodecode.core.card import read_card
from neurodecode.core.errors import DataError, DownloadError
from neurodecode.loaders import cut
from neurodecode.loaders.downloading import OFFLINE
from neurodecode.loaders.sources import nilearn_sets


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """The folder of downloaded data, with the network switched off."""
    monkeypatch.setenv("NEURODECODE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv(OFFLINE, "1")
    return tmp_path / "data"


# ---------------------------------------------------------------------- EEGdenoiseNet
FILES = {
    "EEGdenoiseNet": ("EEG_all_epochs.npy", 256, "eeg"),
    "EEGdenoiseNet-512": ("EEG_all_epochs_512hz.npy", 512, "eeg"),
    "EEGdenoiseNet-EOG": ("EOG_all_epochs.npy", 256, "eog"),
    "EEGdenoiseNet-EMG": ("EMG_all_epochs.npy", 256, "emg"),
    "EEGdenoiseNet-EMG-512": ("EMG_all_epochs_512hz.npy", 512, "emg"),
}


@pytest.mark.parametrize("name", FILES)
def test_epochs_to_be_mixed_keep_order_rate_and_kind(name, data):
    file, sfreq, kind = FILES[name]
    with pytest.raises(DownloadError) as error:
        load(name)
    assert file in error.value.found and read_card(name).source["where"] in error.value.expected
    place = data / "eegdenoisenet/data"
    place.mkdir(parents=True)
    stored = np.random.default_rng(0).normal(size=(7, 2 * sfreq)) * 100
    np.save(place / file, stored)
    epochs = load(name)
    assert epochs.shape == (7, 1, 2 * sfreq) and epochs.sfreq == sfreq and epochs.y is None
    assert epochs.channels.kinds == (kind,) and epochs.channels.units == ("raw",)
    np.testing.assert_array_equal(epochs.data[:, 0], stored.astype(np.float32))


def test_epochs_of_another_rate_are_no_epochs_of_this_card(data):
    place = data / "eegdenoisenet/data"
    place.mkdir(parents=True)
    np.save(place / "EEG_all_epochs.npy", np.zeros((3, 1024)))
    with pytest.raises(DataError, match="another length") as error:
        load("EEGdenoiseNet")
    assert "512: 2 s at 256 Hz" in error.value.expected


# ---------------------------------------------------------------------- HBN
def write_set(path, n_channels=129, sfreq=500, seconds=5, seed=0):
    """An EEGLAB file as HBN's: samples in µV inside, Cz the last channel and flat."""
    signal = 10 * np.random.default_rng(seed).normal(size=(n_channels, sfreq * seconds))
    signal[-1] = 0
    names = [f"E{i + 1}" for i in range(n_channels - 1)] + ["Cz"]
    places = np.array([(name,) for name in names], dtype=[("labels", object)])
    savemat(path, {"EEG": {
        "setname": "", "data": signal.astype(np.float32), "srate": float(sfreq),
        "nbchan": n_channels, "pnts": signal.shape[1], "trials": 1, "xmin": 0.0,
        "xmax": seconds - 1 / sfreq, "chanlocs": places, "event": [], "ref": "Cz",
        "icawinv": [], "icasphere": [], "icaweights": [], "icaact": [], "epoch": [],
    }})  # fmt: skip
    return signal


def write_hbn(data, release, people, tasks=("RestingState",), **how):
    root = data / "openneuro" / release
    rows = ["participant_id\trelease_number\tsex\tage"]
    signals = {}
    for k, (person, age) in enumerate(people.items()):
        folder = root / f"sub-{person}/eeg"
        folder.mkdir(parents=True)
        for task in tasks:
            stem = f"sub-{person}_task-{task}"
            signals[person, task] = write_set(folder / f"{stem}_eeg.set", seed=k, **how)
            told = {"TaskName": task, "SamplingFrequency": 500, "PowerLineFrequency": 60,
                    "EEGReference": "Cz"}  # fmt: skip
            (folder / f"{stem}_eeg.json").write_text(json.dumps(told))
            (folder / f"{stem}_events.tsv").write_text(
                "onset\tduration\tvalue\n0.5\tn/a\tresting_start\n"
            )
        rows.append(f"sub-{person}\tR1\tM\t{age}")
    (root / "participants.tsv").write_text("\n".join(rows) + "\n")
    (root / "dataset_description.json").write_text('{"Name": "HBN", "BIDSVersion": "1.9.0"}')
    return signals


def test_hbn_windows_carry_the_age_of_their_person(data):
    # Release 1 is asked for; the other ten are folders without the person.
    left_out = read_card("HBN").source["without"][0]
    people = {"NDARAC904DMU": 8.25, left_out: 9.0}
    signals = write_hbn(data, "ds005505", people, ("RestingState", "ThePresent"))
    for release in read_card("HBN").source["sets"][1:]:
        write_hbn(data, release, {f"NDAR{release}": 12.5}, n_channels=2, seconds=1)
    epochs = load("HBN", subjects=["NDARAC904DMU"])
    assert epochs.shape == (2, 129, 1000) and epochs.line_freq == 60
    assert epochs.y.tolist() == [[8.25]] * 2
    assert epochs.channels.names[0] == "E1" and epochs.channels.names[128] == "Cz"
    rest = signals["NDARAC904DMU", "RestingState"]
    np.testing.assert_allclose(epochs.data[1], rest[:, 1000:2000], rtol=1e-4, atol=1e-3)
    everyone = load("HBN", form="recording")
    assert len(everyone) == 11 and left_out not in set(everyone.table["subject"])
    with pytest.raises(DataError, match="no such people"):
        load("HBN", subjects=["NDARXX"])


# ---------------------------------------------------------------------- NLB MC_Maze
def write_maze(path):
    """Four trials of 1 s with 0.5 s between; velocity is known also there."""
    pynwb = pytest.importorskip("pynwb")
    nwb = pynwb.NWBFile("maze", "id", datetime(2026, 1, 1, tzinfo=UTC), session_id="full")
    nwb.subject = pynwb.file.Subject(subject_id="Jenkins", species="Macaca mulatta", age="P6Y")
    splits = ["train", "val", "none", "train"]
    starts = 1.5 * np.arange(4)
    observed = np.column_stack([starts, starts + 1.0])
    nwb.add_unit_column("heldout", "held out from the models")
    for i in range(3):
        times = np.arange(0.005 + 0.002 * i, 6, 0.02 * (i + 1))
        inside = (times % 1.5) < 1.0
        nwb.add_unit(spike_times=times[inside], obs_intervals=observed, heldout=i == 2)
    nwb.add_trial_column("split", "part")
    nwb.add_trial_column("trial_type", "kind of maze")
    nwb.add_trial_column("move_onset_time", "s")
    for start, split in zip(starts, splits, strict=True):
        nwb.add_trial(start_time=start, stop_time=start + 1.0, split=split, trial_type=3,
                      move_onset_time=start + 0.4)  # fmt: skip
    stamps = np.arange(0, 6, 0.001)
    module = nwb.create_processing_module("behavior", "the hand")
    for name, unit in (("hand_vel", "m/s"), ("hand_pos", "m")):
        module.add(pynwb.TimeSeries(name=name, data=np.column_stack([stamps, -stamps]),
                                    timestamps=stamps, unit=unit))  # fmt: skip
    path.parent.mkdir(parents=True)
    with pynwb.NWBHDF5IO(str(path), "w") as io:
        io.write(nwb)


def test_mc_maze_gives_spikes_lagged_velocity_and_the_split_of_trials(data):
    with pytest.raises(DownloadError, match="000128"):
        load("nlb-mc-maze")
    place = data / "dandi/000128/sub-Jenkins"
    write_maze(place / "sub-Jenkins_ses-full_desc-train_behavior+ecephys.nwb")
    (place / "sub-Jenkins_ses-full_desc-test_ecephys.nwb").write_bytes(b"not opened")
    epochs = load("nlb-mc-maze")
    assert epochs.shape[1:] == (3, 20) and set(epochs.channels.units) == {"counts"}
    assert epochs.data[0, 0].tolist() == [1.0] * 20  # a spike every 20 ms
    # Windows of 0.4 s every 0.1 s: seven in a trial of 1 s; the trial without a part is left out.
    # The last window of all has no velocity 0.1 s after its end.
    assert epochs.groups("trial").tolist() == [1] * 7 + [2] * 7 + [4] * 6
    assert epochs.groups("part").tolist() == ["train"] * 7 + ["test"] * 7 + ["train"] * 6
    # Velocity is the time itself: that of the last bin's middle and 100 ms.
    last = epochs.trials["onset"].to_numpy() + 0.39
    np.testing.assert_allclose(epochs.y, np.column_stack([last + 0.1, -last - 0.1]), atol=2e-3)
    train, test = epochs.split("published")
    assert not set(train.groups("trial")) & set(test.groups("trial"))
    assert (epochs.dropped["reason"] == "lies in no trial of a part").sum() >= 7


# ---------------------------------------------------------------------- nilearn's film
CONFOUNDS = [
    *(f"trans_{axis}" for axis in "xyz"), *(f"rot_{axis}" for axis in "xyz"),
    "framewise_displacement", *(f"a_comp_cor_{i:02d}" for i in range(6)), "csf", "white_matter",
]  # fmt: skip


def write_film(place, people, n_volumes=168):
    """Small images inside the brain, 4 mm, as fMRIPrep names them, and their regressors."""
    nibabel = pytest.importorskip("nibabel")
    place.mkdir(parents=True)
    rows = ["participant_id\tAge\tAgeGroup\tChild_Adult\tGender\tHandedness"]
    affine = np.diag([4.0, 4, 4, 1])
    affine[:3, 3] = [-8, -20, 10]
    rng, signals = np.random.default_rng(0), {}
    for person, (age, group) in people.items():
        bold = 100 + rng.normal(size=(3, 3, 3, n_volumes)).astype(np.float32)
        stem = f"sub-pixar{person}_task-pixar"
        image = nibabel.Nifti1Image(bold, affine)
        image.header.set_xyzt_units("mm", "sec")
        image.to_filename(place / f"{stem}_space-MNI152NLin2009cAsym_desc-preproc_bold.nii.gz")
        noise = rng.normal(size=(n_volumes, len(CONFOUNDS) + 1))
        lines = ["\t".join([*CONFOUNDS, "std_dvars"])]
        lines += ["\t".join(f"{value:.6f}" for value in row) for row in noise]
        (place / f"{stem}_desc-confounds_regressors.tsv").write_text("\n".join(lines) + "\n")
        rows.append(f"sub-pixar{person}\t{age}\t{age}yo\t{group}\tF\tR")
        signals[person] = bold
    (place / "participants.tsv").write_text("\n".join(rows) + "\n")
    return signals


def test_the_film_gives_a_run_a_person_with_the_group_as_label(data, tmp_path, monkeypatch):
    pytest.importorskip("nilearn")
    monkeypatch.setenv("NILEARN_DATA", str(tmp_path))
    with pytest.raises(DownloadError, match="development_fmri"):
        load("development-fmri", subjects=["001"])
    write_film(tmp_path / "development_fmri", {"001": (4.8, "child"), "123": (27.1, "adult")})
    card = replace(read_card("development-fmri"), subjects=["001", "123"])
    assert nilearn_sets.is_present(card)
    study = nilearn_sets.read_recordings(card, ["001", "123"])
    epochs = cut(card, study)
    assert epochs.shape == (2, 27, 168) and epochs.sfreq == 0.5
    assert set(epochs.channels.kinds) == {"bold"}
    assert sorted(zip(epochs.groups("subject"), epochs.y, strict=True)) == [
        ("001", "child"), ("123", "adult"),
    ]  # fmt: skip
    told = dict(zip(epochs.groups("subject"), epochs.trials["Age"], strict=True))
    assert told == {"001": 4.8, "123": 27.1}
    # The regressors are taken out: what is left of each voxel does not follow them.
    regressors = study[0].targets["confounds"]
    assert len(regressors) == len(CONFOUNDS)
    shared = np.corrcoef(epochs.data[0], regressors)[:27, 27:]
    assert np.abs(shared).max() < 1e-3
    one = nilearn_sets.read_recordings(card, ["123"])
    assert one.table["subject"].tolist() == ["123"]


# ---------------------------------------------------------------------- folders of real recordings
@pytest.mark.filterwarnings("ignore::neurodecode.loaders.repair.RepairWarning")
@pytest.mark.parametrize("name", ["eegbci-s001", "ssvep-exo"])
def test_folders_of_real_recordings_give_what_their_card_counts(name, shared_data, monkeypatch):
    monkeypatch.setenv("NEURODECODE_DATA", str(shared_data))
    expected = read_card(name).expected
    epochs = load(name, store=False)
    assert epochs.shape == (expected["trials"], expected["channels"], expected["times"])
    labels, counts = np.unique(epochs.y, return_counts=True)
    assert dict(zip(labels.tolist(), counts.tolist(), strict=True)) == expected["classes"]
    assert np.isfinite(epochs.channels.positions).all()  # by the card's montage
    assert 1 < np.median(epochs.data.std(axis=-1)) < 200  # µV
