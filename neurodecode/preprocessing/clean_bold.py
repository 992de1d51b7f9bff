"""Drift and confounds of BOLD signals, taken out in one regression a run."""

from __future__ import annotations

import numpy as np
import pandas as pd

from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.intervals import good_spans, is_bad
from neurodecode.core.recording import Recording
from neurodecode.core.step import Step
from neurodecode.loaders.formats.confounds import Cleaning


class CleanBold(Step):
    """Take drift and confounds out of BOLD signals, then standardize each run.

    Parameters
    ----------
    confounds : str or None, default None
        Name of a target series of the recording, shape (k, n_times), that is regressed out:
        ``rec.with_targets({"motion": table.T})``. `nd.read(path, confounds="simple")` takes
        fMRIPrep's out while reading.
    high_pass : float or None, Hz, default 1 / 128
        Slower changes go, by cosines.
    detrend : bool, default True
        Take a straight line out.
    standardize : bool, default True
        Mean 0 and s.d. 1 (ddof 1) of every channel in every run.

    Raises
    ------
    DataError
        No BOLD signal, no such series, or values that are not finite.

    Notes
    -----
    All in one call, so that nothing puts back what another step took out: a filter first and raw
    confounds after leave 60 % of the confounds' variance. Read with confounds or clean with
    them, not one after the other. Runs (stretches between edges) are cleaned apart; volumes in
    BAD spans do not enter the regression and are filled from their neighbours.

    Source: Lindquist et al. 2019, 10.1002/hbm.24528, by `nilearn.signal.clean`.

    Examples
    --------
    >>> import neurodecode as nd
    >>> nd.preprocessing.CleanBold(high_pass=0.01)
    CleanBold(high_pass=0.01)
    """

    scope = "recording"
    accepts_recording = True

    def __init__(
        self,
        confounds: str | None = None,
        high_pass: float | None = 1 / 128,
        detrend: bool = True,
        standardize: bool = True,
    ):
        self.confounds = confounds
        self.high_pass = high_pass
        self.detrend = detrend
        self.standardize = standardize

    def _transform_recording(self, recording: Recording) -> Recording:
        bold = recording.channels.of_kind("bold")
        if not len(bold):
            raise DataError(
                "CleanBold acts on BOLD signals",
                found=recording.channels.text(),
                expected="channels of kind bold",
                fix='Channels(names, kinds="bold") for signals that are',
            )
        cleaning = Cleaning(
            confounds=self._table(recording),
            keep=_not_bad(recording),
            tr=1 / recording.sfreq,
            detrend=self.detrend,
            high_pass=self.high_pass,
            standardize=self.standardize,
            spans=recording.good_spans(),
        )
        data = recording.data
        signals = data[bold]
        if not np.isfinite(signals).all():
            raise DataError("CleanBold: values that are not finite", fix="mask them out first")
        cleaning.apply(signals)
        out = np.array(data)
        out[bold] = signals
        return recording.with_data(out, note=str(self))

    def _table(self, recording: Recording) -> pd.DataFrame | None:
        if self.confounds is None:
            return None
        if self.confounds not in recording.targets:
            raise DataError(
                "CleanBold: no such series of confounds",
                found=repr(self.confounds),
                expected=", ".join(recording.targets) or "a series; the recording has none",
                fix=did_you_mean(self.confounds, list(recording.targets))
                or f"rec.with_targets({{{self.confounds!r}: table.T}})",
            )
        return pd.DataFrame(recording.targets[self.confounds].T)


def _not_bad(recording: Recording) -> np.ndarray:
    """Volumes outside BAD spans, bool, shape (n_times,)."""
    intervals = recording.intervals
    bad = intervals.loc[[is_bad(kind) for kind in intervals["kind"]]].assign(kind="gap")
    keep = np.zeros(recording.n_times, dtype=bool)
    for start, stop in good_spans(bad, recording.sfreq, recording.n_times):
        keep[start:stop] = True
    return keep
