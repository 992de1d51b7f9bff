"""Recipes become pipelines that run, search inside their training data, and refuse nonsense."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline

from neurodecode.bench.dataset import RECORDING_NOTE, open_data
from neurodecode.bench.planning import open_recipes, plan
from neurodecode.bench.recipes import SKLEARN, InnerCV, find_recipe, recipe, resolve_step
from neurodecode.core import registry
from neurodecode.core.errors import RecipeError
from neurodecode.core.recipe import FAMILIES
from neurodecode.core.recording import Recording

NAMES = registry.names("recipe")


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_builds_an_unfitted_pipeline(name):
    text = find_recipe(name)
    assert text.family in FAMILIES
    assert text.title and text.paper
    pipeline = recipe(name)
    assert isinstance(pipeline, Pipeline)
    on_epochs = ["search"] if text.search else [step.id for step in text.steps]
    ids = [*(f"recording-{step.id}" for step in text.recording), *on_epochs]
    assert [step for step, _ in pipeline.steps] == ids
    assert repr(clone(pipeline)) == repr(pipeline)


def test_no_recording_step_is_lost_on_epochs(planted):
    pipe, epochs = recipe("window-lda"), planted()
    filtered = pipe[0].transform(epochs)
    assert abs(filtered.data - epochs.data).max() > 0.1
    pipe.fit(epochs, epochs.y)
    inner = pipe[1:].predict_proba(filtered)
    np.testing.assert_array_equal(pipe.predict_proba(epochs), inner)


def recording():
    """Noise of a minute with twenty events of two kinds."""
    kinds = ["left", "right"] * 10
    events = pd.DataFrame({"onset": 2.0 + 2.5 * np.arange(20), "duration": 0.0, "label": kinds})
    data = np.random.default_rng(0).standard_normal((3, 6000)).astype(np.float32)
    return Recording(data, channels=["C3", "Cz", "C4"], sfreq=100, events=events)


REQUEST = {"tmin": 0.0, "tmax": 2.0}
SPLIT = {"split": "within-session", "k": 2, "seeds": 1}


def test_a_benchmark_runs_recording_steps_where_they_are_exact():
    by_hand = recipe("csp-lda")
    (batch,) = plan(open_data((recording(), REQUEST)), open_recipes("csp-lda"), **SPLIT)
    exact = by_hand[0].transform(recording()).epoch(**REQUEST)
    np.testing.assert_array_equal(batch.X.data, exact.data)
    assert [name for name, _ in batch.estimator.steps] == ["covariance", "csp", "shrinkage-lda"]
    assert batch.notes == ""
    epochs_only = recording().epoch(**REQUEST)
    (batch,) = plan(open_data(epochs_only), open_recipes("csp-lda"), **SPLIT)
    assert batch.notes == RECORDING_NOTE
    assert repr(batch.estimator) == repr(by_hand)


def test_a_recording_step_that_does_not_fit_stops_only_its_recipe(write_recipe):
    high = '[[recording]]\nname = "bandpass"\nhigh = 99\n[[step]]\nname = "mdm"'
    entries = open_recipes([write_recipe("high", high), "csp-lda"])
    wrong, right = plan(open_data((recording(), REQUEST)), entries, **SPLIT)
    assert all("band edges do not fit" in cell.reason for cell in wrong.cells)
    assert not any(cell.reason for cell in right.cells)


@pytest.mark.parametrize("name", sorted(SKLEARN))
def test_every_scikit_learn_name_leads_to_an_estimator(name):
    assert hasattr(resolve_step(name, "test")(), "fit")


def test_steps_nest(write_recipe, planted):
    path = write_recipe(
        "nested",
        """
        [[step]]
        [step.union]
        means = [{ name = "window-means", n_windows = 4 }]
        power = [{ name = "band-power", bands = [[2, 6], [6, 12]] }]
        [[step]]
        name = "lda"
        """,
    )
    pipeline = recipe(path)
    assert isinstance(pipeline["union"], FeatureUnion)
    epochs = planted()
    assert pipeline[:-1].fit_transform(epochs, epochs.y).shape == (40, 3 * 4 + 3 * 2)
    assert pipeline.fit(epochs, epochs.y).score(epochs, epochs.y) > 0.9


def test_a_bank_repeats_its_steps_in_every_band(write_recipe, planted):
    path = write_recipe(
        "bank",
        """
        [[step]]
        [step.bank]
        bands = [[2, 6], [6, 12]]
        steps = [{ name = "covariance" }, { name = "tangent-space" }]
        [[step]]
        name = "logistic-regression"
        """,
    )
    pipeline, epochs = recipe(path), planted()
    assert [name for name, _ in pipeline["bank"].transformer_list] == ["2-6-hz", "6-12-hz"]
    assert pipeline[:-1].fit_transform(epochs, epochs.y).shape == (40, 2 * 6)


def test_a_stack_votes_over_its_branches(write_recipe, planted):
    path = write_recipe(
        "stacked",
        """
        [[step]]
        [step.stack]
        means = [{ name = "window-lda", n_windows = [2, 4] }]
        mdm = [{ name = "covariance" }, { name = "mdm" }]
        """,
    )
    epochs = planted(n_trials=60)
    assert recipe(path).fit(epochs[:40], epochs.y[:40]).score(epochs[40:], epochs.y[40:]) > 0.8


SEARCH = """
[[step]]
name = "bandpass"
high = 8
[[step]]
name = "window-means"
[[step]]
name = "lda"
[search]
k = 2
grid = { "window-means.n_windows" = [1, 2] }
"""


def test_a_search_chooses_inside_the_training_data(write_recipe, planted, monkeypatch):
    pipeline, epochs = recipe(write_recipe("search", SEARCH)), planted()
    assert [name for name, _ in pipeline.steps] == ["bandpass", "search"]
    assert isinstance(pipeline["search"], GridSearchCV)
    train = np.arange(20)
    given = []
    split = InnerCV.split
    monkeypatch.setattr(
        InnerCV, "split", lambda self, X, y=None, groups=None: given.append(X) or split(self, X, y)
    )
    pipeline.fit(epochs[train], epochs.y[train])
    assert all(set(X.trials["onset"]) <= set(epochs.trials["onset"][train]) for X in given)
    assert pipeline["search"].best_params_["window-means__n_windows"] in (1, 2)
    assert pipeline.score(epochs[20:], epochs.y[20:]) > 0.8


def test_inner_splits_are_of_the_outer_kind(planted):
    epochs = planted(n_subjects=4)
    people = epochs.groups("subject")
    for train, valid in InnerCV("cross-subject", k=4).split(epochs, epochs.y):
        assert not set(people[train]) & set(people[valid])
    assert InnerCV("cross-subject", k=4).get_n_splits(epochs, epochs.y) == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[step]]\nname = "tangent-spce"', "did you mean 'tangent-space'"),
        ('[[step]]\nname = "bandpass"\nlwo = 8', "did you mean 'low'"),
        (SEARCH.replace('n_windows"', 'n_window"'), "did you mean 'window-means.n_windows'"),
        (SEARCH + 'metric = "f1-weighted"', "no search by this metric"),
    ],
)
def test_mistakes_are_named(write_recipe, text, words):
    with pytest.raises(RecipeError) as caught:
        recipe(write_recipe("wrong", text))
    assert words in str(caught.value)


def test_an_unknown_recipe_is_guessed():
    with pytest.raises(RecipeError, match="did you mean 'tangent-lr'"):
        recipe("tangent-rl")
