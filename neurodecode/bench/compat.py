"""MOABB's conventions on our data, for numbers that must be MOABB's own.

What `nd.benchmark(..., compat="moabb")` changes lies here and in `evaluation.moabb_splits`: folds,
metric, cut and filter. Recipes stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

from neurodecode.bench.dataset import BenchData
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.core.step import Step
from neurodecode.evaluation import MoabbSplitter
from neurodecode.linalg import butterworth, zero_phase
from neurodecode.preprocessing.filters import Bandpass, filter_spans


class RunFilter(Step):
    """Band-pass over a whole run, as MOABB calls MNE's, across the zeros between glued trials.

    Parameters
    ----------
    low, high : float, Hz, or None
        Both None: no filter, and the zeros are no gaps all the same.

    Notes
    -----
    As ``mne.filter.filter_data(method="iir")``: Butterworth of order 4, forwards and backwards,
    ends mirrored for as long as MNE reckons that the filter rings. Real
    edges (a pause of the recording) are not crossed, as in MNE.

    Examples
    --------
    >>> import numpy as np
    >>> rec = Recording(np.ones((1, 500)), channels=["Cz"], sfreq=100)
    >>> bool(abs(RunFilter(8, 32).transform(rec).data).max() < 1e-3)
    True
    """

    scope = "recording"
    accepts_recording = True

    def __init__(self, low: float | None = None, high: float | None = None):
        self.low = low
        self.high = high

    def _transform_recording(self, recording: Recording) -> Recording:
        from mne.filter import estimate_ringing_samples

        zeros = recording.intervals["kind"] == "gap"  # taken as they come
        whole = recording.with_intervals(recording.intervals.loc[~zeros])
        if self.low is None and self.high is None:
            return whole
        band = butterworth(self.low, self.high, recording.sfreq)
        n_pad = estimate_ringing_samples(band)
        data = filter_spans(
            whole,
            whole.channels.of_kind("brain"),
            lambda x, overwrite: zero_phase(x, band, n_pad, overwrite),
        )
        return whole.with_data(data, note=f"MOABB's filter, {self.low} to {self.high} Hz")


@dataclass(eq=False)
class MoabbData(BenchData):
    """A data set cut and split as MOABB does.

    Parameters
    ----------
    seed : int, MOABB's `random_state` of the folds
    opened : BenchData, the data set under our conventions
    """

    seed: int = 0
    opened: BenchData = field(kw_only=True)
    convention: ClassVar[str] = "moabb"
    responses: ClassVar[tuple[str, ...]] = ("decision_function", "predict_proba")

    @classmethod
    def of(cls, data: BenchData, seed: int) -> MoabbData:
        """The same data set under MOABB's conventions."""
        made = cls(
            data.name, data.cut, data.card, data.recordings, data.request, seed=seed, opened=data
        )
        if made.is_recut(True):
            if made.recordings is None:  # MOABB keeps copies, and knows no repairs
                made.request = {**made.request, "as_distributed": True}
            made.cut = partial(made._cut, [], (None, None))
        return made

    @property
    def note(self) -> str:
        """What a reader of the row should know."""
        cut = "cut and filter" if self.is_recut(True) else "metric, on epochs as they came"
        return f"MOABB's folds (random_state={self.seed}), {cut}"

    @property
    def main_metric(self) -> str:
        """MOABB's scorer: the AUC of two classes, the accuracy of more."""
        return "roc-auc" if len(self.classes) == 2 else "accuracy"

    def splitter(self, kind: str, k: int, n_calibration: int = 0) -> MoabbSplitter:
        """MOABB's folds; `k` counts within a session, sessions and people are left out singly.

        Raises
        ------
        DataError : continuous targets, which MOABB does not know; or calibration trials.
        """
        if not self.classes:
            raise DataError(
                f"{self.name}: MOABB scores classes only",
                found="continuous targets",
                expected="labels",
                fix="leave compat out",
            )
        if n_calibration:
            raise DataError(
                "MOABB's folds have no calibration trials of ours",
                found=f"n_calibration={n_calibration}",
                fix="leave out compat, or n_calibration",
            )
        return MoabbSplitter(kind, k, self.seed)

    def _cut(self, steps: list[Any], window: tuple[float | None, float | None]) -> Epochs:
        moabb = [RunFilter(), *map(_as_moabb, steps)]
        epochs = self._cut_whole_runs(moabb, window)
        if window == (None, None) and all(type(step) is RunFilter for step in moabb):
            # Filters of whole runs change no trial: nothing is read again to know the trials.
            self.__dict__.setdefault("epochs", epochs)
        return epochs

    def _cut_whole_runs(self, steps: list[Any], window: Any) -> Epochs:
        if self.recordings is not None:
            return self._cut_recordings(steps, window, include_tmax=True)
        # `load` leaves the last sample out: a window longer by one sample has MOABB's.
        assert self.card is not None
        stop = window[1] if window[1] is not None else self.request.get("tmax")
        stop = self.card.tmax if stop is None else stop
        last = stop + 1 / self.opened.epochs.sfreq
        return self._cut_card(steps, (window[0], last), store=False)


def _as_moabb(step: Any) -> Any:
    """MNE's filter in place of ours, other steps as they are."""
    if type(step) is Bandpass and (step.order, step.phase) == (4, "zero"):
        return RunFilter(step.low, step.high)
    return step


def under(compat: str | None, data_sets: list[BenchData]) -> list[BenchData]:
    """Data sets under the conventions that `compat` names.

    Parameters
    ----------
    compat : None (ours), "moabb", or "moabb:SEED"

    Raises
    ------
    DataError : another word.
    """
    if compat is None:
        return data_sets
    word, _, seed = compat.partition(":")
    if word != "moabb" or not (seed or "0").isdecimal():
        raise DataError(
            "unknown conventions",
            found=f"compat={compat!r}",
            expected='None, "moabb", or "moabb:42" with the seed of the folds',
        )
    return [MoabbData.of(data, int(seed or 0)) for data in data_sets]
