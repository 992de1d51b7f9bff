"""Every recipe builds, says what it is, and finds a planted effect on data it is meant for."""

import numpy as np
import pytest
from contracts.planted import FLICKER, planted_epochs
from sklearn.base import clone, is_regressor
from sklearn.pipeline import Pipeline

from neurodecode import recipe
from neurodecode.core import registry
from neurodecode.core.recipe import FAMILIES, read_recipe
from neurodecode.decoders.flicker import CARD

NAMES = registry.names("recipe")
SLOW = ("deep-ssvep",)  # a network of 600 000 weights
# Steps that need more than these epochs hold: a recording, a whole cap. The chains that have them
# are run on recordings in tests/bench/test_chains.py.
BEFORE_THE_CUT = ("bad-channels", "clean-bold", "interpolate")


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
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in NAMES]
)
def test_finds_a_planted_effect(name):
    steps = recipe(name).steps
    pipe = clone(
        Pipeline([s for s in steps if s[0].removeprefix("recording-") not in BEFORE_THE_CUT])
    )
    asked = [
        at for at, value in pipe.get_params().items() if isinstance(value, str) and value == CARD
    ]
    pipe.set_params(**dict.fromkeys(asked, FLICKER))
    epochs, test = planted_epochs(80, effect=1.5), planted_epochs(40, effect=1.5)
    if read_recipe(registry.target("recipe", name)).needs.kinds == ("spikes",):
        epochs, test = (each.with_data(np.abs(each.data)) for each in (epochs, test))  # counts
    if name == "trf":  # its target is a signal as long as the trial
        few, signal = epochs[:6].without_targets(), epochs.data[:6, :2].mean(axis=1)
        assert pipe.fit(few, signal).score(test, test.data[:, :2].mean(axis=1)) > 0.9
        return
    if is_regressor(pipe):
        y, y_test = (np.where(each.y == "left", 1.0, -1.0) for each in (epochs, test))
        assert pipe.fit(epochs.without_targets(), y).score(test, y_test) > 0.3
        return
    score = pipe.fit(epochs.without_targets(), epochs.y).score(test, test.y)
    assert score > 0.6, f"{name} scores {score:.2f} on an effect that is easy to see"
