"""Recipes: a decoding pipeline written down as TOML.

This module reads and checks the text; `neurodecode.bench.recipes` turns a `Recipe` into a
scikit-learn pipeline. A recipe file holds, all but the steps optional::

    title = "Filter bank CSP with LDA"
    family = "linear"                  # one of FAMILIES: colour and mark in the report
    paper = "Ang et al. 2008, doi:10.1109/IJCNN.2008.4634130"

    [[recording]]                      # before the cut, where filtering is exact
    name = "notch"

    [window]                           # seconds from the event; outside it the data are cropped
    tmin = 0.5
    tmax = 2.5

    [[step]]                           # on epochs, in order; other keys are the step's arguments
    bank = { bands = [[8, 12], [12, 30]], steps = [{ name = "csp" }] }

    [[step]]
    name = "lda"

    [search]                           # nested: training data only
    k = 3
    grid = { "lda.shrinkage" = [0.1, 0.5] }

    [needs]                            # where not met, the cell "does not apply"
    min_channels = 3

Steps nest: `union = { a = [...], b = [...] }` joins features side by side, `stack` feeds the
predictions of its branches to a final classifier, `bank` repeats its steps in several bands.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neurodecode.core.errors import RecipeError, did_you_mean

FAMILIES = ("riemannian", "linear", "cnn", "transformer", "encoder", "spiking")
_TOP_KEYS = ("title", "family", "paper", "recording", "window", "step", "search", "needs")
_WINDOW_KEYS = ("tmin", "tmax")
_SEARCH_KEYS = ("grid", "k", "metric")
_NEEDS_KEYS = ("min_channels", "min_duration", "min_sfreq", "kinds")
_NESTS = ("union", "stack", "bank")


@dataclass(frozen=True)
class StepSpec:
    """One line of a recipe: a registered name with its arguments, or a nest of branches.

    Parameters
    ----------
    id : str, unique among its neighbours; the name of the pipeline step
    name : str, a registered step, feature, decoder or scikit-learn estimator; "" in a nest
    params : dict, arguments of that estimator
    nest : "" or one of "union", "stack", "bank"
    branches : tuple of (branch name, tuple of StepSpec)
    bands : tuple of (low, high) in Hz, of a `bank` only
    """

    id: str
    name: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    nest: str = ""
    branches: tuple[tuple[str, tuple[StepSpec, ...]], ...] = ()
    bands: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Search:
    """A nested search: `grid` maps "step.argument" to the values tried in `k` inner folds."""

    grid: Mapping[str, tuple[Any, ...]]
    k: int = 3
    metric: str = "balanced-accuracy"


@dataclass(frozen=True)
class Needs:
    """What the data must offer: channels, seconds, Hz, and one channel of these kinds."""

    min_channels: int = 1
    min_duration: float = 0.0
    min_sfreq: float = 0.0
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """A pipeline in words, read from TOML and checked.

    Parameters
    ----------
    name : str, the file name without ending
    steps : tuple of StepSpec, what happens to the epochs, in order; the last one decodes
    recording : tuple of StepSpec, what happens to the recording before the cut
    window : (tmin, tmax) in seconds from the event, None for an end that is left as it is
    search : Search or None
    needs : Needs
    title, family, paper : str

    Examples
    --------
    >>> recipe = parse_recipe('[[step]]\\nname = "window-means"\\nn_windows = 8', "mine")
    >>> recipe.steps[0].name, dict(recipe.steps[0].params)
    ('window-means', {'n_windows': 8})
    """

    name: str
    steps: tuple[StepSpec, ...]
    recording: tuple[StepSpec, ...] = ()
    window: tuple[float | None, float | None] = (None, None)
    search: Search | None = None
    needs: Needs = Needs()
    title: str = ""
    family: str = "linear"
    paper: str = ""

    def words(self) -> str:
        """One line that names every step: "bandpass, union(a: csp | b: band-power), lda"."""
        return ", ".join(_step_words(step) for step in (*self.recording, *self.steps))


def parse_recipe(text: str, name: str) -> Recipe:
    """Recipe of a TOML text.

    Parameters
    ----------
    text : str, TOML
    name : str, used as the recipe's name and in messages

    Raises
    ------
    RecipeError : no TOML, an unknown key, a step without a name, a search that names no step.

    Examples
    --------
    >>> parse_recipe('[[step]]\\nname = "mdm"', "mine").words()
    'mdm'
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(
            f"recipe {name!r} is not valid TOML",
            found=str(error),
            expected="key = value lines and [[step]] tables",
            fix="correct the line named above",
        ) from error
    _check_keys(table, _TOP_KEYS, f"recipe {name!r}")
    steps = _steps(table.get("step", ()), f"recipe {name!r}, [[step]]")
    if not steps:
        raise RecipeError(
            f"recipe {name!r} has no steps",
            found="no [[step]] table",
            expected="at least one, the last of which decodes",
            fix='add [[step]] with name = "shrinkage-lda"',
        )
    return Recipe(
        name=name,
        steps=steps,
        recording=_steps(table.get("recording", ()), f"recipe {name!r}, [[recording]]"),
        window=_window(table.get("window", {}), name),
        search=_search(table["search"], steps, name) if "search" in table else None,
        needs=_needs(table.get("needs", {}), name),
        title=table.get("title", ""),
        family=_choice(table.get("family", "linear"), FAMILIES, f"recipe {name!r}, family"),
        paper=table.get("paper", ""),
    )


def read_recipe(path: str | Path) -> Recipe:
    """Recipe of a TOML file; its name is the file's name without the ending.

    Raises
    ------
    RecipeError : no such file, or what `parse_recipe` refuses.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RecipeError(
            "the recipe file cannot be read",
            found=f"{path} ({error.strerror})",
            expected="a TOML file",
            fix="give the path of an existing .toml file, or a name from nd.list('recipe')",
        ) from error
    return parse_recipe(text, path.stem)


def _steps(rows: Any, where: str) -> tuple[StepSpec, ...]:
    """Steps of a list of TOML tables, with ids that are unique in the list."""
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise RecipeError(
            f"{where}: steps are not a list",
            found=repr(rows),
            expected='a list of tables such as [{ name = "csp" }]',
            fix="write [[step]] with two brackets, or put the table into [ ]",
        )
    steps: list[StepSpec] = []
    for row in rows:
        step = _step(row, f"{where} {len(steps) + 1}", {s.id for s in steps})
        if step.id in {s.id for s in steps}:
            raise RecipeError(
                f"{where}: two steps share an id",
                found=f"id = {step.id!r} twice",
                expected="one id a step",
                fix=f"id = {step.id + '-2'!r} in the second",
            )
        steps.append(step)
    return tuple(steps)


def _step(row: Any, where: str, taken: set[str]) -> StepSpec:
    heads = [key for key in ("name", *_NESTS) if isinstance(row, Mapping) and key in row]
    if len(heads) != 1:
        raise RecipeError(
            f"{where}: a step is one thing",
            found=" and ".join(heads) or repr(row),
            expected="exactly one of name, union, stack, bank",
            fix='write name = "..." for a plain step',
        )
    head = heads[0]
    label = row["name"] if head == "name" else head
    step_id = str(row.get("id", _fresh(label, taken)))
    if "__" in step_id or "." in step_id:
        raise RecipeError(
            f"{where}: this id cannot be addressed",
            found=f"id = {step_id!r}",
            expected="an id without dots and double underscores",
            fix=f"id = {step_id.replace('__', '-').replace('.', '-')!r}",
        )
    params = {key: value for key, value in row.items() if key not in (head, "id")}
    if head == "name":
        return StepSpec(step_id, name=str(label), params=params)
    branches, bands = _branches(head, row[head], where)
    return StepSpec(step_id, nest=head, params=params, branches=branches, bands=bands)


def _branches(head: str, table: Any, where: str):
    """Branches of a nest; a bank has one branch that is repeated per band."""
    if not isinstance(table, Mapping):
        raise RecipeError(
            f"{where}: {head} is not a table",
            found=repr(table),
            expected=f'{head} = {{ a = [{{ name = "..." }}] }}',
            fix="put the branches into { }",
        )
    if head != "bank":
        named = tuple((str(k), _steps(rows, f"{where}, branch {k}")) for k, rows in table.items())
        return named, ()
    _check_keys(table, ("bands", "steps"), f"{where}, bank")
    bands = tuple((float(low), float(high)) for low, high in table.get("bands", ()))
    if not bands:
        raise RecipeError(
            f"{where}: a bank without bands",
            found="no bands",
            expected="bands = [[8, 12], [12, 30]], in Hz",
            fix="name at least one band",
        )
    return (("band", _steps(table.get("steps", ()), f"{where}, bank")),), bands


def _window(table: Mapping[str, Any], name: str) -> tuple[float | None, float | None]:
    _check_keys(table, _WINDOW_KEYS, f"recipe {name!r}, [window]")
    tmin, tmax = table.get("tmin"), table.get("tmax")
    if tmin is not None and tmax is not None and tmin >= tmax:
        raise RecipeError(
            f"recipe {name!r}: the window is empty",
            found=f"tmin {tmin} s, tmax {tmax} s",
            expected="tmin < tmax",
            fix="exchange the two",
        )
    return tmin, tmax


def _search(table: Mapping[str, Any], steps: tuple[StepSpec, ...], name: str) -> Search:
    where = f"recipe {name!r}, [search]"
    _check_keys(table, _SEARCH_KEYS, where)
    grid = table.get("grid", {})
    ids = [step.id for step in steps]
    for address, values in grid.items():
        head, dot, argument = address.partition(".")
        if head not in ids or not dot or not argument:
            raise RecipeError(
                f"{where}: the grid names no argument of a step",
                found=repr(address),
                expected='"step.argument" with a step out of ' + ", ".join(ids),
                fix=did_you_mean(head, ids) or f'"{ids[-1]}.argument" = [...]',
            )
        if not isinstance(values, list) or not values:
            raise RecipeError(
                f"{where}: nothing to choose from",
                found=f"{address} = {values!r}",
                expected="a list of values",
                fix=f'"{address}" = [{values!r}]',
            )
    if not grid:
        raise RecipeError(
            f"{where}: no grid",
            found=", ".join(table) or "an empty table",
            expected='grid = { "step.argument" = [...] }',
            fix="add a grid, or take [search] out",
        )
    defaults = Search(grid={})
    return Search(
        grid={address: tuple(values) for address, values in grid.items()},
        k=table.get("k", defaults.k),
        metric=table.get("metric", defaults.metric),
    )


def _needs(table: Mapping[str, Any], name: str) -> Needs:
    _check_keys(table, _NEEDS_KEYS, f"recipe {name!r}, [needs]")
    values = dict(table)
    if "kinds" in values:
        values["kinds"] = tuple(values["kinds"])
    return Needs(**values)


def _fresh(label: str, taken: set[str]) -> str:
    """`label`, or label-2, label-3, ... when a neighbour already has it."""
    number, fresh = 1, label
    while fresh in taken:
        number += 1
        fresh = f"{label}-{number}"
    return fresh


def _check_keys(table: Mapping[str, Any], allowed: Sequence[str], where: str) -> None:
    for key in table:
        _choice(key, allowed, where)


def _choice(value: str, allowed: Sequence[str], where: str) -> str:
    if value not in allowed:
        raise RecipeError(
            f"{where}: unknown word",
            found=repr(value),
            expected="one of " + ", ".join(allowed),
            fix=did_you_mean(value, allowed) or "take it out",
        )
    return value


def _step_words(step: StepSpec) -> str:
    if not step.nest:
        return step.name
    inner = " | ".join(
        f"{name}: {', '.join(map(_step_words, branch))}" for name, branch in step.branches
    )
    return f"{step.nest}({inner})"
