"""Continuous targets of regressors, checked once."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodecode.core.errors import DataError


def as_targets(y: Any, n: int, where: str, varying: bool = False) -> np.ndarray:
    """A table of continuous targets.

    Parameters
    ----------
    y : array-like of numbers, shape (n,) or (n, k)
    n : int
        Number of trials.
    where : str
        Name of the estimator, for the error.
    varying : bool, default False
        Refuse targets that are the same in all trials.

    Returns
    -------
    targets : float64 array, shape (n, k)

    Raises
    ------
    DataError
        Another shape, text, values that are not finite, or (`varying`) a constant target.
    """
    values = np.asarray(y if y is not None else [])
    if values.ndim not in (1, 2) or len(values) != n or values.dtype.kind not in "fiu":
        raise DataError(
            f"{where}: targets do not fit the trials",
            found="no targets" if y is None else f"{values.dtype} of shape {values.shape}",
            expected=f"numbers of shape ({n},) or ({n}, k)",
            fix="fit(epochs, epochs.y), from rec.windows(..., target='velocity')",
        )
    table = values.reshape(n, -1).astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(table).all(axis=1))
    if len(bad):
        raise DataError(
            f"{where}: targets must be finite",
            found=f"NaN or infinite values, first in trial {bad[0]}",
            fix="leave out these trials: epochs[keep]",
        )
    constant = np.flatnonzero(np.ptp(table, axis=0) == 0)
    if varying and len(constant):
        raise DataError(
            f"{where}: a target is constant",
            found=f"target {constant[0]} is {table[0, constant[0]]:g} in all trials",
            expected="targets that vary",
            fix="leave it out of y",
        )
    return table
