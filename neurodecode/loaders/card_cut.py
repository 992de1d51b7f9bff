"""From recordings to the trials that a card describes."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from neurodecode.core.card import Card
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import CardError
from neurodecode.core.events import present_labels
from neurodecode.core.study import Study

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
        `source.label` names a column of the trial table that holds the targets
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
        way = functools.partial(_windows, length=stop - start, step=step, target=target)
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


def _windows(recording: Recording, **options: Any) -> Epochs:
    return recording.windows(**options)
