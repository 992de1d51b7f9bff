"""Small epochs with a planted difference, and a recipe folder, for tests of the bench."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from neurodecode.core.epochs import Epochs


def planted_epochs(
    n_trials: int = 40,
    n_subjects: int = 1,
    effect: float = 1.0,
    n_channels: int = 3,
    published: bool = False,
    name: str | None = "planted",
    seed: int = 0,
) -> Epochs:
    """Two classes that differ in the mean of the first channel, `n_trials` a subject."""
    rng = np.random.default_rng(seed)
    n = n_trials * n_subjects
    y = np.array(["left", "right"])[np.arange(n) % 2]
    data = rng.standard_normal((n, n_channels, 32)).astype(np.float32)
    data[:, 0] += effect * (y == "right")[:, None]
    trials = pd.DataFrame(
        {
            "subject": np.repeat([f"S{i + 1:02}" for i in range(n_subjects)], n_trials),
            "recording": np.repeat([f"r{i + 1}" for i in range(n_subjects)], n_trials),
            "onset": np.tile(np.arange(n_trials) * 2.0, n_subjects),
        }
    )
    if published:
        trials["part"] = np.where(np.arange(n) < n // 2, "train", "test")
    names = [f"E{i}" for i in range(n_channels)]
    return Epochs(data, channels=names, sfreq=32, y=y, trials=trials, name=name)


@pytest.fixture
def planted():
    """`planted_epochs`, to be called with what the test needs."""
    return planted_epochs


@pytest.fixture
def write_recipe(tmp_path):
    """Write a TOML recipe and give its path."""

    def write(name: str, text: str) -> str:
        path = tmp_path / f"{name}.toml"
        path.write_text(text)
        return str(path)

    return write
