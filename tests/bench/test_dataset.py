"""Data sets of a benchmark: recipes act before the cut where there are recordings."""

import numpy as np
import pandas as pd
import pytest

from neurodecode.bench import benchmark
from neurodecode.bench.dataset import RECORDING_NOTE, BenchData, open_data
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.joining import concat
from neurodecode.core.recipe import parse_recipe
from neurodecode.core.recording import Recording
from neurodecode.core.study import Study
from neurodecode.preprocessing import Bandpass

FILTERED = """
[[recording]]
name = "bandpass"
low = 4
high = 12
[window]
tmin = 0.5
tmax = 1.5
[[step]]
name = "window-lda"
n_windows = [2]
"""


def recording() -> Recording:
    rng = np.random.default_rng(0)
    n, sfreq = 20, 64.0
    events = pd.DataFrame(
        {"onset": 2.0 + 3.0 * np.arange(n), "duration": 0.0, "label": ["left", "right"] * (n // 2)}
    )
    data = rng.standard_normal((2, int(sfreq * (3 * n + 4))))
    return Recording(data, channels=["C3", "C4"], sfreq=sfreq, events=events)


def test_recording_steps_run_before_the_cut():
    rec, request = recording(), {"labels": ["left", "right"], "tmin": 0.0, "tmax": 2.0}
    (data,) = open_data((rec, request))
    epochs, left_over, note = data.for_recipe(parse_recipe(FILTERED, "filtered"))
    wanted = Bandpass(4, 12).transform(rec).epoch(["left", "right"], tmin=0.5, tmax=1.5)
    np.testing.assert_array_equal(epochs.data, wanted.data)
    assert (left_over, note) == ([], "")


def test_jobs_cut_recordings_side_by_side_into_the_same_trials():
    study = Study([recording().with_ids(recording=name) for name in "abc"])
    cuts = []
    for jobs in (1, 3):
        (data,) = open_data((study, {"tmin": 0.0, "tmax": 2.0}), jobs)
        assert data.request["jobs"] == jobs
        cuts.append(data.for_recipe(parse_recipe(FILTERED, "filtered"))[0])
    assert cuts[0].data_stamp == cuts[1].data_stamp
    assert cuts[0].trials.equals(cuts[1].trials)


def test_recipes_with_the_same_cut_share_it():
    (data,) = open_data((recording(), {"tmin": 0.0, "tmax": 2.0}))
    one = data.for_recipe(parse_recipe(FILTERED, "one"))[0]
    assert data.for_recipe(parse_recipe(FILTERED, "other"))[0] is one
    assert data.for_recipe(parse_recipe(FILTERED.replace("12", "20"), "wider"))[0] is not one


def test_on_epochs_recording_steps_act_on_epochs_and_the_row_says_so(write_recipe):
    epochs = recording().epoch(["left", "right"], tmin=0.0, tmax=2.0)
    data = BenchData("cut", epochs)
    cropped, steps, note = data.for_recipe(parse_recipe(FILTERED, "filtered"))
    assert [name for name, _ in steps] == ["bandpass"]
    assert (cropped.tmin, cropped.tmax, note) == (0.5, 1.5, RECORDING_NOTE)
    assert data.for_recipe(parse_recipe(FILTERED, "again"))[0] is cropped
    result = benchmark(epochs, write_recipe("filtered", FILTERED), k=2, quiet=True)
    assert result.frame["notes"].str.startswith(RECORDING_NOTE).all()
    assert result.frame["status"].eq("ok").all()


def test_recording_steps_that_learn_are_called_transductive(write_recipe):
    learning = FILTERED.replace(
        "[window]", '[[recording]]\nname = "eog-regression"\nreferences = ["C3"]\n\n[window]', 1
    )
    result = benchmark(
        (recording(), {"tmin": 0.0, "tmax": 2.0}),
        [write_recipe("filtered", FILTERED), write_recipe("scaled", learning)],
        k=2,
        quiet=True,
    )
    rows = result.frame.set_index("recipe")
    assert not rows.loc["filtered", "transductive"].any()
    assert rows.loc["scaled", "transductive"].all()
    assert rows.loc["scaled", "notes"].str.contains("whole recordings").all()


def test_a_window_outside_the_data_is_cut_to_them():
    epochs = Epochs(np.zeros((2, 1, 10)), channels=["Cz"], sfreq=10, tmin=0.8, y=[0, 1])
    recipe = parse_recipe(FILTERED.replace("[[recording]]", "[[step]]"), "steps")
    cropped = BenchData("late", epochs).for_recipe(recipe)[0]
    assert (cropped.tmin, cropped.tmax) == pytest.approx((0.8, 1.5))


def test_a_card_is_cut_anew_for_recording_steps():
    (data,) = open_data(("sim-mi", {"subjects": ["1"], "channels": ["C3", "C4"]}))
    recipe = parse_recipe(FILTERED.replace("0.5", "0.75"), "filtered")
    epochs, left_over, _ = data.for_recipe(recipe)
    assert left_over == []
    assert epochs.shape[:2] == data.epochs.shape[:2]
    assert (epochs.tmin, epochs.tmax) == (0.75, 1.5)
    np.testing.assert_array_equal(epochs.y, data.epochs.y)
    inside = data.epochs.crop(0.75, 1.5).data
    assert not np.allclose(epochs.data, inside)


def test_what_two_requests_ask_of_a_card():
    (part,) = open_data(("sim-mi", {"subjects": ["1"]}))
    assert part.card.name == "sim-mi"
    assert set(part.epochs.groups("subject")) == {"1"}


def test_people_apart_are_a_data_set_each(planted):
    parts = [planted(24, n_channels=n) for n in (3, 4)]
    parts = [part.with_trials(part.trials.assign(subject=str(i))) for i, part in enumerate(parts)]
    both = concat(parts, on="apart")
    with pytest.raises(DataError, match="a data set each"):
        open_data(both)
    assert [len(data.epochs.channels) for data in open_data(list(both.people.values()))] == [3, 4]
