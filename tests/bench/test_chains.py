"""The default chains, one a paradigm, on recordings of their kind."""

import numpy as np
import pandas as pd
import pytest

import neurodecode as nd
from neurodecode import Recording
from neurodecode.core import Channels


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("chain", "data", "least"),
    [
        ("mi", "sim-mi", 0.75),
        ("erp", "sim-p300", 0.65),
        ("ssvep", "sim-ssvep", 0.8),
        ("meg-evoked", "sim-meg", 0.7),
        ("fmri", "sim-fmri", 0.6),
    ],
)
def test_a_chain_decodes_what_it_is_for(chain, data, least, tmp_path):
    split = "leave-one-run-out" if chain == "fmri" else "within-session"
    result = nd.benchmark(data, chain, split=split, k=3, quiet=True, out=tmp_path)
    frame = result.frame
    assert set(frame["status"]) == {"ok"}, frame["failure"].dropna().tolist()
    scores = frame.loc[frame["metric"] == "balanced-accuracy", "value"]
    assert scores.mean() > least


def test_sleep_stages_from_a_night_of_noise_in_bands():
    rng = np.random.default_rng(0)
    stages = np.repeat(["N3", "REM", "W", "N3", "REM", "W"], 6)
    t = np.arange(30 * 128) / 128
    hertz = {"N3": 1.5, "REM": 6.0, "W": 10.0}
    pieces = [20 * np.sin(2 * np.pi * hertz[each] * t + rng.uniform(0, 6)) for each in stages]
    night = np.concatenate(pieces) + 20 * rng.normal(size=len(stages) * len(t))
    events = pd.DataFrame({"onset": 30.0 * np.arange(len(stages)), "label": stages})
    rec = Recording(night[None], channels=Channels(["Cz"]), sfreq=128, events=events)
    pipe = nd.recipe("sleep")
    front = [name for name, _ in pipe.steps if name.startswith("recording-")]
    for name in front:
        rec = pipe.named_steps[name].transform(rec)
    epochs = rec.epoch(tmin=0, tmax=30)
    assert rec.sfreq == 100 and np.abs(epochs.data).max() <= 20
    first = np.arange(len(epochs)) < 18
    tail = pipe[len(front) :].fit(epochs[first], epochs.y[first])
    assert tail.score(epochs[~first], epochs.y[~first]) > 0.9


@pytest.mark.parametrize(("chain", "transductive"), [("sleep", True), ("mi", False)])
def test_rows_say_where_a_trial_depends_on_its_whole_recording(chain, transductive, tmp_path):
    result = nd.benchmark("sim-mi", chain, split="within-session", k=2, quiet=True, out=tmp_path)
    assert set(result.frame["transductive"]) == {transductive}
