"""Confounds of fMRI: found beside the image, and taken out of it in one regression.

Filters, drifts and confounds are removed in one step by `nilearn.signal.clean`: a filter first and
raw confounds after puts back what the filter removed (Lindquist et al. 2019,
doi 10.1002/hbm.24528). Runs that one file holds are cleaned apart.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.dependencies import need
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.words import plural

# Named sets of columns of fMRIPrep's table, as nilearn defines them.
STRATEGIES = ("simple", "scrubbing", "compcor", "ica_aroma")
_VALUES = 8_000_000  # cleaned at a time, in float64


def find_confounds(
    wanted: Any, path: Path, n_times: int
) -> tuple[pd.DataFrame | None, np.ndarray, list[str]]:
    """Confounds of an image, and the volumes that are to be left out.

    Parameters
    ----------
    wanted : str, path, DataFrame, float array of shape (n_times, k), or None
        A strategy ("simple", "scrubbing", "compcor", "ica_aroma") chooses columns of the table
        that fMRIPrep writes beside the image; a file (.tsv, .csv, .txt) or table is taken whole.
    path : Path of the image
    n_times : int

    Returns
    -------
    confounds : DataFrame, one row a volume, or None
    bad : bool array, shape (n_times,)
        Volumes that the strategy scrubs.
    notes : list of str

    Raises
    ------
    DataError
        No such strategy, no table beside the image, or one that does not fit it.
    """
    bad = np.zeros(n_times, dtype=bool)
    if wanted is None:
        return None, bad, []
    if isinstance(wanted, str) and "." not in wanted:
        frame, kept = _by_strategy(wanted, path)
        source = f"strategy {wanted!r}"
        if kept is not None:
            bad = ~np.isin(np.arange(len(frame)), kept)
    else:
        frame, source = _whole_table(wanted)
    if len(frame) != n_times:
        raise DataError(
            f"the confounds do not fit {path.name}",
            found=f"{len(frame)} rows",
            expected=f"{n_times}, one per volume",
        )
    _check_usable(frame, int((~bad).sum()), path)
    notes = [f"{plural(frame.shape[1], 'confound')} regressed out ({source})"]
    if bad.any():
        notes.append(
            f"{plural(int(bad.sum()), 'volume')} scrubbed: marked BAD and filled from their "
            "neighbours; windows that touch them are dropped"
        )
    return frame, bad, notes


def _by_strategy(name: str, path: Path) -> tuple[pd.DataFrame, np.ndarray | None]:
    if name not in STRATEGIES:
        raise DataError(
            "unknown strategy for confounds",
            found=repr(name),
            expected=", ".join(STRATEGIES) + ", or the path of a table",
            fix=did_you_mean(name, STRATEGIES),
        )
    fmriprep = need("nilearn.interfaces.fmriprep", extra="fmri", why="confounds by strategy")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return fmriprep.load_confounds_strategy(_as_fmriprep(path), name)
        except (ValueError, OSError, KeyError) as error:
            raise DataError(
                f"no confounds for {path.name}",
                found=" ".join(str(error).split())[:200],
                expected="fMRIPrep's ..._desc-confounds_timeseries.tsv (and .json) beside it",
                fix="nd.read(..., confounds='table.tsv') takes all columns of a table",
            ) from error


def _as_fmriprep(path: Path) -> str:
    """The name that nilearn expects of an image; it looks for the table beside it by that name."""
    if "smoothAROMAnonaggr" in path.name:
        return str(path)
    words = [word for word in path.name.partition(".")[0].split("_") if word != "bold"]
    words = [word for word in words if not word.startswith("desc-")]
    return str(path.with_name("_".join([*words, "desc-preproc_bold.nii.gz"])))


def _whole_table(wanted: Any) -> tuple[pd.DataFrame, str]:
    if isinstance(wanted, pd.DataFrame):
        return wanted.reset_index(drop=True), "the table given"
    if isinstance(wanted, np.ndarray):
        return pd.DataFrame(np.atleast_2d(wanted)), "the array given"
    path = Path(wanted)
    if not path.is_file():
        raise DataError("no such file of confounds", found=str(path))
    rows = path.read_text(encoding="utf-8-sig").split("\n", 1)
    header = 0 if any(char.isalpha() for char in rows[0].replace("e", "")) else None
    separator = {".tsv": "\t", ".csv": ","}.get(path.suffix.lower(), r"\s+")
    try:
        frame = pd.read_csv(path, sep=separator, header=header, na_values="n/a")
    except (ValueError, pd.errors.ParserError) as error:
        raise DataError(f"{path.name} is no table of confounds", found=str(error)) from error
    frame.columns = [str(name) for name in frame.columns]
    return frame, path.name


def _check_usable(frame: pd.DataFrame, n_kept: int, path: Path) -> None:
    words = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    holes = [name for name in frame if name not in words and not np.isfinite(frame[name]).all()]
    if words or holes:
        raise DataError(
            f"confounds of {path.name} hold what is no number",
            found=", ".join(map(str, [*words, *holes][:6])),
            expected="numbers in every row (derivatives have none in the first)",
            fix="choose columns and fill them: confounds=table[columns].fillna(0), "
            "or a strategy: confounds='simple'",
        )
    if frame.shape[1] + 1 >= n_kept:
        raise DataError(
            f"{path.name}: as many confounds as volumes",
            found=f"{frame.shape[1]} confounds, {n_kept} volumes",
            expected="far fewer: nothing else would be left of the signal",
        )


@dataclass
class Cleaning:
    """One call of `nilearn.signal.clean` a run.

    `confounds` (n_times, k) or None; `keep` bool (n_times,), False for scrubbed volumes; `tr` s;
    `detrend` removes a line; `high_pass` Hz adds cosines; `standardize` gives mean 0 and s.d. 1
    (ddof 1); `spans` are the runs as (start, stop) volumes.
    """

    confounds: pd.DataFrame | None
    keep: np.ndarray
    tr: float
    detrend: bool
    high_pass: float | None
    standardize: bool
    spans: list[tuple[int, int]]

    @property
    def does_anything(self) -> bool:
        """False where signals would stay as they are."""
        return (
            self.confounds is not None
            or self.detrend
            or self.standardize
            or self.high_pass is not None
        )

    def notes(self) -> list[str]:
        """What is done besides confounds, in words."""
        done = [word for word, on in (
            ("linear trend removed", self.detrend),
            (f"high-pass {self.high_pass} Hz (cosines)", self.high_pass is not None),
            ("z-scored", self.standardize),
        ) if on]  # fmt: skip
        return [f"each run alone: {', '.join(done)} (nilearn.signal.clean)"] if done else []

    def apply(self, signals: np.ndarray) -> None:
        """Clean signals in place, shape (n_channels, n_times), float32."""
        for low, high in self.spans:
            width = max(1, _VALUES // (high - low))
            for first in range(0, len(signals), width):
                rows = slice(first, first + width)
                signals[rows, low:high] = self._clean(signals[rows, low:high].T, low, high).T

    def _clean(self, signals: np.ndarray, low: int, high: int) -> np.ndarray:
        nilearn = need("nilearn.signal", extra="fmri", why="taking confounds out")
        keep = self.keep[low:high]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cleaned = nilearn.clean(
                signals.astype(np.float64),
                confounds=None if self.confounds is None else self.confounds.to_numpy()[low:high],
                sample_mask=None if keep.all() else np.flatnonzero(keep),
                detrend=self.detrend,
                standardize="zscore_sample" if self.standardize else None,
                t_r=self.tr,
                filter=False if self.high_pass is None else "cosine",
                high_pass=self.high_pass,
            )
        return cleaned if keep.all() else _filled(cleaned, keep)


def _filled(cleaned: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Volumes left out, on the line between their neighbours; shape (n_times, n_channels)."""
    where = np.flatnonzero(keep)
    after = np.searchsorted(where, np.arange(len(keep))).clip(max=len(where) - 1)
    before = np.where(keep[where[after]] & (where[after] > np.arange(len(keep))), after - 1, after)
    before = before.clip(min=0)
    gap = where[after] - where[before]
    share = np.divide(
        np.arange(len(keep)) - where[before], gap, where=gap > 0, out=np.zeros(len(keep))
    )
    return cleaned[before] + share[:, None] * (cleaned[after] - cleaned[before])
