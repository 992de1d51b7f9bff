"""NWB: units, voltages in volts, behaviour, trials, observed stretches; written here by pynwb."""

import pickle
import sys
from datetime import UTC, datetime

import numpy as np
import pytest

from neurodecode import read
from neurodecode.core import Bundle, Recording
from neurodecode.core.errors import DataError, MissingDependency
from neurodecode.loaders import rebin

pynwb = pytest.importorskip("pynwb")

SPIKES = {3: np.arange(0.01, 10, 0.1), 7: np.array([2.005, 7.5])}


def new_file():
    nwb = pynwb.NWBFile("a session", "id", datetime(2026, 1, 1, tzinfo=UTC), session_id="s2")
    nwb.subject = pynwb.file.Subject(subject_id="rat5", species="Rattus norvegicus", age="P90D")
    return nwb


def save(nwb, path):
    with pynwb.NWBHDF5IO(str(path), "w") as io:
        io.write(nwb)
    return path


def add_units(nwb, observed=None):
    nwb.add_unit_column("quality", "how good")
    for number, times in SPIKES.items():
        nwb.add_unit(id=number, spike_times=times, obs_intervals=observed, quality="good")


def add_trials(nwb):
    nwb.add_trial_column("trial_type", "which way")
    nwb.add_trial_column("go_cue_time", "when it was told")
    nwb.add_trial_column("reward", "ml")
    for k, kind in enumerate(["left", "right", "left"]):
        start = 1.0 + 3 * k
        nwb.add_trial(
            start_time=start, stop_time=start + 2, trial_type=kind,
            go_cue_time=start + 0.5 if k < 2 else np.nan, reward=0.1 * k,
        )  # fmt: skip


def add_behaviour(nwb):
    stamps = np.arange(0, 10, 0.01)
    position = pynwb.behavior.SpatialSeries(
        name="hand", data=np.stack([stamps, 2 * stamps], 1), timestamps=stamps,
        reference_frame="table", unit="meters", conversion=0.5,
    )  # fmt: skip
    module = nwb.create_processing_module("behavior", "the hand")
    module.add(pynwb.behavior.Position(spatial_series=position))


def add_voltages(nwb, name="LFP", location="hippocampus", start=2.0):
    device = nwb.create_device("probe")
    group = nwb.create_electrode_group("shank", location, location, device)
    for _ in range(3):
        nwb.add_electrode(group=group, location=location)
    region = nwb.create_electrode_table_region([2, 0], "two of them")
    data = np.stack([np.arange(5000), -np.arange(5000)], 1).astype(np.int16)
    nwb.add_acquisition(
        pynwb.ecephys.ElectricalSeries(
            name=name,
            data=data,
            electrodes=region,
            rate=1000.0,
            starting_time=start,
            conversion=1e-6,
            channel_conversion=[1.0, 2.0],
        )
    )


@pytest.fixture
def spikes_and_hand(tmp_path):
    nwb = new_file()
    add_units(nwb)
    add_trials(nwb)
    add_behaviour(nwb)
    return save(nwb, tmp_path / "a.nwb")


def test_units_become_counts_whose_times_are_kept(spikes_and_hand):
    rec = read(spikes_and_hand)
    assert isinstance(rec, Recording) and rec.sfreq == 50.0
    assert rec.channels.names == ("unit 3", "unit 7") and set(rec.channels.kinds) == {"spikes"}
    assert (rec.subject, rec.session) == ("rat5", "s2")
    assert rec.data.sum(axis=1).tolist() == [100.0, 2.0]
    assert rec.data[1].nonzero()[0].tolist() == [100, 375]
    assert "counts in bins of 0.02 s; rebin(rec, bin) chooses others" in rec.notes
    assert read(spikes_and_hand, bin=0.5).data[0].tolist() == [5.0] * 19
    wide = rebin(pickle.loads(pickle.dumps(rec)), 0.25)
    np.testing.assert_array_equal(wide.data, read(spikes_and_hand, bin=0.25).data)


def test_behaviour_lies_on_the_middle_of_bins(spikes_and_hand):
    rec = read(spikes_and_hand)
    middles = (np.arange(rec.n_times) + 0.5) * 0.02
    inside = middles < 9.98
    hand = rec.targets["hand"]
    np.testing.assert_allclose(hand[0, inside], 0.5 * middles[inside])  # conversion to metres
    assert np.isnan(hand[:, middles > 10]).all()
    windows = rec.windows(length=0.1, step=0.02, target="hand")
    np.testing.assert_allclose(windows.y[0], [0.045, 0.09])
    assert "target 'hand' in meters" in rec.notes


def test_trials_and_their_moments_are_events(spikes_and_hand):
    events = read(spikes_and_hand).events
    assert events["label"].tolist() == [
        "trial/left", "go_cue/left", "trial/right", "go_cue/right", "trial/left",
    ]  # fmt: skip
    assert events["onset"].tolist() == [1.0, 1.5, 4.0, 4.5, 7.0]
    assert events["duration"].tolist() == [2.0, 0.0, 2.0, 0.0, 2.0]
    epochs = read(spikes_and_hand).epoch({"l": "go_cue/left", "r": "go_cue/right"}, tmax=0.5)
    assert epochs.trials["reward"].tolist() == [0.0, 0.1]


def test_windows_stay_inside_what_was_observed(tmp_path):
    nwb = new_file()
    add_units(nwb, observed=[[1.0, 4.0], [5.0, 9.0]])
    add_trials(nwb)
    rec = read(save(nwb, tmp_path / "a.nwb"))
    assert rec.duration == pytest.approx(8.0)
    assert rec.intervals.values.tolist() == [[3.0, 1.0, "gap"]]
    assert rec.events["onset"][0] == 0.0  # the first trial starts where observation does
    assert rec.data[1].nonzero()[0].tolist() == [50, 325]
    assert len(rec.windows(length=1.0, step=1.0)) == 7


def test_volts_become_microvolts_and_are_read_in_parts(tmp_path):
    nwb = new_file()
    add_voltages(nwb)
    rec = read(save(nwb, tmp_path / "a.nwb"))
    assert rec.channels.units == ("µV", "µV") and rec.channels.kinds == ("seeg", "seeg")
    assert rec.channels.names == ("electrode 2", "electrode 0")
    np.testing.assert_allclose(rec.read(1000, 1003), [[1000, 1001, 1002], [-2000, -2002, -2004]])
    np.testing.assert_allclose(pickle.loads(pickle.dumps(rec)).read(7, 8, [1]), [[-14]])


@pytest.mark.parametrize(
    ("name", "location", "kind"),
    [("ecog grid", "left temporal", "ecog"), ("raw", "scalp EEG", "eeg"), ("ieeg", "CA1", "seeg")],
)
def test_words_of_the_electrodes_tell_the_kind(tmp_path, name, location, kind):
    nwb = new_file()
    add_voltages(nwb, name, location)
    assert set(read(save(nwb, tmp_path / "a.nwb")).channels.kinds) == {kind}


def test_spikes_and_voltages_are_a_bundle_on_the_files_clock(tmp_path):
    nwb = new_file()
    add_units(nwb)
    add_trials(nwb)
    add_voltages(nwb)
    nwb.add_invalid_time_interval(start_time=4.2, stop_time=4.3)
    path = save(nwb, tmp_path / "a.nwb")
    bundle = read(path)
    assert isinstance(bundle, Bundle) and bundle.names == ["spikes", "LFP"]
    assert bundle.offsets == {"spikes": 0.0, "LFP": 2.0}
    assert bundle.events["onset"].tolist() == [1.0, 1.5, 4.0, 4.5, 7.0]
    epochs = bundle.epoch("trial", tmax=0.2)
    assert epochs["LFP"].data[0, 0, 0] == 2000 and len(epochs) == 1
    assert set(epochs.dropped["reason"]) == {
        "LFP: starts before the recording", "LFP: ends after the recording",
    }  # fmt: skip
    assert len(bundle.epoch("trial/right", tmax=0.15)) == 1
    with pytest.raises(DataError, match="BAD_invalid"):
        bundle.epoch("trial/right", tmax=0.3)
    assert read(path, signal="LFP").shape == (2, 5000)
    with pytest.raises(DataError, match="did you mean 'LFP'"):
        read(path, signal="LFp")


def test_calcium_traces(tmp_path):
    nwb = new_file()
    device = nwb.create_device("scope")
    channel = pynwb.ophys.OpticalChannel(name="green", description="GCaMP", emission_lambda=510.0)
    plane = nwb.create_imaging_plane(
        name="plane", optical_channel=channel, description="one", device=device,
        excitation_lambda=920.0, indicator="GCaMP6f", location="CA1",
    )  # fmt: skip
    masks = pynwb.ophys.PlaneSegmentation(name="cells", imaging_plane=plane, description="masks")
    for _ in range(2):
        masks.add_roi(image_mask=np.ones((2, 2)))
    module = nwb.create_processing_module("ophys", "traces")
    module.add(pynwb.ophys.ImageSegmentation(plane_segmentations=[masks]))
    region = masks.create_roi_table_region("all", region=[0, 1])
    series = pynwb.ophys.RoiResponseSeries(
        name="dff",
        data=np.ones((50, 2)),
        rois=region,
        unit="dF/F",
        timestamps=np.arange(50) / 10,
    )
    module.add(pynwb.ophys.DfOverF(roi_response_series=[series]))
    rec = read(save(nwb, tmp_path / "a.nwb"))
    assert rec.channels.kinds == ("calcium", "calcium") and rec.sfreq == 10.0


def test_what_holds_no_signal_or_is_damaged(tmp_path):
    empty = save(new_file(), tmp_path / "empty.nwb")
    with pytest.raises(DataError, match="holds no signal"):
        read(empty)
    broken = tmp_path / "broken.nwb"
    broken.write_bytes(empty.read_bytes()[:3000])
    with pytest.raises(DataError, match="cannot be read"):
        read(broken)


def test_the_file_of_the_zoo(shared_data):
    rec = read(shared_data / "io_zoo" / "nwb" / "A8604-211122.nwb")
    assert rec.shape[0] == 3 and rec.data.sum() > 20000
    assert rec.events["label"].tolist() == ["epochs/wake"]


def test_the_package_that_is_missing_is_named(tmp_path, monkeypatch):
    path = tmp_path / "a.nwb"
    path.write_bytes(b"anything")
    monkeypatch.setitem(sys.modules, "pynwb", None)
    with pytest.raises(MissingDependency, match=r"\[spikes\]"):
        read(path)
