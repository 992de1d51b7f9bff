"""Trials that overlap in time across a split."""

from __future__ import annotations

import numpy as np

_TOLERANCE = 1e-9  # s; onsets such as 0.1 + 0.2 must not clash with 0.3


def clashing(
    recording: np.ndarray,
    onset: np.ndarray,
    duration: np.ndarray,
    test: np.ndarray,
    gap: float = 0.0,
) -> np.ndarray:
    """Trials outside `test` that overlap a test trial of the same recording, or come too near.

    Trials i and j clash if ``onset_i + duration_i > onset_j - gap`` and the other way round.

    Parameters
    ----------
    recording : int array, shape (n_trials,)
    onset, duration : float arrays, shape (n_trials,), seconds; unknown onsets (NaN) never clash
    test : int array, rows of the test trials
    gap : float, default 0, seconds kept free between training and test

    Returns
    -------
    rows : int64 array, ascending

    Examples
    --------
    >>> clashing(np.zeros(8, int), np.arange(8.0), np.full(8, 1.5), np.array([3, 4]))
    array([2, 5])
    """
    clash = np.zeros(len(onset), dtype=bool)
    end = onset + duration
    is_test = np.zeros(len(onset), dtype=bool)
    is_test[test] = True
    known = np.isfinite(onset)
    for name in np.unique(recording[is_test & known]):
        here = known & (recording == name)
        tests = np.flatnonzero(here & is_test)
        tests = tests[np.argsort(onset[tests])]
        others = np.flatnonzero(here & ~is_test)
        # of the test trials that begin before this trial has ended, the one that ends last decides
        begun = np.searchsorted(onset[tests] - gap + _TOLERANCE, end[others], side="left")
        last_end = np.maximum.accumulate(np.r_[-np.inf, end[tests]])[begun]
        clash[others] = last_end > onset[others] - gap + _TOLERANCE
    return np.flatnonzero(clash)
