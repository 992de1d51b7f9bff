"""Sources: archives behind a server on this machine, and folders laid out as their sources do."""

import hashlib
import http.server
import json
import pickle
import threading
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import mne
import numpy as np
import pandas as pd
import pytest
from loaders.edf_files import write_edf
from scipy.io import savemat

from neurodecode.core.card import read_card
from neurodecode.core.errors import DataError, DownloadError, UnknownName
from neurodecode.loaders import cut, load, present_datasets
from neurodecode.loaders.downloading import OFFLINE
from neurodecode.loaders.pickled_arrays import load_arrays
from neurodecode.loaders.sources import dandi, folders, mne_sets, nilearn_sets, openneuro

TEN = read_card("TUAB").channels["names"]


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """The folder of downloaded data."""
    monkeypatch.setenv("NEURODECODE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


# ---------------------------------------------------------------------- archives
class _Archive(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        address = urlsplit(self.path)
        self.server.asked.append(address.path)
        kind, body = self.server.answer(address.path, parse_qs(address.query))
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Archive)
    made.asked = []
    made.url = f"http://127.0.0.1:{made.server_address[1]}"
    threading.Thread(target=made.serve_forever, daemon=True).start()
    monkeypatch.delenv(OFFLINE, raising=False)
    yield made
    made.shutdown()
    made.server_close()


def bids_files(tmp_path):
    """A data set of two people in memory: path -> bytes."""
    place = tmp_path / "there"
    for sub in ("01", "02"):
        stem = f"sub-{sub}/eeg/sub-{sub}_task-x"
        write_edf(place / f"{stem}_eeg.edf", ["C3", "C4"], seconds=5, seed=int(sub))
        (place / f"{stem}_events.tsv").write_text("onset\tduration\ttrial_type\n1\t0\ta\n2\t0\tb\n")
        write_edf(place / f"{stem.replace('task-x', 'task-y')}_eeg.edf", ["C3"], seconds=5)
    (place / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.9.0"}')
    (place / "participants.tsv").write_text("participant_id\tage\nsub-01\t20\nsub-02\t30\n")
    (place / "derivatives").mkdir()
    (place / "derivatives" / "big.bin").write_bytes(bytes(1000))
    return {p.relative_to(place).as_posix(): p.read_bytes() for p in place.rglob("*.*")}


@pytest.fixture
def bucket(server, tmp_path, monkeypatch):
    """OpenNeuro's bucket: lists two keys a page, with MD5 sums."""
    files = bids_files(tmp_path)
    keys = sorted(f"ds000999/{name}" for name in files)

    def answer(path, query):
        if "prefix" not in query:
            return "application/octet-stream", files.get(path.partition("ds000999/")[2])
        found = [key for key in keys if key.startswith(query["prefix"][0])]
        start = int(query.get("continuation-token", ["0"])[0])
        rows = "".join(
            f"<Contents><Key>{key}</Key><Size>{len(files[key[9:]])}</Size>"
            f"<ETag>&quot;{hashlib.md5(files[key[9:]]).hexdigest()}&quot;</ETag></Contents>"
            for key in found[start : start + 2]
        )
        more = f"<NextContinuationToken>{start + 2}</NextContinuationToken>"
        space = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
        tail = more if start + 2 < len(found) else ""
        page = f"<ListBucketResult {space}>{rows}{tail}</ListBucketResult>"
        return "application/xml", page.encode()

    server.answer, server.files = answer, files
    monkeypatch.setattr(openneuro, "BUCKET", server.url)
    return server


def test_openneuro_fetches_the_people_and_the_task_that_are_asked_for(bucket, data, capsys):
    ask = {"task": "x", "labels": ["a", "b"], "tmax": 0.5}
    epochs = load("openneuro:ds000999", subjects=["02"], **ask)
    assert epochs.shape == (2, 2, 50) and epochs.trials["age"].tolist() == [30, 30]
    folder = data / "openneuro" / "ds000999"
    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*.*") if p.name[0] != "."}
    assert names == {
        "dataset_description.json", "participants.tsv",
        "sub-02/eeg/sub-02_task-x_eeg.edf", "sub-02/eeg/sub-02_task-x_events.tsv",
    }  # fmt: skip
    assert "2 files" in capsys.readouterr().err
    bucket.asked.clear()
    load("openneuro:ds000999", subjects=["02"], store=False, **ask)
    assert bucket.asked == []  # what is here is not asked for again
    assert len(load("openneuro:ds000999", store=False, **ask)) == 4
    assert all("sub-01" in path for path in bucket.asked)


def test_openneuro_refuses_other_bytes_and_other_names(bucket, data):
    ask = {"task": "x", "labels": ["a", "b"]}
    with pytest.raises(UnknownName, match="six digits"):
        load("openneuro:ds1", **ask)
    with pytest.raises(UnknownName, match="no such data set"):
        load("openneuro:ds000998", **ask)
    name = "sub-01/eeg/sub-01_task-x_eeg.edf"
    load("openneuro:ds000999", subjects=["02"], **ask)  # the list is kept now
    bucket.files[name] = b"1" + bucket.files[name][1:]
    with pytest.raises(DownloadError, match="md5"):
        load("openneuro:ds000999", subjects=["01"], **ask)
    assert not (data / "openneuro" / "ds000999" / name).exists()


def test_openneuro_offline_names_the_folder_and_takes_one_that_is_there(
    bucket, data, tmp_path, monkeypatch
):
    monkeypatch.setenv(OFFLINE, "1")
    with pytest.raises(DownloadError, match="switched off") as error:
        load("openneuro:ds000999", task="x", labels=["a"])
    assert str(data / "openneuro" / "ds000999") in error.value.expected
    (data / "openneuro").mkdir(parents=True)
    (tmp_path / "there").rename(data / "openneuro" / "ds000999")
    assert len(load("openneuro:ds000999", task="x", labels=["a", "b"], tmax=0.5)) == 4
    assert bucket.asked == []


def test_a_list_that_leads_out_of_the_folder_is_refused(bucket):
    bucket.files["../../evil.tsv"] = b"x"
    keys = ["ds000999/../../evil.tsv"]
    page = f"<R><Contents><Key>{keys[0]}</Key><Size>1</Size><ETag>x</ETag></Contents></R>"
    plain = bucket.answer
    bucket.answer = lambda path, query: (
        ("application/xml", page.encode()) if "prefix" in query else plain(path, query)
    )
    listed = openneuro.list_files("ds000999")
    with pytest.raises(DownloadError, match="outside its data set"):
        openneuro.fetch_listed(listed, openneuro.folder_of("ds000999"), "x")


def test_dandi_lists_fetches_and_checks(server, data, monkeypatch):
    bodies = {"sub-A/sub-A_ses-1_behavior.nwb": b"\x89HDF\r\n\x1a\n" + bytes(100)}
    path, body = next(iter(bodies.items()))
    entry = {
        "asset_id": "77", "path": path, "size": len(body),
        "metadata": {"digest": {"dandi:sha2-256": hashlib.sha256(body).hexdigest()}},
    }  # fmt: skip

    def answer(address, query):
        if address == "/dandisets/000128/versions/draft/assets/":
            second = "page" in query
            other = {**entry, "path": "sub-A/notes.txt"}
            page = {
                "results": [entry if second else other],
                "next": None if second else f"{server.url}{address}?page=2",
            }
            return "application/json", json.dumps(page).encode()
        return "application/octet-stream", body if address == "/assets/77/download/" else None

    server.answer = answer
    monkeypatch.setattr(dandi, "API", server.url)
    card = dandi.make_card("000128", None, None)
    assert card.subjects == ["A"] and not dandi.is_present(card)
    study = dandi.read_recordings(card, None)
    assert study.table[["subject", "session"]].to_numpy().tolist() == [["A", "1"]]
    assert (data / "dandi" / "000128" / path).read_bytes() == body
    assert dandi.is_present(card) and dandi.files(card, ["B"]) == []
    server.asked.clear()
    dandi.read_recordings(card, ["A"])
    assert server.asked == []
    with pytest.raises(UnknownName, match="six digits"):
        load("dandi:128")


# ---------------------------------------------------------------------- bring your folder
@pytest.mark.parametrize("name", ["TUAB", "TUEV", "CHB-MIT", "FACED", "SEED", "DEAP", "NSD"])
def test_an_absent_folder_is_named_with_its_source(name, data):
    card = read_card(name)
    assert name not in present_datasets()
    with pytest.raises(DownloadError) as error:
        load(name)
    assert str(data / card.source["folder"]) in error.value.expected
    assert card.source["host"] in error.value.fix


def test_tuab_takes_labels_and_parts_from_folders(data):
    names = [f"EEG {name}-REF" for name in reversed(TEN)] + ["EEG EKG1-REF"]
    for i, (phase, label) in enumerate(
        [("train", "normal"), ("train", "abnormal"), ("eval", "normal"), ("eval", "abnormal")]
    ):
        stem = f"tuab/edf/{phase}/{label}/01_tcp_ar/aaaa{i}_s001_t000.edf"
        write_edf(data / stem, names, sfreq=250, seconds=25, seed=i)
    epochs = load("TUAB")
    assert epochs.shape == (8, 19, 2500) and epochs.channels.names == tuple(TEN)
    train, test = epochs.split("published")
    assert len(train) == len(test) == 4
    assert set(train.groups("subject")) == {"aaaa0", "aaaa1"}
    assert train.y.tolist() == ["abnormal"] * 2 + ["normal"] * 2
    assert load("TUAB", subjects=["aaaa2"], store=False).y.tolist() == ["normal", "normal"]


def test_tuab_refuses_a_recording_without_a_channel(data):
    names = [f"EEG {name}-REF" for name in TEN[:-1]]
    write_edf(data / "tuab/edf/train/normal/01_tcp_ar/a_s_t.edf", names, sfreq=250)
    with pytest.raises(DataError, match="a channel is missing") as error:
        load("TUAB")
    assert "PZ" in error.value.found


def test_tuev_joins_its_rec_files_and_counts_a_second_once(data):
    names = [f"EEG {name}-REF" for name in TEN]
    for phase, person in (("train", "p1"), ("eval", "p2")):
        path = data / f"tuev/edf/{phase}/{person}/{person}_1.edf"
        write_edf(path, names, sfreq=250, seconds=20, seed=ord(person[1]))
        rows = ["3,5.0,6.0,1", "4,5.0,6.0,1", "3,10.0,11.0,6", "0,1.0,2.0,6", "1,18.5,19.5,2"]
        path.with_suffix(".rec").write_text("\n".join(rows))
    with pytest.raises(DataError, match="pled"):  # the card's classes must all occur
        load("TUEV")
    card = replace(read_card("TUEV"), classes=["spsw", "gped", "bckg"])
    card.source["events"] = {"spsw": 1, "gped": 2, "bckg": 6}
    epochs = cut(card, folders.read_recordings(card, None))
    assert epochs.shape == (4, 19, 1250)
    assert epochs.y.tolist() == ["spsw", "bckg"] * 2
    assert epochs.dropped["reason"].tolist()[:2] == [
        "starts before the recording", "ends after the recording",
    ]  # fmt: skip


def test_chb_mit_joins_summaries_merges_a_child_and_keeps_the_first_of_two(data):
    names = [*read_card("CHB-MIT").channels["names"], "-", "T8-P8"]
    for number, start in (("01", "Seizure Start Time: 11 seconds"),
                          ("21", "Seizure 1 Start Time: 11 seconds"),
                          ("22", "Seizure Start Time: 21 seconds")):  # fmt: skip
        folder = data / f"chb-mit/chb{number}"
        write_edf(folder / f"chb{number}_03.edf", names, sfreq=256, seconds=41, seed=int(number))
        end = start.replace("Start", "End").replace("11 s", "19 s").replace("21 s", "27 s")
        (folder / f"chb{number}-summary.txt").write_text(
            f"File Name: chb{number}_03.edf\nNumber of Seizures in File: 1\n{start}\n{end}\n"
        )
    epochs = load("CHB-MIT")
    assert epochs.shape == (12, 18, 2560)
    assert set(epochs.groups("subject")) == {"01", "22"}
    assert epochs.y.tolist()[:4] == ["background", "seizure", "background", "background"]
    assert epochs.y.tolist()[8:] == ["background", "background", "seizure", "background"]
    assert set(epochs.groups("part")[epochs.groups("subject") == "01"]) == {"train"}
    (data / "chb-mit/chb01/chb01-summary.txt").unlink()
    with pytest.raises(DataError, match="no summary"):
        load("CHB-MIT", store=False)


def test_faced_opens_pickles_of_arrays_only(data):
    place = data / "faced/Processed_data"
    place.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in (0, 80, 122):
        array = rng.normal(size=(28, 32, 7500)).astype(np.float32)
        (place / f"sub{number:03d}.pkl").write_bytes(pickle.dumps(array))
    epochs = load("FACED", subjects=["080"], store=False)
    assert epochs.shape == (84, 30, 2500) and set(epochs.groups("part")) == {"val"}
    counts = pd.Series(epochs.y).value_counts().to_dict()
    assert counts.pop("neutral") == 12 and set(counts.values()) == {9}
    (place / "sub000.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(DataError, match=r"wants to run \w+.system"):
        load("FACED", subjects=["000"], store=False)


def test_seed_joins_its_label_file(data):
    place = data / "seed/Preprocessed_EEG"
    place.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for subject, date in (("1", "20131027"), ("1", "20131030")):
        clips = {f"djc_eeg{i}": rng.normal(size=(62, 400)) for i in range(1, 16)}
        savemat(place / f"{subject}_{date}.mat", clips)
    with pytest.raises(DataError, match="lacks the labels"):
        load("SEED", store=False)
    savemat(place / "label.mat", {"label": [[1, 0, -1] * 5]})
    epochs = load("SEED", subjects=[1], store=False)
    assert epochs.shape == (60, 62, 200)
    assert epochs.y.tolist()[:6] == ["positive"] * 2 + ["neutral"] * 2 + ["negative"] * 2
    train, test = epochs.split("published")
    assert (len(train), len(test)) == (36, 24) and set(train.groups("run")) == set("123456789")
    assert sorted(set(epochs.groups("session"))) == ["20131027", "20131030"]


def test_deap_cuts_ratings_and_the_baseline(data):
    place = data / "deap/data_preprocessed_python"
    place.mkdir(parents=True)
    clips = np.random.default_rng(0).normal(size=(40, 40, 128 * 11))
    clips[:, :, : 3 * 128] = 99
    ratings = np.tile([[5.0, 1, 1, 1], [5.1, 1, 1, 1]], (20, 1))
    body = pickle.dumps({"data": clips, "labels": ratings}, protocol=2)
    (place / "s01.dat").write_bytes(body)
    epochs = load("DEAP", subjects=["01"], store=False)
    assert epochs.shape == (80, 32, 512) and epochs.data.max() < 50
    assert epochs.y.tolist()[:4] == ["low", "low", "high", "high"]


def test_things_reads_numbers_of_pictures_from_the_trigger_channel(data):
    place = data / "things-eeg2/sub-01/ses-01"
    place.mkdir(parents=True)
    for phase, codes in (("training", [7, 16540, 99999]), ("test", [200, 200, 1])):
        signal = np.random.default_rng(codes[0]).normal(size=(64, 9000)) * 1e-5
        signal[63] = 0
        signal[63, [1000, 3000, 5000]] = codes
        names = [f"E{i}" for i in range(63)] + ["stim"]
        parts = {"raw_eeg_data": signal, "ch_names": names, "ch_types": ["eeg"] * 63 + ["stim"],
                 "sfreq": 1000}  # fmt: skip
        np.save(place / f"raw_eeg_{phase}.npy", parts)  # NumPy pickles a dict
    epochs = load("THINGS-EEG2", subjects=["01"], store=False)
    assert epochs.shape == (5, 63, 1000)
    train, test = epochs.split("published")
    assert train.y.tolist() == ["7", "16540"] and test.y.tolist() == ["200", "200", "1"]
    assert train.data.std() == pytest.approx(10, rel=0.1)  # µV


def test_a_npy_file_of_plain_numbers_needs_no_pickle(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3))
    assert load_arrays(tmp_path / "a.npy").tolist() == [0, 1, 2]
    (tmp_path / "b.pkl").write_bytes(b"\x80\x04")
    with pytest.raises(DataError, match="cannot be read as arrays"):
        load_arrays(tmp_path / "b.pkl")


# ---------------------------------------------------------------------- MNE's and nilearn's
def test_sleep_joins_hypnograms_and_keeps_pages_near_sleep(tmp_path, monkeypatch):
    monkeypatch.setenv("PHYSIONET_SLEEP_PATH", str(tmp_path))
    place = tmp_path / "physionet-sleep-data"
    names = ["EEG Fpz-Cz", "EEG Pz-Oz", "EOG horizontal"]
    write_edf(place / "SC4001E0-PSG.edf", names, seconds=9000)
    stages = mne.Annotations(
        [0, 3000, 3060, 3150, 3240, 3300],
        [3000, 60, 90, 90, 60, 5700],
        ["Sleep stage W", "Sleep stage 1", "Sleep stage 3", "Sleep stage 4", "Movement time",
         "Sleep stage W"],
    )  # fmt: skip
    monkeypatch.setattr(
        "mne.read_annotations",
        lambda path: stages if str(path).endswith("SC4001EC-Hypnogram.edf") else 1 / 0,
    )
    (place / "SC4001EC-Hypnogram.edf").touch()
    (place / "SC4002EC-Hypnogram.edf").touch()
    card = read_card("sleep-edf")
    recording = mne_sets.read_recordings(card, ["0"])[0]
    epochs = recording.epoch(["W", "N1", "N3"], tmax=30.0)
    assert recording.recording == "SC4001" and recording.session == "1"
    assert epochs.shape[1:] == (2, 3000)
    counts = pd.Series(epochs.y).value_counts().to_dict()
    assert counts == {"W": 118, "N1": 2, "N3": 6}  # half an hour before, and from 3300 to 5010
    assert epochs.trials["onset"].min() == 1200  # half an hour before the first sleep
    assert not mne_sets.is_present(card)


def test_mne_sample_reads_the_events_that_lie_apart(tmp_path, monkeypatch):
    monkeypatch.setenv("MNE_DATASETS_SAMPLE_PATH", str(tmp_path))
    monkeypatch.setenv(OFFLINE, "1")
    card = read_card("mne-sample")
    with pytest.raises(DownloadError, match="sample_audvis_filt"):
        load("mne-sample")
    place = tmp_path / "MNE-sample-data/MEG/sample"
    place.mkdir(parents=True)
    info = mne.create_info(["MEG 0111", "EEG 001"], card.sfreq, ["mag", "eeg"])
    noise = np.random.default_rng(0).normal(size=(2, 3000)) * [[1e-13], [1e-5]]
    raw = mne.io.RawArray(noise, info, first_samp=6450, verbose="error")
    raw.save(place / "sample_audvis_filt-0-40_raw.fif", verbose="error")
    cues = np.array([[6450 + 300 * k, 0, code] for k, code in enumerate([1, 1, 2, 3, 4, 32], 1)])
    mne.write_events(place / "sample_audvis_filt-0-40_raw-eve.fif", cues, verbose="error")
    epochs = load("mne-sample", store=False)
    assert epochs.shape == (5, 2, 105)
    assert epochs.y.tolist() == ["auditory_left"] * 2 + ["auditory_right", "visual_left",
                                                         "visual_right"]  # fmt: skip
    assert epochs.trials["onset"][0] == pytest.approx(300 / card.sfreq - 0.2, abs=0.01)


def test_haxby_is_block_means_that_know_their_run(tmp_path, monkeypatch):
    nibabel = pytest.importorskip("nibabel")
    nilearn_clean = pytest.importorskip("nilearn.signal").clean
    monkeypatch.setenv("NILEARN_DATA", str(tmp_path))
    place = tmp_path / "haxby2001" / "subj2"
    place.mkdir(parents=True)
    affine, rng = np.diag([3.0, 3, 3, 1]), np.random.default_rng(0)
    mask = np.zeros((4, 4, 4), np.uint8)
    mask[1:3, 1:3, 1:3] = 1
    bold = rng.normal(size=(4, 4, 4, 40)).astype(np.float32) + 100
    nibabel.Nifti1Image(bold, affine).to_filename(place / "bold.nii.gz")
    for name in ("mask4_vt", "mask8b_face_vt", "mask8b_house_vt", "mask8_face_vt",
                 "mask8_house_vt", "anat"):  # fmt: skip
        nibabel.Nifti1Image(mask, affine).to_filename(place / f"{name}.nii.gz")
    nibabel.Nifti1Image(mask, affine).to_filename(place.parent / "mask.nii.gz")
    (place.parent / "MD5SUMS").write_text("")
    labels = (["rest"] * 4 + ["face"] * 9 + ["rest"] * 7) * 2
    rows = [f"{label} {chunk}" for label, chunk in zip(labels, [0] * 20 + [1] * 20, strict=True)]
    (place / "labels.txt").write_text("labels chunks\n" + "\n".join(rows) + "\n")
    card = replace(read_card("haxby"), subjects=["2"])
    assert nilearn_sets.is_present(card)
    names = {path.name for path in nilearn_sets.files(card, ["2"])}
    assert {"bold.nii.gz", "labels.txt", "mask4_vt.nii.gz"} <= names
    (person,) = nilearn_sets.read_recordings(card, ["2"])
    assert (person.shape, person.subject) == ((8, 40), "2")
    np.testing.assert_allclose(person.data[:, :20].mean(axis=1), 0, atol=1e-6)  # each run alone
    epochs = cut(card, [person])
    assert epochs.shape == (2, 8, 1) and epochs.y.tolist() == ["face", "face"]
    assert epochs.groups("run").tolist() == ["0", "1"]
    assert epochs.trials["onset"].tolist() == [15.0, 65.0]  # of the window
    voxels = bold[1:3, 1:3, 1:3].reshape(8, 40)
    clean = [nilearn_clean(run.T, standardize="zscore_sample", detrend=True, t_r=2.5).T
             for run in (voxels[:, :20], voxels[:, 20:])]  # fmt: skip
    expected = [run[:, 6:13].mean(axis=1) for run in clean]  # 5 to 22.5 s of a block at 10 s
    np.testing.assert_allclose(epochs.data[..., 0], expected, rtol=1e-4, atol=1e-5)
    monkeypatch.setenv("NILEARN_DATA", str(tmp_path / "empty"))
    monkeypatch.setenv(OFFLINE, "1")
    with pytest.raises(DownloadError, match="haxby2001"):
        nilearn_sets.read_recordings(card, ["2"])
