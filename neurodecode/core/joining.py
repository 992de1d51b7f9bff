"""Join trials of several epochs into one, never by guessing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import Literal, overload

import numpy as np
import pandas as pd

from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.epochs_apart import EpochsApart
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.inputs import as_epochs

WAYS = ("same", "common", "apart")


@overload
def concat(parts: Sequence[Epochs], on: Literal["apart"]) -> EpochsApart: ...
@overload
def concat(parts: Sequence[Epochs], on: str = "same") -> Epochs: ...
def concat(parts: Sequence[Epochs], on: str = "same") -> Epochs | EpochsApart:
    """Join trials; channels are matched by name, never by position.

    Parameters
    ----------
    parts : sequence of Epochs
    on : "same", "common" or "apart"
        "same": every part must have the same channel names, reordered like the first;
        "common": keep the channels all parts share, in the order of the first;
        "apart": every person keeps their own, for splits within people.

    Returns
    -------
    epochs : Epochs; `EpochsApart` with "apart"
        Parts of different data sets get ids that start with the name of theirs.

    Raises
    ------
    DataError
        Unequal rates, units, windows, targets, or (with "same") channels.

    Examples
    --------
    >>> a = Epochs(np.zeros((2, 2, 5)), channels=["C3", "C4"], sfreq=5, y=[0, 1])
    >>> b = Epochs(np.zeros((1, 2, 5)), channels=["C4", "Cz"], sfreq=5, y=[1])
    >>> concat([a, b], on="common")
    3 trials · 1 EEG (µV) · 0 to 1 s at 5 Hz, 0 = event · 2 classes
    """
    parts = [as_epochs(part) for part in parts]
    if not parts:
        raise DataError("nothing to join", found="no epochs", expected="at least one")
    check_way(on)
    if on == "apart":
        return EpochsApart(parts)
    names = shared_names([part.channels.names for part in parts], on)
    orders = [part.channels.index(names) for part in parts]
    channels = [part.channels.pick(order) for part, order in zip(parts, orders, strict=True)]
    first = parts[0]
    for i, part in enumerate(parts):
        _check_alike(first, part, channels[0], channels[i], i)
    stems = [part.name for part in parts]
    tables = [_own_ids(part) if len(set(stems)) > 1 else part.trials for part in parts]
    targets = [part.y for part in parts]
    ranks = [min(part.rank, len(names)) for part in parts if part.rank is not None]
    return Epochs(
        _gathered(parts, orders),
        channels=reduce(agreed_channels, channels),
        sfreq=first.sfreq,
        tmin=first.tmin,
        y=None if targets[0] is None else np.concatenate(targets),  # type: ignore[arg-type]
        trials=pd.concat(tables, ignore_index=True),
        pad=first.pad,
        zero=first.zero,
        name=first.name if len(set(stems)) == 1 else " + ".join(sorted({str(s) for s in stems})),
        rank=min(ranks) if ranks else None,
        line_freq=first.line_freq,
        space=first.space,
        length=_lengths(parts),
        simulated=any(part.simulated for part in parts),
    )


def check_way(on: str) -> None:
    """Refuse a word that is no way to match channels.

    Raises
    ------
    DataError
    """
    if on not in WAYS:
        raise DataError(
            "unknown way to match channels", found=repr(on), expected=", ".join(WAYS),
            fix=did_you_mean(str(on), WAYS),
        )  # fmt: skip


def shared_names(tables: Sequence[tuple[str, ...]], on: str = "same") -> tuple[str, ...]:
    """Names of the channels that joined parts have, in the order of the first.

    Parameters
    ----------
    tables : channel names of each part
    on : "same" or "common", see `concat`

    Raises
    ------
    DataError
        The names differ (with "same"), or no name is shared.

    Examples
    --------
    >>> shared_names([("C3", "C4"), ("C4", "Cz")], "common")
    ('C4',)
    """
    first = tables[0]
    common, union = set(first).intersection(*tables), set(first).union(*tables)
    if on == "same" and common != union:
        missing = sorted(union - common)
        raise DataError(
            "the channels differ",
            found=f"not in all parts: {', '.join(missing[:12])}",
            expected="the same channel names in every part",
            fix=f'on="common" keeps the {len(common)} they share',
        )
    if not common:
        raise DataError("the parts share no channel", found=", ".join(sorted(union)[:20]))
    return tuple(name for name in first if name in common)


def _lengths(parts: Sequence[Epochs]) -> np.ndarray | None:
    if all(part.length is None for part in parts):
        return None
    return np.concatenate([np.full(len(p), p.shape[2]) if p.length is None else p.length
                           for p in parts])  # fmt: skip


def _gathered(parts: Sequence[Epochs], orders: Sequence[np.ndarray]) -> np.ndarray:
    """All trials, margins included, their channels in one order."""
    shelf = _shelf_of(parts, orders)
    if shelf is not None:
        return shelf
    dtype = np.result_type(*(part.dtype for part in parts))
    shape = (sum(map(len, parts)), len(orders[0]), parts[0].base.shape[2])
    out, at = np.empty(shape, dtype=dtype), 0
    for part, order in zip(parts, orders, strict=True):
        block = out[at : at + len(part)]
        at += len(part)
        if part.dtype == dtype and np.array_equal(order, np.arange(part.shape[1])):
            # The rows are valid; only with mode="raise" would NumPy fill a buffer first.
            np.take(part.base, part.rows, axis=0, out=block, mode="clip")
            continue
        for trial, row in zip(block, part.rows, strict=True):  # no second copy of a view
            trial[...] = part.base[row][order]
    return out


class Shelf:
    """One array that takes in the trials of part after part; `concat` of these copies nothing.

    The array that a part came in can go, and its memory serves the next: new pages of memory cost
    more time than copying.

    Parameters
    ----------
    n_trials : int
        Room; parts beyond it, or of another kind than the first, stay where they are.

    Examples
    --------
    >>> shelf = Shelf(3)
    >>> parts = [Epochs(np.ones((n, 1, 4)), channels=["Cz"], sfreq=4) for n in (2, 1)]
    >>> taken = [shelf.take(part) for part in parts]
    >>> bool(np.shares_memory(concat(taken).base, taken[1].base))
    True
    """

    def __init__(self, n_trials: int):
        self._n_trials, self._used = n_trials, 0
        self._room: np.ndarray | None = None

    def take(self, part: Epochs) -> Epochs:
        """The same trials, on the shelf where they fit."""
        if self._room is None:
            room = np.empty((self._n_trials, *part.base.shape[1:]), part.dtype)
            self._room = room[:]
            room.flags.writeable = False  # for all but the shelf
        place = self._room[self._used : self._used + len(part)]
        if not part._is_whole or (place.shape, place.dtype) != (part.base.shape, part.dtype):
            return part
        place[...] = part.base
        place.flags.writeable = False
        self._used += len(part)
        return part._view(part.rows, part._entries, _base=replace(part._base, data=place))


def _shelf_of(parts: Sequence[Epochs], orders: Sequence[np.ndarray]) -> np.ndarray | None:
    """What a shelf holds, where it is these parts, one behind the other, and nothing else."""
    owner = parts[0].base.base
    if not isinstance(owner, np.ndarray) or owner.flags.writeable:
        return None
    at = 0
    for part, order in zip(parts, orders, strict=True):
        place = owner[at : at + len(part)]
        at += len(part)
        same = part.base.base is owner and part.base.ctypes.data == place.ctypes.data
        if not same or (place.shape, place.strides) != (part.base.shape, part.base.strides):
            return None
        if not part._is_whole or not np.array_equal(order, np.arange(part.shape[1])):
            return None
    return owner[:at]


def _check_alike(first: Epochs, part: Epochs, ours: Channels, theirs: Channels, i: int) -> None:
    def differ(what: str, one: object, other: object, fix: str) -> None:
        if one != other:
            raise DataError(
                f"{what} differ between epochs 0 and {i}", found=f"{one} and {other}", fix=fix
            )

    # Files that store times, not rates, differ in the last digits.
    differ("sampling rates (Hz)", float(f"{first.sfreq:.9g}"), float(f"{part.sfreq:.9g}"),
           f"nd.preprocessing.Resample({min(first.sfreq, part.sfreq):g}) on both")  # fmt: skip
    differ("units", ours.units, theirs.units, "store both in one unit")
    differ("channel kinds", ours.kinds, theirs.kinds, "correct the kinds")
    differ("first times (s)", round(first.tmin, 9), round(part.tmin, 9), ".crop(tmin, tmax)")
    differ("samples a trial", first.shape[2], part.shape[2], ".crop(tmin, tmax)")
    differ("margins (s)", first.pad, part.pad, "cut both with the same pad")
    differ("brain spaces", first.space, part.space, "read all with one mask or atlas and grid")
    differ("events at time zero", first.zero, part.zero, "cut both at the same event")

    def kind(epochs: Epochs) -> str:
        return "none" if epochs.y is None else f"{epochs.y.dtype.kind}{epochs.y.shape[1:]}"

    differ("kinds of targets", kind(first), kind(part), "text and numbers do not mix: .with_y(...)")


def check_joinable(first: Epochs, part: Epochs, i: int) -> None:
    """Refuse part `i` where it cannot follow the first, saying why.

    Raises
    ------
    DataError
    """
    names = shared_names([first.channels.names, part.channels.names])
    theirs = part.channels.pick(part.channels.index(names))
    _check_alike(first, part, first.channels, theirs, i)


def agreed_channels(first: Channels, other: Channels) -> Channels:
    """The first table; places and a reference that the other contradicts become unknown."""
    if other.frame != first.frame or not np.allclose(
        first.positions, other.positions, equal_nan=True
    ):
        first = first.replace(positions=None, position_from="none")
    if other.reference != first.reference:
        first = first.replace(reference=None)
    return first


def _own_ids(part: Epochs) -> pd.DataFrame:
    frame = part.trials
    for column in ("recording", "subject"):
        frame[column] = [f"{part.name}:{value}" for value in frame[column]]
    return frame
