"""Seconds to samples: the one place where times are rounded.

Every window of the house follows one rule: tmin is included and tmax is not; the first sample lies
``round(tmin * sfreq)`` after the event, and a window holds ``round((tmax - tmin) * sfreq)``
samples. MNE's rule, which includes tmax, is there on request.
"""

from __future__ import annotations

from typing import overload

import numpy as np

from neurodecode.core.errors import DataError

# Products such as 0.29 * 50 miss a half by a few ulp; nine decimals put them back on it.
_FAR = 2.0**53  # samples: whole numbers are exact up to here
_DECIMALS = 9


@overload
def to_samples(seconds: float, sfreq: float) -> int: ...
@overload
def to_samples(seconds: np.ndarray, sfreq: float) -> np.ndarray: ...
def to_samples(seconds: float | np.ndarray, sfreq: float) -> int | np.ndarray:
    """Times as whole numbers of samples, halves to the even neighbour.

    Parameters
    ----------
    seconds : float or float array, s
    sfreq : float, Hz, > 0

    Returns
    -------
    samples : int, or int64 array of the same shape

    Examples
    --------
    >>> to_samples(0.5, 125.0), to_samples(-0.2, 1017.25)
    (62, -203)
    """
    # An onset of 1e300 s lies outside every recording; as an integer it would land anywhere.
    samples = np.clip(np.asarray(seconds, dtype=np.float64) * sfreq, -_FAR, _FAR)
    samples = np.round(np.round(samples, _DECIMALS))
    return int(samples) if samples.ndim == 0 else samples.astype(np.int64)


def window_samples(
    tmin: float, tmax: float, sfreq: float, include_tmax: bool = False
) -> tuple[int, int]:
    """First sample of a window, counted from its event, and its number of samples.

    Parameters
    ----------
    tmin, tmax : float, s from the event
    sfreq : float, Hz, > 0
    include_tmax : bool, default False
        True: last sample ``round(tmax * sfreq)``, as in MNE.

    Returns
    -------
    first, n_times : int

    Raises
    ------
    DataError
        The window holds no sample.

    Examples
    --------
    >>> window_samples(-0.2, 0.8, 250.0), window_samples(-0.2, 0.8, 250.0, include_tmax=True)
    ((-50, 250), (-50, 251))
    """
    first = to_samples(tmin, sfreq)
    if include_tmax:
        n_times = to_samples(tmax, sfreq) - first + 1
    else:
        n_times = to_samples(tmax - tmin, sfreq)
    if n_times < 1:
        raise DataError(
            "the window holds no sample",
            found=f"tmin={tmin:g} s, tmax={tmax:g} s at {sfreq:g} Hz",
            expected=f"tmax at least one sample ({1 / sfreq:.3g} s) after tmin",
        )
    return first, n_times
