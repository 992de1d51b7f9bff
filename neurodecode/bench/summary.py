"""From a result to the one table behind the terminal, the LaTeX table and the report.

Everything that anybody reads (tables, panels, verdict, failure list) is made from the frames of
`Findings`, so that no two of them can disagree. Scores are recomputed from the stored predictions
of single trials: first pooled over the folds of one subject and seed, then averaged over seeds,
then over subjects.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd

from neurodecode.bench.pairs import Pairs, compare_all
from neurodecode.bench.ranking import rank_recipes, ranked_sets
from neurodecode.core.errors import DataError
from neurodecode.evaluation import chance_level, chance_threshold, interval, score, subject_interval

# Metrics that may be computed on the pooled predictions of all folds. Ranking metrics may not:
# scores of two folds have no common scale (Forman and Scholz 2010).
POOLED = frozenset(("accuracy", "balanced-accuracy", "kappa", "log-loss", "f1-weighted", "ece"))
_LABELS_ONLY = POOLED - {"log-loss", "ece"}
_UNIT_SCALE = frozenset(("accuracy", "balanced-accuracy", "roc-auc", "f1-weighted"))
_BAND_ALPHA = 0.025  # guessing stays below chance + 1.96 standard errors in 97.5 %

SCORE_COLUMNS = (
    "dataset", "recipe", "status", "score", "ci_low", "ci_high", "interval_method", "n",
    "n_units", "n_subjects", "chance", "chance_band", "at_chance", "below_chance", "published",
    "published_comparable", "ours_minus_published", "published_source", "fit_seconds",
    "parameters", "n_seeds", "n_seeds_planned", "failure",
)  # fmt: skip


class ResultLike(Protocol):
    """What the summary reads of a result; `neurodecode.bench.Result` has it."""

    frame: pd.DataFrame
    predictions: pd.DataFrame
    datasets: dict[str, dict[str, Any]]
    recipes: dict[str, dict[str, Any]]
    histories: list[dict[str, Any]]
    info: dict[str, Any]


@dataclass(frozen=True)
class Findings:
    """All numbers a table or a page needs, computed once.

    Attributes
    ----------
    result : the result itself, for its metadata
    metrics : data set -> name of its metric
    scores : one row a data set and recipe, `SCORE_COLUMNS`; scores are fractions
    people : one row a data set, recipe, subject and seed: score, n
    ranking : one row a recipe, best first, unranked ones last; see `rank_recipes`

    Examples
    --------
    >>> import neurodecode as nd
    >>> result = nd.benchmark("sim-mi", ["csp-lda", "mdm"])         # doctest: +SKIP
    >>> Findings.of(result).ranking[["recipe", "gain"]]             # doctest: +SKIP
    """

    result: ResultLike
    metrics: dict[str, str]
    scores: pd.DataFrame
    people: pd.DataFrame
    ranking: pd.DataFrame

    @classmethod
    def of(cls, result: ResultLike, metric: str | None = None) -> Findings:
        """Compute the findings of a result.

        Parameters
        ----------
        result : object with frame, predictions, datasets, recipes, histories, info
        metric : str, optional
            Any metric that the stored predictions allow; by default the main one of each data set.
        """
        metrics = {name: metric or main_metric(entry) for name, entry in result.datasets.items()}
        people = score_people(result, metrics)
        scores = _score_table(result, metrics, people)
        return cls(result, metrics, scores, people, rank_recipes(result, scores))

    @cached_property
    def metric_words(self) -> str:
        """The metric as a sentence has it."""
        names = sorted(set(self.metrics.values()))
        return names[0].replace("-", " ") if len(names) == 1 else "the metric of each data set"

    @cached_property
    def order(self) -> list[str]:
        """Recipes in the order of the ranking: the order of every panel."""
        return list(self.ranking["recipe"])

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """Predictions behind the scores: complete seeds only, labels as text."""
        return complete_predictions(self.result)

    @cached_property
    def pairs(self) -> Pairs:
        """Paired comparisons of all recipes, per data set and over the ranked data sets."""
        return compare_all(self)

    def on(self, dataset: str) -> pd.DataFrame:
        """Rows of one data set that have a score, best first."""
        rows = self.scores[(self.scores["dataset"] == dataset) & (self.scores["status"] == "ok")]
        return rows.sort_values("score", ascending=False, kind="stable")

    def best(self, dataset: str) -> str | None:
        """The leading recipe of a data set, None when no run finished."""
        rows = self.on(dataset)
        return None if rows.empty else str(rows["recipe"].iloc[0])

    @cached_property
    def ranked_sets(self) -> list[str]:
        """Data sets that enter the mean: the real ones; the simulated ones when all are."""
        return ranked_sets(self.result)


def summarise(result: ResultLike, metric: str | None = None) -> pd.DataFrame:
    """The table of a result: one row a data set and recipe.

    Parameters
    ----------
    result : a benchmark's result
    metric : str, optional
        A metric's name; by default the result's main metric.

    Returns
    -------
    table : DataFrame with `SCORE_COLUMNS`
        `status` is ``"ok"``, ``"failed"`` or ``"not-applicable"``; scores are fractions.

    Examples
    --------
    >>> import neurodecode as nd
    >>> summarise(nd.benchmark("sim-mi", ["csp-lda"]))[["recipe", "score"]]  # doctest: +SKIP
    """
    return Findings.of(result, metric).scores


def main_metric(entry: dict[str, Any]) -> str:
    """The metric that leads on a data set: balanced accuracy for classes, R2 for a continuum."""
    named = entry.get("metric")
    if named and named != "auto":
        return str(named)
    return "balanced-accuracy" if entry.get("classes") else "r2"


def score_people(result: ResultLike, metrics: dict[str, str]) -> pd.DataFrame:
    """Score of every data set, recipe, subject and seed, from pooled test predictions.

    A seed counts only when all its cells finished: a mean over the folds that happened to survive
    is another quantity.
    """
    predictions = complete_predictions(result)
    parts = [pd.DataFrame(columns=_PEOPLE)]
    for dataset, metric in metrics.items():
        part = predictions[predictions["dataset"] == dataset]
        if len(part):
            entry = result.datasets[dataset]
            made = (
                _people_pooled(part, metric, entry)
                if metric in POOLED
                else _people_by_fold(result.frame, part, metric)
            )
            parts.append(made[_PEOPLE])
    filled = [part for part in parts if len(part)] or parts
    return pd.concat(filled, ignore_index=True)


_PEOPLE = ["dataset", "recipe", "subject", "seed", "score", "n"]


def _people_pooled(part: pd.DataFrame, metric: str, entry: dict[str, Any]) -> pd.DataFrame:
    rows = []
    for key, own in part.groupby(_PEOPLE[:4], sort=False, observed=True):
        value = score(metric, *_arrays(own, entry.get("classes"), metric not in _LABELS_ONLY))
        rows.append((*_key(key), value, len(own)))
    return pd.DataFrame(rows, columns=_PEOPLE)


def _key(key: Any) -> tuple[Any, ...]:
    dataset, recipe, subject, seed = key
    return dataset, recipe, str(subject), seed


def _people_by_fold(frame: pd.DataFrame, part: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Mean over the folds that define the metric, for metrics that must not be pooled."""
    on_set = frame[(frame["dataset"] == part["dataset"].iloc[0]) & (frame["status"] == "ok")]
    rows = on_set[on_set["metric"] == metric]
    if rows.empty:
        raise DataError(
            f"the result holds no {metric}",
            found=f"metrics {', '.join(sorted(on_set['metric'].dropna().unique()))}",
            expected=f"rows of {metric}, or a metric that pooled predictions allow",
            fix=f'metric="balanced-accuracy", or run again with metric="{metric}"',
        )
    kept = part[["recipe", "seed"]].drop_duplicates()
    grouped = rows.merge(kept, on=["recipe", "seed"]).groupby(
        _PEOPLE[:4], sort=False, observed=True
    )
    people = grouped.agg(score=("value", "mean"), n=("n_test", "sum")).reset_index()
    return people.astype({"subject": str})


def complete_predictions(result: ResultLike) -> pd.DataFrame:
    """Predictions of those seeds of a recipe of which no cell failed; labels as text.

    Data set entries hold class names as text, whatever the type of the labels was.
    """
    frame, predictions = result.frame, result.predictions
    if predictions.empty:
        return predictions
    broken = frame.loc[frame["status"] == "failed", ["dataset", "recipe", "seed"]]
    if len(broken):
        keys = pd.MultiIndex.from_frame(predictions[["dataset", "recipe", "seed"]])
        predictions = predictions[~keys.isin(pd.MultiIndex.from_frame(broken.drop_duplicates()))]
    labelled = predictions["dataset"].map(
        {name: bool(entry.get("classes")) for name, entry in result.datasets.items()}
    )
    names = {
        column: predictions[column].where(~labelled.astype(bool), predictions[column].map(str))
        for column in ("y_true", "y_pred")
    }
    return predictions.assign(subject=predictions["subject"].astype(str), **names)


def _arrays(
    part: pd.DataFrame, classes: list[str] | None, with_scores: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, list[str] | None]:
    """Labels, guesses, score rows and classes as `neurodecode.evaluation` takes them: sorted.

    Text sorts other than numbers do ("10" before "2"), so the columns of scores move along.
    """
    rows = part["scores"].to_numpy() if with_scores else np.array([None])
    known = all(row is not None for row in rows)
    scores = np.stack([np.asarray(row, dtype=float) for row in rows]) if known else None
    if classes:
        if scores is not None and scores.shape[1:] == (len(classes),):
            scores = scores[:, np.argsort(classes)]
        classes = sorted(classes)
    return part["y_true"].to_numpy(), part["y_pred"].to_numpy(), scores, classes


def _score_table(result: ResultLike, metrics: dict[str, str], people: pd.DataFrame) -> pd.DataFrame:
    """`SCORE_COLUMNS` for every data set and recipe that was planned."""
    frame = result.frame
    predictions = complete_predictions(result)
    by_cell = dict(list(predictions.groupby(["dataset", "recipe"], observed=True)))
    people_of = dict(list(people.groupby(["dataset", "recipe"], observed=True)))
    rows = []
    for (dataset, recipe), cells in frame.groupby(["dataset", "recipe"], sort=False, observed=True):
        entry, metric = result.datasets[str(dataset)], metrics[str(dataset)]
        row: dict[str, Any] = dict.fromkeys(SCORE_COLUMNS)
        row.update(dataset=dataset, recipe=recipe, **_status(cells), **_cost(cells))
        row.update(_published(entry, str(recipe), metric))
        own = people_of.get((dataset, recipe))
        if own is not None and own["score"].notna().any():
            row.update(_score_row(entry, metric, own, by_cell[(dataset, recipe)], cells))
            if row["published_comparable"]:
                row["ours_minus_published"] = row["score"] - row["published"]
        elif row["status"] == "ok":
            row.update(status="failed", failure=f"{metric} is undefined for these predictions")
        rows.append(row)
    table = pd.DataFrame(rows, columns=list(SCORE_COLUMNS))
    numbers = [c for c in SCORE_COLUMNS if c in _NUMBERS]
    return table.astype(dict.fromkeys(numbers, float))


_NUMBERS = frozenset((
    "score", "ci_low", "ci_high", "n", "n_units", "n_subjects", "chance", "chance_band",
    "published", "ours_minus_published", "fit_seconds", "parameters", "n_seeds", "n_seeds_planned",
))  # fmt: skip


def _status(cells: pd.DataFrame) -> dict[str, Any]:
    """Seeds that finished, and the word and text of a pair of data set and recipe."""
    planned = cells["seed"].nunique()
    failed = cells[cells["status"] == "failed"]
    done = planned - failed["seed"].nunique()
    if (cells["status"] == "not-applicable").all():
        text = str(cells["failure"].iloc[0])
        return {"status": "not-applicable", "failure": text, "n_seeds": 0, "n_seeds_planned": 0}
    text = str(failed["failure"].iloc[0]) if len(failed) else None
    status = "ok" if done else "failed"
    return {"status": status, "failure": text, "n_seeds": done, "n_seeds_planned": planned}


def _cost(cells: pd.DataFrame) -> dict[str, float]:
    """Median time of one fit and number of parameters, over the cells that finished."""
    done = cells[cells["status"] == "ok"]
    return {
        "fit_seconds": float(done["fit_seconds"].astype(float).median()),
        "parameters": float(done["parameters"].astype(float).median()),
    }


def _published(entry: dict[str, Any], recipe: str, metric: str) -> dict[str, Any]:
    """The published score of a recipe: the comparable one where there is one."""
    known = [row for row in entry.get("published", []) if row.get("recipe") == recipe]
    if not known:
        return {"published_comparable": False}
    for row in known:
        if row.get("comparable") and row.get("metric") == metric:
            break
    else:
        row = known[0]
    return {
        "published": row["score"],
        "published_comparable": bool(row.get("comparable")) and row.get("metric") == metric,
        "published_source": f"{row.get('source', '')}: {row['metric']}, {row.get('protocol', '')}",
    }


def _score_row(
    entry: dict[str, Any],
    metric: str,
    people: pd.DataFrame,
    part: pd.DataFrame,
    cells: pd.DataFrame,
) -> dict[str, Any]:
    """Score, interval and chance of one recipe on one data set."""
    means = people.groupby("subject", sort=False)["score"].mean()
    one_seed = part[part["seed"] == part["seed"].iloc[0]]
    y, _, _, classes = _arrays(one_seed, entry.get("classes"), with_scores=False)
    chance = chance_level(metric, y, classes) if classes else 0.0
    n_units = _independent(cells, one_seed)
    if len(means) > 1:
        found = subject_interval(means.to_numpy())
        low, high, method = found.low, found.high, found.method
    else:
        low, high, method = _trials_interval(metric, part, classes, n_units)
    if metric in _UNIT_SCALE:  # t intervals of few people run past the ends of the scale
        low, high = np.clip([low, high], 0.0, 1.0)
    value = float(means.mean())
    return {
        "score": value,
        "ci_low": low,
        "ci_high": high,
        "interval_method": method,
        "n": len(one_seed),
        "n_units": n_units,
        "n_subjects": len(means),
        "chance": chance,
        "chance_band": _band(metric, y, classes, _kfold(one_seed), n_units),
        "at_chance": bool((value if np.isnan(low) else low) <= chance),
        "below_chance": bool(high < chance),
    }


def _independent(cells: pd.DataFrame, one_seed: pd.DataFrame) -> int:
    """Independent units among the test trials of one seed: trials, or blocks of windows."""
    rows = cells[(cells["seed"] == one_seed["seed"].iloc[0]) & (cells["status"] == "ok")]
    known = rows[rows["metric"] == rows["metric"].iloc[0]]["n_units"].sum()
    return int(min(known, len(one_seed)))


def _kfold(one_seed: pd.DataFrame) -> bool:
    """True when the trials of one subject were tested by several refitted models."""
    return bool(one_seed[["subject", "fold"]].drop_duplicates()["subject"].duplicated().any())


def _trials_interval(
    metric: str, part: pd.DataFrame, classes: list[Any] | None, n_units: int
) -> tuple[float, float, str]:
    """Interval of one subject; with several seeds the mean of their intervals.

    Pooling seeds would count every trial several times and narrow the interval.
    """
    found = []
    for _, one in part.groupby("seed", sort=False):
        how = {"n_units": n_units, "kfold": _kfold(one)}
        found.append(interval(metric, *_arrays(one, classes, metric not in _LABELS_ONLY), **how))
    method = found[0].method + (f", mean over {len(found)} seeds" if len(found) > 1 else "")
    return (
        float(np.mean([each.low for each in found])),
        float(np.mean([each.high for each in found])),
        method,
    )


def _band(
    metric: str, y: np.ndarray, classes: list[Any] | None, kfold: bool, n_units: int
) -> float:
    """What guessing reaches at this number of trials; NaN where only a permutation could say."""
    if not classes:
        return float("nan")
    return float(
        chance_threshold(
            metric, y, classes=classes, alpha=_BAND_ALPHA, kfold=kfold, n_units=n_units
        )
    )
