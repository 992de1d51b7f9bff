"""The epoch store against MNE, braindecode and MOABB: build, reopen, random batches, memory.

Run as ``python benchmarks/store.py``; it makes its recordings (FIF, 22 channels, 250 Hz), runs all
contestants of a stage in turn, round after round, checks that they hand out the same numbers, and
prints medians, ratios, machine and versions as a Markdown section. Everything is one thread.
Needs moabb beside the base installation.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from harness import Table, Way, interleaved, machine  # noqa: E402

SFREQ, N_CHANNELS, RUNS = 250.0, 22, 2
LOW, HIGH, WINDOW, PACE = 8.0, 30.0, 2.0, 4.0
CLASSES = {"left": 0, "right": 1}
BATCH = 64


# ---------------------------------------------------------------------- recordings
def make_recordings(folder: Path, n_subjects: int, seconds: int) -> None:
    """FIF files of noise, float32, two runs a subject, a trial every 4 s."""
    import mne

    for subject in range(1, n_subjects + 1):
        for run in range(RUNS):
            path = folder / f"sub-{subject}_run-{run}_raw.fif"
            if path.exists():
                continue
            rng = np.random.default_rng([subject, run])
            info = mne.create_info([f"E{i}" for i in range(N_CHANNELS)], SFREQ, "eeg")
            data = 1e-5 * rng.standard_normal((N_CHANNELS, int(seconds * SFREQ)))
            raw = mne.io.RawArray(data, info, verbose="error")
            onsets = np.arange(PACE, seconds - PACE, PACE)
            names = np.resize(list(CLASSES), len(onsets))
            raw.set_annotations(mne.Annotations(onsets, WINDOW, names))
            raw.save(path, fmt="single", verbose="error")


def paths(folder: Path, n_subjects: int) -> list[Path]:
    """Recordings of the first people."""
    return [
        folder / f"sub-{subject}_run-{run}_raw.fif"
        for subject in range(1, n_subjects + 1)
        for run in range(RUNS)
    ]


# ---------------------------------------------------------------------- contestants
class Ours:
    """`Study.epoch(..., store=...)`, and `MappedTrials` as the training loop reads them."""

    name = "neurodecode"

    def build(self, data: Path, out: Path, n_subjects: int) -> Any:
        import neurodecode as nd

        study = nd.read(f"{data.as_posix()}/sub-{{subject}}_run-{{run}}_raw.fif")
        wanted = [str(each) for each in range(1, n_subjects + 1)]
        study = study[study.table["subject"].isin(wanted).to_numpy()]
        study = study.map(nd.preprocessing.Bandpass(LOW, HIGH))
        return study.epoch(list(CLASSES), tmax=WINDOW, store=nd.loaders.EpochStore(out))

    def reopen(self, data: Path, out: Path, n_subjects: int) -> Any:
        return self.build(data, out, n_subjects)  # the same call finds what is there

    def batches(self, epochs: Any) -> Callable[[], Any]:
        import torch

        from neurodecode.training.batches import MappedTrials, batches_of, index_batches

        trials = MappedTrials(epochs.base, epochs.rows, slice(0, epochs.shape[2]))
        y = torch.tensor([CLASSES[label] for label in epochs.y])
        generator = torch.Generator().manual_seed(0)

        def epoch() -> Any:
            rows = index_batches(torch.arange(len(y)), BATCH, generator)
            for index, x in zip(rows, batches_of(trials, rows), strict=True):
                yield x, y[index]

        return epoch

    def data(self, epochs: Any) -> np.ndarray:
        return np.asarray(epochs.data[:20])


class Loaded(Ours):
    """The same trials by the path of their folder: nothing is asked of the recordings."""

    name = "neurodecode, `Epochs.load`"

    def reopen(self, data: Path, out: Path, n_subjects: int) -> Any:
        import neurodecode as nd

        (folder,) = out.glob("[!.]*")
        return nd.Epochs.load(folder)


class Mne:
    """`mne.Epochs` of each recording, saved as FIF; batches by indexing."""

    def __init__(self, preload: bool):
        self.preload = preload
        self.name = "MNE, preloaded" if preload else "MNE, lazy"

    def build(self, data: Path, out: Path, n_subjects: int) -> Any:
        import mne

        out.mkdir(parents=True, exist_ok=True)
        parts = []
        for path in paths(data, n_subjects):
            raw = mne.io.read_raw_fif(path, preload=True, verbose="error")
            raw.filter(LOW, HIGH, method="iir", verbose="error")
            events, codes = mne.events_from_annotations(raw, verbose="error")
            tmax = WINDOW - 1 / SFREQ
            parts.append(
                mne.Epochs(raw, events, codes, 0, tmax, None, preload=True, verbose="error")
            )
        whole = mne.concatenate_epochs(parts, verbose="error")
        whole.save(out / "all-epo.fif", fmt="single", overwrite=True, verbose="error")
        return whole

    def reopen(self, data: Path, out: Path, n_subjects: int) -> Any:
        import mne

        return mne.read_epochs(out / "all-epo.fif", preload=self.preload, verbose="error")

    def batches(self, epochs: Any) -> Callable[[], Any]:
        import torch

        y = torch.from_numpy(epochs.events[:, 2].astype(np.int64) - 1)
        rng = np.random.default_rng(0)

        def epoch() -> Any:
            for index in np.array_split(rng.permutation(len(y)), -(-len(y) // BATCH)):
                x = epochs[index].get_data(copy=False, verbose="error")
                yield torch.from_numpy((x * 1e6).astype(np.float32)), y[index]

        return epoch

    def data(self, epochs: Any) -> np.ndarray:
        return epochs[:20].get_data(copy=False, verbose="error") * 1e6


class Braindecode:
    """`create_windows_from_events`, saved and loaded, with a `DataLoader`."""

    def __init__(self, preload: bool):
        self.preload = preload
        self.name = "braindecode, preloaded" if preload else "braindecode, lazy"

    def build(self, data: Path, out: Path, n_subjects: int) -> Any:
        import mne
        from braindecode.datasets import BaseConcatDataset, RawDataset
        from braindecode.preprocessing import create_windows_from_events

        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        sets = []
        for path in paths(data, n_subjects):
            raw = mne.io.read_raw_fif(path, preload=True, verbose="error")
            raw.filter(LOW, HIGH, method="iir", verbose="error")
            raw.apply_function(lambda x: x * 1e6, verbose="error")
            sets.append(RawDataset(raw, {"file": path.name}))
        windows = create_windows_from_events(
            BaseConcatDataset(sets), mapping=CLASSES, preload=True, use_mne_epochs=True
        )
        windows.save(str(out))
        return windows

    def reopen(self, data: Path, out: Path, n_subjects: int) -> Any:
        from braindecode.datautil import load_concat_dataset

        return load_concat_dataset(str(out), preload=self.preload)

    def batches(self, windows: Any) -> Callable[[], Any]:
        import torch
        from torch.utils.data import DataLoader

        generator = torch.Generator().manual_seed(0)
        loader = DataLoader(windows, batch_size=BATCH, shuffle=True, generator=generator)
        return lambda: ((x, y) for x, y, _ in loader)

    def data(self, windows: Any) -> np.ndarray:
        return np.stack([windows[i][0] for i in range(20)])


class Moabb:
    """`paradigm.get_data` with MOABB's cache of epochs; its arrays are in memory."""

    name = "MOABB"

    def build(self, data: Path, out: Path, n_subjects: int) -> Any:
        return self._get(data, out, n_subjects, save=True)

    def reopen(self, data: Path, out: Path, n_subjects: int) -> Any:
        return self._get(data, out, n_subjects, save=False)

    def _get(self, data: Path, out: Path, n_subjects: int, save: bool) -> Any:
        import mne
        from moabb.datasets.base import BaseDataset
        from moabb.paradigms import MotorImagery

        class Noise(BaseDataset):
            def __init__(self) -> None:
                events = {"left": 1, "right": 2}
                super().__init__(
                    list(range(1, n_subjects + 1)), 1, events, "Noise", [0, WINDOW], "imagery"
                )

            def data_path(self, subject: int, *args: Any, **options: Any) -> list[str]:
                return [str(data / f"sub-{subject}_run-{run}_raw.fif") for run in range(RUNS)]

            def _get_single_subject_data(self, subject: int) -> Any:
                files = enumerate(self.data_path(subject))
                read = {
                    str(run): mne.io.read_raw_fif(each, preload=True, verbose="error")
                    for run, each in files
                }
                return {"0": read}

        out.mkdir(parents=True, exist_ok=True)
        words = {"use": True, "save_epochs": save, "overwrite_epochs": save, "path": str(out)}
        paradigm = MotorImagery(
            events=["left", "right"], n_classes=2, fmin=LOW, fmax=HIGH, tmax=WINDOW - 1 / SFREQ
        )
        dataset = Noise()
        x, y, _ = paradigm.get_data(dataset, dataset.subject_list, cache_config=words)
        return x, y

    def batches(self, pair: Any) -> Callable[[], Any]:
        import torch

        x, labels = pair
        y = torch.tensor([CLASSES[label] for label in labels])
        rng = np.random.default_rng(0)

        def epoch() -> Any:
            for index in np.array_split(rng.permutation(len(y)), -(-len(y) // BATCH)):
                yield torch.from_numpy(x[index].astype(np.float32)), y[index]

        return epoch

    def data(self, pair: Any) -> np.ndarray:
        return pair[0][:20]


CONTESTANTS: dict[str, Any] = {
    each.name: each
    for each in (
        Ours(), Loaded(), Mne(True), Mne(False), Braindecode(True), Braindecode(False), Moabb(),
    )
}  # fmt: skip
BUILDERS = ("neurodecode", "MNE, preloaded", "braindecode, preloaded", "MOABB")


def _out(root: Path, name: str) -> Path:
    return root / name.partition(",")[0]


# ---------------------------------------------------------------------- stages
def cold_build(root: Path, n_subjects: int, rounds: int) -> Table:
    """Files to stored trials, nothing stored before."""

    def way(name: str) -> Way:
        def run() -> None:
            CONTESTANTS[name].build(root / "data", _out(root, name), n_subjects)

        def clean() -> None:
            shutil.rmtree(_out(root, name), ignore_errors=True)

        return run, clean

    return interleaved({name: way(name) for name in BUILDERS}, rounds)


def reopen(root: Path, n_subjects: int, rounds: int) -> tuple[Table, dict[str, Any]]:
    """Stored trials to an object that knows its labels; and the objects."""
    opened = {}

    def way(name: str) -> Callable[[], Any]:
        def run() -> None:
            opened[name] = CONTESTANTS[name].reopen(root / "data", _out(root, name), n_subjects)

        return run

    table = interleaved({name: (way(name), None) for name in CONTESTANTS}, rounds)
    return table, opened


def batch_epochs(opened: dict[str, Any], rounds: int) -> Table:
    """Every trial once, in random batches of float32 tensors with int64 labels."""
    import torch

    ways = {}
    for name, thing in opened.items():
        epoch = CONTESTANTS[name].batches(thing)
        for x, y in epoch():
            assert x.dtype == torch.float32 and y.dtype == torch.int64, name
            assert x.shape[1:] == (N_CHANNELS, WINDOW * SFREQ), (name, x.shape)

        def run(epoch: Any = epoch) -> None:
            total = 0.0
            for x, y in epoch():
                total += float(x[0, 0, 0]) + int(y[0])

        ways[name] = (run, None)
    return interleaved(ways, rounds)


def agreement(opened: dict[str, Any]) -> dict[str, float]:
    """Largest difference of the first trials from MNE's, relative to their largest value."""
    reference = CONTESTANTS["MNE, preloaded"].data(opened["MNE, preloaded"])
    scale = np.abs(reference).max()
    return {
        name: float(np.abs(CONTESTANTS[name].data(thing) - reference).max() / scale)
        for name, thing in opened.items()
    }


def peak_memory(root: Path, sizes: list[int]) -> dict[str, dict[int, float]]:
    """Peak resident memory of a cold build, MB, in a process of its own."""
    found: dict[str, dict[int, float]] = {}
    for name in BUILDERS:
        found[name] = {}
        for n_subjects in sizes:
            with tempfile.TemporaryDirectory() as out:
                command = [sys.executable, __file__, "--one", name, "--out", out]
                command += ["--root", str(root), "--subjects", str(n_subjects)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
            found[name][n_subjects] = json.loads(done.stdout.splitlines()[-1])
    return found


def one_build(name: str, root: Path, out: Path, n_subjects: int) -> None:
    """Build once and print by how much the process grew: MB of peak over what imports took."""
    imports(name)
    _silence()
    before = _peak()
    CONTESTANTS[name].build(root / "data", out, n_subjects)
    print(json.dumps((_peak() - before) / 1024))


def _peak() -> int:
    """Peak resident memory so far, kB."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage starts at the parent's peak there
        return int(status.read_text().partition("VmHWM:")[2].split()[0])
    unit = 1024 if sys.platform == "darwin" else 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit


def _silence() -> None:
    import mne

    mne.set_log_level("error")
    mne.utils.logger.setLevel("ERROR")


def imports(name: str) -> None:
    """What a contestant imports, ahead of the clock."""
    import mne  # noqa: F401

    from neurodecode.nets._braindecode import import_torchaudio

    if name.startswith("braindecode"):
        import_torchaudio()
        import braindecode.datautil
        import braindecode.preprocessing  # noqa: F401
    elif name == "MOABB":
        import moabb
        import moabb.paradigms

        moabb.set_log_level("error")
    else:
        import neurodecode.loaders.reading
        import neurodecode.preprocessing.filters  # noqa: F401


def main() -> None:
    """Run all stages and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, help="folder of recordings, kept")
    parser.add_argument("--subjects", type=int, default=6)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", default="2,4,8", help="numbers of subjects")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one_build(options.one, options.root, options.out, options.subjects)
        return
    root = options.root or Path(tempfile.mkdtemp(prefix="store-"))
    (root / "data").mkdir(parents=True, exist_ok=True)
    sizes = [int(each) for each in options.memory.split(",")]
    make_recordings(root / "data", max([options.subjects, *sizes]), options.seconds)
    for name in CONTESTANTS:
        imports(name)
    _silence()
    print(f"{machine('numpy', 'torch', 'mne', 'braindecode', 'moabb')}\n")
    cold = cold_build(root, options.subjects, max(2, options.rounds // 2))
    print(cold.markdown("cold build", base="neurodecode"))
    opening, opened = reopen(root, options.subjects, options.rounds)
    print(opening.markdown("reopen", base="neurodecode"))
    print("largest relative difference from MNE's trials:", agreement(opened), "\n")
    print(batch_epochs(opened, options.rounds).markdown("random batches", base="neurodecode"))
    print("peak memory of a cold build over imports, MB, by number of subjects:")
    for name, row in peak_memory(root, sizes).items():
        print(f"  {name:<24}" + "".join(f"{row[each]:>8.0f}" for each in sizes))


if __name__ == "__main__":
    main()
