"""What stands beside the signals of an NWB file: behaviour, trials, other intervals, bad times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

Series = tuple[str, np.ndarray, np.ndarray, str]  # name, stamps (s), values (k, n), unit

_BEHAVIOUR = {"Position", "BehavioralTimeSeries", "CompassDirection", "EyeTracking",
              "PupilTracking"}  # fmt: skip
_TYPES = ("trial_type", "condition", "label", "stimulus", "type", "event_type", "stim_name")
_LOST = 5.0  # periods between two samples of behaviour from which on nothing is known between


def behaviour(nwb: Any) -> list[Series]:
    """Continuous behaviour: name, time stamps, values of shape (k, n), unit.

    Series of numbers inside Position, BehavioralTimeSeries and their like, or in a processing
    module called "behavior".
    """
    found: list[Series] = []
    taken: set[str] = set()
    for each in nwb.objects.values():
        if not _is_behaviour(each):
            continue
        data = np.asarray(each.data[:])
        if data.dtype.kind not in "fiub" or data.ndim > 2 or len(data) < 2:
            continue
        values = data.reshape(len(data), -1).T * float(each.conversion) + float(each.offset or 0.0)
        name = each.name if each.name not in taken else f"{each.parent.name} {each.name}"
        taken.add(name)
        found.append((name, _stamps(each, len(data)), values, str(each.unit)))
    return found


def _is_behaviour(each: Any) -> bool:
    if type(each).__name__ not in ("TimeSeries", "SpatialSeries") or each.data is None:
        return False
    holder = type(each.parent).__name__
    return holder in _BEHAVIOUR or (
        holder == "ProcessingModule" and each.parent.name.lower().startswith("behavi")
    )


def _stamps(series: Any, n: int) -> np.ndarray:
    if series.timestamps is not None:
        return np.asarray(series.timestamps[:], dtype=np.float64)
    return float(series.starting_time or 0.0) + np.arange(n) / float(series.rate)


def steady_targets(series: list[Series], times: np.ndarray) -> dict[str, np.ndarray]:
    """Behaviour at the given times by linear interpolation; NaN outside it and in its gaps.

    Parameters
    ----------
    series : as `behaviour` gives
    times : float array, shape (n,), s, on the file's clock

    Examples
    --------
    >>> series = [("speed", np.array([0.0, 1.0, 2.0]), np.array([[0.0, 2.0, 4.0]]), "m/s")]
    >>> steady_targets(series, np.array([0.5, 3.0]))["speed"]
    array([[ 1., nan]])
    """
    found = {}
    for name, stamps, values, _ in series:
        rows = [np.interp(times, stamps, row, left=np.nan, right=np.nan) for row in values]
        target = np.array(rows)
        steps = np.diff(stamps)
        after = np.clip(np.searchsorted(stamps, times), 1, len(stamps) - 1)
        target[:, steps[after - 1] > _LOST * np.median(steps)] = np.nan
        found[name] = target
    return found


def event_table(nwb: Any) -> pd.DataFrame:
    """Events on the file's clock: trials, other intervals, annotations.

    A trial is labelled "trial", or "trial/TYPE" where a column tells its type, and lasts as long
    as it does. Every other column of times ("go_cue_time") gives events of its own
    ("go_cue/TYPE"). Columns of one value a trial go with all of them.
    """
    tables = [_interval_events(t) for t in _interval_tables(nwb)]
    tables += [
        pd.DataFrame({"onset": each.timestamps[:], "label": [str(w) for w in each.data[:]]})
        for each in nwb.objects.values()
        if type(each).__name__ == "AnnotationSeries" and len(each.data)
    ]
    tables = [table for table in tables if len(table)]
    if not tables:
        return pd.DataFrame({"onset": [], "label": []})
    return pd.concat(tables, ignore_index=True).sort_values("onset", kind="stable")


def _interval_tables(nwb: Any) -> Iterator[Any]:
    for table in (nwb.intervals or {}).values():
        if table.name != "invalid_times" and len(table):
            yield table


def _interval_events(table: Any) -> pd.DataFrame:
    frame = _plain_columns(table)
    word = "trial" if table.name == "trials" else table.name
    types = next((frame[name].map(str) for name in _TYPES if name in frame), None)
    if "tags" in table.colnames:
        tags = ["/".join(map(str, table["tags"][i])) for i in range(len(table))]
        types = pd.Series(tags, index=frame.index)
    tail = pd.Series("", index=frame.index) if types is None else "/" + types
    start = frame.pop("start_time").astype(np.float64)
    stop = frame.pop("stop_time").astype(np.float64)
    times = [n for n in frame.columns if n.endswith("_time") and frame[n].dtype.kind == "f"]
    extra = frame.drop(columns=times)
    parts = [extra.assign(onset=start, duration=stop - start, label=word + tail)]
    parts += [
        extra.assign(onset=frame[name], duration=0.0, label=name.removesuffix("_time") + tail)
        for name in times
    ]
    return pd.concat(parts, ignore_index=True).dropna(subset=["onset"])


def _plain_columns(table: Any) -> pd.DataFrame:
    """Columns of one number or word a row; ragged ones and references are left out."""
    columns = {}
    for name in table.colnames:
        values = table[name]
        if hasattr(values, "target") or type(values).__name__ == "VectorIndex":
            continue
        array = np.asarray(values[:])
        if (
            array.ndim == 1
            and len(array) == len(table)
            and (array.dtype.kind in "fiubUS" or all(isinstance(each, str) for each in array))
        ):
            columns[name] = array
    # A trial's own columns must not take the place of what events mean.
    clash = {"onset", "duration", "code"} & set(columns)
    return pd.DataFrame(columns).rename(columns={name: f"{name}_" for name in clash})


def bad_spans(nwb: Any) -> pd.DataFrame:
    """Invalid times as intervals, on the file's clock."""
    table = nwb.invalid_times
    if table is None or not len(table):
        return pd.DataFrame({"onset": [], "duration": [], "kind": []})
    start = np.asarray(table["start_time"][:], dtype=np.float64)
    stop = np.asarray(table["stop_time"][:], dtype=np.float64)
    return pd.DataFrame({"onset": start, "duration": stop - start, "kind": "BAD_invalid"})


def outside(observed: np.ndarray, start: float, stop: float) -> pd.DataFrame:
    """Gaps between stretches of observation, seconds from `start`.

    Examples
    --------
    >>> outside(np.array([[0.0, 2.0], [3.0, 5.0]]), 0.0, 5.0).values.tolist()
    [[2.0, 1.0, 'gap']]
    """
    edges = np.concatenate([[start], observed.ravel(), [stop]]).reshape(-1, 2)
    rows = [
        {"onset": low - start, "duration": high - low, "kind": "gap"}
        for low, high in edges
        if high > low
    ]
    return pd.DataFrame(rows, columns=["onset", "duration", "kind"])
