"""`Star` and `SNS`: glitches of one channel, noise of one sensor."""

import numpy as np
import pytest
from preprocessing.planted_artefacts import CAP, brain

from neurodecode import Recording
from neurodecode.loaders.simulate.head import cap

pytest.importorskip("meegkit", reason="meegkit is not installed")

from neurodecode.preprocessing import SNS, Star


def decibel(after, before):
    return 10 * np.log10((after**2).mean() / (before**2).mean())


def shared(n_times=4000):
    """16 channels of 4 sources, shape (16, n_times)."""
    rng = np.random.default_rng(1)
    return 10 * rng.normal(size=(16, 4)) @ rng.normal(size=(4, n_times))


def test_star_takes_glitches_and_leaves_the_rest():
    clean = shared() + np.random.default_rng(2).normal(size=(16, 4000))
    x, inside = clean.copy(), np.zeros(clean.shape, dtype=bool)
    for k, start in enumerate(range(200, 3800, 300)):
        x[k % 16, start : start + 30] += 300 * np.hanning(30)
        inside[k % 16, start : start + 30] = True
    out = Star().transform(Recording(x, channels=cap(CAP), sfreq=125)).data
    assert decibel((out - clean)[inside], (x - clean)[inside]) < -10
    assert np.sqrt(((out - clean)[~inside] ** 2).mean() / (clean**2).mean()) < 0.1


def test_star_leaves_constant_channels_and_is_the_same_twice():
    x = np.array(brain(2000))
    x[3] = 0
    recording = Recording(x, channels=cap(CAP), sfreq=125)
    first, second = (Star().transform(recording).data for _ in range(2))
    assert np.array_equal(first, second) and not first[3].any()


def test_sns_suppresses_what_one_sensor_sees():
    clean = shared()
    noise = 5 * np.random.default_rng(2).normal(size=clean.shape)
    recording = Recording(clean + noise, channels=cap(CAP), sfreq=125)
    step = SNS().fit(recording)
    out = step.transform(recording).data
    assert decibel(out - clean, noise) < -3.5
    assert np.abs(np.diag(step.matrix_)).max() == 0


def test_sns_matrix_is_that_of_the_package_and_has_no_unit():
    from meegkit.sns import sns0

    x = np.array(brain(3000))
    x -= x.mean(axis=1, keepdims=True)
    x /= x.std(axis=1, keepdims=True)
    one = SNS(5).fit(Recording(x, channels=cap(CAP), sfreq=125)).matrix_
    assert np.allclose(one, sns0(x @ x.T / 3000, 5).T, atol=1e-8)
    scales = np.geomspace(1e-3, 1e3, 16)
    other = SNS(5).fit(Recording(scales[:, None] * x, channels=cap(CAP), sfreq=125)).matrix_
    assert np.allclose(other, scales[:, None] * one / scales, rtol=1e-6, atol=1e-9)
