"""Continuous targets of a recording: series on its clock, such as velocities and envelopes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from neurodecode.core.errors import DataError, did_you_mean


def check_series(series: Mapping[str, np.ndarray], n_times: int) -> dict[str, np.ndarray]:
    """Series by name as read-only float64 arrays, shape (k, n_times).

    Raises
    ------
    DataError
        A series does not have one column per sample.

    Examples
    --------
    >>> check_series({"speed": np.zeros(5)}, 5)["speed"].shape
    (1, 5)
    """
    return {name: _checked(name, values, n_times) for name, values in series.items()}


def _checked(name: str, values: np.ndarray, n_times: int) -> np.ndarray:
    array = np.atleast_2d(np.asarray(values, dtype=np.float64)).view()
    if array.ndim != 2 or array.shape[1] != n_times:
        raise DataError(
            f"target {name!r} does not fit the recording",
            found=f"shape {array.shape}",
            expected=f"(k, {n_times}), one column per sample",
        )
    array.flags.writeable = False
    return array


def series_at(
    series: Mapping[str, np.ndarray], old: np.ndarray, new: np.ndarray
) -> dict[str, np.ndarray]:
    """Series brought from the times `old` to the times `new`, both in s, linearly.

    Examples
    --------
    >>> series_at({"speed": np.array([[0.0, 2.0]])}, np.array([0.0, 1.0]), np.array([0.5]))
    {'speed': array([[1.]])}
    """
    return {
        name: np.array([np.interp(new, old, row) for row in values])
        for name, values in series.items()
    }


def find_series(series: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """A series by name.

    Raises
    ------
    DataError
        There is none of that name; the message guesses the typo.

    Examples
    --------
    >>> find_series({"speed": np.zeros((1, 5))}, "speed").shape
    (1, 5)
    """
    if name not in series:
        known = list(series)
        raise DataError(
            "no target of that name",
            found=repr(name),
            expected="one of " + ", ".join(known) if known else "a recording that has targets",
            fix=did_you_mean(name, known) or "Recording(..., targets={name: array (k, n_times)})",
        )
    return series[name]
