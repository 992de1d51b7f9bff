"""Features of the waveform itself: window means, all samples, selected voxels."""

from __future__ import annotations

import warnings

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.inputs import as_trials, check_labels
from neurodecode.core.step import Step


class WindowMeans(Step):
    """Mean of each channel in consecutive windows of equal length.

    Parameters
    ----------
    n_windows : int, default 8
        Windows over the whole trial, 1 to n_times; lengths differ by one sample at most.

    Raises
    ------
    DataError
        More windows than samples.

    Notes
    -----
    Output: float64, shape (n_trials, n_channels * n_windows), windows of a channel side by side,
    in the unit of the channels. Source: Blankertz et al. 2011, 10.1016/j.neuroimage.2010.06.048.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> epochs = nd.Epochs(np.arange(6.0).reshape(1, 1, 6), channels=["Cz"], sfreq=6)
    >>> nd.features.WindowMeans(3).transform(epochs).tolist()
    [[0.5, 2.5, 4.5]]
    """

    scope = "trial"
    accepts_arrays = True

    def __init__(self, n_windows: int = 8):
        self.n_windows = n_windows

    def _transform(self, X: Epochs | np.ndarray) -> np.ndarray:
        n_trials, _, n_times = X.shape
        if not 1 <= self.n_windows <= n_times:
            raise DataError(
                "WindowMeans: windows do not fit the trials",
                found=f"{self.n_windows} windows, {n_times} samples",
                expected=f"1 to {n_times} windows",
                fix="fewer windows, or longer epochs",
            )
        data = as_trials(X, None)
        edges = np.linspace(0, n_times, int(self.n_windows) + 1).round().astype(int)
        sums = np.add.reduceat(data, edges[:-1], axis=2, dtype=np.float64)
        return (sums / np.diff(edges)).reshape(n_trials, -1)


class Flatten(Step):
    """Every sample of every channel as one feature.

    Notes
    -----
    Output: shape (n_trials, n_channels * n_times), dtype and unit of the input.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> epochs = nd.Epochs(np.zeros((2, 3, 5)), channels=["C3", "Cz", "C4"], sfreq=5)
    >>> nd.features.Flatten().transform(epochs).shape
    (2, 15)
    """

    scope = "trial"
    accepts_arrays = True

    def _transform(self, X: Epochs | np.ndarray) -> np.ndarray:
        data = as_trials(X, None)
        return data.reshape(len(data), -1)


class Voxels(Step):
    """Mean over the trial of the channels (voxels, sensors) that differ most between classes.

    Parameters
    ----------
    k : int, default 500
        Channels kept: those with the largest F of a one-way analysis of variance on the training
        trials. All are kept when there are fewer.

    Attributes
    ----------
    selected_ : int array, shape (min(k, n_channels),)
        Indices of the kept channels, ascending.
    f_values_ : float64 array, shape (n_channels,)

    Raises
    ------
    DataError
        No labels.

    Notes
    -----
    Output: float64, shape (n_trials, min(k, n_channels)). Learns from labels: selection on all
    trials before cross-validation finds signal in noise.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> data = np.random.default_rng(0).normal(size=(20, 30, 4))
    >>> data[::2, 7] += 2
    >>> epochs = nd.Epochs(data, channels=[f"v{i}" for i in range(30)], sfreq=1, y=10 * [0, 1])
    >>> nd.features.Voxels(k=1).fit(epochs, epochs.y).selected_.tolist()
    [7]
    """

    scope = "train"
    accepts_arrays = True

    def __init__(self, k: int = 500):
        self.k = k

    def _fit(self, X: Epochs | np.ndarray, y: np.ndarray | None) -> None:
        from sklearn.feature_selection import f_classif

        means = as_trials(X).mean(axis=2)
        labels = check_labels(y, len(means), "Voxels")
        with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
            warnings.simplefilter("ignore")  # constant voxels lie outside the brain: F is 0
            self.f_values_ = np.nan_to_num(f_classif(means, labels)[0], nan=0.0)
        # a stable sort of the negative keeps ties in channel order on every machine
        self.selected_ = np.sort(np.argsort(-self.f_values_, kind="stable")[: self.k])

    def _transform(self, X: Epochs | np.ndarray) -> np.ndarray:
        return as_trials(X).mean(axis=2)[:, self.selected_]
