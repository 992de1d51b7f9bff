"""Scores as MOABB prints them: a mean over folds for every session of every person."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from neurodecode.evaluation import score

_BY = ["dataset", "recipe", "subject", "session", "seed"]


def session_scores(
    predictions: pd.DataFrame, metrics: dict[str, str], classes: dict[str, list[str] | None]
) -> pd.DataFrame:
    """One row a data set, recipe, subject, session and seed.

    Parameters
    ----------
    predictions : DataFrame, as `Result.predictions`
    metrics : data set -> metric
    classes : data set -> labels as text in the order of the score columns, None for a continuum

    Returns
    -------
    scores : DataFrame with dataset, recipe, subject, session, seed, metric, score (mean over the
        folds that tested the session), n (test trials) and n_folds

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "dataset": "d", "recipe": "r", "subject": "1", "session": "0", "seed": 0,
    ...     "fold": [0, 0, 1], "y_true": list("aba"), "y_pred": list("aaa"), "scores": None})
    >>> session_scores(frame, {"d": "accuracy"}, {"d": ["a", "b"]})["score"].tolist()
    [0.75]
    """
    rows = []
    for key, part in predictions.groupby(_BY, sort=False, observed=True):
        dataset = key[0]  # pyright: ignore[reportIndexIssue]
        folds = [each for _, each in part.groupby("fold", sort=True)]
        values = [_score(metrics[dataset], each, classes[dataset]) for each in folds]
        rows.append((*key, metrics[dataset], float(np.mean(values)), len(part), len(folds)))  # pyright: ignore[reportGeneralTypeIssues]
    return pd.DataFrame(rows, columns=[*_BY, "metric", "score", "n", "n_folds"])


def _score(metric: str, part: pd.DataFrame, classes: list[str] | None) -> float:
    y_true, y_pred, scores = (
        np.array(part[name].tolist()) for name in ("y_true", "y_pred", "scores")
    )
    if classes is None:
        return score(metric, y_true, y_pred)
    order: Any = np.argsort(classes)
    table = scores[:, order] if scores.ndim == 2 else None
    return score(metric, y_true.astype(str), y_pred.astype(str), table, np.array(classes)[order])
