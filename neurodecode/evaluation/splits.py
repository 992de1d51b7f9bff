"""Splitters: scikit-learn's `split`, and the four roles behind it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.evaluation.calibration import calibrate
from neurodecode.evaluation.cohort import Cohort
from neurodecode.evaluation.cuts import KINDS, UNITS, Cut, independent_units
from neurodecode.evaluation.purge import clashing
from neurodecode.evaluation.roles import Split, check_groups, check_roles, leak, role_stamp


@dataclass(frozen=True)
class Splitter:
    """Cross-validation that knows trials, runs, sessions and people; see `split`.

    Works wherever scikit-learn takes ``cv=``. It reads only the trial table of `X` (or a bare
    DataFrame) and the labels, never the data.

    Examples
    --------
    >>> import pandas as pd
    >>> trials = pd.DataFrame({"subject": ["a", "a", "b", "b"], "onset": [0.0, 5.0, 0.0, 5.0]})
    >>> [test.tolist() for _, test in Splitter("cross-subject").split(trials, list("xyxy"))]
    [[0, 1], [2, 3]]
    """

    kind: str
    k: int | None = 5
    seed: int = 0
    order: str = "block"
    gap: float | None = None
    unit: str = "trial"
    direction: str = "any"
    n_calibration: int = 0
    max_calibration: int = 0
    transductive: bool = False
    inner: bool = False

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Rows of training and test, fold after fold (`groups` is ignored: `X` has its own).

        Yields
        ------
        train, test : int64 arrays, ascending
        """
        for each in self.roles(X, y):
            yield each.train, each.test

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Number of folds; needs the trials.

        Raises
        ------
        DataError
            No `X`.
        """
        if X is None:
            raise DataError(
                "the number of folds depends on the trials",
                found="X=None",
                fix="get_n_splits(epochs, epochs.y)",
            )
        return len(self.cuts(Cohort.of(X, y)))

    def cuts(self, cohort: Cohort) -> list[Cut]:
        """Who is tested, fold by fold, before calibration and purging."""
        return KINDS[self.kind](self, cohort)

    def roles(
        self, X: Any, y: Any = None, subjects: Collection[str] | None = None
    ) -> Iterator[Split]:
        """All splits with their four roles.

        Parameters
        ----------
        X : Epochs, mne.Epochs, or DataFrame of trials
            The *whole* cohort: folds made from a part of it would be other folds.
        y : array, shape (n_trials,), default: the labels of `X`
        subjects : collection of str, optional
            Yield only folds that test one of these people; folds do not change.

        Raises
        ------
        LeakageError
            The design cannot be split this way, or test trials would reach training.
        DataError
            Columns or trials are missing.
        """
        cohort = Cohort.of(X, y)
        domain = _domains(cohort, self.kind)
        units = independent_units(cohort, self.unit)
        hashes = _id_hashes(cohort)
        wanted = None if subjects is None else set(map(str, subjects))
        people = cohort.trials["subject"].to_numpy()
        for cut in self.cuts(cohort):
            if wanted is None or wanted & set(people[cut.test]):
                made = self._assign(cohort, cut, domain, units, hashes)
                if hasattr(X, "check_one_person"):  # people whose channels differ
                    X.check_one_person(np.concatenate([made.train, made.test]))
                yield made

    def _assign(
        self,
        cohort: Cohort,
        cut: Cut,
        domain: np.ndarray,
        units: np.ndarray,
        hashes: np.ndarray,
    ) -> Split:
        labelled, unlabelled, test = calibrate(self, cohort, cut.test, domain)
        clash = self._clashing(cohort, test)
        n_purged = int(clash[cut.source].sum() + clash[labelled].sum())
        source = np.sort(cut.source[~clash[cut.source]])
        labelled = labelled[~clash[labelled]]
        unlabelled = test if self.transductive else unlabelled[~clash[unlabelled]]
        _check_source_left(cohort, cut, source)
        made = Split(
            kind=self.kind,
            source=source,
            target_unlabelled=unlabelled,
            target_labelled=labelled,
            test=test,
            domain=domain,
            fold=cut.fold,
            n_folds=cut.n_folds,
            subject=_only(cohort.trials["subject"].to_numpy()[test]),
            session=_only(cohort.trials["session"].to_numpy()[test]),
            unit=UNITS.get(self.kind, self.unit),
            n_units=len(np.unique(units[test])),
            n_purged=n_purged,
            seed=self.seed,
            transductive=self.transductive,
            stamp=role_stamp(self.kind, [source, unlabelled, labelled, test], hashes),
        )
        check_roles(made, cohort)
        check_groups(made, cohort, self.unit)
        return made

    def _clashing(self, cohort: Cohort, test: np.ndarray) -> np.ndarray:
        # Hidden margins are samples too: two trials share some if nearer than twice the margin.
        gap = 2 * cohort.margin if self.gap is None else self.gap
        rows = clashing(cohort.groups("recording"), cohort.onset, cohort.duration, test, gap)
        mask = np.zeros(len(cohort), dtype=bool)
        mask[rows] = True
        return mask


def split(
    kind: str,
    k: int | None = 5,
    seed: int = 0,
    order: str = "block",
    gap: float | None = None,
    *,
    unit: str = "trial",
    direction: str = "any",
    n_calibration: int = 0,
    max_calibration: int | None = None,
    transductive: bool = False,
) -> Splitter:
    """A splitter by name of the question asked.

    Folds depend on trial ids and the seed only: not on the order of rows, nor on the process.

    Source: Varoquaux 2018 (10.1016/j.neuroimage.2017.06.061); White & Power 2023
    (10.3390/s23136077). We differ from scikit-learn and MOABB in cutting sessions in time.

    Parameters
    ----------
    kind : {"within-session", "cross-session", "cross-subject", "leave-one-run-out", "published"}
        Tested are: a piece of each session; each session against the person's others; people
        never seen; each run against the session's others; the list in the column `part`.
    k : int or None, default 5
        Folds of "within-session" and groups of people of "cross-subject" (None, or not fewer than
        there are people: one person a fold). Other kinds have as many folds as units.
    seed : int, default 0
        Deals people and shuffled trials anew; contiguous blocks do not depend on it.
    order : {"block", "shuffled"}, default "block"
        Within a session: contiguous pieces in time, or trials dealt by hash of their id. Shuffled
        is honest only if trials do not overlap and labels alternate.
    gap : float, seconds >= 0, default: twice the hidden margin of the epochs
        Training trials that come nearer to a test trial are purged and counted.
    unit : str, default "trial"
        What must stay on one side: "trial" (windows of one trial), "block", or any column of the
        trial table such as "stimulus".
    direction : {"any", "forward"}, default "any"
        "forward": cross-session training uses earlier sessions only.
    n_calibration : int, default 0
        First trials of each class of the test person or session that are given with labels.
    max_calibration : int, default `n_calibration`
        Largest value of a series of calibrations: tests begin behind it, so all share one test set.
    transductive : bool, default False
        Declares that test trials, without labels, may be looked at while adapting.

    Returns
    -------
    splitter : Splitter, with `split`, `get_n_splits` (scikit-learn) and `roles`

    Raises
    ------
    DataError
        An unknown word or a value out of range.

    Examples
    --------
    >>> import pandas as pd
    >>> trials = pd.DataFrame({"onset": [0.0, 2.0, 4.0, 6.0], "run": list("1122")})
    >>> cv = split("leave-one-run-out")
    >>> [(train.tolist(), test.tolist()) for train, test in cv.split(trials, list("abab"))]
    [([2, 3], [0, 1]), ([0, 1], [2, 3])]
    """
    _check_word("kind", kind, tuple(KINDS))
    _check_word("order", order, ("block", "shuffled"))
    _check_word("direction", direction, ("any", "forward"))
    largest = n_calibration if max_calibration is None else max_calibration
    ranges = {
        "k": (k, k is None or k >= 2, "an integer >= 2, or None"),
        "gap": (gap, gap is None or gap >= 0, "seconds >= 0"),
        "n_calibration": (n_calibration, 0 <= n_calibration <= largest, f"0 to {largest}"),
    }
    for name, (value, good, expected) in ranges.items():
        if not good:
            raise DataError(f"{name} out of range", found=repr(value), expected=expected)
    if largest and kind not in ("cross-session", "cross-subject"):
        raise DataError(
            f"{kind!r} has no calibration trials",
            found=f"n_calibration={n_calibration}, max_calibration={largest}",
            expected="kind 'cross-session' or 'cross-subject'",
        )
    return Splitter(
        kind, k, seed, order, gap, unit, direction, n_calibration, largest, transductive
    )


def _check_word(name: str, word: str, allowed: tuple[str, ...]) -> None:
    if word not in allowed:
        raise DataError(
            f"no {name} of that name",
            found=repr(word),
            expected=", ".join(map(repr, allowed)),
            fix=did_you_mean(str(word), allowed) or None,
        )


def _domains(cohort: Cohort, kind: str) -> np.ndarray:
    subject = cohort.trials["subject"].to_numpy().astype(str)
    if kind == "cross-subject":
        return subject
    session = cohort.trials["session"].to_numpy().astype(str)
    return np.array([f"{a}/{b}" for a, b in zip(subject, session, strict=True)])


def _id_hashes(cohort: Cohort) -> np.ndarray:
    columns = ("subject", "session", "run", "recording", "trial")
    rows = zip(*(cohort.trials[column].to_numpy() for column in columns), strict=True)
    return np.array([hashlib.sha256("|".join(row).encode()).digest()[:16] for row in rows])


def _only(names: np.ndarray) -> str:
    return str(names[0]) if np.all(names == names[0]) else "all"


def _check_source_left(cohort: Cohort, cut: Cut, source: np.ndarray) -> None:
    n_purged = len(cut.source) - len(source)
    if 2 * n_purged > len(cut.source):
        raise leak(
            f"training would lose {n_purged} of {len(cut.source)} trials that overlap test trials",
            cohort,
            np.setdiff1d(cut.source, source),
            "trials that do not overlap in time, or tests that lie together in time",
            fix="order='block', fewer folds, or a smaller gap",
        )
