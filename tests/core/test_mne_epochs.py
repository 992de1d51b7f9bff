"""Epochs to MNE and back: every listed field survives, EEG and MEG."""

import mne
import numpy as np
import pandas as pd
import pytest

from neurodecode.core import Channels, Epochs, as_epochs
from neurodecode.core.errors import DataError


def make(kinds, y, **more):
    rng = np.random.default_rng(1)
    n, c = len(y), len(kinds)
    channels = Channels(
        [f"{kind}{i}" for i, kind in enumerate(kinds)],
        kinds=kinds,
        positions=rng.standard_normal((c, 3)) / 10,
        frame="device" if "mag" in kinds else "head",
        position_from="file",
        orientations=rng.standard_normal((c, 9)) if "mag" in kinds else None,
        reference=None if "mag" in kinds else "average",
        bads=[f"{kinds[-1]}{c - 1}"],
    )
    trials = pd.DataFrame(
        {"recording": "r1", "onset": np.linspace(1.234, 50, n), "subject": "s", "stimulus": "x"}
    )
    return Epochs(
        (100 * rng.standard_normal((n, c, 50))).astype(np.float32),
        channels=channels,
        sfreq=250.0,
        tmin=-0.04,
        pad=0.02,
        y=y,
        trials=trials,
        zero="cue",
        name="mine",
        rank=c - 1,
        line_freq=50.0,
        **more,
    )


@pytest.mark.parametrize("kinds", [["eeg"] * 4, ["mag", "grad", "grad"]], ids=["eeg", "meg"])
@pytest.mark.parametrize(
    "y", [["left", "right"] * 3, [7, 3] * 3, np.arange(6) / 3, np.ones((6, 2)) / 7, None]
)
def test_round_trip_keeps_every_field(kinds, y):
    epochs = make(kinds, y if y is not None else ["x"] * 6)
    epochs = epochs if y is not None else epochs.without_targets()
    there = epochs.to_mne()
    back = Epochs.from_mne(there)
    np.testing.assert_allclose(back.padded(), epochs.padded(), rtol=1e-7)
    for field in ("sfreq", "pad", "zero", "name", "rank", "line_freq", "simulated"):
        assert getattr(back, field) == getattr(epochs, field), field
    assert back.tmin == pytest.approx(epochs.tmin)
    assert back.channels == epochs.channels
    pd.testing.assert_frame_equal(back.trials, epochs.trials, check_like=True)
    if y is None:
        assert back.y is None
    else:
        np.testing.assert_array_equal(back.y, epochs.y)


def test_units_on_the_other_side_are_si():
    there = make(["eeg", "eeg"], ["a", "b"]).to_mne()
    assert 1e-5 < np.abs(there.get_data()).mean() < 1e-3
    there = make(["mag", "grad"], ["a", "b"]).to_mne()
    mag, grad = np.abs(there.get_data()).mean(axis=(0, 2))
    assert 1e-14 < mag < 1e-12 and 1e-12 < grad < 1e-10


def test_foreign_mne_epochs_are_taken_as_x():
    rng = np.random.default_rng(0)
    info = mne.create_info(["C3", "C4", "EOG"], 100.0, ["eeg", "eeg", "eog"])
    raw = mne.io.RawArray(1e-6 * rng.standard_normal((3, 1000)), info, verbose="ERROR")
    events = np.array([[100, 0, 1], [300, 0, 2], [500, 0, 1]])
    theirs = mne.Epochs(
        raw, events, {"left": 1, "right": 2}, tmin=-0.1, tmax=0.5, baseline=None, preload=True,
        verbose="ERROR",
    )  # fmt: skip
    epochs = as_epochs(theirs)
    assert epochs.shape == (3, 3, 61)  # MNE includes its last sample: nothing is dropped here
    assert epochs.y.tolist() == ["left", "right", "left"]
    assert epochs.tmin == pytest.approx(-0.1)
    assert epochs.trials["onset"].tolist() == [1.0, 3.0, 5.0]
    np.testing.assert_allclose(epochs.data, theirs.get_data() * 1e6, rtol=1e-6)


def test_what_mne_cannot_hold_is_refused():
    epochs = make(["eeg"], [0, 1], length=np.array([10, 40]))
    with pytest.raises(DataError, match="ragged"):
        epochs.to_mne()
