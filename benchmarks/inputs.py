"""From a file to trials against MNE and braindecode: read, filter, cut, batch.

Run as ``python benchmarks/inputs.py``. It writes its recordings (22 channels of 97000 samples, what
one run of a motor imagery session holds), checks that contestants give the same numbers, and runs
them in turn, round after round, on one thread. Prints a line a goal: asked, measured, quartiles.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
warnings.simplefilter("ignore")

import mne  # noqa: E402
import numpy as np  # noqa: E402
from harness import interleaved, machine  # noqa: E402

import neurodecode as nd  # noqa: E402
from neurodecode.core.cutting import gather_windows  # noqa: E402
from neurodecode.linalg import butterworth, zero_phase  # noqa: E402
from neurodecode.linalg._native import library  # noqa: E402

mne.set_log_level("error")
SFREQ, N_TIMES, N_TRIALS, WINDOW = 250, 97_000, 48, (2.0, 6.0)
NAMES = (
    "Fz FC3 FC1 FCz FC2 FC4 C5 C3 C1 Cz C2 C4 C6 CP3 CP1 CPz CP2 CP4 P1 Pz P2 POz"
).split()  # fmt: skip
LOW, HIGH, N_RUNS = 8.0, 32.0, 4
PAD = 124  # samples that MNE extends this filter's ends by
# words, ratio that is asked for (None: for orientation), tolerance, peer, ours
Contest = tuple[str, float | None, float, Callable[[], Any], Callable[[], Any]]


def make_files(folder: Path) -> None:
    """Four FIF runs and one EDF file of noise, with 48 cues each."""
    rng = np.random.default_rng(0)
    onsets = np.arange(N_TRIALS) * 8.0 + 2
    cues = np.resize(["left_hand", "right_hand", "feet", "tongue"], N_TRIALS)
    info = mne.create_info(NAMES, SFREQ, "eeg")
    for run in range(N_RUNS):
        raw = mne.io.RawArray(1e-5 * rng.standard_normal((len(NAMES), N_TIMES)), info)
        raw.set_annotations(mne.Annotations(onsets, 4.0, cues))
        raw.save(folder / f"sub-1_run-{run}_raw.fif", fmt="single", overwrite=True)
    _write_edf(folder / "run.edf", (rng.standard_normal((len(NAMES), N_TIMES)) * 100).astype("<i2"))


def _write_edf(path: Path, values: np.ndarray) -> None:
    """A plain EDF file of records of a second, 0.1 µV a step."""
    n, seconds = len(values), values.shape[1] // SFREQ
    fields = [("0", 8), ("X X X X", 80), ("Startdate X X X X", 80), ("01.01.20", 8)]
    fields += [("00.00.00", 8), (256 * (n + 1), 8), ("", 44), (seconds, 8), (1, 8), (n, 4)]
    columns = [(NAMES, 16), ([""] * n, 80), (["uV"] * n, 8), ([-3276.8] * n, 8), ([3276.7] * n, 8)]
    columns += [([-32768] * n, 8), ([32767] * n, 8), ([""] * n, 80), ([SFREQ] * n, 8)]
    columns += [([""] * n, 32)]
    fields += [(value, width) for each, width in columns for value in each]
    head = b"".join(str(value).ljust(width)[:width].encode() for value, width in fields)
    records = values[:, : seconds * SFREQ].reshape(n, seconds, SFREQ).transpose(1, 0, 2)
    path.write_bytes(head + records.tobytes())


# ---------------------------------------------------------------------- contests
def filters(folder: Path) -> Iterator[Contest]:
    """What MOABB runs on every recording, in place, against `zero_phase`."""
    raw = mne.io.read_raw_fif(folder / "sub-1_run-0_raw.fif", preload=True)
    band = butterworth(LOW, HIGH, SFREQ)
    start = raw.get_data()

    def peer() -> np.ndarray:
        raw._data[:] = start
        return raw.filter(LOW, HIGH, method="iir").get_data()

    yield (
        "zero phase, 22 x 97000 float64", 4.5, 1e-9, peer, lambda: zero_phase(start, band, PAD),
    )  # fmt: skip
    single = start.astype(np.float32)
    yield (
        "zero phase, 22 x 97000 float32", 4.5, 1e-6, peer, lambda: zero_phase(single, band, PAD),
    )  # fmt: skip


def reading(folder: Path) -> Iterator[Contest]:
    """Samples of an open file, then files opened and read; volts there, microvolts here."""
    for name, words, reader, goal in (
        ("run.edf", "EDF", mne.io.read_raw_edf, 7.0),
        ("sub-1_run-0_raw.fif", "FIF", mne.io.read_raw_fif, 2.0),
    ):
        path = folder / name
        raw, recording = reader(path), nd.read(path)
        yield f"read {words}, samples", goal, 1e-6, raw.get_data, lambda r=recording: r.data
        yield (
            f"read {words}, opened and read", None, 1e-6,
            lambda r=reader, p=path: r(p, preload=True).get_data(),
            lambda p=path: nd.read(p).data,
        )  # fmt: skip


def cutting(folder: Path) -> Iterator[Contest]:
    """48 trials of 1001 samples from a recording in memory."""
    raw = mne.io.read_raw_fif(folder / "sub-1_run-0_raw.fif", preload=True)
    events, codes = mne.events_from_annotations(raw)
    recording = nd.read(folder / "sub-1_run-0_raw.fif")
    recording = recording.with_data(recording.data)
    starts = np.round((recording.events["onset"].to_numpy() + WINDOW[0]) * SFREQ).astype(int)
    width, picks = round((WINDOW[1] - WINDOW[0]) * SFREQ) + 1, np.arange(len(NAMES))

    def peer() -> np.ndarray:
        made = mne.Epochs(raw, events, codes, *WINDOW, baseline=None, preload=True)
        return made.get_data(copy=False)

    def ours() -> np.ndarray:
        return recording.epoch(None, *WINDOW, include_tmax=True).data

    yield (
        "cut 48 x 22 x 1001, samples",
        7.0,
        1e-6,
        peer,
        lambda: gather_windows(recording, starts, width, picks),
    )
    yield "cut 48 x 22 x 1001, with all tables", None, 1e-6, peer, ours


def end_to_end(folder: Path) -> Iterator[Contest]:
    """Four FIF runs to trials: read, 8-32 Hz zero phase, cut."""
    paths = sorted(folder.glob("*_raw.fif"))

    def peer() -> np.ndarray:
        parts = []
        for path in paths:
            raw = mne.io.read_raw_fif(path, preload=True)
            raw.filter(LOW, HIGH, method="iir")
            events, codes = mne.events_from_annotations(raw)
            made = mne.Epochs(raw, events, codes, *WINDOW, baseline=None, preload=True)
            parts.append(made.get_data(copy=False))
        return np.concatenate(parts)

    def ours() -> np.ndarray:
        study = nd.read(f"{folder.as_posix()}/sub-{{subject}}_run-{{run}}_raw.fif")
        study = study.map(nd.preprocessing.Bandpass(LOW, HIGH))
        return study.epoch(None, *WINDOW, include_tmax=True).data

    yield "read, filter, cut: 4 FIF runs", None, 1e-3, peer, ours  # ends are extended unlike


def batches(folder: Path) -> Iterator[Contest]:
    """One pass in random batches of 64: float32 tensors, int64 labels on both sides."""
    import torch

    from neurodecode.nets._braindecode import import_torchaudio

    import_torchaudio()  # whose own extension braindecode would insist on
    from braindecode.datasets import BaseConcatDataset, RawDataset
    from braindecode.preprocessing import create_windows_from_events
    from torch.utils.data import DataLoader

    from neurodecode.training.batches import MappedTrials, batches_of, index_batches

    codes = {"left_hand": 0, "right_hand": 1, "feet": 2, "tongue": 3}
    sets = []
    for path in sorted(folder.glob("*_raw.fif")):
        raw = mne.io.read_raw_fif(path, preload=True)
        sets.append(RawDataset(raw.apply_function(lambda x: x * 1e6), {"file": path.name}))
    windows = create_windows_from_events(
        BaseConcatDataset(sets), mapping=codes, preload=True, use_mne_epochs=True
    )
    loader = DataLoader(
        windows, batch_size=64, shuffle=True, generator=torch.Generator().manual_seed(0)
    )
    study = nd.read(f"{folder.as_posix()}/sub-{{subject}}_run-{{run}}_raw.fif")
    epochs = study.epoch(list(codes), tmax=4.0)
    with tempfile.TemporaryDirectory() as kept:
        epochs.save(f"{kept}/trials")
        stored = nd.Epochs.load(f"{kept}/trials")
        trials = MappedTrials(stored.base, stored.rows, slice(0, stored.shape[2]))
        y = torch.tensor([codes[label] for label in stored.y])
        generator = torch.Generator().manual_seed(0)

        def ours() -> np.ndarray:
            total, rows = [], index_batches(torch.arange(len(y)), 64, generator)
            for index, x in zip(rows, batches_of(trials, rows), strict=True):
                total.append((float(x[:, 0, 0].sum()), int(y[index].sum())))
            return np.sum(total, axis=0)

        def peer() -> np.ndarray:
            total = [(float(x[:, 0, 0].sum()), int(y.sum())) for x, y, _ in loader]
            return np.sum(total, axis=0)

        yield "random batches of 64, 192 trials", 10.0, 1e-3, peer, ours


def measure(contest: Contest, rounds: int) -> str:
    """One line: what is asked, the median ratio and its quartiles; refuses unequal numbers."""
    words, goal, tolerance, peer, ours = contest
    expected, found = np.asarray(peer()), np.asarray(ours())
    difference = np.abs(found - expected * _unit(found, expected)).max() / np.abs(found).max()
    if difference > tolerance:
        raise SystemExit(f"{words}: differs by {difference:.1e} from the peer")
    table = interleaved({"peer": (peer, None), "ours": (ours, None)}, rounds)
    times = [np.array(table.seconds[name]) for name in ("peer", "ours")]
    low, ratio, high = np.quantile(times[0] / times[1], [0.25, 0.5, 0.75])
    ms = [f"{1e3 * np.median(each):.3g}" for each in times]
    asked = "-" if goal is None else f"× {goal:g}" + (" (missed)" if ratio < goal else "")
    return f"| {words} | {ms[0]} | {ms[1]} | {asked} | **× {ratio:.3g}** ({low:.3g}-{high:.3g}) |"


def _unit(found: np.ndarray, expected: np.ndarray) -> float:
    """Volts or microvolts: whichever power of ten brings both together."""
    return 10.0 ** np.round(np.log10(np.abs(found).max() / np.abs(expected).max()))


def main() -> None:
    """Run all contests and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default="", help="contests whose function's name holds this")
    options = parser.parse_args()
    print(f"{machine('numpy', 'mne', 'braindecode', 'torch')}; kernels: {library.words()}\n")
    print("| | peer, ms | neurodecode, ms | asked | ratio |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        make_files(Path(folder))
        for contests in (filters, reading, cutting, end_to_end, batches):
            if options.only in contests.__name__:
                for contest in contests(Path(folder)):
                    print(measure(contest, options.rounds), flush=True)


if __name__ == "__main__":
    main()
