"""Fits of one recipe in all folds of a batch: the first step that learns, jointly where it can."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from neurodecode.bench.batches import Batch
from neurodecode.bench.branches import fit_branches, joins_folds
from neurodecode.bench.cells import Cell
from neurodecode.bench.estimators import seeded
from neurodecode.core.domains import ROLE, TARGET
from neurodecode.core.runtime import seed_everything
from neurodecode.evaluation import Split


@dataclass(frozen=True)
class Fit:
    """A fitted estimator, and the part of it that has not seen its training data transformed.

    Parameters
    ----------
    estimator : fitted estimator or pipeline
    last : fitted estimator, the same or what follows its first step
    features : training data as `last` takes them
    """

    estimator: Any
    last: Any
    features: Any


@dataclass(frozen=True)
class FirstFits:
    """First learning steps of a batch, fitted jointly: cell key -> fitted step; empty where not.

    Parameters
    ----------
    steps : dict
    seconds : float, share of one cell in the time it took
    """

    steps: dict[str, Any]
    seconds: float = 0.0


def fit_first_steps(batch: Batch) -> FirstFits:
    """Fit what learns first in all folds at once, where it offers `fit_folds`.

    An error or a warning belongs to the fold it comes from: where there is any, nothing is kept,
    and each cell fits for itself and speaks for itself.
    """
    first = batch.estimator
    if isinstance(first, Pipeline):
        first = first.steps[0][1]
    has_roles = any(len(cell.split.target_labelled) for cell in batch.cells)
    offered = hasattr(first, "fit_folds") or joins_folds(first, batch.X)
    if not offered or len(batch.cells) < 2 or has_roles:
        return FirstFits({})
    seeds = {cell.seed for cell in batch.cells}
    start = time.perf_counter()
    fitted: dict[str, Any] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for seed in sorted(seeds):
                cells = [cell for cell in batch.cells if cell.seed == seed]
                seed_everything(seed)
                step = seeded(clone(first), seed)
                folds = [cell.split.train for cell in cells]
                fit = getattr(step, "fit_folds", partial(fit_branches, step))
                steps = fit(batch.X, batch.y, folds)
                fitted |= {cell.key: one for cell, one in zip(cells, steps, strict=True)}
    except Exception:
        return FirstFits({})
    return FirstFits(fitted, (time.perf_counter() - start) / len(fitted))


def fit_cell(batch: Batch, cell: Cell, first: Any = None) -> Fit:
    """Fit the estimator of a batch on the training trials of a cell.

    Parameters
    ----------
    first : fitted first step, or fitted estimator where it is one step; None: learn that too
    """
    train = cell.split.train
    X, y = with_roles(batch.X[train], train, cell.split), batch.y[train]
    estimator: Any = clone(batch.estimator)
    if batch.seed_names:
        estimator.set_params(**dict.fromkeys(batch.seed_names, cell.seed))
    seed_everything(cell.seed)
    if first is None:
        estimator.fit(X, y)
        return Fit(estimator, estimator, X)
    if not isinstance(estimator, Pipeline):
        return Fit(first, first, X)
    name = estimator.steps[0][0]
    if len(estimator.steps) == 1:
        return Fit(Pipeline([(name, first)]), first, X)
    features = first.transform(X)
    rest = Pipeline(estimator.steps[1:]).fit(features, y)
    return Fit(Pipeline([(name, first), *rest.steps]), rest, features)


def with_roles(X: Any, train: np.ndarray, split: Split) -> Any:
    """Training trials that say which of them are the target's, where a split calibrates."""
    if not len(split.target_labelled) or not hasattr(X, "with_trials"):
        return X
    roles = np.where(np.isin(train, split.target_labelled), TARGET, "source")
    return X.with_trials(X.trials.assign(**{ROLE: roles}))
