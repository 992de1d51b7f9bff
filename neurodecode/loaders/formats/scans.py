"""What files of volumes share, voxels or vertices: repetition time, events, readers, options.

Volume i is taken at i times the repetition time, the start of its acquisition; event onsets count
from the first volume. Slice timing is not corrected here.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.channels import Channels
from neurodecode.core.dependencies import need
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.intervals import check_intervals, good_spans
from neurodecode.core.memory import check_bytes
from neurodecode.core.readers import SignalReader
from neurodecode.core.recording import Recording
from neurodecode.core.space import Space
from neurodecode.loaders.formats.confounds import Cleaning, find_confounds
from neurodecode.loaders.formats.event_files import read_events

CLEANING = ("confounds", "detrend", "high_pass", "standardize")
_SECONDS = {"sec": 1.0, "msec": 1e-3, "usec": 1e-6}
_LONGEST = 30.0  # s; a larger repetition time is another unit
_LABEL_COLUMNS = ("labels", "label", "trial_type", "condition")
_RUN_COLUMNS = ("chunks", "chunk", "run", "runs")
_BLOCK = 8_000_000  # values read at a time


class WholeReader:
    """All samples of a reader, read once at the first call, cleaned, and kept.

    For files that cannot be entered in the middle (gzip), and where cleaning needs all volumes.
    """

    def __init__(self, reader: SignalReader, n_channels: int, cleaning: Cleaning | None):
        self.reader, self.n_channels, self.cleaning = reader, n_channels, cleaning
        self.n_times, self.dtype = reader.n_times, reader.dtype
        self._all: np.ndarray | None = None

    def read(self, start: int, stop: int, channel_indices: np.ndarray | None = None) -> np.ndarray:
        """Samples start to stop (excluded), shape (n_channels, n), float32."""
        if self._all is None:
            check_bytes(
                self.n_channels * self.n_times * 4,
                f"{self.n_channels} channels × {self.n_times} volumes",
                shrink="a smaller mask=, or atlas= for the means of regions",
            )
            signals = self.reader.read(0, self.n_times)
            if self.cleaning is not None:
                self.cleaning.apply(signals)
            signals.flags.writeable = False
            self._all = signals
        part = self._all[:, start:stop]
        return part if channel_indices is None else part[channel_indices]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_all": None}


def blocks(n_times: int, n_values: int, start: int = 0) -> Iterable[tuple[int, int]]:
    """Stretches of volumes of `n_values` each that are read in one go, as (start, stop)."""
    width = max(1, _BLOCK // max(1, n_values))
    return ((low, min(low + width, n_times)) for low in range(start, n_times, width))


def check_options(options: Mapping[str, Any], known: Iterable[str], what: str) -> None:
    """Refuse arguments of `read` that this kind of file does not have.

    Raises
    ------
    DataError
    """
    known = list(known)
    for name in options:
        if name not in known:
            raise DataError(
                f"{what} is read without this argument",
                found=name,
                expected=", ".join(known),
                fix=did_you_mean(name, known),
            )


def open_image(path: Path) -> Any:
    """Open a file with nibabel, reading no samples.

    Raises
    ------
    DataError
        nibabel cannot make sense of it.
    MissingDependency
        nibabel is not installed.
    """
    nibabel = need("nibabel", extra="fmri", why=f"reading {path.name}")
    try:
        return nibabel.load(path)
    except Exception as error:  # headers in ruins raise nearly anything
        raise DataError(
            f"{path.name} cannot be read",
            found=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}",
            expected="a file that nibabel.load opens",
            fix="check that the file is whole and its ending is right",
        ) from error


def read_values(data: Any, index: Any, name: str) -> np.ndarray:
    """Part of an image's values.

    Parameters
    ----------
    data : array proxy of nibabel, or array
    index : what goes into its square brackets
    name : str
        Of the file, for the message.

    Raises
    ------
    DataError
        The file holds less, or something else, than its header says.
    """
    try:
        return np.asarray(data[index])
    except (OSError, EOFError, ValueError, OverflowError, MemoryError, zlib.error) as error:
        raise DataError(
            f"{name} ends before its last volume, or is damaged",
            found=f"{type(error).__name__}: {' '.join(str(error).split())[:200]}",
            expected=f"values of shape {tuple(data.shape)}, as the header says",
            fix="copy or download the file again",
        ) from error


def repetition_time(
    path: Path, asked: float | None, header: float | None, unit: str
) -> tuple[float, list[str]]:
    """Seconds from one volume to the next, from the user, the JSON beside the file or its header.

    Parameters
    ----------
    path : Path
    asked : float, s, or None
    header : float or None
        As the header has it; 0 or None: it does not say.
    unit : str
        "sec", "msec", "usec", or anything else for unknown.

    Returns
    -------
    tr : float, s
    notes : list of str

    Raises
    ------
    DataError
        Nobody says, header and JSON contradict each other, or the time is not plausible.

    Examples
    --------
    >>> repetition_time(Path("a.nii"), None, 2500.0, "msec")[0]
    2.5
    """
    told = _sidecar(path).get("RepetitionTime")
    own = None if not header or not np.isfinite(header) else float(header) * _SECONDS.get(unit, 1.0)
    if asked is not None:
        tr, source = float(asked), "as given"
    elif told is not None and own is not None and abs(told - own) > 0.01 * told:
        raise DataError(
            f"{path.name}: two repetition times",
            found=f"{own:.6g} s in the header, {told:g} s in the JSON beside it",
            expected="one",
            fix=f"nd.read(..., tr={told:g}), or the other",
        )
    elif told is not None:
        tr, source = float(told), "from the JSON beside it"
    elif own is not None:
        tr, source = own, "from the header"
    else:
        raise DataError(
            f"{path.name} does not say how long a volume takes",
            found="repetition time 0 in the header, no RepetitionTime in a JSON beside it",
            fix="nd.read(..., tr=2.0), in seconds",
        )
    if not 0 < tr <= _LONGEST:
        guess = f"; perhaps milliseconds: tr={tr / 1000:.6g}" if 1 < tr / 1000 < _LONGEST else ""
        raise DataError(
            f"{path.name}: no plausible repetition time",
            found=f"{tr:g} s {source}",
            expected=f"above 0, at most {_LONGEST:g} s",
            fix=f"nd.read(..., tr=seconds){guess}",
        )
    notes = [f"one volume every {tr:.6g} s ({source}); slice timing is left as it is"]
    if asked is None and told is None and unit not in _SECONDS:
        notes.append("the header names no unit of time: its repetition time is taken as seconds")
    return round(tr, 9), notes


def _sidecar(path: Path) -> dict[str, Any]:
    """What the JSON file of the same name says, as BIDS has it."""
    name = path.name.partition(".")[0]
    beside = path.with_name(f"{name}.json")
    if not beside.is_file():
        return {}
    try:
        words = json.loads(beside.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{beside.name} is no JSON", found=str(error)) from error
    return words if isinstance(words, dict) else {}


def recording_of(
    path: Path, reader: SignalReader, channels: Channels, space: Space | None, tr: float, *,
    events: Any, ids: dict[str, Any], notes: list[str], whole: bool, confounds: Any = None,
    detrend: bool = False, high_pass: float | None = None, standardize: bool = False,
) -> Recording:  # fmt: skip
    """Recording of volumes, with events beside it and confounds taken out.

    Parameters
    ----------
    path : Path
    reader : SignalReader of channels x volumes
    channels, space, tr, events, ids, notes : what goes into the recording
    whole : bool
        True: the file is read at once and kept.
    confounds, detrend, high_pass, standardize : see `neurodecode.loaders.formats.confounds`
    """
    n_times = reader.n_times
    table, intervals = volume_events(_beside(path) if events is None else events, tr, n_times)
    regressors, bad, said = find_confounds(confounds, path, n_times)
    if bad.any():
        spans = pd.DataFrame(
            {"onset": np.flatnonzero(bad) * tr, "duration": tr, "kind": "BAD_scrubbed"}
        )
        intervals = spans if intervals is None else pd.concat([intervals, spans])
    cleaning = Cleaning(
        regressors, ~bad, tr, detrend, high_pass, standardize,
        good_spans(check_intervals(intervals), 1 / tr, n_times),
    )  # fmt: skip
    needed = cleaning if cleaning.does_anything else None
    if needed is not None or whole:
        reader = WholeReader(reader, len(channels), needed)
    return Recording(
        reader,
        channels=channels,
        sfreq=1 / tr,
        events=table,
        intervals=intervals,
        recording=ids.pop("recording", path.name),
        source=str(path),
        notes=[*notes, *said, *cleaning.notes()],
        targets=None if regressors is None else {"confounds": regressors.to_numpy().T},
        space=space,
        **ids,
    )


def _beside(path: Path) -> Path | None:
    """The events.tsv that BIDS puts beside a bold file, if it is there."""
    stem, found, _ = path.name.partition("_bold.")
    beside = path.with_name(f"{stem}_events.tsv")
    return beside if found and beside.is_file() else None


def volume_events(source: Any, tr: float, n_times: int) -> tuple[Any, pd.DataFrame | None]:
    """Events and run edges from a table of onsets, or from a table of one label a volume.

    Labels of volumes become blocks: neighbours of one label and run are one event, and volumes of
    two runs are parted by an edge. Such tables have as many rows as there are volumes: a column
    `labels` and perhaps `chunks`, or two columns without a header.

    Parameters
    ----------
    source : path, DataFrame, int array of shape (n, 3), or None
    tr : float, s
    n_times : int

    Returns
    -------
    events : DataFrame or None
    intervals : DataFrame or None

    Raises
    ------
    DataError
        Neither onsets nor one label a volume.

    Examples
    --------
    >>> labels = pd.DataFrame({"labels": ["rest", "face", "face"], "chunks": [0, 0, 0]})
    >>> volume_events(labels, 2.5, 3)[0][["onset", "duration", "label"]].values.tolist()
    [[0.0, 2.5, 'rest'], [2.5, 5.0, 'face']]
    """
    if source is None:
        return None, None
    table = _table(source, n_times)
    if table is None:
        return read_events(source, 1 / tr, 0, n_times), None
    labels = table.iloc[:, 0].astype(str).to_numpy()
    runs = table.iloc[:, 1].astype(str).to_numpy() if table.shape[1] > 1 else np.full(n_times, "1")
    new_run = np.append(False, runs[1:] != runs[:-1])
    starts = np.flatnonzero(np.append(True, (labels[1:] != labels[:-1]) | new_run[1:]))
    lengths = np.diff(np.append(starts, n_times))
    events = pd.DataFrame({"onset": starts * tr, "duration": lengths * tr, "label": labels[starts]})
    if table.shape[1] > 1:
        events["run"] = runs[starts]
    edges = pd.DataFrame({"onset": np.flatnonzero(new_run) * tr, "duration": 0.0, "kind": "edge"})
    return events, edges if len(edges) else None


def _table(source: Any, n_times: int) -> pd.DataFrame | None:
    """Columns label and run of a table of one label a volume; None where it is none."""
    frame = source if isinstance(source, pd.DataFrame) else _rows(source)
    if frame is None or "onset" in frame:
        return None
    label = next((name for name in _LABEL_COLUMNS if name in frame), None)
    if label is None:
        return None
    if len(frame) != n_times:
        raise DataError(
            "the labels do not fit the volumes",
            found=f"{len(frame)} rows without onsets",
            expected=f"{n_times}, one per volume, or a column onset in seconds",
        )
    run = [name for name in _RUN_COLUMNS if name in frame][:1]
    return frame.loc[:, [label, *run]]


def _rows(source: Any) -> pd.DataFrame | None:
    """A text table, its header in front or none; None for anything else."""
    path = Path(source) if isinstance(source, (str, Path)) else None
    if path is None or path.suffix.lower() not in (".txt", ".csv", ".tsv") or not path.is_file():
        return None
    separator = {".csv": ",", ".tsv": "\t"}.get(path.suffix.lower(), r"\s+")
    try:
        frame = pd.read_csv(path, sep=separator, engine="python", dtype=str, header=None)
    except ValueError:  # no table of one shape: an event file of another kind, or none
        return None
    first = frame.iloc[0].astype(str)
    if set(first) & {"onset", *_LABEL_COLUMNS, *_RUN_COLUMNS}:
        return frame.iloc[1:].set_axis(first, axis=1)
    if frame.shape[1] > 2:
        return None
    return frame.set_axis(["label", "run"][: frame.shape[1]], axis=1)
