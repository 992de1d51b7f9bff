"""Annotations and trigger channels of MNE raw objects as our tables."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.checks import frame_of, text_array
from neurodecode.core.intervals import is_bad
from neurodecode.core.recording_text import clock_words, duration_words


def annotation_tables(raw: Any) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Events, intervals and notes of a raw object's annotations.

    "BAD..." become bad spans, "BAD_ACQ_SKIP" a gap, "boundary", "New Segment" and MNE's own
    boundaries an edge; all others are events, each with the label the file gives it.

    Parameters
    ----------
    raw : mne.io.BaseRaw

    Returns
    -------
    events : DataFrame with onset (s from the first sample), duration (s), label
    intervals : DataFrame with onset (s), duration (s), kind
    notes : list of str

    Examples
    --------
    >>> import mne
    >>> raw = mne.io.RawArray(np.zeros((1, 200)), mne.create_info(1, 100.0), verbose="error")
    >>> _ = raw.set_annotations(mne.Annotations([0.5, 1.0], 0.1, ["769", "BAD_blink"]))
    >>> events, intervals, _ = annotation_tables(raw)
    >>> events["label"].tolist(), intervals["kind"].tolist()
    (['769'], ['BAD_blink'])
    """
    annotations = raw.annotations
    # Onsets count from the start of acquisition, first_time before the first sample kept.
    onsets = np.asarray(annotations.onset, dtype=np.float64) - raw.first_time
    events, intervals, notes = [], {}, []
    for onset, duration, label in zip(
        onsets, annotations.duration, annotations.description, strict=True
    ):
        kind, length = _interval(str(label), float(duration))
        if kind is None:
            events.append((onset, duration, str(label)))
            continue
        if kind == "edge" and onset * raw.info["sfreq"] < 0.5:
            continue  # nothing lies before it
        intervals[(round(onset, 6), kind)] = (onset, length, kind)
        if kind == "edge" and duration > 2 / raw.info["sfreq"] and not is_bad(str(label)):
            notes.append(
                f"{duration_words(duration)} were cut out of the file at {clock_words(onset)}"
            )
    return (
        _table(events, ("onset", "duration", "label")),
        _table(list(intervals.values()), ("onset", "duration", "kind")),
        notes,
    )


def _table(rows: list[tuple[float, float, str]], names: tuple[str, str, str]) -> pd.DataFrame:
    onset, duration, words = zip(*rows, strict=True) if rows else ((), (), ())
    columns = (np.array(onset, dtype=float), np.array(duration, dtype=float), text_array(words))
    return frame_of(dict(zip(names, columns, strict=True)), len(rows))


def _interval(label: str, duration: float) -> tuple[str | None, float]:
    """Kind and length of the interval an annotation stands for; (None, 0) for an event."""
    word = label.lower()
    if word == "boundary" or word.startswith(("new segment", "edge", "bad boundary")):
        return "edge", 0.0  # its duration is time that is not in the file
    if word == "bad_acq_skip":
        return "gap", duration
    if is_bad(label):
        return label, duration
    return None, 0.0


def stim_events(raw: Any) -> pd.DataFrame:
    """Events in trigger channels: a row wherever a channel rises to another code.

    The summary channel is used where there is one (STI101, STI 014), else every trigger channel;
    with several, labels are "channel/code".

    Parameters
    ----------
    raw : mne.io.BaseRaw

    Returns
    -------
    events : DataFrame with onset (s from the first sample), label, code
    """
    import mne

    types = [mne.channel_type(raw.info, i) for i in range(len(raw.ch_names))]
    names = [name for name, kind in zip(raw.ch_names, types, strict=True) if kind == "stim"]
    summary = [name for name in ("STI101", "STI 014", "STI014") if name in names]
    frames = []
    for name in summary[:1] or names:
        found = _rises(raw, name)
        frames.append(
            pd.DataFrame(
                {
                    "onset": (found[:, 0] - raw.first_samp) / raw.info["sfreq"],
                    "label": found[:, 2].astype(str),
                    "code": found[:, 2],
                    "channel": name,
                }
            )
        )
    frames = [frame for frame in frames if len(frame)]
    if not frames:
        return pd.DataFrame({"onset": [], "label": []})
    events = pd.concat(frames, ignore_index=True)
    if len(frames) > 1:
        events["label"] = events["channel"] + "/" + events["label"]
    return events.drop(columns="channel")


def _rises(raw: Any, name: str) -> np.ndarray:
    """MNE events, shape (n, 3), of one trigger channel; none where it holds no whole numbers."""
    import mne

    row = raw.ch_names.index(name)  # by number: a channel may be called "stim", which is a type
    values = raw.get_data(picks=[row], verbose="error")[0]
    if not np.array_equal(values, np.round(values)):
        return np.zeros((0, 3), dtype=np.int64)  # an analogue line, not codes
    # BioSemi keeps its own flags above bit 15 of the status channel.
    mask = {"mask": 0xFFFF, "mask_type": "and"} if name == "Status" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "trigger channel contains negative values" and kin
        return mne.find_events(
            raw, stim_channel=name, shortest_event=1, verbose="error", **mask
        ).astype(np.int64)
