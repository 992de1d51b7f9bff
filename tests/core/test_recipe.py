"""Recipes: the language is read whole, and every mistake is named with its fix."""

import pytest

from neurodecode.core.errors import RecipeError
from neurodecode.core.recipe import Needs, parse_recipe, read_recipe

WHOLE = """
title = "All of it"
family = "riemannian"
paper = "Somebody 2020"

[[recording]]
name = "notch"

[window]
tmin = 0.5
tmax = 2.5

[[step]]
name = "bandpass"
low = 8
high = 32

[[step]]
union = { a = [{ name = "csp", n_filters = 4 }], b = [{ name = "band-power" }, { name = "pca" }] }

[[step]]
bank = { bands = [[8, 12], [12, 30]], steps = [{ name = "csp" }] }

[[step]]
name = "lda"
id = "last"

[search]
k = 4
grid = { "last.shrinkage" = [0.1, 0.5], "union.a.csp.n_filters" = [2, 4] }

[needs]
min_channels = 3
kinds = ["eeg", "mag"]
"""


def test_the_whole_language_is_read():
    recipe = parse_recipe(WHOLE, "whole")
    assert recipe.family == "riemannian"
    assert recipe.window == (0.5, 2.5)
    assert [step.id for step in recipe.steps] == ["bandpass", "union", "bank", "last"]
    assert recipe.steps[0].params == {"low": 8, "high": 32}
    assert [name for name, _ in recipe.steps[1].branches] == ["a", "b"]
    assert [step.name for step in recipe.steps[1].branches[1][1]] == ["band-power", "pca"]
    assert recipe.steps[2].bands == ((8.0, 12.0), (12.0, 30.0))
    assert recipe.search.grid["last.shrinkage"] == (0.1, 0.5)
    assert recipe.search.k == 4
    assert recipe.needs == Needs(min_channels=3, kinds=("eeg", "mag"))
    assert recipe.words().startswith("notch, bandpass, union(a: csp | b: band-power, pca)")


def test_the_same_step_twice_gets_two_ids():
    recipe = parse_recipe('[[step]]\nname = "scale"\n[[step]]\nname = "scale"', "twice")
    assert [step.id for step in recipe.steps] == ["scale", "scale-2"]


STEP = '[[step]]\nname = "lda"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[step]", "not valid TOML"),
        ("", "no steps"),
        ('famly = "linear"\n' + STEP, "did you mean 'family'"),
        ('family = "linaer"\n' + STEP, "did you mean 'linear'"),
        (STEP + "[window]\ntmn = 1", "did you mean 'tmin'"),
        (STEP + "[window]\ntmin = 2\ntmax = 1", "window is empty"),
        (STEP + "[needs]\nmin_chanels = 1", "did you mean 'min_channels'"),
        (STEP + '[search]\ngrid = { "lad.C" = [1] }', "did you mean 'lda'"),
        (STEP + '[search]\ngrid = { "lda.C" = 1 }', "a list of values"),
        (STEP + "[search]\nk = 3", "no grid"),
        ("[[step]]\nn = 3", "exactly one of name, union, stack, bank"),
        ('step = "lda"', "steps are not a list"),
        ('[[step]]\nname = "a.b"', "cannot be addressed"),
        ('[[step]]\nname = "a"\nid = "x"\n[[step]]\nname = "b"\nid = "x"', "share an id"),
        ("[[step]]\nbank = { steps = [] }", "without bands"),
        ("[[step]]\nunion = [1]", "union is not a table"),
    ],
)
def test_mistakes_are_named(text, words):
    with pytest.raises(RecipeError) as caught:
        parse_recipe(text, "x")
    assert words in str(caught.value)
    assert caught.value.fix


def test_a_file_is_named_after_itself(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(STEP)
    assert read_recipe(path).name == "mine"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RecipeError, match="cannot be read"):
        read_recipe(tmp_path / "absent.toml")
