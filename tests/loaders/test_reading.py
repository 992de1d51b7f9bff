"""`nd.read`: files, patterns, events that lie apart, and what it cannot open."""

import pickle

import numpy as np
import pandas as pd
import pytest

from neurodecode.core.errors import DataError, MissingDependency
from neurodecode.core.study import Study
from neurodecode.loaders.formats.event_files import read_events
from neurodecode.loaders.formats.mne_files import reader_name
from neurodecode.loaders.pattern import match_files
from neurodecode.loaders.reading import read

mne = pytest.importorskip("mne")

SFREQ = 200.0
CLASSES = ("S  1", "S  2")


def make_raw(seed=0, names=("C3", "Cz", "C4"), n_times=4000):
    rng = np.random.default_rng(seed)
    info = mne.create_info([*names, "HEOG"], SFREQ, ["eeg"] * len(names) + ["eog"])
    raw = mne.io.RawArray(
        rng.normal(scale=20e-6, size=(len(names) + 1, n_times)), info, verbose="error"
    )
    labels = [f"Stimulus/{CLASSES[i % 2]}" for i in range(6)]
    raw.set_annotations(mne.Annotations(np.arange(6) * 3.0 + 0.5, 0.0, labels))
    return raw


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two subjects of two sessions as FIF, one with other channels, and event files."""
    root = tmp_path_factory.mktemp("data")
    for subject, names in (("2", ("C3", "Cz", "C4")), ("10", ("C3", "Cz", "Pz"))):
        for session in ("a", "b"):
            raw = make_raw(int(subject), names)
            raw.save(root / f"sub-{subject}_ses-{session}_task-mi_raw.fif", verbose="error")
    return root


def test_a_fif_file_comes_back_in_microvolts(folder):
    rec = read(folder / "sub-2_ses-a_task-mi_raw.fif")
    expected = make_raw(2).get_data() * 1e6
    np.testing.assert_allclose(rec.data, expected, rtol=1e-4, atol=1e-3)
    assert (rec.subject, rec.session) == ("2", "a")
    assert rec.recording == "sub-2_ses-a_task-mi_raw.fif"
    assert repr(rec).splitlines()[0] == "sub-2_ses-a_task-mi_raw.fif · 20 s at 200 Hz"
    assert "3 EEG (µV) + 1 EOG (µV)" in repr(rec)


def test_the_journey_from_a_file_to_saved_epochs(folder, tmp_path):
    import neurodecode as nd

    rec = nd.read(folder / "sub-2_ses-a_task-mi_raw.fif")
    rec = nd.preprocessing.Bandpass(1, 40).transform(rec)
    epochs = rec.epoch({"left": "S  1", "right": "S  2"}, tmin=0.5, tmax=2.0)
    assert epochs.shape == (6, 3, 300)
    assert epochs.y.tolist() == ["left", "right"] * 3
    study = nd.read(str(folder / "sub-{subject}_ses-{session}_task-mi_raw.fif"))
    other = study[3].epoch({"left": "S  1", "right": "S  2"}, tmin=0.5, tmax=2.0)
    both = nd.concat([epochs, other], on="common")
    assert both.channels.names == ("C3", "Cz")
    both.save(tmp_path / "mi")
    np.testing.assert_array_equal(nd.Epochs.load(tmp_path / "mi").data, both.data)


@pytest.mark.parametrize("ending", [".edf", ".vhdr"])
def test_exported_formats_keep_samples_and_events(tmp_path, ending):
    pytest.importorskip({".edf": "edfio", ".vhdr": "pybv"}[ending])
    path = tmp_path / f"sub-01_task-mi{ending}"
    mne.export.export_raw(path, make_raw(), verbose="error")
    rec = read(path)
    np.testing.assert_allclose(rec.data[:3], make_raw().get_data()[:3] * 1e6, atol=0.1)
    np.testing.assert_allclose(rec.events["onset"], np.arange(6) * 3.0 + 0.5, atol=1e-3)
    assert rec.channels.kinds == ("eeg", "eeg", "eeg", "eog")
    if ending == ".vhdr":
        assert read(path.with_suffix(".vmrk")).recording == path.name


# ---------------------------------------------------------------------- studies
def test_fields_become_columns_and_files_are_in_natural_order(folder):
    study = read(str(folder / "sub-{subject}_ses-{session}_task-{task}_raw.fif"))
    assert isinstance(study, Study)
    assert study.table[["subject", "session", "task"]].to_numpy().tolist() == [
        ["2", "a", "mi"], ["2", "b", "mi"], ["10", "a", "mi"], ["10", "b", "mi"],
    ]  # fmt: skip
    epochs = study[study.table["subject"] == "2"].epoch(["S  1", "S  2"], tmax=1.0)
    assert epochs.groups("session").tolist() == ["a"] * 6 + ["b"] * 6
    assert set(epochs.groups("task")) == {"mi"}
    assert pickle.loads(pickle.dumps(study))[0].subject == "2"


def test_different_montages_are_refused_with_the_fix(folder):
    study = read(str(folder / "sub-{subject}_ses-a_task-mi_raw.fif"))
    with pytest.raises(DataError, match='on="common"'):
        study.epoch(tmax=1.0)


def test_events_of_a_study_lie_apart_in_files_of_the_same_pattern(folder):
    for subject in ("2", "10"):
        mne.write_events(
            folder / f"sub-{subject}-eve.fif",
            np.array([[400, 0, int(subject)]]),
            overwrite=True,
            verbose="error",
        )
    study = read(
        str(folder / "sub-{subject}_ses-a_task-mi_raw.fif"),
        events=str(folder / "sub-{subject}-eve.fif"),
    )
    assert [rec.events["code"].tolist() for rec in study] == [[2], [10]]
    with pytest.raises(DataError, match="one table of events cannot serve many"):
        read(str(folder / "sub-{subject}_ses-a_task-mi_raw.fif"), events=pd.DataFrame())


def test_same_names_in_many_folders_are_told_apart(tmp_path):
    for subject in ("s1", "s2"):
        (tmp_path / subject).mkdir()
        (tmp_path / subject / "eeg_raw.fif").touch()
    study = read(str(tmp_path / "{subject}" / "eeg_raw.fif"))
    assert study.table["recording"].tolist() == ["s1/eeg_raw.fif", "s2/eeg_raw.fif"]


def test_patterns_with_repeated_fields_stars_and_brackets(tmp_path):
    for name in ("sub-1/sub-1_x.edf", "sub-1/sub-2_x.edf", "sub-2/deep/sub-2_[y].edf"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    def found(pattern):
        return [path.name for path, _ in match_files(f"{tmp_path}/{pattern}")]

    assert found("sub-{subject}/sub-{subject}_x.edf") == ["sub-1_x.edf"]
    assert found("sub-{subject}/**/sub-{subject}_*.edf") == ["sub-1_x.edf", "sub-2_[y].edf"]
    assert found("sub-{subject}/deep/*_[y].edf") == ["sub-2_[y].edf"]


def test_a_pattern_that_finds_nothing_says_what_is_there(folder):
    with pytest.raises(DataError, match="no file fits the pattern") as error:
        read(str(folder / "subject-{subject}.vhdr"))
    assert "sub-10_ses-a_task-mi_raw.fif" in error.value.found


# ---------------------------------------------------------------------- events apart
@pytest.fixture
def cropped():
    return make_raw().crop(2.0, 18.0)  # first_samp is 400


def test_event_arrays_count_from_the_first_sample_of_the_acquisition(cropped):
    rec = read(cropped, events=np.array([[500, 0, 7], [900, 0, 300]]))
    assert rec.events["onset"].tolist() == [0.5, 2.5]
    assert rec.events["code"].tolist() == [7, 300]
    theirs = mne.Epochs(
        cropped, np.array([[500, 0, 7]]), tmin=0, tmax=0.5, baseline=None, picks="eeg",
        verbose="error",
    )  # fmt: skip
    ours = rec.epoch({"x": 7}, tmin=0, tmax=0.5, include_tmax=True)
    np.testing.assert_allclose(ours.data, theirs.get_data(copy=False) * 1e6, rtol=1e-5)


@pytest.mark.parametrize("name", ["a-eve.fif", "a.eve", "a.txt"])
def test_event_files_of_mne(cropped, tmp_path, name):
    mne.write_events(tmp_path / name, np.array([[500, 0, 7]]), verbose="error")
    rec = read(cropped, events=tmp_path / name)
    assert rec.events[["onset", "code"]].to_numpy().tolist() == [[0.5, 7]]


def test_bids_tables_count_in_seconds_from_the_first_sample(cropped, tmp_path):
    table = pd.DataFrame(
        {"onset": [0.5, 2.5], "duration": ["1.5", "n/a"], "trial_type": ["go", "stop"],
         "value": [1, 2], "rt": [0.3, 0.4]}
    )  # fmt: skip
    table.to_csv(tmp_path / "events.tsv", sep="\t", index=False)
    events = read(cropped, events=tmp_path / "events.tsv").events
    assert events["label"].tolist() == ["go", "stop"]
    assert events["code"].tolist() == [1, 2]
    assert events["duration"].tolist() == [1.5, 0.0]
    assert events["rt"].tolist() == [0.3, 0.4]


def test_events_counted_from_the_wrong_sample_are_refused():
    with pytest.raises(DataError, match=r"count from first_samp \(here 50000\)"):
        read_events(np.array([[100, 0, 1]]), SFREQ, 50_000, 4000)


@pytest.mark.parametrize(
    ("events", "message"),
    [
        (np.zeros((3, 2)), r"\(n, 3\)"),
        (pd.DataFrame({"time": [1.0]}), "onset"),
        ("nowhere-eve.fif", "no such file of events"),
    ],
)
def test_what_is_no_table_of_events_is_refused(cropped, events, message):
    with pytest.raises(DataError, match=message):
        read(cropped, events=events)


def test_event_files_of_unknown_kind_and_without_events(cropped, tmp_path):
    (tmp_path / "a.docx").touch()
    with pytest.raises(DataError, match="unknown kind of event file"):
        read(cropped, events=tmp_path / "a.docx")
    (tmp_path / "a.txt").write_text("dear diary\n")
    with pytest.raises(DataError, match=r"a\.txt holds no events"):
        read(cropped, events=tmp_path / "a.txt")


# ---------------------------------------------------------------------- what it cannot open
def test_a_missing_file_is_guessed(folder):
    with pytest.raises(DataError, match=r"did you mean 'sub-2_ses-a_task-mi_raw\.fif'"):
        read(folder / "sub-2_ses-a_task-mi-raw.fif")


@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".gii", ".xdf", ".nwb"])
def test_empty_files_of_other_readers_are_named(tmp_path, ending):
    (tmp_path / f"x{ending}").touch()
    with pytest.raises(DataError, match=f"x{ending} cannot be read"):
        read(tmp_path / f"x{ending}")


def test_averages_name_the_way_round(tmp_path):
    (tmp_path / "x.avr").touch()
    with pytest.raises(DataError, match="read_evoked_besa"):
        read(tmp_path / "x.avr")


def test_unknown_endings_and_broken_files(tmp_path):
    (tmp_path / "a.docx").touch()
    with pytest.raises(DataError, match="no reader for this kind of file"):
        read(tmp_path / "a.docx")
    (tmp_path / "b.edf").write_bytes(b"not an edf file")
    with pytest.raises(DataError, match=r"b\.edf cannot be read"):
        read(tmp_path / "b.edf")


def test_epochs_and_events_in_fif_files_are_told_from_recordings(tmp_path):
    mne.write_events(tmp_path / "x-eve.fif", np.array([[5, 0, 1]]), verbose="error")
    with pytest.raises(DataError, match="holds events, not a recording"):
        read(tmp_path / "x-eve.fif")
    made = mne.make_fixed_length_epochs(make_raw(), 1.0, preload=True, verbose="error")
    made.save(tmp_path / "x-epo.fif", verbose="error")
    with pytest.raises(DataError, match=r"nd\.Epochs\.from_mne\(mne\.read_epochs"):
        read(tmp_path / "x-epo.fif")


def test_a_package_a_reader_misses_is_named(tmp_path, monkeypatch):
    def needs(path, **options):
        raise RuntimeError("For reading ANT files to work, the module antio>=0.5.0 is needed, "
                           "but it could not be imported.")  # fmt: skip

    (tmp_path / "a.cnt").write_bytes(b"RF64....")
    assert reader_name(tmp_path / "a.cnt") == "ant"
    monkeypatch.setattr(mne.io, "read_raw_ant", needs)
    with pytest.raises(MissingDependency, match="pip install antio"):
        read(tmp_path / "a.cnt")


def test_warnings_of_a_reader_become_notes_not_noise(tmp_path, recwarn):
    raw = make_raw()
    raw.save(tmp_path / "odd_name.fif", verbose="error", overwrite=True)
    recwarn.clear()
    assert read(tmp_path / "odd_name.fif").notes == ()
    assert not recwarn.list
