"""Domains of a trial table: whose trials belong together, in time order, and who is the target."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from neurodecode.core.errors import DataError, did_you_mean

DOMAINS = ("subject", "session", None)
ROLE = "role"  # column of training tables; the benchmark writes it where a split calibrates
TARGET = "target"


def rows_by_domain(trials: pd.DataFrame, by: str | None, where: str) -> dict[str, np.ndarray]:
    """Rows of each domain, in time order (session, run, onset).

    Parameters
    ----------
    trials : DataFrame, trial table of `Epochs`
    by : "subject", "session" or None
        What a domain is: a subject, a session of a subject, or everything at once.
    where : str
        Named in the error.

    Returns
    -------
    rows : dict of domain name -> int64 array, by sorted name

    Raises
    ------
    DataError
        Another value of `by`.

    Examples
    --------
    >>> from neurodecode.core.trials import check_trials
    >>> table = check_trials(pd.DataFrame({"subject": ["a", "b", "a"], "onset": [2, 0, 1]}), 3, 1.0)
    >>> {name: rows.tolist() for name, rows in rows_by_domain(table, "subject", "example").items()}
    {'subject a': [2, 0], 'subject b': [1]}
    """
    if by not in DOMAINS:
        raise DataError(
            f"{where}: no such by",
            found=repr(by),
            expected=", ".join(map(repr, DOMAINS)),
            fix=did_you_mean(str(by), [each for each in DOMAINS if each]),
        )
    subjects, sessions = list(trials["subject"]), list(trials["session"])
    if by is None:
        names = ["all trials"] * len(trials)
    elif by == "subject":
        names = [f"subject {subject}" for subject in subjects]
    else:
        names = [
            f"subject {one}, session {two}" for one, two in zip(subjects, sessions, strict=True)
        ]
    keys = zip(
        map(_natural, sessions),
        map(_natural, trials["run"]),
        np.nan_to_num(trials["onset"]),
        strict=True,
    )
    in_time = sorted(enumerate(keys), key=lambda pair: pair[1])
    rows: dict[str, list[int]] = {name: [] for name in sorted(set(names))}
    for i, _ in in_time:
        rows[names[i]].append(i)
    return {name: np.array(some) for name, some in rows.items()}


def target_rows(trials: pd.DataFrame) -> np.ndarray:
    """Mask of the labelled trials of the target: calibration trials among the training trials.

    Parameters
    ----------
    trials : DataFrame
        With "target" in the column `role` for these; without the column nobody is the target.

    Returns
    -------
    mask : bool array, shape (n_trials,)

    Examples
    --------
    >>> target_rows(pd.DataFrame({"role": ["source", "target"]})).tolist()
    [False, True]
    """
    if ROLE not in trials:
        return np.zeros(len(trials), dtype=bool)
    return (trials[ROLE] == TARGET).to_numpy()


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key under which session 10 follows session 9."""
    parts = re.split(r"(\d+)", text)
    return tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts if p)
