"""Events and labels: partial tags, codes, and the errors a beginner meets."""

import numpy as np
import pandas as pd
import pytest

from neurodecode.core.errors import DataError
from neurodecode.core.events import check_events, event_counts, select_events


def events_of(*labels, **columns):
    return check_events(
        pd.DataFrame({"onset": np.arange(len(labels), dtype=float), "label": labels, **columns})
    )


def test_tags_match_partially_as_in_mne():
    import mne

    labels = ["left/easy", "right/easy", "left/hard", "rest"]
    info = mne.create_info(1, 100.0)
    theirs = mne.EpochsArray(
        np.zeros((4, 1, 10)),
        info,
        events=np.column_stack([np.arange(4) * 100, np.zeros(4, int), np.arange(4)]),
        event_id={label: i for i, label in enumerate(labels)},
        verbose="error",
    )
    for key in ("left", "easy", "easy/left", "rest", "left/hard"):
        rows, _ = select_events(events_of(*labels), {"x": key}, "rec")
        np.testing.assert_array_equal(rows, theirs[key].selection)


def test_a_whole_name_wins_over_tags():
    rows, _ = select_events(events_of("left", "left/easy"), ["left"], "rec")
    assert rows.tolist() == [0]


def test_codes_names_and_lists_may_be_mixed():
    events = events_of("769", "770", "771", "783")
    rows, classes = select_events(events, {"hand": [769, "770"], "feet": 771}, "rec")
    assert rows.tolist() == [0, 1, 2]
    assert classes.tolist() == ["hand", "hand", "feet"]


def test_integer_classes_stay_integers():
    _, classes = select_events(events_of("a", "b"), {0: "a", 1: "b"}, "rec")
    assert classes.dtype.kind == "i"


def test_without_labels_every_event_is_its_own_class():
    _, classes = select_events(events_of("b", "a", "b"), None, "rec")
    assert classes.tolist() == ["b", "a", "b"]


def test_large_and_sparse_codes_keep_their_number():
    frame = check_events(pd.DataFrame({"onset": [0.0, 1.0, 2.0], "code": [7, 33285, 70000]}))
    assert frame["label"].tolist() == ["7", "33285", "70000"]
    assert frame["code"].tolist() == [7, 33285, 70000]


def test_events_are_ordered_in_time_and_keep_their_further_columns():
    frame = check_events(pd.DataFrame({"onset": [2, 1], "label": ["b", "a"], "stimulus": [9, 8]}))
    assert frame["label"].tolist() == ["a", "b"]
    assert frame["stimulus"].tolist() == [8, 9]
    assert event_counts(frame) == {"a": 1, "b": 1}


def test_missing_spaces_are_counted_and_the_call_is_written_out():
    events = events_of("Stimulus/S  1", "Stimulus/S  2", "Stimulus/S 99")
    with pytest.raises(DataError) as error:
        select_events(events, {"left": "S 1", "right": "S 2"}, "sub-01.vhdr")
    assert error.value.summary == "no events to cut at"
    assert error.value.found == "labels 'S 1', 'S 2'"
    assert error.value.expected == "events of sub-01.vhdr: 'S  1' (1), 'S  2' (1), 'S 99' (1)"
    assert error.value.fix == 'the file has two spaces: {"left": "S  1", "right": "S  2"}'


def test_the_repaired_call_works():
    events = events_of("Stimulus/S  1", "Stimulus/S  2")
    rows, _ = select_events(events, {"left": "S  1", "right": "S  2"}, "rec")
    assert rows.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("asked", "fix"),
    [("LEFT", 'the file writes them so: {"x": "left"}'), ("lefft", "did you mean 'left'?")],
)
def test_other_spellings_are_guessed(asked, fix):
    with pytest.raises(DataError) as error:
        select_events(events_of("left", "right"), {"x": asked}, "rec")
    assert error.value.fix == fix


def test_one_class_without_events_is_named():
    with pytest.raises(DataError, match="no events for class 'feet'"):
        select_events(events_of("left", "right"), {"hand": "left", "feet": "feet"}, "rec")


def test_an_event_of_two_classes_is_refused():
    with pytest.raises(DataError, match="belongs to two classes"):
        select_events(events_of("left/easy"), {"a": "left", "b": "easy"}, "rec")


def test_a_recording_without_events_names_the_ways_out():
    with pytest.raises(DataError, match=r"rec\.windows"):
        select_events(check_events(None), None, "rec")


def test_a_table_without_onset_is_refused():
    with pytest.raises(DataError, match="not a table of events"):
        check_events(pd.DataFrame({"time": [1.0], "label": ["a"]}))
