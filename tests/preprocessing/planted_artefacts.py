"""Brain of pink dipoles under a 10-20 cap, with blinks, loud channels and glitches planted."""

from __future__ import annotations

import functools

import numpy as np

from neurodecode import Epochs, Recording
from neurodecode.core import Channels
from neurodecode.loaders.simulate.head import cap, eeg_lead_field, scattered_dipoles
from neurodecode.loaders.simulate.signals import pink_noise

CAP = (
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8", "P3", "Pz", "P4", "O1"
)  # fmt: skip
SFREQ = 125.0


@functools.cache
def brain(n_times: int, random_state: int = 0) -> np.ndarray:
    """16 channels of 60 dipoles and sensor noise, 10 µV rms, shape (16, n_times), read-only."""
    rng = np.random.default_rng(random_state)
    field = eeg_lead_field(CAP, *scattered_dipoles(60, rng))
    x = field @ pink_noise((60, n_times), rng)
    x *= 10 / np.sqrt(np.mean(x**2))
    x += 0.5 * rng.normal(size=x.shape)
    x.flags.writeable = False
    return x


def blinking(seconds: float = 60.0, every: float = 3.3) -> tuple[Recording, np.ndarray, np.ndarray]:
    """A recording with 200 µV blinks and an EOG channel that holds 20 % of Fp1.

    Returns
    -------
    recording, brain of the 16 EEG channels, bool mask of samples inside blinks
    """
    n = round(seconds * SFREQ)
    times = np.arange(n) / SFREQ
    clean = brain(n)
    shape = np.zeros(n)
    for onset in np.arange(1.5, seconds - 1, every):
        shape += np.exp(-0.5 * ((times - onset) / 0.08) ** 2)
    places = cap(CAP).positions
    away = np.linalg.norm(places - places[:2].mean(axis=0), axis=1)
    spread = 200 * np.exp((away.min() - away) / 0.04)
    eog = 220 * shape + 0.2 * clean[0] + np.random.default_rng(5).normal(size=n)
    x = np.concatenate([clean + spread[:, None] * shape, eog[None]])
    table = cap(CAP)
    channels = Channels(
        [*CAP, "EOG"],
        [*16 * ["eeg"], "eog"],
        positions=np.concatenate([table.positions, np.full((1, 3), np.nan)]),
        position_from="template",
    )
    return Recording(x, channels=channels, sfreq=SFREQ), clean, shape > 0.1


def left_over(made: Recording, clean: np.ndarray, inside: np.ndarray) -> tuple[float, float]:
    """Error over brain, as rms, inside and outside the blinks."""
    error = made.data[:16] - clean
    return tuple(
        float(np.sqrt((error[:, part] ** 2).mean() / (clean[:, part] ** 2).mean()))
        for part in (inside, ~inside)
    )  # type: ignore[return-value]


def trials(n_trials: int = 60, n_times: int = 125, random_state: int = 1) -> Epochs:
    """Clean trials of 1 s."""
    x = brain(n_trials * n_times, random_state).reshape(16, n_trials, n_times)
    return Epochs(np.ascontiguousarray(x.transpose(1, 0, 2)), channels=cap(CAP), sfreq=SFREQ)
