"""Data that lie in memory already: arrays, pandas frames, xarray arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.channels import NATURAL_UNITS, Channels
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.montage import with_template_places
from neurodecode.core.recording import Recording
from neurodecode.loaders.clock import steady_clock
from neurodecode.loaders.formats.event_files import read_events
from neurodecode.loaders.formats.scans import check_options
from neurodecode.loaders.formats.units import to_natural, volts_note

_CHANNEL_DIMS = (
    "channel",
    "channels",
    "ch",
    "sensor",
    "electrode",
    "unit",
    "neuron",
    "roi",
    "space",
)
_TIME_DIMS = ("time", "times", "t", "sample", "samples")


def read_object(source: Any, events: Any, options: dict[str, Any]) -> Recording:
    """Recording of an array, a pandas frame (see `tables`) or an xarray array.

    Parameters
    ----------
    source : float array, shape (n_channels, n_times); DataFrame, one row a sample; or
        xarray.DataArray with a dimension of channels and one of times
    events : as `read_events` takes them, or None
    options
        sfreq (Hz; for xarray by its time coordinate), channels (names), kind, unit; for frames
        those of `tables.from_frame`.

    Raises
    ------
    DataError
        Nothing that can be a recording, or no rate.
    """
    if isinstance(source, pd.DataFrame):
        from neurodecode.loaders.formats.tables import from_frame

        return from_frame(source, events, options, {"recording": "rec"})
    if hasattr(source, "dims") and hasattr(source, "coords"):
        return _from_xarray(source, events, options)
    if not isinstance(source, np.ndarray):
        raise DataError(
            "nothing to read here",
            found=type(source).__name__,
            expected="a path, mne.io.Raw, an array, a pandas.DataFrame or an xarray.DataArray",
        )
    check_options(options, ("sfreq", "channels", "kind", "unit"), "an array")
    if "sfreq" not in options:
        raise DataError(
            "an array does not say its sampling rate", found=f"shape {source.shape}",
            fix="nd.read(array, sfreq=250.0, channels=names)",
        )  # fmt: skip
    return _with_events(source, events, options)


def _from_xarray(source: Any, events: Any, options: dict[str, Any]) -> Recording:
    check_options(options, ("sfreq", "channels", "kind", "unit"), "an xarray array")
    dims = [str(dim) for dim in source.dims]
    time = next((dim for dim in dims if dim.lower() in _TIME_DIMS), None)
    channel = next((dim for dim in dims if dim.lower() in _CHANNEL_DIMS), None)
    if time is None or channel is None or len(dims) != 2:
        raise DataError(
            "an xarray array of channels and times is needed",
            found=f"dimensions {', '.join(dims)}",
            expected="two: one of "
            + ", ".join(_CHANNEL_DIMS)
            + "; one of "
            + ", ".join(_TIME_DIMS),
            fix='array.rename({"x": "channel", "y": "time"})',
        )
    known = dict(options)
    if channel in source.coords:
        known.setdefault("channels", [str(each) for each in np.asarray(source.coords[channel])])
    known.setdefault("unit", source.attrs.get("units"))
    data, table = np.asarray(source.transpose(channel, time)), None
    if "sfreq" not in known:
        rate = source.attrs.get("sfreq", source.attrs.get("fs"))
        if rate is None and time not in source.coords:
            raise DataError("the xarray array does not say its rate", found=f"no coordinate {time}",
                            fix="nd.read(array, sfreq=250.0)")  # fmt: skip
        if rate is None:
            stamps = np.asarray(source.coords[time])
            if np.issubdtype(stamps.dtype, np.datetime64) or np.issubdtype(
                stamps.dtype, np.timedelta64
            ):
                stamps = (stamps - stamps[0]) / np.timedelta64(1, "s")
            clock = steady_clock(stamps, "the coordinate of time")
            rate, table = clock.sfreq, clock.edges()
        known["sfreq"] = rate
    made = _with_events(data, events, known)
    return made if table is None else made.with_intervals(table)


def _with_events(data: np.ndarray, events: Any, options: dict[str, Any]) -> Recording:
    if data.ndim == 1:
        data = data[np.newaxis]
    if data.ndim != 2:
        raise DataError(
            "a recording has two dimensions",
            found=f"shape {data.shape}",
            expected="(n_channels, n_times)",
            fix="trials: nd.Epochs(array, channels=..., sfreq=...)",
        )
    check_not_swapped(data)
    sfreq = float(options["sfreq"])
    table = None if events is None else read_events(events, sfreq, 0, data.shape[1])
    return build(
        data, sfreq=sfreq, channels=options.get("channels"), kind=options.get("kind", "eeg"),
        unit=options.get("unit"), events=table,
    )  # fmt: skip


def build(
    data: np.ndarray,
    *,
    sfreq: float,
    channels: Sequence[str] | None = None,
    kind: str | Sequence[str] = "eeg",
    unit: str | Sequence[str | None] | None = None,
    notes: Iterable[str] = (),
    **words: Any,
) -> Recording:
    """Recording in natural units of an array whose description is complete.

    Integers become floats before anything is computed, so that counts cannot overflow.

    Parameters
    ----------
    data : array, shape (n_channels, n_times)
    sfreq : float, Hz
    channels : names; default "1", "2", ...
    kind, unit : for all channels, or one a channel; unit None: the natural one
    notes, **words : for `Recording`

    Raises
    ------
    DataError
        No samples, other numbers of names, or unknown kinds.

    Examples
    --------
    >>> build(np.full((1, 500), 2e-6), sfreq=100, channels=["Cz"], unit="V").data.max()
    np.float64(2.0)
    """
    n_channels = len(data)
    if not data.size:
        raise DataError("a recording without samples", found=f"shape {data.shape}")
    names = [str(i + 1) for i in range(n_channels)] if channels is None else list(channels)
    if len(names) != n_channels:
        raise DataError(
            "the names do not fit the channels", found=f"{len(names)} names, {n_channels} channels",
            expected="one a channel",
        )  # fmt: skip
    kinds = [kind] * n_channels if isinstance(kind, str) else list(kind)
    stated = [unit] * n_channels if unit is None or isinstance(unit, str) else list(unit)
    if data.dtype not in (np.float32, np.float64):
        data = data.astype(np.float32 if data.dtype.itemsize < 4 else np.float64)
    for word in dict.fromkeys(kinds):
        if word not in NATURAL_UNITS:
            raise DataError("unknown channel kind", found=repr(word),
                            expected=", ".join(NATURAL_UNITS),
                            fix=did_you_mean(str(word), NATURAL_UNITS))  # fmt: skip
    pairs = [to_natural(each, said) for each, said in zip(kinds, stated, strict=True)]
    factors = np.array([factor for factor, _ in pairs])
    if (factors != 1).any():
        data = data * factors[:, None].astype(data.dtype)
    units = [name for _, name in pairs]
    table = Channels(names, kinds=kinds, units=units)
    if len(table.of_kind("eeg")):
        table = _placed(table)
    said = list(notes) + volts_note(data, kinds, units)
    if "source" in words and any(
        each is None and name == "µV" for each, name in zip(stated, units, strict=True)
    ):
        said.append("taken as µV: the file states no unit")
    return Recording(data, channels=table, sfreq=sfreq, notes=said, **words)


def check_not_swapped(data: np.ndarray) -> None:
    """Refuse an array whose axes nobody stated and whose first one is the longer.

    Raises
    ------
    DataError
    """
    n_channels, n_times = data.shape
    if n_channels > n_times and n_channels > 8:
        raise DataError(
            "more channels than samples: the axes seem to be swapped",
            found=f"{n_channels} channels, {n_times} samples",
            expected="(n_channels, n_times)",
            fix='array.T, or axes="times channels" for a file',
        )


def _placed(table: Channels) -> Channels:
    """Template places for names of the 10-05 system; other names have none."""
    try:
        return with_template_places(table, "standard_1005")
    except DataError:
        return table
