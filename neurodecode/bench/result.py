"""The result of a benchmark: one row a cell and metric, and the predictions behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurodecode.bench.batches import CellResult
from neurodecode.bench.patterns import best_patterns
from neurodecode.bench.published import published_of
from neurodecode.bench.store import Store
from neurodecode.core.errors import DataError
from neurodecode.core.files import atomic_write
from neurodecode.core.words import plural

if TYPE_CHECKING:
    from neurodecode.bench.comparisons import PairedComparison
    from neurodecode.bench.summary import Findings

SCHEMA = 1
# Columns are only ever added, at the end.
COLUMNS = (
    "dataset", "recipe", "split", "subject", "session", "fold", "seed", "metric", "value",
    "n_train", "n_test", "n_units", "ci_low", "ci_high", "interval_method", "chance",
    "published", "published_protocol", "estimand", "transductive", "fit_seconds",
    "score_seconds", "parameters", "device", "status", "failure", "stamp", "key", "schema",
    "notes",
)  # fmt: skip
_CELL_COLUMNS = ("dataset", "recipe", "split", "fold", "seed", "key")


class Result:
    """What `nd.benchmark` gives.

    Attributes
    ----------
    frame : DataFrame, one row a cell, test subject and metric; columns `COLUMNS`
    predictions : DataFrame, one row a test trial: dataset, recipe, split, subject, session,
        fold, seed, key, trial, y_true, y_pred, scores
    datasets, recipes : dict, name -> facts
    histories : list of dict, loss curves of nets
    patterns : list of dict, one a data set: what its best linear recipe reads on the channels
    info : dict, facts about the run

    Examples
    --------
    >>> import neurodecode as nd
    >>> result = nd.benchmark("sim-meg", ["mdm"], split="cross-subject", k=3, quiet=True)
    >>> result
    Result: 3 runs, 1 recipe on 1 data set, 0 failed
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        predictions: pd.DataFrame,
        datasets: Mapping[str, Mapping[str, Any]],
        recipes: Mapping[str, Mapping[str, Any]],
        histories: Sequence[Mapping[str, Any]],
        info: Mapping[str, Any],
        cell_patterns: Sequence[Mapping[str, Any]] = (),
    ):
        self.frame, self.predictions = frame, predictions
        self.datasets = {name: dict(facts) for name, facts in datasets.items()}
        self.recipes = {name: dict(facts) for name, facts in recipes.items()}
        self.histories, self.info = [dict(curves) for curves in histories], dict(info)
        self._cell_patterns = [dict(pattern) for pattern in cell_patterns]
        self._findings: dict[str | None, Findings] = {}

    @classmethod
    def from_cells(
        cls,
        cells: Sequence[CellResult],
        datasets: Mapping[str, Mapping[str, Any]],
        recipes: Mapping[str, Mapping[str, Any]],
        info: Mapping[str, Any],
    ) -> Result:
        """Result of finished cells, in the order given."""
        rows = [
            {**row, **_published(row, datasets[row["dataset"]]), "schema": SCHEMA}
            for cell in cells
            for row in cell.rows
        ]
        frame = pd.DataFrame(rows, columns=list(COLUMNS))
        predictions = _predictions([cell for cell in cells if len(cell.trials)])
        histories = [
            {
                **{name: cell.rows[0][name] for name in ("dataset", "recipe", "fold", "seed")},
                **{name: cell.rows[0][name] for name in ("subject", "session")},
                **cell.history,
            }
            for cell in cells
            if cell.history
        ]
        patterns = [
            {**{name: cell.rows[0][name] for name in ("dataset", "recipe")}, **cell.pattern}
            for cell in cells
            if cell.pattern
        ]
        return cls(frame, predictions, datasets, recipes, histories, info, patterns)

    @classmethod
    def load(cls, folder: str | Path) -> Result:
        """Result of the last request that ran in a folder.

        Cells that the request did not finish are left out, and `info["n_missing"]` counts them.

        Raises
        ------
        DataError : the folder holds no run.
        """
        path = Path(folder) / "run.json"
        if not path.is_file():
            raise DataError(
                "no results here",
                found=f"no {path}",
                expected="a folder that nd.benchmark(..., out=folder) wrote",
                fix="give that folder",
            )
        request = json.loads(path.read_text(encoding="utf-8"))
        done = Store(folder).read()
        wanted = request["cells"]
        cells = [
            CellResult([cell["row"]])
            if "row" in cell
            else renamed(done[cell["key"]], cell["names"])
            for cell in wanted
            if "row" in cell or cell["key"] in done
        ]
        info = {**request["info"], "n_missing": len(wanted) - len(cells)}
        return cls.from_cells(cells, request["datasets"], request["recipes"], info)

    def findings(self, metric: str | None = None) -> Findings:
        """All numbers that tables, comparisons and the report show, computed once a metric.

        Parameters
        ----------
        metric : str or None (the main one of each data set)
        """
        from neurodecode.bench.summary import Findings

        if metric not in self._findings:
            self._findings[metric] = Findings.of(self, metric)
        return self._findings[metric]

    @cached_property
    def patterns(self) -> list[dict[str, Any]]:
        """Pattern of the best linear recipe of every data set; see `patterns.best_patterns`."""
        return best_patterns(self._cell_patterns, self.findings())

    def table(self, by: str = "dataset", format: str = "text", metric: str | None = None) -> str:
        """Score, interval, chance, published score and cost of every recipe.

        Parameters
        ----------
        by : "dataset", one table a data set
        format : "text" or "latex"
        metric : str or None (the main one); any metric, computed from the kept predictions
        """
        if format == "latex":
            from neurodecode.bench.latex import latex_table

            return latex_table(self, by=by, metric=metric)
        from neurodecode.bench.table import text_table

        return text_table(self, by=by, metric=metric)

    def session_scores(self, metric: str | None = None) -> pd.DataFrame:
        """Score of every session, a mean over its folds, as MOABB's table of results has it.

        Parameters
        ----------
        metric : str or None (the main one of each data set)

        Returns
        -------
        scores : DataFrame: dataset, recipe, subject, session, seed, metric, score, n, n_folds
        """
        from neurodecode.bench.session_scores import session_scores
        from neurodecode.bench.summary import complete_predictions, main_metric

        metrics = {name: metric or main_metric(facts) for name, facts in self.datasets.items()}
        classes = {name: facts["classes"] or None for name, facts in self.datasets.items()}
        return session_scores(complete_predictions(self), metrics, classes)

    def compare(self, a: str, b: str, metric: str | None = None) -> PairedComparison:
        """Paired comparison of two recipes on every data set; see `comparisons.compare`."""
        from neurodecode.bench.comparisons import compare

        return compare(self, a, b, metric)

    def report(self, path: str | Path) -> Path:
        """Write the HTML report, one self-contained page; gives its path."""
        from neurodecode.bench.report import write_report

        write_report(self, path)
        return Path(path)

    def failures(self) -> pd.DataFrame:
        """Failed cells with the text of their error."""
        columns = [*_CELL_COLUMNS[:-1], "subject", "failure"]
        failed: Any = self.frame.loc[self.frame["status"] == "failed", columns]
        return failed.reset_index(drop=True)

    def __repr__(self) -> str:
        info = self.info
        return (
            f"Result: {plural(info['n_cells'], 'run')}, {plural(len(self.recipes), 'recipe')} on "
            f"{plural(len(self.datasets), 'data set')}, {info['n_failed']} failed"
        )


def write_request(
    folder: str | Path,
    cells: Sequence[Mapping[str, Any]],
    datasets: Mapping[str, Any],
    recipes: Mapping[str, Any],
    info: Mapping[str, Any],
) -> None:
    """Write what was asked for, so that `Result.load` finds it.

    Parameters
    ----------
    folder : path
    cells : list of {"key", "names": {"dataset", "recipe"}}, in the order of the table; a cell
        that does not apply brings its "row" instead of names
    datasets, recipes, info : dict, as in `Result`
    """
    request = {
        "schema": SCHEMA,
        "info": info,
        "datasets": datasets,
        "recipes": recipes,
        "cells": cells,
    }
    with atomic_write(Path(folder) / "run.json") as path:
        path.write_text(json.dumps(request, indent=1, default=_plain), encoding="utf-8")


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)


def renamed(cell: CellResult, names: Mapping[str, str]) -> CellResult:
    """The cell under the names of this request: its key does not hold a recipe's name."""
    return replace(cell, rows=[{**row, **names} for row in cell.rows])


def _published(row: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Columns about the published score of the same recipe and metric."""
    entry = published_of(data, row["recipe"], row["metric"])
    if entry is None:
        return {"published": np.nan, "published_protocol": ""}
    return {"published": entry["score"], "published_protocol": entry["protocol"]}


def _predictions(cells: Sequence[CellResult]) -> pd.DataFrame:
    """Predictions of finished cells, one row a trial."""
    columns: dict[str, Any] = {
        name: [value for cell in cells for value in [cell.rows[0][name]] * len(cell.trials)]
        for name in _CELL_COLUMNS
    }
    names = {"subject": "subjects", "session": "sessions", "trial": "trials"}
    names |= {name: name for name in ("y_true", "y_pred")}
    for column, name in names.items():
        columns[column] = [value for cell in cells for value in getattr(cell, name)]
    columns["scores"] = [
        value
        for cell in cells
        for value in ([None] * len(cell.trials) if cell.scores is None else cell.scores)
    ]
    return pd.DataFrame(columns)
