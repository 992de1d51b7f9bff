"""Spans of a recording that windows must respect: edges, gaps and bad data."""

from __future__ import annotations

import numpy as np
import pandas as pd

from neurodecode.core.checks import float_array, frame_of, text_array
from neurodecode.core.errors import DataError
from neurodecode.core.time_axis import to_samples

BREAKS = ("edge", "gap")
_NO_INTERVALS = frame_of({"onset": np.zeros(0), "duration": np.zeros(0), "kind": text_array([])}, 0)


def check_intervals(intervals: pd.DataFrame | None) -> pd.DataFrame:
    """Complete and order a table of intervals.

    Parameters
    ----------
    intervals : DataFrame or None
        onset (s from the first sample), duration (s), kind: "edge" (the clock jumps here), "gap"
        (as long as `duration`, the data are no data) or a word that starts with "BAD".

    Raises
    ------
    DataError
        A column is missing, or a kind is unknown.

    Examples
    --------
    >>> check_intervals(pd.DataFrame({"onset": [3.0], "duration": [0.0], "kind": ["edge"]})).shape
    (1, 3)
    """
    if intervals is None:
        return _NO_INTERVALS.copy()
    if not len(intervals) and list(intervals.columns) == list(_NO_INTERVALS.columns):
        return _NO_INTERVALS.copy()
    missing = {"onset", "duration", "kind"} - set(intervals.columns)
    kinds = text_array([] if missing else intervals["kind"])
    strange = [kind for kind in kinds if kind not in BREAKS and not is_bad(kind)]
    if missing or strange:
        raise DataError(
            "not a table of intervals",
            found="no column " + ", ".join(sorted(missing)) if missing else repr(strange[0]),
            expected="onset (s), duration (s), kind: 'edge', 'gap' or 'BAD_...'",
        )
    onset, duration = float_array(intervals["onset"]), float_array(intervals["duration"])
    order = np.argsort(onset, kind="stable")
    columns = {"onset": onset[order], "duration": duration[order], "kind": kinds[order]}
    return frame_of(columns, len(order))


def is_bad(kind: str) -> bool:
    """True for the kinds that mark bad data ("BAD", "BAD_muscle", "bad blink")."""
    return kind.lower().startswith("bad")


def good_spans(intervals: pd.DataFrame, sfreq: float, n_times: int) -> list[tuple[int, int]]:
    """Stretches between breaks as (start, stop) samples, stop excluded, in order.

    Examples
    --------
    >>> cut = pd.DataFrame({"onset": [3.0], "duration": [1.0], "kind": ["gap"]})
    >>> good_spans(cut, 10.0, 100)
    [(0, 30), (40, 100)]
    """
    spans, start = [], 0
    if not len(intervals):  # most recordings: no table is asked
        return [(0, n_times)] if n_times else []
    breaks = intervals.loc[intervals["kind"].isin(BREAKS)]
    for low, high in zip(*_samples(breaks, sfreq), strict=True):
        low, high = max(0, int(low)), min(n_times, int(high))
        if low > start:
            spans.append((start, min(low, n_times)))
        start = max(start, high)
    if start < n_times:
        spans.append((start, n_times))
    return spans


def _samples(frame: pd.DataFrame, sfreq: float) -> tuple[np.ndarray, np.ndarray]:
    onset, duration = frame["onset"].to_numpy(), frame["duration"].to_numpy()
    return to_samples(onset, sfreq), to_samples(onset + duration, sfreq)


def obstacles(
    intervals: pd.DataFrame, sfreq: float, n_times: int, starts: np.ndarray, length: int
) -> list[str]:
    """Why each window cannot be cut, in words; an empty text where it can.

    Parameters
    ----------
    intervals : DataFrame, as `check_intervals` gives
    sfreq : float, Hz
    n_times : int
        Samples of the recording.
    starts : int array, shape (n,)
        First samples of the windows, their margins included.
    length : int
        Samples of a window, its margins included.

    Examples
    --------
    >>> bad = pd.DataFrame({"onset": [1.0], "duration": [0.5], "kind": ["BAD_blink"]})
    >>> obstacles(bad, 10.0, 100, np.array([0, 9, 95]), 10)
    ['', 'touches BAD_blink at 1 s', 'ends after the recording']
    """
    reasons = np.full(len(starts), "", dtype=object)
    order = np.argsort(starts, kind="stable")  # what a span hits lies side by side in this order
    ordered = starts[order]
    for low, high, onset, kind in zip(
        *_samples(intervals, sfreq), intervals["onset"], intervals["kind"], strict=True
    ):
        if is_bad(kind):  # a span without duration still spoils its sample
            high, word = max(high, low + 1), f"touches {kind}"
        else:  # an edge lies before its sample, where a window may start
            word = f"crosses a {kind}"
        begin = np.searchsorted(ordered, low - length, side="right")
        hit = order[begin : np.searchsorted(ordered, high, side="left")]
        hit = hit[reasons[hit] == ""]
        reasons[hit] = f"{word} at {onset:.4g} s".replace("a edge", "an edge")
    reasons[starts + length > n_times] = "ends after the recording"
    reasons[starts < 0] = "starts before the recording"
    return reasons.tolist()
