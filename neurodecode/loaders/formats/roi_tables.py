"""AFNI's ``.1D``: time series of regions as a plain table, one row a volume."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.errors import DataError
from neurodecode.core.readers import ArrayReader
from neurodecode.core.recording import Recording
from neurodecode.loaders.formats.scans import (
    CLEANING,
    check_options,
    recording_of,
    repetition_time,
)

NAME = "AFNI 1D"
OPTIONS = ("tr", *CLEANING)


def read_file(path: Path, events: Any, options: dict[str, Any], ids: dict[str, str]) -> Recording:
    """Recording of a table of regions; names from its last comment where they fit, kind "bold".

    Parameters
    ----------
    path : Path of a .1D file
    events : path, DataFrame, or None
        See `volume_events`.
    options : dict
        ``tr`` (s; the file cannot say), ``confounds``, ``detrend``, ``high_pass`` (Hz),
        ``standardize``.
    ids : dict

    Raises
    ------
    DataError
        No repetition time, or no table of numbers.
    """
    check_options(options, OPTIONS, "a table of regions")
    signals = _numbers(path)
    tr, notes = repetition_time(path, options.get("tr"), None, "")
    channels = Channels(_names(path, len(signals)), kinds="bold")
    return recording_of(
        path, ArrayReader(signals), channels, None, tr, events=events, ids=dict(ids), notes=notes,
        whole=False, **{name: options[name] for name in CLEANING if name in options},
    )  # fmt: skip


def _numbers(path: Path) -> np.ndarray:
    """Regions by volumes, float32."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # "input contained no data"
            table = np.loadtxt(path, dtype=np.float64, comments=("#", "<"), ndmin=2)
    except (ValueError, UserWarning) as error:
        raise DataError(
            f"{path.name} is no table of numbers",
            found=str(error).splitlines()[0],
            expected="one row a volume, one column a region, comments after #",
        ) from error
    return table.T.astype(np.float32)


def _names(path: Path, n: int) -> list[str]:
    """Words of the last comment, as 3dROIstats and nilearn's users write them, or numbers."""
    comments = [line for line in path.read_text(errors="replace").splitlines() if line[:1] == "#"]
    words = comments[-1].lstrip("# ").split() if comments else []
    return words if len(words) == n == len(set(words)) else [f"region {i + 1}" for i in range(n)]
