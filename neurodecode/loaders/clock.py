"""Time stamps to a steady clock: the rate, where samples are missing, where events fall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from neurodecode.core.errors import DataError
from neurodecode.core.words import plural

_JUMP = 1.5  # distance of two samples, in periods, from which on samples are missing
_JITTER = 0.35  # share of distances that may lie off the period before a series is irregular
_NEAR = 1e-3  # relative distance within which a measured rate is the round one


@dataclass(frozen=True, eq=False)
class Clock:
    """Stamps of samples as a rate and breaks.

    Attributes
    ----------
    stamps : float array, shape (n,), s, ascending
    sfreq : float, Hz
    measured : float, Hz
        What the stamps themselves say, within unbroken stretches.
    breaks : int array
        Samples before which others are missing or the clock jumps.
    """

    stamps: np.ndarray
    sfreq: float
    measured: float
    breaks: np.ndarray

    @property
    def start(self) -> float:
        """Stamp of the first sample, s."""
        return float(self.stamps[0])

    def seconds(self, times: np.ndarray) -> np.ndarray:
        """Times on the stamps' clock as seconds from the first sample, counted in samples.

        Between two samples linearly; before the first and after the last at the rate. A time
        inside a break falls on the sample after it.
        """
        times = np.asarray(times, dtype=np.float64)
        samples = np.interp(times, self.stamps, np.arange(len(self.stamps)))
        samples = np.where(
            times < self.stamps[0], (times - self.stamps[0]) * self.measured, samples
        )
        late = (times - self.stamps[-1]) * self.measured + len(self.stamps) - 1
        samples = np.where(times > self.stamps[-1], late, samples)
        if len(self.breaks):
            before = self.stamps[self.breaks - 1]
            inside = np.searchsorted(before, times, side="left") - 1
            after = np.where(inside >= 0, self.breaks[np.maximum(inside, 0)], 0)
            period = 1 / self.measured
            lost = (inside >= 0) & (samples < after) & (times > before[inside] + 0.5 * period)
            samples = np.where(lost, after, samples)
        return samples / self.sfreq

    def edges(self) -> pd.DataFrame:
        """Intervals: an edge wherever samples are missing."""
        onset = self.breaks / self.sfreq
        return pd.DataFrame({"onset": onset, "duration": 0.0, "kind": "edge"})

    def notes(self, name: str) -> list[str]:
        """What was found, in words; empty for a clock without faults."""
        said = []
        if abs(self.measured - self.sfreq) * len(self.stamps) > 0.5 * self.sfreq:
            said.append(f"{name}: {self.sfreq:g} Hz stated, {self.measured:.6g} Hz by its stamps")
        if len(self.breaks):
            lost = np.diff(self.stamps)[self.breaks - 1]
            said.append(
                f"{name}: {plural(len(self.breaks), 'break')} where the stamps jump by "
                f"{lost.max():.3g} s at most"
            )
        return said


def steady_clock(
    stamps: np.ndarray,
    name: str,
    sfreq: float | None = None,
) -> Clock:
    """The steady clock behind time stamps.

    The rate is measured within stretches without breaks, so that rounded stamps (whole
    milliseconds, say) and lost samples do not bend it; within 0.1 % of a whole number it is that.

    Parameters
    ----------
    stamps : float array, shape (n,), s
    name : what they are the stamps of, for messages
    sfreq : float, Hz, optional
        Rate to use in place of the measured one.

    Raises
    ------
    DataError
        Fewer than two samples, stamps that go backwards or are not finite, or no steady rate.

    Examples
    --------
    >>> clock = steady_clock(np.round(np.arange(200) / 128, 3), "sample times")
    >>> clock.sfreq, clock.seconds(np.array([0.5])).round(3).tolist()
    (128.0, [0.5])
    """
    stamps = np.asarray(stamps, dtype=np.float64).ravel()
    if len(stamps) < 2:
        raise DataError(f"{name}: no rate to be measured", found=plural(len(stamps), "sample"),
                        fix="sfreq=")  # fmt: skip
    steps = np.diff(stamps)
    if not np.isfinite(stamps).all() or (steps < 0).any():
        raise DataError(
            f"{name}: the time stamps do not ascend",
            found="NaN or infinite stamps" if not np.isfinite(stamps).all()
            else f"a step of {steps.min():.3g} s after sample {int(steps.argmin())}",
            fix="sort the samples, or leave the stamps out and give sfreq=",
        )  # fmt: skip
    period = float(np.median(steps))
    if period <= 0:
        raise DataError(f"{name}: the time stamps stand still", found="a median step of 0 s",
                        fix="stamps in seconds, finer than the sampling period")  # fmt: skip
    breaks = np.flatnonzero(steps > _JUMP * period) + 1
    whole = steps[steps <= _JUMP * period]
    mean = float(whole.mean())
    if (np.abs(whole - mean) > 0.5 * mean).mean() > _JITTER or len(breaks) > 0.1 * len(steps):
        raise DataError(
            f"{name}: the samples come at no steady pace",
            found=f"steps from {steps.min():.3g} to {steps.max():.3g} s, median {period:.3g} s",
            expected="a steady rate, with breaks at most",
            fix="resample it yourself to a steady clock, or read it as events",
        )
    measured = 1.0 / mean
    rate = float(sfreq) if sfreq else measured
    if not sfreq and round(measured) > 0 and abs(measured - round(measured)) < _NEAR * measured:
        rate = float(round(measured))
    return Clock(stamps, rate, measured, breaks)
