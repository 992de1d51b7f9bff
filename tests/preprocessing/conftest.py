"""Recordings and epochs that the tests of this room share."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from neurodecode import Epochs, Recording
from neurodecode.core import Channels

SFREQ = 250.0


@pytest.fixture
def recording() -> Recording:
    """20 s of noise: two EEG channels, an EOG and a stim channel, with a gap from 8 to 10 s."""
    rng = np.random.default_rng(0)
    data = rng.normal(size=(4, 5000)) * np.array([[10], [10], [50], [0]])
    data[3, 1000:1100] = 7
    return Recording(
        data.astype(np.float32),
        channels=Channels(["C3", "C4", "EOG", "STI"], kinds=["eeg", "eeg", "eog", "stim"]),
        sfreq=SFREQ,
        events=pd.DataFrame({"onset": [4.0], "duration": [0.0], "label": ["go"]}),
        intervals=pd.DataFrame({"onset": [8.0], "duration": [2.0], "kind": ["gap"]}),
        line_freq=50.0,
    )


@pytest.fixture
def epochs() -> Epochs:
    """30 trials of 2 s, four EEG channels, float32."""
    data = np.random.default_rng(0).normal(size=(30, 4, 500)).astype(np.float32)
    return Epochs(
        data, channels=["C3", "Cz", "C4", "Pz"], sfreq=SFREQ, y=15 * ["a", "b"], line_freq=50.0
    )
