"""Events of a recording: one table, and how class labels find their rows in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.checks import float_array, frame_of, text_array
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.words import join_words, small_number

COLUMNS = ("onset", "duration", "label", "code")
Wanted = str | int | Sequence[str | int]


def check_events(events: pd.DataFrame | None) -> pd.DataFrame:
    """Complete and order a table of events.

    Parameters
    ----------
    events : DataFrame or None
        `onset` (s from the recording's first sample) and `label` or `code`; `duration` (s) is 0
        where it is missing. Further columns are kept and follow their trials.

    Returns
    -------
    events : DataFrame
        onset float, duration float, label str, code Int64 (NA: the label is no number), ordered
        by onset.

    Raises
    ------
    DataError
        No onset, or neither label nor code.

    Examples
    --------
    >>> check_events(pd.DataFrame({"onset": [2.0, 1.0], "code": [7, 8]}))["label"].tolist()
    ['8', '7']
    """
    if events is None:
        events = frame_of({"onset": np.zeros(0), "label": text_array([])}, 0)
    names = list(events.columns)
    if "onset" not in names or not ({"label", "code"} & set(names)):
        raise _no_events_table(names, "onset (s from the first sample), label or code")
    if len(set(names)) < len(names):
        raise _no_events_table(names, "columns of different names")
    n = len(events)
    onset = float_array(events["onset"])
    label = text_array(events["label" if "label" in names else "code"])
    duration = np.zeros(n)
    if "duration" in names:
        given = float_array(events["duration"])
        duration = np.where(np.isnan(given), 0.0, given)
    more = [name for name in names if name not in COLUMNS]
    made = frame_of(
        {
            "onset": onset,
            "duration": duration,
            "label": label,
            "code": events["code"].astype("Int64").array if "code" in names else _codes(label),
            **{name: events[name].reset_index(drop=True) for name in more},
        },
        n,
    )
    order = np.argsort(onset, kind="stable")
    if np.array_equal(order, np.arange(n)):
        return made
    return made.iloc[order].reset_index(drop=True)


def _codes(labels: np.ndarray) -> Any:
    """The codes that labels spell (as GDF and XDF markers do); NA where one is no number."""
    spelled = [bool(re.fullmatch(r"-?\d{1,18}", label.strip())) for label in labels]
    codes = [int(label) if number else 0 for label, number in zip(labels, spelled, strict=True)]
    return pd.arrays.IntegerArray(np.array(codes, dtype=np.int64), ~np.array(spelled, dtype=bool))


def _no_events_table(names: list[Any], expected: str) -> DataError:
    return DataError(
        "not a table of events",
        found="columns " + ", ".join(map(str, names)),
        expected=f"{expected}, and optionally duration",
    )


def event_counts(events: pd.DataFrame) -> dict[str, int]:
    """Number of events of each label; "2" comes before "10".

    Examples
    --------
    >>> event_counts(check_events(pd.DataFrame({"onset": [0, 1, 2], "label": ["10", "2", "2"]})))
    {'2': 2, '10': 1}
    """
    counts = Counter(events["label"])
    return {label: counts[label] for label in sorted(counts, key=natural_order)}


def natural_order(text: str) -> list[tuple[int, int, str]]:
    """Sort key that takes the digits in a text as numbers and several blanks as one.

    Examples
    --------
    >>> sorted(["S10", "S2", "R1"], key=natural_order)
    ['R1', 'S2', 'S10']
    """
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in re.split(r"(\d+)", re.sub(r"\s+", " ", text))
        if part
    ]


def event_name(label: str) -> str:
    """Label without the type that BrainVision puts first; it still matches, by its tag.

    Examples
    --------
    >>> event_name("Stimulus/S  1"), event_name("left/easy")
    ('S  1', 'left/easy')
    """
    return re.sub(r"^(Stimulus|Response)/(?=.)", "", label)


def select_events(
    events: pd.DataFrame,
    labels: Mapping[Any, Wanted] | Sequence[str | int] | str | None,
    where: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the events that classes ask for, and the class of each.

    An event name that exists is taken as it is; otherwise its tags, parted by "/", must all be
    among an event's tags ("left" finds "left/easy" and "left/hard"). Integers are codes.

    Parameters
    ----------
    events : DataFrame, as `check_events` gives
    labels : dict of class -> name, code, or list of them; list of names; or None: all events
    where : str
        Name of the recording, for messages.

    Returns
    -------
    rows : int64 array, shape (n,), in the order of the events
    classes : array, shape (n,), text or integers

    Raises
    ------
    DataError
        A class has no event, or an event belongs to two classes.

    Examples
    --------
    >>> events = check_events(pd.DataFrame({"onset": [0, 1], "label": ["left/easy", "right/easy"]}))
    >>> rows, classes = select_events(events, {"L": "left"}, "rec")
    >>> rows.tolist(), classes.tolist()
    ([0], ['L'])
    """
    wanted = _wanted(labels, events)
    hits = {name: _matches(events, each) for name, each in wanted.items()}
    empty = [name for name, hit in hits.items() if not hit.any()]
    if empty or not hits:
        raise _no_events(events, wanted, empty, where)
    table = np.array(list(hits.values()))  # (n_classes, n_events)
    twice = np.flatnonzero(table.sum(axis=0) > 1)
    if len(twice):
        both = [str(name) for name, hit in hits.items() if hit[twice[0]]]
        raise DataError(
            f"an event belongs to {small_number(len(both))} classes",
            found=f"{events['label'][twice[0]]!r} matches {join_words(both)}",
            expected="every event in one class",
            fix="write more of the tags, as in 'left/easy'",
        )
    rows = np.flatnonzero(table.any(axis=0))
    names = list(hits)
    return rows, np.array([names[i] for i in table[:, rows].argmax(axis=0)])


def present_labels(
    events: pd.DataFrame, labels: Mapping[Any, Wanted] | Sequence[str | int] | str | None
) -> Any:
    """The classes that one recording of several has; as they were asked where it has none.

    Parameters
    ----------
    events : DataFrame, as `check_events` gives
    labels : as in `select_events`

    Examples
    --------
    >>> events = check_events(pd.DataFrame({"onset": [0.0], "label": ["fists"]}))
    >>> present_labels(events, {"hands": "fists", "feet": "feet"})
    {'hands': ['fists']}
    """
    found = {
        name: each for name, each in _wanted(labels, events).items() if _matches(events, each).any()
    }
    return found or labels


def check_classes_cut(y: np.ndarray | None, labels: Any) -> None:
    """Refuse a cut of several recordings in which none has events of some class.

    Raises
    ------
    DataError
        Naming the classes.
    """
    if not isinstance(labels, Mapping) or y is None:
        return
    missing = [str(name) for name in labels if str(name) not in set(map(str, y))]
    if missing:
        raise DataError(
            "no recording has trials of class " + join_words(list(map(repr, missing))),
            found="classes " + join_words(sorted(set(map(str, y)))),
            expected="trials of every class that was asked for",
            fix="leave the class out of labels, or look at rec.events",
        )


def _wanted(labels: Any, events: pd.DataFrame) -> dict[Any, list[str | int]]:
    if labels is None:
        labels = list(dict.fromkeys(events["label"]))
    if isinstance(labels, (str, int, np.integer)):
        labels = [labels]
    if not isinstance(labels, Mapping):
        labels = {label: label for label in labels}
    wanted: dict[Any, list[str | int]] = {}
    for name, each in labels.items():
        wanted[name] = [each] if isinstance(each, (str, int, np.integer)) else list(each)  # type: ignore[list-item]
    return wanted


def _matches(events: pd.DataFrame, wanted: list[str | int]) -> np.ndarray:
    labels, hit = events["label"].to_numpy(), np.zeros(len(events), dtype=bool)
    for each in wanted:
        if isinstance(each, (int, np.integer)):
            hit |= (events["code"] == int(each)).fillna(False).to_numpy(dtype=bool)
            continue
        exact = (labels == each).astype(bool)
        if not exact.any():
            tags = set(each.split("/"))
            exact = np.array([tags <= set(label.split("/")) for label in labels], bool)
        hit |= exact
    return hit


def _no_events(
    events: pd.DataFrame, wanted: dict[Any, list[str | int]], empty: list[Any], where: str
) -> DataError:
    counts = event_counts(events)
    listed = ", ".join(f"{event_name(name)!r} ({n})" for name, n in list(counts.items())[:30])
    asked = [each for name in empty for each in wanted[name]]
    summary = "no events to cut at" if len(empty) == len(wanted) else (
        "no events for class " + join_words([repr(name) for name in empty])
    )  # fmt: skip
    return DataError(
        summary,
        found="labels " + ", ".join(map(repr, asked)) if asked else "no labels",
        expected=f"events of {where}: {listed}" if counts else f"{where} to have events",
        fix=_repair(wanted, list(counts)) if counts else
        'nd.read(path, events="file-eve.fif") when they lie apart, or rec.windows(length, step)',
    )  # fmt: skip


def _repair(wanted: dict[Any, list[str | int]], names: list[str]) -> str:
    """The labels as they should have been written, where that can be told."""
    short = [event_name(name) for name in names]
    by_form = {_form(name): name for name in short}
    asked = [each for group in wanted.values() for each in group if isinstance(each, str)]
    changed = [each for each in asked if each not in short and _form(each) in by_form]
    if not changed:
        texts = [each for each in asked if each not in short]
        return did_you_mean(texts[0], short) if texts else "choose among the events above"
    written = {
        name: [by_form.get(_form(each), each) if isinstance(each, str) else each for each in group]
        for name, group in wanted.items()
    }
    parts = [f'"{n}": {_quoted(group[0] if len(group) == 1 else group)}'
             for n, group in written.items()]  # fmt: skip
    return f"{_difference(changed[0], by_form[_form(changed[0])])}: {{{', '.join(parts)}}}"


def _form(name: str) -> str:
    return re.sub(r"\s+", "", name).lower()


def _difference(asked: str, name: str) -> str:
    spaces = name.count(" ")
    if spaces != asked.count(" "):
        return f"the file has {small_number(spaces)} space{'' if spaces == 1 else 's'}"
    return "the file writes them so"


def _quoted(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_quoted, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)
