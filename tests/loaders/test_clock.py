"""Time stamps to rates: rounding, breaks, drift."""

import numpy as np
import pytest

from neurodecode.core.errors import DataError
from neurodecode.loaders.clock import steady_clock


@pytest.mark.parametrize("sfreq", [100.0, 128.0, 256.0, 500.0])
def test_stamps_in_whole_milliseconds_give_the_rate(sfreq):
    clock = steady_clock(np.round(np.arange(5000) / sfreq, 3), "stamps")
    assert clock.sfreq == sfreq and not len(clock.breaks)


def test_lost_samples_are_an_edge_and_do_not_bend_the_rate():
    stamps = np.delete(np.arange(1000) / 250.0, slice(400, 425))
    clock = steady_clock(stamps, "stamps")
    assert clock.sfreq == 250.0 and clock.breaks.tolist() == [400]
    assert clock.edges()["onset"].tolist() == [1.6]
    # before, inside and after the break; events keep to samples
    found = clock.seconds(np.array([1.0, 1.65, 2.0]))
    np.testing.assert_allclose(found, [1.0, 1.6, 2.0 - 0.1], atol=1e-9)


def test_times_outside_the_samples_go_on_at_the_rate():
    clock = steady_clock(10 + np.arange(100) / 100, "stamps")
    np.testing.assert_allclose(clock.seconds(np.array([9.5, 11.5])), [-0.5, 1.5], atol=1e-9)


@pytest.mark.parametrize(
    ("stamps", "says"),
    [
        ([1.0], "no rate"),
        ([0.0, 0.1, 0.05, 0.2], "do not ascend"),
        ([0.0, 0.1, np.nan], "do not ascend"),
        ([0.0, 0.0, 0.0, 0.1], "stand still"),
        (np.cumsum(np.random.default_rng(0).exponential(size=300)), "no steady pace"),
    ],
)
def test_no_clock_is_refused(stamps, says):
    with pytest.raises(DataError, match=says):
        steady_clock(np.array(stamps), "stamps")
