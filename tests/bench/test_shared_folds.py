"""The runner against the plain loop of clone, fit and predict: same predictions, same scores."""

import warnings
from typing import ClassVar

import numpy as np
import pytest
from contracts.planted import planted_epochs
from sklearn.base import clone, is_regressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from neurodecode import recipe
from neurodecode.bench.batches import Batch
from neurodecode.bench.dataset import BenchData
from neurodecode.bench.estimators import is_net, leading_trial_steps, seeded
from neurodecode.bench.fold_fits import fit_first_steps
from neurodecode.bench.planning import Entry, plan, unmet
from neurodecode.bench.runner import run
from neurodecode.bench.sharing import Kept, ahead
from neurodecode.core import registry
from neurodecode.core.recipe import read_recipe
from neurodecode.decoders import MDM, ShrinkageLDA
from neurodecode.features import Covariance, TangentSpace
from neurodecode.features.fold_means import fold_means
from neurodecode.preprocessing import Bandpass

EPOCHS = planted_epochs(32, effect=0.5)


def _recipes():
    """Recipes that decode classes of these epochs; slow where they share nothing with folds."""
    for name in registry.names("recipe"):
        pipe = recipe(name)
        words = read_recipe(registry.target("recipe", name))
        if is_regressor(pipe) or is_net(pipe) or unmet(words.needs, EPOCHS):
            continue
        first = pipe.steps[len(leading_trial_steps(pipe))][1]
        shared = hasattr(first, "fit_folds") or isinstance(first, FeatureUnion)
        marks = [] if shared else [pytest.mark.slow]
        yield pytest.param(name, marks=marks)


def planned(epochs: object, *recipes: object) -> list[Batch]:
    """Batches of a within-session run with two folds, the steps they share computed."""
    entries = [
        Entry(each, read_recipe(registry.target("recipe", each)))
        if isinstance(each, str)
        else Entry(f"r{number}", None, each)
        for number, each in enumerate(recipes)
    ]
    data = BenchData("planted", epochs)
    kept = Kept()
    batches = plan([data], entries, split="within-session", k=2, seeds=1)
    return [ahead(batch, kept) for batch in batches]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", list(_recipes()))
def test_a_recipe_gives_what_the_plain_loop_gives(name):
    for batch in planned(EPOCHS, name):
        results = run(batch)
        for cell in batch.cells:
            result, train, test = results[cell.key], cell.split.train, np.sort(cell.split.test)
            if cell.reason or result.failed:
                pytest.skip(cell.reason or result.rows[0]["failure"])
            plain = seeded(clone(recipe(name)), cell.seed)
            plain.fit(EPOCHS[train].without_targets(), EPOCHS.y[train])
            held_out = EPOCHS[test].without_targets()
            np.testing.assert_array_equal(result.y_pred, plain.predict(held_out))
            graded = [method for method in batch.responses if hasattr(plain, method)]
            if graded:
                scores = getattr(plain, graded[0])(held_out)
                ours = result.scores if scores.ndim == 2 else result.scores[:, 1]
                np.testing.assert_allclose(ours, scores, rtol=1e-8, atol=1e-8)


def test_branches_of_a_union_share_their_steps_and_fit_folds_together():
    low, high = (make_pipeline(Bandpass(*band), Covariance("oas")) for band in ((4, 12), (12, 30)))
    learns, flat = (
        FeatureUnion([("low", Pipeline([*low.steps, ("end", end)])),
                      ("high", Pipeline([*high.steps, ("end", end)]))])
        for end in (TangentSpace(), FunctionTransformer(as_rows))
    )  # fmt: skip
    for union in (learns, flat):
        pipe = make_pipeline(union, ShrinkageLDA())
        batch = planned(EPOCHS, pipe)[0]
        assert [part.shape for part in batch.X.parts] == [(32, 6, 6)] * 2
        assert bool(fit_first_steps(batch).steps) == (union is learns)
        results = run(batch)
        for cell in batch.cells:
            train, test = cell.split.train, np.sort(cell.split.test)
            plain = clone(pipe).fit(EPOCHS[train].without_targets(), EPOCHS.y[train])
            scores = plain.predict_proba(EPOCHS[test].without_targets())
            np.testing.assert_allclose(results[cell.key].scores, scores, rtol=1e-8, atol=1e-8)


def as_rows(matrices: np.ndarray) -> np.ndarray:
    return matrices.reshape(len(matrices), -1)


class Listening(TangentSpace):
    """Fits folds together, and remembers what it was asked."""

    asked: ClassVar[list[str]] = []

    def fit(self, X, y=None):
        self.asked.append("fit")
        if X[:, 0, 0].max() > 1e6:
            raise ValueError("a trial too loud")
        if X[:, 0, 0].max() > 1e4:
            warnings.warn("a loud trial", stacklevel=1)
        return super().fit(X, y)

    def fit_folds(self, X, y, folds):
        asked = [clone(self).fit(X[rows], y[rows]) for rows in folds]
        self.asked[:] = ["fit_folds"]
        return asked


def of_one_loud_trial(gain: float) -> Batch:
    """Two folds, of which the second trains on a trial that is louder than the others."""
    data = EPOCHS.data.copy()
    data[0] *= gain
    Listening.asked.clear()
    pipe = make_pipeline(Covariance("oas"), Listening(), LogisticRegression(max_iter=500))
    return planned(EPOCHS.with_data(data), pipe)[0]


def rows_of(batch: Batch) -> list[tuple[bool, str, str]]:
    """For each cell: whether the loud trial trains it, its failure, its notes."""
    results = run(batch)
    return [
        (0 in cell.split.train, row["failure"], row["notes"])
        for cell, row in ((cell, results[cell.key].rows[0]) for cell in batch.cells)
    ]


def test_folds_are_fitted_together_once():
    batch = of_one_loud_trial(1.0)
    assert {failure for _, failure, _ in rows_of(batch)} == {""}
    assert Listening.asked == ["fit_folds"]


def test_a_fold_that_fails_fails_its_own_cell_only():
    for loud, failure, _ in rows_of(of_one_loud_trial(1e4)):
        assert failure == ("ValueError: a trial too loud" if loud else "")


def test_a_warning_stays_with_its_fold():
    for loud, failure, notes in rows_of(of_one_loud_trial(1e2)):
        assert not failure and ("a loud trial" in notes) == loud


def test_folds_with_labelled_trials_of_the_target_are_fitted_apart():
    """Their training trials say which of them are the target's: `X` differs from fold to fold."""
    data = BenchData("planted", EPOCHS)
    entry = Entry("r", None, make_pipeline(Covariance("oas"), MDM()))
    settings = {"split": "cross-subject", "k": 2, "seeds": 1}
    plain, calibrated = (plan([data], [entry], n_calibration=n, **settings)[0] for n in (0, 2))
    kept = Kept()
    assert fit_first_steps(ahead(calibrated, kept)).steps == {}
    assert len(plain.cells) < 2 or fit_first_steps(ahead(plain, kept)).steps


def test_the_same_means_are_not_found_twice():
    matrices = np.random.default_rng(0).standard_normal((12, 3, 8))
    matrices = matrices @ matrices.transpose(0, 2, 1)
    folds = [np.arange(8), np.arange(4, 12)]
    first = fold_means(matrices, folds, "first")
    assert fold_means(matrices.copy(), folds, "second") is first
    assert fold_means(matrices, folds[::-1], "third") is not first
    flat = matrices.copy()
    flat[:, 0] = flat[:, :, 0] = 0.0  # what an average reference leaves
    for where in ("first", "second"):  # whoever asks is warned
        with pytest.warns(UserWarning, match=f"{where}: covariances of 3 channels have rank 2"):
            fold_means(flat, folds, where)
