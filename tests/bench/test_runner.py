"""The runner: shared steps cost one computation and change nothing; devices take turns."""

import itertools
import multiprocessing
import time
from typing import ClassVar

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.svm import SVC

from neurodecode.bench.dataset import BenchData
from neurodecode.bench.estimators import (
    count_parameters,
    is_transductive,
    leading_trial_steps,
    seeded,
)
from neurodecode.bench.planning import Entry, plan
from neurodecode.bench.runner import device_turn, run
from neurodecode.bench.sharing import Kept, ahead, group_alike
from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.montage import with_template_places
from neurodecode.core.step import Step
from neurodecode.decoders import MDM, ShrinkageLDA
from neurodecode.features import Covariance, Flatten, TangentSpace, WindowMeans
from neurodecode.preprocessing import Bandpass, EuclideanAlign


class Counted(Step):
    """Doubles the signals and counts how often it is asked to."""

    scope = "trial"
    calls = 0

    def _transform(self, epochs):
        type(self).calls += 1
        return epochs.with_data(2 * epochs.data)


def riemann(*steps):
    return make_pipeline(*steps, Covariance("oas"), TangentSpace(), LogisticRegression())


def batches_of(epochs, *pipelines, k=4):
    entries = [Entry(f"r{i}", None, pipeline) for i, pipeline in enumerate(pipelines)]
    data = BenchData("planted", epochs)
    return plan([data], entries, split="within-session", k=k, seeds=1)


def shared(batches, max_bytes=2**30):
    """Batches behind the steps that they share."""
    kept = Kept(max_bytes)
    return [ahead(batch, kept) for batch in batches]


def test_leading_trial_steps_are_computed_once_for_all_folds_and_recipes(planted):
    batches = batches_of(planted(), riemann(Counted()), riemann(Counted(), StandardScaler3()))
    Counted.calls = 0
    for batch in shared(batches):
        run(batch)
    assert Counted.calls == 1
    for batch in batches:  # the naive run: training and test of every fold
        run(batch)
    assert Counted.calls == 1 + 2 * 4 * 2


def test_they_are_kept_while_other_data_come_between_as_far_as_memory_goes(planted):
    own, other = (batches_of(planted(seed=seed), riemann(Counted())) for seed in (0, 1))
    Counted.calls = 0
    shared([*own, *other, *own])
    assert Counted.calls == 2
    shared([*own, *other, *own], max_bytes=1)
    assert Counted.calls == 2 + 3


def test_in_threads_they_give_the_same_bits(planted):
    epochs = on_the_head(planted(n_trials=41))
    recipes = [
        make_pipeline(Bandpass(None, 12), StandardScaler3(), Flatten(), ShrinkageLDA()),
        make_pipeline(Bandpass(None, 12), Covariance("oas"), TangentSpace(), SVC()),
    ]
    batches = batches_of(epochs, *recipes)
    one, several = ([ahead(batch, kept) for batch in batches] for kept in (Kept(), Kept(threads=3)))
    for single, threaded in zip(one, several, strict=True):
        assert np.array_equal(np.asarray(single.X), np.asarray(threaded.X))
    assert one[0].X.trials.equals(several[0].X.trials)
    assert np.array_equal(one[1].seen, several[1].seen)
    (behind,) = [ahead(batch, Kept(threads=3)) for batch in batches_of(epochs, riemann(Fails()))]
    assert len(behind.estimator.steps) == 4  # each of its cells says why


def test_other_tables_of_the_same_signals_are_other_data(planted):
    epochs = planted()
    later = epochs.with_trials(epochs.trials.assign(onset=np.arange(len(epochs)) * 5.0))
    assert later.data_stamp == epochs.data_stamp
    recipes = make_pipeline(Counted(), StandardScaler3(), Flatten(), ShrinkageLDA())
    behind = shared([*batches_of(epochs, recipes), *batches_of(later, recipes)])
    assert [batch.X.trials["onset"].iloc[1] for batch in behind] == [2.0, 5.0]


def test_recipes_that_fit_the_same_step_first_run_in_one_process(planted):
    svm = make_pipeline(Covariance("oas"), TangentSpace(), SVC())
    other = make_pipeline(Covariance("lwf"), TangentSpace(), SVC())
    batches = batches_of(planted(n_subjects=2), riemann(), MDM(), svm, other)
    groups = [[batch.cells[0].recipe for batch in group] for group in group_alike(batches)]
    assert groups == [["r0", "r2"], ["r0", "r2"], ["r1"], ["r1"], ["r3"], ["r3"]]


class StandardScaler3(Step):
    """A learning step between epochs and epochs."""

    def _fit(self, X, y):
        self.scale_ = X.data.std()

    def _transform(self, epochs):
        return epochs.with_data(epochs.data / self.scale_)


def test_shared_steps_give_the_same_bits(planted):
    epochs = planted(n_trials=60, effect=0.3)
    recipes = [make_pipeline(Bandpass(low, 12), Covariance("oas"), Flatten2(), ShrinkageLDA())
               for low in (None, 4)]  # fmt: skip
    batches = batches_of(epochs, *recipes)
    for naive, behind in zip(batches, shared(batches), strict=True):
        assert len(behind.estimator.steps) == 2  # band-pass and covariance are shared
        one, other = run(naive), run(behind)
        assert one.keys() == other.keys()
        for key in one:
            np.testing.assert_array_equal(one[key].scores, other[key].scores)
            assert one[key].rows[0]["value"] == other[key].rows[0]["value"]


def test_nothing_behind_a_learning_step_is_shared():
    pipeline = riemann(Bandpass(8, 12), EuclideanAlign(), Bandpass(8, 12))
    assert [name for name, _ in leading_trial_steps(pipeline)] == ["bandpass-1"]
    assert leading_trial_steps(LogisticRegression()) == []


class Flatten2(TransformerMixin, BaseEstimator):
    """Matrices as vectors, for anyone to fit."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X.reshape(len(X), -1)


class Fails(Step):
    """A trial step that cannot work."""

    scope = "trial"

    def _transform(self, epochs):
        raise ValueError("no good")


def test_a_shared_step_that_fails_fails_its_own_cells_only(planted):
    batches = batches_of(planted(), riemann(Fails()), riemann())
    results = [run(batch) for batch in shared(batches)]
    rows = [row for result in results for cell in result.values() for row in cell.rows]
    failures = {row["recipe"]: row["failure"] for row in rows if row["status"] == "failed"}
    assert failures == {"r0": "ValueError: no good"}


def test_every_random_state_is_set():
    pipeline = Pipeline([("pca", PCA(2)), ("lr", LogisticRegression(solver="saga"))])
    params = seeded(pipeline, 7).get_params()
    assert (params["pca__random_state"], params["lr__random_state"]) == (7, 7)


def test_transductive_steps_are_declared(planted):
    plain, aligned = riemann(), riemann(EuclideanAlign(adapt="transductive"))
    assert not is_transductive(plain) and is_transductive(aligned)
    rows = [
        next(iter(run(batch).values())).rows[0] for batch in batches_of(planted(), plain, aligned)
    ]
    assert [row["transductive"] for row in rows] == [False, True]


class Warns(ClassifierMixin, BaseEstimator):
    """Warns in fit."""

    def fit(self, X, y):
        import warnings

        warnings.warn("did not converge", stacklevel=1)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.repeat(self.classes_[:1], len(X))


def test_warnings_become_notes(planted, recwarn):
    (batch,) = batches_of(planted(), Warns(), k=2)
    rows = [row for cell in run(batch).values() for row in cell.rows]
    assert {row["notes"] for row in rows} == {"UserWarning: did not converge"}
    assert not recwarn
    assert {row["metric"] for row in rows} == {"balanced-accuracy", "accuracy", "kappa"}


def test_parameters_are_counted_through_pipelines(planted):
    epochs = planted()
    fitted = make_pipeline(Covariance("oas"), TangentSpace(), LogisticRegression()).fit(
        epochs, epochs.y
    )
    assert count_parameters(fitted[-1:]) == 6 + 1  # 3 x 4 / 2 coefficients and an intercept


def hold_device(log):
    with device_turn("test-device"):
        start = time.time()
        time.sleep(0.2)
        log.put((start, time.time()))


@pytest.mark.slow
def test_jobs_on_one_device_take_turns():
    context = multiprocessing.get_context("fork")
    log = context.Queue()
    jobs = [context.Process(target=hold_device, args=(log,)) for _ in range(3)]
    for job in jobs:
        job.start()
    spans = sorted(log.get(timeout=30) for _ in jobs)
    for job in jobs:
        job.join()
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))


def test_the_cpu_is_shared():
    with device_turn("cpu"), device_turn("cpu"):
        pass


def test_calibration_trials_are_not_scored(planted):
    epochs = planted(n_trials=20, n_subjects=3)
    plain, calibrated = riemann(), riemann(EuclideanAlign(adapt="calibration", n_calibration=6))
    entries = [Entry("plain", None, plain), Entry("calibrated", None, calibrated)]
    data = BenchData("planted", epochs)
    batches = plan([data], entries, split="cross-subject", k=3, seeds=1)
    for batch in shared(batches):
        for cell, result in zip(batch.cells, run(batch).values(), strict=True):
            n = 20 if cell.recipe == "plain" else 14
            (row,) = [row for row in result.rows if row["metric"] == "balanced-accuracy"]
            assert (row["n_test"], row["n_units"], len(result.y_pred)) == (n, n, n)
            assert ("6 calibration trials not scored" in row["notes"]) == (n == 14)
            if n == 14:  # the first ones in time order
                assert result.trials.tolist() == np.sort(cell.split.test)[6:].tolist()


@pytest.mark.parametrize("nest", [
    lambda step: FeatureUnion([("branch", riemann(step)[:-1])]),
    lambda step: Pipeline([("inner", Pipeline([("align", step), ("cov", Covariance("oas"))])),
                           ("space", TangentSpace())]),
], ids=["union", "pipeline"])  # fmt: skip
def test_nested_calibration_trials_are_not_scored_either(planted, nest):
    step = nest(EuclideanAlign(adapt="calibration", n_calibration=6))
    entry = Entry("nested", None, make_pipeline(step, LogisticRegression()))
    data = BenchData("planted", planted(n_trials=20, n_subjects=2))
    batches = plan([data], [entry], split="cross-subject", k=2, seeds=1)
    for batch in batches:
        for result in run(batch).values():
            assert len(result.y_pred) == 14, result.rows[0]["failure"]


class Roles(ClassifierMixin, BaseEstimator):
    """Remembers what the training trials say about themselves."""

    seen: ClassVar[list] = []

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.seen.append(X.trials[["subject", "role"]] if "role" in X.trials else None)
        return self

    def predict(self, X):
        assert "role" not in X.trials
        return np.full(len(X), self.classes_[0])


def test_labelled_trials_of_the_target_are_named_and_not_scored(planted):
    data = BenchData("planted", planted(n_trials=20, n_subjects=3))
    settings = {"split": "cross-subject", "k": 3, "seeds": 1}
    (*batches,) = plan([data], [Entry("r", None, Roles())], n_calibration=2, **settings)
    Roles.seen.clear()
    results = [result for batch in batches for result in run(batch).values()]
    people = {row["subject"] for result in results for row in result.rows}
    assert people == {"S01", "S02", "S03"}
    for result, table in zip(results, Roles.seen, strict=True):
        assert len(result.y_pred) == 16 and result.rows[0]["n_train"] == 44
        mine = table["subject"] == result.rows[0]["subject"]
        assert mine.sum() == 4 and (table["role"][mine] == "target").all()
        assert (table["role"][~mine] == "source").all()
    Roles.seen.clear()
    for batch in plan([data], [Entry("r", None, Roles())], **settings):
        run(batch)
    assert Roles.seen == [None] * 3


def test_a_cell_of_calibration_only_fails_and_says_why(planted):
    pipeline = riemann(EuclideanAlign(adapt="calibration", n_calibration=20))
    data = BenchData("planted", planted(n_trials=20, n_subjects=2))
    (batch, *_) = plan([data], [Entry("r", None, pipeline)], split="cross-subject", k=2, seeds=1)
    assert "serve calibration" in next(iter(run(batch).values())).rows[0]["failure"]


def on_the_head(epochs):
    """The same trials on electrodes with known places; the first one tells the classes apart."""
    channels = with_template_places(Channels(["C3", "Cz", "C4"]), "standard_1005")
    return Epochs(
        epochs.data, channels=channels, sfreq=epochs.sfreq, y=epochs.y, trials=epochs.trials
    )


def test_linear_pipelines_leave_a_pattern_shared_steps_or_not(planted):
    epochs = on_the_head(planted(effect=2.0))
    means = make_pipeline(Bandpass(None, 8), WindowMeans(), ShrinkageLDA())
    power = make_pipeline(
        Bandpass(None, 8), Covariance("oas"), TangentSpace(), LogisticRegression()
    )
    batches = batches_of(epochs, means, power, make_pipeline(Flatten(), ShrinkageLDA()))
    for naive, behind in zip(batches, shared(batches), strict=True):
        patterns = [[cell.pattern for cell in run(batch).values()] for batch in (naive, behind)]
        if naive.cells[0].recipe == "r2":  # not a decoder that reads channels
            assert patterns == [[None] * 4] * 2
            continue
        for one, other in zip(*patterns, strict=True):
            np.testing.assert_allclose(one["values"], other["values"], rtol=1e-8)
            assert one["classes"] == other["classes"]
        assert all(pattern["classes"] == ["right"] for pattern in patterns[0])
        strongest = [np.argmax(np.abs(pattern["values"][0])) for pattern in patterns[0]]
        if naive.cells[0].recipe == "r0":  # the planted difference is one of means
            assert strongest == [0] * 4


def test_without_places_there_is_no_pattern(planted):
    (batch,) = batches_of(planted(), make_pipeline(WindowMeans(), ShrinkageLDA()))
    assert all(cell.pattern is None for cell in run(batch).values())
