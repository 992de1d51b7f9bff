"""Metrics by name, with what they need; one number for one set, or for all folds of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np

from neurodecode.core import registry
from neurodecode.core.errors import DataError

_F = TypeVar("_F", bound=Callable[..., float])


@dataclass(frozen=True)
class MetricInfo:
    """What a metric needs and how its folds are put together.

    Attributes
    ----------
    needs : {"labels", "scores", "probabilities", "values", "signals"}
        Predicted labels, real-valued scores, class probabilities, continuous predictions, or
        signals that are each compared along their last axis.
    higher_is_better : bool
    folds : {"pooled", "mean"}
        Computed once from the predictions of all folds, or in each fold and averaged (scores of
        two decoders have no common scale).
    title : str, as tables print it
    every_class : bool
        Undefined where a class of the task has no test trial.

    Examples
    --------
    >>> MetricInfo("labels", title="accuracy").needs
    'labels'
    """

    needs: Literal["labels", "scores", "probabilities", "values", "signals"]
    higher_is_better: bool = True
    folds: Literal["pooled", "mean"] = "pooled"
    title: str = ""
    every_class: bool = False


def describe_metric(info: MetricInfo) -> Callable[[_F], _F]:
    """Decorator that attaches `MetricInfo` to a metric function.

    Functions take `(y_true, y_pred_or_scores, classes)`, those of values and of signals
    `(y_true, y_pred)`.

    Examples
    --------
    >>> @describe_metric(MetricInfo("labels", higher_is_better=False, title="error"))
    ... def error(y_true, y_pred, classes):
    ...     return float(np.mean(y_true != y_pred))
    """

    def attach(function: _F) -> _F:
        function.info = info  # type: ignore[attr-defined]
        return function

    return attach


def metric_info(metric: str) -> MetricInfo:
    """What a registered metric needs.

    Raises
    ------
    UnknownName
        No metric of that name.

    Examples
    --------
    >>> metric_info("roc-auc").folds
    'mean'
    """
    return registry.resolve("metric", metric).info


def score(
    metric: str, y_true: Any, y_pred: Any = None, scores: Any = None, classes: Any = None
) -> float:
    """Value of a registered metric; NaN where it is undefined (`undefined_reason` says why).

    Parameters
    ----------
    metric : str
        Registered name, ``nd.list("metric")``.
    y_true : array, shape (n_trials,), labels; (n_trials, n_outputs) for continuous targets
    y_pred : array like `y_true`, for metrics of labels and values
    scores : float array, shape (n_trials, n_classes), or (n_trials,) for two classes
        Columns in the order of `classes`; one column means the second class.
    classes : array, the sorted classes of the *task*, default: those in `y_true`

    Raises
    ------
    UnknownName
        No metric of that name.
    DataError
        What the metric needs was not given, or lengths differ.

    Examples
    --------
    >>> score("balanced-accuracy", list("aabb"), list("aaba"))
    0.75
    """
    function = registry.resolve("metric", metric)
    y_true = np.asarray(y_true)
    given = _given(metric, function.info, y_true, y_pred, scores)
    if function.info.needs in ("values", "signals"):
        return float("nan") if undefined_reason(metric, y_true) else float(function(y_true, given))
    classes = np.unique(y_true) if classes is None else np.asarray(classes)
    _check_classes(metric, y_true, classes)
    if undefined_reason(metric, y_true, scores, classes):
        return float("nan")
    return float(function(y_true, given, classes))


def undefined_reason(metric: str, y_true: Any, scores: Any = None, classes: Any = None) -> str:
    """A sentence why a metric is undefined for these trials; empty where it is defined.

    Examples
    --------
    >>> undefined_reason("kappa", ["a", "a"], classes=["a", "b"])
    'kappa is undefined: no test trial of class b.'
    """
    info = metric_info(metric)
    y_true = np.asarray(y_true)
    reason = ""
    if not len(y_true):
        reason = "no test trials"
    elif info.needs == "values":
        outputs = y_true.reshape(len(y_true), -1)
        constant = np.flatnonzero(np.ptp(outputs, axis=0) == 0)
        if len(constant):
            reason = "constant output " + ", ".join(map(str, constant))
    elif info.needs == "signals":
        reason = "a clean signal is constant" if (np.ptp(y_true, axis=-1) == 0).any() else ""
    else:
        seen, known = _distinct(y_true, y_true if classes is None else classes)
        if info.every_class and known - seen:
            reason = "no test trial of class " + ", ".join(map(str, sorted(known - seen)))
        elif info.every_class and len(seen) < 2:
            reason = "one class only"
        elif info.needs in ("scores", "probabilities") and scores is not None:
            reason = _bad_scores(np.asarray(scores, dtype=np.float64), info.needs)
    return f"{metric} is undefined: {reason}." if reason else ""


@dataclass(frozen=True)
class FoldScore:
    """A score over folds: `value`, folds that count, and a sentence where some do not."""

    value: float
    n_valid: int
    n_folds: int
    note: str = ""


def score_folds(
    metric: str,
    y_true: Any,
    y_pred: Any = None,
    scores: Any = None,
    *,
    folds: Any,
    classes: Any = None,
) -> FoldScore:
    """One score from the predictions of all folds, pooled or averaged as the metric demands.

    Pooling the scores of decoders trained apart biases the AUC down (Forman & Scholz 2010).

    Parameters
    ----------
    metric, y_true, y_pred, scores, classes : as in `score`
    folds : int array, shape (n_trials,)

    Returns
    -------
    result : FoldScore; NaN if fewer than half of the folds are defined

    Examples
    --------
    >>> score_folds("accuracy", list("abab"), list("abbb"), folds=[0, 0, 1, 1]).value
    0.75
    """
    y_true, folds = np.asarray(y_true), np.asarray(folds)
    info = metric_info(metric)
    if classes is None and info.needs not in ("values", "signals"):
        classes = np.unique(y_true)
    numbers = np.unique(folds)
    if info.folds == "pooled":
        value = score(metric, y_true, y_pred, scores, classes)
        reason = undefined_reason(metric, y_true, scores, classes)
        return FoldScore(value, len(numbers) if np.isfinite(value) else 0, len(numbers), reason)
    values = []
    for number in numbers:
        here = folds == number
        guess, table = (None if a is None else np.asarray(a)[here] for a in (y_pred, scores))
        values.append(score(metric, y_true[here], guess, table, classes))
    valid = np.isfinite(values)
    n_valid = int(valid.sum())
    note = f"{metric}: {n_valid} of {len(numbers)} folds are defined." if not valid.all() else ""
    value = float(np.mean(np.array(values)[valid])) if 2 * n_valid >= len(numbers) else np.nan
    return FoldScore(value, n_valid, len(numbers), note)


def _given(metric: str, info: MetricInfo, y_true: np.ndarray, y_pred: Any, scores: Any) -> Any:
    by_scores = info.needs in ("scores", "probabilities")
    name, given = ("scores", scores) if by_scores else ("y_pred", y_pred)
    if given is None:
        raise DataError(f"{metric} needs {info.needs}", found=f"{name}=None")
    given = np.asarray(given)
    if len(given) != len(y_true):
        raise DataError(
            f"{metric}: predictions and trials differ in number",
            found=f"{len(given)} {name}, {len(y_true)} trials",
        )
    return given


def _check_classes(metric: str, y_true: np.ndarray, classes: np.ndarray) -> None:
    seen, known = _distinct(y_true, classes)
    if seen - known or not np.array_equal(classes, sorted(set(classes.tolist()))):
        raise DataError(
            f"{metric}: labels and classes do not fit",
            found=f"labels {', '.join(map(str, np.unique(y_true)[:6]))}; "
            f"classes {', '.join(map(str, classes[:6]))}",
            expected="all labels among the classes, classes sorted and distinct",
            fix="classes=np.unique(y) of the whole task",
        )


def _distinct(y_true: np.ndarray, classes: Any) -> tuple[set[Any], set[Any]]:
    """Labels and classes as sets; all as text where either is, as NumPy compares them.

    On the few labels of a fold sets are ten times faster than sorted arrays.
    """
    labels, names = np.ravel(y_true), np.ravel(classes)
    if "U" in (labels.dtype.kind, names.dtype.kind):
        labels, names = labels.astype(str), names.astype(str)
    return set(labels.tolist()), set(names.tolist())


def _bad_scores(scores: np.ndarray, needs: str) -> str:
    if not np.isfinite(scores).all():
        return f"{int((~np.isfinite(scores)).sum())} scores are NaN or infinite"
    if needs == "probabilities" and (scores.min() < 0 or scores.max() > 1 + 1e-6):
        return "scores outside 0 to 1 are no probabilities"
    return ""
