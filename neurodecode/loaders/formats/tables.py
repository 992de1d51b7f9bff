"""Tables of samples: CSV, TSV and plain text, one row a sample, one column a channel.

Columns of time and of markers are found by name or named by the user. A text without names, a
single column of numbers, and a first line that ends in the rate are understood as well.
"""

from __future__ import annotations

import csv
import gzip
import lzma
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.recording import Recording
from neurodecode.core.words import plural
from neurodecode.loaders.clock import Clock, steady_clock
from neurodecode.loaders.formats.event_files import read_events
from neurodecode.loaders.formats.in_memory import build
from neurodecode.loaders.formats.scans import check_options

NAME = "table"
OPTIONS = ("sfreq", "time", "marker", "channels", "kind", "unit")
_TIMES = ("time", "times", "timestamp", "timestamps", "t", "seconds", "sec", "time_s")
_MARKERS = ("marker", "markers", "trigger", "triggers", "stim", "sti", "event", "events", "status",
            "annotation", "annotations")  # fmt: skip
_TO_SECONDS = {"ms": 1e-3, "us": 1e-6, "µs": 1e-6, "s": 1.0, "sec": 1.0, "seconds": 1.0}


def read_file(
    path: Path, events: Any, options: dict[str, Any], ids: Mapping[str, str]
) -> Recording | None:
    """Recording of a table of samples.

    Parameters
    ----------
    path : ``.csv``, ``.tsv`` or ``.txt``, also compressed (``.gz``, ``.xz``)
    events : as `read_events` takes them, or None: those of the marker column
    options : see `from_frame`

    Returns
    -------
    recording : Recording; None for a text that another program's reader knows (BOXY)

    Raises
    ------
    DataError
        Not a table of numbers, or the rate is written nowhere.
    """
    with _opened(path) as file:
        try:
            head = [line for _, line in zip(range(40), file, strict=False)]
        except (UnicodeDecodeError, OSError, EOFError, lzma.LZMAError) as error:
            raise _no_table(path, str(error)) from error
    if path.suffix.lower() == ".txt" and head and head[0].startswith("BOXY"):
        return None
    check_options(options, OPTIONS, path.name)
    frame, sfreq = _parse(path, head)
    if sfreq is not None:
        options = {"sfreq": sfreq, **options}
    return from_frame(frame, events, options, {"source": str(path), **ids})


def from_frame(
    frame: pd.DataFrame, events: Any, options: Mapping[str, Any], words: Mapping[str, str]
) -> Recording:
    """Recording of a frame with one row a sample.

    Parameters
    ----------
    frame : DataFrame
        Columns of numbers are channels, but for those of time and markers.
    events : as `read_events` takes them, or None: the marker column
    options
        sfreq: Hz, default from the time column; time, marker: names of those columns, default by
        name ("time", "timestamp", ...; "marker", "trigger", "event", ...); channels: columns to
        keep; kind, default "eeg", and unit, default the natural one.
    words : further arguments of `Recording`

    Raises
    ------
    DataError
        No rate, no such column, or a column of text that is neither time nor marker.

    Examples
    --------
    >>> frame = pd.DataFrame({"time": np.arange(200) / 100, "Cz": 0.0, "marker": 0})
    >>> frame.loc[50, "marker"] = 7
    >>> from_frame(frame, None, {}, {}).events[["onset", "code"]].values.tolist()
    [[0.5, 7]]
    """
    check_options(options, OPTIONS, "a frame")
    frame = frame.rename(columns=str)
    time = _column(frame, options.get("time"), _TIMES, "time")
    marker = _column(frame, options.get("marker"), _MARKERS, "marker")
    names = options.get("channels") or [n for n in frame.columns if n not in (time, marker)]
    names = [str(_column(frame, name, (), "channel")) for name in names]
    data = _numbers(frame, names)
    clock, notes = _clock(frame, time, options.get("sfreq"))
    if empty := int(np.isnan(data).sum()):
        notes.append(f"{plural(empty, 'empty cell')} became NaN")
    sfreq = clock.sfreq if clock else float(options["sfreq"])
    table = None
    if events is not None:
        table = read_events(events, sfreq, 0, len(frame))
    elif marker is not None:
        table = marker_events(pd.Series(frame[marker]), sfreq)
        notes.append(f"events from the column {marker!r}")
    made = build(
        data, sfreq=sfreq, channels=names, kind=options.get("kind", "eeg"),
        unit=options.get("unit"), events=table, notes=notes, **words,
    )  # fmt: skip
    return made.with_intervals(clock.edges()) if clock else made


def marker_events(column: pd.Series, sfreq: float) -> pd.DataFrame:
    """Events of a marker column: one where its value changes to something.

    Zero, empty cells and blanks mean that nothing is marked; a value that stays is one event,
    as long as it stays.

    Examples
    --------
    >>> marker_events(pd.Series(["", "go", "go", "", "stop"]), 10.0)["label"].tolist()
    ['go', 'stop']
    """
    values = np.array([_marker_word(value) for value in column], dtype=object)
    changed = np.flatnonzero(values != np.concatenate([[""], values[:-1]]))
    starts = changed[values[changed] != ""]
    ends = np.append(changed, len(values))[np.searchsorted(changed, starts, side="right")]
    return pd.DataFrame(
        {"onset": starts / sfreq, "duration": (ends - starts) / sfreq, "label": values[starts]}
    )


def _marker_word(value: Any) -> str:
    """A marker as text: numbers without a needless ".0", nothing for zero and empty cells."""
    text = "" if pd.isna(value) else str(value).strip()
    if not _is_number(text):
        return text
    return f"{float(text):.12g}" if float(text) else ""


def _column(
    frame: pd.DataFrame, wanted: str | None, usual: tuple[str, ...], what: str
) -> str | None:
    if wanted is None:
        return next(
            (n for n in frame.columns if re.sub(r"\s*[\[(].*$", "", n.lower()).strip() in usual),
            None,
        )
    if wanted not in frame.columns:
        raise DataError(
            f"no {what} column of that name", found=repr(wanted),
            expected="one of " + ", ".join(frame.columns[:40]),
            fix=did_you_mean(wanted, list(frame.columns)),
        )  # fmt: skip
    return wanted


def _numbers(frame: pd.DataFrame, names: list[str]) -> np.ndarray:
    """Channels as rows; text in them is refused, empty cells become NaN."""
    for name in names:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            bad = frame[name].map(lambda value: isinstance(value, str)).to_numpy(dtype=bool)
            example = repr(frame[name].to_numpy()[bad][0]) if bad.any() else str(frame[name].dtype)
            raise DataError(
                f"column {name!r} holds text", found=example,
                expected="numbers in every channel",
                fix=f'marker="{name}" if it holds events, or channels=[...] to name the channels',
            )  # fmt: skip
    if not names:
        raise DataError("the table has no channel", found=", ".join(frame.columns))
    return np.ascontiguousarray(frame[names].to_numpy(dtype=np.float64).T)


def _clock(
    frame: pd.DataFrame, time: str | None, sfreq: float | None
) -> tuple[Clock | None, list[str]]:
    if sfreq is not None:
        ignored = [f"column {time!r} is left out: sfreq={sfreq:g} Hz was given"] if time else []
        return None, ignored
    if time is None:
        raise DataError(
            "the table does not say its sampling rate",
            found="columns " + ", ".join(frame.columns[:12]),
            expected="a column of time stamps in seconds, or sfreq=",
            fix='nd.read(path, sfreq=250.0), or time="name of the column"',
        )
    stamps = frame[time]
    if pd.api.types.is_datetime64_any_dtype(stamps) or not pd.api.types.is_numeric_dtype(stamps):
        try:
            moments = pd.to_datetime(stamps)
        except (ValueError, TypeError) as error:
            raise DataError(f"column {time!r} holds no times", found=str(error).splitlines()[0],
                            fix="sfreq=") from error  # fmt: skip
        seconds = (moments - moments.iloc[0]).dt.total_seconds().to_numpy()
        unit = "s"
    else:
        stated = re.search(r"[\[(]\s*([^\])\s]+)\s*[\])]|_(ms|us|µs)$", time.lower())
        unit = (stated[1] or stated[2]) if stated else "s"
        seconds = stamps.to_numpy(dtype=np.float64) * _TO_SECONDS.get(unit, 1.0)
    clock = steady_clock(seconds, f"column {time!r}")
    if clock.sfreq < 1 and unit == "s":
        raise DataError(
            f"column {time!r} does not seem to be in seconds",
            found=f"a step of {1 / clock.sfreq:g}",
            fix=f"rename it {time + ' (ms)'!r}, or give sfreq=",
        )
    said = [f"{clock.sfreq:g} Hz by the column {time!r}", *clock.notes(f"column {time!r}")]
    return clock, said


# ---------------------------------------------------------------------------------- text
def _opened(path: Path) -> IO[str]:
    kinds = {".gz": gzip.open, ".xz": lzma.open}
    opener = kinds.get(path.suffix.lower(), open)
    return opener(path, "rt", encoding="utf-8-sig")  # type: ignore[operator]


def _parse(path: Path, head: list[str]) -> tuple[pd.DataFrame, float | None]:
    """The table, and the rate where its first line ends in one."""
    lines = [line for line in head if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise _no_table(path, "no line of data")
    separator = _separator(path, lines[0])
    first, width = (
        _cells(lines[0], separator),
        len(_cells(lines[min(1, len(lines) - 1)], separator)),
    )
    names, sfreq, skipped = None, None, 0
    if not all(map(_is_number, first)):
        names, skipped = first, 1
        if len(first) == width + 1 and _is_number(first[-1]):
            names, sfreq = first[:-1], float(first[-1])  # "Fp1 Fp2 ... 128"
        if match := re.fullmatch(r"time:\s*([\d.]+)\s*hz", names[0].strip().lower()):
            names, sfreq = ["time", *names[1:]], float(match[1])  # OpenViBE
    if names is not None and len(names) != width:
        raise _no_table(path, f"{plural(len(names), 'name')} above {plural(width, 'column')}")
    if names is not None and len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise _no_table(path, f"two columns are called {twice[0]!r}")
    before = next(i for i, line in enumerate(head) if line is lines[0])
    try:
        frame = pd.read_csv(
            path, sep=separator, header=None, skiprows=before + skipped, comment="#",
            names=names, encoding="utf-8-sig", skipinitialspace=True,
        )  # fmt: skip
    except (ValueError, UnicodeDecodeError, EOFError, OSError) as error:
        raise _no_table(path, str(error).splitlines()[0]) from error
    if names is None:
        frame.columns = [str(i + 1) for i in range(frame.shape[1])]
    return frame.dropna(axis="columns", how="all"), sfreq


def _separator(path: Path, line: str) -> str:
    if ".tsv" in path.name.lower():
        return "\t"
    for candidate in (",", ";", "\t"):
        if candidate in line:
            return candidate
    return r"\s+"


def _cells(line: str, separator: str) -> list[str]:
    if separator == r"\s+":
        return line.split()
    return [cell.strip() for cell in _csv_cells(line.rstrip("\r\n"), separator)]


def _csv_cells(line: str, separator: str) -> Iterator[str]:
    yield from next(csv.reader([line], delimiter=separator, skipinitialspace=True))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _no_table(path: Path, found: str) -> DataError:
    return DataError(
        f"{path.name} is no table of samples",
        found=found,
        expected="one row a sample; names of the columns in the first line, or none",
        fix="look at its first lines; other text formats: read it yourself, then "
        "nd.read(frame, sfreq=...)",
    )
