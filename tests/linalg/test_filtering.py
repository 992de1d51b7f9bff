"""Filters against closed forms: gains at the edges, delays, steady states."""

import numpy as np
import pytest

from neurodecode.core.errors import DataError
from neurodecode.linalg import butterworth, causal, gain_db, group_delay, notch, zero_phase

SFREQ = 250.0


def tone(frequency, n_times=5000):
    return np.sin(2 * np.pi * frequency * np.arange(n_times) / SFREQ)


def amplitude(y, frequency):
    """Amplitude at one frequency in the middle of the signal, ends left out."""
    middle = y[1500:-1500]
    t = np.arange(1500, 1500 + len(middle)) / SFREQ
    return 2 * abs(np.mean(middle * np.exp(-2j * np.pi * frequency * t)))


def test_edges_of_butterworth_lose_half_the_power_in_each_pass():
    sections = butterworth(1, 40, SFREQ)
    assert gain_db(sections, [1, 10, 40], SFREQ) == pytest.approx([-3.0103, 0, -3.0103], abs=5e-3)
    assert gain_db(sections, [0.5, 45, 50], SFREQ) == pytest.approx([-24.7, -6.3, -10.4], abs=0.1)


@pytest.mark.parametrize(("filtered", "edge_db"), [(zero_phase, -6.02), (causal, -3.01)])
def test_measured_gain_of_tones(filtered, edge_db):
    sections = butterworth(1, 40, SFREQ)
    for frequency, expected in [(40, edge_db), (10, 0.0)]:
        gain = amplitude(filtered(tone(frequency)[None], sections)[0], frequency)
        assert 20 * np.log10(gain) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("order", "band", "expected"),
    [
        (4, (1, 40), [3.57, 3.14, 3.96]),
        (4, (8, 32), [19.5, 7.3, 8.9]),
        (5, (8, 30), [24.4, 9.9, 12.2]),
        (2, (1, 40), [1.95, 1.77, 1.91]),
    ],
)
def test_group_delay_at_10_20_30_hz(order, band, expected):
    delay = group_delay(butterworth(*band, SFREQ, order), [10, 20, 30], SFREQ)
    assert delay == pytest.approx(expected, abs=0.06)


def test_zero_phase_does_not_move_a_burst_and_causal_delays_it():
    t = np.arange(1000) / SFREQ
    burst = np.exp(-0.5 * ((t - 2) / 0.1) ** 2) * np.cos(2 * np.pi * 10 * (t - 2))
    sections = butterworth(1, 40, SFREQ)
    assert np.argmax(zero_phase(burst[None], sections)[0]) == 500
    # The envelope, not the wave, carries the group delay.
    late = causal(burst[None], sections)[0]
    centre = np.sum(late**2 * np.arange(1000)) / np.sum(late**2)
    assert centre - 500 == pytest.approx(3.57, abs=0.1)


def test_causal_from_the_first_sample_equals_any_chunking_of_the_start():
    x = np.random.default_rng(0).normal(size=(3, 400)) + 50
    sections = butterworth(8, 32, SFREQ)
    assert np.array_equal(causal(x, sections)[:, :150], causal(x[:, :150], sections))


def test_an_offset_of_50_mv_leaves_no_error_in_float32():
    # States in float32 would err by 54 to 116 % of the signal.
    x = tone(10)[None]
    sections = butterworth(0.1, 40, SFREQ)
    offset = (x + 50_000).astype(np.float32)
    clean = zero_phase(offset.astype(np.float64) - 50_000, sections)
    assert zero_phase(offset, sections).dtype == np.float32
    assert np.abs(zero_phase(offset, sections) - clean).max() < 1e-3


def test_blocks_do_not_change_the_result(monkeypatch):
    x = np.random.default_rng(0).normal(size=(7, 3, 200))
    sections = butterworth(None, 30, SFREQ)
    whole = zero_phase(x, sections)
    monkeypatch.setattr("neurodecode.linalg.filtering._BLOCK", 400)
    assert np.array_equal(zero_phase(x, sections), whole)


def test_notch_figures_of_one_pass():
    sections = notch([50.0], SFREQ, quality=30)
    gain = gain_db(sections, [50, 49, 51, 45, 55], SFREQ)
    assert gain[0] < -100
    assert gain[1:] == pytest.approx([-2.3, -2.3, -0.11, -0.11], abs=0.05)


@pytest.mark.parametrize("edges", [(None, None), (0, 30), (10, 125), (30, 10), (10, 10), (-1, 5)])
def test_impossible_edges_are_refused(edges):
    with pytest.raises(DataError, match="0 < low < high < 125 Hz"):
        butterworth(*edges, SFREQ)


@pytest.mark.parametrize("frequencies", [[], [125.0], [50.0, 150.0], [0.0]])
def test_impossible_notches_are_refused(frequencies):
    with pytest.raises(DataError, match="notch"):
        notch(frequencies, SFREQ)
