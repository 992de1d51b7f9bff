"""Continuous sets that are arrays in files: a few lines of a card say which variable is what.

``[source]`` of the card (`trial_arrays` reads sets that exist only as trials):

- ``folder``: relative to the data folder, default the name of the card; ``where``: their origin;
- ``signal = {file, variable, axes, unit}``: axes in words, "channels times", "runs times channels"
  (one recording a run), ...; ``rows``: the channels to keep;
- ``[source.targets.NAME]`` ``{variable, file, axes, rows, lag, period}``: continuous variables on
  the same clock; ``lag`` (s) delays one against the signal, ``period`` turns a circular one into
  its cosine and sine;
- ``markers = {variable, file}``: a code a sample, 0 between events; ``[source.events]`` names them;
- ``[source.spans]`` ``{every, CLASS = [start, stop]}``: labelled stretches, one event every so
  many seconds; ``bad = [[start, stop, "BAD_word"], ...]``;
- ``[channels]`` ``names``, or ``names_from`` (a variable), or ``prefix``; ``kind``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.card import Card
from neurodecode.core.errors import CardError, DataError
from neurodecode.core.recording import Recording
from neurodecode.core.time_axis import to_samples
from neurodecode.loaders.formats.arrays import arrange, event_frame, load_array
from neurodecode.loaders.formats.in_memory import build
from neurodecode.loaders.sources.data_files import data_file, file_names, have_all


def read_recordings(card: Card, subjects: list[str] | None) -> list[Recording]:
    """The card's recordings, one a run.

    Raises
    ------
    DownloadError : a file is not here; the message says where it comes from and where to put it.
    DataError : an array has other axes or another length than the card says.
    CardError : the card names keys that do not exist.
    """
    if subjects is not None and not set(subjects) & set(card.subjects):
        return []
    _check_source(card)
    signal = card.source["signal"]
    runs = _runs(card, signal, "channels")
    if rows := signal.get("rows"):
        runs = [run[rows] for run in runs]
    targets = {name: _target(card, each, runs) for name, each in _targets(card).items()}
    return [
        _recording(card, run, i, len(runs), {name: each[i] for name, each in targets.items()})
        for i, run in enumerate(runs)
    ]


def is_present(card: Card) -> bool:
    """Whether all files of the card lie in their folder."""
    return have_all(card)


def files(card: Card, subjects: list[str] | None) -> list[Path]:
    """Files the recordings come from."""
    return [file_path(card, name) for name in file_names(card)]


def file_path(card: Card, name: str) -> Path:
    """Where a file of the card lies, or should."""
    return data_file(card, name, must_exist=False)


_KEYS = ("kind", "folder", "where", "signal", "targets", "markers", "events", "spans", "bad",
         "step", "target")  # fmt: skip


def _check_source(card: Card) -> None:
    strange = [key for key in card.source if key not in _KEYS]
    if strange or "signal" not in card.source:
        raise CardError(
            f"{card.name}: [source] cannot be followed",
            found="unknown key " + ", ".join(strange) if strange else "no signal",
            expected=", ".join(_KEYS),
        )


def _recording(
    card: Card, data: np.ndarray, i: int, n_runs: int, targets: dict[str, np.ndarray]
) -> Recording:
    n_times = data.shape[1]
    return build(
        data,
        sfreq=card.sfreq,
        channels=channel_names(card, len(data)),
        kind=card.channels["kind"],
        unit=card.source["signal"].get("unit"),
        events=_events(card, n_times),
        intervals=_bad_spans(card),
        targets=targets,
        recording=card.name if n_runs == 1 else f"{card.name} run-{i + 1}",
        subject=card.subjects[0],
        run=str(i + 1),
        source=str(data_file(card, card.source["signal"]["file"])),
    )


def channel_names(card: Card, n: int) -> list[str]:
    """Names of the card, of a variable of its file, or numbers behind a prefix."""
    if "names" in card.channels:
        return list(card.channels["names"])
    if variable := card.channels.get("names_from"):
        path = data_file(card, (card.source.get("signal") or {})["file"])
        return [str(each).strip() for each in load_array(path, variable).ravel()]
    width = len(str(n))
    return [f"{card.channels['prefix']} {i + 1:0{width}d}" for i in range(n)]


def _runs(card: Card, spec: Mapping[str, Any], rows: str) -> list[np.ndarray]:
    """Arrays of shape (k, n_times), one a run."""
    file = spec.get("file", card.source["signal"]["file"])
    array = load_array(data_file(card, file), spec.get("variable"))
    axes = spec.get("axes")
    return list(arrange(array, axes, f"runs {rows} times", f"{card.name}: {file}"))


def _targets(card: Card) -> dict[str, Mapping[str, Any]]:
    return dict(card.source.get("targets", {}))


def _target(card: Card, spec: Mapping[str, Any], runs: list[np.ndarray]) -> list[np.ndarray]:
    """A continuous variable, (k, n_times) a run, float64."""
    found = [each.astype(np.float64) for each in _runs(card, spec, "channels")]
    lengths = [each.shape[1] for each in found]
    if lengths != [run.shape[1] for run in runs]:
        raise DataError(
            f"{card.name}: a target is not as long as the signal",
            found=f"{spec.get('variable')}: {lengths} samples",
            expected=f"{[run.shape[1] for run in runs]}",
            fix="correct `axes` of the card",
        )
    if "rows" in spec:
        found = [each[spec["rows"]] for each in found]
    if "period" in spec:
        angles = [2 * np.pi * each / spec["period"] for each in found]
        found = [np.concatenate([np.cos(each), np.sin(each)]) for each in angles]
    lag = to_samples(float(spec.get("lag", 0.0)), card.sfreq)
    return [_delayed(each, lag) for each in found]


def _delayed(series: np.ndarray, lag: int) -> np.ndarray:
    """A series that comes `lag` samples later; what it does not know is NaN."""
    if not lag:
        return series
    late = np.full_like(series, np.nan)
    late[:, lag:] = series[:, :-lag]
    return late


def _events(card: Card, n_times: int) -> pd.DataFrame | None:
    if markers := card.source.get("markers"):
        file = markers.get("file", card.source["signal"]["file"])
        return event_frame(load_array(data_file(card, file), markers["variable"]), card.sfreq)
    if spans := card.source.get("spans"):
        return pd.DataFrame(list(_span_events(card, spans)), columns=["onset", "label"])
    return None


def _span_events(card: Card, spans: Mapping[str, Any]) -> Iterator[tuple[float, str]]:
    length = card.tmax - card.tmin
    for label, place in spans.items():
        if label == "every":
            continue
        start, stop = place
        # Half a sample of grace: spans are written with rounded ends.
        for onset in np.arange(start, stop - length + 0.5 / card.sfreq, spans["every"]):
            yield float(onset) - card.tmin, label


def _bad_spans(card: Card) -> pd.DataFrame | None:
    spans = card.source.get("bad")
    if not spans:
        return None
    rows = [(start, stop - start, kind) for start, stop, kind in spans]
    return pd.DataFrame(rows, columns=["onset", "duration", "kind"])
