"""Recipes become scikit-learn pipelines."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sklearn.pipeline import FeatureUnion, Pipeline

from neurodecode.bench.search import GridSearch
from neurodecode.core import registry
from neurodecode.core.errors import RecipeError, did_you_mean
from neurodecode.core.recipe import Recipe, Search, StepSpec, read_recipe
from neurodecode.evaluation import inner_split
from neurodecode.evaluation import split as make_split

# scikit-learn estimators that recipes may name. The list is closed: a recipe is data, and data
# must not be able to import what it likes.
SKLEARN = {
    "standard-scaler": "sklearn.preprocessing:StandardScaler",
    "robust-scaler": "sklearn.preprocessing:RobustScaler",
    "pca": "sklearn.decomposition:PCA",
    "select-k-best": "sklearn.feature_selection:SelectKBest",
    "logistic-regression": "sklearn.linear_model:LogisticRegression",
    "ridge": "sklearn.linear_model:Ridge",
    "ridge-cv": "sklearn.linear_model:RidgeCV",
    "kernel-ridge": "sklearn.kernel_ridge:KernelRidge",
    "ridge-classifier": "sklearn.linear_model:RidgeClassifier",
    "ridge-classifier-cv": "sklearn.linear_model:RidgeClassifierCV",
    "lda": "sklearn.discriminant_analysis:LinearDiscriminantAnalysis",
    "svc": "sklearn.svm:SVC",
    "linear-svc": "sklearn.svm:LinearSVC",
    "svr": "sklearn.svm:SVR",
    "k-neighbors": "sklearn.neighbors:KNeighborsClassifier",
    "random-forest": "sklearn.ensemble:RandomForestClassifier",
    "gradient-boosting": "sklearn.ensemble:HistGradientBoostingClassifier",
    "gaussian-nb": "sklearn.naive_bayes:GaussianNB",
}
_KINDS = ("step", "feature", "decoder")
_SCORERS = {
    "balanced-accuracy": "balanced_accuracy",
    "accuracy": "accuracy",
    "roc-auc": "roc_auc",
    "log-loss": "neg_log_loss",
    "r2": "r2",
}


def recipe(name_or_path: str | Path, split: str = "within-session") -> Pipeline:
    """Unfitted pipeline of a recipe, for epochs.

    Recording steps stand in front, named ``recording-...``, and act on the epochs at hand: a
    filter then distorts the ends of every trial. They are exact only before the cut; where there
    are recordings `nd.benchmark` runs them there, and by hand it is
    ``nd.load(name, steps=list(pipe[:n]))`` for the data and ``pipe[n:]`` for these, with `n`
    recording steps (second example). The recipe's window is not part of the pipeline; cut by it.

    Parameters
    ----------
    name_or_path : str or Path
        A name of `nd.list("recipe")`, or the path of a TOML file.
    split : str, default "within-session"
        The kind of the outer split; nested searches and stacks split their training data alike.

    Returns
    -------
    pipeline : sklearn.pipeline.Pipeline

    Raises
    ------
    RecipeError : no such recipe, step or argument.

    Examples
    --------
    >>> import neurodecode as nd
    >>> pipe = nd.recipe("tangent-lr")
    >>> [name for name, step in pipe.steps]
    ['recording-bandpass', 'covariance', 'tangent-space', 'logistic-regression']
    >>> epochs = nd.load("sim-mi", steps=list(pipe[:1]))  # filtered before the cut
    >>> len(pipe[1:].fit(epochs, epochs.y).predict(epochs))
    300
    """
    words = find_recipe(name_or_path)
    return in_front(build_recording_steps(words), build(words, split))


def find_recipe(name_or_path: str | Path) -> Recipe:
    """The checked text of a recipe, by name or path.

    Raises
    ------
    RecipeError : no recipe of that name or path, or its text is at fault.

    Examples
    --------
    >>> find_recipe("mdm").family
    'riemannian'
    """
    path = Path(name_or_path)
    if path.suffix == ".toml":
        return read_recipe(path)
    names = registry.names("recipe")
    if str(name_or_path) not in names:
        raise RecipeError(
            "no recipe of that name",
            found=repr(str(name_or_path)),
            expected=f"one of {len(names)} recipes, or the path of a .toml file",
            fix=(did_you_mean(str(name_or_path), names) + " All: neurodecode recipes").strip(),
        )
    return read_recipe(registry.resolve("recipe", str(name_or_path)))


def build(recipe: Recipe, split: str = "within-session") -> Pipeline:
    """Pipeline of the steps after the cut; see `recipe`."""
    where = f"recipe {recipe.name!r}"
    steps = [(step.id, _build_step(step, where, split)) for step in recipe.steps]
    if recipe.search is None:
        return Pipeline(steps)
    head = _n_outside(recipe)
    searched = _build_search(recipe.search, Pipeline(steps[head:]), where, split)
    return Pipeline([*steps[:head], ("search", searched)])


def build_recording_steps(recipe: Recipe) -> list[tuple[str, Any]]:
    """Steps that belong before the cut, as (id, transformer)."""
    where = f"recipe {recipe.name!r}, [[recording]]"
    return [(step.id, _build_step(step, where, "within-session")) for step in recipe.recording]


def in_front(steps: list[tuple[str, Any]], pipeline: Any) -> Any:
    """Recording steps in front of a pipeline, where they must act on epochs."""
    if not steps:
        return pipeline  # anything with `fit`: a user's own estimator has no steps
    return Pipeline([*((f"recording-{name}", step) for name, step in steps), *pipeline.steps])


def _n_outside(recipe: Recipe) -> int:
    """How many leading steps stay outside the search, where the folds can share them.

    Only steps from epochs to epochs: the search splits by the trial table of what it is given.
    """
    searched = {address.partition(".")[0] for address in recipe.search.grid}  # type: ignore[union-attr]
    preprocessing = registry.names("step")
    n_outside = 0
    for step in recipe.steps[:-1]:
        if step.id in searched or step.name not in preprocessing:
            break
        n_outside += 1
    return n_outside


def _build_search(search: Search, pipeline: Pipeline, where: str, split: str) -> GridSearch:
    valid = pipeline.get_params()
    grid = {}
    for address, values in search.grid.items():
        parameter = address.replace(".", "__")
        if parameter not in valid:
            raise RecipeError(
                f"{where}, [search]: no such argument",
                found=repr(address),
                expected="an argument of a step",
                fix=did_you_mean(parameter, valid).replace("__", ".") or "nd.recipe(...) shows all",
            )
        grid[parameter] = list(values)
    if search.metric not in _SCORERS:
        raise RecipeError(
            f"{where}, [search]: no search by this metric",
            found=repr(search.metric),
            expected=", ".join(_SCORERS),
            fix=did_you_mean(search.metric, _SCORERS) or "metric = 'balanced-accuracy'",
        )
    return GridSearch(pipeline, grid, scoring=_SCORERS[search.metric], cv=InnerCV(split, search.k))


class InnerCV:
    """Splitter of the outer split's kind, made from the training data it is given.

    Parameters
    ----------
    kind : str, kind of the outer split
    k : int, inner folds
    """

    def __init__(self, kind: str, k: int = 3):
        self.kind, self.k = kind, k

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[Any, Any]]:
        """Rows of inner training and validation."""
        return inner_split(make_split(self.kind), X, y, self.k).split(X, y)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Number of inner folds of these trials."""
        return inner_split(make_split(self.kind), X, y, self.k).get_n_splits(X, y)

    def __repr__(self) -> str:
        return f"InnerCV({self.kind!r}, k={self.k})"


def _build_step(step: StepSpec, where: str, split: str) -> Any:
    if step.nest == "union":
        branches = [(name, _branch(rows, where, split)) for name, rows in step.branches]
        return FeatureUnion(branches, **step.params)
    if step.nest == "bank":
        return _build_bank(step, where, split)
    if step.nest == "stack":
        return _build_stack(step, where, split)
    return _call(resolve_step(step.name, where), step.params, f"{where}, step {step.id!r}")


def _build_bank(step: StepSpec, where: str, split: str) -> FeatureUnion:
    bandpass = registry.resolve("step", "bandpass")
    rows = step.branches[0][1]
    branches = []
    for low, high in step.bands:
        inner = [(row.id, _build_step(row, where, split)) for row in rows]
        branches.append((f"{low:g}-{high:g}-hz", Pipeline([("band", bandpass(low, high)), *inner])))
    return FeatureUnion(branches, **step.params)


def _build_stack(step: StepSpec, where: str, split: str) -> Any:
    from sklearn.ensemble import StackingClassifier

    branches = [(name, _branch(rows, where, split)) for name, rows in step.branches]
    defaults: dict[str, Any] = {"cv": InnerCV(split)}
    return StackingClassifier(branches, **{**defaults, **step.params})


def _branch(rows: tuple[StepSpec, ...], where: str, split: str) -> Pipeline:
    return Pipeline([(row.id, _build_step(row, where, split)) for row in rows])


def resolve_step(name: str, where: str) -> Callable[..., Any]:
    """Class of a step name: registered steps, features and decoders, then scikit-learn's.

    Raises
    ------
    RecipeError : no step has this name; the message guesses the typo.
    """
    for kind in _KINDS:
        if name in registry.names(kind):
            return registry.resolve(kind, name)
    if name in SKLEARN:
        module, _, attribute = SKLEARN[name].partition(":")
        return getattr(importlib.import_module(module), attribute)
    known = sorted({*SKLEARN, *(name for kind in _KINDS for name in registry.names(kind))})
    raise RecipeError(
        f"{where}: no step of that name",
        found=repr(name),
        expected=f"one of {len(known)} steps, features and decoders",
        fix=did_you_mean(name, known) or "nd.list('step' | 'feature' | 'decoder') shows all",
    )


def _call(make: Callable[..., Any], params: Mapping[str, Any], where: str) -> Any:
    known = list(inspect.signature(make).parameters)
    for key in params:
        if key not in known:
            raise RecipeError(
                f"{where}: unknown argument",
                found=repr(key),
                expected="one of " + ", ".join(known),
                fix=did_you_mean(key, known) or "take it out",
            )
    return make(**params)
