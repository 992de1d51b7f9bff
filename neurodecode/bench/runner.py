"""The runner: fits and scores the cells of a batch. Pure: nothing is read or written."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from neurodecode.bench.batches import Batch, CellResult
from neurodecode.bench.cells import Cell
from neurodecode.bench.estimators import count_parameters, history_of, without_targets
from neurodecode.bench.fold_fits import FirstFits, fit_cell, fit_first_steps
from neurodecode.bench.patterns import cell_pattern
from neurodecode.bench.rows import failed_row, notes_of, score_rows
from neurodecode.core.errors import DataError
from neurodecode.core.files import file_lock
from neurodecode.core.runtime import inner_threads
from neurodecode.core.words import plural


def run(batch: Batch) -> dict[str, CellResult]:
    """Fit and score every cell of a batch.

    A cell that raises becomes a failed row with the error's text; the others go on. Training
    calls code of users and of many libraries, so any exception may come and none may stop the
    hours of work beside it; only Ctrl-C does.

    Returns
    -------
    results : dict, cell key -> CellResult
    """
    threads = inner_threads(batch.threads) if batch.threads else nullcontext()
    results = {}
    with threads, device_turn(batch.device):
        first = fit_first_steps(batch)
        for cell in batch.cells:
            try:
                results[cell.key] = _run_cell(batch, cell, first)
            except Exception as error:
                results[cell.key] = CellResult([failed_row(batch, cell, error)])
    return results


def _run_cell(batch: Batch, cell: Cell, first: FirstFits) -> CellResult:
    split = cell.split
    train, test = split.train, np.sort(split.test)
    unscored = np.zeros(len(test), dtype=bool)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        start = time.perf_counter()
        fit = fit_cell(batch, cell, first.steps.get(cell.key))
        fit_seconds = time.perf_counter() - start + first.seconds
        start = time.perf_counter()
        X_test, last = _before_last(fit.estimator, without_targets(batch.X[test]), unscored)
        y_pred = np.asarray(last.predict(X_test))
        score_seconds = time.perf_counter() - start
        scores = _scores(last, X_test, batch)
        pattern = cell_pattern(batch, fit, train)
    scored = _scored(unscored)
    test = test[scored]
    result = CellResult(
        rows=[],
        trials=test,
        subjects=batch.subjects[test],
        sessions=batch.sessions[test],
        y_true=batch.y[test],
        y_pred=y_pred[scored],
        scores=None if scores is None else scores[scored],
        history=history_of(fit.estimator),
        pattern=pattern,
    )
    facts = {
        "n_train": len(train),
        "n_units": max(1, split.n_units * len(test) // len(scored)),
        "fit_seconds": fit_seconds,
        "score_seconds": score_seconds,
        "parameters": count_parameters(fit.estimator),
        "notes": notes_of(batch.notes, unscored, caught),
    }
    # One row a test subject: people are the unit of the statistics that follow.
    for subject in dict.fromkeys(result.subjects.tolist()):
        result.rows += score_rows(batch, cell, result, subject, facts)
    return result


def _scored(unscored: np.ndarray) -> np.ndarray:
    """Mask of the trials to score, refused where calibration took them all."""
    if unscored.all():
        raise DataError(
            "all test trials of this cell serve calibration",
            found=f"{plural(len(unscored), 'test trial')}, none beyond `n_calibration`",
            expected="more test trials than calibration trials",
            fix="a smaller n_calibration, or a split with longer test parts",
        )
    return ~unscored


def device_turn(device: str) -> Any:
    """Context in which no other job of this machine uses the device; the CPU is shared."""
    if device == "cpu":
        return nullcontext()
    name = f"neurodecode-device-{device.replace(':', '-')}.lock"
    return file_lock(Path(tempfile.gettempdir()) / name, timeout=24 * 3600, stale=24 * 3600)


def _calibrated(step: Any) -> Iterator[Any]:
    """Parts of a fitted step that got to know new people by their first test trials."""
    if hasattr(step, "calibration_mask"):
        yield step
    nested = getattr(step, "steps", None) or getattr(step, "transformer_list", ())
    for part in [*(part for _, part in nested), getattr(step, "step_", None)]:
        if part is not None:
            yield from _calibrated(part)


def _before_last(estimator: Any, X: Any, unscored: np.ndarray) -> tuple[Any, Any]:
    """Data as the last step of a fitted pipeline sees them, and that step.

    Labels and scores are both wanted; the steps before them run once. Trials that a step used to
    get to know a new person are marked in `unscored`.
    """
    if hasattr(estimator, "best_estimator_"):  # a search predicts with what it chose
        return _before_last(estimator.best_estimator_, X, unscored)
    if not isinstance(estimator, Pipeline):
        return X, estimator
    for _, step in estimator.steps[:-1]:
        if step in (None, "passthrough"):
            continue
        for part in _calibrated(step):
            unscored |= part.calibration_mask(X)
        X = step.transform(X)
    return _before_last(estimator.steps[-1][1], X, unscored)


def _scores(estimator: Any, X: Any, batch: Batch) -> np.ndarray | None:
    """Score of every class of the task, (n_trials, n_classes); lowest for one never trained."""
    classes = batch.classes
    if not classes:
        return None
    for method in batch.responses:
        if hasattr(estimator, method):
            values = np.asarray(getattr(estimator, method)(X), dtype=np.float64)
            break
    else:
        return None
    if values.ndim == 1:  # two classes, score of the second
        values = np.column_stack([-values, values])
    full = np.zeros((len(values), len(classes)))
    if method == "decision_function":  # below every class that training knew
        full += values.min(axis=1, keepdims=True) - 1.0
    full[:, [classes.index(label) for label in estimator.classes_]] = values
    return full
