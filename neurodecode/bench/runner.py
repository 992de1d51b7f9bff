"""The runner: fits and scores the cells of a batch. Pure: nothing is read or written."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from neurodecode.bench.cells import Cell, describe
from neurodecode.bench.dataset import WHOLE_NOTE
from neurodecode.bench.patterns import cell_pattern, reads_channels
from neurodecode.core.domains import ROLE, TARGET
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.files import file_lock
from neurodecode.core.runtime import inner_threads, pick_device, seed_everything
from neurodecode.core.stamps import digest
from neurodecode.core.words import plural
from neurodecode.evaluation import Split, chance_level, interval, metric_info, score

CLASSIFICATION_METRICS = ("balanced-accuracy", "accuracy", "kappa", "roc-auc")
REGRESSION_METRICS = ("r2", "correlation")


@dataclass(frozen=True)
class Batch:
    """Cells of one recipe on one data set, with all that is needed to run them.

    Parameters
    ----------
    cells : tuple of Cell
    estimator : unfitted estimator or pipeline
    X : Epochs, or the array that leading steps made of them, one row a trial of the data set
    y : array, the targets
    trials : DataFrame, one row a trial
    classes : tuple of labels in sorted order; empty for continuous targets
    metrics : tuple of str, the main one first
    stamp : str, the data stamp of the epochs
    notes : str, what a reader of the row should know
    threads : int or None, threads inside one fit; None leaves them alone
    epochs : Epochs or None, the signals where `X` are features and a map can be made
    shared : tuple of (name, fitted step) that made `X` of `epochs`
    responses : tuple of str, methods that give scores; the first that there is
    """

    cells: tuple[Cell, ...]
    estimator: Any
    X: Any
    y: np.ndarray
    trials: pd.DataFrame
    classes: tuple[Any, ...]
    metrics: tuple[str, ...]
    stamp: str = ""
    notes: str = ""
    threads: int | None = None
    epochs: Any = None
    shared: tuple[tuple[str, Any], ...] = ()
    responses: tuple[str, ...] = ("predict_proba", "decision_function")

    @property
    def id(self) -> str:
        """Name of the batch: the same cells have the same name in every process."""
        return digest(sorted(cell.key for cell in self.cells))[:24]


@dataclass
class CellResult:
    """What a cell leaves: rows, predictions a trial, loss curves of nets, a pattern of channels."""

    rows: list[dict[str, Any]]
    trials: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    subjects: np.ndarray = field(default_factory=lambda: np.zeros(0, "U1"))
    sessions: np.ndarray = field(default_factory=lambda: np.zeros(0, "U1"))
    y_true: np.ndarray = field(default_factory=lambda: np.zeros(0))
    y_pred: np.ndarray = field(default_factory=lambda: np.zeros(0))
    scores: np.ndarray | None = None
    history: dict[str, Any] | None = None
    pattern: dict[str, Any] | None = None

    @property
    def failed(self) -> bool:
        """Whether the cell ended in an error."""
        return any(row["status"] == "failed" for row in self.rows)


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
    with threads, device_turn(device_of(batch.estimator)):
        for cell in batch.cells:
            try:
                results[cell.key] = _run_cell(batch, cell)
            except Exception as error:
                results[cell.key] = CellResult([failed_row(batch, cell, error)])
    return results


def _run_cell(batch: Batch, cell: Cell) -> CellResult:
    split = cell.split
    train = np.sort(np.concatenate([split.source, split.target_labelled]))
    test = np.sort(split.test)
    estimator = seeded(clone(batch.estimator), cell.seed)
    seed_everything(cell.seed)
    unscored = np.zeros(len(test), dtype=bool)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        start = time.perf_counter()
        estimator.fit(_with_roles(batch.X[train], train, split), batch.y[train])
        fit_seconds = time.perf_counter() - start
        start = time.perf_counter()
        X_test, last = _before_last(estimator, without_targets(batch.X[test]), unscored)
        y_pred = np.asarray(last.predict(X_test))
        score_seconds = time.perf_counter() - start
        scores = _scores(last, X_test, batch)
        pattern = _pattern(batch, estimator, train)
    scored = _scored(unscored)
    test = test[scored]
    result = CellResult(
        rows=[],
        trials=test,
        subjects=batch.trials["subject"].to_numpy()[test].astype(str),
        sessions=batch.trials["session"].to_numpy()[test].astype(str),
        y_true=batch.y[test],
        y_pred=y_pred[scored],
        scores=None if scores is None else scores[scored],
        history=history_of(estimator),
        pattern=pattern,
    )
    facts = {
        "n_train": len(train),
        "n_units": max(1, split.n_units * len(test) // len(scored)),
        "fit_seconds": fit_seconds,
        "score_seconds": score_seconds,
        "parameters": count_parameters(estimator),
        "notes": _notes(batch.notes, unscored, caught),
    }
    # One row a test subject: people are the unit of the statistics that follow.
    for subject in dict.fromkeys(result.subjects.tolist()):
        result.rows += _score_rows(batch, cell, result, subject, facts)
    return result


def _with_roles(X: Any, train: np.ndarray, split: Split) -> Any:
    """Training trials that say which of them are the target's, where a split calibrates."""
    if not len(split.target_labelled) or not hasattr(X, "with_trials"):
        return X
    roles = np.where(np.isin(train, split.target_labelled), TARGET, "source")
    return X.with_trials(X.trials.assign(**{ROLE: roles}))


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


def _notes(notes: str, unscored: np.ndarray, caught: list[Any]) -> str:
    """What a reader of the row should know: of the batch, trials not scored, warnings once each."""
    n_out = int(unscored.sum())
    left_out = f"{plural(n_out, 'calibration trial')} not scored" if n_out else ""
    warned = dict.fromkeys(f"{w.category.__name__}: {_first_line(w.message)}" for w in caught)
    return "; ".join(filter(None, [notes, left_out, *warned]))


def _score_rows(
    batch: Batch, cell: Cell, result: CellResult, subject: str, facts: dict[str, Any]
) -> list[dict[str, Any]]:
    """One row a metric for the test trials of one subject."""
    mask = result.subjects == subject
    y_true, y_pred = result.y_true[mask], result.y_pred[mask]
    scores = None if result.scores is None else result.scores[mask]
    sessions = sorted(set(result.sessions[mask].tolist()))
    session = sessions[0] if len(sessions) == 1 else "all"
    classes = list(batch.classes) or None
    n_test = int(mask.sum())
    n_units = facts["n_units"] if n_test == len(mask) else n_test
    rows = []
    for metric in batch.metrics:
        if metric != batch.metrics[0] and scores is None and _needs_scores(metric):
            continue
        bounds = interval(metric, y_true, y_pred, scores, classes, n_units=n_units)
        rows.append(
            {
                **base_row(batch, cell),
                **facts,
                "subject": subject,
                "session": session,
                "metric": metric,
                "value": score(metric, y_true, y_pred, scores, classes),
                "n_test": n_test,
                "n_units": n_units,
                "ci_low": bounds.low,
                "ci_high": bounds.high,
                "interval_method": bounds.method,
                "estimand": bounds.estimand,
                "chance": chance_level(metric, y_true, classes),
                "status": "ok",
            }
        )
    return rows


def _pattern(batch: Batch, estimator: Any, train: np.ndarray) -> dict[str, Any] | None:
    """Pattern of the channels, where the pipeline has one that is cheap to find."""
    epochs = batch.X if batch.epochs is None else batch.epochs
    if not isinstance(estimator, Pipeline):
        return None
    whole = Pipeline([*batch.shared, *estimator.steps])
    return cell_pattern(whole, epochs[train]) if reads_channels(whole, epochs) else None


def _needs_scores(metric: str) -> bool:
    return metric_info(metric).needs in ("scores", "probabilities")


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
        "transductive": is_transductive(batch.estimator) or WHOLE_NOTE in batch.notes,
        "device": device_of(batch.estimator),
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


def share_steps(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Compute leading steps of `scope = "trial"` once per data set, not once per fold.

    Each output trial of such a step depends on its own input trial only, so the result equals
    the naive run bit for bit. Results are kept while batches of the same data follow each other.

    Yields
    ------
    batch : Batch with `X` computed and the shared steps taken off `estimator`
    """
    kept: dict[str, tuple[Any, Any]] = {}
    base = None
    for batch in batches:
        if batch.X is not base:
            base, kept = batch.X, {}
        mapped = reads_channels(batch.estimator, batch.X)
        done, steps = "", leading_trial_steps(batch.estimator)
        for step in steps:
            done = digest([done, describe(step[1])])
            if done not in kept:
                try:
                    kept[done] = _computed(step[1], batch.X)
                except Exception:
                    # Whatever it raises (a step may be a user's) it raises again in each cell
                    # that needs it, whose failed row carries the message; the others go on.
                    break
            fitted, X = kept[done]
            change: dict[str, Any] = {"X": X, "estimator": Pipeline(batch.estimator.steps[1:])}
            if mapped and not isinstance(X, Epochs):  # a map is made from signals
                change["epochs"] = batch.X if batch.epochs is None else batch.epochs
                change["shared"] = (*batch.shared, (step[0], fitted))
            batch = replace(batch, **change)
        yield batch


def _computed(step: Any, X: Any) -> tuple[Any, Any]:
    """A fitted copy of a step, and its output; on one thread, as the fits beside it."""
    fitted: Any = clone(step)
    with inner_threads(1):
        return fitted, fitted.fit(X).transform(without_targets(X))


def leading_trial_steps(estimator: Any) -> list[tuple[str, Any]]:
    """Steps of a pipeline before the first one that depends on more than its own trial."""
    if not isinstance(estimator, Pipeline):
        return []
    steps = []
    for name, step in estimator.steps[:-1]:
        if getattr(step, "scope", "train") != "trial":
            break
        steps.append((name, step))
    return steps


def without_targets(X: Any) -> Any:
    """Data as a deployed decoder would see them: no labels inside."""
    return X.without_targets() if hasattr(X, "without_targets") else X


def seeded(estimator: Any, seed: int) -> Any:
    """Set every `random_state` of a pipeline, nested ones included."""
    names = [name for name in estimator.get_params() if name.split("__")[-1] == "random_state"]
    return estimator.set_params(**dict.fromkeys(names, seed))


def device_of(estimator: Any) -> str:
    """Device the estimator's nets run on; "cpu" where there is no net."""
    params = estimator.get_params(deep=True)
    wanted = [value for name, value in params.items() if name.split("__")[-1] == "device"]
    return pick_device(wanted[0]) if wanted else "cpu"


def device_turn(device: str) -> Any:
    """Context in which no other job of this machine uses the device; the CPU is shared."""
    if device == "cpu":
        return nullcontext()
    name = f"neurodecode-device-{device.replace(':', '-')}.lock"
    return file_lock(Path(tempfile.gettempdir()) / name, timeout=24 * 3600, stale=24 * 3600)


def is_transductive(estimator: Any) -> bool:
    """Whether a step looks at the whole unlabelled test set at once."""
    params = estimator.get_params(deep=True)
    return any(
        name.split("__")[-1] == "adapt" and value == "transductive"
        for name, value in params.items()
    )


def _first_line(message: Any) -> str:
    return (str(message).strip().splitlines() or [""])[0]


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


def history_of(estimator: Any) -> dict[str, Any] | None:
    """Loss curves of the net at the end of a pipeline, if there is one."""
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    history = getattr(last, "history_", None)
    if history is None:
        return None
    curves = {name: [float(v) for v in history[name]] for name in ("train_loss", "valid_loss")}
    return {**curves, "best_epoch": int(history["best_epoch"])}


# Attributes of fitted scikit-learn and pyRiemann estimators that hold what was learned and is
# used at prediction; others (means, priors, covariances) only led to these.
_LEARNED = ("coef_", "intercept_", "filters_", "components_", "covmeans_", "mean_", "scale_")


def count_parameters(estimator: Any) -> int:
    """Learned numbers that predictions depend on: weights of nets, coefficients of the rest."""
    if hasattr(estimator, "n_parameters_"):
        return int(estimator.n_parameters_)
    if hasattr(estimator, "best_estimator_"):  # a search: what it chose, not what it tried
        return count_parameters(estimator.best_estimator_)
    parts = getattr(estimator, "steps", None) or getattr(estimator, "transformer_list", None)
    if parts is None:
        fitted = {k: v for k, v in vars(estimator).items() if k.endswith("_")}
        own = sum(np.size(fitted[k]) for k in _LEARNED if isinstance(fitted.get(k), np.ndarray))
        inner = (value for value in fitted.values() if hasattr(value, "get_params"))
        return own + sum(count_parameters(value) for value in inner)
    return sum(count_parameters(part) for _, part in parts if hasattr(part, "get_params"))
