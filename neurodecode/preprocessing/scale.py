"""Bringing channels to one scale."""

from __future__ import annotations

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.step import Step

_GAUSSIAN_IQR = 1.3489795003921634  # interquartile range of a Gaussian of sd 1


class Scale(Step):
    """Standardize each channel with the mean and sd of the training trials.

    Parameters
    ----------
    robust : bool, default False
        Median and interquartile range (over 1.349, so that a Gaussian gets sd 1) in place of
        mean and sd.

    Attributes
    ----------
    center_, scale_ : float64 array, shape (n_channels,), unit of the channel

    Raises
    ------
    DataError
        A channel is constant in the training trials.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> data = np.random.default_rng(0).normal(5, 3, size=(20, 2, 100))
    >>> epochs = nd.Epochs(data, channels=["C3", "C4"], sfreq=100)
    >>> nd.preprocessing.Scale().fit_transform(epochs).data.std(axis=(0, 2)).round(3).tolist()
    [1.0, 1.0]
    """

    scope = "train"
    accepts_arrays = True

    def __init__(self, robust: bool = False):
        self.robust = robust

    def _fit(self, X: Epochs | np.ndarray, y: np.ndarray | None) -> None:
        data = np.asarray(X)
        pooled = np.moveaxis(data, 1, 0).reshape(data.shape[1], -1)  # (n_channels, n * n_times)
        if self.robust:
            low, self.center_, high = np.percentile(pooled, [25, 50, 75], axis=1)
            self.scale_ = (high - low) / _GAUSSIAN_IQR
        else:
            self.center_ = pooled.mean(axis=1, dtype=np.float64)
            self.scale_ = pooled.std(axis=1, dtype=np.float64)
        flat = np.flatnonzero(~(self.scale_ > 1e-12 * np.abs(self.center_)))
        if len(flat):
            names = (
                X.channels.names
                if isinstance(X, Epochs)
                else [str(i) for i in range(data.shape[1])]
            )
            raise DataError(
                "Scale: constant channels",
                found=", ".join(names[i] for i in flat),
                expected="channels that vary over the training trials",
                fix="leave them out: epochs.pick([...])",
            )

    def _transform(self, X: Epochs | np.ndarray) -> Epochs | np.ndarray:
        data = X.padded() if isinstance(X, Epochs) else X
        gain = (1 / self.scale_).astype(data.dtype)[:, None]
        out = (data - self.center_.astype(data.dtype)[:, None]) * gain
        if not isinstance(X, Epochs):
            return out
        return X.with_data(out, channels=X.channels.replace(units=""), pad=X.pad)
