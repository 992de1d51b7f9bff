"""Unions whose branches begin with shared steps: every branch takes features of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.pipeline import FeatureUnion, Pipeline

from neurodecode.bench.estimators import leading_trial_steps, without_targets


class Branches:
    """Trials as the branches of a union take them, side by side; indexed by trial.

    Parameters
    ----------
    parts : list of Epochs or arrays, one a branch, one row a trial

    Examples
    --------
    >>> both = Branches([np.arange(3), np.arange(3) * 10])
    >>> len(both), both[[0, 2]].parts[1].tolist()
    (3, [0, 20])
    """

    def __init__(self, parts: Sequence[Any]):
        self.parts = list(parts)

    def __len__(self) -> int:
        return len(self.parts[0])

    def __getitem__(self, rows: Any) -> Branches:
        return Branches([part[rows] for part in self.parts])

    def without_targets(self) -> Branches:
        """The same trials without labels inside."""
        return Branches([without_targets(part) for part in self.parts])


class Take(TransformerMixin, BaseEstimator):
    """First step of a branch: what that branch takes of `Branches`.

    Examples
    --------
    >>> Take(1).fit_transform(Branches([np.zeros(2), np.ones(2)])).tolist()
    [1.0, 1.0]
    """

    def __init__(self, number: int = 0):
        self.number = number

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags

    def fit(self, X: Branches, y: Any = None) -> Take:
        """Nothing to learn."""
        return self

    def transform(self, X: Branches) -> Any:
        """The part of the branch."""
        return X.parts[self.number]


def can_branch(union: Any) -> bool:
    """Whether branches of a union begin with steps of `scope = "trial"` and all may be taken apart.

    A step that gets to know new people marks their trials in the whole of what the union takes.
    """
    if not isinstance(union, FeatureUnion):
        return False
    branches = [branch for _, branch in union.transformer_list]
    if not all(isinstance(branch, Pipeline) for branch in branches):
        return False
    inner = union.get_params(deep=True).values()
    return any(map(leading_trial_steps, branches)) and not any(
        hasattr(part, "calibration_mask") for part in inner
    )


def fit_branches(
    union: FeatureUnion, X: Branches, y: np.ndarray, folds: Sequence[np.ndarray]
) -> list[FeatureUnion]:
    """A fitted union for each set of training rows; see `joins_folds`."""
    branches = cast(list[tuple[str, Pipeline]], union.transformer_list)
    fits = [
        branch.steps[1][1].fit_folds(part, y, folds)
        for (_, branch), part in zip(branches, X.parts, strict=True)
    ]
    fitted = []
    for steps in zip(*fits, strict=True):  # of one fold, one a branch
        one = cast(FeatureUnion, clone(union))
        one.transformer_list = [
            (name, Pipeline([branch.steps[0], (branch.steps[1][0], step)]))
            for (name, branch), step in zip(branches, steps, strict=True)
        ]
        fitted.append(one)
    return fitted


def joins_folds(step: Any, X: Any) -> bool:
    """Whether each branch of a union is one step that offers `fit_folds`, behind shared ones."""
    return isinstance(X, Branches) and all(
        len(branch.steps) == 2 and hasattr(branch.steps[1][1], "fit_folds")
        for _, branch in step.transformer_list
    )
