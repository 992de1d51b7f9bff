"""Filters and channel products that take a signal in chunks and give what the whole would.

A stream starts from the steady state of the first sample, as `causal` and `fir_causal` do. Its
output does not depend on where the chunks are cut: bit for bit for sections and running means,
to rounding (1e-12 of the signal) for taps and products.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal

from neurodecode.core.errors import DataError
from neurodecode.linalg.filtering import forward, start_state


class Stream:
    """A causal step on one signal, chunk by chunk.

    Attributes
    ----------
    delay_samples : float
        How far the output lags behind the input.
    state : array or None
        All that the past decides; None before the first chunk. Set it to go on elsewhere.

    Examples
    --------
    >>> double = ProductStream(2 * np.eye(1))
    >>> double.push(np.ones((1, 3))).tolist()
    [[2.0, 2.0, 2.0]]
    """

    delay_samples: float = 0.0
    state: Any = None

    def __init__(self, n_channels: int):
        self.n_channels = n_channels

    def push(self, chunk: np.ndarray) -> np.ndarray:
        """The next samples.

        Parameters
        ----------
        chunk : float array, shape (n_channels, n), any n

        Returns
        -------
        out : array, shape (n_out, n), dtype of `chunk`

        Raises
        ------
        DataError
            Another number of channels, or values that are not finite.
        """
        if chunk.ndim != 2 or len(chunk) != self.n_channels or not np.isfinite(chunk).all():
            raise DataError(
                "this chunk does not fit the stream",
                found=f"shape {chunk.shape}"
                + ("" if np.isfinite(chunk).all() else ", NaN or infinite values"),
                expected=f"({self.n_channels}, n), finite",
            )
        if chunk.shape[1] == 0:
            return chunk
        return self._next(chunk.astype(np.float64)).astype(chunk.dtype)

    def _next(self, chunk: np.ndarray) -> np.ndarray:
        raise NotImplementedError


class FilterStream(Stream):
    """A causal filter: second-order sections or taps.

    Parameters
    ----------
    coefficients : float64 array, shape (n_sections, 6) or (n_taps,)
    n_channels : int
    rows : int array
        Channels to filter; the others pass.
    delay_samples : float

    Examples
    --------
    >>> from neurodecode.linalg.filtering import butterworth, causal
    >>> x, sections = np.random.default_rng(0).normal(size=(1, 90)), butterworth(8, 32, sfreq=250)
    >>> stream = FilterStream(sections, 1, np.array([0]), 10.2)
    >>> out = np.concatenate([stream.push(x[:, :33]), stream.push(x[:, 33:])], axis=1)
    >>> bool((out == causal(x, sections)).all())
    True
    """

    def __init__(
        self, coefficients: np.ndarray, n_channels: int, rows: np.ndarray, delay_samples: float
    ):
        super().__init__(n_channels)
        self.coefficients = coefficients
        self.rows = rows
        self.delay_samples = delay_samples

    def _next(self, chunk: np.ndarray) -> np.ndarray:
        run = self._sections if self.coefficients.ndim == 2 else self._taps
        chunk[self.rows] = run(chunk[self.rows])
        return chunk

    def _sections(self, x: np.ndarray) -> np.ndarray:
        if self.state is None:
            self.state = start_state(x, self.coefficients)
        out, self.state = forward(x, self.coefficients, self.state)
        return out

    def _taps(self, x: np.ndarray) -> np.ndarray:
        past = len(self.coefficients) - 1
        if self.state is None:
            self.state = np.repeat(x[:, :1], past, axis=1)
        both = np.concatenate([self.state, x], axis=1)
        self.state = both[:, both.shape[1] - past :].copy()
        return signal.oaconvolve(both, self.coefficients[None], mode="valid", axes=1)


class ProductStream(Stream):
    """A product over channels: references, Laplacians, interpolation.

    Parameters
    ----------
    matrix : float64 array, shape (n_out, n_channels)

    Examples
    --------
    >>> ProductStream(np.array([[1.0, -1.0]])).push(np.array([[3.0], [1.0]])).tolist()
    [[2.0]]
    """

    def __init__(self, matrix: np.ndarray):
        super().__init__(matrix.shape[1])
        self.matrix = matrix

    def _next(self, chunk: np.ndarray) -> np.ndarray:
        return self.matrix @ chunk


class MovingStandardStream(Stream):
    """Exponential moving standardization; see `moving_standardize`.

    Parameters
    ----------
    factor, floor : as in `moving_standardize`
    n_channels : int
    rows : int array
        Channels to standardize; the others pass.

    Examples
    --------
    >>> stream = MovingStandardStream(0.1, 1e-4, 1, np.array([0]))
    >>> stream.push(np.array([[5.0, 7.0]])).round(3).tolist()
    [[0.0, 1.378]]
    """

    def __init__(self, factor: float, floor: float, n_channels: int, rows: np.ndarray):
        super().__init__(n_channels)
        self.factor = factor
        self.floor = floor
        self.rows = rows

    def _next(self, chunk: np.ndarray) -> np.ndarray:
        chunk[self.rows], self.state = moving_standardize(
            chunk[self.rows], self.factor, self.floor, self.state
        )
        return chunk


def moving_standardize(
    x: np.ndarray, factor: float, floor: float, state: tuple[np.ndarray, ...] | None = None
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Subtract a running mean and divide by a running standard deviation.

    With a = `factor`, the mean at t is the average of all samples so far with weights (1-a)^age;
    the variance is the same average of the squared differences from the mean of their time.

    Parameters
    ----------
    x : float64 array, shape (..., n_times)
    factor : float, 0 < factor < 1
        Weight of the newest sample; 1 / factor samples is the memory.
    floor : float
        Smallest deviation divided by, unit of `x`.
    state : tuple of array, optional
        What the call on the samples before gave.

    Returns
    -------
    y : float64 array, shape of `x`; its first sample is 0
    state : tuple of array, for the samples that follow

    Examples
    --------
    >>> moving_standardize(np.array([5.0, 7.0]), 0.1, 1e-4)[0].round(3).tolist()
    [0.0, 1.378]
    """
    taps, poles = np.array([1.0]), np.array([1.0, factor - 1.0])
    if state is None:
        state = (np.zeros((*x.shape[:-1], 1)), np.zeros((1,)), np.zeros((*x.shape[:-1], 1)))

    def run(values: np.ndarray, past: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return signal.lfilter(taps, poles, values, axis=-1, zi=past)

    sums, sum_state = run(x, state[0])
    weights, weight_state = run(np.ones(x.shape[-1]), state[1])
    apart = x - sums / weights
    squares, square_state = run(apart**2, state[2])
    deviations = np.sqrt(squares / weights)
    return apart / np.maximum(deviations, floor), (sum_state, weight_state, square_state)
