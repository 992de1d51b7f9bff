"""From MNE's raw objects to recordings: units, first sample, edges, places, trigger channels."""

import numpy as np
import pytest

from neurodecode.core.errors import DataError
from neurodecode.loaders.formats.mne_raw import recording_from_raw

mne = pytest.importorskip("mne")


def make_raw(kinds=("eeg",), names=None, n_times=1000, sfreq=100.0, first_samp=0, value=1.0):
    info = mne.create_info(names or [f"{kind}{i}" for i, kind in enumerate(kinds)], sfreq, kinds)
    data = np.full((len(kinds), n_times), value)
    return mne.io.RawArray(data, info, first_samp=first_samp, verbose="error")


def annotate(raw, *rows):
    onset, duration, label = zip(*rows, strict=True)
    raw.set_annotations(mne.Annotations(onset, duration, label), verbose="error")
    return raw


@pytest.mark.parametrize(
    ("kind", "value", "ours", "unit"),
    [
        ("eeg", 25e-6, 25.0, "µV"),
        ("seeg", 1e-4, 100.0, "µV"),
        ("ecog", 1e-4, 100.0, "µV"),
        ("eog", 1e-4, 100.0, "µV"),
        ("emg", 1e-6, 1.0, "µV"),
        ("ecg", 1e-3, 1000.0, "µV"),
        ("mag", 1e-12, 1000.0, "fT"),
        ("grad", 5e-12, 50.0, "fT/cm"),
        ("ref_meg", 1e-12, 1000.0, "fT"),
        ("hbo", 2e-6, 2.0, "µM"),
        ("hbr", -2e-6, -2.0, "µM"),
        ("fnirs_od", 0.1, 0.1, ""),
        ("stim", 33285.0, 33285.0, ""),
        ("bio", 1e-6, 1.0, "µV"),
    ],
)
def test_natural_units(kind, value, ours, unit):
    rec = recording_from_raw(make_raw([kind], value=value))
    assert rec.channels.units == (unit,)
    np.testing.assert_allclose(rec.data, ours, rtol=1e-6)


def test_a_large_offset_keeps_its_microvolts():
    raw = make_raw()
    raw._data[:] = 0.2 + np.arange(1000) * 1e-6
    np.testing.assert_allclose(np.diff(recording_from_raw(raw).data), 1.0, atol=0.05)


@pytest.mark.parametrize("meas_date", [None, 1_600_000_000])
@pytest.mark.parametrize("first_samp", [0, 12_345])
def test_onsets_count_from_the_first_sample_kept(meas_date, first_samp):
    raw = make_raw(first_samp=first_samp)
    raw.set_meas_date(meas_date)
    annotate(raw, (2.0, 0.5, "left"), (4.5, 0.0, "right"))
    codes = {"left": 1, "right": 2}
    theirs, _ = mne.events_from_annotations(raw, event_id=codes, verbose="error")
    cropped = raw.copy().crop(1.0, 8.0)
    for each in (raw, cropped):
        rec = recording_from_raw(each)
        assert rec.first_sample == each.first_samp
        samples = np.round(rec.events["onset"].to_numpy() * 100).astype(int)
        np.testing.assert_array_equal(samples + each.first_samp, theirs[:, 0])
        assert rec.events["duration"].tolist() == [0.5, 0.0]


def test_bad_spans_edges_and_gaps_are_no_events():
    raw = annotate(
        make_raw(),
        (0.0, 0.0, "New Segment/"),
        (1.0, 0.0, "769"),
        (2.0, 0.5, "BAD_muscle"),
        (3.0, 3.2, "boundary"),
        (4.0, 0.0, "BAD boundary"),
        (4.0, 0.0, "EDGE boundary"),
        (5.0, 1.0, "BAD_ACQ_SKIP"),
        (7.0, 0.0, "New Segment/"),
    )
    rec = recording_from_raw(raw)
    assert rec.events["label"].tolist() == ["769"]
    assert rec.events["code"].tolist() == [769]
    assert rec.intervals.to_numpy().tolist() == [
        [2.0, 0.5, "BAD_muscle"],
        [3.0, 0.0, "edge"],
        [4.0, 0.0, "edge"],
        [5.0, 1.0, "gap"],
        [7.0, 0.0, "edge"],
    ]
    assert rec.good_spans() == [(0, 300), (300, 400), (400, 500), (600, 700), (700, 1000)]
    assert rec.notes == ("3.2 s were cut out of the file at 0:03",)


def test_joined_raws_carry_an_edge():
    raw = mne.concatenate_raws([make_raw(), make_raw()], verbose="error")
    assert recording_from_raw(raw).good_spans() == [(0, 1000), (1000, 2000)]


def test_every_gdf_code_keeps_its_number():
    codes = [769, 770, 783, 1023, 32766]
    raw = annotate(make_raw(), *[(1.0 + i, 0.0, str(code)) for i, code in enumerate(codes)])
    assert recording_from_raw(raw).events["code"].tolist() == codes


def test_trigger_channels_give_events_where_there_are_no_annotations():
    raw = make_raw(["eeg", "stim"], names=["Cz", "STI 014"], first_samp=500, value=0.0)
    raw._data[1, 100:105], raw._data[1, 300] = 7, 33285
    rec = recording_from_raw(raw)
    assert rec.events["onset"].tolist() == [1.0, 3.0]
    assert rec.events["code"].tolist() == [7, 33285]
    theirs = mne.find_events(raw, shortest_event=1, verbose="error")
    np.testing.assert_array_equal(theirs[:, 0] - raw.first_samp, [100, 300])
    annotate(raw, (5.0, 0.0, "cue"))
    assert recording_from_raw(raw).events["label"].tolist() == ["cue"]


def test_several_trigger_channels_do_not_share_their_codes():
    raw = make_raw(["stim", "stim", "stim"], names=["A", "B", "analogue"], value=0.0)
    raw._data[0, 100], raw._data[1, 200], raw._data[2, 300:] = 1, 1, 0.37
    assert recording_from_raw(raw).events["label"].tolist() == ["A/1", "B/1"]


def test_the_upper_bits_of_a_biosemi_status_channel_are_flags():
    raw = make_raw(["stim"], names=["Status"], value=0.0)
    raw._data[0, 100:110] = 65536 + 5
    assert recording_from_raw(raw).events["code"].tolist() == [5]


def test_names_tell_what_untyped_formats_do_not():
    names = ["Cz", "EOG left", "HEOG", "ECG", "EMG1", "EKG", "Emg_", "EOGX1"]
    rec = recording_from_raw(make_raw(["eeg"] * 8, names=names))
    assert rec.channels.kinds[:6] == ("eeg", "eog", "eog", "ecg", "emg", "ecg")
    assert any("by its name" in note for note in rec.notes)


def test_units_that_are_no_volts_are_not_brain():
    raw = make_raw(["eeg", "eeg"], names=["Cz", "SpO2"], value=97.0)
    raw._orig_units = {"Cz": "µV", "SpO2": "%"}
    rec = recording_from_raw(raw)
    assert rec.channels.kinds == ("eeg", "misc")
    assert rec.channels.units == ("µV", "%")
    assert rec.data[1, 0] == 97.0


def test_template_places_where_the_file_has_none_and_its_own_where_it_has():
    raw = make_raw(["eeg", "eeg"], names=["Cz", "Iz_old"])
    rec = recording_from_raw(raw)
    assert rec.channels.position_from == "template"
    assert np.isfinite(rec.channels.positions[0]).all()
    assert np.isnan(rec.channels.positions[1]).all()
    raw.set_montage(
        mne.channels.make_dig_montage({"Cz": [0, 0, 0.1]}, coord_frame="head"), on_missing="ignore"
    )
    rec = recording_from_raw(raw)
    assert rec.channels.position_from == "file"
    np.testing.assert_allclose(rec.channels.positions[0], [0, 0, 0.1], atol=1e-6)


def test_meg_beside_eeg_comes_into_the_head_frame():
    raw = make_raw(["mag", "eeg"], names=["MEG0111", "Cz"])
    raw.info["chs"][0]["loc"][:] = [0.1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]
    raw.info["chs"][1]["loc"][:3] = [0, 0, 0.1]
    turn = np.array([[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0.05], [0, 0, 0, 1.0]])
    lost = recording_from_raw(raw)
    assert np.isnan(lost.channels.positions[0]).all()
    assert "where the head was" in lost.notes[-1]
    with raw.info._unlock():
        raw.info["dev_head_t"] = mne.transforms.Transform("meg", "head", turn)
    rec = recording_from_raw(raw)
    assert rec.channels.frame == "head"
    np.testing.assert_allclose(rec.channels.positions[0], [0, 0.1, 0.05], atol=1e-6)
    np.testing.assert_allclose(rec.channels.orientations[0, :3], [0, 1, 0], atol=1e-6)


def test_bads_line_frequency_and_band_are_kept():
    raw = make_raw(["eeg", "eeg"], names=["Cz", "T7"])
    raw.info["bads"], raw.info["line_freq"] = ["T7"], 60.0
    with raw.info._unlock():
        raw.info["lowpass"], raw.info["highpass"] = 40.0, 0.1
    rec = recording_from_raw(raw)
    assert rec.channels.bads == {"T7"}
    assert (rec.line_freq, rec.band) == (60.0, (0.1, 40.0))
    assert recording_from_raw(make_raw()).band == (None, None)


def test_fnirs_intensity_is_no_brain_signal_of_known_unit():
    rec = recording_from_raw(make_raw(["fnirs_cw_amplitude"], names=["S1_D1 760"]))
    assert rec.channels.kinds == ("misc",) and "light intensity" in rec.notes[0]


def test_reads_follow_the_order_asked():
    raw = make_raw(["eeg", "eeg", "eeg"], names=["a", "b", "c"])
    raw._data[:] = np.array([1e-6, 2e-6, 3e-6])[:, None]
    rec = recording_from_raw(raw)
    assert rec.read(0, 1, [2, 0, 2])[:, 0].tolist() == [3.0, 1.0, 3.0]
    assert rec.read(5, 5).shape == (3, 0)


def test_a_recording_without_samples_is_refused():
    class Empty:
        n_times = 0

    with pytest.raises(DataError, match="without samples"):
        recording_from_raw(Empty())
