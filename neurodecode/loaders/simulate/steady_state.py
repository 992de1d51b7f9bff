"""`sim-ssvep`: four flickering targets, four frequencies, four phases.

Looking at a target drives the visual cortex at the target's frequency and its second harmonic,
with a fixed phase and a transport delay; spatial weights differ a little between people. All
frequencies are 60 Hz divided by an integer, as a 60 Hz screen shows them exactly.

Source of the design: joint frequency-phase coding, Chen et al. 2015, doi 10.1073/pnas.1508080112.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.epochs import Epochs
from neurodecode.core.recording import Recording
from neurodecode.loaders.simulate import head, signals

CHANNELS = ("PO7", "PO3", "POz", "PO4", "PO8", "O1", "Oz", "O2")
FREQUENCIES = {"7.5 Hz": 60 / 8, "8.57 Hz": 60 / 7, "10 Hz": 60 / 6, "12 Hz": 60 / 5}
PHASES = {"7.5 Hz": 0.0, "8.57 Hz": np.pi / 2, "10 Hz": np.pi, "12 Hz": 3 * np.pi / 2}
DELAY = 0.13  # s, eye to cortex
STIMULATION = 2.5  # s
PAUSE = 1.5  # s
LEAD_IN = 1.0


def ssvep_recordings(
    n_subjects: int = 3,
    n_trials: int = 48,
    sfreq: float = 128.0,
    amplitude: float = 2.0,
    random_state: int = 0,
) -> tuple[list[Recording], dict[str, Any]]:
    """Continuous flicker recordings, one a subject, and what was planted.

    Parameters
    ----------
    n_subjects, n_trials : int; a quarter of the trials for each target
    sfreq : float, Hz
    amplitude : float, µV, of the fundamental at the strongest electrode
    random_state : int

    Returns
    -------
    recordings : list of Recording; events named by frequency at the start of the flicker
    truth : ``frequencies``, ``phases`` (rad, of the stimulus), ``delay`` (s), ``pattern[subject]``

    Examples
    --------
    >>> recordings, truth = ssvep_recordings(n_subjects=1, n_trials=4)
    >>> sorted(recordings[0].events["label"]) == sorted(truth["frequencies"])
    True
    """
    recordings: list[Recording] = []
    patterns: dict[str, np.ndarray] = {}
    for subject in range(1, n_subjects + 1):
        rng = np.random.default_rng([random_state, subject])
        places, outward = head.under(("Oz",), depth=0.025)
        tilt = outward + 0.3 * rng.normal(size=outward.shape)
        pattern = head.eeg_lead_field(CHANNELS, places, tilt)[:, 0]
        patterns[str(subject)] = pattern / np.abs(pattern).max()
        recordings.append(
            _recording(str(subject), n_trials, sfreq, amplitude * patterns[str(subject)], rng)
        )
    truth = {"frequencies": FREQUENCIES, "phases": PHASES, "delay": DELAY, "pattern": patterns}
    return recordings, truth


def simulate_ssvep(**options: Any) -> tuple[Epochs, dict[str, Any]]:
    """Trials 0.25-2.25 s after flicker onset of `ssvep_recordings`, and what was planted.

    Examples
    --------
    >>> epochs, truth = simulate_ssvep(n_subjects=1, n_trials=8)
    >>> epochs.shape
    (8, 8, 256)
    """
    recordings, truth = ssvep_recordings(**options)
    parts = [each.epoch(list(FREQUENCIES), tmin=0.25, tmax=2.25) for each in recordings]
    return Epochs.concat(parts), truth


def _recording(
    subject: str, n_trials: int, sfreq: float, pattern: np.ndarray, rng: np.random.Generator
) -> Recording:
    labels = rng.permutation(np.resize(list(FREQUENCIES), n_trials))
    length = round(STIMULATION * sfreq)
    first = np.round((LEAD_IN + (STIMULATION + PAUSE) * np.arange(n_trials)) * sfreq).astype(int)
    n_times = first[-1] + length + round(PAUSE * sfreq)
    drive = np.zeros(n_times)
    gate = signals.smooth_gate(length, sfreq, rise=0.15)
    times = np.arange(length) / sfreq - DELAY
    for start, label in zip(first, labels, strict=True):
        angle = 2 * np.pi * FREQUENCIES[label] * times + PHASES[label]
        gain = rng.uniform(0.7, 1.3)  # attention comes and goes
        drive[start : start + length] = gain * gate * (np.sin(angle) + 0.4 * np.sin(2 * angle))
    positions, orientations = head.scattered_dipoles(30, rng)
    field = head.eeg_lead_field(CHANNELS, positions, orientations)
    noise = field @ signals.pink_noise((30, n_times), rng)
    noise *= 7.0 / noise.std()
    alpha = np.outer(pattern, signals.rhythm(n_times, sfreq, rng.uniform(9.5, 11), rng, width=1.2))
    data = np.outer(pattern, drive) + noise + 0.6 * alpha
    data += rng.normal(scale=1.0, size=data.shape)
    return Recording(
        data.astype(np.float32),
        channels=head.cap(CHANNELS),
        sfreq=sfreq,
        events=pd.DataFrame({"onset": first / sfreq, "duration": STIMULATION, "label": labels}),
        recording=f"sim-ssvep sub-{subject}",
        subject=subject,
        simulated=True,
    )
