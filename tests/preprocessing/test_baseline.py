"""`Baseline` and `Detrend`: closed forms, and what a glitch does."""

import numpy as np
import pytest

from neurodecode import Epochs, Recording
from neurodecode.core.errors import DataError
from neurodecode.preprocessing import Baseline, Detrend


def test_baseline_is_the_mean_of_the_visible_time(epochs):
    padded = Epochs(epochs.data, channels=epochs.channels, sfreq=250, tmin=-0.2, pad=0.2)
    out = Baseline(-0.1, 0.1).transform(padded)
    expected = padded.data - padded.data[..., 25:75].mean(axis=2, keepdims=True)
    assert out.pad == 0.2 and np.allclose(out.data, expected, atol=1e-6)
    assert np.allclose(out.padded().mean(axis=2) - padded.padded().mean(axis=2),
                       -padded.data[..., 25:75].mean(axis=2), atol=1e-5)  # fmt: skip


def test_baseline_equals_that_of_the_cut(recording):
    events = recording.events
    cut = recording.with_events(events).epoch(tmin=-0.5, tmax=1.0, baseline=(None, 0.0))
    step = Baseline().transform(recording.epoch(tmin=-0.5, tmax=1.0))
    assert np.allclose(cut.data, step.data, atol=1e-4)


def test_baseline_adds_the_noise_of_its_mean():
    from scipy import signal

    rng = np.random.default_rng(0)
    noise = signal.lfilter([1], [1, -0.95], rng.normal(size=(2000, 1, 700)), axis=2)[..., 200:]
    epochs = Epochs(noise, channels=["Cz"], sfreq=100)
    out = Baseline(0, 0.5).transform(epochs).data[..., 400:]
    # Variance of the mean of 50 samples of this process, over that of one sample.
    of_mean = 1.95 / 0.05 / 50 - 2 * 0.95 * (1 - 0.95**50) / (50 * 0.05) ** 2
    assert out.var() / noise[..., 400:].var() == pytest.approx(1 + of_mean, abs=0.05)


@pytest.mark.parametrize("times", [(-0.2, 0), (0.5, 0.5), (0, 3.0)])
def test_baseline_outside_the_epochs_is_refused(times, epochs):
    with pytest.raises(DataError, match="inside the epochs"):
        Baseline(*times).transform(epochs)


@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize("order", [0, 1, 4])
def test_polynomials_of_the_order_are_gone(order, robust):
    t = np.linspace(-1, 3, 500)
    rng = np.random.default_rng(0)
    rows = np.array([np.polyval(rng.normal(size=order + 1), t) for _ in range(6)])
    epochs = Epochs(rows.reshape(2, 3, 500), channels=list("abc"), sfreq=100)
    assert np.abs(Detrend(order, robust).transform(epochs).data).max() < 1e-9


def test_a_glitch_bends_the_plain_fit_and_not_the_robust_one():
    rng = np.random.default_rng(0)
    t = np.linspace(-1, 1, 15000)  # 60 s at 250 Hz
    signal = 5 * rng.normal(size=t.size)
    drift = 100 * np.polynomial.legendre.legval(t, rng.normal(size=8))
    glitch = np.zeros(t.size)
    glitch[8000:8600] = 200.0  # 2.4 s
    recording = Recording((signal + drift + glitch)[None], channels=["Cz"], sfreq=250)
    outside = glitch == 0
    truth = Detrend(10).transform(recording.with_data(signal[None])).data[0]
    errors = [
        np.sqrt(np.mean((Detrend(10, robust).transform(recording).data[0] - truth)[outside] ** 2))
        for robust in (False, True)
    ]
    assert errors[0] == pytest.approx(18.4, abs=4) and errors[1] < 0.4


def test_spans_bend_alone_and_stim_stays(recording):
    out = Detrend(1).transform(recording)
    first = recording.data[0, :2000].astype(float)
    line = np.polyval(np.polyfit(np.arange(2000), first, 1), np.arange(2000))
    assert np.allclose(out.data[0, :2000], first - line, atol=1e-4)
    assert np.array_equal(out.data[3], recording.data[3])
    with pytest.raises(DataError, match="order"):
        Detrend(1.5).transform(recording)
