"""Studies: order, laziness, identity, and cutting many recordings at once."""

import pickle

import numpy as np
import pandas as pd
import pytest

from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.core.study import Study


def make_recording(value=0.0, channels=("C3", "C4"), labels=("a", "b")):
    events = pd.DataFrame({"onset": [1.0, 2.0], "label": labels})
    data = np.full((len(channels), 500), value)
    return Recording(data, channels=list(channels), sfreq=100.0, events=events)


class Opener:
    """Opens a recording and counts how often."""

    opened = 0

    def __init__(self, value):
        self.value = value

    def __call__(self):
        Opener.opened += 1
        return make_recording(self.value)


@pytest.fixture
def study():
    Opener.opened = 0
    table = pd.DataFrame(
        {"subject": ["1", "2", "10"], "task": ["mi", "mi", "rest"], "file": ["x", "y", "z"]}
    )
    return Study([Opener(1.0), Opener(2.0), Opener(10.0)], table)


def test_nothing_is_opened_before_it_is_needed(study):
    repr(study), study.table, study[:2], study.map(lambda rec: rec), study.groups("task")
    assert Opener.opened == 0
    assert study[2].data[0, 0] == 10.0
    assert Opener.opened == 1


def test_it_slices_like_its_table_and_iterates_in_order(study):
    small = study[(study.table["subject"] != "2").to_numpy()]
    assert [rec.subject for rec in small] == ["1", "10"]
    assert [rec.subject for rec in study[::-1]] == ["10", "2", "1"]
    assert {name: len(part) for name, part in study.groups("task").items()} == {"mi": 2, "rest": 1}


@pytest.mark.parametrize("jobs", [1, 2])
def test_epochs_of_all_recordings_carry_the_columns_of_the_table(study, jobs):
    epochs = study.epoch(tmax=0.5, jobs=jobs)
    assert epochs.shape == (6, 2, 50)
    assert epochs.data[:, 0, 0].tolist() == [1.0, 1.0, 2.0, 2.0, 10.0, 10.0]
    assert epochs.groups("subject").tolist() == ["1", "1", "2", "2", "10", "10"]
    assert epochs.groups("task").tolist() == ["mi"] * 4 + ["rest"] * 2
    assert "file" not in epochs.trials
    assert len(set(epochs.groups("recording"))) == 3


def test_dropped_events_name_their_recording(study):
    epochs = study.epoch(tmin=1.5, tmax=3.5)
    assert epochs.dropped["recording"].tolist() == ["rec1", "rec2", "rec3"]
    assert set(epochs.dropped["reason"]) == {"ends after the recording"}


def test_steps_map_over_recordings_when_they_are_opened(study):
    doubled = study.map(lambda rec: rec.with_data(2 * rec.data)).map(lambda rec: rec.pick(["C4"]))
    assert Opener.opened == 0
    assert doubled.windows(1.0, 1.0).data[:, 0, 0].tolist() == [2.0] * 5 + [4.0] * 5 + [20.0] * 5


def test_different_channels_stay_apart_until_asked():
    study = Study([make_recording(), make_recording(channels=("C4", "Cz"))])
    assert [rec.channels.names for rec in study] == [("C3", "C4"), ("C4", "Cz")]
    with pytest.raises(DataError, match='on="common"'):
        study.epoch(tmax=0.5)
    assert study.epoch(tmax=0.5, on="common").channels.names == ("C4",)


def test_an_error_names_its_recording():
    study = Study([make_recording(), make_recording(labels=("c", "d"))])
    with pytest.raises(DataError, match="no events to cut at") as error:
        study.epoch({"a": "a", "b": "b"}, tmax=0.5)
    assert "rec2" in " ".join(error.value.__notes__)


def test_a_run_need_not_hold_all_classes_but_some_run_must():
    study = Study([make_recording(), make_recording(labels=("a", "c"))])
    assert study.epoch({"a": "a", "b": "b"}, tmax=0.5).y.tolist() == ["a", "b", "a"]
    with pytest.raises(DataError, match="no recording has trials of class 'x'"):
        study.epoch({"a": "a", "x": "x"}, tmax=0.5)


def test_too_many_bytes_are_refused_after_the_first_recording(study):
    with pytest.raises(DataError, match="3 recordings like the first"):
        study.epoch(tmax=0.5, max_bytes=2 * 2 * 50 * 8 * 2)
    assert Opener.opened == 1


def test_identities_must_differ():
    table = pd.DataFrame({"recording": ["a", "a"]})
    with pytest.raises(DataError, match="same identity"):
        Study([make_recording(), make_recording()], table)
    with pytest.raises(DataError, match="1 rows"):
        Study([make_recording(), make_recording()], table[:1])


def test_own_identities_are_kept_where_they_tell_recordings_apart():
    recs = [make_recording().with_ids(recording=name, subject=name) for name in "pq"]
    assert Study(recs).table[["recording", "subject"]].to_numpy().tolist() == [
        ["p", "p"],
        ["q", "q"],
    ]


def test_an_empty_study_cannot_be_cut(study):
    with pytest.raises(DataError, match="without recordings"):
        study[:0].epoch()


def test_it_survives_pickling_and_says_what_it_holds(study):
    again = pickle.loads(pickle.dumps(study))
    assert again[1].data[0, 0] == 2.0
    assert repr(study).startswith("3 recordings · 3 subjects · 3 sessions\n")
    assert "<table" in study._repr_html_()
