"""A split is four index sets, not two."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from neurodecode.core.errors import LeakageError
from neurodecode.evaluation.cohort import Cohort
from neurodecode.evaluation.folds import SPLIT_VERSION


@dataclass(frozen=True, eq=False)
class Split:
    """Who trains, who is only looked at, who is tested: rows of the trial table by role.

    Attributes
    ----------
    kind : str
        Kind of the splitter that made it.
    source : int64 array, ascending
        Labelled trials of other folds, runs, sessions or people.
    target_unlabelled : int64 array
        Trials of the test domain whose labels must be masked; equal to `test` only if transductive.
    target_labelled : int64 array
        Calibration trials of the test domain.
    test : int64 array
    domain : str array, shape (n_trials,)
        Where each trial comes from: its subject (cross-subject), else "subject/session".
    fold, n_folds : int
        Place in, and length of, the series of folds that tests each trial once.
    subject, session : str
        Whom and what the test trials belong to; "all" if several.
    unit : str
        Level of the trial table no group of which lies on both sides.
    n_units : int
        Independent units among the test trials: groups, or blocks if labels come in blocks.
    n_purged : int
        Training trials dropped because they overlap a test trial in time.
    seed : int
    transductive : bool
    stamp : str
        Hash of kind, version and the ids in all four roles.

    Examples
    --------
    >>> import pandas as pd
    >>> from neurodecode.evaluation import split
    >>> trials = pd.DataFrame({"subject": list("aabb"), "onset": [0.0, 5.0, 0.0, 5.0]})
    >>> first = next(split("cross-subject").roles(trials, list("xyxy")))
    >>> first.subject, first.test.tolist(), first.source.tolist(), first.n_folds
    ('a', [0, 1], [2, 3], 2)
    """

    kind: str
    source: np.ndarray
    target_unlabelled: np.ndarray
    target_labelled: np.ndarray
    test: np.ndarray
    domain: np.ndarray
    fold: int
    n_folds: int
    subject: str
    session: str
    unit: str
    n_units: int
    n_purged: int
    seed: int
    transductive: bool
    stamp: str

    @property
    def train(self) -> np.ndarray:
        """Rows with labels that a decoder may learn from: source and calibration, ascending."""
        return np.sort(np.concatenate([self.source, self.target_labelled]))


def check_roles(split: Split, cohort: Cohort) -> None:
    """Refuse a split whose test trials, or the groups of its unit, play another role too.

    Raises
    ------
    LeakageError
        Names the trials; `.trials` holds them all.
    """
    others = [split.source, split.target_labelled]
    if not split.transductive:
        others.append(split.target_unlabelled)
    shared = np.intersect1d(split.test, np.concatenate(others))
    if len(shared):
        raise leak(
            "test trials play another role too", cohort, shared, "four disjoint sets of trials"
        )
    check_groups(split, cohort, split.unit)


def check_groups(split: Split, cohort: Cohort, unit: str) -> None:
    """Refuse a split with a group of one level on both sides.

    Raises
    ------
    LeakageError
        Names the test trials of these groups.
    """
    groups = cohort.groups(unit)
    both = np.intersect1d(groups[split.source], groups[split.test])
    rows = split.test[np.isin(groups[split.test], both)]
    if len(rows):
        raise leak(
            f"the same {unit} is in training and in test",
            cohort,
            rows,
            f"every {unit} on one side only",
            fix=f"split('within-session', unit={unit!r}) keeps each {unit} together",
        )


def leak(
    summary: str,
    cohort: Cohort,
    rows: np.ndarray,
    expected: str,
    fix: str | None = None,
    found: str = "",
) -> LeakageError:
    """A `LeakageError` that names the first few trials and carries all of them."""
    ids = cohort.ids(rows)
    text = f"{found}{len(ids)} trials: " + ", ".join(ids[:5]) + (", ..." if len(ids) > 5 else "")
    return LeakageError(summary, trials=ids, found=text, expected=expected, fix=fix)


def role_stamp(kind: str, roles: list[np.ndarray], id_hashes: np.ndarray) -> str:
    """Hash of who plays which role; the order of rows does not count."""
    state = hashlib.sha256(f"roles-{SPLIT_VERSION}|{kind}".encode())
    for rows in roles:
        state.update(f"|{len(rows)}|".encode())
        state.update(np.sort(id_hashes[rows]).tobytes())
    return state.hexdigest()
