"""Second-order sections with channels in lanes; the twins are SciPy's, in `linalg.filtering`."""

from __future__ import annotations

import numpy as np

from neurodecode.linalg._native.library import kernels


def filter_rows(
    x: np.ndarray, sections: np.ndarray, n_pad: int, overwrite: bool = False
) -> np.ndarray | None:
    """Filter along the last axis, forwards and backwards, or None where the twin must.

    Parameters
    ----------
    x : array, shape (..., n_times)
        float32 and float64 are filtered here, in float64.
    sections : float64 array, shape (n_sections, 6)
    n_pad : int
        Samples of odd reflection before and after. Both ways start from the steady state of the
        sample that comes first.
    overwrite : bool, default False
        True: `y` lies in the place of `x` where that can be written to.

    Returns
    -------
    y : array, shape and dtype of `x`, or None

    Examples
    --------
    >>> y = filter_rows(np.ones((3, 50)), np.array([[0.5, 0.5, 0, 1, 0, 0]]), n_pad=9)
    >>> y is None or bool(np.allclose(y, 1))
    True
    """
    found = kernels()
    if found is None or not _fits(x) or not _is_plain(sections):
        return None
    rows = np.ascontiguousarray(x)
    out = rows if overwrite and rows.flags.writeable else np.empty_like(rows)
    table = np.ascontiguousarray(sections, dtype=np.float64)
    steady = steady_state(table)
    n_times = x.shape[-1]
    status = found.sections(
        rows.ctypes.data, out.ctypes.data, x.dtype == np.float64, x.size // n_times, n_times,
        n_pad, table.ctypes.data, steady.ctypes.data, len(table),
    )  # fmt: skip
    if status:
        raise MemoryError(f"no room to filter rows of {n_times} samples")
    return out


def filter_forward(
    x: np.ndarray, sections: np.ndarray, state: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Filter rows forwards from a state, or None where the twin must.

    However a signal is cut into calls, its samples come out with the same bits.

    Parameters
    ----------
    x : array, shape (n_rows, n_times)
        float32 and float64 are filtered here, in float64.
    sections : float64 array, shape (n_sections, 6)
    state : float64 array, shape (n_sections, n_rows, 2)
        As `scipy.signal.sosfilt` takes it.

    Returns
    -------
    y : array, shape and dtype of `x`
    state : float64 array, for the samples that follow

    Examples
    --------
    >>> x, gain = np.ones((1, 3)), np.array([[0.5, 0, 0, 1, 0, 0]])
    >>> found = filter_forward(x, gain, np.zeros((1, 1, 2)))
    >>> found is None or found[0].tolist() == [[0.5, 0.5, 0.5]]
    True
    """
    found = kernels()
    if found is None or not _fits(x) or not (sections[:, 3] == 1).all():
        return None
    rows, table = np.ascontiguousarray(x), np.ascontiguousarray(sections, dtype=np.float64)
    out, left = np.empty_like(rows), np.array(state, dtype=np.float64, order="C")
    status = found.forward(
        rows.ctypes.data, out.ctypes.data, x.dtype == np.float64, *x.shape,
        table.ctypes.data, left.ctypes.data, len(table),
    )  # fmt: skip
    if status:
        raise MemoryError("no room to filter")
    return out, left


def _fits(x: np.ndarray) -> bool:
    return bool(x.size and x.dtype in (np.float32, np.float64) and x.dtype.isnative)


def steady_state(sections: np.ndarray) -> np.ndarray:
    """State of each section after a long input of ones, as `scipy.signal.sosfilt_zi` gives it.

    Parameters
    ----------
    sections : float64 array, shape (n_sections, 6), with a0 = 1 and no pole at 0 Hz

    Returns
    -------
    state : float64 array, shape (n_sections, 2)

    Examples
    --------
    >>> steady_state(np.array([[0.5, 0.5, 0, 1, 0, 0]])).tolist()
    [[0.5, 0.0]]
    """
    b0, b1, b2, _, a1, a2 = sections.T
    ones = np.ones(len(sections))
    matrix = np.stack([1 + a1, -ones, a2, ones], axis=1).reshape(-1, 2, 2)
    forced = np.stack([b1 - a1 * b0, b2 - a2 * b0], axis=1)
    # Each section is fed what those before it make of the ones.
    gains = (b0 + b1 + b2) / (1 + a1 + a2)
    fed = np.concatenate([ones[:1], np.cumprod(gains)[:-1]])
    return np.linalg.solve(matrix, forced[:, :, None])[:, :, 0] * fed[:, None]


def _is_plain(sections: np.ndarray) -> bool:
    """True for normalized sections that have a steady state; SciPy refuses others in words."""
    return bool((sections[:, 3] == 1).all() and (sections[:, 3:].sum(axis=1) != 0).all())
