"""Every registered metric: perfect is best, order is irrelevant, absent classes give no number."""

import numpy as np
import pytest

from neurodecode.core import registry
from neurodecode.evaluation import chance_level, score

NAMES = registry.names("metric")
CONTINUOUS = ("r2", "correlation")
SIGNALS = ("rrmse-spectral", "rrmse-temporal", "segment-correlation")
LOWER_IS_BETTER = ("brier", "ece", "log-loss", "rrmse-spectral", "rrmse-temporal")


def _example(name, quality=1.0):
    rng = np.random.default_rng(0)
    if name in CONTINUOUS or name in SIGNALS:
        y = rng.standard_normal((60, 32 if name in SIGNALS else 2))
        return y, quality * y + (1 - quality) * rng.standard_normal(y.shape), None, None
    y = np.tile([0, 1], 30)
    logits = quality * 8.0 * (2 * y - 1) + (1 - quality) * 3 * rng.standard_normal(60)
    p = 1 / (1 + np.exp(-logits))
    scores = np.column_stack([1 - p, p])
    return y, scores.argmax(axis=1), scores, [0, 1]


@pytest.mark.parametrize("name", NAMES)
def test_perfect_beats_noise(name):
    perfect, poor = (score(name, *_example(name, quality)) for quality in (1.0, 0.0))
    assert np.isfinite([perfect, poor]).all()
    assert perfect < poor if name in LOWER_IS_BETTER else perfect > poor


@pytest.mark.parametrize("name", NAMES)
def test_order_of_trials_is_irrelevant(name):
    y, predicted, scores, classes = _example(name, 0.3)
    order = np.random.default_rng(1).permutation(len(y))
    shuffled = score(
        name, y[order], predicted[order], None if scores is None else scores[order], classes
    )
    assert shuffled == pytest.approx(score(name, y, predicted, scores, classes), abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_chance_is_a_number_where_one_exists(name):
    y, _, _, classes = _example(name)
    assert isinstance(chance_level(name, y, classes), float)
