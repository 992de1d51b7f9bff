"""Metrics of labels, scores and continuous predictions, all in float64.

Conventions are ours where libraries differ: a class of the task without a test trial makes
balanced accuracy, kappa, MCC, F1 and AUC undefined, never quietly smaller or larger.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from neurodecode.evaluation.scoring import MetricInfo, describe_metric

LOG_LOSS_CLIP = 1e-7  # fixed; scikit-learn clips at the resolution of the input's type
ECE_BINS = 15


def confusion(y_true: np.ndarray, y_pred: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Counts of true classes (rows) by predicted classes (columns).

    Returns
    -------
    counts : float array, shape (n_classes, n_classes + 1)
        The last column counts predictions that are no class of the task.

    Examples
    --------
    >>> confusion(np.array(["a", "b"]), np.array(["a", "x"]), np.array(["a", "b"]))
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    counts = np.zeros((len(classes), len(classes) + 1))
    columns = np.searchsorted(classes, y_pred).clip(max=len(classes) - 1)
    columns = np.where(classes[columns] == y_pred, columns, len(classes))
    np.add.at(counts, (np.searchsorted(classes, y_true), columns), 1)
    return counts


@describe_metric(MetricInfo("labels", title="accuracy"))
def accuracy(y_true: np.ndarray, y_pred: np.ndarray, classes: np.ndarray) -> float:
    """Share of trials predicted right.

    Examples
    --------
    >>> accuracy(np.array([0, 1, 1]), np.array([0, 1, 0]), np.array([0, 1]))
    0.6666666666666666
    """
    return float(np.mean(np.asarray(y_true) == np.asarray(y_pred)))


@describe_metric(MetricInfo("labels", title="balanced accuracy", every_class=True))
def balanced_accuracy(y_true: np.ndarray, y_pred: np.ndarray, classes: np.ndarray) -> float:
    """Mean recall over the classes of the task.

    Examples
    --------
    >>> balanced_accuracy(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0]), np.array([0, 1]))
    0.5
    """
    counts = confusion(y_true, y_pred, classes)
    return float(np.mean(np.diag(counts) / counts.sum(axis=1)))


@describe_metric(MetricInfo("labels", title="Cohen's kappa", every_class=True))
def kappa(
    y_true: np.ndarray, y_pred: np.ndarray, classes: np.ndarray, quadratic: bool = False
) -> float:
    """Agreement beyond that of independent labels with the same two marginals (Cohen 1960).

    Parameters
    ----------
    quadratic : bool, default False
        Weigh errors by their squared distance, for ordered classes.

    Examples
    --------
    >>> kappa(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]), np.array([0, 1]))
    0.5
    """
    counts = confusion(y_true, y_pred, classes)
    counts = counts / counts.sum()
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0))
    places = np.arange(counts.shape[1])
    distance = places[: len(counts), None] - places[None, :]
    weight = distance.astype(float) ** 2 if quadratic else (distance != 0).astype(float)
    return float(1 - np.sum(weight * counts) / np.sum(weight * expected))


@describe_metric(MetricInfo("labels", title="Matthews correlation", every_class=True))
def mcc(y_true: np.ndarray, y_pred: np.ndarray, classes: np.ndarray) -> float:
    """Matthews correlation of true and predicted labels; 0 where one label is predicted always.

    Examples
    --------
    >>> mcc(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]), np.array([0, 1]))
    -1.0
    """
    counts = confusion(y_true, y_pred, classes)
    n, rows, columns = counts.sum(), counts.sum(axis=1), counts.sum(axis=0)
    spread = (n**2 - np.sum(rows**2)) * (n**2 - np.sum(columns**2))
    return float((n * np.trace(counts) - rows @ columns[:-1]) / np.sqrt(spread)) if spread else 0.0


def f1_per_class(y_true: np.ndarray, y_pred: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """F1 of each class, float array, shape (n_classes,).

    Examples
    --------
    >>> f1_per_class(np.array([0, 0, 1]), np.array([0, 0, 1]), np.array([0, 1]))
    array([1., 1.])
    """
    counts = confusion(y_true, y_pred, classes)
    return 2 * np.diag(counts) / (counts.sum(axis=1) + counts[:, :-1].sum(axis=0))


@describe_metric(MetricInfo("labels", title="macro F1", every_class=True))
def f1_macro(y_true: np.ndarray, y_pred: np.ndarray, classes: np.ndarray) -> float:
    """Mean F1 over the classes of the task.

    Examples
    --------
    >>> f1_macro(np.array([0, 0, 1]), np.array([0, 0, 1]), np.array([0, 1]))
    1.0
    """
    return float(np.mean(f1_per_class(y_true, y_pred, classes)))


@describe_metric(MetricInfo("labels", title="weighted F1", every_class=True))
def f1_weighted(y_true: np.ndarray, y_pred: np.ndarray, classes: np.ndarray) -> float:
    """Mean F1 over classes, weighted by their share of the test trials.

    Examples
    --------
    >>> f1_weighted(np.array([0, 0, 1]), np.array([0, 0, 1]), np.array([0, 1]))
    1.0
    """
    share = confusion(y_true, y_pred, classes).sum(axis=1) / len(y_true)
    return float(share @ f1_per_class(y_true, y_pred, classes))


def binary_auc(positive: np.ndarray, scores: np.ndarray) -> float:
    """P(score of a positive > score of a negative), ties counted half.

    Examples
    --------
    >>> binary_auc(np.array([False, True, True]), np.array([0.1, 0.1, 0.9]))
    0.75
    """
    higher, lower = scores[positive], np.sort(scores[~positive])
    if np.isnan(scores).any():
        return float("nan")
    below, upto = (np.searchsorted(lower, higher, side) for side in ("left", "right"))
    return float((below.sum() + upto.sum()) / 2 / (len(higher) * len(lower)))


@describe_metric(MetricInfo("scores", folds="mean", title="ROC-AUC", every_class=True))
def roc_auc(
    y_true: np.ndarray,
    scores: np.ndarray,
    classes: np.ndarray,
    against: str = "one",
    weighted: bool = False,
) -> float:
    """Area under the ROC curve; over more than two classes, the mean over pairs of classes.

    Parameters
    ----------
    scores : float array, shape (n_trials, n_classes), or (n_trials,) for two classes
    against : {"one", "rest"}, default "one"
        Pairs of classes (Hand & Till 2001), or each class against all others.
    weighted : bool, default False
        Weigh pairs, or classes, by how often they occur.

    Examples
    --------
    >>> roc_auc(np.array([0, 0, 1]), np.array([0.2, 0.6, 0.5]), np.array([0, 1]))
    0.5
    """
    table = score_table(scores, len(classes))
    if len(classes) == 2:
        return binary_auc(y_true == classes[1], table[:, 1])
    values, shares = [], []
    if against == "rest":
        for column, name in enumerate(classes):
            values.append(binary_auc(y_true == name, table[:, column]))
            shares.append(np.mean(y_true == name))
    else:
        for a, b in combinations(range(len(classes)), 2):
            pair = (y_true == classes[a]) | (y_true == classes[b])
            ours, part = y_true[pair], table[pair]
            one, other = ours == classes[a], ours == classes[b]
            values.append((binary_auc(one, part[:, a]) + binary_auc(other, part[:, b])) / 2)
            shares.append(np.mean(pair))
    return float(np.average(values, weights=shares if weighted else None))


@describe_metric(MetricInfo("scores", folds="mean", title="average precision", every_class=True))
def average_precision(y_true: np.ndarray, scores: np.ndarray, classes: np.ndarray) -> float:
    """Mean precision at each positive; over more than two classes, the mean of each against rest.

    Examples
    --------
    >>> average_precision(np.array([0, 1, 1]), np.array([0.1, 0.8, 0.9]), np.array([0, 1]))
    1.0
    """
    table = score_table(scores, len(classes))
    columns = [1] if len(classes) == 2 else range(len(classes))
    return float(np.mean([_precision(y_true == classes[c], table[:, c]) for c in columns]))


def _precision(positive: np.ndarray, scores: np.ndarray) -> float:
    levels, place = np.unique(-scores, return_inverse=True)  # equal scores are one step
    hits = np.cumsum(np.bincount(place, weights=positive, minlength=len(levels)))
    seen = np.cumsum(np.bincount(place, minlength=len(levels)))
    return float(np.sum(np.diff(hits, prepend=0) * hits / seen) / hits[-1])


@describe_metric(MetricInfo("probabilities", higher_is_better=False, title="log-loss"))
def log_loss(y_true: np.ndarray, scores: np.ndarray, classes: np.ndarray) -> float:
    """Mean of minus the natural logarithm of the true class's probability.

    Rows are renormalised in float64 and clipped at 1e-7. scikit-learn clips at the resolution of
    the input type, so its value depends on float32 or float64.

    Examples
    --------
    >>> round(log_loss(np.array([0, 1]), np.array([0.1, 0.9]), np.array([0, 1])), 4)
    0.1054
    """
    table = _probabilities(scores, len(classes))
    true = table[np.arange(len(y_true)), np.searchsorted(classes, y_true)]
    return float(-np.mean(np.log(np.clip(true, LOG_LOSS_CLIP, 1 - LOG_LOSS_CLIP))))


@describe_metric(MetricInfo("probabilities", higher_is_better=False, title="Brier score"))
def brier(y_true: np.ndarray, scores: np.ndarray, classes: np.ndarray) -> float:
    """Squared error of the probabilities, summed over classes, averaged over trials.

    Examples
    --------
    >>> brier(np.array([0, 1]), np.array([0.5, 0.5]), np.array([0, 1]))
    0.5
    """
    table = _probabilities(scores, len(classes))
    truth = np.asarray(y_true)[:, None] == np.asarray(classes)[None, :]
    return float(np.mean(np.sum((table - truth) ** 2, axis=1)))


@describe_metric(
    MetricInfo("probabilities", higher_is_better=False, title="expected calibration error")
)
def ece(y_true: np.ndarray, scores: np.ndarray, classes: np.ndarray, bins: int = ECE_BINS) -> float:
    """Expected calibration error of the top label, 15 equal bins closed on the right.

    It is biased upwards: 0.088 for a perfectly calibrated binary decoder at n = 100; print
    `ece_null` beside it. Source: Guo et al. 2017 (arXiv 1706.04599).

    Examples
    --------
    >>> round(ece(np.array([0, 1]), np.array([0.1, 0.9]), np.array([0, 1])), 3)
    0.1
    """
    table = _probabilities(scores, len(classes))
    right = np.asarray(classes)[table.argmax(axis=1)] == y_true
    return _calibration_error(table.max(axis=1), right, bins)


def ece_null(scores: np.ndarray, n_draws: int = 1000, random_state: int = 0) -> tuple[float, float]:
    """Mean and 95 % point of the ECE if the probabilities were exactly right.

    Parameters
    ----------
    scores : float array, shape (n_trials, n_classes), probabilities
    n_draws : int, default 1000
    random_state : int, default 0

    Examples
    --------
    >>> mean, high = ece_null(np.column_stack([np.linspace(0, 1, 99), 1 - np.linspace(0, 1, 99)]))
    >>> 0.05 < mean < high < 0.2
    True
    """
    scores = np.asarray(scores)
    confidence = _probabilities(scores, 2 if scores.ndim == 1 else scores.shape[1]).max(axis=1)
    generator = np.random.default_rng(random_state)
    draws = [
        _calibration_error(confidence, generator.random(len(confidence)) < confidence, ECE_BINS)
        for _ in range(n_draws)
    ]
    return float(np.mean(draws)), float(np.quantile(draws, 0.95))


def _calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int) -> float:
    place = np.clip(np.ceil(confidence * bins - 1e-12) - 1, 0, bins - 1).astype(np.int64)
    gap = np.bincount(place, weights=right - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))


@describe_metric(MetricInfo("values", title="R²"))
def r2(y_true: np.ndarray, y_pred: np.ndarray, baseline: np.ndarray | None = None) -> float:
    """Mean over outputs of explained variance; undefined if an output is constant.

    Examples
    --------
    >>> r2(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 2.0]))
    1.0
    """
    return float(np.mean(r2_per_output(y_true, y_pred, baseline)))


def r2_per_output(
    y_true: np.ndarray, y_pred: np.ndarray, baseline: np.ndarray | None = None
) -> np.ndarray:
    """1 - SS_res / SS_tot of each output; NaN for constant outputs.

    Parameters
    ----------
    y_true, y_pred : float arrays, shape (n_trials, n_outputs[, n_times]) or (n_trials,)
    baseline : float array, shape (n_outputs,), default: the mean of `y_true`
        What a constant predictor knows: the *training* mean where folds are scored.

    Returns
    -------
    r2 : float array, shape (n_outputs,)

    Examples
    --------
    >>> r2_per_output(np.array([[0.0], [2.0]]), np.array([[0.0], [1.0]]))
    array([0.5])
    """
    truth, guess = _outputs(y_true), _outputs(y_pred)
    centre = truth.mean(axis=0) if baseline is None else np.asarray(baseline, dtype=np.float64)
    total = np.sum((truth - centre) ** 2, axis=0)
    total = np.where(np.ptp(truth, axis=0) == 0, np.nan, total)
    return 1 - np.sum((truth - guess) ** 2, axis=0) / total


@describe_metric(MetricInfo("values", title="correlation"))
def correlation(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Mean over outputs of Pearson's r; a constant prediction counts 0.

    Examples
    --------
    >>> round(correlation(np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0])), 6)
    1.0
    """
    return float(np.mean(correlation_per_output(y_true, y_pred)))


def correlation_per_output(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Pearson's r of each output, float array, shape (n_outputs,).

    Examples
    --------
    >>> correlation_per_output(np.array([0.0, 1.0]), np.array([3.0, 2.0]))
    array([-1.])
    """
    truth, guess = _outputs(y_true), _outputs(y_pred)
    truth, guess = truth - truth.mean(axis=0), guess - guess.mean(axis=0)
    spread = np.sqrt(np.sum(truth**2, axis=0) * np.sum(guess**2, axis=0))
    r = np.sum(truth * guess, axis=0) / np.where(spread > 0, spread, 1)
    return np.where(np.ptp(_outputs(y_true), axis=0) == 0, np.nan, r)


def score_table(scores: np.ndarray, n_classes: int) -> np.ndarray:
    """Scores as float64, shape (n_trials, n_classes); one column means the second class.

    Examples
    --------
    >>> score_table(np.array([0.25]), 2)
    array([[-0.25,  0.25]])
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim == 2 and table.shape[1] == 1:
        table = table[:, 0]
    return np.column_stack([-table, table]) if table.ndim == 1 and n_classes == 2 else table


def _probabilities(scores: np.ndarray, n_classes: int) -> np.ndarray:
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim == 1:
        table = np.column_stack([1 - table, table])
    return table / table.sum(axis=1, keepdims=True)


def _outputs(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if values.ndim == 3:  # (n, k, n_times): every sample is a case of the same outputs
        values = np.moveaxis(values, 1, 2).reshape(-1, values.shape[1])
    return values.reshape(len(values), -1)
