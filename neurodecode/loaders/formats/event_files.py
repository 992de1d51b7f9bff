"""Events that lie apart from their recording: arrays, tables and files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.errors import DataError
from neurodecode.core.events import check_events

# Columns of tables in the wild, the first found wins.
_LABELS = ("label", "trial_type", "event", "description", "type", "marker", "value", "code")
_CODES = ("code", "value")


def read_events(source: Any, sfreq: float, first_sample: int, n_times: int) -> pd.DataFrame:
    """Events of a file, a table or an array.

    Parameters
    ----------
    source : path, DataFrame, or int array of shape (n, 3)
        ``.fif``, ``.eve`` and three-column ``.txt`` files hold MNE's arrays (sample, previous
        value, code), whose samples count from the acquisition's `first_sample`. ``.tsv`` and
        ``.csv`` files and tables have a column `onset` in seconds from the recording's first
        sample, as BIDS has it, and `label`, `trial_type`, `value`, ....
    sfreq : float, Hz
    first_sample, n_times : int
        Of the recording.

    Returns
    -------
    events : DataFrame, as `check_events` gives

    Raises
    ------
    DataError
        Not events, or all of them lie outside the recording.

    Examples
    --------
    >>> read_events(np.array([[1050, 0, 7]]), 100.0, 1000, 500)["onset"].tolist()
    [0.5]
    """
    name = "the events"
    if isinstance(source, (str, Path)):
        name = Path(source).name
        source = _from_file(Path(source))
    if isinstance(source, pd.DataFrame):
        return _inside(_from_table(source, name), sfreq, n_times, name, first_sample)
    array = np.asarray(source)
    if array.ndim != 2 or array.shape[1] != 3 or array.dtype.kind not in "iuf":
        raise DataError(
            "not an array of events",
            found=f"shape {array.shape} of {array.dtype}",
            expected="(n, 3): sample (counted from first_samp), previous value, code",
        )
    array = array.astype(np.int64)
    frame = pd.DataFrame({"onset": (array[:, 0] - first_sample) / sfreq, "code": array[:, 2]})
    return _inside(check_events(frame), sfreq, n_times, name, first_sample)


def _from_file(path: Path) -> pd.DataFrame | np.ndarray:
    if not path.exists():
        raise DataError("no such file of events", found=str(path))
    if path.suffix.lower() in (".tsv", ".csv"):
        return pd.read_csv(path, sep="\t" if path.suffix.lower() == ".tsv" else ",")
    if path.name.lower().endswith((".fif", ".fif.gz", ".eve", ".lst", ".txt")):
        import mne

        try:
            return np.asarray(mne.read_events(path, verbose="error"))
        except (ValueError, OSError, IndexError, TypeError) as error:
            raise DataError(
                f"{path.name} holds no events", found=str(error).splitlines()[0],
                expected="three columns: sample, previous value, code",
                fix="read it yourself and pass events=array or DataFrame",
            ) from error  # fmt: skip
    raise DataError(
        "unknown kind of event file",
        found=path.name,
        expected=".fif, .eve, .txt (sample, previous value, code), .tsv or .csv (onset, label)",
    )


def _from_table(table: pd.DataFrame, name: str) -> pd.DataFrame:
    frame = table.copy()
    label = next((column for column in _LABELS if column in frame), None)
    if "onset" not in frame or label is None:
        raise DataError(
            f"{name}: not a table of events",
            found="columns " + ", ".join(map(str, frame.columns)),
            expected=f"onset (s) and one of {', '.join(_LABELS)}",
        )
    frame["label"] = frame[label]
    code = next((column for column in _CODES if column in frame), None)
    if code is not None and pd.api.types.is_integer_dtype(frame[code]):
        frame["code"] = frame[code]
    elif "code" in frame:
        frame = frame.drop(columns="code")
    if "duration" in frame:
        frame["duration"] = pd.to_numeric(frame["duration"], errors="coerce")
    return check_events(frame)


def _inside(
    events: pd.DataFrame, sfreq: float, n_times: int, name: str, first_sample: int
) -> pd.DataFrame:
    outside = (events["onset"] < 0) | (events["onset"] * sfreq > n_times)
    if len(events) and outside.all():
        low, high = events["onset"].min(), events["onset"].max()
        raise DataError(
            f"all of {name} lie outside the recording",
            found=f"onsets from {low:.4g} to {high:.4g} s",
            expected=f"within 0 to {n_times / sfreq:.4g} s",
            fix=f"samples of (n, 3) arrays count from first_samp (here {first_sample}); onsets of "
            "tables are seconds from the first sample",
        )
    return events
