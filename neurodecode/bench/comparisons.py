"""Which of two recipes is better: one corrected test a data set, nothing pooled over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.words import interval_words, missing, p_words, plural, signed
from neurodecode.evaluation import compare_subjects, holm, score
from neurodecode.evaluation.comparisons import Comparison, compare_trials

if TYPE_CHECKING:
    from neurodecode.bench.result import Result

_ON = ["subject", "session", "fold", "trial"]


@dataclass(frozen=True)
class PairedComparison:
    """Two recipes on the data sets that both finished.

    Attributes
    ----------
    a, b : str
    frame : DataFrame, one row a data set: dataset, metric, difference (a minus b), low, high, p,
        p_holm (corrected over the data sets), method, n, n_better_b, note
    """

    a: str
    b: str
    frame: pd.DataFrame

    def __str__(self) -> str:
        lines = [f"{self.a} − {self.b}"]
        row: Any
        for row in self.frame.itertuples():
            points = f"{signed(100 * row.difference)} points"
            ends = "" if missing(row.low) else f" {interval_words(row.low, row.high)}"
            lines.append(
                f"  {row.dataset:<24}{points}{ends}, p {p_words(row.p_holm)} ({row.method})"
            )
            if row.note:
                lines.append(f"  {'':<24}{row.note}")
        if len(self.frame) > 1:
            lines.append(
                f"  p by Holm over {plural(len(self.frame), 'data set')}; no pooled effect"
            )
        return "\n".join(lines)


def compare(result: Result, a: str, b: str, metric: str | None = None) -> PairedComparison:
    """Compare two recipes on every data set, paired by test trial.

    Where a data set has several people, seeds, then folds, then sessions are averaged inside a
    person and the signs of the persons' differences are flipped. Where it has one person, the
    predictions of one pass over the test trials go through McNemar's exact test, which is about
    accuracy; with several seeds it is the first one's pass.

    Parameters
    ----------
    result : Result
    a, b : str, recipes; the difference is a minus b
    metric : str, optional
        For data sets with several people; default: the main metric of each.

    Returns
    -------
    comparison : PairedComparison

    Raises
    ------
    DataError : no such recipe, or no data set that both finished.

    Source: Nadeau & Bengio 2003 (10.1023/A:1024068626366) on why folds are no replicates.
    """
    for name in (a, b):
        if name not in result.recipes:
            raise DataError(
                "no such recipe in this result",
                found=repr(name),
                expected=", ".join(result.recipes),
                fix=did_you_mean(name, result.recipes),
            )
    rows = []
    for dataset, facts in result.datasets.items():
        pair = _paired(result, dataset, a, b)
        if pair is not None:
            rows.append(_compare_on(dataset, pair, metric or facts["metric"], facts["classes"]))
    if not rows:
        raise DataError(
            "nothing to compare",
            found=f"no data set that both {a} and {b} finished",
            expected="at least one",
            fix="see result.failures()",
        )
    frame = pd.DataFrame(rows)
    testable: Any = frame["p"].notna()
    frame.insert(6, "p_holm", np.nan)
    if testable.any():
        frame.loc[testable, "p_holm"] = holm(frame.loc[testable, "p"].to_numpy())
    return PairedComparison(a, b, frame)


def _paired(
    result: Result, dataset: str, a: str, b: str
) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Predictions of both recipes, None unless both finished the same test trials."""
    parts = []
    for recipe in (a, b):
        cells: Any = result.frame
        cells = cells[(cells["dataset"] == dataset) & (cells["recipe"] == recipe)]
        if cells.empty or (cells["status"] != "ok").any():
            return None
        table = result.predictions
        parts.append(table[(table["dataset"] == dataset) & (table["recipe"] == recipe)])
    trials = [set(map(tuple, part[_ON].to_numpy())) for part in parts]
    return (parts[0], parts[1]) if trials[0] == trials[1] else None


def _compare_on(
    dataset: str, pair: tuple[pd.DataFrame, pd.DataFrame], metric: str, classes: list[str]
) -> dict[str, Any]:
    people = sorted(set(pair[0]["subject"]))
    if len(people) > 1:
        means = [_person_means(part, metric, classes).loc[people].to_numpy() for part in pair]
        found = compare_subjects(*means)
        n_worse = int((means[0] < means[1]).sum())
        note = f"{n_worse} of {len(people)} subjects do better with the second"
        return _row(dataset, metric, found, " ".join(filter(None, [found.note, note])))
    first, second = (_one_pass(part) for part in pair)
    if not classes:
        note = "one person, continuous targets: no test of one pass over the data"
        gap = score(metric, *_values(first)) - score(metric, *_values(second))
        return _row(dataset, metric, Comparison(gap, np.nan, "none", len(first)), note)
    found = compare_trials(first["y_true"], first["y_pred"], second["y_pred"])
    return _row(dataset, "accuracy", found, found.note)


def _row(dataset: str, metric: str, found: Comparison, note: str) -> dict[str, Any]:
    return {
        "dataset": dataset,
        "metric": metric,
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "p": found.p,
        "method": found.method,
        "n": found.n,
        "note": note,
    }


def _person_means(part: pd.DataFrame, metric: str, classes: list[str]) -> pd.Series:
    """Score of every person: of the pooled folds of each seed and session, averaged."""
    rows = []
    for key, own in part.groupby(["subject", "session", "seed"]):
        y_true, y_pred, scores = _values(own)
        if classes:  # classes are named by text, in the order of the score columns
            y_true, y_pred = y_true.astype(str), y_pred.astype(str)
            scores = None if scores is None else scores[:, np.argsort(classes)]
        value = score(metric, y_true, y_pred, scores, sorted(classes) or None)
        rows.append((*_triple(key), value))
    table = pd.DataFrame(rows, columns=["subject", "session", "seed", "score"])
    by_session: Any = table.groupby(["subject", "session"])["score"].mean()
    return by_session.groupby("subject").mean()


def _triple(key: Any) -> tuple[Any, Any, Any]:
    subject, session, seed = key
    return subject, session, seed


def _values(part: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    scores = part["scores"].to_list()
    stacked = None if any(row is None for row in scores) else np.stack(scores)
    return np.stack(part["y_true"].to_list()), np.stack(part["y_pred"].to_list()), stacked


def _one_pass(part: pd.DataFrame) -> pd.DataFrame:
    """Predictions of the first seed, one row a trial, in the order of the trials."""
    first: Any = part[part["seed"] == part["seed"].min()]
    return first.sort_values("trial", kind="stable")
