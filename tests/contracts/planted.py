"""Small epochs with a planted effect that every family of decoders can find."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd

from neurodecode import Epochs
from neurodecode.core import Channels
from neurodecode.core.montage import with_template_places

FLICKER = {"left": 8.0, "right": 10.0}  # Hz


@functools.cache  # epochs do not change; the one check that doubts it takes `.__wrapped__`
def planted_epochs(
    n_trials: int = 80,
    n_channels: int = 6,
    effect: float = 1.0,
    random_state: int = 0,
    kind: str = "eeg",
) -> Epochs:
    """Two classes that differ by an evoked deflection, the power of a 12 Hz rhythm and a flicker.

    The flicker is at `FLICKER` Hz, from four channels on. Classes are balanced within each of two
    sessions of two subjects, a source and a target of transfer.

    Returns
    -------
    Epochs
        1 s at 128 Hz, n_channels channels (EEG in µV; optical density, in pairs of which the last
        two are short; spike counts), labels "left" and "right".
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
    if n_channels > 3:
        hertz = np.where(y == "left", FLICKER["left"], FLICKER["right"])[:, None]
        sources[:, 3] += 5 * effect * np.sin(2 * np.pi * hertz * times)
    quarter = np.arange(n_trials) * 4 // n_trials
    trials = pd.DataFrame(
        {
            "subject": np.where(quarter < 2, "a", "b"),
            "role": np.where(quarter < 2, "source", "target"),
            "session": (quarter % 2).astype(str),
            "recording": [f"rec{q}" for q in quarter],
            "onset": np.arange(n_trials) * 2.0,
        }
    )
    data = np.einsum("ij,njt->nit", mixing, sources).astype(np.float32)
    return Epochs(
        np.abs(data) if kind == "spikes" else data,
        channels=_channels(kind, n_channels),
        sfreq=sfreq,
        y=y,
        trials=trials,
        line_freq=50.0,
        name="planted",
    )


def _channels(kind: str, n_channels: int) -> Channels:
    if kind == "spikes":
        return Channels([f"unit {i + 1}" for i in range(n_channels)], kind)
    if kind == "fnirs_od":
        return _pairs(n_channels)
    names = ["FC3", "FC4", "C3", "Cz", "C4", "Pz", "P3", "P4"][:n_channels]
    return with_template_places(Channels(names), "standard_1005")


def _pairs(n_channels: int) -> Channels:
    """Two wavelengths a pair of optodes 3 cm apart; the last two pairs 12 and 8 mm."""
    pair, nm = np.divmod(np.arange(n_channels), 2)
    length = np.select([pair == pair[-1], pair == pair[-1] - 1], [0.008, 0.012], 0.03)
    ends = np.zeros((n_channels, 9))
    ends[:, 0] = ends[:, 3] = 0.02 * pair
    ends[:, 4] = length
    ends[:, 6] = np.where(nm == 0, 760, 850)
    names = [f"S{i + 1}_D{i + 1} {wave:.0f}" for i, wave in zip(pair, ends[:, 6], strict=True)]
    places = np.column_stack([0.02 * pair, length / 2, np.full(n_channels, 0.05)])
    return Channels(names, "fnirs_od", positions=places, orientations=ends)
