"""References and Laplacians: what is subtracted from whom, and what is left of the rank."""

import numpy as np
import pytest
from preprocessing.heads import brain, cap

from neurodecode import Epochs, Recording
from neurodecode.core import Channels
from neurodecode.core.errors import DataError
from neurodecode.linalg import current_source_matrix
from neurodecode.loaders.simulate.head import CENTRE, HEAD_RADIUS
from neurodecode.preprocessing import Bipolar, CurrentSource, Laplacian, Reference


def test_average_is_zero_and_rank_falls_by_one(epochs):
    out = Reference("average").transform(epochs)
    assert np.abs(out.data.mean(axis=1)).max() < 1e-6
    assert out.rank == 3 and out.channels.reference == "average"
    assert np.linalg.matrix_rank(np.cov(out.data[0].astype(float)), tol=1e-6) == 3


def test_bad_channels_stay_out_of_the_average(epochs):
    data = epochs.data.copy()
    data[:, 3] += 500
    bad = Epochs(data, channels=epochs.channels.replace(bads=["Pz"]), sfreq=250)
    out = Reference("average").transform(bad)
    expected = epochs.data[:, :3].mean(axis=1)
    assert np.allclose(out.data[:, 0], epochs.data[:, 0] - expected, atol=1e-5)


def test_one_bad_channel_of_500_among_32_adds_a_32nd():
    data = np.zeros((1, 32, 10))
    data[0, 5] = 500
    out = Reference().transform(Epochs(data, channels=[f"E{i}" for i in range(32)], sfreq=10))
    assert out.data[0, 0, 0] == pytest.approx(-15.625)


def test_named_channels(epochs):
    out = Reference(["C3", "C4"]).transform(epochs)
    expected = epochs.data - epochs.data[:, [0, 2]].mean(axis=1, keepdims=True)
    assert np.allclose(out.data, expected, atol=1e-6)
    assert np.abs(Reference("Cz").transform(epochs).data[:, 1]).max() == 0


def test_other_kinds_are_left_alone(recording):
    out = Reference().transform(recording)
    assert np.array_equal(out.data[2:], recording.data[2:])
    assert np.allclose(out.data[0], -out.data[1], atol=1e-5)


def test_eeg_and_seeg_are_averaged_apart():
    channels = Channels(["C3", "C4", "A1", "A2"], kinds=["eeg", "eeg", "seeg", "seeg"])
    out = Reference().transform(
        Epochs(np.array([[[1.0], [3], [10], [30]]]), channels=channels, sfreq=1)
    )
    assert out.data.ravel().tolist() == [-1, 1, -10, 10] and out.rank == 2


def test_referencing_twice_loses_no_second_rank(epochs):
    twice = Reference().transform(Reference().transform(epochs))
    assert twice.rank == 3


def test_meg_has_no_reference_and_names_are_checked(epochs):
    meg = Epochs(np.zeros((1, 1, 5)), channels=Channels(["M1"], kinds="mag"), sfreq=5)
    with pytest.raises(DataError, match="no electrode"):
        Reference().transform(meg)
    with pytest.raises(DataError, match="did you mean 'Cz'"):
        Reference("CZ").transform(epochs)


def test_the_recordings_own_reference_comes_back_and_no_rank_is_lost():
    data = np.random.default_rng(0).normal(size=(2, 32, 100))
    epochs = Epochs(data, channels=[f"E{i}" for i in range(32)], sfreq=100)
    out = Reference(add="Cz").transform(epochs)
    assert out.shape[1] == 33 and out.channels.names[-1] == "Cz"
    assert out.rank == 32 == np.linalg.matrix_rank(out.data[0])
    assert np.allclose(out.data[:, -1], -data.sum(axis=1) / 33)
    with pytest.raises(DataError, match="cannot add"):
        Reference(add="E3").transform(epochs)


def test_laplacian_is_the_difference_from_the_nearest_good_neighbours():
    recording = brain(32, 2, 250.0)
    moved = np.random.default_rng(0).normal(scale=1e-3, size=(32, 3))  # no two equally near
    places = recording.channels.positions + moved
    channels = recording.channels.replace(positions=places)
    recording = Recording(recording.data, channels=channels, sfreq=250)
    apart = np.linalg.norm(places - places[7], axis=1)
    nearest = np.argsort(apart)[1:5]
    out = Laplacian().transform(recording)
    assert np.allclose(out.data[7], recording.data[7] - recording.data[nearest].mean(axis=0))
    assert out.rank == 31 == np.linalg.matrix_rank(out.data)
    assert Laplacian().transform(Reference().transform(recording)).rank == 31
    marked = recording.with_bads([recording.channels.names[nearest[0]]])
    nearest = np.argsort(apart)[2:6]
    out = Laplacian().transform(marked)
    assert np.allclose(out.data[7], recording.data[7] - recording.data[nearest].mean(axis=0))
    with pytest.raises(DataError, match="1 to 31"):
        Laplacian(32).transform(recording)


def test_bipolar_follows_shafts_and_what_all_share_is_gone_exactly():
    channels = Channels(
        ["A1", "A2", "A3", "B1", "B3", "B4", "EOG"], kinds=["seeg"] * 6 + ["eog"], bads=["A3"],
        positions=np.arange(21.0).reshape(7, 3),
    )  # fmt: skip
    rng = np.random.default_rng(0)
    data = rng.integers(-50, 50, size=(7, 40)) + 1000.0
    out = Bipolar().transform(Recording(data, channels=channels, sfreq=10))
    assert out.channels.names == ("A1-A2", "B3-B4", "EOG")
    assert np.array_equal(out.data, [data[0] - data[1], data[4] - data[5], data[6]])
    assert out.channels.positions[0].tolist() == [1.5, 2.5, 3.5]
    assert out.channels.kinds == ("seeg", "seeg", "eog")
    same = Bipolar().transform(Recording(np.full((7, 4), 3.3), channels=channels, sfreq=10))
    assert not same.data[:2].any()
    shaft = Epochs(rng.normal(size=(1, 5, 40)), channels=Channels([f"C{i}" for i in range(5)],
                   kinds="seeg"), sfreq=10)  # fmt: skip
    assert np.linalg.matrix_rank(Bipolar().transform(shaft).data[0]) == 4
    assert Bipolar().transform(Reference().transform(shaft)).rank is None  # all 4 of 4


def test_bipolar_pairs_are_named_for_scalps(epochs):
    out = Bipolar([("C3", "Cz"), ("C4", "Cz")]).transform(epochs)
    assert out.channels.names == ("C3-Cz", "C4-Cz")
    with pytest.raises(DataError, match="no pair"):
        Bipolar().transform(epochs)
    with pytest.raises(DataError, match="did you mean"):
        Bipolar([("C3", "CZ")]).transform(epochs)


def test_current_source_density_is_that_of_mne_and_knows_no_reference():
    import mne

    recording = brain(32, 2, 250.0)
    sphere = (*CENTRE, HEAD_RADIUS)
    info = mne.create_info(list(recording.channels.names), 250.0, "eeg")
    raw = mne.io.RawArray(recording.data * 1e-6, info, verbose="ERROR")
    for channel, place in zip(raw.info["chs"], recording.channels.positions, strict=True):
        channel["loc"][:3] = place
    csd = mne.preprocessing.compute_current_source_density(raw, sphere=sphere, verbose="ERROR")
    ours = CurrentSource(sphere=sphere).transform(recording)
    assert np.abs(ours.data - csd.get_data() * 1e6).max() < 1e-10 * np.abs(ours.data).max()
    assert ours.rank == 31 and ours.channels.units[0] == "µV/m²"
    fitted = CurrentSource().transform(recording)  # the cap lies on that very sphere
    assert np.allclose(fitted.data, ours.data, rtol=1e-6, atol=1e-3)
    again = CurrentSource().transform(Reference().transform(recording))
    assert np.allclose(again.data, fitted.data, atol=1e-6 * np.abs(fitted.data).max())
    assert again.rank == 31
    with pytest.raises(DataError, match="Interpolate"):
        CurrentSource().transform(recording.with_bads(["C3"]))


@pytest.mark.parametrize(("degree", "ratio"), [(1, 1.001), (2, 1.001), (4, 0.737), (6, 0.203)])
def test_harmonics_come_out_times_l_times_l_plus_one(degree, ratio):
    from scipy.special import sph_harm_y

    outward = (cap(64).positions - CENTRE) / HEAD_RADIUS
    theta, phi = np.arccos(outward[:, 2]), np.arctan2(outward[:, 1], outward[:, 0])
    weights = current_source_matrix(cap(64).positions) * HEAD_RADIUS**2 / (degree * (degree + 1))
    gains = []
    for order in range(degree + 1):
        wave = sph_harm_y(degree, order, theta, phi).real
        gains.append(wave @ weights @ wave / (wave @ wave))
    assert np.median(gains) == pytest.approx(ratio, abs=0.01)


def test_products_stream():
    recording = brain(32, 2, 250.0)
    for step in (Reference(), Reference(add="Cz0"), Laplacian(), CurrentSource()):
        stream = step.stream(250.0, recording.channels)
        chunks = np.split(recording.data, [1, 8, 100], axis=1)
        out = np.concatenate([stream.push(chunk) for chunk in chunks], axis=1)
        whole = step.transform(recording).data
        assert np.abs(out - whole).max() <= 1e-12 * np.abs(whole).max()
        assert stream.delay_samples == 0
