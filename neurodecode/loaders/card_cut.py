"""From recordings to the trials that a card describes."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurodecode.core.card import Card
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import CardError, DataError
from neurodecode.core.events import present_labels
from neurodecode.core.memory import check_bytes
from neurodecode.core.study import Study
from neurodecode.core.time_axis import to_samples, window_samples
from neurodecode.core.trials import PARTS

if TYPE_CHECKING:
    from neurodecode.core.recording import Recording


def cut(
    card: Card,
    recordings: Iterable[Recording],
    tmin: float | None = None,
    tmax: float | None = None,
    on: str = "same",
) -> Epochs:
    """Trials of continuous recordings by the card: around its events, or as sliding windows.

    Parameters
    ----------
    card : `source.events` (class -> event label) or `source.step` and `source.target` rule the cut;
        `source.within` keeps windows inside events, see `windows_within`;
        `source.label` names a column of the trial table that holds the targets; `source.ragged`
        takes events as long as they are
    recordings : all with the same rate, read one after the other; the table of a `Study` follows
        into the trial table
    tmin, tmax : s, in place of the card's window
    on : "same" or "common" channels, see `Epochs.concat`

    Returns
    -------
    epochs : named, tagged as simulated and with time zero as the card says; `.dropped` lists the
        events left out

    Examples
    --------
    >>> import neurodecode as nd
    >>> from neurodecode.core import read_card
    >>> study = nd.load("sim-ssvep", form="recording")
    >>> cut(read_card("sim-ssvep"), list(study), tmax=1.25).shape
    (144, 8, 128)
    """
    start = card.tmin if tmin is None else tmin
    stop = card.tmax if tmax is None else tmax
    if "step" in card.source:
        step, target = card.source["step"], card.source.get("target")
        within = card.source.get("within")
        way = functools.partial(
            _windows, length=stop - start, step=step, target=target, within=within
        )
    elif card.source.get("ragged"):
        way = functools.partial(whole_events, tmin=start, tmax=stop)
    else:
        events = card.source.get("events") or {name: name for name in card.classes} or None
        average = card.source.get("average", False)
        way = functools.partial(_epoch, labels=events, tmin=start, tmax=stop, average=average)
    if isinstance(recordings, Study):
        parts = [recordings.with_columns(way(each), i) for i, each in enumerate(recordings)]
    else:
        parts = [way(recording) for recording in recordings]
    epochs = Epochs.concat(parts, on=on)
    dropped = [part.dropped for part in parts if part.dropped is not None]
    named = Epochs(
        epochs.padded(),
        channels=epochs.channels,
        sfreq=epochs.sfreq,
        tmin=epochs.tmin,
        y=_column_targets(card, epochs) if "label" in card.source else epochs.y,
        trials=epochs.trials,
        pad=epochs.pad,
        zero=card.zero,
        name=card.name,
        line_freq=epochs.line_freq,
        space=epochs.space,
        length=epochs.length,
        simulated=card.simulated,
    )
    named.dropped = pd.concat(dropped, ignore_index=True)
    return named


def _column_targets(card: Card, epochs: Epochs) -> np.ndarray:
    """Targets that a column of the trial table holds: one label a recording, or a person's age."""
    column = card.source["label"]
    if column not in epochs.trials:
        raise CardError(
            f"{card.name}: no such column to take targets from",
            found=repr(column),
            expected=", ".join(epochs.trials.columns),
            fix="correct source.label of the card",
        )
    values = epochs.trials[column]
    if not card.classes:
        return values.to_numpy(dtype=np.float64)[:, None]
    strange = sorted(set(values.astype(str)) - set(card.classes))
    if strange:
        raise CardError(
            f"{card.name}: the data hold classes that the card does not know",
            found=", ".join(strange),
            expected=", ".join(card.classes),
        )
    return values.astype(str).to_numpy(dtype=str)


def _epoch(recording: Recording, labels: Any, **options: Any) -> Epochs:
    """Windows of the classes that this run has: others may come in other runs."""
    return recording.epoch(present_labels(recording.events, labels), **options)


def _windows(recording: Recording, within: dict[str, Any] | None, **options: Any) -> Epochs:
    kinds = "brain" if len(recording.channels.of_kind("brain")) else "all"  # eyes alone are a set
    epochs = recording.windows(kinds=kinds, **options)
    return epochs if within is None else windows_within(epochs, recording, within)


def windows_within(epochs: Epochs, recording: Recording, within: dict[str, Any]) -> Epochs:
    """Windows that lie inside one event, with the part that a column of its table tells.

    Parameters
    ----------
    epochs : windows of the recording
    within : ``{event, column, train, val, test}``: the first tag of the events; the column; its
        words for each part. Windows of other words are left out

    Returns
    -------
    epochs : with columns `trial` (number of the event) and `part`

    Raises
    ------
    DataError : the events have no such column, or no window lies inside one.

    Examples
    --------
    >>> from neurodecode.core.recording import Recording
    >>> events = {"onset": [0.0], "duration": [2.0], "label": ["trial"], "split": ["train"]}
    >>> rec = Recording(np.zeros((1, 30)), channels=["Cz"], sfreq=10, events=pd.DataFrame(events))
    >>> way = {"event": "trial", "column": "split", "train": ["train"]}
    >>> len(windows_within(rec.windows(length=1, step=0.5), rec, way))
    3
    """
    events = recording.events
    named = np.array([label.split("/")[0] == within["event"] for label in events["label"]], bool)
    spans = events.loc[named]
    if not len(spans) or within["column"] not in spans:
        raise DataError(
            f"{recording.recording}: events do not tell their part",
            found=f"{len(spans)} events {within['event']!r}, columns {', '.join(spans.columns)}",
            expected=f"a column {within['column']!r}",
        )
    names = {word: part for part in PARTS for word in within.get(part, [])}
    parts = np.array([names.get(str(word), "") for word in spans[within["column"]]])
    slack = 1e-6 / recording.sfreq  # onsets are sums of steps
    begin = epochs.trials["onset"].to_numpy()
    end = begin + epochs.trials["duration"].to_numpy()
    last = np.searchsorted(spans["onset"].to_numpy(), begin + slack, side="right") - 1
    ends = (spans["onset"] + spans["duration"]).to_numpy()
    keep = (last >= 0) & (end <= ends[last] + slack) & (parts[last] != "")
    if not keep.any():
        raise DataError(
            f"{recording.recording}: no window lies inside an event {within['event']!r}",
            found=f"{len(epochs)} windows, {len(spans)} events",
            expected=f"{within['column']} among {', '.join(names)}",
        )
    kept = epochs[keep]
    made = kept.with_trials(kept.trials.assign(trial=last[keep] + 1, part=parts[last[keep]]))
    lost = pd.DataFrame({"onset": begin[~keep], "label": "window"})
    lost["reason"] = f"lies in no {within['event']} of a part"
    made.dropped = pd.concat([part for part in (epochs.dropped, lost) if part is not None])
    return made


def whole_events(recording: Recording, tmin: float, tmax: float) -> Epochs:
    """Events from start to end, zeros behind the shorter ones; `length` tells what is valid.

    Parameters
    ----------
    recording : its events carry durations
    tmin, tmax : s from the event's onset; no event may last longer than `tmax`

    Returns
    -------
    epochs : labels are those of the events, whose columns follow into the trial table

    Raises
    ------
    DataError : an event is longer than `tmax`, or the windows would not fit into memory.

    Examples
    --------
    >>> from neurodecode.core.recording import Recording
    >>> events = pd.DataFrame({"onset": [0.0, 2.0], "duration": [2.0, 1.0], "label": ["hi", "no"]})
    >>> rec = Recording(np.ones((1, 30)), channels=["Cz"], sfreq=10, events=events)
    >>> whole_events(rec, 0.0, 2.0).length.tolist()
    [20, 10]
    """
    first, n_times = window_samples(tmin, tmax, recording.sfreq)
    events = recording.events
    starts = to_samples(events["onset"].to_numpy(), recording.sfreq) + first
    lengths = to_samples(events["duration"].to_numpy(), recording.sfreq) - first
    if (lengths > n_times).any():
        longest = float(events["duration"].to_numpy().max())
        raise DataError(
            f"{recording.recording}: an event is longer than the window",
            found=f"{longest:g} s",
            expected=f"at most {tmax:g} s",
            fix=f"nd.load(..., tmax={np.ceil(longest):g})",
        )
    n_channels = len(recording.channels)
    check_bytes(
        4 * len(events) * n_channels * n_times,
        f"{len(events)} events × {n_channels} channels × {n_times} samples",
        shrink="a shorter tmax=, or the recordings: form='recording'",
    )
    data = np.zeros((len(events), n_channels, n_times), dtype=np.float32)
    for row, start, length in zip(data, starts.tolist(), lengths.tolist(), strict=True):
        row[:, :length] = recording.read(start, start + length)
    ids = {"recording": recording.recording, "subject": recording.subject,
           "session": recording.session}  # fmt: skip
    trials = events.drop(columns=["label", "code"]).assign(**ids)
    epochs = Epochs(
        data,
        channels=recording.channels,
        sfreq=recording.sfreq,
        tmin=tmin,
        y=events["label"].to_numpy(dtype=str),
        trials=trials.assign(onset=starts / recording.sfreq, duration=lengths / recording.sfreq),
        length=lengths,
    )
    epochs.dropped = events.iloc[:0].assign(reason="")[["onset", "label", "reason"]]
    return epochs
