"""Delay embedding: shapes, blocks, and the rules for lag and order."""

import numpy as np
import pytest

from neurodecode.core.errors import DataError
from neurodecode.linalg.embedding import delay_embedded, false_neighbour_order, information_lag


def test_blocks_are_later_samples():
    x = np.random.default_rng(0).normal(size=(4, 3, 50))
    stacked = delay_embedded(x, order=3, lag=5)
    assert stacked.shape == (4, 9, 40)
    for k in range(3):
        assert np.array_equal(stacked[:, 3 * k : 3 * k + 3], x[..., 5 * k : 5 * k + 40])
    assert np.array_equal(delay_embedded(x, order=1, lag=5), x)


@pytest.mark.parametrize(("order", "lag"), [(0, 1), (2, 0), (2, 49)])
def test_what_does_not_fit_is_refused(order, lag):
    with pytest.raises(DataError, match="50 samples"):
        delay_embedded(np.zeros((3, 50)), order, lag)


@pytest.mark.parametrize("hertz", [5, 10])
def test_the_lag_of_a_noisy_rhythm_is_a_quarter_of_its_period(hertz):
    times = np.arange(500) / 250
    phase = np.random.default_rng(0).uniform(0, 2 * np.pi, size=(20, 2, 1))
    noise = 0.2 * np.random.default_rng(1).normal(size=(20, 2, 500))
    lag = information_lag(np.sin(2 * np.pi * hertz * times + phase) + noise, max_lag=40)
    assert abs(lag - 250 / hertz / 4) <= 1


def test_order_of_a_map_that_needs_two_dimensions():
    # The Henon map: one coordinate alone folds over itself, two delays unfold it.
    x, y, series = 0.1, 0.1, []
    for _ in range(1500):
        x, y = 1 - 1.4 * x**2 + y, 0.3 * x
        series.append(x)
    assert false_neighbour_order(np.array(series)[None, None, 500:], lag=1, max_order=5) == 2
