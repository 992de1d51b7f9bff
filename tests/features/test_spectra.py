"""Band power: Parseval, tones, gain, and bands without a bin."""

import numpy as np
import pytest

from neurodecode import Epochs
from neurodecode.core.errors import DataError
from neurodecode.features import BandPower

SFREQ = 128.0


def epochs_of(data):
    return Epochs(np.atleast_3d(data), channels=["Oz"], sfreq=SFREQ)


def test_white_noise_has_the_density_of_its_variance():
    data = 3 * np.random.default_rng(0).normal(size=(400, 1, 256))
    density = BandPower([(5, 60)], log=False).transform(epochs_of(data))
    assert density.mean() == pytest.approx(9 / (SFREQ / 2), rel=0.02)


def test_a_tone_lies_in_its_band_only():
    tone = np.sin(2 * np.pi * 10 * np.arange(256) / SFREQ)[None, None]
    power = BandPower({"theta": (4, 8), "alpha": (8, 13), "beta": (13, 30)}).transform(
        epochs_of(tone)
    )
    assert power[0, 1] - max(power[0, 0], power[0, 2]) > 40


def test_gain_adds_decibels_and_offset_nothing():
    data = np.random.default_rng(0).normal(size=(3, 1, 256))
    plain = BandPower().transform(epochs_of(data))
    assert np.allclose(BandPower().transform(epochs_of(10 * data + 500)), plain + 20, atol=1e-6)


def test_bands_of_a_channel_stand_side_by_side():
    t = np.arange(256) / SFREQ
    data = np.stack([np.sin(2 * np.pi * 6 * t), np.sin(2 * np.pi * 20 * t)])[None]
    two = Epochs(data, channels=["Fz", "Cz"], sfreq=SFREQ)
    power = BandPower([(4, 8), (16, 24)], log=False).transform(two)[0]
    assert power[0] > 100 * power[1] and power[3] > 100 * power[2]


@pytest.mark.parametrize("band", [(4.1, 4.9), (70, 80)])
def test_bands_without_a_bin_are_refused(band):
    with pytest.raises(DataError, match="no Fourier bin"):
        BandPower([band]).transform(epochs_of(np.zeros((1, 1, 128))))
