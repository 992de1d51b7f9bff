"""`ZapLine` and `LineInterpolate` on a known brain with known line noise."""

import contextlib
import io

import numpy as np
import pandas as pd
import pytest
from preprocessing.heads import brain

from neurodecode import Epochs, Recording
from neurodecode.core.errors import DataError
from neurodecode.linalg import count_line_components, period_average
from neurodecode.preprocessing import Comb, LineInterpolate, Notch, ZapLine

SFREQ = 500.0


def decibel(a, b):
    return 10 * np.log10(a / b)


def power(x, low, high):
    at = np.fft.rfftfreq(x.shape[1], 1 / SFREQ)
    spectrum = np.abs(np.fft.rfft(x, axis=1)) ** 2
    return spectrum[:, (at >= low) & (at <= high)].sum()


@pytest.fixture(scope="module")
def clean():
    return brain(32, 30, SFREQ)


@pytest.fixture(scope="module")
def humming(clean):
    """50, 100 and 150 Hz, slowly modulated, from six places, 29.6 dB above the brain."""
    rng = np.random.default_rng(3)
    line = np.zeros(clean.shape)
    for k in range(3):
        for j in range(2):
            slow = 1 + 0.5 * np.sin(2 * np.pi * (0.1 + 0.07 * j + 0.03 * k) * clean.times + j)
            wave = np.sin(2 * np.pi * 50 * (k + 1) * clean.times + rng.uniform(0, 6))
            line += rng.normal(size=(32, 1)) * slow * wave / (k + 1)
    line *= np.sqrt(10**2.96 * power(clean.data, 49.5, 50.5) / power(line, 49.5, 50.5))
    return clean.with_data(clean.data + line)


def test_zapline_finds_six_patterns_and_leaves_alpha(clean, humming):
    out = ZapLine().transform(humming)
    assert "6 components removed" in out.notes[-1]
    assert np.array_equal(out.data, ZapLine(50, 6).transform(humming).data)
    assert decibel(power(out.data, 49.5, 50.5), power(humming.data, 49.5, 50.5)) < -25
    assert abs(decibel(power(out.data, 8, 12), power(clean.data, 8, 12))) < 0.05
    assert np.linalg.matrix_rank(out.data) == 32 and out.rank is None


def test_zapline_finds_nothing_in_a_clean_recording(clean):
    out = ZapLine().transform(clean)
    assert "0 components removed" in out.notes[-1]
    assert np.array_equal(out.data, clean.data)


def test_zapline_finds_two_patterns(clean):
    rng = np.random.default_rng(5)
    waves = np.sin(2 * np.pi * 50 * clean.times + np.array([[0.0], [1.0]]))
    waves[1] *= np.sin(2 * np.pi * 0.2 * clean.times)
    out = ZapLine().transform(clean.with_data(clean.data + 5 * rng.normal(size=(32, 2)) @ waves))
    assert "2 components removed" in out.notes[-1]


@pytest.mark.slow  # importing meegkit takes longer than all tests here
def test_error_is_that_of_meegkit(clean, humming):
    dss = pytest.importorskip("meegkit.dss", reason="meegkit is not installed")
    with contextlib.redirect_stdout(io.StringIO()):
        theirs, _ = dss.dss_line(humming.data.T.copy(), 50, SFREQ, nremove=6)
    size = np.linalg.norm(clean.data)
    ours = np.linalg.norm(ZapLine(50, 6).transform(humming).data - clean.data) / size
    assert ours == pytest.approx(np.linalg.norm(theirs.T - clean.data) / size, abs=0.02)


def test_levelling_leaves_noise_of_the_right_size(clean, humming):
    out = LineInterpolate().transform(humming)
    assert decibel(power(out.data, 49.5, 50.5), power(clean.data, 49.5, 50.5)) == pytest.approx(
        -1, abs=1
    )
    # What the brain had in those bands is lost, its size put back at a wrong phase: no more.
    lost = sum(power(clean.data, f - 1, f + 1) for f in (50, 100, 150))
    assert power(out.data - clean.data, 0, 250) < 2.2 * lost


def test_the_rule_counts_what_stands_before_the_largest_fall():
    assert count_line_components([0.998, 0.996, 0.993, 0.977, 0.847, 0.777, 0.023], 32) == 6
    assert count_line_components([0.029, 0.024], 32) == 0
    assert count_line_components([0.9, 0.8, 0.01], 5) == 1  # a fifth of the channels at most


def test_the_mean_over_a_period_removes_the_line_at_any_rate():
    t = np.arange(1000) / 250
    hum = sum(np.sin(2 * np.pi * 60 * k * t) for k in (1, 2))
    assert np.abs(period_average(hum, 250 / 60)[10:-10]).max() < 0.05
    ramp = period_average(t, 250 / 60)
    assert np.allclose(ramp[10:-10], t[10:-10])  # centred: no delay


def test_spans_are_kept_apart_and_bad_channels_out(humming):
    gap = {"onset": [10.0], "duration": [2.0], "kind": ["gap"]}
    data = humming.data.copy()
    data[3] += 1e4 * np.sin(2 * np.pi * 50 * humming.times)
    broken = humming.with_data(data).with_intervals(pd.DataFrame(gap))
    broken = broken.with_bads([broken.channels.names[3]])
    out = ZapLine().transform(broken)
    assert np.array_equal(out.data[3], data[3])
    assert np.array_equal(out.data[:, 5000:6000], data[:, 5000:6000])
    assert "6 components removed" in out.notes[-1]


def test_epochs_get_the_filters_of_the_training_trials(humming):
    epochs = humming.windows(2.0, 2.0)
    step = ZapLine().fit(epochs[:8])
    assert step.n_removed_ == 6 and step.scores_[5] > 0.5 > step.scores_[6]
    out = step.transform(epochs[8:])
    flat = np.concatenate(list(out.data), axis=1)
    before = np.concatenate(list(epochs[8:].data), axis=1)
    assert decibel(power(flat, 49.5, 50.5), power(before, 49.5, 50.5)) < -20


@pytest.mark.parametrize("step", [ZapLine, LineInterpolate, Comb, Notch])
def test_everyone_asks_when_nobody_knows_the_line(step):
    silent = Recording(np.ones((6, 500)), channels=list("abcdef"), sfreq=SFREQ)
    with pytest.raises(DataError, match=f"{step.__name__}: which frequency"):
        step().transform(silent)


def test_what_cannot_work_is_refused():
    few = Recording(np.random.default_rng(0).normal(size=(3, 500)), channels=list("abc"), sfreq=250)
    with pytest.raises(DataError, match="too few channels"):
        ZapLine(50).transform(few)
    with pytest.raises(DataError, match="does not fit the sampling rate"):
        ZapLine(200).transform(few)
    with pytest.raises(DataError, match="do not fit"):
        LineInterpolate(50, width=3, flank=2).transform(few)
    short = Epochs(np.zeros((1, 1, 50)), channels=["Cz"], sfreq=250)
    with pytest.raises(DataError, match="too short"):
        LineInterpolate(50).transform(short)
