"""Folders laid out as NSD, the Bern seizures, Brain-to-Text, Alljoined and ArEEG_Words lay them."""

import numpy as np
import pandas as pd
import pytest
from loaders.edf_files import write_edf
from scipy.io import savemat

from neurodecode import load
from neurodecode.core.card import read_card
from neurodecode.core.errors import DataError, DownloadError, MissingDependency
from neurodecode.loaders import RepairWarning
from neurodecode.loaders.sources import folders


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """The folder of downloaded data."""
    monkeypatch.setenv("NEURODECODE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


# ---------------------------------------------------------------------- NSD
GRID = (3, 2, 5)  # voxels of the small head
SESSIONS = "nsd/nsddata_betas/ppdata/subj01/func1pt8mm/betas_fithrf_GLMdenoise_RR"
DESIGN = "nsd/nsddata/experiments/nsd/nsd_expdesign.mat"
MASK = "nsd/nsddata/ppdata/subj01/func1pt8mm/roi/nsdgeneral.nii.gz"


def nsd_betas(seed=0):
    """Stored betas, MATLAB's axes: x, y, z, trials."""
    return np.random.default_rng(seed).integers(-900, 900, size=(*GRID, 750)).astype(np.int16)


@pytest.fixture
def nsd(data):
    """Design and mask of person 1; trial t shows picture index t mod 4 (+1), three times in all."""
    nibabel = pytest.importorskip("nibabel")
    for name in (DESIGN, MASK):
        (data / name).parent.mkdir(parents=True)
    (data / SESSIONS).mkdir(parents=True)
    order = np.arange(30000) % 4000 + 1
    numbers = np.arange(80000).reshape(8, 10000) % 73000 + 1
    savemat(data / DESIGN, {"masterordering": order[None], "subjectim": numbers,
                            "sharedix": numbers[:1, :1000]})  # fmt: skip
    mask = np.full(GRID, -1.0, np.float32)  # outside the cortex
    mask[:2, 0, 1:3] = 1
    mask[2] = 0  # cortex, another region
    nibabel.Nifti1Image(mask, np.diag([1.8, 1.8, 1.8, 1])).to_filename(data / MASK)
    return data


def write_nifti(data, betas, session, slope=None):
    import nibabel

    image = nibabel.Nifti1Image(betas, np.diag([1.8, 1.8, 1.8, 1]))
    if slope is not None:
        image.header.set_slope_inter(slope, 0)
    image.to_filename(data / SESSIONS / f"betas_session{session:02d}.nii.gz")


def write_hdf5(data, betas, session):
    h5py = pytest.importorskip("h5py")
    with h5py.File(data / SESSIONS / f"betas_session{session:02d}.hdf5", "w") as file:
        file["betas"] = betas.T  # HDF5 shows MATLAB's axes reversed


def test_nsd_gives_percent_change_pictures_and_the_shared_thousand(nsd):
    betas = {1: nsd_betas(1), 2: nsd_betas(2)}
    write_nifti(nsd, betas[1], 1)
    write_hdf5(nsd, betas[2], 2)
    assert folders.is_present(read_card("NSD"))
    epochs = load("NSD", subjects=[1])
    assert epochs.shape == (1500, 4, 1) and set(epochs.channels.units) == {"%"}
    assert epochs.channels.names == ("v0-0-1", "v0-0-2", "v1-0-1", "v1-0-2")
    for session, rows in ((1, slice(0, 750)), (2, slice(750, 1500))):
        stored = betas[session][:2, 0, 1:3].reshape(4, 750)
        np.testing.assert_allclose(epochs.data[rows, :, 0], stored.T / 300, rtol=1e-6)
    assert epochs.y[:2].tolist() == ["1", "2"] and epochs.y[750:752].tolist() == ["751", "752"]
    assert epochs.trials["stimulus"].tolist() == epochs.y.tolist()
    train, test = epochs.split("published")
    assert sorted(test.y.astype(int)) == list(range(1, 1001)) and len(train) == 500
    assert set(epochs.groups("session")) == {"01", "02"}
    image = epochs.to_image(epochs.data[0, :, 0])
    assert image.shape == GRID and image.get_fdata()[0, 0, 1] == pytest.approx(
        betas[1][0, 0, 1, 0] / 300
    )


def test_nsd_counts_showings_over_sessions_and_reads_a_session_once(nsd):
    for session in (1, 6):
        write_hdf5(nsd, nsd_betas(session), session)
    write_nifti(nsd, nsd_betas(1), 1)  # the same betas again
    epochs = load("NSD", subjects=[1], store=False)
    assert len(epochs) == 1500
    # Session 6 holds trials 3751 to 4500: pictures 3751 to 4000, then 1 to 500 again.
    assert epochs.y[-1] == "500" and epochs.trials["repeat"].tolist()[-1] == 2
    assert epochs.trials["repeat"].tolist()[750] == 1


def test_nsd_refuses_scaled_floats_other_grids_and_what_lies_apart(nsd):
    write_nifti(nsd, nsd_betas() / np.float32(300), 1)
    with pytest.raises(DataError, match="as NSD stores them"):
        load("NSD", store=False)
    write_nifti(nsd, nsd_betas(), 1, slope=1 / 300)
    with pytest.raises(DataError, match="scales its own values"):
        load("NSD", store=False)
    write_hdf5(nsd, nsd_betas()[:2], 1)
    with pytest.raises(DataError, match="mask's grid"):
        load("NSD", store=False)
    write_hdf5(nsd, nsd_betas()[..., :700], 1)
    with pytest.raises(DataError, match="no whole session"):
        load("NSD", store=False)
    (nsd / DESIGN).unlink()
    with pytest.raises(DownloadError) as error:
        load("NSD", store=False)
    assert error.value.expected == str(nsd / DESIGN) and "after a form" in error.value.fix


# ---------------------------------------------------------------------- seizures in long recordings
def ieeg(n_channels, n_times, seed=0):
    return (50 * np.random.default_rng(seed).normal(size=(n_channels, n_times))).astype(np.float32)


def test_swec_hours_take_seizures_from_the_info_file(data):
    place = data / "swec-ethz/ID01"
    place.mkdir(parents=True)
    hours = {1: ieeg(3, 512 * 40, 1), 2: ieeg(3, 512 * 25, 2)}
    for hour, signal in hours.items():
        savemat(place / f"ID01_{hour}h.mat", {"EEG": signal.astype(np.float64)})
    with pytest.raises(DownloadError, match="ID01_info"):
        load("SWEC-ETHZ", subjects=["01"])
    savemat(place / "ID01_info.mat", {"fs": [[512]], "seizure_begin": [[12.0], [3604.0]],
                                      "seizure_end": [[26.0], [3611.0]]})  # fmt: skip
    epochs = load("SWEC-ETHZ", subjects=["01"])
    assert epochs.shape == (6, 3, 5120) and set(epochs.channels.kinds) == {"seeg"}
    assert epochs.y.tolist() == [
        "interictal", "ictal", "ictal", "interictal", "ictal", "interictal",
    ]  # fmt: skip
    np.testing.assert_array_equal(epochs.data[4], hours[2][:, :5120])
    assert epochs.groups("run").tolist() == ["1"] * 4 + ["2"] * 2
    savemat(place / "ID01_info.mat", {"fs": [[512]], "seizure_begin": [[12.0]],
                                      "seizure_end": [[6.0]]})  # fmt: skip
    with pytest.raises(DataError, match="begin and end in turn"):
        load("SWEC-ETHZ", store=False)
    savemat(place / "ID01_1h.mat", {"EEG": hours[1].T})
    with pytest.raises(DataError, match="no hour of channels x samples"):
        load("SWEC-ETHZ", store=False)


def write_parts(place, parts, person, sfreq=512.0, seizures=((12.0, 28.0),), **how):
    """Parts and the view of all, which names the parts of the person it was copied from."""
    h5py = pytest.importorskip("h5py")
    place.mkdir(parents=True)
    n = sum(part.shape[1] for part in parts)
    layout, at = h5py.VirtualLayout((len(parts[0]), n), dtype="f4"), 0
    for k, part in enumerate(parts, start=1):
        with h5py.File(place / f"ID{person}_part_{k}.h5", "w") as file:
            file.create_dataset("data/ieeg", data=part, chunks=part.shape, **how)
        source = h5py.VirtualSource(f"ID99_part_{k}.h5", "data/ieeg", part.shape)
        layout[:, at : at + part.shape[1]] = source
        at += part.shape[1]
    with h5py.File(place / f"ID{person}_total.h5", "w") as file:
        file.attrs["sampling_rate"] = sfreq
        file.create_virtual_dataset("data/ieeg", layout)
        table = np.array(list(seizures), dtype=[("onsets", "f8"), ("offsets", "f8")])
        file["data/seizures"] = table


def test_swec_parts_keep_their_place_when_others_are_missing(data):
    parts = [ieeg(4, 512 * 15, 1), ieeg(4, 512 * 20, 2)]
    write_parts(data / "swec-ieeg/ID24", parts, "24")
    study = load("SWEC-iEEG", form="recording")
    assert [each.shape for each in study] == [(4, 7680), (4, 10240)]
    np.testing.assert_array_equal(study[1].read(100, 200), parts[1][:, 100:200])
    # Seizure at 12 to 28 s: of part 1 its last 3 s, of part 2 (from 15 s) its first 13 s.
    assert load("SWEC-iEEG").y.tolist() == ["interictal", "ictal", "interictal"]
    (data / "swec-ieeg/ID24/ID24_part_1.h5").unlink()
    epochs = load("SWEC-iEEG")
    assert epochs.y.tolist() == ["ictal", "interictal"] and epochs.shape == (2, 4, 5120)
    np.testing.assert_array_equal(epochs.data[1], parts[1][:, 5120:])
    (data / "swec-ieeg/ID24/ID24_total.h5").unlink()
    with pytest.raises(DownloadError, match="ID24_total"):
        load("SWEC-iEEG")


def test_swec_copies_of_people_carry_their_twins_number_and_are_left_out(data):
    parts = [ieeg(2, 512 * 20)]
    write_parts(data / "swec-ieeg/ID04", parts, "04")
    write_parts(data / "swec-ieeg/ID24", parts, "24")
    with pytest.warns(RepairWarning, match="repeats"):
        epochs = load("SWEC-iEEG")
    assert len(epochs) == 2 and set(epochs.groups("subject")) == {"24"}


def test_swec_names_the_plug_in_that_opens_its_files(data, monkeypatch):
    hdf5plugin = pytest.importorskip("hdf5plugin")
    parts = [ieeg(2, 512 * 20)]
    write_parts(data / "swec-ieeg/ID30", parts, "30", compression=hdf5plugin.LZ4())
    assert load("SWEC-iEEG", store=False).data.max() == parts[0].max()
    monkeypatch.setattr("h5py.h5z.filter_avail", lambda number: False)
    monkeypatch.setitem(__import__("sys").modules, "hdf5plugin", None)
    with pytest.raises(MissingDependency, match="LZ4") as error:
        load("SWEC-iEEG", store=False)
    assert "[spikes]" in error.value.fix


# ---------------------------------------------------------------------- sentences
def write_day(path, texts, seed=0, lengths=None):
    rng = np.random.default_rng(seed)
    lengths = lengths or [10 + 5 * k for k in range(len(texts))]
    power, crossings = np.empty((2, 1, len(texts)), dtype=object)
    for k, n in enumerate(lengths):
        power[0, k] = rng.gamma(2.0, 10.0, size=(n, 256)).astype(np.float32)
        crossings[0, k] = rng.poisson(1.0, size=(n, 256)).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = np.arange(len(texts))[:, None] // 2 + 3
    content = {"sentenceText": np.array(texts), "spikePow": power, "tx1": crossings,
               "blockIdx": blocks}  # fmt: skip
    savemat(path, content)
    return crossings[0], power[0]


def test_brain_to_text_gives_sentences_of_their_own_length(data):
    place = data / "brain-to-text-24/competitionData"
    texts = ["Hello there.", "It's a longer sentence", "no"]
    crossings, power = write_day(place / "train/t12.2022.04.28.mat", texts)
    write_day(place / "test/t12.2022.04.28.mat", ["A test."], seed=1)
    write_day(place / "competitionHoldOut/t12.2022.06.14.mat", [" "], seed=2)
    for again in (True, False):
        epochs = load("Brain-to-Text-24", tmax=0.5, store=again)
        assert epochs.shape == (4, 256, 25) and epochs.y.tolist() == ["A test.", *texts]
        assert epochs.length.tolist() == [10, 10, 15, 20]
    np.testing.assert_array_equal(epochs.data[2, :128, :15], crossings[1][:, :128].T)
    np.testing.assert_array_equal(epochs.data[2, 128:, :15], power[1][:, :128].T)
    assert not epochs.data[2, :, 15:].any()
    assert epochs.channels.names[0] == "tx1 001" and epochs.channels.names[128] == "spikePow 001"
    assert (epochs.channels.units[0], epochs.channels.units[128]) == ("counts", "raw")
    assert epochs.groups("run").tolist() == ["3", "3", "3", "4"]
    assert epochs.trials["duration"].tolist() == [0.2, 0.2, 0.3, 0.4]
    train, test = epochs.split("published")
    assert test.y.tolist() == ["A test."] and test.length.tolist() == [10]
    assert set(train.groups("session")) == {"2022.04.28"}


def test_brain_to_text_refuses_long_sentences_and_other_layouts(data):
    path = data / "brain-to-text-24/competitionData/train/t12.2022.04.28.mat"
    write_day(path, ["one", "two"], lengths=[5, 30])
    with pytest.raises(DataError, match="longer than the window") as error:
        load("Brain-to-Text-24", tmax=0.5, store=False)
    assert "tmax=1)" in error.value.fix
    write_day(path, ["one", " "])
    with pytest.raises(DataError, match="not one text and block"):
        load("Brain-to-Text-24", store=False)
    savemat(path, {"sentenceText": np.array(["one"]), "tx1": np.ones((2, 2))})
    with pytest.raises(DataError, match="lacks spikePow, blockIdx"):
        load("Brain-to-Text-24", store=False)


# ---------------------------------------------------------------------- pictures, Emotiv's EDF
EEG32 = read_card("Alljoined-1.6M").channels["names"]


CHANNELS = ("COUNTER", *reversed(EEG32), "CQ_Cz")


def write_block(data, name, texts, channels=CHANNELS, seed=0):
    marks = [(1.0 + 0.5 * k, text) for k, text in enumerate(texts)]
    path = data / "alljoined-1.6m/raw_eeg" / name
    write_edf(path, channels, sfreq=256, seconds=6, seed=seed, annotations=marks)


def test_alljoined_takes_pictures_from_annotations_and_people_from_folders(data):
    block = "session_01/block_02/Subject 19, Session 1, Block 2_EPOCFLEX.edf"
    write_block(data, f"sub-08/{block}", ["stim_test,16641,-1,1", "behav,1,-1,2", "oddball,3,-1,3",
                                          "stim_test,16540,-1,4"])  # fmt: skip
    write_block(data, "sub-08/session_01/block_07/Subject 8.edf",
                ["session_1,block_7,stim_train,00042,-1,1"], seed=1)  # fmt: skip
    write_block(data, "sub-08/session_02 old/block_01/a.edf", ["stim_train,1,-1,1"], seed=2)
    epochs = load("Alljoined-1.6M")
    assert epochs.shape == (3, 32, 256) and set(epochs.channels.kinds) == {"eeg"}
    assert epochs.channels.names == tuple(EEG32) and len(EEG32) == 32
    assert np.isfinite(epochs.channels.positions).all(axis=1).sum() == 30  # O9 and O10 have none
    assert epochs.y.tolist() == ["16641", "16540", "42"]
    assert epochs.trials["stimulus"].tolist() == epochs.y.tolist()
    assert epochs.groups("part").tolist() == ["test", "test", "train"]
    assert set(epochs.groups("subject")) == {"08"} and epochs.groups("run")[2] == "07"
    assert epochs.trials["onset"].tolist() == [1.0, 2.5, 1.0]
    assert 5 < epochs.data.std() < 15  # µV


def test_alljoined_refuses_other_channels_and_blocks_without_pictures(data):
    name = "sub-01/session_01/block_01/a.edf"
    write_block(data, name, ["stim_train,1,-1,1"], channels=(*EEG32[:-1], "COUNTER"))
    with pytest.raises(DataError, match="a channel is missing") as error:
        load("Alljoined-1.6M", store=False)
    assert "Fp2" in error.value.found
    write_block(data, name, ["behav,1,-1,1"])
    with pytest.raises(DataError, match="shows no picture"):
        load("Alljoined-1.6M", store=False)


# ---------------------------------------------------------------------- words, Emotiv's CSV
EPOC = read_card("ArEEG_Words").channels["names"]


def write_export(path, sfreq=128, seconds=1.0, head=True, names=EPOC, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    n = int(sfreq * seconds)
    table = pd.DataFrame({"Timestamp": 1.7e9 + np.arange(n) / sfreq, "EEG.Counter": np.arange(n)})
    noise = 4200 + 10 * np.random.default_rng(seed).normal(size=(n, len(names)))
    for name, column in zip(reversed(names), noise.T, strict=True):  # another order than the card's
        table[f"EEG.{name}"] = column
    table["MOT.AccX"] = [0.1 if k % 2 else None for k in range(n)]  # half the rate
    first = f"title:x,headset type:EPOCX,sampling rate:eeg_{sfreq};mot_64,channels:75\n"
    path.write_text((first if head else "") + table.to_csv(index=False), encoding="utf-8-sig")
    return noise.T[::-1]


def test_areeg_words_are_folders_and_people_are_in_the_names(data):
    arabic = read_card("ArEEG_Words").source["words"]
    signal = write_export(data / f"areeg_words/{arabic['up']}/par.7 up_EPOCX.md.csv")
    write_export(data / "areeg_words/Down/par.07_down.csv", head=False, seed=1)  # by time stamps
    write_export(data / f"areeg_words/{arabic['up']}/Par 12.csv", seconds=0.6, seed=2)
    epochs = load("ArEEG_Words")
    assert epochs.shape == (4 + 4 + 2, 14, 32) and epochs.channels.names == tuple(EPOC)
    assert sorted(zip(epochs.groups("subject"), epochs.y, strict=True)) == sorted(
        [("7", "up")] * 4 + [("7", "down")] * 4 + [("12", "up")] * 2
    )
    first = epochs[(epochs.y == "up") & (epochs.groups("subject") == "7")]
    np.testing.assert_allclose(first.data[1], signal[:, 32:64], rtol=1e-6)  # µV, offset and all
    assert set(load("ArEEG_Words", subjects=["12"], store=False).y) == {"up"}


def test_areeg_words_refuse_strange_folders_names_rates_and_tables(data):
    place = data / "areeg_words"
    write_export(place / "sideways/par.1.csv")
    with pytest.raises(DataError, match="none of the words") as error:
        load("ArEEG_Words")
    assert "sideways" in error.value.found
    (place / "sideways/par.1.csv").rename(place / "par.1.csv")
    (place / "sideways").rename(place / "up")
    write_export(place / "up/someone.csv")
    with pytest.raises(DataError, match="does not say whose"):
        load("ArEEG_Words")
    (place / "up/someone.csv").rename(place / "up/par.1.csv")
    write_export(place / "up/par.2.csv", sfreq=256)
    with pytest.raises(DataError, match="sampling rates"):
        load("ArEEG_Words", store=False)
    assert load("ArEEG_Words", sfreq=128, store=False).sfreq == 128
    write_export(place / "up/par.2.csv", names=EPOC[:-1])
    with pytest.raises(DataError, match="a channel is missing"):
        load("ArEEG_Words", store=False)
    (place / "up/par.2.csv").write_text("1,2\n3,4\n")
    with pytest.raises(DataError, match="no export of Emotiv"):
        load("ArEEG_Words", store=False)


# ---------------------------------------------------------------------- the store
def test_the_store_sees_labels_that_lie_apart(data):
    write_parts(data / "swec-ieeg/ID24", [ieeg(2, 512 * 20)], "24", seizures=[])
    before = folders.files(read_card("SWEC-iEEG"), ["24"])
    assert {path.name for path in before} == {"ID24_part_1.h5", "ID24_total.h5"}
