"""Spike times to counts per bin, and counts to wider bins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.errors import DataError
from neurodecode.core.readers import SignalReader
from neurodecode.core.recording import Recording
from neurodecode.core.spikes import SpikeReader, spike_reader

DEFAULT_BIN = 0.02  # s


def recording_from_spikes(
    times: Mapping[str, Sequence[float] | np.ndarray] | Sequence[Sequence[float] | np.ndarray],
    bin: float = DEFAULT_BIN,
    start: float = 0.0,
    stop: float | None = None,
    **words: Any,
) -> Recording:
    """Recording of spike times; the times are kept, so that `rebin` is exact.

    Parameters
    ----------
    times : dict of unit -> spike times, s, or one array a unit
    bin : float, s, default 0.02
    start, stop : float, s, on the clock of `times`
        The recording's time zero is `start`. Default stop: just after the last spike.
    **words
        Further arguments of `Recording`: events (onset from `start`), targets, subject, ...

    Raises
    ------
    DataError
        No unit, no whole bin between start and stop, or times that are not finite.

    Examples
    --------
    >>> rec = recording_from_spikes({"unit 1": [0.01, 0.03, 0.05]}, bin=0.02, stop=0.06)
    >>> rec.data.tolist(), rec.sfreq
    ([[1.0, 1.0, 1.0]], 50.0)
    """
    if not (np.isfinite(bin) and bin > 0):
        raise DataError("the bin must be positive", found=f"bin={bin} s")
    trains = dict(times) if isinstance(times, Mapping) else {
        f"unit {i + 1}": each for i, each in enumerate(times)
    }  # fmt: skip
    if not trains:
        raise DataError("no units to count spikes of", found="an empty collection")
    spikes = [np.asarray(each, dtype=np.float64).ravel() for each in trains.values()]
    sfreq = _rate(bin)
    last = max([float(each.max()) for each in spikes if len(each)], default=start)
    end = last + bin if stop is None else float(stop)
    n_times = int(np.floor(round((end - start) * sfreq, 9)))
    if n_times < 1:
        raise DataError(
            "no whole bin fits", found=f"{start:g} to {end:g} s, bin {bin:g} s",
            expected="start + bin <= stop",
        )  # fmt: skip
    reader = SpikeReader(spikes, sfreq, n_times, start)
    return Recording(reader, channels=Channels(list(trains), kinds="spikes"), sfreq=sfreq, **words)


def rebin(recording: Recording, bin: float) -> Recording:
    """Counts in other bins: exact from the spike times, or sums of whole old bins.

    Targets are taken at the middle of each new bin, by linear interpolation.

    Parameters
    ----------
    recording : Recording of spikes
    bin : float, s
        Any width where spike times are kept (NWB and Neo files, `recording_from_spikes`), else
        a multiple of the present bin.

    Raises
    ------
    DataError
        Other channels than spikes, or bins that cannot be joined from the present ones.

    Examples
    --------
    >>> rec = recording_from_spikes([[0.01, 0.03, 0.05]], bin=0.02, stop=0.06)
    >>> rebin(rec, 0.03).data.tolist()
    [[1.0, 2.0]]
    """
    others = sorted(set(recording.channels.kinds) - {"spikes"})
    if others:
        raise DataError(
            "only counts can be binned again", found=recording.channels.text(),
            fix='rec.pick("spikes")',
        )  # fmt: skip
    sfreq = _rate(bin)
    data: np.ndarray | SignalReader = spike_reader(recording.reader, sfreq) or _joined(
        recording, bin
    )
    n_times = data.shape[1] if isinstance(data, np.ndarray) else data.n_times
    middles = (np.arange(n_times) + 0.5) / sfreq
    old = recording.times + 0.5 / recording.sfreq
    targets = {
        name: np.array([np.interp(middles, old, row) for row in value])
        for name, value in recording.targets.items()
    }
    bare = recording.with_targets({})  # `with_data` would interpolate at the bins' starts
    made = bare.with_data(data, sfreq=sfreq, note=f"counts in bins of {bin:g} s")
    return made.with_targets(targets)


def _joined(recording: Recording, bin: float) -> np.ndarray:
    """Sums of whole bins, float64 so that nothing overflows."""
    times = bin * recording.sfreq
    factor = round(times)
    if factor < 1 or abs(times - factor) > 1e-6 * times:
        raise DataError(
            "these bins cannot be joined from the present ones",
            found=f"bin={bin:g} s, counts every {1 / recording.sfreq:g} s without spike times",
            expected=f"a multiple of {1 / recording.sfreq:g} s",
        )
    n_times = recording.n_times // factor
    counts = recording.read(0, n_times * factor).astype(np.float64)
    return counts.reshape(len(counts), n_times, factor).sum(axis=-1)


def _rate(bin: float) -> float:
    """Bins a second; 1 / 0.05 and its like become whole numbers."""
    rate = 1.0 / bin
    return float(round(rate)) if abs(rate - round(rate)) < 1e-9 * rate else rate
