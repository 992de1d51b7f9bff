"""Epochs: views without copies, axes, stamps, and the files they go to."""

import pickle

import numpy as np
import pandas as pd
import pytest

from neurodecode.core import Channels, Epochs, as_epochs, as_trials
from neurodecode.core.errors import DataError


def make(n=12, n_channels=3, n_times=40, sfreq=100.0, pad=0.0, **more):
    rng = np.random.default_rng(0)
    data = rng.standard_normal((n, n_channels, n_times + 2 * round(pad * sfreq)))
    defaults = {
        "channels": [f"E{i}" for i in range(n_channels)],
        "y": np.array(["left", "right"] * (n // 2)),
        "trials": pd.DataFrame({"subject": np.repeat(["a", "b"], n // 2), "onset": np.arange(n)}),
    }
    return Epochs(data.astype(np.float32), sfreq=sfreq, pad=pad, **(defaults | more))


def test_nested_indexing_copies_nothing():
    epochs = make()
    view = epochs[2:10][np.array([0, 3, 5])][np.array([True, False, True])]
    assert view.base is epochs.base
    assert view.rows.tolist() == [2, 7]
    assert np.shares_memory(epochs.data, epochs.base), "whole epochs hand out their base"
    assert not np.shares_memory(view.data, epochs.base)


def test_indexing_keeps_targets_and_table_together():
    epochs = make()
    order = np.array([5, 1, 8])
    view = epochs[order, ...]
    assert view.y.tolist() == epochs.y[order].tolist()
    assert view.trials["onset"].tolist() == [5.0, 1.0, 8.0]
    assert view.groups("subject").tolist() == ["a", "a", "b"]
    np.testing.assert_array_equal(view.data, epochs.data[order])
    np.testing.assert_array_equal(epochs[4], epochs.data[4])


def test_the_base_is_read_only_and_the_callers_array_is_not_touched():
    data = np.zeros((2, 1, 5), np.float32)
    epochs = Epochs(data, channels=["Cz"], sfreq=5)
    with pytest.raises(ValueError, match="read-only"):
        epochs.data[0, 0, 0] = 1
    data[0, 0, 0] = 1  # the caller still may


@pytest.mark.parametrize(
    ("key", "words"),
    [((0, 1), "pick"), ("a", "indexed by trial"), ([True, False], "mask"), (1.5, "indexed")],
)
def test_wrong_indices_are_refused(key, words):
    with pytest.raises(DataError, match=words):
        make()[key]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"channels": ["a"]}, "do not fit the channels"),
        ({"y": [1, 2]}, "do not fit the data"),
        ({"trials": pd.DataFrame({"subject": ["a"]})}, "trial table"),
        ({"sfreq": 0.0}, "positive"),
        ({"y": ["a", 1] * 6}, "12 entries|mixed"),
        ({"length": np.full(12, 99)}, "lengths"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change, words):
    if change.get("y") == ["a", 1] * 6:
        change = {"y": np.array(["a", 1] * 6, dtype=object)}
    with pytest.raises(DataError, match=words):
        make(**change)


def test_time_axis_excludes_the_end():
    epochs = make(n_times=40, sfreq=100, tmin=-0.1)
    assert epochs.times[0] == pytest.approx(-0.1)
    assert epochs.tmax == pytest.approx(0.3)
    cropped = epochs.crop(0.0, 0.25)
    assert cropped.shape == (12, 3, 25)
    assert cropped.times[0] == pytest.approx(0.0)
    np.testing.assert_array_equal(cropped.data, epochs.data[..., 10:35])
    with pytest.raises(DataError, match="does not lie inside"):
        epochs.crop(0.0, 0.31)


def test_margins_stay_hidden_and_follow_a_crop():
    epochs = make(pad=0.05, sfreq=100, n_times=40)
    assert epochs.shape == (12, 3, 40)
    assert epochs.padded().shape == (12, 3, 50)
    cropped = epochs.crop(0.1, 0.3)
    assert (cropped.shape, cropped.pad) == ((12, 3, 20), 0.05)
    np.testing.assert_array_equal(cropped.padded(), epochs.padded()[..., 10:40])


def test_stamps_follow_content_not_identity():
    epochs = make()
    assert epochs.data_stamp == make().data_stamp
    assert epochs[:6].data_stamp != epochs.data_stamp
    assert epochs.with_data(epochs.data + 1).data_stamp != epochs.data_stamp
    assert make(sfreq=200.0).data_stamp != epochs.data_stamp
    assert epochs.with_y(np.zeros(12, int)).data_stamp == epochs.data_stamp
    assert epochs.with_y(np.zeros(12, int)).label_stamp != epochs.label_stamp
    twice = [epochs.with_data(epochs.data * 2, provenance="double").data_stamp for _ in range(2)]
    assert twice[0] == twice[1] != epochs.with_data(epochs.data, provenance="other").data_stamp


def test_targets_of_each_kind():
    assert make(y=[True, False] * 6).classes.tolist() == [0, 1]
    assert make(y=pd.Series(["b", "a"] * 6)).classes.tolist() == ["a", "b"]
    continuous = make(y=np.zeros((12, 2)))
    with pytest.raises(DataError, match="no classes"):
        _ = continuous.classes
    assert continuous.without_targets().y is None


def test_tables_can_be_replaced_on_a_view():
    view = make()[6:]
    again = view.with_trials(view.trials.assign(subject="z")).with_y(["x"] * 6)
    assert set(again.groups("subject")) == {"z"} and set(again[1:3].y) == {"x"}
    assert again.base is view.base


def test_pick_by_name_position_and_kind():
    channels = Channels(["C3", "EOG", "C4"], kinds=["eeg", "eog", "eeg"])
    epochs = make(channels=channels)
    assert epochs.pick("brain").channels.names == ("C3", "C4")
    assert epochs.pick([2, 0]).channels.names == ("C4", "C3")
    np.testing.assert_array_equal(epochs.pick(["C4"]).data[:, 0], epochs.data[:, 2])
    with pytest.raises(DataError, match="did you mean 'EOG'"):
        epochs.pick(["EOGG"])


def test_published_split():
    trials = pd.DataFrame({"part": ["train"] * 6 + ["val"] * 2 + ["test"] * 4})
    train, val, test = make(trials=trials).split("published")
    assert (len(train), len(val), len(test)) == (6, 2, 4)
    with pytest.raises(DataError, match="no column 'part'"):
        make().split("published")


def test_a_pickled_subset_leaves_its_base_behind():
    epochs = make(n=100, n_times=1000, trials=None, y=None)
    small = epochs[:3]
    copied = pickle.loads(pickle.dumps(small))
    assert len(pickle.dumps(small)) < epochs.base.nbytes / 10
    np.testing.assert_array_equal(copied.data, small.data)
    assert copied.data_stamp == small.data_stamp
    assert not copied.base.flags.writeable


def test_saved_epochs_come_back_whole(tmp_path):
    channels = Channels(
        ["M1", "C3", "C4"],
        kinds=["mag", "eeg", "eeg"],
        positions=np.arange(9).reshape(3, 3) / 7,
        position_from="file",
        reference="average",
        bads=["C4"],
    )
    epochs = make(channels=channels, pad=0.1, tmin=-0.2, zero="cue", name="set", rank=2)
    epochs.save(tmp_path / "mine")
    epochs[:8].save(tmp_path / "mine")  # replaces
    back = Epochs.load(tmp_path / "mine")
    assert isinstance(back.base, np.memmap)
    np.testing.assert_array_equal(back.padded(), epochs[:8].padded())
    assert back.channels == channels
    assert back.y.tolist() == epochs.y[:8].tolist()
    pd.testing.assert_frame_equal(back.trials, epochs[:8].trials)
    for field in ("sfreq", "tmin", "pad", "zero", "name", "rank"):
        assert getattr(back, field) == getattr(epochs, field)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")
    with pytest.raises(DataError, match="other files"):
        epochs.save(tmp_path / "other")
    assert (tmp_path / "other" / "thesis.txt").exists()


def test_nan_names_its_place():
    data = np.zeros((3, 2, 5))
    data[1, 1, 3] = np.nan
    with pytest.raises(DataError, match="trial 1, channel C4"):
        as_trials(Epochs(data, channels=["C3", "C4"], sfreq=5))
    assert as_trials(np.full((1, 1, 4), 3e38, np.float32)).dtype == np.float64


def test_plain_arrays_are_refused_where_a_rate_is_needed():
    with pytest.raises(DataError, match=r"nd.Epochs\(array"):
        as_epochs(np.zeros((2, 2, 2)))


def test_repr_states_units_rate_and_zero():
    epochs = make(zero="movement onset", tmin=-0.1, channels=Channels(list("abc"), kinds="mag"))
    text = "12 trials · 3 MEG (fT) · −0.1 to 0.3 s at 100 Hz, 0 = movement onset · 2 classes"
    assert repr(epochs) == text
    assert "2 subject(s)" in epochs._repr_html_()


def test_a_crop_rounds_as_the_cut_does():
    epochs = make(n_times=50, sfreq=50.0)
    assert epochs.crop(0.29, 0.61).shape[2] == 16  # 0.29 * 50 is 14.499999999999998
    assert epochs.crop(0.29).tmin == 0.28


def test_a_crop_shortens_ragged_trials():
    epochs = make(length=np.array([40, 20, 15] * 4))
    assert epochs[:3].crop(0.1, 0.3).length.tolist() == [20, 10, 5]
    with pytest.raises(DataError, match="lengths"):
        epochs.crop(0.2)


def test_a_mask_of_another_length_is_refused_even_when_empty():
    with pytest.raises(DataError, match="mask"):
        make()[np.zeros(0, dtype=bool)]
    assert len(make()[[]]) == 0


def test_damaged_epochs_are_named(tmp_path):
    make().save(tmp_path / "mine")
    path = tmp_path / "mine" / "data.npy"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"data\.npy of stored epochs is damaged"):
        Epochs.load(tmp_path / "mine")
