"""`Reference`: what is subtracted from whom, and what is left of the rank."""

import numpy as np
import pytest

from neurodecode import Epochs
from neurodecode.core import Channels
from neurodecode.core.errors import DataError
from neurodecode.preprocessing import Reference


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
