"""Homer2 and Homer3's ``.nirs``: a MATLAB file of light intensities, optodes and stimuli.

Layout: `d` (n_times, n_channels), `t` (s), `SD` (SrcPos, DetPos, Lambda, MeasList, SpatialUnit),
`s` (n_times, n_conditions; not 0 where a stimulus starts), `CondNames`. Source: Homer2 user guide,
Huppert et al. 2009, doi 10.1364/AO.48.00D280.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.loaders.formats.event_files import read_events
from neurodecode.loaders.formats.fnirs import convert, take_options
from neurodecode.loaders.formats.mne_raw import recording_from_raw
from neurodecode.loaders.formats.scans import check_options

NAME = "Homer"
_METRES = {"mm": 1e-3, "cm": 1e-2, "m": 1.0}


def read_file(path: Path, events: Any, options: dict[str, Any], ids: dict[str, str]) -> Recording:
    """Recording of a Homer file, in the form that `fnirs` of the options asks for.

    Parameters
    ----------
    path : Path
    events : path, DataFrame or int array of shape (n, 3), optional
    options : dict
        ``fnirs``, ``ppf``; see `neurodecode.loaders.formats.fnirs.convert`.
    ids : dict

    Raises
    ------
    DataError
        The file is no MATLAB file, or lacks a part.
    """
    wanted, rest = take_options(options)
    check_options(rest, (), "a Homer file")
    raw, notes = _raw(path)
    raw, said = convert(raw, **wanted)
    table = None if events is None else read_events(events, raw.info["sfreq"], 0, raw.n_times)
    made = recording_from_raw(raw, events=table, notes=[*notes, *said], source=str(path), **ids)
    # The places are those of the probe's design or of a digitiser, not MNE's head coordinates.
    return made.with_data(made.data, channels=made.channels.replace(frame="device"))


def _raw(path: Path) -> tuple[Any, list[str]]:
    """MNE raw object of light intensities, as MNE's own readers of fNIRS make it."""
    import mne

    words = _load(path)
    signals = np.atleast_2d(np.asarray(words["d"], dtype=np.float64))
    times = np.ravel(words["t"]).astype(np.float64)
    layout = words["SD"]
    pairs = np.atleast_2d(layout["MeasList"])[:, [0, 1, 3]].astype(np.int64) - 1
    if signals.shape != (len(times), len(pairs)):
        raise DataError(
            f"{path.name}: its parts do not fit one another",
            found=f"d of shape {signals.shape}, {len(times)} times, {len(pairs)} measurements",
            expected="(times, measurements)",
        )
    steps = np.diff(times)
    sfreq = 1 / float(np.median(steps))
    if np.ptp(steps) > 0.5 / sfreq:
        raise DataError(
            f"{path.name}: samples are missing",
            found=f"steps of {steps.min():.4g} to {steps.max():.4g} s",
            expected="a steady rate",
        )
    waves = np.ravel(layout["Lambda"]).astype(float)
    names = [f"S{s + 1}_D{d + 1} {waves[w]:.0f}" for s, d, w in pairs]
    with mne.utils.use_log_level("error"):
        info = mne.create_info(names, sfreq, "fnirs_cw_amplitude")
        notes = _place(info, layout, pairs, waves)
        raw = mne.io.RawArray(signals.T, info)
        raw.set_annotations(_stimuli(words, times))
    return raw, notes


def _load(path: Path) -> dict[str, Any]:
    try:
        words = loadmat(path, simplify_cells=True)
    except (MatReadError, ValueError, TypeError, NotImplementedError, OSError, zlib.error) as error:
        raise DataError(
            f"{path.name} is no MATLAB file of Homer", found=str(error).splitlines()[0]
        ) from error
    lost = [name for name in ("d", "t", "SD") if name not in words]
    lost += [
        f"SD.{name}"
        for name in ("SrcPos", "DetPos", "Lambda", "MeasList")
        if "SD" in words and name not in words["SD"]
    ]
    if lost:
        raise DataError(
            f"{path.name} lacks parts of a Homer file",
            found="no " + ", ".join(lost),
            expected="d, t and SD with SrcPos, DetPos, Lambda, MeasList",
        )
    return words


def _place(info: Any, layout: dict[str, Any], pairs: np.ndarray, waves: np.ndarray) -> list[str]:
    """Write the middle, source, detector and wavelength of each channel, m and nm."""
    unit = str(layout.get("SpatialUnit", ""))
    scale = _METRES.get(unit, 1e-3)
    sources = np.atleast_2d(layout["SrcPos"])[:, :3] * scale
    detectors = np.atleast_2d(layout["DetPos"])[:, :3] * scale
    for place, (s, d, w) in zip(info["chs"], pairs, strict=True):
        place["loc"][:3] = (sources[s] + detectors[d]) / 2
        place["loc"][3:6], place["loc"][6:9] = sources[s], detectors[d]
        place["loc"][9] = waves[w]
    return [] if unit in _METRES else ["no unit of optode places in the file: taken as mm"]


def _stimuli(words: dict[str, Any], times: np.ndarray) -> Any:
    import mne

    marks = np.asarray(words.get("s", np.zeros((len(times), 0))), dtype=np.float64)
    marks = marks[:, None] if marks.ndim == 1 else marks
    names = [str(name) for name in np.atleast_1d(words.get("CondNames", []))]
    if len(names) != marks.shape[1]:
        names = [str(i + 1) for i in range(marks.shape[1])]
    where = [np.flatnonzero(column > 0) for column in marks.T]  # negative: taken back by the user
    onsets = [times[rows] - times[0] for rows in where]
    labels = np.repeat(names, [len(rows) for rows in where]) if names else []
    return mne.Annotations(np.concatenate([*onsets, []]), 0.0, list(labels))
