"""Calibration trials: the first of each class in the test domain, and what may follow them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurodecode.core.errors import DataError
from neurodecode.evaluation.cohort import Cohort

if TYPE_CHECKING:
    from neurodecode.evaluation.splits import Splitter


def calibrate(
    splitter: Splitter, cohort: Cohort, target: np.ndarray, domain: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Divide the trials of the test domains by time.

    Labelled are the first `n_calibration` trials of each class, never random ones; tested is what
    follows the first `max_calibration` of each class; what lies between is seen unlabelled.

    Returns
    -------
    labelled, unlabelled, test : int64 arrays, ascending

    Raises
    ------
    DataError
        A class of the domain has no trial left to test.
    """
    if not splitter.max_calibration:
        none = np.empty(0, dtype=np.int64)
        return none, none, np.sort(target)
    parts: tuple[list[np.ndarray], ...] = ([], [], [])
    for name in np.unique(domain[target]):
        rows = target[domain[target] == name]
        rows = rows[np.argsort(cohort.rank[rows])]
        labelled, end = _first_of_each(cohort.label[rows], splitter, name)
        early = np.zeros(len(rows), dtype=bool)
        early[:end] = True
        for part, mask in zip(parts, (labelled, early & ~labelled, ~early), strict=True):
            part.append(rows[mask])
    labelled, unlabelled, test = (np.sort(np.concatenate(part)) for part in parts)
    return labelled, unlabelled, test


def _first_of_each(label: np.ndarray, splitter: Splitter, name: str) -> tuple[np.ndarray, int]:
    """Mask of the calibration trials, and how many trials the longest calibration spans."""
    chosen = np.zeros(len(label), dtype=bool)
    end = 0
    for each in np.unique(label):
        places = np.flatnonzero(label == each)
        if len(places) >= splitter.max_calibration:
            chosen[places[: splitter.n_calibration]] = True
            end = max(end, places[splitter.max_calibration - 1] + 1)
        if len(places) < splitter.max_calibration or end >= len(label):
            raise DataError(
                f"{name}: not enough trials to calibrate and to test",
                found=f"{len(places)} trials of one class, {len(label)} in all",
                expected=f"more than {splitter.max_calibration} of each class",
                fix="a smaller max_calibration",
            )
    return chosen, end
