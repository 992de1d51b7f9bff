"""`Epochs` as scikit-learn's `X`: every meta-estimator that can work with trials does."""

from __future__ import annotations

import pickle

import joblib
import numpy as np
import pytest
from contracts.planted import planted_epochs
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    permutation_test_score,
    train_test_split,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.semi_supervised import SelfTrainingClassifier

from neurodecode import Epochs
from neurodecode.core.errors import DataError
from neurodecode.decoders import MDM, ShrinkageLDA
from neurodecode.evaluation import split
from neurodecode.features import BandPower, Covariance, TangentSpace, WindowMeans
from neurodecode.preprocessing import Bandpass, EuclideanAlign, Scale

pytestmark = pytest.mark.filterwarnings("ignore:.*short for this filter")


@pytest.fixture(scope="module")
def epochs() -> Epochs:
    return planted_epochs(80, effect=1.5)


@pytest.fixture
def pipe() -> Pipeline:
    return make_pipeline(Bandpass(None, 30), WindowMeans(8), ShrinkageLDA())


@pytest.fixture
def halves(epochs) -> tuple[Epochs, Epochs]:
    """Both classes of all sessions in both."""
    first = np.arange(len(epochs)) % 4 < 2
    return epochs[first], epochs[~first]


def riemann() -> Pipeline:
    return make_pipeline(Covariance(), TangentSpace(), LogisticRegression())


def good(predicted: np.ndarray, epochs: Epochs) -> bool:
    return bool(set(predicted) <= {"left", "right"} and np.mean(predicted == epochs.y) > 0.85)


def test_pipeline_with_steps_that_give_epochs(halves):
    train, test = halves
    pipe = make_pipeline(Bandpass(4, 40), EuclideanAlign(), Scale(), Covariance(), MDM())
    assert good(pipe.fit(train, train.y).predict(test), test)


def test_feature_union(epochs):
    union = FeatureUnion([("waveform", WindowMeans(4)), ("power", BandPower([(8, 16)]))])
    assert union.fit_transform(epochs, epochs.y).shape == (80, 6 * 4 + 6)
    pipe = make_pipeline(union, ShrinkageLDA())
    assert good(cross_val_predict(pipe, epochs, epochs.y, cv=4), epochs)


@pytest.mark.parametrize("cv", [4, split("within-session", k=4), split("cross-subject")])
def test_cross_validate(pipe, epochs, cv):
    scores = cross_validate(pipe, epochs, epochs.y, cv=cv, scoring=["accuracy", "roc_auc"])
    assert scores["test_accuracy"].mean() > 0.85 and scores["test_roc_auc"].mean() > 0.9


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_cross_val_predict(pipe, epochs, method):
    out = cross_val_predict(pipe, epochs, epochs.y, cv=split("within-session", k=4), method=method)
    assert out.shape == ((80, 2) if method == "predict_proba" else (80,))


def test_grid_search_through_a_step(pipe, epochs):
    grid = {"bandpass__high": [20, 30], "windowmeans__n_windows": [1, 8]}
    search = GridSearchCV(pipe, grid, cv=split("within-session", k=3)).fit(epochs, epochs.y)
    assert len(search.cv_results_["params"]) == 4 and search.best_score_ > 0.85
    assert good(search.predict(epochs), epochs)


def test_randomized_search_over_steps(pipe, epochs):
    choices = {"shrinkagelda": [ShrinkageLDA(), LogisticRegression()]}
    search = RandomizedSearchCV(pipe, choices, n_iter=2, cv=3, random_state=0)
    assert good(search.fit(epochs, epochs.y).predict(epochs), epochs)


def test_voting_and_stacking(pipe, halves):
    train, test = halves
    members = [("waveform", pipe), ("power", riemann())]
    for ensemble in (
        VotingClassifier(members),
        VotingClassifier(members, voting="soft"),
        StackingClassifier(members, cv=3),
    ):
        assert good(ensemble.fit(train, train.y).predict(test), test)


def test_calibration(pipe, epochs):
    calibrated = CalibratedClassifierCV(pipe, cv=3).fit(epochs, epochs.y)
    assert np.allclose(calibrated.predict_proba(epochs).sum(axis=1), 1)
    assert good(calibrated.predict(epochs), epochs)


def test_one_versus_rest(pipe, epochs):
    y = np.where(np.arange(80) % 4 == 0, "rest", epochs.y)
    fitted = OneVsRestClassifier(pipe).fit(epochs, y)
    assert set(fitted.predict(epochs)) <= {"left", "right", "rest"}
    assert good(OneVsRestClassifier(pipe).fit(epochs, epochs.y).predict(epochs), epochs)


def test_learning_curve(pipe, epochs):
    sizes, _, test = learning_curve(pipe, epochs, epochs.y, cv=4, train_sizes=[0.4, 1.0])
    assert sizes.tolist() == [24, 60] and test[-1].mean() > 0.85


def test_permutation_test(pipe, epochs):
    score, null, p = permutation_test_score(
        pipe, epochs, epochs.y, cv=3, n_permutations=9, random_state=0
    )
    assert p == pytest.approx(0.1) and score > null.max()


def test_train_test_split_keeps_epochs_and_their_table(epochs):
    train, test, _, y_test = train_test_split(epochs, epochs.y, test_size=0.25, random_state=0)
    assert isinstance(train, Epochs) and len(test) == 20
    assert test.y.tolist() == y_test.tolist()
    assert np.shares_memory(train.base, epochs.base)
    assert set(train.trials["onset"]).isdisjoint(test.trials["onset"])


def test_two_processes_give_the_same_scores(pipe, epochs):
    one, two = (
        cross_val_score(pipe, epochs, epochs.y, cv=split("within-session", k=4), n_jobs=n)
        for n in (1, 2)
    )
    assert np.array_equal(one, two)


def test_pickled_pipelines_predict_the_same(pipe, epochs):
    for each in (pipe, riemann()):
        fitted = each.fit(epochs, epochs.y)
        twin = pickle.loads(pickle.dumps(fitted))
        assert np.array_equal(twin.predict_proba(epochs), fitted.predict_proba(epochs))


def base_kind(epochs: Epochs) -> tuple[str, float]:
    array = epochs.base
    while not isinstance(array, np.memmap) and isinstance(array.base, np.ndarray):
        array = array.base
    return type(array).__name__, float(epochs.data.sum())


def test_workers_map_the_base_instead_of_copying_it(epochs):
    made = joblib.Parallel(n_jobs=2, max_nbytes=1000)(
        joblib.delayed(base_kind)(each) for each in (epochs, epochs)
    )
    assert made == [("memmap", float(epochs.data.sum()))] * 2


def test_clone_and_parameters_reach_through_pipelines(pipe, epochs):
    twin = clone(pipe.fit(epochs, epochs.y)).set_params(bandpass__high=20)
    assert twin.get_params()["bandpass__high"] == 20 and pipe.get_params()["bandpass__high"] == 30
    assert not hasattr(twin[-1], "coef_")


TABLES_ONLY = {
    "bagging": lambda pipe: BaggingClassifier(pipe, n_estimators=2, random_state=0),
    "one-versus-one": OneVsOneClassifier,
    "self-training": SelfTrainingClassifier,
    "stacking with passthrough": lambda pipe: StackingClassifier(
        [("a", pipe), ("b", riemann())], passthrough=True, cv=2
    ),
    "logistic regression": lambda pipe: LogisticRegression(),
}


@pytest.mark.parametrize("name", TABLES_ONLY)
def test_tools_that_insist_on_tables_fail_with_our_message(name, pipe, epochs):
    y = epochs.y
    if name == "self-training":
        y = np.where(np.arange(80) < 40, np.where(y == "left", 0, 1), -1)
    with pytest.raises(DataError, match="tables of two dimensions") as caught:
        TABLES_ONLY[name](pipe).fit(epochs, y)
    assert "WindowMeans" in caught.value.fix


def test_tools_that_insist_on_tables_work_behind_a_feature_step(epochs):
    bagged = make_pipeline(WindowMeans(8), BaggingClassifier(ShrinkageLDA(), 5, random_state=0))
    assert good(bagged.fit(epochs, epochs.y).predict(epochs), epochs)
