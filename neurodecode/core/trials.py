"""The trial table: one row a trial, with the columns that splits and groups rely on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.checks import float_array, frame_of, text_array
from neurodecode.core.errors import DataError, did_you_mean

ID_COLUMNS = ("recording", "subject", "session", "run")
_FRONT = ("recording", "onset", "duration", "subject", "session", "run")
PARTS = ("train", "val", "test")


def check_trials(trials: pd.DataFrame | None, n: int, duration: float) -> pd.DataFrame:
    """Complete and check a trial table.

    Parameters
    ----------
    trials : DataFrame or None
        One row a trial; its index is ignored, extra columns are kept.
    n : int
        Number of trials.
    duration : float
        Seconds, used where the table has no `duration`.

    Returns
    -------
    trials : DataFrame
        With `recording`, `subject`, `session`, `run` as text, `onset` and `duration` as float
        seconds (NaN onset: unknown), a fresh index.

    Raises
    ------
    DataError
        Another number of rows, or a `part` that is none of train, val, test.

    Examples
    --------
    >>> list(check_trials(None, 2, 1.5)["subject"])
    ['1', '1']
    """
    if trials is None:
        trials = pd.DataFrame(index=range(n))
    if not isinstance(trials, pd.DataFrame) or len(trials) != n:
        found = f"{len(trials)} rows" if hasattr(trials, "__len__") else type(trials).__name__
        raise DataError(
            "the trial table does not fit the data",
            found=found,
            expected=f"a DataFrame of {n} rows, one per trial",
        )
    if _is_checked(trials):
        return trials.reset_index(drop=True)
    columns: dict[Any, Any] = {}
    for name in _FRONT:
        if name in ID_COLUMNS:
            columns[name] = _ids(trials, name)
        elif name in trials:
            columns[name] = float_array(trials[name])
        else:
            columns[name] = np.full(n, np.nan if name == "onset" else duration)
    for name in trials.columns:
        if name not in _FRONT:
            columns[name] = trials[name].reset_index(drop=True)
    if "part" in trials:
        columns["part"] = text_array(trials["part"])
        strange = sorted(set(columns["part"]) - set(PARTS))
        if strange:
            raise DataError(
                "trial table: unknown part", found=", ".join(strange), expected=", ".join(PARTS)
            )
    return frame_of(columns, n)


def _is_checked(trials: pd.DataFrame) -> bool:
    """True for a table that passed here before, or was built like one; most are."""
    if tuple(trials.columns[: len(_FRONT)]) != _FRONT or "part" in trials:
        return False
    # By the column: pandas' own text gives an array of objects too.
    columns = {name: trials[name] for name in _FRONT}
    return all(
        column.dtype == object and all(type(value) is str for value in column.to_numpy())
        if name in ID_COLUMNS
        else column.dtype == np.float64
        for name, column in columns.items()
    )


def _ids(frame: pd.DataFrame, name: str) -> np.ndarray:
    """A column of ids as text, filled where the table has none."""
    if name not in frame:
        return text_array(["rec" if name == "recording" else "1"] * len(frame))
    n_empty = int(np.count_nonzero(pd.isna(frame[name].to_numpy())))
    if n_empty:
        raise DataError(
            f"trial table: {name} is missing for some trials",
            found=f"{n_empty} of {len(frame)} empty",
            fix=f"fill trials[{name!r}] for every trial",
        )
    return text_array(frame[name])


def check_targets(y: Any, n: int) -> np.ndarray | None:
    """Targets as an array of one entry a trial: text and integers stay labels, floats values.

    Raises
    ------
    DataError
        Another number of entries, or an object array that is not text.

    Examples
    --------
    >>> check_targets(["left", "right"], 2).dtype.kind
    'U'
    """
    if y is None:
        return None
    targets = np.asarray(y)
    if targets.dtype.kind in "OT":
        values = targets.ravel().tolist()
        if not all(isinstance(value, str) for value in values):
            raise DataError(
                "targets of mixed type",
                found=", ".join(sorted({type(value).__name__ for value in values})),
                expected="all text, all integers, or all floats",
            )
        targets = targets.astype(str)
    if targets.dtype.kind == "b":
        targets = targets.astype(np.int64)
    if targets.ndim == 0 or len(targets) != n:
        raise DataError(
            "targets do not fit the data",
            found=f"{targets.shape}",
            expected=f"{n} entries, one per trial",
            fix="y in the order of the trials; targets of sliding windows: rec.windows(target=...)",
        )
    targets = targets.view()
    targets.flags.writeable = False
    return targets


def group_column(trials: pd.DataFrame, name: str) -> np.ndarray:
    """One column of the trial table as an array.

    Raises
    ------
    DataError
        There is no such column; the message guesses the typo.

    Examples
    --------
    >>> group_column(check_trials(None, 2, 1.0), "session").tolist()
    ['1', '1']
    """
    if name not in trials:
        raise DataError(
            "no such column in the trial table",
            found=repr(name),
            expected="one of " + ", ".join(map(str, trials.columns)),
            fix=did_you_mean(name, map(str, trials.columns)),
        )
    return trials[name].to_numpy()
