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
from neurodecode.bench.published import published_of
from neurodecode.bench.ranking import rank_recipes, ranked_sets
from neurodecode.bench.session_scores import session_scores
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
    "parameters", "n_seeds", "n_seeds_planned", "failure", "transductive",
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
    predictions : those behind the scores, of complete seeds only, labels as text
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
    predictions: pd.DataFrame
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
        predictions = complete_predictions(result)
        people = score_people(result, predictions, metrics)
        scores = _score_table(result, predictions, metrics, people)
        ranking = rank_recipes(result, scores)
        return cls(result, metrics, predictions, scores, people, ranking)

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


def findings_of(result: ResultLike | Findings, metric: str | None = None) -> Findings:
    """Findings of a result, computed once where the result keeps them.

    Parameters
    ----------
    result : a benchmark's result, or its findings
    metric : str, optional
        Another metric that the stored predictions allow.
    """
    if isinstance(result, Findings):
        return result if metric is None else findings_of(result.result, metric)
    kept = getattr(result, "findings", None)
    return Findings.of(result, metric) if kept is None else kept(metric)


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
    return findings_of(result, metric).scores


def main_metric(entry: dict[str, Any]) -> str:
    """The metric that leads on a data set: balanced accuracy for classes, R2 for a continuum."""
    named = entry.get("metric")
    if named and named != "auto":
        return str(named)
    return "balanced-accuracy" if entry.get("classes") else "r2"


def score_people(
    result: ResultLike, predictions: pd.DataFrame, metrics: dict[str, str]
) -> pd.DataFrame:
    """Score of every data set, recipe, subject and seed, from pooled test predictions.

    A seed counts only when all its cells finished: a mean over the folds that happened to survive
    is another quantity.
    """
    foreign = {name for name, entry in result.datasets.items() if entry.get("convention")}
    rows = []
    for key, part in _grouped(predictions, _PEOPLE[:4]).items():
        metric = metrics[key[0]]
        if metric in POOLED and key[0] not in foreign:
            classes = result.datasets[key[0]].get("classes")
            value = score(metric, *_arrays(part, classes, metric not in _LABELS_ONLY))
            rows.append((*key[:2], str(key[2]), key[3], value, len(part["y_true"])))
    parts = [pd.DataFrame(rows, columns=_PEOPLE)]
    for dataset, metric in metrics.items():
        part = predictions[predictions["dataset"] == dataset]
        if len(part) and dataset in foreign:
            parts.append(_people_by_session(part, metric, result.datasets[dataset]["classes"]))
        elif len(part) and metric not in POOLED:
            parts.append(_people_by_fold(result.frame, part, metric)[_PEOPLE])
    filled = [part for part in parts if len(part)] or parts
    return pd.concat(filled, ignore_index=True)


_PEOPLE = ["dataset", "recipe", "subject", "seed", "score", "n"]


_Columns = dict[str, np.ndarray]


def _grouped(frame: pd.DataFrame, by: list[str]) -> dict[tuple[Any, ...], _Columns]:
    """Columns of every group as arrays; cutting frames for each would take seconds."""
    columns = {str(name): frame[name].to_numpy() for name in frame}
    groups = frame.groupby(by, sort=False, observed=True).indices
    return {tuple(key): _rows(columns, rows) for key, rows in groups.items()}  # pyright: ignore


def _rows(part: _Columns, chosen: np.ndarray) -> _Columns:
    return {name: values[chosen] for name, values in part.items()}


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


def _people_by_session(part: pd.DataFrame, metric: str, classes: list[str]) -> pd.DataFrame:
    """Mean over sessions of the mean over folds, as the toolkit whose folds these are has it."""
    dataset = str(part["dataset"].iloc[0])
    sessions = session_scores(part, {dataset: metric}, {dataset: classes})
    people = sessions.groupby(_PEOPLE[:4], sort=False, observed=True)
    return people.agg(score=("score", "mean"), n=("n", "sum")).reset_index()


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
    part: _Columns, classes: list[str] | None, with_scores: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, list[str] | None]:
    """Labels, guesses, score rows and classes as `neurodecode.evaluation` takes them: sorted.

    Text sorts other than numbers do ("10" before "2"), so the columns of scores move along.
    """
    rows = part["scores"] if with_scores else np.array([None])
    known = all(row is not None for row in rows)
    scores = np.stack([np.asarray(row, dtype=float) for row in rows]) if known else None
    if classes:
        if scores is not None and scores.shape[1:] == (len(classes),):
            scores = scores[:, np.argsort(classes)]
        classes = sorted(classes)
    return part["y_true"], part["y_pred"], scores, classes


def _score_table(
    result: ResultLike, predictions: pd.DataFrame, metrics: dict[str, str], people: pd.DataFrame
) -> pd.DataFrame:
    """`SCORE_COLUMNS` for every data set and recipe that was planned."""
    pair = ["dataset", "recipe"]
    tested, people_of = _grouped(predictions, pair), _grouped(people, pair)
    rows = []
    for (dataset, recipe), cells in _grouped(result.frame, pair).items():
        entry, metric = result.datasets[dataset], metrics[dataset]
        row: dict[str, Any] = dict.fromkeys(SCORE_COLUMNS)
        row.update(dataset=dataset, recipe=recipe, **_status(cells), **_facts(cells))
        row.update(_published(entry, recipe, metric))
        own = people_of.get((dataset, recipe))
        if own is not None and not np.isnan(own["score"]).all():
            row.update(_score_row(entry, metric, own, tested[(dataset, recipe)], cells))
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


def _status(cells: _Columns) -> dict[str, Any]:
    """Seeds that finished, and the word and text of a pair of data set and recipe."""
    failed = cells["status"] == "failed"
    planned = len(set(cells["seed"]))
    done = planned - len(set(cells["seed"][failed]))
    if (cells["status"] == "not-applicable").all():
        text = str(cells["failure"][0])
        return {"status": "not-applicable", "failure": text, "n_seeds": 0, "n_seeds_planned": 0}
    text = str(cells["failure"][failed][0]) if failed.any() else None
    status = "ok" if done else "failed"
    return {"status": status, "failure": text, "n_seeds": done, "n_seeds_planned": planned}


def _facts(cells: _Columns) -> dict[str, Any]:
    """Median time of one fit and number of parameters over the finished cells; transductive use."""
    done = cells["status"] == "ok"
    return {
        "fit_seconds": float(pd.Series(cells["fit_seconds"][done], dtype=float).median()),
        "parameters": float(pd.Series(cells["parameters"][done], dtype=float).median()),
        "transductive": bool(cells["transductive"].any()),
    }


def _published(entry: dict[str, Any], recipe: str, metric: str) -> dict[str, Any]:
    """Columns about the published score of a recipe."""
    found = published_of(entry, recipe, metric)
    if found is None:
        return {"published_comparable": False}
    return {
        "published": found["score"],
        "published_comparable": bool(found["comparable"]),
        "published_source": f"{found['source']}: {found['protocol']}",
    }


def _score_row(
    entry: dict[str, Any], metric: str, people: _Columns, part: _Columns, cells: _Columns
) -> dict[str, Any]:
    """Score, interval and chance of one recipe on one data set."""
    scores = pd.Series(people["score"], dtype=float)
    means = scores.groupby(people["subject"], sort=False).mean()
    first = part["seed"][0]
    one_seed = _rows(part, part["seed"] == first)
    y, _, _, classes = _arrays(one_seed, entry.get("classes"), with_scores=False)
    chance = chance_level(metric, y, classes) if classes else 0.0
    n_units = _independent(cells, first, len(y))
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
        "n": len(y),
        "n_units": n_units,
        "n_subjects": len(means),
        "chance": chance,
        "chance_band": _band(metric, y, classes, _kfold(one_seed), n_units),
        "at_chance": bool((value if np.isnan(low) else low) <= chance),
        "below_chance": bool(high < chance),
    }


def _independent(cells: _Columns, seed: Any, n_trials: int) -> int:
    """Independent units among the test trials of one seed: trials, or blocks of windows."""
    rows = _rows(cells, (cells["seed"] == seed) & (cells["status"] == "ok"))
    known = rows["n_units"][rows["metric"] == rows["metric"][0]].sum()
    return int(min(known, n_trials))


def _kfold(one_seed: _Columns) -> bool:
    """True when the trials of one subject were tested by several refitted models."""
    models = set(zip(one_seed["subject"], one_seed["fold"], strict=True))
    return len(models) > len(set(one_seed["subject"]))


def _trials_interval(
    metric: str, part: _Columns, classes: list[Any] | None, n_units: int
) -> tuple[float, float, str]:
    """Interval of one subject; with several seeds the mean of their intervals.

    Pooling seeds would count every trial several times and narrow the interval.
    """
    found = []
    for seed in dict.fromkeys(part["seed"].tolist()):
        one = _rows(part, part["seed"] == seed)
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
