"""`load`: filters, errors that list what exists, recording steps before the cut."""

import numpy as np
import pandas as pd
import pytest

from neurodecode.core import registry
from neurodecode.core.card import read_card
from neurodecode.core.errors import CardError, DataError, DownloadError, MissingDependency
from neurodecode.core.study import Study
from neurodecode.loaders import load, present_datasets
from neurodecode.loaders.sources import aeon_neuro, nitime
from neurodecode.preprocessing import Resample


@pytest.mark.filterwarnings("ignore::neurodecode.loaders.repair.RepairWarning")
@pytest.mark.parametrize("name", [n for n in registry.names("dataset") if n != "eegbci"])
def test_loading_gives_what_the_card_expects(name):
    card = read_card(name)
    if name not in present_datasets():
        pytest.skip("the data are not on this machine")
    epochs = load(name)
    expected = card.expected
    assert epochs.shape == (expected["trials"], expected["channels"], expected["times"])
    assert (epochs.name, epochs.zero, epochs.sfreq) == (card.name, card.zero, card.sfreq)
    assert epochs.tmin == pytest.approx(card.tmin, abs=0.5 / card.sfreq)
    assert epochs.simulated == card.simulated
    assert epochs.channels.names == tuple(card.channels["names"])
    assert sorted(set(epochs.groups("subject"))) == card.subjects
    if card.classes:
        labels, counts = np.unique(epochs.y, return_counts=True)
        assert dict(zip(labels.tolist(), counts.tolist(), strict=True)) == expected["classes"]
    else:
        assert epochs.y.dtype.kind == "f"
    for part, count in expected.get("parts", {}).items():
        assert (epochs.groups("part") == part).sum() == count


def test_filters_keep_what_was_asked_for():
    epochs = load(
        "sim-mi", subjects=[2], sessions=["1"], classes=["left_hand"], channels=["C4", "C3"],
        tmin=0.0, tmax=1.0, sfreq=64,
    )  # fmt: skip
    assert epochs.shape == (25, 2, 64)
    assert epochs.channels.names == ("C4", "C3")
    assert set(epochs.groups("subject")) == {"2"} and set(epochs.groups("session")) == {"1"}
    assert set(epochs.y) == {"left_hand"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"subjects": [7]}, "1, 2, 3"),
        ({"subjects": []}, "an empty list"),
        ({"sessions": ["9"]}, "1, 2"),
        ({"classes": ["left_hnad"]}, "did you mean 'left_hand'"),
        ({"channels": ["C33"]}, "C3"),
        ({"form": "recordings"}, "'epochs' or 'recording'"),
    ],
)
def test_an_unknown_wish_lists_what_exists(options, says):
    with pytest.raises(DataError, match=says):
        load("sim-mi", **options)


def test_continuous_targets_have_no_classes():
    with pytest.raises(DataError, match="continuous targets"):
        load("sim-cursor", classes=["left"])


def test_a_subset_of_people_is_the_same_people():
    np.testing.assert_array_equal(load("sim-mi", subjects=["3"]).data, load("sim-mi").data[200:])


class Halve:
    """A recording step that notes what it was given."""

    def __init__(self):
        self.seen = []

    def transform(self, thing):
        self.seen.append(type(thing).__name__)
        return thing.with_data(thing.data / 2)


def test_steps_run_on_recordings_before_the_cut():
    step = Halve()
    halved = load("sim-mi", subjects=["1"], steps=[step])
    assert step.seen == ["Recording", "Recording"]
    np.testing.assert_allclose(halved.data, load("sim-mi", subjects=["1"]).data / 2, rtol=1e-6)


@pytest.mark.data
def test_steps_run_on_epochs_where_there_are_no_recordings():
    step = Halve()
    halved = load("EyesOpenShut", steps=[step], tmax=0.5)
    assert step.seen == ["Epochs"] and halved.shape[2] == 64


@pytest.mark.data
def test_form_recording():
    study = load("sim-mi", form="recording")
    assert isinstance(study, Study) and len(study) == 6
    one = load("sim-ssvep", form="recording", subjects=["2"], channels=["Oz"])
    assert one.subject == "2" and one.shape[0] == 1 and one.sfreq == 128
    with pytest.raises(DataError, match="exists only as epochs"):
        load("Blink", form="recording")


class Gap:
    """A recording step that puts a gap and the marker of a trigger box into what it is given."""

    def transform(self, recording):
        gap = pd.DataFrame({"onset": [3.0], "duration": [0.5], "kind": ["gap"]})
        kinds = ["stim", *recording.channels.kinds[1:]]
        channels = recording.channels.replace(kinds=kinds, units=None)
        return recording.with_data(recording.data, channels=channels).with_intervals(gap)


def test_a_recording_is_resampled_as_by_the_step():
    step, how = Resample(100), {"form": "recording", "subjects": ["1"]}
    ours = load("sim-mi", sfreq=100, steps=[Gap()], **how)
    theirs = load("sim-mi", steps=[Gap(), step], **how)
    for a, b in zip(ours, theirs, strict=True):
        assert a.sfreq == b.sfreq == 100
        np.testing.assert_array_equal(a.data, b.data)


@pytest.mark.data
@pytest.mark.filterwarnings("ignore::neurodecode.loaders.repair.RepairWarning")
def test_epochs_are_resampled_as_by_the_step():
    ours, theirs = load("EyesOpenShut", sfreq=100), load("EyesOpenShut", steps=[Resample(100)])
    np.testing.assert_array_equal(ours.data, theirs.data)
    assert ours.sfreq == 100 and ours.data_stamp == theirs.data_stamp


def test_rates_without_a_common_divisor_are_refused():
    with pytest.raises(DataError, match="common divisor"):
        load("sim-mi", subjects=["1"], sfreq=100.0001)


@pytest.mark.parametrize("source", [aeon_neuro, nitime])
def test_a_missing_package_names_its_extra(source, monkeypatch):
    def absent(*args, **kwargs):
        raise ImportError("not installed")

    monkeypatch.setattr(source, "find_spec", lambda name: None)
    monkeypatch.setattr("importlib.import_module", absent)
    with pytest.raises(MissingDependency, match=r"\[data\]"):
        source.data_folder()


def test_ts_files_that_are_none_are_refused(tmp_path):
    path = tmp_path / "Toy_TRAIN.ts"
    with pytest.raises(DataError, match="not in the installed"):
        aeon_neuro.read_ts(path)
    path.write_text("@problemName Toy\n", encoding="utf-8")
    with pytest.raises(DataError, match="no @data line"):
        aeon_neuro.read_ts(path)
    path.write_text("@data\n1,2:3,4:a\n1,2,3:4,5,6:b\n", encoding="utf-8")
    with pytest.raises(DataError, match="unequal shape"):
        aeon_neuro.read_ts(path)
    for gap in ("?", "", "NaN"):
        path.write_text(f"@data\n1,{gap}:3,4:a\n", encoding="utf-8")
        with pytest.raises(DataError, match="no number"):
            aeon_neuro.read_ts(path)
    path.write_text("@data\n1,2:3,4:A\n5,6:7,8:b\n", encoding="utf-8")
    data, labels = aeon_neuro.read_ts(path)
    assert labels == ["a", "b"] and data[1].tolist() == [[5, 6], [7, 8]]


def test_eegbci_says_what_could_not_be_downloaded(tmp_path, monkeypatch):
    monkeypatch.setenv("MNE_DATASETS_EEGBCI_PATH", str(tmp_path))
    assert "eegbci" not in present_datasets()
    with pytest.raises(DownloadError, match=r"S001R04\.edf"):
        load("eegbci", subjects=["1"])


def test_eegbci_takes_files_that_lie_there(tmp_path, monkeypatch, shared_data):
    monkeypatch.setenv("MNE_DATASETS_EEGBCI_PATH", str(tmp_path))
    folder = tmp_path / "MNE-eegbci-data/files/eegmmidb/1.0.0/S001"
    folder.mkdir(parents=True)
    for run in (4, 8, 12):  # one real file stands for the three runs
        link = folder / f"S001R{run:02d}.edf"
        link.write_bytes((shared_data / "eegbci_s001" / "S001R03.edf").read_bytes())
    epochs = load("eegbci", subjects=["1"], as_distributed=True)  # the runs are copies
    assert epochs.shape == (45, 64, 480)
    assert epochs.channels.names[:3] == ("FC5", "FC3", "FC1")
    assert sorted(set(epochs.groups("run"))) == ["12", "4", "8"]
    assert 5 < np.median(epochs.data.std(axis=-1)) < 200  # µV


def test_an_unknown_source_is_a_card_error(tmp_path):
    text = (
        'name="x"\nversion=1\ntitle="x"\nmodality="eeg"\nparadigm="x"\nsimulated=true\n'
        'subjects=["1"]\nzero="x"\ntmin=0.0\ntmax=1.0\nsfreq=1.0\nmetric="r2"\nlicence="x"\n'
        'citation="x"\nsource={kind="simulatd"}\nchannels={kind="eeg"}\nexpected={}\n'
        'split={kind="published"}\n'
    )
    path = tmp_path / "x.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CardError, match="did you mean 'simulated'"):
        load(str(path))
