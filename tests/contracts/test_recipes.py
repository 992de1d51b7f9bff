"""Every recipe builds, says what it is, and finds a planted effect on data it is meant for."""

import numpy as np
import pytest
from contracts.planted import planted_epochs
from sklearn.base import clone, is_regressor
from sklearn.pipeline import Pipeline

from neurodecode import recipe
from neurodecode.core import registry
from neurodecode.core.recipe import FAMILIES, read_recipe

NAMES = registry.names("recipe")


def test_there_are_at_least_ten():
    assert len(NAMES) >= 10


@pytest.mark.parametrize("name", NAMES)
def test_words_are_complete(name):
    words = read_recipe(registry.target("recipe", name))
    assert words.family in FAMILIES
    assert words.title, f"{name}: no title. Fix: title = '...' in the recipe."
    assert words.paper, f"{name}: no paper. Fix: paper = 'authors year, doi'."
    assert isinstance(recipe(name), Pipeline)


@pytest.mark.parametrize("name", NAMES)
def test_filters_are_where_they_are_exact(name):
    on_epochs = {step.name for step in read_recipe(registry.target("recipe", name)).steps}
    early = sorted(on_epochs & {"bandpass", "notch"})
    assert not early, f"{name}: {early} on epochs. Fix: [[recording]] instead of [[step]]."


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_finds_a_planted_effect(name):
    pipe = clone(recipe(name))
    epochs, test = planted_epochs(80, effect=1.5), planted_epochs(40, effect=1.5)
    if is_regressor(pipe):
        y, y_test = (np.where(each.y == "left", 1.0, -1.0) for each in (epochs, test))
        assert pipe.fit(epochs.without_targets(), y).score(test, y_test) > 0.3
        return
    score = pipe.fit(epochs.without_targets(), epochs.y).score(test, test.y)
    assert score > 0.6, f"{name} scores {score:.2f} on an effect that is easy to see"
