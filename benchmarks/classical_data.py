"""Simulated motor imagery for the contest: FIF recordings, and one MOABB data set over them.

Twenty-two channels at 250 Hz, four classes, two sessions of six runs of 48 trials of 4 s: the
shape of BNCI2014_001. A class weakens its own two rhythms (mu and beta) over a background of
1/f sources that people share in part, so that what one person's trials teach helps with another.
Sensor noise keeps condition numbers near those of real recordings.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

SFREQ, N_CHANNELS, N_TRIALS = 250.0, 22, 48
N_SESSIONS, N_RUNS = 2, 6
CLASSES = ("left_hand", "right_hand", "feet", "tongue")
CUE_EVERY, START, STOP = 8.0, 2.0, 6.0  # s; a trial is START to STOP after its cue
DEPTH = 0.4  # share of its amplitude that a class takes from its mu rhythm
PATTERN = "sub-{subject}_ses-{session}_run-{run}_raw.fif"
WINDOW = {"labels": sorted(CLASSES), "tmin": START, "tmax": STOP}


def make_recordings(folder: Path, n_subjects: int) -> list[Path]:
    """FIF files in single precision, each written once; their paths, in order.

    Parameters
    ----------
    folder : Path, exists
    n_subjects : int
    """
    paths = []
    for subject in range(1, n_subjects + 1):
        for session in range(N_SESSIONS):
            for run in range(N_RUNS):
                path = folder / PATTERN.format(subject=subject, session=session, run=run)
                if not path.exists():
                    _write(path, subject, np.random.default_rng([subject, session, run]))
                paths.append(path)
    return paths


def _write(path: Path, subject: int, rng: np.random.Generator) -> None:
    import mne

    data, onsets, labels = simulated_run(subject, rng)
    names = [f"E{number}" for number in range(1, N_CHANNELS + 1)]
    raw = mne.io.RawArray(1e-6 * data, mne.create_info(names, SFREQ, "eeg"), verbose="error")
    raw.set_annotations(mne.Annotations(onsets, STOP - START, labels))
    whole = path.with_name(f"part-{path.name}")
    raw.save(whole, fmt="single", verbose="error")
    os.replace(whole, path)  # a run that was interrupted leaves no half recording


def simulated_run(
    subject: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """One run of one person.

    Returns
    -------
    data : float64 array, shape (22, 97000), microvolt
    onsets : float array, shape (48,), s
    labels : list of 48 str
    """
    n_times = int((N_TRIALS * CUE_EVERY + 4) * SFREQ)
    mixing, rhythms = _head(subject)
    scatter = np.exp(0.2 * rng.standard_normal((N_CHANNELS, 1)))
    background = 0.5 * mixing @ (scatter * _noise(rng, N_CHANNELS, n_times, _one_over_f))
    mu = _noise(rng, 4, n_times, lambda f: _bump(f, 9, 13))
    beta = _noise(rng, 4, n_times, lambda f: _bump(f, 18, 26))
    sources = np.concatenate([mu, beta])
    onsets = 1.0 + CUE_EVERY * np.arange(N_TRIALS)
    classes = rng.permutation(np.repeat(np.arange(4), N_TRIALS // 4))
    for onset, number in zip(onsets, classes, strict=True):
        trial = slice(round((onset + START) * SFREQ), round((onset + STOP) * SFREQ))
        size = np.exp(0.35 * rng.standard_normal(8))
        size[number] *= 1 - DEPTH
        size[4 + number] *= 1 - 0.7 * DEPTH
        sources[:, trial] *= size[:, None]
        background[:, trial] *= np.exp(0.25 * rng.standard_normal())
    data = background + 2 * rhythms @ sources
    data += 0.04 * data.std() * rng.standard_normal(data.shape)
    return 8 * data / data.std(), onsets, [CLASSES[number] for number in classes]


def _head(subject: int) -> tuple[np.ndarray, np.ndarray]:
    """How sources reach the channels: (22, 22) of the background, (22, 8) of the rhythms."""
    everyone, own = np.random.default_rng(7), np.random.default_rng(1000 + subject)
    places = np.arange(N_CHANNELS)
    smear = np.exp(-np.abs(np.subtract.outer(places, places)) / 3)
    shape, n_rhythms = (N_CHANNELS, N_CHANNELS), (N_CHANNELS, 8)
    mixing = everyone.standard_normal(shape) + 0.6 * own.standard_normal(shape)
    rhythms = everyone.standard_normal(n_rhythms) + 0.5 * own.standard_normal(n_rhythms)
    return smear @ mixing, smear @ rhythms


def _noise(rng: np.random.Generator, n: int, n_times: int, gain: Any) -> np.ndarray:
    """Noise of unit variance whose spectrum has the amplitudes `gain(frequency)`."""
    frequencies = np.fft.rfftfreq(n_times, 1 / SFREQ)
    shape = (n, len(frequencies))
    spectrum = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    noise = np.fft.irfft(spectrum * gain(frequencies), n_times)
    return noise / noise.std(axis=1, keepdims=True)


def _one_over_f(frequencies: np.ndarray) -> np.ndarray:
    return np.maximum(frequencies, 0.5) ** -0.5


def _bump(frequencies: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.exp(-0.5 * ((frequencies - (low + high) / 2) / ((high - low) / 2)) ** 2)


def study(folder: Path, n_subjects: int) -> Any:
    """The recordings of the first people as our `Study`."""
    import neurodecode as nd

    everyone = nd.read(f"{folder.as_posix()}/{PATTERN}")
    wanted = [str(subject) for subject in range(1, n_subjects + 1)]
    return everyone[everyone.table["subject"].isin(wanted).to_numpy()]


def moabb_dataset(folder: Path, n_subjects: int) -> Any:
    """The same recordings as a data set of MOABB."""
    import mne
    from moabb.datasets.base import BaseDataset

    class SimulatedImagery(BaseDataset):
        def __init__(self) -> None:
            super().__init__(
                subjects=list(range(1, n_subjects + 1)), sessions_per_subject=N_SESSIONS,
                events={name: number for number, name in enumerate(CLASSES, start=1)},
                code="SimulatedImagery", interval=[START, STOP], paradigm="imagery",
            )  # fmt: skip

        def data_path(self, subject: int, *args: Any, **options: Any) -> list[str]:
            return [str(path) for runs in self._runs(subject).values() for path in runs.values()]

        def _runs(self, subject: int) -> dict[str, dict[str, Path]]:
            return {
                str(session): {
                    str(run): folder / PATTERN.format(subject=subject, session=session, run=run)
                    for run in range(N_RUNS)
                }
                for session in range(N_SESSIONS)
            }

        def _get_single_subject_data(self, subject: int) -> Any:
            return {
                session: {
                    run: mne.io.read_raw_fif(path, preload=True, verbose="error")
                    for run, path in runs.items()
                }
                for session, runs in self._runs(subject).items()
            }

    return SimulatedImagery()
