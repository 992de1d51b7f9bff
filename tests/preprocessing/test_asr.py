"""`ASR`: bursts go, clean samples stay, trained thresholds are asrpy's."""

from types import SimpleNamespace

import numpy as np
import pytest
from preprocessing.planted_artefacts import CAP, brain

from neurodecode import Recording
from neurodecode.core.errors import DataError
from neurodecode.loaders.simulate.head import cap

pytest.importorskip("asrpy", reason="asrpy is not installed")

from neurodecode.preprocessing import ASR, Bandpass, Reference


@pytest.fixture(scope="module")
def bursts():
    """30 s with 4 bursts of 300 µV; 20 s to calibrate; clean truth, mask of bursts."""
    n = 30 * 125
    everything = Recording(brain(n + 20 * 125), channels=cap(CAP), sfreq=125)
    clean = Bandpass(1.0, None).transform(everything).data
    rng = np.random.default_rng(3)
    x, inside = np.array(clean[:, :n]), np.zeros(n, dtype=bool)
    for start in range(500, n - 200, 875):
        window = slice(start, start + 125)
        topography = rng.normal(size=(16, 1))
        topography *= 300 / np.abs(topography).max()
        x[:, window] += topography * np.hanning(125) * rng.normal(size=125)
        inside[window] = True
    rec = Recording(x, channels=cap(CAP), sfreq=125)
    return rec, Recording(clean[:, n:], channels=cap(CAP), sfreq=125), clean[:, :n], inside


def test_bursts_shrink_and_clean_samples_stay(bursts):
    recording, rest, clean, inside = bursts
    out = ASR().fit(rest).transform(recording).data
    before = ((recording.data - clean)[:, inside] ** 2).mean()
    after = ((out - clean)[:, inside] ** 2).mean()
    assert 10 * np.log10(after / before) < -15
    away = ~np.convolve(inside, np.ones(151), "same").astype(bool)
    change = np.sqrt(((out - clean)[:, away] ** 2).mean() / (clean[:, away] ** 2).mean())
    assert change < 0.01


def test_calibration_is_that_of_the_package(bursts):
    from asrpy import ASR as Theirs

    from neurodecode.preprocessing.training_signals import training_signals

    rest = bursts[1]
    theirs = Theirs(sfreq=125.0)
    x = training_signals(rest).joined()
    theirs.fit(SimpleNamespace(get_data=lambda **_: x))
    ours = ASR().fit(rest)
    assert np.allclose(ours.mixing_, theirs.M) and np.allclose(ours.threshold_, theirs.T)


def test_average_reference_gives_no_nan_and_keeps_its_rank(bursts):
    recording = Reference("average").transform(bursts[0])
    out = ASR().fit(Reference("average").transform(bursts[1])).transform(recording)
    assert np.isfinite(out.data).all() and out.rank == recording.rank
    assert np.abs(out.data.mean(axis=0)).max() < 1e-6


def test_little_calibration_data_are_refused(bursts):
    with pytest.raises(DataError, match="cannot calibrate"):
        ASR().fit(bursts[1].with_data(bursts[1].data[:, :500]))
