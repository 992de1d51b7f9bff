"""The epoch store: the same trials to the bit, made once, whole or absent, within a size."""

import functools
import json
import multiprocessing
import os
import sys
import time
from unittest import mock

import numpy as np
import pandas as pd
import pytest

import neurodecode as nd
from neurodecode.core.epochs_files import MANIFEST, load_epochs, write_epochs
from neurodecode.core.errors import DataError
from neurodecode.core.paths import cache_limit, parse_bytes
from neurodecode.loaders import EpochStore
from neurodecode.loaders.store import keys
from neurodecode.loaders.store.epoch_store import Entry

RATE, SECONDS = 100.0, 40


def write_recordings(folder, n=3, names=("C3", "Cz", "C4"), start=0):
    """FIF files of noise with events, one a subject; gives their pattern."""
    import mne

    folder.mkdir(exist_ok=True)
    for subject in range(start, start + n):
        rng = np.random.default_rng(subject)
        info = mne.create_info(list(names), RATE, "eeg")
        data = 1e-5 * rng.normal(size=(len(names), int(RATE * SECONDS)))
        raw = mne.io.RawArray(data, info, verbose="error")
        onsets = np.arange(1.0, SECONDS, 2.0)
        raw.set_annotations(mne.Annotations(onsets, 0.0, ["left", "right"] * (len(onsets) // 2)))
        raw.save(folder / f"sub-{subject}_raw.fif", overwrite=True, verbose="error")
    return f"{folder.as_posix()}/sub-{{subject}}_raw.fif"


@pytest.fixture
def pattern(tmp_path):
    return write_recordings(tmp_path / "data")


@pytest.fixture
def store(tmp_path):
    return EpochStore(tmp_path / "store")


def cut(pattern, store=None, steps=(), **options):
    """Trials of the files behind a pattern."""
    study = nd.read(pattern)
    for step in steps:
        study = step.transform(study)
    return study.epoch(["left", "right"], **{"tmax": 1.5, "store": store, **options})


def make_epochs(n=4, **options):
    data = np.random.default_rng(0).normal(size=(n, 2, 50)).astype(np.float32)
    given = {"channels": ["C3", "C4"], "sfreq": 100.0, "y": ["a", "b"] * (n // 2)}
    return nd.Epochs(data, **{**given, **options})


def assert_same(one, other):
    """Equal in signals, tables, words and stamps."""
    np.testing.assert_array_equal(one.padded(), other.padded())
    pd.testing.assert_frame_equal(one.trials, other.trials)
    pd.testing.assert_frame_equal(one.dropped, other.dropped)
    np.testing.assert_array_equal(one.y, other.y)
    assert one.channels == other.channels
    assert (one.data_stamp, one.label_stamp) == (other.data_stamp, other.label_stamp)
    for word in ("sfreq", "tmin", "pad", "zero", "name", "rank", "line_freq", "simulated"):
        assert getattr(one, word) == getattr(other, word)


# ---------------------------------------------------------------------- the same trials, once
@pytest.mark.parametrize("jobs", [1, 3])
def test_stored_trials_are_those_in_memory_to_the_bit(pattern, store, jobs):
    steps = [nd.preprocessing.Bandpass(8, 30)]
    in_memory = cut(pattern, steps=steps, pad=0.1, baseline=(0, 0.5))
    made = cut(pattern, store, steps, pad=0.1, baseline=(0, 0.5), jobs=jobs)
    again = cut(pattern, store, steps, pad=0.1, baseline=(0, 0.5))
    assert isinstance(again.base, np.memmap) and again.base.dtype == np.float32
    assert_same(in_memory, made)
    assert_same(in_memory, again)
    assert [entry.n_bytes > again.base.nbytes for entry in store.entries()] == [True]


def test_nothing_is_opened_when_the_trials_are_there(pattern, store, monkeypatch):
    first = cut(pattern, store)
    monkeypatch.setattr("neurodecode.loaders.reading.open_raw", None)
    assert_same(first, cut(pattern, store))


def test_shared_channels_are_stored_and_are_an_entry_of_their_own(pattern, store, tmp_path):
    cut(pattern, store)
    same = cut(pattern, store, on="common")
    assert (len(store.entries()), same.channels.names) == (2, ("C3", "Cz", "C4"))
    write_recordings(tmp_path / "data", n=1, start=3, names=("C4", "Pz", "C3"))
    with pytest.raises(DataError, match="channels differ"):
        cut(pattern, store)
    in_memory = cut(pattern, on="common", pad=0.1)
    assert in_memory.channels.names == ("C3", "C4")
    assert_same(in_memory, cut(pattern, store, on="common", pad=0.1))
    assert_same(in_memory, cut(pattern, store, on="common", pad=0.1))
    assert len(store.entries()) == 3 and not list(store.folder.glob(".*.part"))


@pytest.mark.parametrize(
    "change",
    [
        {"tmax": 1.0},
        {"tmin": -0.1},
        {"pad": 0.2},
        {"kinds": "all"},
        {"steps": [nd.preprocessing.Bandpass(8, 30)]},
    ],
    ids=str,
)
def test_another_wish_is_another_entry(pattern, store, change):
    cut(pattern, store)
    assert_same(cut(pattern, None, **change), cut(pattern, store, **change))
    assert len(store.entries()) == 2


def test_a_changed_file_is_cut_again(pattern, store, tmp_path):
    before = cut(pattern, store)
    write_recordings(tmp_path / "data", n=1, start=1, names=("C4", "Cz", "C3"))
    after = cut(pattern, store)
    assert len(store.entries()) == 2
    rows = after.groups("subject") == "1"
    np.testing.assert_array_equal(after.data[rows], before.data[rows][:, ::-1])  # matched by name


def test_a_file_beside_a_recording_decides_too(tmp_path):
    path = tmp_path / "sub-1_task-x_eeg.vhdr"
    path.write_text("header")
    before = keys.files_words([path])
    (tmp_path / "sub-2_task-x_events.tsv").write_text("another person's")
    assert keys.files_words([path]) == before
    (tmp_path / "sub-1_task-x_events.tsv").write_text("onset")
    assert keys.files_words([path]) != before


def test_other_code_has_other_keys(monkeypatch):
    class OneFile:
        def words(self):
            return ["a file"]

        def __call__(self):
            raise AssertionError("a key opens nothing")

    study = nd.Study([OneFile()], pd.DataFrame({"subject": ["1"]}))
    key = keys.study_key(study, {"epoch": {"tmin": 0.0}})
    assert key == keys.study_key(study, {"epoch": {"tmin": 0.0}})
    monkeypatch.setattr(keys, "code_words", lambda: ["other code"])
    assert key != keys.study_key(study, {"epoch": {"tmin": 0.0}})


@pytest.mark.slow  # a second interpreter imports everything
def test_the_key_is_the_same_in_every_process(pattern):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(key_of, (pattern,)) == key_of(pattern)


def key_of(pattern):
    study = nd.preprocessing.Bandpass(8, 30).transform(nd.read(pattern))
    with mock.patch.object(keys, "code_words", list):  # a checkout may change meanwhile
        return keys.study_key(study, {"epoch": {"labels": {"l": "left"}, "tmin": 0.1}})


# ---------------------------------------------------------------------- what has no key
def scale(recording):
    return recording.with_data(2 * recording.data)


def test_a_function_from_a_file_has_an_identity(pattern, store):
    study = nd.read(pattern).map(scale)
    made = study.epoch(["left"], store=store)
    np.testing.assert_array_equal(made.data, 2 * nd.read(pattern).epoch(["left"]).data)
    assert len(store.entries()) == 1


def test_what_has_no_lasting_identity_is_refused(pattern, store):
    factor = 3
    study = nd.read(pattern)
    fitted = nd.preprocessing.Bandpass(8, 30)
    fitted.memory_ = np.ones(3)
    for step, says in [
        (lambda rec: rec, "lambda"),
        (lambda rec: rec.with_data(factor * rec.data), "lambda"),
        (fitted, "memory_"),
        (nd.preprocessing.Bandpass(8, object()), "type object"),
    ]:
        with pytest.raises(DataError, match=says):
            study.map(step).epoch(["left"], store=store)
    with pytest.raises(DataError, match="recording in memory"):
        nd.Study([study[0], study[1]]).epoch(["left"], store=store)
    assert not store.entries()


# ---------------------------------------------------------------------- data sets by name
class Source:
    """A source of a card whose files lie in one folder."""

    def __init__(self, pattern):
        self.pattern, self.opened = pattern, 0

    def read_recordings(self, card, subjects):
        self.opened += 1
        study = nd.read(self.pattern)
        keep = study.table["subject"].isin(subjects or list(study.table["subject"]))
        return study[keep.to_numpy()]

    def files(self, card, subjects):
        return nd.read(self.pattern).table["file"].tolist()


CARD = """
name = "noise"
version = 1
title = "Noise"
modality = "eeg"
paradigm = "none"
simulated = false
licence = "CC0"
citation = "nobody"
subjects = ["0", "1", "2"]
classes = ["left", "right"]
zero = "cue"
tmin = 0.0
tmax = 1.0
sfreq = 100.0
metric = "accuracy"
[source]
kind = "noise"
[channels]
names = ["C3", "Cz", "C4"]
[split]
kind = "cross-subject"
[expected]
trials = 60
"""


@pytest.fixture
def noise(tmp_path, pattern, monkeypatch):
    """A card whose source reads the FIF files; caches of its own."""
    from neurodecode.loaders import card_sources

    source = Source(pattern)
    (tmp_path / "noise.toml").write_text(CARD)
    monkeypatch.setitem(card_sources.SOURCES, "noise", "noise")
    monkeypatch.setitem(sys.modules, "noise", source)
    monkeypatch.setenv("NEURODECODE_CACHE", str(tmp_path / "cache"))
    return functools.partial(nd.load, str(tmp_path / "noise.toml")), source


def test_load_keeps_what_it_cut_from_files(noise):
    load, source = noise
    wishes = {"steps": [nd.preprocessing.Bandpass(8, 30)], "sfreq": 50.0, "tmax": 0.8}
    in_memory = load(**wishes, store=False)
    assert not EpochStore().entries() and not isinstance(in_memory.base, np.memmap)
    made, opened = load(**wishes), source.opened
    again = load(**wishes)
    assert source.opened == opened, "files were opened again"
    assert_same(in_memory, made)
    assert_same(in_memory, again)
    assert isinstance(again.base, np.memmap)
    (entry,) = EpochStore().entries()
    assert entry.text == "noise · tmax=0.8 · sfreq=50.0 · steps=[Bandpass(high=30, low=8)]"
    some = load(**wishes, subjects=["1"], classes=["left"], channels=["C4"])
    np.testing.assert_array_equal(
        some.data, in_memory.pick(["C4"])[
            (in_memory.groups("subject") == "1") & (in_memory.y == "left")
        ].data,
    )  # fmt: skip


def test_load_of_what_cannot_be_stored_stays_in_memory(noise):
    load, _ = noise

    class Twice:
        def transform(self, recording):
            return recording.with_data(2 * recording.data)

    step = Twice()
    step.learned = object()
    assert not isinstance(load(steps=[step]).base, np.memmap)
    assert not EpochStore().entries()


# ---------------------------------------------------------------------- folders of epochs
def test_parts_are_written_as_concat_would_join_them(tmp_path):
    ragged = make_epochs(2, length=[10, 50])
    parts = [make_epochs(rank=2), make_epochs(8, rank=1).pick(["C4", "C3"]), ragged]
    write_epochs(iter(parts), tmp_path / "e")
    joined, back = nd.concat(parts), load_epochs(tmp_path / "e", verify=True)
    np.testing.assert_array_equal(back.data, joined.data)
    pd.testing.assert_frame_equal(back.trials, joined.trials)
    assert (back.rank, back.channels, back.data_stamp) == (1, joined.channels, joined.data_stamp)
    np.testing.assert_array_equal(back.length, joined.length)


@pytest.mark.parametrize(
    ("strange", "says"),
    [
        ({"sfreq": 99.0}, "sampling rates"),
        ({"channels": ["C3", "Oz"]}, "channels differ"),
        ({"y": [1.0, 2.0, 3.0, 4.0]}, "kinds of targets"),
        ({"name": "other"}, "names of the data set"),
    ],
)
def test_parts_that_do_not_fit_leave_nothing_behind(tmp_path, strange, says):
    with pytest.raises(DataError, match=says):
        write_epochs([make_epochs(), make_epochs(**strange)], tmp_path / "e")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_leaves_nothing_behind(store):
    def parts():
        yield make_epochs()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.get_or_make("0" * 64, parts, "stopped")
    assert list(store.folder.iterdir()) == []


def test_tables_keep_their_types(tmp_path):
    trials = pd.DataFrame(
        {
            "subject": ["ü", "b c", "ü", "d"],
            "count": np.array([1, 2, 3, 4], dtype=np.int8),
            "sure": [True, False, True, True],
            "age": [1.5, np.nan, 3, 4],
            "note": pd.Series(["x", None, "y", "z"], dtype=object),
        }
    )
    epochs = make_epochs(trials=trials)
    epochs.save(tmp_path / "e")
    pd.testing.assert_frame_equal(nd.Epochs.load(tmp_path / "e").trials, epochs.trials)
    mixed = make_epochs(trials=trials.assign(odd=["text", 1, 2.5, None]))
    with pytest.raises(DataError, match="cannot be written"):
        mixed.save(tmp_path / "mixed")
    assert not (tmp_path / "mixed").exists()


def test_brain_spaces_come_back(tmp_path):
    from neurodecode.core.space import VolumeSpace

    space = VolumeSpace(np.array([[[True, False, True]]]), np.diag([2.0, 2, 2, 1]))
    epochs = make_epochs(channels=nd.Channels(space.names, kinds="bold"), space=space)
    epochs.save(tmp_path / "e")
    assert nd.Epochs.load(tmp_path / "e").space == space


def test_surfaces_and_grayordinates_come_back(tmp_path):
    axes = pytest.importorskip("nibabel.cifti2.cifti2_axes", reason="CIFTI needs nibabel")
    from neurodecode.core.space import GrayordinateSpace, SurfacePairSpace

    cortex = axes.BrainModelAxis.from_surface(np.array([4]), 10, "CortexLeft")
    deep = axes.BrainModelAxis.from_mask(np.ones((1, 1, 1), bool), "ThalamusLeft", np.eye(4))
    spaces = {
        "cifti": GrayordinateSpace(cortex + deep),
        "parcels": GrayordinateSpace(axes.ParcelsAxis.from_brain_models(
            [("left", cortex), ("deep", deep)])),
        "pair": SurfacePairSpace([1, 1], ["CortexLeft", "CortexRight"]),
    }  # fmt: skip
    for name, space in spaces.items():
        epochs = make_epochs(channels=nd.Channels(space.names, kinds="bold"), space=space)
        epochs.save(tmp_path / name)
        back = nd.Epochs.load(tmp_path / name)
        assert (back.space, back.channels.names) == (space, space.names), name


def test_a_subset_of_a_map_is_saved_in_blocks(tmp_path, monkeypatch):
    epochs = make_epochs(8)
    epochs.save(tmp_path / "all")
    monkeypatch.setattr("neurodecode.core.epochs_files._BLOCK", 1)
    nd.Epochs.load(tmp_path / "all")[[5, 0, 3]].save(tmp_path / "some")
    np.testing.assert_array_equal(nd.Epochs.load(tmp_path / "some").data, epochs.data[[5, 0, 3]])


def test_a_reader_keeps_what_it_opened_while_it_is_replaced(tmp_path):
    old = make_epochs()
    old.save(tmp_path / "e")
    reader = nd.Epochs.load(tmp_path / "e")
    make_epochs(2).with_data(np.ones((2, 2, 50), np.float32)).save(tmp_path / "e")
    np.testing.assert_array_equal(reader.data, old.data)
    assert nd.Epochs.load(tmp_path / "e").data.min() == 1
    assert [each.name for each in tmp_path.iterdir()] == ["e"]


@pytest.mark.parametrize("name", ["data.npy", "trials.parquet", "y.npy"])
@pytest.mark.parametrize("damage", ["cut", "gone", "other"])
def test_damage_is_found_when_epochs_are_opened(tmp_path, name, damage):
    make_epochs().save(tmp_path / "e")
    path = tmp_path / "e" / name
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        end = bytes([content[-1] ^ 1])
        path.write_bytes(content[:-1] + (b"" if damage == "cut" else end))
    verify = name == "data.npy" and damage == "other"
    with pytest.raises(DataError, match=f"{name} of stored epochs is damaged"):
        load_epochs(tmp_path / "e", verify=verify)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"format": 99}', "null"])
def test_a_strange_manifest_is_an_error_of_ours(tmp_path, text):
    make_epochs().save(tmp_path / "e")
    (tmp_path / "e" / MANIFEST).write_text(text)
    with pytest.raises(DataError):
        load_epochs(tmp_path / "e")


def test_a_pickle_in_place_of_signals_is_not_run(tmp_path):
    make_epochs().save(tmp_path / "e")
    manifest = json.loads((tmp_path / "e" / MANIFEST).read_text())
    np.save(tmp_path / "e" / "data.npy", np.array([{"a": 1}]), allow_pickle=True)
    manifest["files"]["data.npy"][0] = (tmp_path / "e" / "data.npy").stat().st_size
    (tmp_path / "e" / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(DataError, match="damaged"):
        load_epochs(tmp_path / "e")


# ---------------------------------------------------------------------- the store
def key(letter):
    return letter * 64


def fill(store, letters):
    for letter in letters:
        store.get_or_make(key(letter), lambda: [make_epochs()], f"entry {letter}")
        os.utime(store.folder / key(letter)[:32] / MANIFEST, (1e9, 1e9 + ord(letter)))


def test_a_damaged_entry_is_made_again_and_said(store):
    fill(store, "a")
    path = store.folder / key("a")[:32] / "data.npy"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.warns(UserWarning, match="made again"):
        again = store.get_or_make(key("a"), lambda: [make_epochs()], "entry a")
    np.testing.assert_array_equal(again.data, make_epochs().data)


def test_the_least_recently_opened_entries_go(store):
    fill(store, "abcd")
    assert store.get(key("a")) is not None  # opened just now
    size = store.entries()[0].n_bytes
    mapped = store.get(key("d"))
    os.utime(store.folder / key("d")[:32] / MANIFEST, (1e9, 1e9))
    assert store.clean(2 * size) == 2 * size
    assert {entry.text for entry in store.entries()} == {"entry a", "entry c"}
    np.testing.assert_array_equal(mapped.data, make_epochs().data)  # its map stays valid
    assert store.get(key("d")) is None


def test_a_store_stays_within_its_limit(tmp_path):
    size = 3000
    store = EpochStore(tmp_path / "store", max_bytes=2 * size)
    fill(store, "abcdef")
    assert sum(entry.n_bytes for entry in store.entries()) <= 2 * size + 8000
    assert store.entries()[0].text == "entry f"  # the one just made is never the one to go


def test_what_killed_runs_left_is_swept(store):
    fill(store, "a")
    for age, name in [(2 * 86_400, "old"), (60, "young")]:
        part = store.folder / f".{name}-123.part"
        part.mkdir()
        (part / "data.npy").write_bytes(b"half")
        for each in (part / "data.npy", part):
            os.utime(each, (time.time() - age,) * 2)
    store.clean()
    assert sorted(each.name for each in store.folder.glob(".*.part")) == [".young-123.part"]


def test_entries_are_told_last_used_first(store):
    fill(store, "ab")
    strange = store.folder / "not-an-entry"
    strange.mkdir()
    assert store.entries() == [
        Entry(key("b"), "entry b", store.entries()[0].n_bytes, 1e9 + ord("b")),
        Entry(key("a"), "entry a", store.entries()[1].n_bytes, 1e9 + ord("a")),
    ]


def make_slowly(folder, log):
    def parts():
        with open(log, "a") as handle:
            handle.write("made\n")
        for _ in range(3):
            time.sleep(0.05)
            yield make_epochs()

    epochs = EpochStore(folder).get_or_make(key("a"), parts, "slow")
    return float(epochs.data.sum())


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_writers_side_by_side_make_an_entry_once(tmp_path):
    with multiprocessing.get_context("fork").Pool(4) as pool:
        work = [(tmp_path / "store", tmp_path / "log")] * 4
        sums = pool.starmap(make_slowly, work)
    assert len(set(sums)) == 1
    assert (tmp_path / "log").read_text() == "made\n"
    assert not list((tmp_path / "store").glob(".*"))


def test_a_full_disk_is_told_and_leaves_nothing(store, monkeypatch):
    import errno

    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("neurodecode.core.epochs_files.os.fsync", full)
    with pytest.raises(DataError, match="No space left on device"):
        store.get_or_make(key("a"), lambda: [make_epochs()], "too much")
    assert list(store.folder.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_read_only_store_is_told_and_can_be_read(store):
    fill(store, "a")
    os.chmod(store.folder, 0o500)
    try:
        assert store.get(key("a")) is not None
        with pytest.raises(DataError, match="Permission denied"):
            store.get_or_make(key("b"), lambda: [make_epochs()], "new")
    finally:
        os.chmod(store.folder, 0o700)


def test_a_folder_that_is_a_file_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        EpochStore(tmp_path / "file" / "store").get_or_make(key("a"), list, "nothing")


# ---------------------------------------------------------------------- limits
@pytest.mark.parametrize("text", ["", "GB", "-1 GB", "1 XB", "ten", "1.2.3"])
def test_a_size_that_is_none_is_refused(text):
    with pytest.raises(DataError, match="not a size"):
        parse_bytes(text)


def test_the_limit_comes_from_the_environment(tmp_path, monkeypatch):
    assert cache_limit(tmp_path / "not" / "there") > 0
    monkeypatch.setenv("NEURODECODE_CACHE_LIMIT", "20 GB")
    assert cache_limit(tmp_path) == EpochStore(tmp_path).max_bytes == 20 * 10**9


# ---------------------------------------------------------------------- nothing densifies
def test_views_of_a_map_read_nothing(store, monkeypatch):
    fill(store, "a")
    epochs = store.get(key("a"))

    def refuse(*args, **kwargs):
        raise AssertionError("signals were read")

    for name in ("padded", "__array__"):
        monkeypatch.setattr(nd.Epochs, name, refuse)
    train = epochs[[0, 2, 3]][[1, 0]]
    assert np.shares_memory(train.base, epochs.base)
    assert (train.shape, len(train.y)) == ((2, 2, 50), 2)
    assert train.data_stamp != epochs.data_stamp
    list(nd.split("within-session", k=2).split(epochs, epochs.y))
    assert train.with_y([0, 1]).base is epochs.base


@pytest.mark.parametrize("validation", [0.0, 0.25])
def test_a_network_trains_on_disk_as_in_memory(tmp_path, monkeypatch, validation):
    rng = np.random.default_rng(0)
    data = (5e4 + 20 * rng.normal(size=(150, 3, 80))).astype(np.float32)  # an offset of 50 mV
    trials = pd.DataFrame({"subject": np.repeat(list("abcde"), 30)})
    epochs = nd.Epochs(
        data, channels=["C3", "Cz", "C4"], sfreq=100.0, pad=0.05, trials=trials,
        y=rng.permutation(["l", "r"] * 75),
    )  # fmt: skip
    epochs.save(tmp_path / "e")
    mapped = nd.Epochs.load(tmp_path / "e")
    rows = rng.permutation(150)[:120]

    def fit(X):
        net = nd.decoders.NetClassifier(
            "eegnet", epochs=3, batch_size=32, validation=validation, device="cpu"
        )
        return net.fit(X[rows], X.y[rows])

    in_memory, asked = fit(epochs), []
    monkeypatch.setattr("neurodecode.decoders.net_base.available_memory", lambda: 0)
    read = nd.Epochs.padded
    monkeypatch.setattr(nd.Epochs, "padded", lambda self: asked.append(1) or read(self))
    on_disk = fit(mapped)
    np.testing.assert_array_equal(in_memory.scale_, on_disk.scale_)
    # What makes the network fast is prepared of all trials at once: not of those on disk.
    forms = [net.history_["form"].partition(":")[0] for net in (in_memory, on_disk)]
    assert forms == ["restructured", "textbook"]
    for name in ("train_loss", "valid_loss"):
        np.testing.assert_allclose(in_memory.history_[name], on_disk.history_[name], rtol=1e-5)
    probabilities = on_disk.predict_proba(mapped)
    assert not asked, "the trials were copied whole"
    np.testing.assert_array_equal(on_disk.predict_proba(epochs), probabilities)
    np.testing.assert_array_equal(on_disk.encode(epochs), on_disk.encode(mapped))
    np.testing.assert_allclose(in_memory.predict_proba(epochs), probabilities, atol=1e-4)


def test_nan_on_disk_is_named_by_its_trial(tmp_path, monkeypatch):
    data = np.zeros((100, 2, 80), np.float32)
    data[90, 1, 3] = np.nan
    nd.Epochs(data, channels=["C3", "C4"], sfreq=100.0).save(tmp_path / "e")
    monkeypatch.setattr("neurodecode.decoders.net_base.available_memory", lambda: 0)
    net = nd.decoders.NetClassifier("eegnet", epochs=1, device="cpu")
    with pytest.raises(DataError, match="trial 90, channel C4"):
        net.fit(nd.Epochs.load(tmp_path / "e"), ["a", "b"] * 50)


# ---------------------------------------------------------------------- object storage
@pytest.mark.parametrize("place", ["memory://{}.zarr", "{}/deep/set.zarr"])
def test_zarr_groups_bring_the_same_epochs(tmp_path, store, place):
    pytest.importorskip("zarr", reason="zarr is not installed")
    from neurodecode.loaders.store.zarr_files import from_zarr, to_zarr

    url = place.format(tmp_path.as_posix())
    trials = pd.DataFrame({"subject": ["ü", "b", "ü", "c"], "age": [1.0, np.nan, 2.0, 3.0]})
    epochs = make_epochs(pad=0.1, trials=trials, y=["ä", "b", "ä", "b"], name="set", rank=1)
    to_zarr(epochs[[3, 1, 0]], url)
    made = from_zarr(url, store=store)
    np.testing.assert_array_equal(made.padded(), epochs[[3, 1, 0]].padded())
    pd.testing.assert_frame_equal(made.trials, epochs[[3, 1, 0]].trials)
    assert made.y.tolist() == ["b", "b", "ä"] and made.channels == epochs.channels
    assert (made.name, made.rank, made.pad, made.sfreq) == ("set", 1, 0.1, 100.0)
    assert from_zarr(url, store=store).data_stamp == made.data_stamp
    assert len(store.entries()) == 1
    with pytest.raises(DataError, match="already"):
        to_zarr(epochs, url)
    with pytest.raises(DataError, match="no epochs here"):
        from_zarr(url + "x", store=store)


def test_a_changed_zarr_group_is_refused(tmp_path, store, monkeypatch):
    zarr = pytest.importorskip("zarr", reason="zarr is not installed")
    from neurodecode.loaders.store import zarr_files

    monkeypatch.setattr(zarr_files, "_CHUNK", 800)  # several chunks
    url = (tmp_path / "e.zarr").as_posix()
    zarr_files.to_zarr(make_epochs(8), url)
    np.testing.assert_array_equal(zarr_files.from_zarr(url, store=store).data, make_epochs(8).data)
    store.clean(0)
    zarr.open_group(url, mode="a")["data"][7, 0, 0] = 1e6
    with pytest.raises(DataError, match="other samples"):
        zarr_files.from_zarr(url, store=store)
    assert not store.entries()
