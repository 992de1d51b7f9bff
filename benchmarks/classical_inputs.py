"""From files to batches: filter, EDF, the cut, and random batches, against MNE and braindecode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import classical_data
import numpy as np
import store
from classical_rows import Contest, Setting, within

import neurodecode as nd
from neurodecode.linalg import butterworth, zero_phase

LOW, HIGH = 8.0, 32.0
BATCH_PEOPLE, BATCH_SECONDS = 4, 600  # 1192 windows of 2 s


def _filter(setting: Setting) -> Contest:
    """The band of motor imagery over one run, forwards and backwards."""
    import mne

    x = nd.read(setting.first_run).data.astype(np.float64)
    sfreq = classical_data.SFREQ

    def theirs() -> np.ndarray:
        return mne.filter.filter_data(x, sfreq, LOW, HIGH, method="iir", verbose="error")

    def ours() -> np.ndarray:
        band = butterworth(LOW, HIGH, sfreq)
        return zero_phase(x, band, _edge(band))

    return Contest((theirs, None), {"iir": (ours, None)}, within(1e-8))


def _edge(band: np.ndarray) -> int:
    """Samples that MNE mirrors at both ends: so long is the filter's response."""
    from mne.filter import estimate_ringing_samples

    return int(estimate_ringing_samples(band))


def _edf(setting: Setting) -> Contest:
    """One run as EDF, header and events included, to an array in memory."""
    import mne

    path = setting.work / "run.edf"
    raw = mne.io.read_raw_fif(setting.first_run, preload=True, verbose="error")
    mne.export.export_raw(path, raw, fmt="edf", overwrite=True, verbose="error")

    def theirs() -> np.ndarray:
        return mne.io.read_raw_edf(path, preload=True, verbose="error").get_data() * 1e6

    def ours() -> np.ndarray:
        return nd.read(path).data

    return Contest((theirs, None), {"edf": (ours, None)}, within(1e-6))


def _cut(setting: Setting) -> Contest:
    """Trials of a recording in memory."""
    import mne

    raw = mne.io.read_raw_fif(setting.first_run, preload=True, verbose="error")
    events, codes = mne.events_from_annotations(raw, verbose="error")
    start, stop = classical_data.START, classical_data.STOP
    recording = nd.read(setting.first_run)
    recording = recording.with_data(recording.data, note="in memory")

    def theirs() -> np.ndarray:
        epochs = mne.Epochs(
            raw, events, codes, start, stop, baseline=None, preload=True, verbose="error"
        )
        return epochs.get_data(copy=False)

    def ours() -> np.ndarray:
        return recording.epoch(**classical_data.WINDOW, include_tmax=True).data

    def agree(expected: np.ndarray, found: np.ndarray) -> str:
        return within(1e-6)(1e6 * expected, found)

    return Contest((theirs, None), {"epoching": (ours, None)}, agree)


def _batches(setting: Setting) -> Contest:
    """All windows once, in random batches of 64: float32 tensors and int64 labels, both sides."""
    work, data = setting.work, setting.work / "windows"
    data.mkdir(exist_ok=True)
    store.make_recordings(data, BATCH_PEOPLE, BATCH_SECONDS)
    pulls: dict[str, Callable[[], Any]] = {}
    first: dict[str, np.ndarray] = {}
    for name in ("braindecode, preloaded", "neurodecode"):
        store.imports(name)
        side = store.CONTESTANTS[name]
        side.build(data, work / name, BATCH_PEOPLE)
        opened = side.reopen(data, work / name, BATCH_PEOPLE)
        pulls[name], first[name] = side.batches(opened), side.data(opened)

    def way(name: str) -> Callable[[], np.ndarray]:
        def run() -> np.ndarray:
            for _x, _y in pulls[name]():
                pass
            return first[name]

        return run

    theirs = way("braindecode, preloaded")
    return Contest((theirs, None), {"batches": (way("neurodecode"), None)}, within(1e-6))


ROWS = {"iir": _filter, "edf": _edf, "epoching": _cut, "batches": _batches}
