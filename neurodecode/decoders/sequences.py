"""Windows in the order of time: which follow one another without a break."""

from __future__ import annotations

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.trials import ID_COLUMNS

_TOLERANCE = 0.5  # of the step: a window that comes later than that starts a new sequence


def time_step(epochs: Epochs, where: str) -> float:
    """Median time from one window to the next of the same recording, seconds.

    Raises
    ------
    DataError
        No recording holds two windows, or onsets are unknown.
    """
    onset, code, order = _in_time(epochs, where)
    same = code[order][1:] == code[order][:-1]
    if not same.any():
        raise DataError(
            f"{where}: no window follows another",
            found=f"{len(epochs)} windows of as many recordings",
            expected="several windows of one recording, one after the other",
            fix="rec.windows(length, step, target=...)",
        )
    return float(np.median(np.diff(onset[order])[same]))


def sequences(epochs: Epochs, step: float, where: str) -> list[np.ndarray]:
    """Rows of windows that follow one another by `step` seconds, in the order of time.

    A new sequence starts with every recording, session and run, and after every gap: nothing is
    carried over what was not recorded.

    Raises
    ------
    DataError
        Windows follow one another faster than `step`, or two start at the same time.
    """
    onset, code, order = _in_time(epochs, where)
    if len(order) == 0:
        return []
    same = code[order][1:] == code[order][:-1]
    ahead = np.diff(onset[order])
    fast = np.flatnonzero(same & (ahead < (1 - _TOLERANCE) * step))
    if len(fast):
        raise DataError(
            f"{where}: windows at another pace than learned",
            found=f"{ahead[fast[0]]:.4g} s from one window to the next, "
            f"at {onset[order[fast[0]]]:.4g} s",
            expected=f"{step:.4g} s",
            fix="rec.windows(length, step, ...) with one step throughout, each window once",
        )
    breaks = ~same | (ahead > (1 + _TOLERANCE) * step)
    return np.split(order, np.flatnonzero(breaks) + 1)


def newest_samples(epochs: Epochs, step: float, lag: float) -> np.ndarray:
    """Mean of each window over what is new since the window before: every sample counts once.

    Parameters
    ----------
    epochs : Epochs
    step : float, seconds from one window to the next
    lag : float >= 0, seconds before the end of the window at which the new part ends

    Returns
    -------
    means : float64 array, shape (n_trials, n_channels)
    """
    n_times = epochs.shape[2]
    stop = n_times - round(lag * epochs.sfreq)
    if lag < 0 or stop < 1:
        raise DataError(
            "the lag does not fit the windows",
            found=f"lag {lag:g} s, windows of {n_times / epochs.sfreq:g} s",
            expected="0 <= lag < length of a window",
        )
    start = max(0, stop - max(1, round(step * epochs.sfreq)))
    return epochs.data[..., start:stop].mean(axis=2, dtype=np.float64)


def _in_time(epochs: Epochs, where: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Onsets, a number for every stretch of one clock, and rows in the order of both."""
    trials = epochs.trials
    onset = trials["onset"].to_numpy(dtype=np.float64)
    if np.isnan(onset).any():
        raise DataError(
            f"{where}: the order in time is unknown",
            found=f"{int(np.isnan(onset).sum())} of {len(onset)} windows without onset",
            expected="onset in the trial table, seconds",
            fix="rec.windows(...) fills it; or epochs.with_trials(frame with column 'onset')",
        )
    code = trials.groupby(list(ID_COLUMNS), sort=True).ngroup().to_numpy()
    return onset, code, np.lexsort((onset, code))
