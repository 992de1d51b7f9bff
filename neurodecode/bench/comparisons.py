"""Which of two recipes is better: the report's comparisons of one pair, a row a data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.bench.pairs import contributions, difference
from neurodecode.bench.summary import Findings, ResultLike, findings_of
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.words import interval_words, missing, p_words, plural, signed
from neurodecode.evaluation import holm


@dataclass(frozen=True)
class PairedComparison:
    """Two recipes on the data sets that both finished.

    Attributes
    ----------
    a, b : str
    frame : DataFrame, one row a data set: dataset, metric, difference (a minus b), low, high, p,
        p_holm (corrected over the data sets), method, n, note; p is NaN where so few units
        could not reach .05
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


def compare(result: ResultLike, a: str, b: str, metric: str | None = None) -> PairedComparison:
    """Compare two recipes on every data set that both finished, as the report does.

    The differences are those of the scores in the tables; their p comes from flipping the signs
    of the persons' differences, or, where a data set has one person, of what each of its test
    trials adds to the difference (with equal classes this is McNemar's test).

    Parameters
    ----------
    result : Result
    a, b : str, recipes; the difference is a minus b
    metric : str, optional
        Default: the main metric of each data set.

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
    findings = findings_of(result, metric)
    found = (_compare_on(findings, dataset, a, b) for dataset in result.datasets)
    rows = [row for row in found if row is not None]
    if not rows:
        raise DataError(
            "nothing to compare",
            found=f"no data set on which both {a} and {b} finished the same test trials",
            expected="at least one",
            fix="see result.failures()",
        )
    frame = pd.DataFrame(rows)
    testable: Any = frame["p"].notna()
    frame.insert(6, "p_holm", np.nan)
    if testable.any():
        frame.loc[testable, "p_holm"] = holm(frame.loc[testable, "p"].to_numpy())
    return PairedComparison(a, b, frame)


def _compare_on(findings: Findings, dataset: str, a: str, b: str) -> dict[str, Any] | None:
    """One row; None unless both recipes have scores from the same test trials."""
    metric = findings.metrics[dataset]
    row: dict[str, Any] = {"dataset": dataset, "metric": metric}
    scores = findings.on(dataset).set_index("recipe")["score"]
    if a not in scores or b not in scores:
        return None
    parts = contributions(findings, dataset)
    if parts is None:
        note = f"one person: {metric} is no sum over trials, no test"
        gap = float(scores[a] - scores[b])
        return {**row, **_ends(gap, np.nan, np.nan, np.nan), "method": "none", "n": 1, "note": note}
    table, unit = parts
    if a not in table or b not in table:
        return None
    found = difference(table, unit, a, b)
    n = len(found.singles)
    note = ""
    if unit == "subjects":
        n_worse = int((found.singles < 0).sum())
        note = f"{n_worse} of {n} subjects do better with the second"
    p = found.p if found.testable else np.nan
    numbers = _ends(found.value, found.low, found.high, p)
    return {**row, **numbers, "method": f"sign flips over {unit}", "n": n, "note": note}


def _ends(difference: float, low: float, high: float, p: float) -> dict[str, float]:
    return {"difference": difference, "low": low, "high": high, "p": p}
