"""MOABB's folds, for numbers that must be MOABB's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurodecode.core.errors import DataError
from neurodecode.evaluation.cohort import Cohort
from neurodecode.evaluation.cuts import Cut
from neurodecode.evaluation.splits import Splitter


@dataclass(frozen=True)
class MoabbSplitter(Splitter):
    """The folds of MOABB 1.7: shuffled within a session, one session, or one person left out.

    Within a session they are those of scikit-learn's ``StratifiedKFold(k, shuffle=True)`` with a
    generator that starts anew in every session. They depend on the order of rows, trials that
    overlap in time may lie on both sides, and nothing is purged: use `split` where the number need
    not be MOABB's. Source: Jayaram, Barachant 2018, 10.1088/1741-2552/aadea0, and MOABB 1.7.2.

    Examples
    --------
    >>> import pandas as pd
    >>> trials = pd.DataFrame({"onset": [0.0, 2.0, 4.0, 6.0]})
    >>> folds = MoabbSplitter("within-session", 2).split(trials, list("abab"))
    >>> [test.tolist() for _, test in folds]
    [[1, 2], [0, 3]]
    """

    def cuts(self, cohort: Cohort) -> list[Cut]:
        """Who is tested, fold by fold."""
        if self.kind == "within-session":
            return self._shuffled(cohort)
        if self.kind == "cross-session":
            return _left_out(cohort, within="subject", unit="session")
        if self.kind == "cross-subject":
            return _left_out(cohort, within=None, unit="subject")
        raise DataError(
            f"MOABB has no split {self.kind!r}",
            found=f"split={self.kind!r}",
            expected="'within-session', 'cross-session' or 'cross-subject'",
        )

    def _shuffled(self, cohort: Cohort) -> list[Cut]:
        from sklearn.model_selection import StratifiedKFold

        k, cuts = 5 if self.k is None else self.k, []
        sessions = cohort.groups("session")
        for session in np.unique(sessions):
            rows = np.flatnonzero(sessions == session)
            label = cohort.label[rows]
            if np.bincount(label).max() < k:
                raise DataError(
                    "a session with fewer trials of every class than folds",
                    found=f"{np.bincount(label).max()} trials, k={k}",
                    expected=f"at least {k} of one class",
                    fix="fewer folds: k=...",
                )
            folds = StratifiedKFold(k, shuffle=True, random_state=self.seed)
            for number, (train, test) in enumerate(folds.split(rows, label)):
                cuts.append(Cut(rows[train], rows[test], number, k))
        return cuts

    def _clashing(self, cohort: Cohort, test: np.ndarray) -> np.ndarray:
        return np.zeros(len(cohort), dtype=bool)


def _left_out(cohort: Cohort, within: str | None, unit: str) -> list[Cut]:
    """Each unit against the others of its group; groups of one unit are passed over."""
    groups = np.zeros(len(cohort), dtype=np.int64) if within is None else cohort.groups(within)
    units, cuts = cohort.groups(unit), []
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        every = np.unique(units[rows])
        if len(every) > 1:
            for number, each in enumerate(every):
                test = units[rows] == each
                cuts.append(Cut(rows[~test], rows[test], number, len(every)))
    if not cuts:
        raise DataError(
            f"nothing can be left out: there is one {unit} only",
            found=f"one {unit}" + (f" in every {within}" if within else ""),
            expected=f"at least two {unit}s",
            fix="split='within-session'",
        )
    return cuts
