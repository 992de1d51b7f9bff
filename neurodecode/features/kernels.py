"""Random convolution kernels: MiniRocket, through aeon."""

from __future__ import annotations

import numpy as np

from neurodecode.core.dependencies import need
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.inputs import as_trials
from neurodecode.core.step import Step


class MiniRocket(Step):
    """Share of positive values after dilated convolutions with fixed kernels.

    Parameters
    ----------
    n_kernels : int, default 10000
        Rounded down to a multiple of 84; one feature each.
    random_state : int or None, default None
        Seed of the channel combinations and of the trials that set the biases.

    Raises
    ------
    MissingDependency
        aeon is not installed.
    DataError
        Trials shorter than 9 samples.

    Notes
    -----
    Output: float32, shape (n_trials, about n_kernels), values 0 to 1. The classifier that belongs
    to it is ridge regression on standardized features. The first call compiles for some seconds.
    Source: Dempster, Schmidt, Webb 2021, 10.1145/3447548.3467231 (`aeon`'s implementation).

    Examples
    --------
    >>> import neurodecode as nd, numpy as np  # doctest: +SKIP
    >>> epochs = nd.load("Blink")  # doctest: +SKIP
    >>> nd.features.MiniRocket(random_state=0).fit_transform(epochs).shape  # doctest: +SKIP
    (500, 9996)
    """

    scope = "train"
    accepts_arrays = True

    def __init__(self, n_kernels: int = 10_000, random_state: int | None = None):
        self.n_kernels = n_kernels
        self.random_state = random_state

    def _fit(self, X: Epochs | np.ndarray, y: np.ndarray | None) -> None:
        module = need(
            "aeon.transformations.collection.convolution_based", extra="data", why="MiniRocket"
        )
        data = as_trials(X, np.float32)
        if data.shape[2] < 9:
            raise DataError(
                "MiniRocket: trials are too short",
                found=f"{data.shape[2]} samples",
                expected="at least 9, the length of a kernel",
            )
        self.transformer_ = module.MiniRocket(
            n_kernels=int(self.n_kernels), random_state=self.random_state
        ).fit(data)

    def _transform(self, X: Epochs | np.ndarray) -> np.ndarray:
        return np.asarray(self.transformer_.transform(as_trials(X, np.float32)))
