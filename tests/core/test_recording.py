"""Recordings and the cut: golden windows, edges, bad spans, rejection, memory."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodecode.core import recording_base
from neurodecode.core.channels import Channels
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording


def ramp(n_times=1000, sfreq=100.0, n_channels=2, **parts):
    """Every sample holds its own number; channel c adds 10000 * c."""
    data = np.arange(n_times, dtype=np.float64) + 10_000.0 * np.arange(n_channels)[:, None]
    parts.setdefault("channels", [f"C{i}" for i in range(n_channels)])
    return Recording(data, sfreq=sfreq, **parts)


def events_at(*onsets, label="x"):
    return pd.DataFrame({"onset": onsets, "label": label})


def interval(onset, duration, kind):
    return pd.DataFrame({"onset": [onset], "duration": [duration], "kind": [kind]})


class CountingReader:
    """A reader of a ramp that records what it was asked for."""

    def __init__(self, n_channels, n_times):
        self.data = ramp(n_times, n_channels=n_channels).data.astype(np.float32)
        self.n_times, self.dtype, self.calls = n_times, self.data.dtype, []

    def read(self, start, stop, channel_indices=None):
        self.calls.append((start, stop))
        picks = slice(None) if channel_indices is None else channel_indices
        return self.data[picks, start:stop]


# ---------------------------------------------------------------------- the time axis
@pytest.mark.parametrize(
    ("tmin", "tmax", "sfreq", "onset", "first", "n"),
    [
        (0.0, 1.0, 100.0, 2.0, 200, 100),
        (-0.2, 0.8, 100.0, 2.0, 180, 100),
        (0.5, 3.0, 125.0, 2.0, 312, 312),
        (0.5, 1.5, 100.0, 2.004, 250, 100),  # the event lies on its nearest sample
        (-0.4, 0.6, 101.725, 3.0, 264, 102),
    ],
)
def test_first_sample_and_length_of_a_window(tmin, tmax, sfreq, onset, first, n):
    epochs = ramp(sfreq=sfreq, events=events_at(onset)).epoch(tmin=tmin, tmax=tmax)
    np.testing.assert_array_equal(epochs.data[0, 0], np.arange(first, first + n))
    assert epochs.tmin == pytest.approx(tmin, abs=0.501 / sfreq)
    event_sample = round(onset * sfreq)
    np.testing.assert_allclose(epochs.times, (np.arange(first, first + n) - event_sample) / sfreq)


@pytest.mark.parametrize("sfreq", [100.0, 128.0, 101.725])
def test_include_tmax_cuts_what_mne_cuts(sfreq):
    import mne

    rec = ramp(sfreq=sfreq, n_channels=1, events=events_at(1.0, 2.5, 4.25))
    raw = mne.io.RawArray(rec.data, mne.create_info(1, sfreq, "eeg"), verbose="error")
    samples = np.round(rec.events["onset"].to_numpy() * sfreq).astype(int)
    theirs = mne.Epochs(
        raw, np.column_stack([samples, 0 * samples, 1 + 0 * samples]), tmin=-0.3, tmax=0.7,
        baseline=(None, 0.0), picks=[0], preload=True, verbose="error",
    )  # fmt: skip
    ours = rec.epoch(tmin=-0.3, tmax=0.7, baseline=(None, 0.0), include_tmax=True)
    np.testing.assert_allclose(ours.data, theirs.get_data(copy=False))
    np.testing.assert_allclose(ours.times, theirs.times)


def test_onset_and_duration_of_a_trial_tell_which_samples_it_holds():
    epochs = ramp(events=events_at(2.0, 4.0)).epoch(tmin=-0.5, tmax=0.25)
    assert epochs.trials["onset"].tolist() == [1.5, 3.5]
    assert epochs.trials["duration"].tolist() == [0.75, 0.75]


def test_identity_and_event_columns_follow_every_trial():
    events = events_at(1.0, 2.0).assign(stimulus=["cat.png", "dog.png"])
    rec = ramp(events=events, recording="a.fif", subject="07", session="s2", run="3")
    trials = rec.epoch(tmax=0.5).trials
    assert trials.loc[1, ["recording", "subject", "session", "run"]].tolist() == [
        "a.fif", "07", "s2", "3",
    ]  # fmt: skip
    assert trials["stimulus"].tolist() == ["cat.png", "dog.png"]
    assert trials["event"].tolist() == ["x", "x"]


def test_margin_is_hidden_and_holds_the_samples_around():
    epochs = ramp(events=events_at(2.0)).epoch(tmax=0.1, pad=0.05)
    np.testing.assert_array_equal(epochs.data[0, 0], np.arange(200, 210))
    np.testing.assert_array_equal(epochs.padded()[0, 0], np.arange(195, 215))


def test_baseline_is_the_mean_of_its_own_samples():
    epochs = ramp(events=events_at(2.0)).epoch(tmin=-0.1, tmax=0.1, baseline=(None, 0.0))
    np.testing.assert_allclose(epochs.data[0, 0], np.arange(190, 210) - np.mean(range(190, 200)))


def test_baseline_may_lie_in_the_margin_but_not_outside():
    rec = ramp(events=events_at(2.0))
    inside = rec.epoch(tmax=0.1, pad=0.1, baseline=(-0.1, 0.0))
    np.testing.assert_allclose(inside.data[0, 1], np.arange(200, 210) - np.mean(range(190, 200)))
    with pytest.raises(DataError, match="baseline lies outside"):
        rec.epoch(tmax=0.1, baseline=(-0.1, 0.0))


# ---------------------------------------------------------------------- what a window respects
@pytest.mark.parametrize(
    ("kind", "onset", "duration", "kept"),
    [
        ("edge", 2.0, 0.0, [1.0, 2.0, 3.0]),  # windows end before it and start on it
        ("edge", 2.01, 0.0, [1.0, 3.0]),
        ("edge", 1.99, 0.0, [2.0, 3.0]),
        ("gap", 2.5, 0.2, [1.0, 3.0]),
        ("gap", 2.0, 1.0, [1.0, 3.0]),
        ("BAD_muscle", 2.9, 0.05, [1.0, 3.0]),
        ("BAD_muscle", 3.0, 0.0, [1.0, 2.0]),  # a span without duration spoils its sample
        ("bad blink", 0.0, 1.0, [1.0, 2.0, 3.0]),
    ],
)
def test_windows_cross_no_edge_and_touch_no_bad_span(kind, onset, duration, kept):
    rec = ramp(events=events_at(1.0, 2.0, 3.0), intervals=interval(onset, duration, kind))
    epochs = rec.epoch(tmax=1.0)
    assert epochs.trials["onset"].tolist() == kept
    assert len(epochs.dropped) == 3 - len(kept)
    assert epochs.dropped["reason"].str.contains(kind).all()


def test_the_margin_counts_as_part_of_the_window():
    rec = ramp(events=events_at(1.0, 2.0), intervals=interval(2.0, 0.0, "edge"))
    with pytest.raises(DataError, match="no window is left"):
        rec.epoch(tmax=1.0, pad=0.1)


def test_events_too_near_an_end_are_dropped_with_their_reason():
    epochs = ramp(events=events_at(0.1, 5.0, 9.95)).epoch(tmin=-0.2, tmax=0.2)
    assert epochs.trials["onset"].tolist() == [4.8]
    assert epochs.dropped["reason"].tolist() == [
        "starts before the recording",
        "ends after the recording",
    ]


@settings(max_examples=30, deadline=None)
@given(
    edges=st.lists(st.integers(1, 999), max_size=4),
    bads=st.lists(st.tuples(st.integers(0, 990), st.integers(0, 60)), max_size=4),
    onsets=st.lists(st.integers(0, 999), min_size=1, max_size=20),
    length=st.integers(1, 120),
)
def test_no_kept_window_contains_a_forbidden_sample(edges, bads, onsets, length):
    spans = [(edge / 100, 0.0, "edge") for edge in edges]
    spans += [(start / 100, n / 100, "BAD_x") for start, n in bads]
    intervals = pd.DataFrame(spans, columns=["onset", "duration", "kind"])
    rec = ramp(events=events_at(*[onset / 100 for onset in onsets]), intervals=intervals)
    try:
        windows = rec.epoch(tmax=length / 100).data[:, 0].astype(int)
    except DataError:
        windows = np.zeros((0, length), dtype=int)
    for window in windows:
        assert not any(window[0] < edge <= window[-1] for edge in edges)
        assert not any(
            start < window[-1] + 1 and max(start + n, start + 1) > window[0] for start, n in bads
        )
    fits = [
        onset
        for onset in onsets
        if onset + length <= 1000
        and not any(onset < edge < onset + length for edge in edges)
        and not any(s < onset + length and max(s + n, s + 1) > onset for s, n in bads)
    ]
    assert sorted(windows[:, 0].tolist()) == sorted(fits)


def test_reject_names_the_loudest_channel_and_its_unit():
    rec = ramp(events=events_at(1.0, 3.0))
    loud = np.array(rec.data)
    loud[1, 320] += 500.0
    epochs = rec.with_data(loud).epoch(tmax=1.0, reject={"eeg": 150.0})
    assert epochs.trials["onset"].tolist() == [1.0]
    assert epochs.dropped["reason"].tolist() == ["peak-to-peak 520 µV on C1, limit 150 µV"]


def test_reject_of_a_kind_that_is_not_there_is_refused():
    with pytest.raises(DataError, match="not among the channels cut"):
        ramp(events=events_at(1.0)).epoch(reject={"mag": 4000.0})


# ---------------------------------------------------------------------- channels
def test_only_good_brain_channels_are_cut_unless_asked():
    channels = Channels(
        ["Cz", "T7", "HEOG", "STI"], kinds=["eeg", "eeg", "eog", "stim"], bads=["T7"]
    )
    rec = ramp(n_channels=4, channels=channels, events=events_at(1.0))
    assert rec.epoch().channels.names == ("Cz",)
    assert rec.epoch(kinds=["eeg", "eog"]).channels.names == ("Cz", "HEOG")
    assert rec.epoch(kinds="all").channels.names == ("Cz", "HEOG", "STI")
    assert rec.with_bads([]).epoch().channels.names == ("Cz", "T7")


def test_no_channel_left_says_what_is_there():
    rec = ramp(n_channels=1, channels=Channels(["STI"], "stim"), events=events_at(1.0))
    with pytest.raises(DataError, match=r'found +1 stim\n.*\n.*kinds="all"'):
        rec.epoch()


def test_pick_rename_and_montage_give_new_recordings():
    rec = ramp(channels=["Fc5.", "Cz.."])
    picked = rec.pick(["Cz.."]).rename({"Cz..": "Cz"}).set_montage("standard_1005")
    assert picked.channels.names == ("Cz",)
    assert picked.channels.position_from == "template"
    assert picked.data[0, 5] == 10_005.0
    assert rec.channels.names == ("Fc5.", "Cz..")
    with pytest.raises(DataError, match=r"did you mean 'Cz\.\.'"):
        rec.rename({"Cz.": "x"})
    with pytest.raises(DataError, match=r"did you mean 'standard_1005'"):
        rec.set_montage("standard_105")


def test_picks_of_picks_read_the_right_channels():
    rec = ramp(n_channels=4).pick([3, 1, 0]).pick([2, 0])
    assert rec.read(7, 8)[:, 0].tolist() == [7.0, 30_007.0]


# ---------------------------------------------------------------------- windows
def test_windows_start_anew_after_an_edge():
    rec = ramp(600, intervals=interval(2.5, 0.0, "edge"))
    assert rec.windows(1.0, 0.5).trials["onset"].tolist() == [
        0.0, 0.5, 1.0, 1.5, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0,
    ]  # fmt: skip


def test_a_target_is_taken_at_the_last_sample_of_its_window():
    velocity = np.stack([np.arange(1000.0), -np.arange(1000.0)])
    epochs = ramp(targets={"velocity": velocity}).windows(0.5, 0.1, target="velocity")
    np.testing.assert_array_equal(epochs.y[:, 0], epochs.data[:, 0, -1])
    np.testing.assert_array_equal(epochs.y[:, 1], -epochs.data[:, 0, -1])


def test_windows_without_a_target_value_are_dropped():
    speed = np.arange(1000.0)
    speed[99] = np.nan
    epochs = ramp(targets={"speed": speed}).windows(1.0, 1.0, target="speed")
    assert len(epochs) == 9
    assert epochs.dropped["reason"].tolist() == ["target is missing"]
    with pytest.raises(DataError, match=r"did you mean 'speed'"):
        ramp(targets={"speed": speed}).windows(1.0, 1.0, target="sped")


def test_windows_that_do_not_move_are_refused():
    with pytest.raises(DataError, match="would not move"):
        ramp().windows(1.0, 0.001)


# ---------------------------------------------------------------------- lazy and bounded
def test_nothing_is_read_before_it_is_asked_for_and_neighbours_share_a_read():
    reader = CountingReader(2, 1000)
    rec = Recording(reader, channels=["a", "b"], sfreq=100.0, events=events_at(1.0, 1.5, 8.0))
    repr(rec), rec.duration, rec.good_spans(), rec.pick(["b"])
    assert reader.calls == []
    epochs = rec.epoch(tmax=1.0)
    assert reader.calls == [(100, 250), (800, 900)]
    np.testing.assert_array_equal(epochs.data[:, 0, 0], [100, 150, 800])


def test_a_cut_too_large_is_refused_before_it_reads():
    reader = CountingReader(2, 1000)
    onsets = np.arange(0, 9, 0.1)
    rec = Recording(reader, channels=["a", "b"], sfreq=100.0, events=events_at(*onsets))
    with pytest.raises(DataError, match="would not fit into memory") as error:
        rec.epoch(tmax=1.0, max_bytes=10_000)
    assert error.value.found == "90 windows × 2 channels × 100 samples = 72 kB"
    for way in ("(1) fewer events", "(2) fewer channels", "(3) a lower rate"):
        assert way in error.value.fix
    assert "every 0.1 s" in error.value.fix
    assert reader.calls == []
    assert rec.epoch(tmax=1.0, max_bytes=72_000).shape == (90, 2, 100)


def test_thousands_of_long_windows_are_refused_by_default():
    class Endless:
        n_times, dtype = 100_000_000, np.dtype(np.float32)

        def read(self, start, stop, channel_indices=None):
            raise AssertionError("read before the bytes were counted")

    names = [f"E{i}" for i in range(128)]
    rec = Recording(Endless(), channels=names, sfreq=1000.0, events=events_at(*range(30_000)))
    with pytest.raises(DataError, match=r"= 1\.4 TB"):
        rec.epoch(tmax=90.0)
    with pytest.raises(DataError, match="would not fit"):
        _ = rec.data


def test_reading_outside_is_refused():
    with pytest.raises(DataError, match="outside the recording"):
        ramp().read(990, 1001)


# ---------------------------------------------------------------------- what it keeps
def test_data_are_read_only_and_integers_become_floats():
    counts = np.arange(20, dtype=np.uint8).reshape(1, 20)
    rec = Recording(counts, channels=Channels(["u1"], "spikes"), sfreq=20.0)
    assert rec.dtype == np.float32
    assert not rec.data.flags.writeable
    with pytest.raises(DataError, match="do not fit the channels"):
        Recording(counts, channels=["a", "b"], sfreq=20.0)


def test_another_rate_keeps_seconds_and_moves_targets_along():
    rec = ramp(events=events_at(2.0), targets={"v": np.arange(1000.0)}, first_sample=500)
    half = rec.with_data(rec.data[:, ::2], sfreq=50.0, note="every second sample")
    assert half.events["onset"].tolist() == [2.0]
    np.testing.assert_allclose(half.targets["v"][0], np.arange(0, 1000.0, 2))
    assert (half.first_sample, half.notes) == (250, ("every second sample",))


def test_pickling_keeps_everything():
    rec = ramp(events=events_at(1.0), intervals=interval(2.0, 0.0, "edge"), subject="9")
    again = pickle.loads(pickle.dumps(rec))
    np.testing.assert_array_equal(again.data, rec.data)
    assert again.channels == rec.channels
    pd.testing.assert_frame_equal(again.events, rec.events)
    assert again.good_spans() == [(0, 200), (200, 1000)]


def test_text_says_rate_channels_events_gaps_and_bads():
    channels = Channels(["Cz", "EOG"], kinds=["eeg", "eog"], bads=["Cz"])
    rec = ramp(
        n_channels=2, channels=channels, recording="sub-01.vhdr", notes=["filtered in hardware"],
        events=events_at(1.0, 2.0, label="Stimulus/S  1"), intervals=interval(3.0, 0.5, "gap"),
    )  # fmt: skip
    assert repr(rec).splitlines() == [
        "sub-01.vhdr · 10 s at 100 Hz",
        "  channels   1 EEG (µV) + 1 EOG (µV)",
        "  events     'S  1' (2)",
        "  bad        Cz (marked; left out by .epoch)",
        "  gaps       1, at 0:03 for 0.5 s: no window will cross it",
        "  note       filtered in hardware",
    ]
    assert "<script" not in rec.with_ids(recording="<script>")._repr_html_()


def test_unknown_intervals_and_identities_are_refused():
    with pytest.raises(DataError, match="not a table of intervals"):
        ramp(intervals=interval(1.0, 1.0, "artefact"))
    with pytest.raises(DataError, match="unknown part of a recording's identity"):
        ramp().with_ids(subjects="1")


def test_tables_are_checked_when_they_come_in_and_only_then(monkeypatch):
    events = pd.DataFrame({"onset": [1.0], "label": ["a"]})
    rec = Recording(np.zeros((2, 500)), channels=["C3", "C4"], sfreq=100, events=events)
    seen = []
    for name in ("events", "intervals"):
        monkeypatch.setitem(recording_base._CHECKS, name, lambda table: seen.append(table) or table)
    twin = rec.pick(["C4"]).with_ids(run="2").with_data(np.ones((1, 500)), note="ones")
    assert seen == [] and (twin.run, twin.notes, twin.shape) == ("2", ("ones",), (1, 500))
    rec.with_events(events)
    assert len(seen) == 1
    with pytest.raises(DataError, match="do not fit the channels"):
        rec.with_data(np.ones((3, 500)))
    twin.events.loc[0, "label"] = "changed in place"
    assert rec.events["label"].tolist() == ["a"]
