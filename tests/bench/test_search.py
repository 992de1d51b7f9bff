"""The nested search that shares delay covariances chooses what scikit-learn's search chooses."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline

import neurodecode as nd
from neurodecode.bench import search
from neurodecode.bench.search import GridSearch
from neurodecode.features import AugmentedCovariance, TangentSpace

GRID = {
    "augmentedcovariance__order": [1, 3],
    "augmentedcovariance__lag": [1, 4],
    "logisticregression__C": [0.1, 1.0],
}


def rotating_epochs(n=36):
    """Two channels that turn one way or the other at a tenth of the rate."""
    rng = np.random.default_rng(0)
    y = np.tile(["left", "right"], n // 2)
    phase = 2 * np.pi * (np.arange(80) / 10 + rng.uniform(size=(n, 1)))
    turned = np.where(y == "left", 1, -1)[:, None] * phase
    x = np.stack([np.cos(phase), np.sin(turned)], axis=1) + rng.normal(size=(n, 2, 80))
    return nd.Epochs(x, channels=["C3", "C4"], sfreq=100, y=y)


def searched(make, epochs, grid=GRID, **settings):
    pipe = make_pipeline(AugmentedCovariance(1, 1), TangentSpace(), LogisticRegression())
    cv = StratifiedKFold(3)
    return make(pipe, grid, scoring="balanced_accuracy", cv=cv, **settings).fit(epochs, epochs.y)


def test_it_chooses_and_predicts_as_scikit_learns():
    epochs = rotating_epochs()
    theirs, ours = searched(GridSearchCV, epochs), searched(GridSearch, epochs)
    assert ours.cv_results_["params"] == theirs.cv_results_["params"]
    for key in ("mean_test_score", "split2_test_score", "rank_test_score"):
        assert np.array_equal(ours.cv_results_[key], theirs.cv_results_[key])
    assert ours.best_params_ == theirs.best_params_
    assert ours.best_score_ == theirs.best_score_ > 0.8
    assert np.array_equal(ours.predict(epochs), theirs.predict(epochs))
    assert np.allclose(ours.predict_proba(epochs), theirs.predict_proba(epochs), atol=1e-8)
    assert ours.classes_.tolist() == ["left", "right"]
    assert isinstance(ours.best_estimator_[0], AugmentedCovariance)


def test_one_pass_serves_all_inner_folds(monkeypatch):
    calls = []
    monkeypatch.setattr(
        search,
        "augmented_covariances",
        lambda *given: calls.append(given[1:3]) or original(*given),
    )
    original = nd.features.augmented_covariance.augmented_covariances
    searched(GridSearch, rotating_epochs())
    assert calls == [([1, 3], [1, 4])]


@pytest.mark.parametrize(
    "grid",
    [
        {"augmentedcovariance__order": [1, None]},
        {"augmentedcovariance__estimator": ["oas", "lwf"]},
        {"logisticregression__C": [0.1, 1.0]},
    ],
)
def test_other_grids_are_scikit_learns_own(grid):
    epochs = rotating_epochs()
    theirs, ours = searched(GridSearchCV, epochs, grid), searched(GridSearch, epochs, grid)
    assert ours.best_params_ == theirs.best_params_
    assert np.array_equal(ours.predict(epochs), theirs.predict(epochs))


@pytest.mark.filterwarnings("ignore")
def test_a_cell_that_does_not_fit_fails_alone():
    grid = {"augmentedcovariance__order": [2, 5], "augmentedcovariance__lag": [2, 30]}
    ours = searched(GridSearch, rotating_epochs(), grid)
    assert np.isnan(ours.cv_results_["mean_test_score"]).tolist() == [False, False, False, True]


def test_a_grid_too_large_to_keep_is_computed_fit_by_fit(monkeypatch):
    epochs = rotating_epochs()
    kept = searched(GridSearch, epochs)
    monkeypatch.setattr(search, "_MOST_BYTES", 0)
    monkeypatch.setattr(search, "augmented_covariances", None)
    assert searched(GridSearch, epochs).best_params_ == kept.best_params_
