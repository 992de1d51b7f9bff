"""From data sets, recipes and a split to batches of cells. Nothing is fitted here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor

from neurodecode.bench.batches import Batch
from neurodecode.bench.card_values import fill_from_card
from neurodecode.bench.cells import (
    Cell,
    cell_key,
    data_identity,
    describe,
    has_random_state,
    split_identity,
    versions,
)
from neurodecode.bench.dataset import BenchData
from neurodecode.bench.estimators import device_of, is_net
from neurodecode.bench.recipes import build, build_recording_steps, find_recipe, in_front
from neurodecode.bench.rows import CLASSIFICATION_METRICS, REGRESSION_METRICS
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError, RecipeError
from neurodecode.core.recipe import Needs, Recipe
from neurodecode.core.stamps import digest
from neurodecode.evaluation import (
    Split,
    Splitter,
    check_split,
    has_copies,
    metric_info,
    refuse_fitted,
)
from neurodecode.evaluation.cohort import Cohort


@dataclass(frozen=True)
class Entry:
    """A recipe of a benchmark: its name with its TOML recipe or with a user's estimator."""

    name: str
    recipe: Recipe | None
    estimator: Any = None

    def pipeline(self, split: str) -> Any:
        """Unfitted estimator for a kind of outer split."""
        return self.estimator if self.recipe is None else build(self.recipe, split)

    def info(self) -> dict[str, Any]:
        """What tables and the report say about the recipe."""
        if self.recipe is None:
            return {
                "family": "linear",
                "title": self.name,
                "paper": "",
                "steps": " ".join(repr(self.estimator).split()),
            }
        recipe = self.recipe
        return {
            "family": recipe.family,
            "title": recipe.title or recipe.name,
            "paper": recipe.paper,
            "steps": recipe.words(),
        }


def open_recipes(recipes: Any) -> list[Entry]:
    """Recipes by name, TOML path or (name, estimator), alone or in a list.

    Raises
    ------
    RecipeError : an unknown name, something that is no estimator, or one name twice.
    LeakageError : an estimator that is already fitted.
    """
    listed = recipes if isinstance(recipes, list) else [recipes]
    entries = [_open_recipe(item) for item in listed]
    names = [entry.name for entry in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RecipeError(
            "two recipes of one name",
            found=", ".join(twice),
            expected="every recipe once",
            fix='give the second another name: ("name", estimator)',
        )
    return entries


def _open_recipe(item: Any) -> Entry:
    if isinstance(item, (str, Path)):
        recipe = find_recipe(item)
        return Entry(recipe.name, recipe)
    name, estimator = item if isinstance(item, tuple) and len(item) == 2 else (None, item)
    if not isinstance(name, str) or not hasattr(estimator, "fit"):
        raise RecipeError(
            "this is no recipe",
            found=repr(item),
            expected='a name, the path of a .toml file, or ("name", estimator)',
            fix=f'("mine", {type(estimator).__name__}(...))',
        )
    refuse_fitted(estimator)
    return Entry(name, None, estimator)


def plan(
    data_sets: Sequence[BenchData],
    entries: Sequence[Entry],
    *,
    split: str,
    k: int,
    seeds: int,
    metric: str = "auto",
    n_calibration: int = 0,
) -> list[Batch]:
    """Batches of all cells, data set by data set.

    Folds are made from the whole cohort, before anything is left out as finished. A recipe
    without random numbers runs with one seed.

    Parameters
    ----------
    data_sets : list of BenchData
    entries : list of Entry
    split : kind of split, or "card": what each data set's card says
    k : folds, where the kind of split has a choice
    seeds : number of seeds, 0, 1, ...
    metric : "auto" or a metric's name
    n_calibration : labelled trials of each class that come from whoever is tested

    Raises
    ------
    LeakageError : a test trial that is also a training trial, overlaps one, or equals one.
    """
    return [
        batch
        for data in data_sets
        for batch in _plan_data_set(data, entries, split, k, seeds, metric, n_calibration)
    ]


def split_of(data: BenchData, split: str, k: int) -> tuple[str, int]:
    """Kind and number of folds for one data set."""
    if split != "card":
        return split, k
    if data.card is None:
        return "within-session", k
    return data.card.split["kind"], int(data.card.split.get("k", k))


def metrics_for(data: BenchData, metric: str) -> tuple[str, ...]:
    """Metrics of the rows, the main one first."""
    known = CLASSIFICATION_METRICS if data.classes else REGRESSION_METRICS
    main = data.main_metric if metric == "auto" else metric
    metric_info(main)  # an unknown name is refused before anything runs
    return (main, *(name for name in known if name != main))


def _plan_data_set(
    data: BenchData,
    entries: Sequence[Entry],
    split: str,
    k: int,
    seeds: int,
    metric: str,
    n_calibration: int,
) -> Iterator[Batch]:
    kind, n_folds = split_of(data, split, k)
    cut = [_cut_for(entry.recipe, data) for entry in entries]  # before `data.epochs`: see compat
    folds = _checked_folds(data, data.splitter(kind, n_folds, n_calibration))
    identities = [split_identity(kind, n_folds, fold) for fold in folds]
    cuts: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}  # by identity: `data` keeps them
    for entry, (epochs, steps, note, refusal) in zip(entries, cut, strict=True):
        estimator = in_front(steps, entry.pipeline(kind))
        estimator, lacking = fill_from_card(estimator, data.card, data.classes)
        reason = _why_not(entry, estimator, epochs, data) or refusal or lacking
        if id(epochs) not in cuts:
            cuts[id(epochs)] = _facts_of(epochs, data)
        identity, facts = cuts[id(epochs)]
        common = {
            **identity,
            "recipe": describe(estimator),
            "device": device_of(estimator).partition(":")[0],
            "versions": versions(),
            **({"convention": data.convention} if data.convention else {}),
        }
        n_seeds = seeds if has_random_state(estimator) else 1
        for seed in range(n_seeds):
            cells = [
                Cell(
                    data.name, entry.name, fold, seed,
                    cell_key({**common, "split": identity, "fold": fold.fold, "seed": seed}),
                    reason,
                )
                for fold, identity in zip(folds, identities, strict=True)
            ]  # fmt: skip
            for group in _grouped(cells, estimator):
                yield Batch(
                    cells=tuple(group),
                    estimator=estimator,
                    classes=data.classes,
                    metrics=metrics_for(data, metric),
                    notes="; ".join(filter(None, [data.note, note])),
                    responses=data.responses,
                    **facts,
                )


def _checked_folds(data: BenchData, splitter: Splitter) -> list[Split]:
    """All folds of a data set, refused where test trials reach training."""
    folds = list(splitter.roles(data.epochs))
    if not data.convention:  # other toolkits' folds are taken as they are: their numbers are asked
        # Bytes are compared once, not in every fold, unless there are copies to be placed.
        suspects = data.epochs if has_copies(data.epochs) else None
        cohort = Cohort.of(data.epochs)
        for fold in folds:
            check_split(fold, cohort, suspects)
    return folds


def _facts_of(epochs: Epochs, data: BenchData) -> tuple[dict[str, Any], dict[str, Any]]:
    """What names a cut in a cell's key, and what every batch on it holds."""
    identity = data_identity(epochs, data.card)
    return identity, {
        "X": epochs,
        "y": np.asarray(epochs.y),
        "trials": epochs.trials,
        "stamp": epochs.data_stamp,
        "source": digest(identity),
    }


def _grouped(cells: list[Cell], estimator: Any) -> list[list[Cell]]:
    """Cells that run together: one for a net, which is slow; else all folds of a subject."""
    if is_net(estimator):
        return [[cell] for cell in cells]
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(cell.split.subject, []).append(cell)
    return list(groups.values())


def _cut_for(
    recipe: Recipe | None, data: BenchData
) -> tuple[Epochs, list[tuple[str, Any]], str, str]:
    """Epochs as a recipe wants them, the steps left, a note, and why they cannot be had or ""."""
    try:
        return *data.for_recipe(recipe), ""
    except DataError as error:  # say a band above half the rate: the other recipes go on
        steps = build_recording_steps(recipe) if recipe else []
        return data.epochs, steps, "", f"{error.summary}: {error.found}"


def _why_not(entry: Entry, estimator: Any, epochs: Epochs, data: BenchData) -> str:
    """Why a recipe does not apply to the data; "" where it does."""
    if data.classes and is_regressor(estimator):
        return "predicts continuous targets; the data have class labels"
    if not data.classes and is_classifier(estimator):
        return "predicts classes; the data have continuous targets"
    return unmet(entry.recipe.needs, epochs) if entry.recipe else ""


def unmet(needs: Needs, epochs: Epochs) -> str:
    """The first need that the data do not meet, in words; "" where all are met.

    Examples
    --------
    >>> epochs = Epochs(np.zeros((2, 1, 50)), channels=["Cz"], sfreq=100)
    >>> unmet(Needs(min_channels=2), epochs)
    'needs 2 channels; the data have 1'
    """
    n_channels, duration = epochs.shape[1], epochs.shape[2] / epochs.sfreq
    if n_channels < needs.min_channels:
        return f"needs {needs.min_channels} channels; the data have {n_channels}"
    if duration < needs.min_duration:
        return f"needs {needs.min_duration:g} s; the trials last {duration:g} s"
    if epochs.sfreq < needs.min_sfreq:
        return f"needs {needs.min_sfreq:g} Hz; the data have {epochs.sfreq:g} Hz"
    kinds = sorted(set(epochs.channels.kinds))
    if needs.kinds and not set(kinds) & set(needs.kinds):
        return f"needs {' or '.join(needs.kinds)} channels; the data have {', '.join(kinds)}"
    return ""
