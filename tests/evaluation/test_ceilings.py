"""Noise ceilings against closed forms and against what the true signal reaches."""

import numpy as np
import pytest

from neurodecode.core.errors import DataError
from neurodecode.evaluation import noise_ceiling


def _responses(n=20000, repeats=3, noise=2.0):
    rng = np.random.default_rng(0)
    signal = rng.standard_normal((n, 1, 2))
    return signal, signal + noise * rng.standard_normal((n, repeats, 2))


def test_equals_the_closed_form_and_what_the_signal_itself_reaches():
    signal, responses = _responses()
    averaged = noise_ceiling(responses)
    np.testing.assert_allclose(averaged.ncsnr, 0.5, atol=0.02)
    np.testing.assert_allclose(averaged.variance, 3 / 7, atol=0.02)
    np.testing.assert_allclose(noise_ceiling(responses, 1).variance, 0.2, atol=0.02)
    reached = np.corrcoef(signal[:, 0, 0], responses[:, :, 0].mean(axis=1))[0, 1] ** 2
    assert abs(averaged.variance[0] - reached) < 0.02


def test_scale_and_order_of_repeats_do_not_matter():
    _, responses = _responses(50)
    usual = noise_ceiling(responses).variance
    np.testing.assert_allclose(noise_ceiling(-7 * responses[:, ::-1] + 2).variance, usual)


def test_pure_noise_perfect_and_silent_targets():
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((4000, 2))[:, :, None]
    perfect = np.repeat(rng.standard_normal((4000, 1, 1)), 2, axis=1)
    found = noise_ceiling(np.concatenate([noise, perfect, np.zeros((4000, 2, 1))], axis=2))
    np.testing.assert_allclose(found.variance, [0.0, 1.0, 0.0], atol=0.05)
    assert found.ncsnr[1] == np.inf


@pytest.mark.parametrize("shape", [(5, 1, 3), (1, 5, 3), (5, 3)])
def test_refuses_responses_without_repeats(shape):
    with pytest.raises(DataError, match="repeats"):
        noise_ceiling(np.zeros(shape))
    with pytest.raises(DataError, match="n_averaged"):
        noise_ceiling(np.zeros((3, 3, 1)), 0)
