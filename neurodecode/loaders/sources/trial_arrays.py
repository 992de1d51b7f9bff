"""Sets that exist only as trials in arrays: signals, or the times of spikes, and their labels.

``[source]`` of the card, beside `folder` and `where` (see `arrays`):

- ``signal = {file, variable, axes}``: "trials channels times", "trials times", ...; or
- ``spikes = {file, times, units, trials, factor, zero}``: one entry a spike; ``factor`` makes
  seconds, ``zero`` (s) is the time within a trial that becomes 0. Bins are 1 / `sfreq` wide;
- ``labels = {variable}``: codes in the order of `classes`; or
- ``target = {variable, factor, offset}``: a number a trial, ``factor * x + offset``; or
- ``target = {file, variable, axes}``: several, "trials channels" or the reverse; or none of these:
  trials without targets;
- ``[source.columns]``: column of the trial table -> variable.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.card import Card
from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import CardError, DataError
from neurodecode.core.time_axis import window_samples
from neurodecode.loaders.formats.arrays import arrange, load_array
from neurodecode.loaders.sources import arrays
from neurodecode.loaders.sources.data_files import data_file, file_names, have_all


def read_epochs(card: Card) -> Epochs:
    """All trials of the card, as distributed.

    Raises
    ------
    DownloadError : a file is not here; the message says where it comes from and where to put it.
    DataError : arrays of unequal length, trials of another length than the card's, or codes
        without a class.
    CardError : the card names neither a signal nor spikes.
    """
    y = _targets(card)
    if "spikes" in card.source and y is not None:
        data = _counts(card, len(y))
    elif "signal" in card.source:
        spec = card.source["signal"]
        array = load_array(data_file(card, spec["file"]), spec.get("variable"))
        data = arrange(array, spec.get("axes"), "trials channels times", card.name)
        data = data.astype(np.float32)  # before any arithmetic: integers of eight bits overflow
        _check_window(card, spec["file"], data.shape[2])
    else:
        raise CardError(f"{card.name}: no trials", expected="source.signal or source.spikes")
    names = arrays.channel_names(card, data.shape[1])
    return Epochs(
        data,
        channels=Channels(names, kinds=card.channels["kind"], units=card.channels.get("unit")),
        sfreq=card.sfreq,
        tmin=card.tmin,
        y=y,
        trials=_trials(card, len(data)),
        zero=card.zero,
        name=card.name,
    )


def is_present(card: Card) -> bool:
    """Whether all files of the card lie in their folder."""
    return have_all(card)


def file_path(card: Card, name: str) -> Path:
    """Where a file of the card lies, or should."""
    return data_file(card, name, must_exist=False)


def _column(card: Card, spec: dict[str, Any], variable: str) -> np.ndarray:
    return load_array(data_file(card, spec.get("file", file_names(card)[0])), variable).ravel()


def _check_window(card: Card, file: str, n_times: int) -> None:
    """Trials of another length were taken at another rate, or are others."""
    _, expected = window_samples(card.tmin, card.tmax, card.sfreq)
    if n_times != expected:
        raise DataError(
            f"{card.name}: {file} holds trials of another length",
            found=f"{n_times} samples",
            expected=f"{expected}: {card.tmax - card.tmin:g} s at {card.sfreq:g} Hz",
            fix="the file that the card names, or a card of your own with its rate",
        )


def _targets(card: Card) -> np.ndarray | None:
    if "labels" in card.source:
        spec = card.source["labels"]
        codes = _column(card, spec, spec["variable"]).astype(np.int64)
        if codes.min() < 0 or codes.max() >= len(card.classes):
            raise DataError(
                f"{card.name}: a code has no class",
                found=f"codes {codes.min()} to {codes.max()}",
                expected=f"0 to {len(card.classes) - 1}",
            )
        return np.array(card.classes)[codes]
    if "target" not in card.source:
        return None
    spec = card.source["target"]
    if "axes" in spec:
        array = load_array(data_file(card, spec["file"]), spec.get("variable"))
        return arrange(array, spec["axes"], "trials channels", card.name).astype(np.float64)
    values = _column(card, spec, spec["variable"]).astype(np.float64)
    return (values * spec.get("factor", 1.0) + spec.get("offset", 0.0))[:, None]


def _counts(card: Card, n_trials: int) -> np.ndarray:
    """Counts per bin, shape (n_trials, n_units, n_bins); spikes outside the window are left out."""
    spec = card.source["spikes"]
    seconds = _column(card, spec, spec["times"]) * spec.get("factor", 1.0) - spec.get("zero", 0.0)
    units = _column(card, spec, spec["units"]).astype(np.int64)
    trials = _column(card, spec, spec["trials"]).astype(np.int64)
    if not len(seconds) == len(units) == len(trials):
        raise DataError(f"{card.name}: not one unit and trial a spike",
                        found=f"{len(seconds)}, {len(units)}, {len(trials)}")  # fmt: skip
    if trials.min() < 0 or trials.max() >= n_trials:
        raise DataError(f"{card.name}: a spike of a trial without target",
                        found=f"trial {trials.max()}", expected=f"below {n_trials}")  # fmt: skip
    first, n_bins = window_samples(card.tmin, card.tmax, card.sfreq)
    bins = np.floor(np.round(seconds * card.sfreq, 9)).astype(np.int64) - first
    inside = (bins >= 0) & (bins < n_bins)
    n_units = int(units.max()) + 1
    flat = (trials[inside] * n_units + units[inside]) * n_bins + bins[inside]
    counts = np.bincount(flat, minlength=n_trials * n_units * n_bins)
    return counts.reshape(n_trials, n_units, n_bins).astype(np.float32)


def _trials(card: Card, n: int) -> pd.DataFrame:
    """Trials in the order of the file; without a clock, so `onset` is unknown."""
    table = pd.DataFrame(
        {"recording": card.name, "subject": card.subjects[0], "onset": [np.nan] * n}
    )
    for name, variable in card.source.get("columns", {}).items():
        table[name] = _column(card, {}, variable)
    return table
