"""Which trials each kind of split tests, before roles are assigned."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurodecode.core.errors import DataError, LeakageError
from neurodecode.evaluation.cohort import Cohort, natural
from neurodecode.evaluation.folds import comes_in_blocks, cut_blocks, deal, fold_key, label_runs

if TYPE_CHECKING:
    from neurodecode.evaluation.splits import Splitter

# level no group of which may lie on both sides, where the kind itself decides it
UNITS = {"leave-one-run-out": "run", "cross-session": "session", "cross-subject": "subject"}


@dataclass(frozen=True, eq=False)
class Cut:
    """Rows to test and rows to learn from, before calibration and purging."""

    source: np.ndarray
    test: np.ndarray
    fold: int
    n_folds: int


def within_session(splitter: Splitter, cohort: Cohort) -> list[Cut]:
    """k pieces of every session; a decoder never sees another session."""
    _refuse_labels_per_subject(cohort, splitter.kind)
    cuts = []
    for rows in _rows_of(cohort, "session"):
        rows = rows[np.argsort(cohort.rank[rows])]
        fold = session_folds(splitter, cohort, rows)
        n_folds = int(fold.max()) + 1
        for number in range(n_folds):
            here = fold == number
            cuts.append(Cut(rows[~here], rows[here], number, n_folds))
    return cuts


def cross_session(splitter: Splitter, cohort: Cohort) -> list[Cut]:
    """Each session of a person against the person's other, or earlier, sessions."""
    return _leave_one_out(splitter, cohort, within="subject", unit="session")


def leave_one_run_out(splitter: Splitter, cohort: Cohort) -> list[Cut]:
    """Each run against the other runs of its session."""
    return _leave_one_out(splitter, cohort, within="session", unit="run")


def cross_subject(splitter: Splitter, cohort: Cohort) -> list[Cut]:
    """People against people: one by one, or in k groups dealt by the hash of their names."""
    subject = cohort.trials["subject"].to_numpy()
    people = cohort.names("subject")
    if len(people) < 2:
        raise _one_group_only(cohort, "cross-subject", "subject")
    if splitter.k is None or splitter.k >= len(people):
        fold = np.arange(len(people))
    else:
        keys = [
            fold_key(cohort.dataset, splitter.seed, name, inner=splitter.inner) for name in people
        ]
        labels = [np.unique(cohort.label[subject == name]) for name in people]
        # people with one label each (a diagnosis) are dealt label by label
        label = np.array([each[0] if len(each) == 1 else -1 for each in labels])
        fold = deal(keys, label, splitter.k)
    fold_of = dict(zip(people, fold, strict=True))
    fold_of_trial = np.array([fold_of[name] for name in subject])
    n_folds = int(fold.max()) + 1
    cuts = []
    for number in range(n_folds):
        test = fold_of_trial == number
        cuts.append(Cut(np.flatnonzero(~test), np.flatnonzero(test), number, n_folds))
    return cuts


def published(splitter: Splitter, cohort: Cohort) -> list[Cut]:
    """The list of the paper, as stored in the column `part`; never recomputed.

    Trials of the paper's validation part are source: `validation_split` finds them there.
    """
    if "part" not in cohort.trials:
        raise DataError(
            "these trials carry no published split",
            found="columns " + ", ".join(map(str, cohort.trials.columns)),
            expected="a column 'part' with train, test and maybe val",
            fix="split('within-session') or split('cross-subject')",
        )
    part = cohort.trials["part"].to_numpy().astype(str)
    source, test = np.flatnonzero(np.isin(part, ["train", "val"])), np.flatnonzero(part == "test")
    if not len(source) or not len(test):
        raise DataError(
            "the published split has an empty side",
            found=f"{len(source)} training trials, {len(test)} test trials",
            expected="both; the whole cohort, not a part of it",
        )
    subject = cohort.trials["subject"].to_numpy()
    if set(subject[source]) & set(subject[test]):
        _refuse_labels_per_subject(cohort, "published")
    return [Cut(source, test, 0, 1)]


KINDS: dict[str, Callable[[Splitter, Cohort], list[Cut]]] = {
    "within-session": within_session,
    "cross-session": cross_session,
    "cross-subject": cross_subject,
    "leave-one-run-out": leave_one_run_out,
    "published": published,
}


def independent_units(cohort: Cohort, unit: str) -> np.ndarray:
    """Number of the independent unit of each trial: its group, or its block of equal labels.

    Where labels stay constant over blocks of trials, the block is what was randomised.
    """
    units = cohort.groups(unit).copy()
    for rows in _rows_of(cohort, "session"):
        rows = rows[np.argsort(cohort.rank[rows])]
        times_known = np.isfinite(cohort.onset[rows]).all()
        if times_known and comes_in_blocks(cohort.label[rows]):
            units[rows] = len(cohort) + rows[0] + _blocks(cohort, rows, cohort.label[rows])
    return units


def _blocks(cohort: Cohort, rows: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Runs of equal labels, in time order; none reaches into another recording."""
    return label_runs(cohort.groups("recording")[rows] * (label.max() + 1) + label)


def session_folds(splitter: Splitter, cohort: Cohort, rows: np.ndarray) -> np.ndarray:
    """Fold of each trial of one session.

    Parameters
    ----------
    rows : int array, the session's trials in time order

    Raises
    ------
    DataError
        Fewer groups than folds.
    LeakageError
        Every class is one block of time.
    """
    k = splitter.k or len(rows)
    codes = cohort.groups(splitter.unit)[rows]
    _, first, group, sizes = np.unique(
        codes, return_index=True, return_inverse=True, return_counts=True
    )
    group = np.argsort(np.argsort(first))[group]  # numbered by first appearance in time
    first, sizes = np.sort(first), sizes[np.argsort(first)]
    label = _group_labels(group, cohort.label[rows])
    where = f"{cohort.trials['subject'].iloc[rows[0]]}/{cohort.trials['session'].iloc[rows[0]]}"
    if len(sizes) < k:
        raise DataError(
            f"session {where}: fewer {splitter.unit}s than folds",
            found=f"{len(sizes)} {splitter.unit}s",
            expected=f"at least k={k}",
            fix=f"k={len(sizes)}" if len(sizes) > 1 else "split('cross-session') or another unit",
        )
    in_blocks = comes_in_blocks(label)
    if splitter.order == "shuffled":
        if in_blocks:
            _warn(f"session {where}: labels come in blocks; shuffled folds decode slow drifts.")
        return _deal_groups(splitter, cohort, rows[first], label, k)[group]
    if in_blocks:
        times_known = np.isfinite(cohort.onset[rows]).all()
        block = _blocks(cohort, rows[first], label) if times_known else None
        if splitter.inner and block is not None and _fewest_blocks(label, block) < 2:
            block = None  # too few for an inner choice, which test trials never see
        return _fold_blocks(where, label, block, k)[group]
    if np.all(np.diff(group) >= 0):
        return cut_blocks(sizes, k)[group]
    # groups that come again later (a stimulus shown twice) have no place in time
    return _deal_groups(splitter, cohort, rows[first], label, k)[group]


def _deal_groups(
    splitter: Splitter, cohort: Cohort, rows: np.ndarray, label: np.ndarray, k: int
) -> np.ndarray:
    subject, session = cohort.trials[["subject", "session"]].iloc[rows[0]]
    keys = [
        fold_key(cohort.dataset, subject, session, splitter.seed, name, inner=splitter.inner)
        for name in cohort.key_parts(splitter.unit, rows)
    ]
    return deal(keys, label, k)


def _fold_blocks(where: str, label: np.ndarray, block: np.ndarray | None, k: int) -> np.ndarray:
    """Folds that hold out blocks of every class together (None: times and blocks are unknown)."""
    times_known = block is not None
    block = np.arange(len(label)) if block is None else block
    starts = np.unique(block, return_index=True)[1]
    block_label = label[starts]
    fewest = _fewest_blocks(label, block)
    if fewest < 2:
        raise LeakageError(
            f"session {where}: time and label cannot be told apart",
            found="a class whose trials all lie in one block",
            expected="at least 2 blocks of every class",
            fix="split('cross-session') or split('cross-subject'); order='shuffled' only to show "
            "how much drift alone decodes",
        )
    k = min(k, fewest)
    if times_known:
        _warn(
            f"session {where}: labels are constant over blocks of trials; {len(starts)} blocks are "
            f"held out whole, in {k} folds. Effective n is {len(starts)}."
        )
    else:
        _warn(
            f"session {where}: trials come sorted by label, without blocks to hold out; each class "
            "is cut by itself. Drifts, if any, will look like signal."
        )
    fold = np.empty(len(starts), dtype=np.int64)
    for each in np.unique(block_label):
        mine = np.flatnonzero(block_label == each)
        fold[mine] = np.arange(len(mine)) * k // len(mine)
    return fold[block]


def _fewest_blocks(label: np.ndarray, block: np.ndarray) -> int:
    """Blocks of the class that has the fewest."""
    starts = np.unique(block, return_index=True)[1]
    return int(np.unique(label[starts], return_counts=True)[1].min())


def _leave_one_out(splitter: Splitter, cohort: Cohort, within: str, unit: str) -> list[Cut]:
    _refuse_labels_per_subject(cohort, splitter.kind)
    forward = unit == "session" and splitter.direction == "forward"
    cuts, alone = [], []
    for rows in _rows_of(cohort, within):
        column = cohort.trials[unit].to_numpy()[rows]
        names = sorted(set(column), key=natural)
        if len(names) < 2:
            alone.append(cohort.trials[within].iloc[rows[0]])
            continue
        tested = names[1:] if forward else names
        for number, name in enumerate(tested):
            earlier = names[: names.index(name)]
            source = np.isin(column, earlier) if forward else column != name
            cuts.append(Cut(rows[source], rows[column == name], number, len(tested)))
    if not cuts:
        raise _one_group_only(cohort, splitter.kind, unit)
    if alone:
        _warn(f"{splitter.kind}: not tested, with one {unit} only: {within} " + ", ".join(alone))
    return cuts


def _rows_of(cohort: Cohort, level: str) -> list[np.ndarray]:
    """Rows of each group, groups in natural order of their ids, rows ascending."""
    groups = cohort.groups(level)
    rows = [np.flatnonzero(groups == each) for each in np.unique(groups)]
    return sorted(rows, key=lambda each: cohort.rank[each].min())


def _group_labels(group: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Label of each group; groups that hold several labels share one more."""
    low = np.full(group.max() + 1, np.iinfo(np.int64).max)
    high = np.full(group.max() + 1, -1)
    np.minimum.at(low, group, label)
    np.maximum.at(high, group, label)
    return np.where(low == high, low, label.max() + 1)


def _refuse_labels_per_subject(cohort: Cohort, kind: str) -> None:
    people = cohort.groups("subject")
    pairs = np.unique(np.stack([people, cohort.label]), axis=1).shape[1]
    n_people = len(np.unique(people))
    if len(cohort.classes) > 1 and n_people > 1 and pairs == n_people:
        raise LeakageError(
            "labels are constant inside every subject: this split would recognise people",
            trials=cohort.ids(np.arange(len(cohort))),
            found=f"{n_people} subjects, each with one of {len(cohort.classes)} labels, "
            f"split={kind!r}",
            expected="test subjects that training has never seen",
            fix="split='cross-subject'",
        )


def _one_group_only(cohort: Cohort, kind: str, unit: str) -> LeakageError:
    trials = cohort.trials
    names = cohort.names(unit)
    n_runs = len(np.unique(cohort.groups("run")))
    fix = "split='within-session'"
    if unit != "run" and n_runs > 1:
        fix = f"split='leave-one-run-out' ({n_runs} folds) or 'within-session'"
    if unit == "subject":
        fix += (
            "\n             several people in one file? "
            "epochs.with_trials(epochs.trials.assign(subject=...)) before the benchmark"
        )
    per = "" if unit == "subject" else " in one " + {"session": "subject", "run": "session"}[unit]
    runs = f"{n_runs} run" + ("s" if n_runs != 1 else "")
    shown = f"1 {unit} ({names[0]!r})" if len(names) == 1 else f"1 {unit} in each"
    return LeakageError(
        f"this split would test on {unit}s it was trained on",
        trials=cohort.ids(np.arange(len(trials))),
        found=f"{shown} in {len(trials)} trials, {runs}",
        expected=f"at least 2 {unit}s{per} for split={kind!r}",
        fix=fix,
    )


def _warn(text: str) -> None:
    warnings.warn(text, UserWarning, stacklevel=2)
