"""Clean EEG and what spoils it, apart from each other: material for the EEGdenoiseNet protocol.

Sources in MNE's spherical head, as in the other simulators. Brain: rhythms near 10 and 20 Hz that
wax and wane, over pink activity of many dipoles. Eyes: blinks (a quick rise, a slower fall) and
steps of gaze that drift back, under the forehead. Muscles: bursts of noise above 20 Hz under both
temples. Segments are cut from continuous signals, so that no end meets a beginning.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.loaders.simulate import head, signals

BRAIN = ("F3", "F4", "C3", "Cz", "C4", "P3", "Pz", "P4", "O1", "O2")
EYES = ("Fp1", "Fp2", "AF7", "AF8")
TEMPLES = ("FT7", "T7", "TP7", "FT8", "T8", "TP8")
KINDS = {"eeg": BRAIN, "eog": EYES, "emg": TEMPLES}
_MUSCLE_BAND = 20.0  # Hz, where activity of the temporalis begins to outweigh the EEG


def simulate_segments(
    n_people: int = 10,
    n_segments: int = 40,
    sfreq: float = 256.0,
    duration: float = 2.0,
    random_state: int = 0,
) -> dict[str, Epochs]:
    """Segments of one channel: clean EEG, eye artefacts and muscle artefacts.

    Parameters
    ----------
    n_people : int, default 10
        Each has other rhythms, blinks and bursts; column "subject" of the trial tables.
    n_segments : int, default 40
        Of each kind and person.
    sfreq : float, Hz, default 256
    duration : float, s, default 2
    random_state : int

    Returns
    -------
    segments : dict with "eeg", "eog" and "emg"
        Epochs of one channel, each (n_people * n_segments, 1, n_times), µV, without their mean.

    Examples
    --------
    >>> segments = simulate_segments(n_people=2, n_segments=3)
    >>> sorted(segments), segments["eeg"].shape
    (['eeg', 'emg', 'eog'], (6, 1, 512))
    """
    n_times = round(duration * sfreq)
    made = {}
    for number, (kind, names) in enumerate(KINDS.items()):
        rows = []
        for person in range(1, n_people + 1):
            rng = np.random.default_rng([random_state, number, person])
            recording = _MAKERS[kind](n_segments * n_times, sfreq, rng)  # (n_channels, n)
            cut = recording.reshape(len(names), n_segments, n_times)
            rows.append(cut[rng.integers(len(names), size=n_segments), np.arange(n_segments)])
        data = np.concatenate(rows)
        data -= data.mean(axis=1, keepdims=True)
        subject = np.repeat(np.arange(1, n_people + 1).astype(str), n_segments)
        made[kind] = Epochs(
            data[:, None].astype(np.float32),
            channels=Channels([kind.upper()], kinds=kind),
            sfreq=sfreq,
            trials=pd.DataFrame({"subject": subject}),
            name="sim-segments",
            zero="start of the segment",
            simulated=True,
        )
    return made


def _brain(n_times: int, sfreq: float, rng: np.random.Generator) -> np.ndarray:
    """Continuous clean EEG, µV, shape (n_channels, n_times)."""
    positions, orientations = head.scattered_dipoles(60, rng)
    rhythmic, outward = head.under(("C3", "C4", "POz"), depth=0.02)
    alpha, beta = rng.uniform(8.5, 12.0), rng.uniform(17.0, 23.0)
    moments = [
        strength * signals.rhythm(n_times, sfreq, centre, rng, width=1.5)
        for strength, centre in ((35.0, alpha), (15.0, beta), (50.0, alpha))
    ]
    background = 28.0 * signals.pink_noise((60, n_times), rng)
    field = head.eeg_lead_field(
        BRAIN, np.concatenate([rhythmic, positions]), np.concatenate([outward, orientations])
    )
    return field @ np.concatenate([moments, background])


def _eyes(n_times: int, sfreq: float, rng: np.random.Generator) -> np.ndarray:
    """Continuous blinks and shifts of gaze, µV, shape (n_channels, n_times)."""
    positions, outward = head.under(("Fp1", "Fp2"), depth=0.02)
    sideways = np.cross([0.0, 0.0, 1.0], outward)
    sideways /= np.linalg.norm(sideways, axis=1, keepdims=True)
    blinks, gaze = np.zeros(n_times), 0.05 * signals.pink_noise((n_times,), rng)  # never at rest
    seconds = n_times / sfreq
    times = np.arange(n_times) / sfreq
    for onset in np.sort(rng.uniform(0, seconds, rng.poisson(0.7 * seconds))):
        near = slice(*np.searchsorted(times, [onset - 1.0, onset + 1.5]))
        width = np.where(times[near] < onset, rng.uniform(0.04, 0.07), rng.uniform(0.07, 0.14))
        blinks[near] += rng.uniform(0.7, 1.3) * np.exp(-0.5 * ((times[near] - onset) / width) ** 2)
    for onset in rng.uniform(0, seconds, rng.poisson(0.6 * seconds)):
        near = slice(*np.searchsorted(times, [onset, onset + 8.0]))
        after = times[near] - onset
        gaze[near] += rng.normal() * (1 - np.exp(-after / 0.02)) * np.exp(-after / 1.5)
    field = head.eeg_lead_field(
        EYES, np.concatenate([positions, positions]), np.concatenate([outward, sideways])
    )
    upright, across = field[:, :2].sum(1), field[:, 2:].sum(1)  # both eyes move together
    return 600.0 * np.outer(upright, blinks) + 400.0 * np.outer(across, gaze)


def _muscles(n_times: int, sfreq: float, rng: np.random.Generator) -> np.ndarray:
    """Continuous muscle activity in bursts, µV, shape (n_channels, n_times)."""
    positions, outward = head.under(TEMPLES, depth=0.012)
    frequencies = np.fft.rfftfreq(n_times, 1 / sfreq)
    gain = 1 / np.sqrt(1 + (_MUSCLE_BAND / np.maximum(frequencies, 1e-6)) ** 4)
    noise = np.fft.irfft(gain * np.fft.rfft(rng.normal(size=(len(TEMPLES), n_times))), n=n_times)
    side = np.repeat([0, 1], len(TEMPLES) // 2)  # each jaw muscle tenses as a whole
    tension = np.stack([_tension(n_times, sfreq, rng) for _ in range(2)])[side]
    return head.eeg_lead_field(TEMPLES, positions, outward) @ (60.0 * tension * noise)


def _tension(n_times: int, sfreq: float, rng: np.random.Generator) -> np.ndarray:
    """A low tone, and contractions of 0.3 to 2 s."""
    envelope = np.full(n_times, 0.3)
    seconds = n_times / sfreq
    for onset in rng.uniform(0, seconds, rng.poisson(0.5 * seconds)):
        start, length = round(onset * sfreq), round(rng.uniform(0.3, 2.0) * sfreq)
        gate = signals.smooth_gate(length, sfreq, rise=0.1)[: n_times - start]
        envelope[start : start + len(gate)] += rng.uniform(0.5, 1.5) * gate
    return envelope


_MAKERS = {"eeg": _brain, "eog": _eyes, "emg": _muscles}
