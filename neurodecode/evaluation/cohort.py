"""The trial table as splits see it: typed ids, times, labels. No data."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.errors import DataError

# Levels of grouping, narrow to wide, and the columns that make each one's id unique.
# A run id alone is never a group: two people both have a run "1".
LEVELS: dict[str, tuple[str, ...]] = {
    "trial": ("subject", "session", "run", "recording", "trial"),
    "block": ("subject", "session", "run", "recording", "block"),
    "recording": ("subject", "session", "run", "recording"),
    "run": ("subject", "session", "run"),
    "session": ("subject", "session"),
    "subject": ("subject",),
}
_DEFAULTS = {"subject": "1", "session": "1", "run": "1", "recording": "rec"}


@dataclass(frozen=True, eq=False)
class Cohort:
    """Ids, times and labels of all trials of one request, one entry a trial.

    Attributes
    ----------
    trials : DataFrame, str columns subject, session, run, recording, trial; others untouched
    onset, duration : float arrays, shape (n_trials,), seconds, NaN unknown
    label : int array, shape (n_trials,)
        Position of the label among the sorted labels; all zeros for continuous targets.
    classes : array, the sorted labels; empty for continuous targets
    rank : int array, shape (n_trials,)
        Place of the trial in time: by subject, session, run, recording, onset.
    dataset : str
    margin : float, seconds
        Samples kept hidden on either side of each trial (the `pad` of epochs).
    """

    trials: pd.DataFrame
    onset: np.ndarray
    duration: np.ndarray
    label: np.ndarray
    classes: np.ndarray
    rank: np.ndarray
    dataset: str
    margin: float
    _groups: dict[str, np.ndarray] = field(default_factory=dict)  # memo: every fold asks again

    @classmethod
    def of(cls, X: Any, y: Any = None) -> Cohort:
        """Read a cohort from Epochs (or `mne.Epochs`) or a bare trial table; one stays as it is."""
        if isinstance(X, Cohort) and y is None:
            return X
        frame, y, name, margin = _read(X, y)
        n = len(frame)
        trials = frame.reset_index(drop=True).copy()
        for column, default in _DEFAULTS.items():
            values = trials[column] if column in trials else pd.Series([default] * n)
            trials[column] = values.astype(str)
        onset = _seconds(trials, "onset", np.nan)
        duration = _seconds(trials, "duration", 0.0)
        rank = _time_rank(trials, onset)
        trials["trial"] = _trial_ids(trials, onset)
        if "dataset" in trials and n:
            name = str(trials["dataset"].iloc[0])
        label, classes = encode(y, n)
        return cls(trials, onset, duration, label, classes, rank, name, margin)

    def __len__(self) -> int:
        return len(self.trials)

    def groups(self, level: str) -> np.ndarray:
        """Number of each trial's group at a level (`LEVELS`, or any other column), int array.

        Raises
        ------
        DataError
            The trial table has no such column.
        """
        if level in self._groups:
            return self._groups[level]
        columns = LEVELS.get(level, (level,))
        if columns[-1] not in self.trials:
            raise DataError(
                f"trials cannot be grouped by {level!r}",
                found="columns " + ", ".join(map(str, self.trials.columns)),
                expected=f"a column {columns[-1]!r}",
                fix="epochs.with_trials(epochs.trials.assign(" + columns[-1] + "=...))",
            )
        codes = np.zeros(len(self), dtype=np.int64)
        for column in columns:
            # sorted text, so that neither row order nor hash order numbers the groups
            _, code = np.unique(self.trials[column].to_numpy().astype(str), return_inverse=True)
            codes = np.unique(codes * (code.max(initial=0) + 1) + code, return_inverse=True)[1]
        self._groups[level] = codes.astype(np.int64)
        return self._groups[level]

    def key_parts(self, level: str, rows: np.ndarray) -> list[str]:
        """What names each row's group inside its session: ``"run/trial"``, or the column's text."""
        columns = [c for c in LEVELS.get(level, (level,)) if c in ("run", level)]
        table = self.trials.iloc[rows][columns].astype(str)
        return ["/".join(row) for row in table.itertuples(index=False, name=None)]

    def names(self, level: str) -> list[str]:
        """Names found in one column, in natural order."""
        return sorted(set(self.trials[level]), key=natural)

    def ids(self, rows: np.ndarray) -> list[str]:
        """Readable ids of some trials: ``"subject/session/run: trial (onset)"``."""
        part = self.trials.iloc[rows]
        return [
            f"{subject}/{session}/{run}: {trial}"
            for subject, session, run, trial in zip(
                part["subject"], part["session"], part["run"], part["trial"], strict=True
            )
        ]


def natural(text: str) -> list[tuple[int, int, str]]:
    """Sorting key that puts ``"ses-2"`` before ``"ses-10"``."""
    pieces = re.split(r"(\d+)", str(text))
    return [(0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in pieces]


def encode(y: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels as positions among the sorted classes; floats are continuous and have no classes."""
    if y is None:
        return np.zeros(n, dtype=np.int64), np.empty(0)
    y = np.asarray(y)
    if len(y) != n:
        raise DataError("labels and trials differ in number", found=f"{len(y)} labels, {n} trials")
    if y.ndim > 1 or y.dtype.kind == "f":
        return np.zeros(n, dtype=np.int64), np.empty(0)
    if y.dtype.kind == "O":
        y = y.astype(str)
    classes, label = np.unique(y, return_inverse=True)
    return label.astype(np.int64), classes


def _read(X: Any, y: Any) -> tuple[pd.DataFrame, Any, str, float]:
    if isinstance(X, pd.DataFrame):
        return X, y, "", 0.0
    if not hasattr(X, "trials"):
        from neurodecode.core.inputs import as_epochs

        X = as_epochs(X)
    margin = float(getattr(X, "pad_samples", 0)) / float(getattr(X, "sfreq", 1.0))
    return X.trials, X.y if y is None else y, str(getattr(X, "name", None) or ""), margin


def _seconds(trials: pd.DataFrame, column: str, default: float) -> np.ndarray:
    if column not in trials:
        return np.full(len(trials), default)
    return pd.Series(trials[column]).astype(np.float64).to_numpy()


def _time_rank(trials: pd.DataFrame, onset: np.ndarray) -> np.ndarray:
    # Onsets count from the start of a recording, so wider ids sort first. Where onsets are
    # unknown the row order stands in for time; it is the only order there is.
    keys = [np.arange(len(trials)), np.nan_to_num(onset, nan=np.inf)]
    for column in ("recording", "run", "session", "subject"):
        names, code = np.unique(trials[column].to_numpy().astype(str), return_inverse=True)
        places = np.argsort(sorted(range(len(names)), key=lambda i: natural(names[i])))
        keys.append(places[code])
    rank = np.empty(len(trials), dtype=np.int64)
    rank[np.lexsort(keys)] = np.arange(len(trials))
    return rank


def _trial_ids(trials: pd.DataFrame, onset: np.ndarray) -> np.ndarray:
    # Ids from onsets survive the dropping of other trials; counting is the last resort.
    if "trial" in trials:
        return trials["trial"].astype(str).to_numpy()
    known = np.isfinite(onset)
    place: Any = np.zeros(len(trials), dtype=np.int64)
    many = np.zeros(len(trials), dtype=bool)
    if not known.all():
        place = trials.groupby(["subject", "session", "run", "recording"]).cumcount()
    recordings = trials["recording"].to_numpy()
    if (recordings != recordings[:1]).any():
        runs = trials.groupby(["subject", "session", "run"])["recording"]
        many = np.asarray(runs.transform("nunique")) > 1
    times = [
        f"{time:.6f} s" if one else f"{count:04d}"
        for time, one, count in zip(onset.tolist(), known, place, strict=True)
    ]
    names = zip(recordings, times, many, strict=True)
    return np.array([f"{rec}/{time}" if m else time for rec, time, m in names], dtype=object)
