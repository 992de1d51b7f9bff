"""XDF (LabRecorder): streams on one clock, by pyxdf; a `Recording`, or a `Bundle` of several.

Streams with a steady rate and numbers are signals. Streams of text and streams without a rate are
events, placed by their time stamps onto the samples of every signal.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.bundle import Bundle
from neurodecode.core.dependencies import need
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.recording import Recording
from neurodecode.core.words import join_words, plural
from neurodecode.loaders.clock import Clock, steady_clock
from neurodecode.loaders.formats.event_files import read_events
from neurodecode.loaders.formats.in_memory import build
from neurodecode.loaders.formats.scans import check_options
from neurodecode.loaders.formats.units import kind_word

NAME = "XDF"
OPTIONS = ("stream", "rate")
RATES = ("nominal", "measured")
_FAR = 0.01  # relative distance from which on the stated rate is not believed


@dataclass(frozen=True, eq=False)
class _Stream:
    """One stream: its words and what it holds."""

    name: str
    type: str
    nominal: float
    text: bool
    samples: Any
    stamps: np.ndarray
    channels: list[dict[str, str]]
    n_offsets: int

    @property
    def is_signal(self) -> bool:
        return self.nominal > 0 and not self.text


def read_file(
    path: Path, events: Any, options: dict[str, Any], ids: Mapping[str, str]
) -> Recording | Bundle:
    """Recording of an XDF file with one signal stream, Bundle of one with several.

    Clock offsets are applied and time stamps dejittered, as pyxdf does by default.

    Parameters
    ----------
    path : ``.xdf``, ``.xdfz`` or ``.xdf.gz``
    events : as `read_events` takes them, in place of the file's; for one signal stream only
    options
        stream: name of the signal stream to read, or a list of names; default all. rate:
        "nominal", the rate the device states, or "measured", by the time stamps; default nominal
        for one signal unless the two differ by more than 1 %, measured for several where they
        differ by more than half a sample, so that all keep to one clock.

    Returns
    -------
    recording : time zero is the first sample of the (earliest) signal

    Raises
    ------
    MissingDependency
        pyxdf is not installed.
    DataError
        Damaged, no signal stream, no stream of that name, or samples at no steady pace.
    """
    check_options(options, OPTIONS, path.name)
    streams, notes = _load(path)
    signals = _chosen(path, [each for each in streams if each.is_signal], options.get("stream"))
    empty = [each.name for each in signals if len(each.stamps) < 2]
    signals = [each for each in signals if len(each.stamps) >= 2]
    if empty:
        notes.append(f"left out, without samples: {join_words(empty)}")
    if not signals:
        raise DataError(
            f"{path.name} holds no signal",
            found=", ".join(f"{s.name} ({s.type}, {len(s.stamps)} samples)" for s in streams)
            or "no stream",
            expected="a stream of numbers at a steady rate",
        )
    rate = options.get("rate")
    if rate not in (None, *RATES):
        raise DataError("unknown rate", found=repr(rate), expected="'nominal' or 'measured'")
    markers = [each for each in streams if not each.is_signal]
    parts, clocks = {}, {}
    for stream in signals:
        clock = _clock(stream, rate, several=len(signals) > 1)
        table = _events(markers, clock)
        if events is not None:
            _check_one(signals, path)
            table = read_events(events, clock.sfreq, 0, len(stream.stamps))
        clocks[stream.name] = clock
        parts[stream.name] = _recording(stream, clock, table, str(path), ids)
    notes += _clock_notes(signals, markers)
    if len(parts) == 1:
        only = next(iter(parts.values()))
        return only.with_notes([*notes, *only.notes])
    start = min(clock.start for clock in clocks.values())
    offsets = {name: clock.start - start for name, clock in clocks.items()}
    return Bundle(parts, offsets=offsets, notes=notes)


def _recording(
    stream: _Stream, clock: Clock, events: pd.DataFrame, source: str, ids: Mapping[str, str]
) -> Recording:
    data = np.ascontiguousarray(np.asarray(stream.samples).T)
    names, kinds, units, said = _channels(stream, len(data))
    if clock.sfreq != stream.nominal:
        said.append(
            f"{stream.name}: {stream.nominal:g} Hz stated, {clock.sfreq:.6g} Hz measured and used"
        )
    made = build(
        data, sfreq=clock.sfreq, channels=names, kind=kinds, unit=units, events=events,
        source=source, notes=[*said, *clock.notes(stream.name)], **ids,
    )  # fmt: skip
    return made.with_intervals(clock.edges())


def _clock(stream: _Stream, rate: str | None, several: bool) -> Clock:
    found = steady_clock(stream.stamps, f"stream {stream.name!r}")
    drift = abs(found.measured - stream.nominal) / stream.nominal
    if rate is None:
        # A whole recording's drift below half a sample is no drift.
        near = drift * len(stream.stamps) <= 0.5 if several else drift < _FAR
        rate = "nominal" if near else "measured"
    sfreq = stream.nominal if rate == "nominal" else found.measured
    return Clock(found.stamps, sfreq, found.measured, found.breaks)


def _channels(stream: _Stream, n: int) -> tuple[list[str], list[str], list[str | None], list[str]]:
    """Names, kinds, units, and what had to be decided."""
    said = []
    described = stream.channels if len(stream.channels) == n else [{}] * n
    if len(stream.channels) not in (0, n):
        said.append(f"{plural(len(stream.channels), 'channel')} described, {n} recorded")
    names = [each.get("label") or f"{stream.name} {i + 1}" for i, each in enumerate(described)]
    if len(set(names)) < n:
        names = [f"{name} {i + 1}" for i, name in enumerate(names)]
    default = kind_word(stream.type) or "misc"
    kinds = [kind_word(each.get("type", "")) or default for each in described]
    strange = sorted({each["type"] for each in described if each.get("type")
                      and kind_word(each["type"]) is None})  # fmt: skip
    if strange:
        said.append(f"channels of type {join_words(strange)} are taken as {default}")
    elif default == "misc" and kind_word(stream.type) is None:
        said.append(f"a stream of type {stream.type!r} is taken as misc")
    units = [each.get("unit") or None for each in described]
    return names, kinds, units, said


def _events(markers: list[_Stream], clock: Clock) -> pd.DataFrame:
    """Events of all marker streams, onset in s from the first sample of a signal."""
    filled = [each for each in markers if len(each.stamps)]
    tables = [_table(each, prefix=len(filled) > 1) for each in filled]
    if not tables:
        return pd.DataFrame({"onset": [], "label": []})
    table = pd.concat(tables, ignore_index=True).sort_values("stamp", kind="stable")
    table.insert(0, "onset", clock.seconds(table["stamp"].to_numpy()))
    return table.drop(columns="stamp")


def _table(stream: _Stream, prefix: bool) -> pd.DataFrame:
    """Stamps and labels; irregular numbers of several channels become columns."""
    start = f"{stream.name}/" if prefix else ""
    if stream.text:
        rows = [[str(word) for word in np.atleast_1d(each)] for each in stream.samples]
        labels = [start + "/".join(filter(None, row)) for row in rows]
        return pd.DataFrame({"stamp": stream.stamps, "label": labels})
    values = np.asarray(stream.samples, dtype=np.float64).reshape(len(stream.stamps), -1)
    if values.shape[1] == 1:
        labels = [f"{start}{value:g}" for value in values[:, 0]]
        return pd.DataFrame({"stamp": stream.stamps, "label": labels})
    names = [each.get("label") or str(i + 1) for i, each in enumerate(stream.channels)]
    if len(names) != values.shape[1]:
        names = [str(i + 1) for i in range(values.shape[1])]
    columns = {f"{stream.name} {name}": values[:, i] for i, name in enumerate(names)}
    return pd.DataFrame({"stamp": stream.stamps, "label": stream.name, **columns})


def _clock_notes(signals: list[_Stream], markers: list[_Stream]) -> list[str]:
    used = [*signals, *(each for each in markers if len(each.stamps))]
    without = [each.name for each in used if not each.n_offsets]
    measured = [each.n_offsets for each in used if each.n_offsets]
    said = []
    if measured:
        said.append(
            f"clock offsets applied (at least {min(measured)} a stream), time stamps dejittered"
        )
    if without and len(used) > 1:
        said.append(
            f"no clock offsets for {join_words(without)}: right only if one computer sent all"
        )
    return said


def _chosen(path: Path, signals: list[_Stream], wanted: Any) -> list[_Stream]:
    if wanted is None:
        return signals
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    by_name = {each.name: each for each in signals}
    for name in names:
        if name not in by_name:
            raise DataError(
                f"{path.name} has no signal stream of that name", found=repr(name),
                expected=", ".join(by_name) or "a stream at a steady rate",
                fix=did_you_mean(name, by_name),
            )  # fmt: skip
    return [by_name[name] for name in names]


def _check_one(signals: list[_Stream], path: Path) -> None:
    if len(signals) > 1:
        raise DataError(
            "events that lie apart need one signal to be counted on",
            found=f"{path.name}: {join_words([each.name for each in signals])}",
            fix=f'nd.read("{path.name}", events=..., stream="{signals[0].name}")',
        )


# ---------------------------------------------------------------------------------- pyxdf
def _load(path: Path) -> tuple[list[_Stream], list[str]]:
    pyxdf = need("pyxdf", extra="data", why="an XDF file")
    with _warnings_of("pyxdf") as warnings:
        raw, _ = pyxdf.load_xdf(str(path), verbose=False)
    streams, taken = [], set()
    for each in raw:
        stream = _stream(each, taken)
        taken.add(stream.name)
        streams.append(stream)
    return streams, list(dict.fromkeys(warnings))


def _stream(raw: Mapping[str, Any], taken: set[str]) -> _Stream:
    info = raw["info"]
    name = _word(info, "name") or f"stream {info['stream_id']}"
    unique, number = name, 2
    while unique in taken:
        unique, number = f"{name} {number}", number + 1
    footer = (raw.get("footer") or {}).get("info") or {}
    offsets = (footer.get("clock_offsets") or [None])[0] or {}
    return _Stream(
        name=unique,
        type=_word(info, "type"),
        nominal=float(_word(info, "nominal_srate") or 0.0),
        text=_word(info, "channel_format") == "string",
        samples=raw["time_series"],
        stamps=np.asarray(raw["time_stamps"], dtype=np.float64),
        channels=_described(info),
        n_offsets=len(offsets.get("offset", [])),
    )


def _described(info: Mapping[str, Any]) -> list[dict[str, str]]:
    """Label, type and unit of each channel, where the stream's description gives them."""
    desc = (info.get("desc") or [None])[0] or {}
    channels = (desc.get("channels") or [None])[0] or {}
    return [
        {key: _word(each, key) for key in ("label", "type", "unit")}
        for each in channels.get("channel", [])
        if isinstance(each, Mapping)
    ]


def _word(table: Mapping[str, Any], key: str) -> str:
    """The text of an XML element, which pyxdf wraps into a list."""
    value = table.get(key)
    value = value[0] if isinstance(value, list) and value else value
    return str(value).strip() if isinstance(value, (str, int, float)) else ""


@contextmanager
def _warnings_of(name: str) -> Iterator[list[str]]:
    """What a library logs as warnings, kept instead of printed."""
    found: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.WARNING:
                found.append(" ".join(record.getMessage().split()))

    logger, handler = logging.getLogger(name), Keep()
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
