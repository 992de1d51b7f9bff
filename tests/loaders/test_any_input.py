"""Properties of reading: any header and any table gives what it says, or an error of ours."""

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loaders.small_files import SFREQ, SIGNALS, brainvision, edf

import neurodecode as nd
from neurodecode.core.errors import NeurodecodeError
from neurodecode.core.events import check_events
from neurodecode.loaders.formats.bids import apply_channels

seconds = st.one_of(
    st.floats(-5, 25, width=32), st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 9.99, 10.0, 1e300])
)
labels = st.one_of(st.text(max_size=5), st.integers(-3, 3), st.none(), st.just(np.nan))
tables = st.lists(st.tuples(seconds, seconds, labels), max_size=8)
columns = st.sampled_from(
    [["onset", "duration", "label"], ["onset"], ["label"], ["time", "x", "y"]]
)
PROPERTY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@PROPERTY
@given(rows=tables, names=columns)
def test_any_table_of_events_is_used_as_it_says_or_refused(rows, names):
    frame = pd.DataFrame([row[: len(names)] for row in rows], columns=names)
    try:
        events = check_events(frame)
        rec = nd.Recording(SIGNALS, channels=["C3", "Cz", "C4"], sfreq=SFREQ, events=events)
        epochs = rec.epoch(tmin=-0.1, tmax=0.4)
    except NeurodecodeError:
        return
    assert len(epochs) + len(epochs.dropped) == len(events) == len(frame)
    for trial, onset in zip(epochs.data, epochs.trials["onset"], strict=True):
        start = round(onset * SFREQ)
        np.testing.assert_array_equal(trial, SIGNALS[:, start : start + 50])


names_of_channels = st.sampled_from(["C3", "Cz", "C4", "c3", "", "nan", "Oz", 7, np.nan])
words_of_channels = st.sampled_from(["EEG", "eog", "MISC", "TRIG", "", "n/a", 3, None, np.nan])
statuses = st.sampled_from(["good", "bad", "BAD", "n/a", 0, np.nan])
channel_rows = st.lists(st.tuples(names_of_channels, words_of_channels, statuses), max_size=6)


@PROPERTY
@given(rows=channel_rows, names=st.permutations(["name", "type", "status"]), n=st.integers(1, 3))
def test_any_table_of_channels_marks_what_it_names_or_is_refused(rows, names, n):
    import mne

    raw = mne.io.RawArray(SIGNALS, mne.create_info(["C3", "Cz", "C4"], SFREQ, "eeg"), verbose=40)
    order = {"name": 0, "type": 1, "status": 2}
    used = names[:n]
    frame = pd.DataFrame([[row[order[name]] for name in used] for row in rows], columns=used)
    try:
        notes = apply_channels(raw, frame, "channels.tsv")
    except NeurodecodeError:
        return
    named = {str(name) for name in frame["name"]}
    assert set(raw.info["bads"]) <= named & {"C3", "Cz", "C4"}
    kinds = dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    assert all(kind == "eeg" for name, kind in kinds.items() if name not in named)
    assert bool(notes) == (not {"C3", "Cz", "C4"} <= named)


cells = st.one_of(
    st.sampled_from(["", "nan", "inf", "-1", "1e400", "left", '"', ";", "0", "S  1"]),
    st.floats(-1e3, 1e3, width=16).map(str),
)
csv_rows = st.lists(st.lists(cells, min_size=2, max_size=4), min_size=1, max_size=12)


@PROPERTY
@given(rows=csv_rows, first=st.sampled_from(["C3,C4,marker", "time,C3,marker", "C3,C3,C3", "1,2"]))
def test_any_text_table_gives_what_stands_in_it_or_our_error(tmp_path, rows, first):
    path = tmp_path / "a.csv"
    path.write_text("\n".join([first, *(",".join(row) for row in rows)]), encoding="utf-8")
    try:
        rec = nd.read(path, sfreq=SFREQ)
        data = rec.data
    except NeurodecodeError:
        return
    assert data.shape == rec.shape and data.dtype.kind == "f" and rec.n_times <= len(rows) + 1
    assert set(rec.channels.names).isdisjoint({"marker", "time"})
    assert (rec.events["onset"].between(0, rec.duration)).all()


headers = st.sampled_from(
    ["NumberOfChannels=3", "SamplingInterval=10000.0", "DataOrientation=MULTIPLEXED",
     "BinaryFormat=IEEE_FLOAT_32", "Ch2=Cz,,1,µV", "DataFile=a.eeg", "[Channel Infos]"]
)  # fmt: skip
values = st.one_of(
    st.sampled_from(["", "=", "0", "-1", "nan", "1e999", "4", "INT_16", "VECTORIZED", "Ch2=,,,"]),
    st.text(max_size=12),
)


@PROPERTY
@given(line=headers, value=values, keep_key=st.booleans())
def test_any_header_gives_a_recording_or_our_error(tmp_path, line, value, keep_key):
    header = brainvision(tmp_path / "h")
    key = line.partition("=")[0] + "=" if keep_key else ""
    header.write_text(header.read_text("utf-8").replace(line, key + value), "utf-8", "replace")
    try:
        rec = nd.read(header)
        data = rec.data
    except NeurodecodeError:
        return
    assert data.shape == rec.shape == (len(rec.channels), rec.n_times)
    assert rec.sfreq > 0 and len(set(rec.channels.names)) == len(rec.channels)


@PROPERTY
@given(place=st.integers(0, 767), byte=st.integers(0, 255))
def test_any_byte_of_an_edf_header_gives_a_recording_or_our_error(tmp_path, place, byte):
    content = bytearray(edf(tmp_path / "a.edf").read_bytes())
    content[place] = byte
    (tmp_path / "a.edf").write_bytes(content)
    try:
        rec = nd.read(tmp_path / "a.edf")
        rec.read(0, min(10, rec.n_times))
    except NeurodecodeError:
        return
    assert np.isfinite(rec.sfreq) and rec.sfreq > 0
