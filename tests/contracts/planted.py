"""Small epochs with a planted effect that every family of decoders can find."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd

from neurodecode import Epochs


@functools.cache  # epochs do not change; the one check that doubts it takes `.__wrapped__`
def planted_epochs(
    n_trials: int = 80, n_channels: int = 6, effect: float = 1.0, random_state: int = 0
) -> Epochs:
    """Two classes that differ by an evoked deflection and by the power of a 12 Hz rhythm.

    Classes are balanced within each of two sessions of two subjects.

    Returns
    -------
    Epochs
        1 s at 128 Hz, n_channels EEG channels (µV), labels "left" and "right".
    """
    rng = np.random.default_rng(random_state)
    mixing = np.eye(n_channels) + 0.3 * np.random.default_rng(5).standard_normal(
        (n_channels, n_channels)
    )  # the same heads for every seed and size
    sfreq, n_times = 128, 128
    times = np.arange(n_times) / sfreq
    y = np.tile(["left", "right"], n_trials // 2)
    noise = 5 * rng.standard_normal((n_trials, n_channels, n_times))
    phase = rng.uniform(0, 2 * np.pi, (n_trials, 2, 1))
    rhythm = np.sin(2 * np.pi * 12 * times + phase)  # (n_trials, 2, n_times)
    bump = np.exp(-0.5 * ((times - 0.4) / 0.08) ** 2)
    sign = np.where(y == "left", 1.0, -1.0)[:, None]
    sources = noise
    sources[:, 0] += (10 + 6 * effect * sign) * rhythm[:, 0]
    sources[:, 1] += (10 - 6 * effect * sign) * rhythm[:, 1]
    sources[:, 2] += 5 * effect * sign * bump
    quarter = np.arange(n_trials) * 4 // n_trials
    trials = pd.DataFrame(
        {
            "subject": np.where(quarter < 2, "a", "b"),
            "session": (quarter % 2).astype(str),
            "recording": [f"rec{q}" for q in quarter],
            "onset": np.arange(n_trials) * 2.0,
        }
    )
    return Epochs(
        np.einsum("ij,njt->nit", mixing, sources).astype(np.float32),
        channels=["FC3", "FC4", "C3", "Cz", "C4", "Pz", "P3", "P4"][:n_channels],
        sfreq=sfreq,
        y=y,
        trials=trials,
        line_freq=50.0,
        name="planted",
    )
