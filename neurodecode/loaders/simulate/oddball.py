"""`sim-p300`: rare targets among frequent flashes, as in a P300 speller.

Every flash evokes a visual response (P100 at the occiput). A target adds a P300 over the parietal
scalp, whose latency differs between people and jitters from flash to flash, and an N200 at the
occipito-temporal electrodes. Flashes follow each other faster than responses fade, so epochs
overlap, and two targets never follow directly.

Source of the paradigm: Farwell & Donchin 1988, doi 10.1016/0013-4694(88)90149-6.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.epochs import Epochs
from neurodecode.core.recording import Recording
from neurodecode.loaders.simulate import head, signals

CHANNELS = ("Fz", "Cz", "P3", "Pz", "P4", "PO7", "Oz", "PO8")
CLASSES = ("nontarget", "target")
SOURCES = ("Oz", "PO7", "PO8", "Pz")  # radial dipoles below: P100, N200 left and right, P300
INTERVAL = 0.3  # s from flash to flash
PER_TARGET = 6  # one target among so many flashes
LEAD_IN = 1.0


def p300_recordings(
    n_subjects: int = 3,
    n_sessions: int = 2,
    n_flashes: int = 150,
    sfreq: float = 128.0,
    amplitude: float = 7.0,
    random_state: int = 0,
) -> tuple[list[Recording], dict[str, Any]]:
    """Continuous oddball recordings, one a subject and session, and what was planted.

    Parameters
    ----------
    n_subjects, n_sessions, n_flashes : int; every sixth flash on average is a target
    sfreq : float, Hz
    amplitude : float, µV, mean peak of the P300 at its strongest electrode
    random_state : int

    Returns
    -------
    recordings : list of Recording; events "target" and "nontarget" at the flash
    truth : ``latency[subject]`` (s), ``pattern`` (µV at each channel for a P300 of 1)

    Examples
    --------
    >>> recordings, truth = p300_recordings(n_subjects=1, n_sessions=1, n_flashes=60)
    >>> recordings[0].events["label"].value_counts().to_dict()
    {'nontarget': 50, 'target': 10}
    """
    field = _lead_field()
    recordings: list[Recording] = []
    latency: dict[str, float] = {}
    for subject in range(1, n_subjects + 1):
        key = str(subject)
        latency[key] = float(np.random.default_rng([random_state, subject]).uniform(0.31, 0.41))
        for session in range(1, n_sessions + 1):
            rng = np.random.default_rng([random_state, subject, session])
            recordings.append(
                _session(key, str(session), n_flashes, sfreq, amplitude, latency[key], field, rng)
            )
    return recordings, {"latency": latency, "pattern": field[:, 3]}


def simulate_p300(**options: Any) -> tuple[Epochs, dict[str, Any]]:
    """Trials 0-0.75 s after each flash of `p300_recordings`, and what was planted.

    Examples
    --------
    >>> epochs, truth = simulate_p300(n_subjects=1, n_sessions=1, n_flashes=60)
    >>> epochs.shape
    (60, 8, 96)
    """
    recordings, truth = p300_recordings(**options)
    return Epochs.concat(
        [each.epoch(list(CLASSES), tmin=0.0, tmax=0.75) for each in recordings]
    ), truth


def _lead_field() -> np.ndarray:
    """Patterns of the four sources, strongest electrode 1, shape (n_channels, 4)."""
    positions, outward = head.under(SOURCES, depth=0.03)
    field = head.eeg_lead_field(CHANNELS, positions, outward)
    return field / np.abs(field).max(axis=0)


def _flashes(n_flashes: int, rng: np.random.Generator) -> np.ndarray:
    """Labels in groups of six with one target each, never two targets in a row."""
    labels: list[str] = []
    while len(labels) < n_flashes:
        group = ["nontarget"] * PER_TARGET
        lowest = 1 if labels and labels[-1] == "target" else 0
        group[rng.integers(lowest, PER_TARGET)] = "target"
        labels += group
    return np.array(labels[:n_flashes])


def _session(
    subject: str,
    session: str,
    n_flashes: int,
    sfreq: float,
    amplitude: float,
    latency: float,
    field: np.ndarray,
    rng: np.random.Generator,
) -> Recording:
    labels = _flashes(n_flashes, rng)
    n_times = round((2 * LEAD_IN + n_flashes * INTERVAL) * sfreq)
    first = np.round((LEAD_IN + INTERVAL * np.arange(n_flashes)) * sfreq).astype(int)
    times = np.arange(round(0.9 * sfreq)) / sfreq
    courses = np.zeros((len(SOURCES), n_times + len(times)))
    for start, label in zip(first, labels, strict=True):
        span = slice(start, start + len(times))
        courses[0, span] += 3.0 * signals.bump(times, 0.10, 0.02)
        if label == "target":
            courses[1:3, span] -= 3.0 * signals.bump(times, 0.21, 0.03)
            peak = latency + rng.normal(scale=0.02)
            height = amplitude * rng.uniform(0.6, 1.4)
            courses[3, span] += height * signals.bump(times, peak, 0.06)
    evoked = field @ courses[:, :n_times]
    noise = _background(n_times, sfreq, rng)
    return Recording(
        (evoked + noise).astype(np.float32),
        channels=head.cap(CHANNELS),
        sfreq=sfreq,
        events=pd.DataFrame({"onset": first / sfreq, "duration": 0.1, "label": labels}),
        recording=f"sim-p300 sub-{subject} ses-{session}",
        subject=subject,
        session=session,
        simulated=True,
    )


def _background(n_times: int, sfreq: float, rng: np.random.Generator) -> np.ndarray:
    """Ongoing activity: pink noise of scattered dipoles, alpha at the back, sensor noise; µV."""
    positions, orientations = head.scattered_dipoles(40, rng)
    field = head.eeg_lead_field(CHANNELS, positions, orientations)
    pink = field @ signals.pink_noise((40, n_times), rng)
    pink *= 7.0 / pink.std()
    occipital = _lead_field()[:, :1] * signals.rhythm(n_times, sfreq, 10.0, rng, width=1.0)
    return pink + 3.0 * occipital + rng.normal(scale=1.5, size=pink.shape)
