"""Samples straight from the bytes of EDF, BDF and FIF files equal what MNE's readers give."""

import pickle

import mne
import numpy as np
import pytest
from loaders.edf_files import write_channels

import neurodecode as nd
from neurodecode.core.errors import DataError
from neurodecode.loaders.formats.direct import DirectReader, direct_reader
from neurodecode.loaders.formats.mne_raw import RawReader

INT16, INT24 = (-32768, 32767), (-8388608, 8388607)
EEG = ("Cz", "uV", (-3276.8, 3276.7), INT16, 25)
KINDS = {
    "one gain": [EEG, ("Pz", "uV", (-3276.8, 3276.7), INT16, 25)],
    "gains and offsets": [
        EEG,
        ("F7", "mV", (-5, 5), (-2048, 2047), 25),
        ("F8", "uV", (0, 4000), (0, 4095), 25),
        ("upside down", "uV", (500, -500), INT16, 25),
        ("EEG A1", "", (-1e6, 9e6), INT16, 25),
    ],
    "annotations between": [
        EEG,
        ("EDF Annotations", "", (-1, 1), INT16, 31),
        ("Pz", "uV", (-100, 100), (-1000, 1000), 25),
        ("EDF Annotations", "", (-1, 1), INT16, 17),
    ],
    "slower ones left alone": [EEG],
    "triggers": [EEG, ("Status", "", (-32768, 32767), INT16, 25)],
}
BDF = {
    "biosemi": [
        ("Cz", "uV", (-262144, 262143), INT24, 33),
        ("EXG1", "uV", (-262144, 262143), INT24, 33),
        ("Status", "Boolean", (-8388608, 8388607), INT24, 33),
    ],
    "bdf with annotations": [
        ("Cz", "uV", (-400, 400), (-8388608, 8388607), 7),
        ("BDF Annotations", "", (-1, 1), INT24, 40),
        ("Pz", "uV", (-187500, 187500), INT24, 7),
    ],
}


def both_readers(recording, path, read):
    """The reader in use, and MNE's way to the same samples."""
    raw = read(path, verbose="error")
    factors = {"uV": 1e6, "µV": 1e6}
    return recording.reader, RawReader(
        raw, np.array([factors.get(unit, 1.0) for unit in recording.channels.units])
    )


def assert_equal(reader, peer, seed=0):
    """All of it, and slices of some channels in any order."""
    assert isinstance(reader, DirectReader)
    assert reader.n_times == peer.n_times
    rng = np.random.default_rng(seed)
    wholes = [(0, reader.n_times, None), (3, 3, None)]
    slices = [
        (
            *sorted(rng.integers(0, reader.n_times, 2, endpoint=True)),
            rng.integers(0, len(reader.starts), 3),
        )
        for _ in range(6)
    ]
    for start, stop, picks in wholes + slices:
        ours, theirs = reader.read(start, stop, picks), peer.read(start, stop, picks)
        assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
        # one rounding to float32; inside, sums of floats of the size of the offset
        np.testing.assert_allclose(
            ours, theirs, rtol=1.3e-7, atol=1e-13 * abs(theirs).max(initial=1)
        )


@pytest.mark.parametrize("native", ["1", "0"])
@pytest.mark.parametrize("name", KINDS)
def test_edf(tmp_path, monkeypatch, name, native):
    monkeypatch.setenv("NEURODECODE_NATIVE", native)
    path = tmp_path / "a.edf"
    write_channels(path, KINDS[name], n_records=9, record_seconds=0.25)
    if name == "slower ones left alone":
        channels = [*KINDS[name], ("slow", "uV", (-100, 100), INT16, 5)]
        write_channels(path, channels, n_records=9, record_seconds=0.25)
        recording = nd.read(path, exclude=["slow"])
        raw = mne.io.read_raw_edf(path, exclude=["slow"], verbose="error")
        return assert_equal(recording.reader, RawReader(raw, np.array([1e6])))
    recording = nd.read(path)
    assert_equal(*both_readers(recording, path, mne.io.read_raw_edf))


@pytest.mark.parametrize("native", ["1", "0"])
@pytest.mark.parametrize("name", BDF)
def test_bdf(tmp_path, monkeypatch, name, native):
    monkeypatch.setenv("NEURODECODE_NATIVE", native)
    path = tmp_path / "a.bdf"
    write_channels(path, BDF[name], n_records=8, record_seconds=0.5)
    recording = nd.read(path)
    assert_equal(*both_readers(recording, path, mne.io.read_raw_bdf))


def test_chunks_of_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr("neurodecode.loaders.formats.direct._CHUNK", 200)
    path = tmp_path / "a.edf"
    write_channels(path, KINDS["gains and offsets"], n_records=9)
    recording = nd.read(path)
    assert_equal(*both_readers(recording, path, mne.io.read_raw_edf))


@pytest.mark.parametrize("fault", ["mixed rates", "EDF+D"])
def test_what_needs_more_than_a_gain_is_mnes(tmp_path, fault):
    path, channels = tmp_path / "a.edf", [EEG, ("slow", "uV", (-100, 100), INT16, 5)]
    if fault != "mixed rates":
        channels = KINDS["annotations between"]
    write_channels(path, channels, n_records=9, kind="EDF+D" if fault == "EDF+D" else "")
    assert isinstance(nd.read(path).reader, RawReader)


def test_a_picked_and_cropped_raw_object_is_read_where_it_lies(tmp_path):
    path = tmp_path / "a.edf"
    write_channels(path, KINDS["gains and offsets"], n_records=9)
    raw = mne.io.read_raw_edf(path, verbose="error").crop(1.3, 6.1)
    recording = nd.read(raw)
    peer = RawReader(raw, np.array([1e6] * 5))
    assert_equal(recording.reader, peer)
    for names in (["Cz", "F7"], ["F8", "EEG A1"]):
        assert isinstance(nd.read(raw.copy().pick(names)).reader, RawReader)
    assert isinstance(nd.read(raw.copy().load_data(verbose="error")).reader, RawReader)


def test_a_file_that_changes_after_it_was_opened(tmp_path):
    path = tmp_path / "a.edf"
    write_channels(path, KINDS["one gain"], n_records=9)
    recording = nd.read(path)
    path.write_bytes(path.read_bytes()[:-30])
    assert recording.read(0, 100).shape == (2, 100)
    with pytest.raises(DataError, match="changed since it was opened"):
        recording.read(200, 225)
    path.unlink()
    with pytest.raises(DataError, match="FileNotFoundError"):
        recording.read(0, 10)


def test_only_the_bytes_of_a_slice_are_read(tmp_path, monkeypatch):
    path = tmp_path / "a.edf"
    write_channels(path, KINDS["one gain"], n_records=50)
    reader = pickle.loads(pickle.dumps(nd.read(path).reader))
    seen = []
    fill = DirectReader._fill
    monkeypatch.setattr(
        DirectReader, "_fill", lambda *args: (seen.append(args[-1].nbytes), fill(*args))
    )
    reader.read(26, 74)
    assert seen == [2 * 100]  # two records of 100 bytes


# ---------------------------------------------------------------------- FIF
def small_raw(n_times=1000, kinds="eeg", n=3):
    rng = np.random.default_rng(1)
    info = mne.create_info([f"E{i}" for i in range(n)], 100.0, kinds)
    return mne.io.RawArray(1e-5 * rng.standard_normal((n, n_times)), info, verbose="error")


@pytest.mark.parametrize("native", ["1", "0"])
@pytest.mark.parametrize("kinds", ["eeg", "mag"])
@pytest.mark.parametrize("buffer_size_sec", [1.0, 0.37, 100.0])
def test_fif(tmp_path, monkeypatch, kinds, buffer_size_sec, native):
    monkeypatch.setenv("NEURODECODE_NATIVE", native)
    path = tmp_path / "a_raw.fif"
    raw = small_raw(kinds=kinds)
    raw.save(path, buffer_size_sec=buffer_size_sec, verbose="error")
    recording = nd.read(path)
    factor = 1e6 if kinds == "eeg" else 1e15
    peer = RawReader(mne.io.read_raw_fif(path, verbose="error"), np.full(3, factor))
    assert_equal(recording.reader, peer)


@pytest.mark.parametrize("fault", ["integers", "projected", "gap", "two files"])
def test_fif_that_is_more_than_floats_is_mnes(tmp_path, fault):
    path, raw, options = tmp_path / "a_raw.fif", small_raw(n_times=40_000, n=30), {}
    if fault == "integers":
        options = {"fmt": "short"}
    elif fault == "projected":
        raw = raw.set_eeg_reference(projection=True, verbose="error")
    elif fault == "gap":
        raw.set_annotations(mne.Annotations([100.0], [20.0], ["BAD_ACQ_SKIP"]))
    elif fault == "two files":
        options = {"split_size": "3MB"}
    raw.save(path, verbose="error", **options)
    opened = mne.io.read_raw_fif(path, verbose="error")
    if fault == "projected":
        opened.apply_proj(verbose="error")
    reader = nd.read(opened).reader
    assert isinstance(reader, RawReader)
    picks = np.array([2, 0])
    expected = RawReader(opened, np.full(30, 1e6)).read(5000, 21_000, picks)
    np.testing.assert_allclose(reader.read(5000, 21_000, picks), expected, rtol=1.3e-7)


@pytest.mark.parametrize("missing", ["n_samps", "cal"])
def test_an_mne_that_names_its_fields_otherwise_reads_for_itself(tmp_path, missing):
    path = tmp_path / "a.edf"
    write_channels(path, KINDS["one gain"], n_records=9, record_seconds=0.25)
    raw, factors = mne.io.read_raw_edf(path, verbose="error"), np.full(2, 1e6)
    assert isinstance(direct_reader(raw, factors), DirectReader)
    raw._raw_extras[0].pop(missing)
    assert direct_reader(raw, factors) is None
