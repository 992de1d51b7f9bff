"""`sim-mi`: imagined left and right hand movements of several people on several days.

Each hand area holds a mu (about 10 Hz) and a beta (about 21 Hz) rhythm. Imagining one hand makes
the rhythms of the *opposite* hemisphere fade (event-related desynchronisation) by an amount that
differs from trial to trial; the same side grows a little. On top lie an occipital alpha rhythm,
pink activity of many dipoles, and white sensor noise. People differ in peak frequencies, in depth
of the effect and in the depth of their hand areas; days differ in how the cap sits and in the gain
of electrodes: what alignment methods are made for.

Source of the phenomenon: Pfurtscheller & Lopes da Silva 1999, doi 10.1016/S1388-2457(99)00141-8.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.epochs import Epochs
from neurodecode.core.recording import Recording
from neurodecode.loaders.simulate import head, signals

# The cap of BNCI2014_001.
CHANNELS = (
    "Fz", "FC3", "FC1", "FCz", "FC2", "FC4", "C5", "C3", "C1", "Cz", "C2", "C4", "C6",
    "CP3", "CP1", "CPz", "CP2", "CP4", "P1", "Pz", "P2", "POz",
)  # fmt: skip
CLASSES = ("left_hand", "right_hand")
HANDS = ("C4", "C3")  # electrode over the hemisphere that each class desynchronises
TRIAL_SECONDS = 3.5  # cue to cue
IMAGERY = (0.3, 2.3)  # s after the cue
LEAD_IN = 2.0


def mi_recordings(
    n_subjects: int = 3,
    n_sessions: int = 2,
    n_trials: int = 50,
    sfreq: float = 128.0,
    erd: float = 0.6,
    random_state: int = 0,
) -> tuple[list[Recording], dict[str, Any]]:
    """Continuous motor imagery recordings, one a subject and session, and what was planted.

    Parameters
    ----------
    n_subjects, n_sessions, n_trials : int, trials per session, half of each class
    sfreq : float, Hz
    erd : float in [0, 1), mean share of amplitude that the opposite hemisphere loses
    random_state : int

    Returns
    -------
    recordings : list of Recording; events "left_hand" and "right_hand" at the cue
    truth : ``patterns[subject]`` (class -> µV pattern of the area it desynchronises, cap in
        place), ``mu_hz[subject]``, ``beta_hz[subject]``, ``erd[subject]``

    Examples
    --------
    >>> recordings, truth = mi_recordings(n_subjects=1, n_sessions=1, n_trials=4)
    >>> recordings[0].events["label"].value_counts().to_dict()
    {'left_hand': 2, 'right_hand': 2}
    """
    recordings: list[Recording] = []
    truth: dict[str, Any] = {"patterns": {}, "mu_hz": {}, "beta_hz": {}, "erd": {}}
    for subject in range(1, n_subjects + 1):
        person = _person(np.random.default_rng([random_state, subject]), erd)
        key = str(subject)
        truth["mu_hz"][key], truth["beta_hz"][key] = person["mu_hz"], person["beta_hz"]
        truth["erd"][key] = person["erd"]
        field = head.eeg_lead_field(CHANNELS, person["positions"], person["orientations"])
        truth["patterns"][key] = dict(zip(CLASSES, field[:, :2].T, strict=True))
        for session in range(1, n_sessions + 1):
            rng = np.random.default_rng([random_state, subject, session])
            recordings.append(_session(person, key, str(session), n_trials, sfreq, rng))
    return recordings, truth


def simulate_mi(**options: Any) -> tuple[Epochs, dict[str, Any]]:
    """Trials 0.5-2.0 s after the cue of `mi_recordings`, and what was planted.

    Examples
    --------
    >>> epochs, truth = simulate_mi(n_subjects=2, n_sessions=1, n_trials=10)
    >>> epochs.shape
    (20, 22, 192)
    """
    recordings, truth = mi_recordings(**options)
    events = {name: name for name in CLASSES}
    return Epochs.concat([each.epoch(events, tmin=0.5, tmax=2.0) for each in recordings]), truth


def _person(rng: np.random.Generator, erd: float) -> dict[str, Any]:
    """One head: sources (two hand areas, occipital alpha, background) and their traits."""
    hands, outward = head.under(HANDS, depth=0.018)
    hands = hands + rng.normal(scale=0.004, size=hands.shape)
    occipital, upward = head.under(("POz",), depth=0.02)
    scattered, orientations = head.scattered_dipoles(60, rng)
    tilt = outward + 0.25 * rng.normal(size=outward.shape)
    tilt /= np.linalg.norm(tilt, axis=1, keepdims=True)
    return {
        "positions": np.concatenate([hands, occipital, scattered]),
        "orientations": np.concatenate([tilt, upward, orientations]),
        "mu_hz": float(rng.uniform(9.5, 12.0)),
        "beta_hz": float(rng.uniform(19.0, 23.0)),
        "alpha_hz": float(rng.uniform(9.0, 11.5)),
        "erd": float(np.clip(erd + rng.uniform(-0.08, 0.08), 0, 0.95)),
        "strength": rng.uniform(0.85, 1.15, size=2),  # of the two hand rhythms
    }


def _session(
    person: dict[str, Any],
    subject: str,
    session: str,
    n_trials: int,
    sfreq: float,
    rng: np.random.Generator,
) -> Recording:
    """One recording: the person's sources under a cap that sits anew every day."""
    n_times = round((LEAD_IN + n_trials * TRIAL_SECONDS + 1.0) * sfreq)
    cues = LEAD_IN + TRIAL_SECONDS * np.arange(n_trials)
    labels = rng.permutation(np.resize(CLASSES, n_trials))
    sources = _sources(person, n_times, sfreq, cues, labels, rng)
    turn = head.rotation(rng.normal(scale=(3.0, 3.0, 4.0)))
    field = head.eeg_lead_field(CHANNELS, person["positions"], person["orientations"], turn)
    gain = np.exp(rng.normal(scale=0.1, size=(len(CHANNELS), 1)))
    data = gain * (field @ sources) + rng.normal(scale=2.0, size=(len(CHANNELS), n_times))
    return Recording(
        data.astype(np.float32),
        channels=head.cap(CHANNELS),
        sfreq=sfreq,
        events=pd.DataFrame({"onset": cues, "duration": 0.0, "label": labels}),
        recording=f"sim-mi sub-{subject} ses-{session}",
        subject=subject,
        session=session,
        simulated=True,
    )


def _sources(
    person: dict[str, Any],
    n_times: int,
    sfreq: float,
    cues: np.ndarray,
    labels: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Dipole moments in nAm, shape (n_dipoles, n_times), in the order of the person's sources."""
    hands = []
    for name, strength in zip(CLASSES, person["strength"], strict=True):
        envelope = np.ones(n_times)
        start, length = round(IMAGERY[0] * sfreq), round((IMAGERY[1] - IMAGERY[0]) * sfreq)
        for cue, label in zip(cues, labels, strict=True):
            depth = np.clip(person["erd"] + rng.normal(scale=0.2), 0.0, 0.95)
            change = -depth if label == name else 0.15 * depth
            first = round(cue * sfreq) + start
            envelope[first : first + length] += change * signals.smooth_gate(length, sfreq)
        mu = signals.rhythm(n_times, sfreq, person["mu_hz"], rng, width=1.2)
        beta = signals.rhythm(n_times, sfreq, person["beta_hz"], rng, width=2.0)
        hands.append(strength * envelope * (45.0 * mu + 20.0 * beta))
    alpha = 50.0 * signals.rhythm(n_times, sfreq, person["alpha_hz"], rng, width=1.0)
    count = len(person["positions"]) - 3
    background = 28.0 * signals.pink_noise((count, n_times), rng)
    return np.concatenate([np.array([*hands, alpha]), background])
