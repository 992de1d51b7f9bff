"""Resampling against tones: pass band, aliases, no shift."""

from fractions import Fraction

import numpy as np
import pytest

from neurodecode.core.errors import DataError
from neurodecode.linalg import decimate, polyphase, rate_ratio


def gain_db(kernel, frequency, seen_at=None, old=500.0, new=125.0):
    """Level of a 500 Hz tone after resampling, looked for at `seen_at` Hz."""
    x = np.cos(2 * np.pi * frequency * np.arange(10_000) / old)
    y = kernel(x[None])[0][500:-500]
    t = (np.arange(len(y)) + 500) / new
    level = 2 * abs(np.mean(y * np.exp(-2j * np.pi * (seen_at or frequency) * t)))
    return 20 * np.log10(max(level, 1e-12))


def by_polyphase(x):
    return polyphase(x, Fraction(1, 4))


def by_decimation(x):
    return decimate(x, 4)


@pytest.mark.parametrize(("kernel", "loss"), [(by_polyphase, 0.3), (by_decimation, 15.0)])
def test_pass_band(kernel, loss):
    assert abs(gain_db(kernel, 10)) < (0.003 if kernel is by_polyphase else 0.11)
    assert abs(gain_db(kernel, 40)) < (0.015 if kernel is by_polyphase else 0.11)
    assert gain_db(kernel, 55) == pytest.approx(-loss, abs=1.5 if loss > 1 else 0.1)


@pytest.mark.parametrize(("kernel", "floor"), [(by_polyphase, -62.0), (by_decimation, -120.0)])
def test_alias_of_90_hz_at_35_hz(kernel, floor):
    assert gain_db(kernel, 90, seen_at=35) < floor


@pytest.mark.parametrize("kernel", [by_polyphase, by_decimation])
def test_nothing_moves_in_time(kernel):
    t = np.arange(10_000) / 500
    y = kernel(np.cos(2 * np.pi * 10 * (t - 0.123))[None])[0][500:-500]
    new = (np.arange(len(y)) + 500) / 125
    phase = np.angle(np.mean(y * np.exp(-2j * np.pi * 10 * (new - 0.123))))
    assert abs(phase / (2 * np.pi * 10) * 125) < 1e-3  # samples of the new grid


def test_offset_makes_no_step_at_the_ends():
    assert np.abs(polyphase(np.full((1, 400), 1e4), Fraction(64, 125)) - 1e4).max() < 1e-6


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [(250, 128, (64, 125)), (1000, 250, (1, 4)), (512, 1000, (125, 64)), (160, 128, (4, 5))],
)
def test_ratios(old, new, expected):
    assert rate_ratio(old, new) == Fraction(*expected)


def test_rates_without_a_common_divisor_name_the_nearest():
    with pytest.raises(DataError, match=r"Resample to 7\.76985\d Hz"):
        rate_ratio(2048.003, 7.77)


@pytest.mark.parametrize("new", [0, -5])
def test_a_rate_must_be_positive(new):
    with pytest.raises(DataError, match="positive"):
        rate_ratio(250, new)


def test_length_is_rounded_up():
    assert polyphase(np.zeros((1, 251)), Fraction(1, 2)).shape == (1, 126)
    assert decimate(np.zeros((1, 251)), 2).shape == (1, 126)
