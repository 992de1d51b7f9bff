"""Paired comparisons of all recipes of a result.

Every comparison is one estimate: the difference of two scores is the sum of one number a unit, and
its p value comes from flipping the signs of exactly these numbers. Units are subjects; where a
data set has one subject they are its test trials, each weighted so that the sum is the difference
of the scores (with equal classes this is McNemar's test). Overlap of intervals is never used.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurodecode.evaluation import holm, subject_interval

if TYPE_CHECKING:
    from neurodecode.bench.summary import Findings

ALPHA = 0.05
TURN = 0.03  # a pair turns when it differs by more than this both ways on two data sets
_EXACT, _DRAWS = 12, 9999

PAIR_COLUMNS = ("dataset", "a", "b", "difference", "p_raw", "p", "n_units", "unit", "testable")


@dataclass(frozen=True)
class Pairs:
    """Comparisons per data set, and over the data sets two recipes share.

    Attributes
    ----------
    per_set : DataFrame, `PAIR_COLUMNS`; difference = score of a minus score of b
        `p` is corrected by Holm over all pairs of the data set; `testable` is False where even the
        clearest outcome of so few units could not reach .05 after the correction.
    overall : DataFrame a, b, difference, p_raw, p, n_sets, turns, testable
        Mean difference over the ranked data sets that both have, equal weight; `turns` marks pairs
        with more than 3 points for one recipe here and more than 3 for the other one there.
    parts : data set -> (what every unit adds to each recipe's score, "subjects" or "trials")
    """

    per_set: pd.DataFrame
    overall: pd.DataFrame
    parts: dict[str, tuple[pd.DataFrame, str]]

    def between(self, a: str, b: str, dataset: str | None = None) -> dict[str, Any] | None:
        """The comparison of two recipes, turned so that it reads a minus b; None if there is none.

        Parameters
        ----------
        a, b : recipes
        dataset : a data set, or None for the mean over data sets
        """
        row = self._rows.get((dataset, a, b))
        if row is not None:
            return row
        row = self._rows.get((dataset, b, a))
        return None if row is None else {**row, "difference": -row["difference"]}

    @cached_property
    def _rows(self) -> dict[tuple[str | None, str, str], dict[str, Any]]:
        found: dict[tuple[str | None, str, str], dict[str, Any]] = {}
        for frame in (self.per_set, self.overall):
            for row in frame.to_dict("records"):
                found[row.get("dataset"), row["a"], row["b"]] = row
        return found

    def told_apart(self, a: str, b: str, dataset: str | None = None) -> bool:
        """True when a difference of two recipes is shown at .05 after the correction."""
        row = self.between(a, b, dataset)
        return row is not None and bool(row["testable"]) and row["p"] < ALPHA


@dataclass(frozen=True)
class Difference:
    """Two recipes on one data set, first minus second, before any correction of p.

    `singles` holds the difference of every subject, or what every trial adds to `value`.
    """

    value: float
    low: float
    high: float
    p: float
    unit: str
    singles: np.ndarray

    @property
    def testable(self) -> bool:
        """Whether so few units can reach .05 at all."""
        return 2.0 ** (1 - len(self.singles)) <= ALPHA


def difference(table: pd.DataFrame, unit: str, a: str, b: str) -> Difference:
    """The difference of two recipes with its interval, from what `contributions` gives."""
    single = table[a].to_numpy() - table[b].to_numpy()
    value, n = float(single.sum()), len(single)
    exact = n <= _EXACT
    p = _p_value(_flips(n, exact=exact) @ single, value, exact=exact)
    if unit == "subjects":
        ends = subject_interval(single * n)  # contributions are shares of the mean
        return Difference(value, ends.low, ends.high, p, unit, single * n)
    half = 1.96 * float(np.sqrt(n * single.var(ddof=1)))
    return Difference(value, value - half, value + half, p, unit, single)


def compare_all(findings: Findings) -> Pairs:
    """All pairs of recipes on every data set, and over the ranked data sets they share."""
    found = {name: contributions(findings, name) for name in findings.result.datasets}
    parts = {name: part for name, part in found.items() if part is not None}
    per_set = [_per_set(name, table, unit) for name, (table, unit) in parts.items()]
    frame = pd.concat(per_set) if per_set else pd.DataFrame(columns=list(PAIR_COLUMNS))
    ranked = {name: part[0] for name, part in parts.items() if name in findings.ranked_sets}
    return Pairs(frame.reset_index(drop=True), _overall(ranked, findings.order), parts)


def contributions(findings: Findings, dataset: str) -> tuple[pd.DataFrame, str] | None:
    """What every unit adds to a recipe's score.

    Returns
    -------
    table : DataFrame, one row a unit, one column a recipe; each column sums to the recipe's score
    unit : "subjects", or "trials" where there is one subject
    None where the metric of one subject is no sum over its trials.
    """
    people = findings.people[findings.people["dataset"] == dataset]
    people = people[people["recipe"].isin(findings.on(dataset)["recipe"])]
    if people.empty:
        return None
    order = [recipe for recipe in findings.order if recipe in set(people["recipe"])]
    if len(set(people["subject"])) > 1:
        table = people.pivot_table(index="subject", columns="recipe", values="score")
        return table[order].dropna(axis=1) / len(table), "subjects"
    metric = findings.metrics[dataset]
    if metric not in ("accuracy", "balanced-accuracy"):
        return None
    predictions = findings.predictions
    part = predictions[predictions["dataset"] == dataset].merge(
        people[["recipe", "seed"]].drop_duplicates(), on=["recipe", "seed"]
    )
    part = part.assign(right=(part["y_true"] == part["y_pred"]).astype(float))
    table = part.pivot_table(index="trial", columns="recipe", values="right")
    labels = part.groupby("trial")["y_true"].first().loc[table.index]
    weight = pd.Series(1.0 / len(labels), index=labels.index)
    if metric == "balanced-accuracy":
        weight = 1.0 / (labels.map(labels.value_counts()) * labels.nunique())
    return table[order].dropna(axis=1).mul(weight.astype(float), axis=0), "trials"


def _flips(n_units: int, *, exact: bool) -> np.ndarray:
    """Signs, shape (n_flips, n_units); all of them for few units, else seeded draws."""
    if exact:
        return np.array(list(product((1.0, -1.0), repeat=n_units)))
    return np.random.default_rng(0).choice((-1.0, 1.0), size=(_DRAWS, n_units))


def _p_value(null: np.ndarray, observed: float, *, exact: bool) -> float:
    """Two-sided p; sums that differ only by rounding are ties."""
    hits = int((np.abs(null) >= abs(observed) - 1e-12).sum())
    return hits / len(null) if exact else (hits + 1) / (len(null) + 1)


def _per_set(dataset: str, table: pd.DataFrame, unit: str) -> pd.DataFrame:
    exact = len(table) <= _EXACT
    values = table.to_numpy()
    flipped = _flips(len(table), exact=exact) @ values  # (n_flips, n_recipes)
    rows = []
    for i, j in combinations(range(len(table.columns)), 2):
        difference = values[:, i].sum() - values[:, j].sum()
        p = _p_value(flipped[:, i] - flipped[:, j], difference, exact=exact)
        pair = (dataset, table.columns[i], table.columns[j])
        rows.append((*pair, difference, p, np.nan, len(table), unit, True))
    frame = pd.DataFrame(rows, columns=list(PAIR_COLUMNS))
    return _corrected(frame, smallest=2.0 ** (1 - len(table)))


def _corrected(frame: pd.DataFrame, smallest: float) -> pd.DataFrame:
    """Holm over the pairs of a frame, and whether so many pairs can be tested at all."""
    if len(frame):
        frame["p"] = holm(frame["p_raw"].to_numpy())
        frame["testable"] = max(smallest, 1.0 / (_DRAWS + 1)) * len(frame) <= ALPHA
    return frame


def _overall(tables: dict[str, pd.DataFrame], order: list[str]) -> pd.DataFrame:
    """Equal-weight mean over the data sets that two recipes share, from one joint sign flip."""
    columns = ["a", "b", "difference", "p_raw", "p", "n_sets", "turns", "testable"]
    signs = np.random.default_rng(0)
    null, scores = {}, {}
    for name, table in tables.items():
        flips = signs.choice((-1.0, 1.0), size=(_DRAWS, len(table)))
        null[name] = dict(zip(table.columns, (flips @ table.to_numpy()).T, strict=True))
        scores[name] = table.sum()
    rows, n_units = [], sum(len(table) for table in tables.values())
    for a, b in combinations(order, 2):
        shared = [name for name in tables if a in null[name] and b in null[name]]
        if not shared:
            continue
        differences = [scores[name][a] - scores[name][b] for name in shared]
        mean = float(np.mean(differences))
        draws = np.mean([null[name][a] - null[name][b] for name in shared], axis=0)
        turns = max(differences) > TURN and min(differences) < -TURN
        p = _p_value(draws, mean, exact=False)
        rows.append((a, b, mean, p, np.nan, len(shared), turns, True))
    return _corrected(pd.DataFrame(rows, columns=columns), smallest=2.0 ** (1 - n_units))
