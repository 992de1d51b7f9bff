"""Arrays in files: axes in words, MATLAB of both kinds, nothing unpickled."""

import numpy as np
import pytest
from scipy.io import savemat

from neurodecode import read
from neurodecode.core.errors import DataError
from neurodecode.loaders.formats.arrays import arrange, event_frame, load_array


@pytest.fixture
def signal():
    return np.random.default_rng(0).normal(scale=10, size=(3, 400))


def test_what_the_file_says_is_used_and_said(tmp_path, signal):
    path = tmp_path / "a.npz"
    np.savez(path, data=signal, fs=200.0, ch_names=["Fz", "Cz", "Pz"], label=np.arange(5))
    rec = read(path)
    assert rec.sfreq == 200 and rec.channels.names == ("Fz", "Cz", "Pz")
    np.testing.assert_array_equal(rec.data, signal)
    assert "200 Hz by the variable 'fs'" in rec.notes


def test_axes_are_told_in_words(tmp_path, signal):
    path = tmp_path / "a.npy"
    np.save(path, signal.T)
    with pytest.raises(DataError, match="seem to be swapped"):
        read(path, sfreq=200)
    rec = read(path, sfreq=200, axes="times channels", kind="seeg", unit="mV")
    np.testing.assert_allclose(rec.data, 1000 * signal)
    assert rec.channels.kinds[0] == "seeg" and rec.channels.units[0] == "µV"


def test_matlab_of_both_kinds(tmp_path, signal):
    h5py = pytest.importorskip("h5py")
    old, new = tmp_path / "old.mat", tmp_path / "new.mat"
    savemat(old, {"x": signal, "EEG": {"data": signal, "srate": 200.0}})
    with h5py.File(new, "w", userblock_size=512) as file:
        file["x"] = signal.T  # MATLAB's columns are HDF5's rows
        file.create_group("EEG")["data"] = signal.T
    for path in (old, new):
        for variable in ("x", "EEG.data"):
            np.testing.assert_array_equal(load_array(path, variable), signal)
        rec = read(path, variable="x", sfreq=200)
        np.testing.assert_array_equal(rec.data, signal)
    with pytest.raises(DataError, match="did you mean 'EEG'"):
        read(old, variable="EEGs", sfreq=200)


def test_counts_of_eight_bits_become_floats(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, data=np.full((2, 50), 255, dtype=np.uint8))
    rec = read(path, sfreq=20, kind="spikes")
    assert rec.dtype == np.float32 and rec.data.sum() == 2 * 50 * 255


@pytest.mark.parametrize(
    ("axes", "says"),
    [
        ("channels", "do not fit the array"),
        ("chanels times", "did you mean 'channels'"),
        ("times times", "unknown axes"),
        ("trials times", "one more axis"),
    ],
)
def test_axes_that_cannot_be(axes, says):
    with pytest.raises(DataError, match=says):
        arrange(np.zeros((3, 40)), axes, "channels times", "a.npy")


def test_nothing_is_unpickled(tmp_path):
    class Evil:
        def __reduce__(self):
            return (pytest.fail, ("code of the file ran",))

    path = tmp_path / "a.npz"
    np.savez(path, data=np.array([Evil()], dtype=object))
    with pytest.raises(DataError, match="could run code"):
        read(path, sfreq=10)
    single = tmp_path / "a.npy"
    np.save(single, np.array([Evil()], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="could run code"):
        read(single, sfreq=10)


@pytest.mark.parametrize("ending", [".npy", ".npz", ".mat"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"\x93NUMPY broken" * 9])
def test_damaged_files(tmp_path, ending, content):
    path = tmp_path / f"a{ending}"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"cannot be read|could run code"):
        read(path, sfreq=10, variable="x")


def test_which_array_and_at_what_rate(tmp_path, signal):
    path = tmp_path / "a.npz"
    np.savez(path, a=signal, b=signal)
    with pytest.raises(DataError, match="which of its arrays"):
        read(path, sfreq=10)
    with pytest.raises(DataError, match="does not say its sampling rate"):
        read(path, variable="a")
    np.savez(path, a=np.array(["x"]), b=signal[:, :0])
    with pytest.raises(DataError, match=r"which of its arrays|no plain numbers|without samples"):
        read(path, sfreq=10)


def test_a_channel_of_codes():
    codes = np.array([0, 2, 2, 1, 0, 0, 2])
    frame = event_frame(codes, 10.0)
    assert frame["onset"].tolist() == [0.1, 0.3, 0.6] and frame["code"].tolist() == [2, 1, 2]
    assert frame["duration"].tolist() == pytest.approx([0.2, 0.1, 0.1])
