"""fNIRS: the forms light takes, against MNE's numbers and the law itself; Homer files."""

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from neurodecode import load
from neurodecode.core.errors import DataError
from neurodecode.loaders.reading import read

mne = pytest.importorskip("mne")


def light(n_times=400, floor=None):
    """A pair of channels, 3 cm apart, whose optical densities are planted exactly."""
    rng = np.random.default_rng(0)
    names = ["S1_D1 760", "S1_D1 850"]
    info = mne.create_info(names, 10.0, "fnirs_cw_amplitude")
    for place, wave in zip(info["chs"], (760, 850), strict=True):
        place["loc"][:10] = [0, 0, 0.015, 0, 0, 0, 0, 0, 0.03, wave]
    density = 0.05 * rng.normal(size=(2, n_times))
    intensity = np.array([[0.3], [0.6]]) * np.exp(-density)
    if floor is not None:
        intensity[0, 7] = floor
    return mne.io.RawArray(intensity, info, verbose="error"), density


def test_light_becomes_optical_density_by_default():
    raw, density = light()
    rec = read(raw)
    assert rec.channels.kind_counts() == {"fnirs_od": 2}
    constant = np.log(np.exp(-density).mean(axis=1, keepdims=True))  # the mean over the run
    np.testing.assert_allclose(rec.data, density + constant, atol=1e-6)
    np.testing.assert_allclose(rec.data, mne.preprocessing.nirs.optical_density(raw).get_data(),
                               atol=1e-7)  # fmt: skip
    assert any("optical density" in note for note in rec.notes)
    assert raw.get_data().min() > 0.1  # the caller's object stays as it was


def test_the_mean_light_of_boxy_becomes_optical_density_its_phase_does_not():
    names = ["S1_D1 DC", "S1_D1 AC", "S1_D1 Ph"]
    kinds = ["fnirs_cw_amplitude", "fnirs_fd_ac_amplitude", "fnirs_fd_phase"]
    density = np.array([0.3, -0.1, 0.0, 0.2])
    data = np.array([np.exp(-density), [1.0, 2, 3, 4], [0.1, 0.2, 0.3, 0.4]])
    raw = mne.io.RawArray(data, mne.create_info(names, 10.0, kinds), verbose="error")
    rec = read(raw)
    assert rec.channels.kinds == ("fnirs_od", "misc", "misc")
    np.testing.assert_allclose(rec.data[0], density + np.log(np.exp(-density).mean()), atol=1e-7)
    np.testing.assert_allclose(rec.data[1:], data[1:], rtol=1e-6)
    assert raw.get_channel_types() == kinds
    with pytest.raises(DataError, match="cannot be turned"):
        read(raw, fnirs="haemoglobin")


def test_haemoglobin_follows_the_law():
    """1 µM and -0.3 µM over 3 cm at factor 6 are densities of .005034 and .035261."""
    raw, _ = light(2)
    steps = np.array([[0.0, 0.005034], [0.0, 0.035261]])
    raw = mne.io.RawArray(np.exp(-steps), raw.info, verbose="error")
    rec = read(raw, fnirs="haemoglobin", ppf=6.0)
    assert rec.channels.kinds == ("hbo", "hbr") and rec.channels.units == ("µM", "µM")
    rise = np.diff(rec.data, axis=1).ravel()
    np.testing.assert_allclose(np.abs(rise), [1.0, 0.3], atol=0.1)
    assert np.sign(rise).tolist() == [1, -1]
    smaller = read(raw, fnirs="haemoglobin", ppf=0.1)
    np.testing.assert_allclose(smaller.data, 60 * rec.data, rtol=1e-5)
    assert any("factor 0.1" in note for note in smaller.notes)


def test_intensity_stays_where_it_is_asked_for():
    raw, _ = light()
    rec = read(raw, fnirs="intensity")
    assert rec.channels.kind_counts() == {"misc": 2}
    np.testing.assert_allclose(rec.data, raw.get_data(), rtol=1e-6)


@pytest.mark.parametrize("floor", [0.0, -0.1, np.nan])
def test_channels_without_light_are_bad_and_hold_no_number(floor):
    raw, _ = light(floor=floor)
    rec = read(raw)
    assert rec.channels.bads == {"S1_D1 760"}
    assert np.isnan(rec.data[0]).all() and np.isfinite(rec.data[1]).all()
    both = read(raw, fnirs="haemoglobin")
    assert both.channels.bads == {"S1_D1 hbo", "S1_D1 hbr"}


def test_haemoglobin_needs_the_length_of_a_pair():
    raw, _ = light()
    for place in raw.info["chs"]:
        place["loc"][6:9] = [0, 0, 0.3]
    with pytest.raises(DataError, match="cannot be turned") as error:
        read(raw, fnirs="haemoglobin")
    assert "30 cm" in str(error.value)
    names = ["S1_D1 760", "S1_D1 850", "S2_D2 760", "S2_D2 850"]
    info = mne.create_info(names, 10.0, "fnirs_cw_amplitude")
    for place, wave in zip(info["chs"], (760, 850, 760, 850), strict=True):
        place["loc"][:10] = [0, 0, 0.015, 0, 0, 0, 0, 0, 0.03, wave]
    for place in info["chs"][2:]:
        place["loc"][6:9] = 0
    two = mne.io.RawArray(np.tile(raw.get_data(), (2, 1)), info, verbose="error")
    rec = read(two, fnirs="haemoglobin")
    assert rec.channels.bads == {"S2_D2 hbo", "S2_D2 hbr"}
    assert np.isnan(rec.data[2:]).all() and np.isfinite(rec.data[:2]).all()


def test_densities_of_a_file_become_haemoglobin_too():
    raw, _ = light()
    density = mne.preprocessing.nirs.optical_density(raw)
    rec = read(density, fnirs="haemoglobin")
    np.testing.assert_array_equal(rec.data, read(raw, fnirs="haemoglobin").data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fnirs": "oxy"}, "unknown form"),
        ({"ppf": 6.0}, "belongs to haemoglobin"),
        ({"fnirs": "haemoglobin", "ppf": -1.0}, "belongs to haemoglobin"),
        ({"preload": True}, "without this argument"),
    ],
)
def test_wishes_that_cannot_be_are_refused(options, message):
    with pytest.raises(DataError, match=message):
        read(light()[0], **options)


def test_unpaired_light_has_no_density():
    raw, _ = light()
    alone = raw.copy().pick(["S1_D1 760"])
    with pytest.raises(DataError, match="cannot be turned"):
        read(alone, fnirs="od")
    assert any("stays as it is" in note for note in read(alone).notes)


def homer(path, **changes):
    words = {
        "d": np.abs(np.random.default_rng(0).normal(1, 0.1, size=(50, 2))),
        "t": np.arange(50.0)[:, None] / 10,
        "SD": {
            "SrcPos": [[0.0, 0, 0]], "DetPos": [[30.0, 0, 0]], "Lambda": [760.0, 850.0],
            "MeasList": [[1, 1, 1, 1], [1, 1, 1, 2]], "SpatialUnit": "mm",
        },
        "s": np.eye(50)[:, [5, 20]],
        "CondNames": np.array(["tap", "rest"], dtype=object),
    }  # fmt: skip
    savemat(path, {**words, **changes})
    return path


def test_homer_files_hold_channels_places_and_stimuli(tmp_path):
    rec = read(homer(tmp_path / "run.nirs"))
    assert rec.channels.names == ("S1_D1 760", "S1_D1 850")
    np.testing.assert_allclose(rec.channels.positions[0], [0.015, 0, 0])
    assert rec.sfreq == pytest.approx(10.0)
    assert rec.events[["onset", "label"]].values.tolist() == [[0.5, "tap"], [2.0, "rest"]]
    plain = read(tmp_path / "run.nirs", fnirs="intensity")
    np.testing.assert_allclose(plain.data, loadmat(tmp_path / "run.nirs")["d"].T, rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"d": np.ones((50, 3))}, "do not fit one another"),
        ({"t": np.r_[np.arange(49.0), 99.0][:, None]}, "samples are missing"),
        ({"SD": {"SrcPos": [[0.0, 0, 0]]}}, "lacks parts"),
    ],
)
def test_homer_files_that_cannot_be_are_refused(tmp_path, changes, message):
    with pytest.raises(DataError, match=message):
        read(homer(tmp_path / "run.nirs", **changes))
    (tmp_path / "text.nirs").write_text("no MATLAB")
    with pytest.raises(DataError, match="no MATLAB file"):
        read(tmp_path / "text.nirs")


def test_homer_and_snirf_of_one_recording_agree(shared_data):
    folder = shared_data / "io_zoo/nirx/nirsport_v2/aurora_2021_9_6"
    one, other = (read(folder / f"2022-05-23_004.{ending}") for ending in ("nirs", "snirf"))
    assert one.channels.names == other.channels.names
    np.testing.assert_allclose(one.data, other.data, atol=1e-6)
    assert (one.channels.frame, other.channels.frame) == ("device", "head")
    np.testing.assert_allclose(one.events["onset"], other.events["onset"], atol=0.11)


@pytest.mark.slow  # MNE takes a second a SNIRF file
def test_tapping_reaches_the_measured_figures(shared_data, monkeypatch):
    """Task against the 10 s before, leave-one-recording-out: .92 .50 .50 .33 on 12 windows each."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import LeaveOneGroupOut, cross_val_score

    monkeypatch.setenv("NEURODECODE_DATA", str(shared_data))
    study = load("fnirs-tapping", form="recording")
    tapping = [4, 5, 6, 7, 8, 9]
    windows = study.epoch({"task": tapping}, tmin=-10, tmax=45, kinds="hbo")
    parts = [windows.crop(0, None), windows.crop(None, 0)]
    x = np.concatenate([part.data.mean(axis=-1) for part in parts])
    y = np.repeat(["task", "rest"], len(windows))
    session = np.tile(windows.groups("session"), 2)
    scores = cross_val_score(
        LogisticRegression(max_iter=3000), x, y, groups=session, cv=LeaveOneGroupOut()
    )
    wilson = np.array([(0.64, 0.99), (0.25, 0.75), (0.25, 0.75), (0.13, 0.61)])
    assert (scores >= wilson[:, 0]).all() and (scores <= wilson[:, 1]).all()
