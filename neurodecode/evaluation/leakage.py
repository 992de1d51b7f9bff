"""Guards: what must not cross from training to test, named trial by trial."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np

from neurodecode.core.errors import LeakageError
from neurodecode.evaluation.cohort import Cohort
from neurodecode.evaluation.purge import clashing
from neurodecode.evaluation.roles import Split, check_groups, check_roles, leak

_TELLING_BITS = 64  # trials of counts below this repeat by chance among a million pairs


def check_split(
    split: Split | tuple[np.ndarray, np.ndarray],
    trials: Any,
    data: Any = None,
    *,
    y: Any = None,
    unit: str | None = None,
    gap: float = 0.0,
) -> None:
    """Refuse a split through which test data reach training.

    Checked are, in this order: trials in two roles; groups on both sides; labels that are constant
    inside people who are on both sides; overlap in time; equal bytes (if `data` are given).

    Parameters
    ----------
    split : Split, or (train, test) rows from any other splitter
    trials : DataFrame or Epochs
    data : array, shape (n_trials, ...), optional
    y : array, shape (n_trials,), default: the labels of `trials`
    unit : str, default: the level of the split, "trial" for bare rows
        Column or level no group of which may be on both sides ("stimulus", "block", "run").
    gap : float, default 0, seconds

    Raises
    ------
    LeakageError
        Names the test trials; `.trials` holds them all.

    Examples
    --------
    >>> import pandas as pd
    >>> trials = pd.DataFrame({"onset": [0.0, 1.0, 2.0], "duration": 1.5})
    >>> check_split((np.array([0]), np.array([2])), trials)
    >>> check_split((np.array([0]), np.array([1])), trials)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    neurodecode.core.errors.LeakageError: test trials overlap training trials in time...
    """
    cohort = Cohort.of(trials, y)
    split = split if isinstance(split, Split) else _from_rows(*split, unit or "trial")
    check_roles(split, cohort)
    if unit is not None:
        check_groups(split, cohort, unit)
    _check_subject_labels(split, cohort)
    learned = split.train
    if not split.transductive:
        learned = np.union1d(learned, split.target_unlabelled)
    # training trials that clash with test trials, and from their side the test trials
    clash = np.intersect1d(_clashes(cohort, split.test, gap), learned)
    if len(clash):
        rows = np.intersect1d(_clashes(cohort, clash, gap), split.test)
        raise leak(
            "test trials overlap training trials in time",
            cohort,
            rows,
            f"{gap:g} s or more between them" if gap else "no shared samples",
            fix="split(kind, gap=...) purges the training trials that overlap",
        )
    if data is not None:
        _check_identical(cohort, data, learned, split.test)


def _clashes(cohort: Cohort, test: np.ndarray, gap: float) -> np.ndarray:
    return clashing(cohort.groups("recording"), cohort.onset, cohort.duration, test, gap)


def identical_trials(data: Any, first: np.ndarray, second: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of trials with equal float32 bytes, one from each list of rows.

    Constant (flat) trials are exempt: a dead channel repeats itself without any leak. So are
    counts that carry little information: two trials of a few spikes are equal by chance.

    Parameters
    ----------
    data : array, shape (n_trials, ...)
    first, second : int arrays, rows

    Returns
    -------
    pairs : list of (row of first, row of second), sorted

    Examples
    --------
    >>> data = np.array([[1.5, 2.0], [3.0, 4.5], [1.5, 2.0]])
    >>> identical_trials(data, np.array([0, 1]), np.array([2]))
    [(0, 2)]
    """
    data = np.asarray(data)
    known: dict[bytes, list[int]] = {}
    for row in first:
        if (key := _trial_hash(data[row])) is not None:
            known.setdefault(key, []).append(int(row))
    pairs = []
    for row in second:
        key = _trial_hash(data[row])
        pairs += [(other, int(row)) for other in known.get(key, ())] if key else []
    return sorted(pairs)


def has_copies(data: Any) -> bool:
    """Whether any two trials are equal, as `identical_trials` compares them.

    Parameters
    ----------
    data : array, shape (n_trials, ...)

    Examples
    --------
    >>> has_copies(np.array([[1.5, 2.0], [3.0, 4.5], [1.5, 2.0]]))
    True
    """
    data = np.asarray(data)
    flat = data.reshape(len(data), math.prod(data.shape[1:]))
    # Trials that differ in a few values are no copies; only the others are read whole.
    few = np.ascontiguousarray(flat[:, :: max(1, flat.shape[1] // 64)], dtype=np.float32)
    alike: dict[bytes, list[int]] = {}
    for row, values in enumerate(few):
        alike.setdefault(values.tobytes(), []).append(row)
    for rows in alike.values():
        hashes = [_trial_hash(data[row]) for row in rows] if len(rows) > 1 else []
        known = [key for key in hashes if key is not None]
        if len(set(known)) < len(known):
            return True
    return False


def near_copies(
    data: Any,
    first: np.ndarray,
    second: np.ndarray,
    lags: tuple[int, ...] = (0,),
    threshold: float = 0.999,
) -> list[tuple[int, int]]:
    """Pairs of trials that are rescaled or recut copies of one another.

    Compared are z-scored trials, averaged over 4 samples, at the given lags.

    Parameters
    ----------
    data : float array, shape (n_trials, n_channels, n_times)
    first, second : int arrays, rows
    lags : tuple of int, samples, default (0,)
        Windows: also plus and minus one step.
    threshold : float, default 0.999, correlation

    Returns
    -------
    pairs : list of (row of first, row of second), sorted

    Examples
    --------
    >>> trial = np.random.default_rng(0).standard_normal((1, 2, 40))
    >>> near_copies(np.concatenate([trial, 3 * trial + 1]), np.array([0]), np.array([1]))
    [(0, 1)]
    """
    data = np.asarray(data)
    pairs: set[tuple[int, int]] = set()
    n_times = data.shape[-1]
    for lag in lags:
        length = n_times - abs(lag)
        one = _standardised(data[first][..., max(lag, 0) : max(lag, 0) + length])
        other = _standardised(data[second][..., max(-lag, 0) : max(-lag, 0) + length])
        hits = np.argwhere(one @ other.T > threshold)
        pairs.update((int(first[i]), int(second[j])) for i, j in hits)
    return sorted(pairs)


def refuse_fitted(estimator: Any) -> None:
    """Refuse a pipeline any part of which has already learned, maybe from test data.

    Steps that learn nothing (tag ``requires_fit=False``) and frozen estimators are told apart: the
    former pass, the latter survive cloning and are refused.

    Raises
    ------
    LeakageError
        Names the fitted parts.

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> refuse_fitted(StandardScaler())
    """
    fitted = sorted(name for name, part in _parts("", estimator) if _has_learned(part))
    if fitted:
        raise LeakageError(
            "this pipeline has been fitted before",
            found="fitted: " + ", ".join(name or type(estimator).__name__ for name in fitted),
            expected="steps that learn inside each fold only",
            fix="sklearn.base.clone(pipeline), and no FrozenEstimator in it",
        )


def _from_rows(train: np.ndarray, test: np.ndarray, unit: str) -> Split:
    none = np.empty(0, dtype=np.int64)
    return Split(
        kind="rows", source=np.asarray(train), target_unlabelled=none, target_labelled=none,
        test=np.asarray(test), domain=np.empty(0, dtype=str), fold=0, n_folds=1, subject="all",
        session="all", unit=unit, n_units=len(test), n_purged=0, seed=0, transductive=False,
        stamp="",
    )  # fmt: skip


def _check_subject_labels(split: Split, cohort: Cohort) -> None:
    people = cohort.groups("subject")
    rows = np.concatenate([split.train, split.test])
    pairs = np.unique(np.stack([people[rows], cohort.label[rows]]), axis=1).shape[1]
    constant = pairs == len(np.unique(people[rows])) > 1 and len(np.unique(cohort.label[rows])) > 1
    both = np.intersect1d(people[split.train], people[split.test])
    if constant and len(both):
        raise leak(
            "labels are constant inside every subject, and subjects are on both sides",
            cohort,
            split.test[np.isin(people[split.test], both)],
            "test subjects that training has never seen",
            fix="split='cross-subject'",
        )


def _check_identical(cohort: Cohort, data: Any, train: np.ndarray, test: np.ndarray) -> None:
    pairs = identical_trials(data, train, test)
    if pairs:
        names = [cohort.ids(np.array(pair)) for pair in pairs[:3]]
        first = ", ".join(f"{train_id} = {test_id}" for train_id, test_id in names)
        raise leak(
            "the same data are in training and in test",
            cohort,
            np.unique([test_row for _, test_row in pairs]),
            "different trials",
            fix="drop the copies, or keep each recording once",
            found=f"{len(pairs)} pairs ({first}); ",
        )


def _trial_hash(trial: np.ndarray) -> bytes | None:
    trial = np.ascontiguousarray(trial, dtype=np.float32)
    if not trial.size or np.all(trial == trial.flat[0]):
        return None
    if np.all(trial == np.round(trial)):
        counts = np.unique(trial, return_counts=True)[1]
        if -np.sum(counts * np.log2(counts / trial.size)) < _TELLING_BITS:
            return None
    return hashlib.sha256(trial.tobytes()).digest()


def _standardised(trials: np.ndarray) -> np.ndarray:
    """Rows of unit length, so that products are correlations; shape (n_trials, n_values)."""
    n_blocks = max(1, trials.shape[-1] // 4)
    kept = trials[..., : n_blocks * 4] if trials.shape[-1] >= 4 else trials
    means = kept.reshape(*trials.shape[:-1], n_blocks, -1).mean(axis=-1, dtype=np.float64)
    rows = means.reshape(len(trials), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1)


def _parts(name: str, estimator: Any) -> list[tuple[str, Any]]:
    """An estimator and all estimators among its parameters, with dotted names."""
    found = [(name, estimator)]
    for key, value in estimator.get_params(deep=False).items():
        items = value if isinstance(value, (list, tuple)) else [(key, value)]
        for item in items:
            label, part = key, item
            if isinstance(item, (list, tuple)) and len(item) > 1:  # (name, estimator, ...)
                label, part, *_ = item
            if hasattr(part, "get_params") and not isinstance(part, type):
                found += _parts(f"{name}.{label}" if name else label, part)
    return found


def _has_learned(part: Any) -> bool:
    if type(part).__name__ == "FrozenEstimator":
        return True
    tags = getattr(part, "__sklearn_tags__", None)
    if tags is not None and not tags().requires_fit:
        return False
    return any(key.endswith("_") and not key.startswith("_") for key in vars(part))
