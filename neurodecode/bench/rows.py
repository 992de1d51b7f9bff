"""Rows of results: what is known of a cell before, after, and instead of its fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodecode.bench.batches import Batch, CellResult
from neurodecode.bench.cells import Cell
from neurodecode.core.words import plural
from neurodecode.evaluation import chance_level, interval, metric_info, score

CLASSIFICATION_METRICS = ("balanced-accuracy", "accuracy", "kappa", "roc-auc")
REGRESSION_METRICS = ("r2", "correlation")


def base_row(batch: Batch, cell: Cell) -> dict[str, Any]:
    """Columns that are known before anything is fitted."""
    return {
        "dataset": cell.dataset,
        "recipe": cell.recipe,
        "split": cell.split.kind,
        "subject": cell.split.subject,
        "session": cell.split.session,
        "fold": int(cell.split.fold),
        "seed": cell.seed,
        "metric": batch.metrics[0],
        "transductive": batch.transductive,
        "device": batch.device,
        "failure": "",
        "notes": batch.notes,
        "stamp": batch.stamp,
        "key": cell.key,
    }


def failed_row(batch: Batch, cell: Cell, error: Exception) -> dict[str, Any]:
    """The row of a cell that raised."""
    return {
        **base_row(batch, cell),
        "status": "failed",
        "failure": f"{type(error).__name__}: {error}",
    }


def not_applicable_row(batch: Batch, cell: Cell) -> dict[str, Any]:
    """The row of a recipe whose needs the data do not meet."""
    return {**base_row(batch, cell), "status": "not-applicable", "failure": cell.reason}


def score_rows(
    batch: Batch, cell: Cell, result: CellResult, subject: str, facts: dict[str, Any]
) -> list[dict[str, Any]]:
    """One row a metric for the test trials of one subject."""
    mask = result.subjects == subject
    y_true, y_pred, classes = _as_places(result.y_true[mask], result.y_pred[mask], batch.classes)
    scores = None if result.scores is None else result.scores[mask]
    sessions = sorted(set(result.sessions[mask].tolist()))
    n_test = int(mask.sum())
    n_units = facts["n_units"] if n_test == len(mask) else n_test
    known = {
        **base_row(batch, cell),
        **facts,
        "subject": subject,
        "session": sessions[0] if len(sessions) == 1 else "all",
        "n_test": n_test,
        "n_units": n_units,
        "status": "ok",
    }
    rows = []
    for metric in batch.metrics:
        if metric != batch.metrics[0] and scores is None and _needs_scores(metric):
            continue
        bounds = interval(metric, y_true, y_pred, scores, classes, n_units=n_units)
        measured = {
            "metric": metric,
            "value": score(metric, y_true, y_pred, scores, classes),
            "ci_low": bounds.low,
            "ci_high": bounds.high,
            "interval_method": bounds.method,
            "estimand": bounds.estimand,
            "chance": chance_level(metric, y_true, classes),
        }
        rows.append(known | measured)
    return rows


def _as_places(
    y_true: np.ndarray, y_pred: np.ndarray, classes: tuple[Any, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Labels as places among the classes, which every metric sorts and compares faster than text.

    A prediction that is no class has a place of its own behind them. Continuous targets stay.
    """
    if not classes:
        return y_true, y_pred, None
    known = np.asarray(classes)
    places = [np.searchsorted(known, y).clip(max=len(known) - 1) for y in (y_true, y_pred)]
    true, pred = (
        np.where(known[place] == y, place, len(known))
        for place, y in zip(places, (y_true, y_pred), strict=True)
    )
    if (true == len(known)).any():  # the metric's error names the label
        return y_true, y_pred, known
    return true, pred, np.arange(len(known))


def _needs_scores(metric: str) -> bool:
    return metric_info(metric).needs in ("scores", "probabilities")


def notes_of(notes: str, unscored: np.ndarray, caught: list[Any]) -> str:
    """What a reader of the row should know: of the batch, trials not scored, warnings once each."""
    n_out = int(unscored.sum())
    left_out = f"{plural(n_out, 'calibration trial')} not scored" if n_out else ""
    warned = dict.fromkeys(f"{w.category.__name__}: {_first_line(w.message)}" for w in caught)
    return "; ".join(filter(None, [notes, left_out, *warned]))


def _first_line(message: Any) -> str:
    return (str(message).strip().splitlines() or [""])[0]
