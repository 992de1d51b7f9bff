"""Covariances of delay embeddings: the grid equals its definition, cell by cell."""

import numpy as np
import pytest

from neurodecode.core.errors import DataError
from neurodecode.linalg import trial_covariances
from neurodecode.linalg.delay_covariances import delay_covariances
from neurodecode.linalg.embedding import delay_embedded

ORDERS, LAGS = [1, 2, 3, 5, 6], [1, 3, 5]


def signals(n_times=90):
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(3, 3))
    return mixing @ rng.normal(size=(7, 3, n_times)) + 50


def assert_is_the_definition(x, grid, estimator, rank=None):
    for (order, lag), matrices in grid.items():
        stacked = delay_embedded(x, order, lag)
        expected = trial_covariances(stacked, estimator, rank and order * rank)
        assert np.abs(matrices - expected).max() <= 1e-12 * np.abs(expected).max(), (order, lag)


@pytest.mark.parametrize(
    ("estimator", "rank"),
    [("scm", None), ("oas", None), ("lwf", None), ("corr", None), ("oas", 2), ("lwf", 2)],
)
@pytest.mark.parametrize("n_times", [90, 40])  # 40: too short for products of lags at (6, 5)
def test_every_cell_is_the_covariance_of_its_embedding(estimator, rank, n_times):
    x = signals(n_times)
    if rank:
        x -= x.mean(axis=1, keepdims=True)
    grid = delay_covariances(x, ORDERS, LAGS, estimator, rank)
    assert sorted(grid) == [(order, lag) for order in ORDERS for lag in LAGS]
    assert_is_the_definition(x, grid, estimator, rank)


def test_a_trial_gets_the_same_bits_in_any_company():
    x = signals()
    together = delay_covariances(x, ORDERS, LAGS)
    alone = delay_covariances(x[3:4], ORDERS, LAGS)
    assert all(np.array_equal(alone[cell][0], together[cell][3]) for cell in together)


def test_an_artefact_at_an_end_does_not_cancel_digits_where_it_is_left_out():
    """Sums only grow: a million times the signal in the last samples stays in its own cells."""
    x = signals()
    x[:, :, -5:] *= 1e6
    grid = delay_covariances(x, [6], [1], "scm")
    assert_is_the_definition(x, grid, "scm")
    first = grid[6, 1][:, :3, :3]  # the first copy never reaches the artefact
    expected = trial_covariances(x[:, :, :-5], "scm")
    assert np.allclose(first, expected, rtol=1e-10)


def test_what_does_not_fit_is_refused():
    with pytest.raises(DataError, match="order 6, lag 20, 90 samples"):
        delay_covariances(signals(), [1, 6], [1, 20])
