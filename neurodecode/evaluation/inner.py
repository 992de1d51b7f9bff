"""Splits inside the training data: nested searches and early stopping."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from neurodecode.evaluation.cohort import Cohort
from neurodecode.evaluation.folds import fold_key
from neurodecode.evaluation.purge import clashing
from neurodecode.evaluation.roles import Split
from neurodecode.evaluation.splits import Splitter

_LEVEL_OF_KIND = {
    "cross-subject": "subject",
    "cross-session": "session",
    "leave-one-run-out": "run",
}


def inner_split(split: Split | Splitter, trials: Any, y: Any = None, k: int = 3) -> Splitter:
    """Splitter of the outer kind for choices made inside the training data.

    Where training holds too few units of the outer kind (one session is left of two), the next
    narrower kind is used. A published split is nested by subject, session, run or trial, the
    widest of which there are at least 2.

    Parameters
    ----------
    split : Split or Splitter
        The outer split; of a `Split`, its training rows are looked at.
    trials : DataFrame, Epochs
        The table the outer split was made from (with a `Splitter`: the training trials).
    y : array, optional
    k : int, default 3, >= 2

    Returns
    -------
    splitter : Splitter; give it the *training* epochs

    Examples
    --------
    >>> import pandas as pd
    >>> trials = pd.DataFrame({"subject": list("aabbcc"), "onset": [0.0, 9.0] * 3})
    >>> outer = next(Splitter("cross-subject").roles(trials, list("xyxyxy")))
    >>> inner_split(outer, trials, list("xyxyxy"), k=2).kind
    'cross-subject'
    """
    cohort = Cohort.of(trials, y)
    rows = split.train if isinstance(split, Split) else np.arange(len(cohort))
    outer = _LEVEL_OF_KIND.get(split.kind, "trial")
    if split.kind == "published":
        outer = "subject"
    kinds = list(_LEVEL_OF_KIND)
    for kind in kinds[kinds.index(_kind_at(outer)) :] if outer != "trial" else []:
        if _widest_repetition(cohort, rows, kind) >= 2:
            return Splitter(kind, k=k, seed=split.seed, unit=_unit(split), inner=True)
    return Splitter("within-session", k=k, seed=split.seed, unit=_unit(split), inner=True)


def _kind_at(level: str) -> str:
    return {level: kind for kind, level in _LEVEL_OF_KIND.items()}[level]


def _unit(split: Split | Splitter) -> str:
    return split.unit if split.unit not in _LEVEL_OF_KIND.values() else "trial"


def _widest_repetition(cohort: Cohort, rows: np.ndarray, kind: str) -> int:
    """Fewest units of a kind found in any container that must hold at least two of them."""
    table = cohort.trials.iloc[rows]
    if kind == "cross-subject":
        return table["subject"].nunique()
    if kind == "cross-session":
        return int(table.groupby("subject")["session"].nunique().min())
    return int(table.groupby(["subject", "session"])["run"].nunique().min())


def validation_split(
    trials: Any, y: Any = None, fraction: float = 0.2, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, str]:
    """Set groups of the training data aside for early stopping.

    Whole subjects if there are at least 3, else whole sessions, else runs, else trials (windows of
    one trial together, overlapping neighbours purged). Every class is on both sides. Trials that
    the paper declares as validation (column `part` is "val") are taken as they are.

    Parameters
    ----------
    trials : DataFrame or Epochs
        Training trials only.
    y : array, shape (n_trials,), default: the labels of `trials`
    fraction : float, default 0.2, in (0, 1)
        Share of the groups set aside, at least one.
    seed : int, default 0

    Returns
    -------
    fit, valid : int64 arrays, ascending, disjoint
    level : {"published", "subject", "session", "run", "trial", "none"}
        "none": no such split exists (a class with one trial); `valid` is empty, train a fixed
        number of epochs.

    Examples
    --------
    >>> import pandas as pd
    >>> trials = pd.DataFrame({"subject": np.repeat(list("abcde"), 4)})
    >>> fit, valid, level = validation_split(trials, np.tile(["l", "r"], 10))
    >>> len(fit), len(valid), level
    (16, 4, 'subject')
    """
    cohort = Cohort.of(trials, y)
    if "part" in cohort.trials:
        part = cohort.trials["part"].to_numpy().astype(str)
        if (part == "val").any() and (part == "train").any():
            return np.flatnonzero(part == "train"), np.flatnonzero(part == "val"), "published"
    for level in ("subject", "session", "run"):
        valid = _choose_groups(cohort, cohort.groups(level), fraction, seed)
        if valid is not None:
            return np.flatnonzero(~valid), np.flatnonzero(valid), level
    return _choose_trials(cohort, fraction, seed)


def _choose_groups(
    cohort: Cohort, groups: np.ndarray, fraction: float, seed: int
) -> np.ndarray | None:
    """Mask of groups, taken in the order of their keys, that hold every class; None if hopeless."""
    distinct, first = np.unique(groups, return_index=True)
    if len(distinct) < 3:
        return None
    table = cohort.trials.iloc[first][["subject", "session", "run"]]
    # a key uses ids of this level only: of wider groups, all rows agree on them
    constant = [c for c in table if _is_constant(cohort.trials[c].to_numpy(), groups)]
    keys = [
        fold_key(cohort.dataset, seed, *ids, inner=True)
        for ids in table[constant].itertuples(index=False)
    ]
    order = distinct[np.argsort(keys)]
    wanted = max(1, math.floor(fraction * len(distinct) + 0.5))
    n_classes = len(np.unique(cohort.label))
    valid = np.zeros(len(groups), dtype=bool)
    taken = 0
    for group in order:
        mine = groups == group
        missing = np.setdiff1d(cohort.label[mine], cohort.label[valid])
        enough = len(np.unique(cohort.label[valid])) == n_classes
        left = np.unique(cohort.label[~valid & ~mine])
        if len(left) < n_classes or (taken >= wanted and (enough or not len(missing))):
            continue
        valid |= mine
        taken += 1
    complete = len(np.unique(cohort.label[valid])) == n_classes
    small = valid.sum() <= len(valid) / 2
    return valid if complete and small else None


def _is_constant(column: np.ndarray, groups: np.ndarray) -> bool:
    _, first, place = np.unique(groups, return_index=True, return_inverse=True)
    return bool(np.array_equal(column[first][place], column))


def _choose_trials(
    cohort: Cohort, fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray, str]:
    groups = cohort.groups("trial")
    distinct, first = np.unique(groups, return_index=True)
    valid = np.zeros(len(groups), dtype=bool)
    for each in np.unique(cohort.label):
        mine = [i for i in range(len(distinct)) if cohort.label[first[i]] == each]
        if len(mine) < 2:
            return np.arange(len(groups)), np.empty(0, dtype=np.int64), "none"
        wanted = min(max(1, math.floor(fraction * len(mine) + 0.5)), len(mine) - 1)
        in_time = sorted(mine, key=lambda i: cohort.rank[first[i]])
        if _overlapping(cohort):  # dealt at random, neighbours would purge most of the rest
            chosen = in_time[-wanted:]
        else:
            chosen = sorted(mine, key=lambda i: _trial_key(cohort, first[i], seed))[:wanted]
        valid |= np.isin(groups, distinct[chosen])
    recording = cohort.groups("recording")
    clash = clashing(recording, cohort.onset, cohort.duration, np.flatnonzero(valid))
    fit = np.setdiff1d(np.flatnonzero(~valid), clash)
    if len(np.unique(cohort.label[fit])) < len(np.unique(cohort.label)):
        return np.arange(len(groups)), np.empty(0, dtype=np.int64), "none"
    return fit, np.flatnonzero(valid), "trial"


def _overlapping(cohort: Cohort) -> bool:
    order = np.argsort(cohort.rank)
    recording, onset = cohort.groups("recording")[order], cohort.onset[order]
    end = onset + cohort.duration[order]
    same = recording[1:] == recording[:-1]
    return bool(np.any(same & (onset[1:] < end[:-1] - 1e-9)))


def _trial_key(cohort: Cohort, row: int, seed: int) -> str:
    ids = cohort.trials.iloc[row][["subject", "session"]]
    name = cohort.key_parts("trial", np.array([row]))[0]
    return fold_key(cohort.dataset, *ids, seed, name, inner=True)
