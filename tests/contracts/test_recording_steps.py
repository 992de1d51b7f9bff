"""Every step that takes recordings keeps what is not signal, is the same twice, counts its rank."""

import numpy as np
import pandas as pd
import pytest
from contracts.cases import cases
from contracts.planted import planted_epochs

from neurodecode import Recording
from neurodecode.core import registry

# These want spikes or optical densities; their own tests have them.
OTHER_KINDS = ("beer-lambert", "short-channels", "smooth-spikes")
RECORDING_STEPS = [
    case
    for case in cases("step")
    if registry.resolve("step", case.name).accepts_recording and case.name not in OTHER_KINDS
]


def planted_recording() -> Recording:
    """40 s of six EEG channels at 128 Hz with a gap, a BAD span and an event."""
    epochs = planted_epochs(40)
    return Recording(
        np.concatenate(list(epochs.data.astype(float)), axis=1),
        channels=epochs.channels,
        sfreq=128,
        events=pd.DataFrame({"onset": [4.0], "duration": [0.5], "label": ["go"]}),
        intervals=pd.DataFrame(
            {"onset": [20.0, 30.0], "duration": [1.0, 2.0], "kind": ["gap", "BAD_cable"]}
        ),
        line_freq=50.0,
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", RECORDING_STEPS, ids=str)
def test_recordings_come_back_whole(case):
    recording = planted_recording()
    before = recording.data.copy()
    made = case.bare().transform(recording)
    again = case.bare().transform(planted_recording())
    assert np.array_equal(made.data, again.data), f"{case}: two runs differ"
    assert np.array_equal(recording.data, before), f"{case}: changed the caller's samples"
    assert made.events.equals(recording.events), f"{case}: lost or moved events"
    kept = made.intervals[made.intervals["kind"].isin(["gap", "BAD_cable"])]
    assert kept.reset_index(drop=True).equals(recording.intervals), f"{case}: lost intervals"
    assert made.duration == pytest.approx(recording.duration, abs=1), f"{case}: other duration"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", RECORDING_STEPS, ids=str)
def test_rank_is_what_the_data_have(case):
    made = case.bare().transform(planted_recording())
    brain = made.channels.good_brain()
    values = np.linalg.svd(made.data[brain], compute_uv=False)
    seen = int((values > 1e-9 * values[0]).sum())
    said = len(brain) if made.rank is None else made.rank
    assert seen == said, f"{case}: says rank {said}, data have {seen}. Fix: with_data(rank=...)."
