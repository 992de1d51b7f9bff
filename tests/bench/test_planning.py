"""Plans: cells and keys before anything is fitted, and reasons where a recipe does not apply."""

import dataclasses

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from neurodecode.bench import benchmark
from neurodecode.bench.costs import estimate_cost
from neurodecode.bench.dataset import BenchData, open_data
from neurodecode.bench.planning import Entry, open_recipes, plan, unmet
from neurodecode.core.card import read_card
from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.recipe import Needs

LR = [Entry("lr", None, LogisticRegression())]


def cells_of(epochs, entries=LR, **options):
    options = {"split": "within-session", "k": 2, "seeds": 1, **options}
    batches = plan([BenchData("planted", epochs)], entries, **options)
    return [cell for batch in batches for cell in batch.cells]


def test_keys_are_the_same_whatever_else_is_planned(planted):
    one = cells_of(planted())
    both = cells_of(planted(), [Entry("dummy", None, DummyClassifier()), *LR])
    assert {cell.key for cell in one} < {cell.key for cell in both}


def test_keys_change_with_all_that_decides(planted):
    epochs = planted()
    keys = [
        cells_of(epochs)[0].key,
        cells_of(epochs, k=4)[0].key,
        cells_of(epochs, [Entry("lr", None, LogisticRegression(C=2.0))])[0].key,
        cells_of(epochs.pick([0, 1]))[0].key,
        cells_of(epochs.with_y(np.where(epochs.y == "left", "rest", epochs.y)))[0].key,
        cells_of(epochs, [Entry("lr", None, LogisticRegression(solver="saga"))], seeds=2)[-1].key,
    ]
    assert len(set(keys)) == len(keys)


def test_keys_do_not_change_with_what_does_not(planted):
    epochs = planted()
    keys = {
        cells_of(epochs)[0].key,
        cells_of(planted(name="other"))[0].key,
        cells_of(epochs, [Entry("renamed", None, LogisticRegression(verbose=0))])[0].key,
    }
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("needs", "words"),
    [
        (Needs(min_channels=2), "needs 2 channels; the data have 1"),
        (Needs(min_duration=1.0), "needs 1 s; the trials last 0.5 s"),
        (Needs(min_sfreq=120), "needs 120 Hz; the data have 100 Hz"),
        (Needs(kinds=("mag", "grad")), "needs mag or grad channels; the data have eeg"),
        (Needs(kinds=("eeg", "mag")), ""),
    ],
)
def test_unmet_needs_are_said_in_words(needs, words):
    epochs = Epochs(np.zeros((2, 1, 50)), channels=["Cz"], sfreq=100)
    assert unmet(needs, epochs) == words


def test_a_net_on_one_channel_does_not_apply(planted):
    cells = cells_of(planted(n_channels=1), open_recipes("eegnet"))
    assert {cell.reason for cell in cells} == {"needs 2 channels; the data have 1"}


def test_folds_are_made_from_the_whole_cohort(planted):
    """What a fold tests does not depend on which recipes or seeds are asked for."""
    epochs = planted(n_subjects=6)
    few = cells_of(epochs, split="cross-subject", k=3)
    many = cells_of(epochs, [*LR, *open_recipes("window-lda")], split="cross-subject", k=3)
    tests = {tuple(cell.split.test) for cell in few}
    assert tests == {tuple(cell.split.test) for cell in many}
    assert len(tests) == 3


def test_the_published_split_has_one_fold(planted):
    (cell,) = cells_of(planted(published=True), split="published")
    np.testing.assert_array_equal(cell.split.test, np.arange(20, 40))


def test_units_of_the_card_stay_on_one_side(planted):
    epochs = planted()
    epochs = epochs.with_trials(epochs.trials.assign(stimulus=np.tile(list("abcd"), 10)))
    card = dataclasses.replace(
        read_card("sim-mi"), split={"kind": "within-session", "unit": "stimulus", "k": 2}
    )
    stimuli = epochs.groups("stimulus")
    for train, test in BenchData("p", epochs, card).splitter("within-session", 2).split(epochs):
        assert not set(stimuli[train]) & set(stimuli[test])


def test_costs_use_what_is_known(planted, tmp_path):
    epochs = planted()
    recipe = ("dummy", DummyClassifier())
    data = [BenchData("planted", epochs)]
    batches = plan(data, open_recipes(recipe), split="within-session", k=2, seeds=1)
    assert "2 to run" in estimate_cost(batches, tmp_path)
    benchmark(epochs, recipe, k=2, out=tmp_path, quiet=True)
    assert "0 to run" in estimate_cost(batches, tmp_path)


def test_unnamed_data_are_numbered_and_named_ones_refused(planted):
    names = [data.name for data in open_data([planted(name=None), planted(name=None, seed=1)])]
    assert names == ["epochs-1", "epochs-2"]
    with pytest.raises(DataError, match="two data sets of one name"):
        open_data(["sim-mi", "sim-mi"])


def test_facts_of_the_data_are_complete(planted):
    info = BenchData("planted", planted(published=True)).info("published", "kappa")
    assert info["channel_text"] == "3 EEG"
    assert info["parts"] == {"train": 20, "test": 20}
    assert (info["split"], info["metric"], info["positions"]) == ("published", "kappa", None)
    placed = Channels(["C3"], positions=np.array([[0.0, 0.1, 0.0]]))
    epochs = Epochs(np.zeros((2, 1, 8)), channels=placed, sfreq=8, y=[0, 1])
    assert BenchData("one", epochs).info("", "")["positions"] == [[0.0, 0.1, 0.0]]
