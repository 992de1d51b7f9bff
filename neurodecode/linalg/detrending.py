"""Slow drifts: polynomials fitted by least squares, plainly or without the samples off the fit."""

from __future__ import annotations

import numpy as np

_ROUNDS = 4
_LIMIT = 3.0  # rms of the residual: no round can lose more than a ninth of the samples


def detrend(x: np.ndarray, order: int, robust: bool = False) -> np.ndarray:
    """Subtract the polynomial fitted to each row.

    Parameters
    ----------
    x : float array, shape (..., n_times)
    order : int, 0 <= order < n_times
        0 takes the mean out, 1 a line.
    robust : bool, default False
        Samples more than three sd off the fit lose their weight, four times over, so that a
        glitch does not bend the polynomial.

    Returns
    -------
    y : float64 array, shape of `x`

    Notes
    -----
    Source of the robust form: de Cheveigné, Arzounian 2018, 10.1016/j.neuroimage.2018.01.035.

    Examples
    --------
    >>> bool(abs(detrend(np.array([1.0, 3, 5, 7]), 1)).max() < 1e-12)
    True
    """
    x = np.asarray(x, dtype=np.float64)
    times = np.linspace(-1, 1, x.shape[-1])
    basis = np.linalg.qr(np.polynomial.legendre.legvander(times, order))[0]  # (n_times, order + 1)
    out = x - (x @ basis) @ basis.T
    if not robust:
        return out
    rows, left = x.reshape(-1, x.shape[-1]), out.reshape(-1, x.shape[-1])
    for row, rest in zip(rows, left, strict=True):
        kept = np.ones(len(row), dtype=bool)
        for _ in range(_ROUNDS):
            kept = np.abs(rest) <= _LIMIT * np.sqrt(np.mean(rest[kept] ** 2))
            weights = np.linalg.lstsq(basis[kept], row[kept], rcond=None)[0]
            rest[:] = row - basis @ weights
    return out
