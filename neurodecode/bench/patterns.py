"""Activation patterns of cells, for the head maps of the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.pipeline import Pipeline

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError

if TYPE_CHECKING:
    from neurodecode.bench.batches import Batch
    from neurodecode.bench.fold_fits import Fit
    from neurodecode.bench.summary import Findings


def reads_channels(estimator: Any, epochs: Any) -> bool:
    """Whether a pipeline has a pattern on the head that costs no second fit to find.

    Linear reading of the signals in windows or of their power, on channels with known places.
    Decoders of ERP templates read neither, and kernels or nets take as long again.
    """
    from neurodecode.decoders import WindowLDA
    from neurodecode.features import (
        CSP,
        BandPower,
        ERPCovariance,
        TangentSpace,
        WindowMeans,
        XdawnCovariance,
    )

    if not isinstance(estimator, Pipeline) or not isinstance(epochs, Epochs):
        return False
    if not np.isfinite(epochs.channels.positions).all(axis=1).any():
        return False
    steps = [step for _, step in estimator.steps]
    reads = (BandPower, CSP, TangentSpace, WindowMeans, WindowLDA)
    by_template = (ERPCovariance, XdawnCovariance)
    return any(isinstance(step, reads) for step in steps) and not any(
        isinstance(step, by_template) for step in steps
    )


def cell_pattern(batch: Batch, fit: Fit, train: np.ndarray) -> dict[str, Any] | None:
    """Pattern of a fitted pipeline on its training trials, where one is cheap to find.

    Returns
    -------
    pattern : {"classes": list of str, "values": list of one row a class, one value a channel};
        None where the decoder gives no graded scores, or the same for all trials
    """
    from neurodecode.decoders.patterns import graded_scores, pattern_of_scores, patterns_of

    try:
        if batch.seen is not None:
            scores, names = graded_scores(fit.last, fit.features)
            values = pattern_of_scores(batch.seen[train], scores)
        elif reads_channels(fit.estimator, batch.X):
            values, names = patterns_of(fit.estimator, batch.X[train])
        else:
            return None
    except (DataError, np.linalg.LinAlgError):
        return None
    return {"classes": names.tolist(), "values": values.tolist()}


def best_patterns(cells: Sequence[dict[str, Any]], findings: Findings) -> list[dict[str, Any]]:
    """For every data set the pattern of the best recipe that has one, mean over its cells.

    Parameters
    ----------
    cells : list of {"dataset", "recipe", "classes", "values"}
    findings : Findings, for the order of the recipes

    Returns
    -------
    rows : list of {"dataset", "recipe", "classes", "values", "n_cells"}; values an array
    """
    rows = []
    for dataset in findings.result.datasets:
        for recipe in findings.on(dataset)["recipe"]:
            own = [c for c in cells if (c["dataset"], c["recipe"]) == (dataset, recipe)]
            # Folds that lack a class in training speak about other contrasts.
            same = [cell for cell in own if cell["classes"] == own[0]["classes"]]
            if same:
                values = np.mean([cell["values"] for cell in same], axis=0)
                facts = {"dataset": dataset, "recipe": recipe, "classes": same[0]["classes"]}
                rows.append({**facts, "values": values, "n_cells": len(same)})
                break
    return rows
