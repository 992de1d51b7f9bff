"""MOABB's sets through MOABB's own parser, with the network closed and files where it looks."""

import os
from types import SimpleNamespace

import mne
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

import neurodecode as nd
from neurodecode.core import registry
from neurodecode.core.card import read_card
from neurodecode.core.channels import Channels
from neurodecode.core.errors import DataError, DownloadError, UnknownName
from neurodecode.linalg.filtering import butterworth, zero_phase
from neurodecode.loaders import RepairWarning, load, static_checks
from neurodecode.loaders.downloading import OFFLINE
from neurodecode.loaders.sources import moabb_sets
from neurodecode.loaders.sources.mne_folders import borrowed_settings, mne_folder

CARDS = [name for name in registry.names("dataset") if read_card(name).source["kind"] == "moabb"]
SUBJECTS = ["1", "2", "3", "4", "7"]  # people of the exoskeleton set that lie in the shared folder


def raw_with(stim=None, annotations=None, zeros=None, sfreq=100.0, n=1000):
    """A raw object as MOABB's parsers give it: µV noise, maybe a trigger channel."""
    noise = np.random.default_rng(0).normal(size=(2, n)) * 1e-5
    if zeros is not None:
        noise[:, zeros] = 0
    names, kinds, rows = ["C3", "C4"], ["eeg", "eeg"], [noise]
    if stim is not None:
        codes = np.zeros((1, n))
        for sample, code in stim:
            codes[0, sample] = code
        names, kinds, rows = [*names, "stim"], [*kinds, "stim"], [*rows, codes]
    raw = mne.io.RawArray(
        np.concatenate(rows), mne.create_info(names, sfreq, kinds), verbose="error"
    )
    if annotations is not None:
        raw.set_annotations(mne.Annotations(*zip(*annotations, strict=True)))
    return raw


def dataset(unit_factor=1e6, **event_id):
    return SimpleNamespace(event_id=event_id, unit_factor=unit_factor)


IDS = {"recording": "r", "subject": "1", "session": "0", "run": "0"}


def test_the_trigger_channel_wins_over_annotations_at_another_instant():
    raw = raw_with(stim=[(100, 1), (300, 7)], annotations=[(3.0, 4.0, "left_hand")])
    events = moabb_sets.recording_of(raw, dataset(left_hand=1), IDS).events
    assert events["onset"].tolist() == [1.0, 3.0]
    assert events["label"].tolist() == ["left_hand", "7"]  # an unknown code keeps its number


def test_annotations_serve_where_triggers_know_no_class():
    raw = raw_with(stim=[(100, 99)], annotations=[(3.0, 4.0, "left_hand")])
    events = moabb_sets.recording_of(raw, dataset(left_hand=1), IDS).events
    assert events["onset"].tolist() == [3.0] and events["label"].tolist() == ["left_hand"]
    with pytest.raises(DataError, match="no events"):
        moabb_sets.recording_of(raw_with(stim=[(100, 99)]), dataset(left_hand=1), IDS)


def test_several_codes_may_stand_for_one_class():
    raw = raw_with(stim=[(100, 111), (300, 112)])
    events = moabb_sets.recording_of(raw, dataset(Target=[111, 112]), IDS).events
    assert events["label"].tolist() == ["Target", "Target"]


def test_zeros_between_glued_trials_are_gaps_that_no_window_crosses():
    raw = raw_with(stim=[(100, 1), (400, 1)], zeros=slice(450, 500))
    recording = moabb_sets.recording_of(raw, dataset(left_hand=1), IDS)
    gaps = recording.intervals
    assert gaps[["onset", "duration", "kind"]].to_numpy().tolist() == [[4.5, 0.5, "gap"]]
    assert recording.good_spans() == [(0, 450), (500, 1000)]
    epochs = recording.epoch("left_hand", tmax=1.0)
    assert len(epochs) == 1 and "crosses a gap" in epochs.dropped["reason"][0]


@pytest.mark.parametrize(
    ("factor", "scale", "sd"), [(1e6, 1.0, 10.0), (1e6, 0.1, 1.0), (1e5, 1, 1)]
)
def test_units_are_microvolts_whatever_the_parser_gives(factor, scale, sd):
    raw = raw_with(stim=[(100, 5)])
    recording = moabb_sets.recording_of(raw, dataset(factor, a=5), IDS, scale)
    assert recording.pick("eeg").data.std() == pytest.approx(sd, rel=0.05)
    assert recording.pick("stim").data.max() == 5  # codes are no voltages


def test_presence_and_absence_need_no_moabb(tmp_path, monkeypatch):
    monkeypatch.setenv("MNE_DATA", str(tmp_path))
    monkeypatch.setenv(OFFLINE, "1")
    monkeypatch.setitem(__import__("sys").modules, "moabb", None)
    card = read_card("BNCI2014_001")
    assert not moabb_sets.is_present(card)
    with pytest.raises(DownloadError) as error:
        load("BNCI2014_001", subjects=[1])
    assert str(tmp_path / "MNE-bnci-data/~bci/database/001-2014/A01T.mat") in error.value.expected
    assert "TU Graz" in error.value.fix and OFFLINE in error.value.found
    for subject in range(1, 10):
        for part in "TE":
            path = tmp_path / f"MNE-bnci-data/~bci/database/001-2014/A0{subject}{part}.mat"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    assert moabb_sets.is_present(card)
    assert len(moabb_sets.files(card, ["2"])) == 2


def test_a_file_of_another_checksum_is_not_read(tmp_path, monkeypatch):
    from dataclasses import replace

    monkeypatch.setenv("MNE_DATA", str(tmp_path))
    (tmp_path / "A01T.mat").write_bytes(b"half")
    card = replace(read_card("BNCI2014_001"), checksums={"A01T.mat": "0" * 64})
    with pytest.raises(DataError, match="4 bytes"):
        list(moabb_sets.read_recordings(card, ["1"]))


def test_settings_of_the_user_are_read_and_never_written(tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("_MNE_FAKE_HOME_DIR", str(tmp_path / "home"))
    for key in ("MNE_DATA", "MNE_DATASETS_EEGBCI_PATH"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("NEURODECODE_DATA", str(tmp_path / "data"))
    before = dict(os.environ)
    with borrowed_settings("SSVEPEXO") as folder:
        assert folder == tmp_path / "data" and folder.is_dir()
        mne.set_config("MNE_DATA", "elsewhere")
        mne.set_config("MNE_DATASETS_SAMPLE_PATH", "elsewhere")
    assert dict(os.environ) == before and list((tmp_path / "home").iterdir()) == []
    mne.set_config("MNE_DATASETS_EEGBCI_PATH", str(tmp_path / "own"), set_env=False)
    assert mne_folder("EEGBCI") == tmp_path / "own"
    assert mne_folder("SSVEPEXO") == tmp_path / "data"


# ---------------------------------------------------------------------- with MOABB itself
@pytest.fixture(scope="module")
def exoskeleton(shared_data, tmp_path_factory):
    """The five people where MOABB looks, their cues in a trigger channel as its files have them."""
    pytest.importorskip("moabb")
    base = tmp_path_factory.mktemp("mne")
    folder = base / "MNE-ssvepexo-data" / "zenodo" / "2392979"
    folder.mkdir(parents=True)
    for path in sorted((shared_data / "ssvep_exo").glob("*_raw.fif")):
        raw = mne.io.read_raw_fif(path, preload=True, verbose="error")
        cues = mne.read_events(str(path).replace("_raw.fif", "-eve.fif"))
        codes = np.zeros((1, raw.n_times))
        codes[0, cues[:, 0] - raw.first_samp] = cues[:, 2]
        info = mne.create_info(["stim"], raw.info["sfreq"], "stim")
        stim = mne.io.RawArray(codes, info, first_samp=raw.first_samp, verbose="error")
        raw.add_channels([stim], force_update_info=True)
        name = f"subject{int(path.name[1:3]):02d}_run{path.name[7]}_raw.fif"
        raw.save(folder / name, verbose="error")
    return base


@pytest.fixture
def at_exoskeleton(exoskeleton, monkeypatch):
    monkeypatch.setenv("MNE_DATA", str(exoskeleton))
    monkeypatch.setenv(OFFLINE, "1")
    return exoskeleton


@pytest.mark.slow
def test_any_set_of_moabb_has_a_card_made_of_what_moabb_says():
    pytest.importorskip("moabb")
    card = nd.loaders.find_card("moabb:alexmi")
    assert card.name == "moabb:AlexMI" and len(card.subjects) == 8
    assert card.classes == ["right_hand", "feet", "rest"] and (card.tmin, card.tmax) == (0.0, 3.0)
    assert nd.loaders.find_card("moabb:BNCI2014_001").title.startswith("Four-class")
    with pytest.raises(UnknownName, match="BNCI2014_001"):
        nd.loaders.find_card("moabb:BNCI2014_0001")
    with pytest.raises(DataError, match="one task"):
        nd.loaders.find_card("moabb:AlexMI", task="mi")


@pytest.mark.slow
@pytest.mark.parametrize("name", CARDS)
def test_cards_agree_with_moabbs_parsers(name):
    pytest.importorskip("moabb")
    card = read_card(name)
    made = moabb_sets.make_card(card.source["set"], None, None)
    known = moabb_sets._dataset(card.source["set"], {})
    assert card.subjects == made.subjects
    assert (card.tmin, card.tmax) == (made.tmin, made.tmax)
    assert card.doi in (made.doi, card.doi)
    for event in card.source["events"].values():
        assert event in known.event_id or event in known.event_id.values()
    # Codes stand where MOABB's names are frequencies: they must be the card's.
    for label, event in card.source["events"].items():
        if isinstance(event, int):
            named = next(each for each, code in known.event_id.items() if code == event)
            assert float(named) == pytest.approx(card.frequencies[label], abs=0.01)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::neurodecode.loaders.repair.RepairWarning")
def test_the_exoskeleton_set_loads_offline_through_moabbs_parser(at_exoskeleton):
    epochs = load("moabb:kalunga2016", subjects=SUBJECTS[:2], store=False)
    assert epochs.shape == (128, 8, 512) and epochs.name == "Kalunga2016"
    assert dict(epochs.trials.groupby(["subject", "run"]).size()) == {
        (subject, run): 32 for subject in ("1", "2") for run in ("0", "1")
    }
    assert sorted(set(epochs.y)) == ["13 Hz", "17 Hz", "21 Hz", "rest"]
    codes = dict(zip(epochs.y, epochs.trials["code"], strict=True))
    assert (codes["21 Hz"], codes["17 Hz"]) == (3, 4)
    assert 1 < np.median(epochs.data.std(axis=-1)) < 200
    with pytest.raises(DownloadError, match="subject05"):
        load("Kalunga2016", subjects=["5"], store=False)


@pytest.mark.slow
def test_the_repeated_recording_and_swapped_codes_are_found_without_the_card(at_exoskeleton):
    card = read_card("Kalunga2016")
    with pytest.warns(RepairWarning, match=r"sub-7 ses-0 run-0 repeats .* sub-3 ses-0 run-1"):
        cleaned = load("Kalunga2016", subjects=SUBJECTS, store=False)
    epochs = load("Kalunga2016", subjects=SUBJECTS, store=False, as_distributed=True)
    assert len(epochs) - len(cleaned) == 32
    checks = {check.name: check for check in static_checks(card, epochs)}
    assert "sub-7 ses-0 run-0" in checks["repeated recordings"].found
    assert not checks["repeated recordings"].ok
    assert checks["spectral peaks"].ok
    swap = {"17 Hz": "21 Hz", "21 Hz": "17 Hz"}
    swapped = epochs.with_y(np.array([swap.get(label, label) for label in epochs.y]))
    assert not {c.name: c for c in static_checks(card, swapped)}["spectral peaks"].ok


@pytest.mark.slow
def test_a_truncated_file_is_an_error_that_says_what_to_do(at_exoskeleton, tmp_path, monkeypatch):
    folder = tmp_path / "MNE-ssvepexo-data/zenodo/2392979"
    folder.mkdir(parents=True)
    for run in (1, 2):
        name = f"subject01_run{run}_raw.fif"
        whole = (at_exoskeleton / "MNE-ssvepexo-data/zenodo/2392979" / name).read_bytes()
        (folder / name).write_bytes(whole[: len(whole) // 3])
    monkeypatch.setenv("MNE_DATA", str(tmp_path))
    with pytest.raises(DataError) as error:
        load("Kalunga2016", subjects=["1"], store=False)
    assert "delete the subject's files" in error.value.fix


class Bank:
    """The signal in bands of 1 Hz around each flicker, channels side by side."""

    def transform(self, recording):
        data = recording.pick("eeg").data
        bands = [
            zero_phase(data, butterworth(f - 0.5, f + 0.5, recording.sfreq)) for f in (13, 17, 21)
        ]
        names = [f"{name} {f} Hz" for f in (13, 17, 21) for name in recording.channels.names[:8]]
        return recording.with_data(
            np.concatenate(bands).astype(np.float32), channels=Channels(names)
        )


@pytest.mark.slow
def test_within_session_scores_lie_within_one_sd_of_the_published(at_exoskeleton):
    from pyriemann.classification import MDM
    from pyriemann.estimation import Covariances
    from pyriemann.tangentspace import TangentSpace

    epochs = load(
        "Kalunga2016", subjects=SUBJECTS, steps=[Bank()], store=False, as_distributed=True
    )
    people, X = epochs.groups("subject"), np.asarray(epochs.data, dtype=np.float64)
    published = {row.method.split(" ")[0]: row for row in read_card("Kalunga2016").published}
    for name, last in (
        ("SSVEP_TS+LR", [TangentSpace(), LogisticRegression(max_iter=1000)]),
        ("SSVEP_MDM", [MDM()]),
    ):
        pipe = make_pipeline(Covariances("oas"), *last)
        folds = StratifiedKFold(5, shuffle=True, random_state=0)
        scores = [
            cross_val_score(pipe, X[people == s], epochs.y[people == s], cv=folds).mean()
            for s in SUBJECTS
        ]
        row = published[name]
        assert abs(np.mean(scores) - row.score) < row.sd, f"{name}: {scores}"


@pytest.mark.slow
def test_eegbci_loads_through_moabbs_parser(shared_data, tmp_path, monkeypatch):
    pytest.importorskip("moabb")
    monkeypatch.setenv("MNE_DATA", str(tmp_path))
    folder = tmp_path / "MNE-eegbci-data/files/eegmmidb/1.0.0/S001"
    folder.mkdir(parents=True)
    real = (shared_data / "eegbci_s001" / "S001R03.edf").read_bytes()
    for run in (4, 6, 8, 10, 12, 14):  # one real file stands for the six runs
        (folder / f"S001R{run:02d}.edf").write_bytes(real)
    epochs = load("PhysionetMI", subjects=[1], store=False, as_distributed=True)
    assert epochs.shape == (90, 64, 480)
    counts = pd.Series(epochs.y).value_counts().to_dict()
    assert counts == {"left_hand": 24, "right_hand": 21, "hands": 24, "feet": 21}
    assert epochs.channels.names[:3] == ("FC5", "FC3", "FC1")
