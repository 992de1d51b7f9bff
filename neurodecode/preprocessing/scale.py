"""Bringing channels to one scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.core.step import Step
from neurodecode.linalg.streams import MovingStandardStream, moving_standardize
from neurodecode.preprocessing.filters import filtered_rows

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


class RobustScale(Step):
    """Subtract each channel's median and divide by its interquartile range.

    On a recording both are those of the whole recording, on epochs those of each trial.

    Raises
    ------
    DataError
        The interquartile range of a channel is zero.

    Notes
    -----
    A Gaussian comes out with sd 0.741: what is divided by is the range, as scikit-learn's
    `RobustScaler` does and as networks for sleep expect; `Clamp(20)` then means 20 ranges. On a
    recording a trial's result depends on later samples, by custom and without labels
    (transductive); `Scale(robust=True)` learns from training trials alone. Channels of kind stim
    and misc are left alone. Source: Perslev et al. 2021 (U-Sleep), 10.1038/s41746-021-00440-5.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> epochs = nd.Epochs(np.array([[[1.0, 2, 3, 4, 5]]]), channels=["Cz"], sfreq=5)
    >>> nd.preprocessing.RobustScale().transform(epochs).data.ravel().tolist()
    [-1.0, -0.5, 0.0, 0.5, 1.0]
    """

    scope = "trial"
    scope_on_recordings = "recording"
    accepts_recording = True

    def _transform(self, epochs: Epochs) -> Epochs:
        rows = filtered_rows(epochs.channels)
        out = np.array(epochs.padded())
        out[:, rows] = _over_range(out[:, rows], epochs.data[:, rows], epochs.channels, rows)
        return epochs.with_data(out, channels=_unitless(epochs.channels, rows), pad=epochs.pad)

    def _transform_recording(self, recording: Recording) -> Recording:
        rows = filtered_rows(recording.channels)
        out = np.array(recording.data)
        spans = [out[rows, start:stop] for start, stop in recording.good_spans()]
        good = np.concatenate(spans, axis=1) if spans else out[rows]
        out[rows] = _over_range(out[rows], good, recording.channels, rows)
        channels = _unitless(recording.channels, rows)
        return recording.with_data(out, channels=channels, note=str(self))


class Clamp(Step):
    """Limit amplitudes: what lies beyond a limit is set to it.

    Parameters
    ----------
    limit : float, > 0, default 20
        In the unit of the channels; 20 suits `RobustScale` before it.

    Raises
    ------
    DataError
        The limit is not positive.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> epochs = nd.Epochs(np.array([[[1.0, -50, 30]]]), channels=["Cz"], sfreq=3)
    >>> nd.preprocessing.Clamp().transform(epochs).data.ravel().tolist()
    [1.0, -20.0, 20.0]
    """

    scope = "trial"
    accepts_recording = True

    def __init__(self, limit: float = 20.0):
        self.limit = limit

    def _transform(self, epochs: Epochs) -> Epochs:
        rows = filtered_rows(epochs.channels)
        out = np.array(epochs.padded())
        out[:, rows] = self._clamped(out[:, rows])
        return epochs.with_data(out, pad=epochs.pad, provenance=f"clamp {self.limit!r}")

    def _transform_recording(self, recording: Recording) -> Recording:
        rows = filtered_rows(recording.channels)
        out = np.array(recording.data)
        out[rows] = self._clamped(out[rows])
        return recording.with_data(out, note=str(self))

    def _clamped(self, x: np.ndarray) -> np.ndarray:
        if not self.limit > 0:
            raise DataError("Clamp: no limit", found=f"{self.limit}", expected="above 0")
        return np.clip(x, -self.limit, self.limit)


class EMS(Step):
    """Standardize each channel by running mean and standard deviation of what came before.

    Parameters
    ----------
    factor : float, 0 < factor < 1, default 1e-3
        Weight of the newest sample: the memory is 1 / factor samples (4 s at 250 Hz).
    floor : float, default 1e-4
        Smallest deviation divided by, in the unit of the channels.

    Raises
    ------
    DataError
        `factor` is not between 0 and 1.

    Notes
    -----
    Exponential moving standardization, as braindecode's `exponential_moving_standardize` with
    ``init_block_size=None``, so that no sample depends on a later one. Each good span starts anew
    with a zero; for recordings, as the memory of an epoch is short. Source: Schirrmeister et al.
    2017, 10.1002/hbm.23730.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> rec = nd.Recording(np.random.default_rng(0).normal(7, 3, (1, 9000)), channels=["Cz"],
    ...                    sfreq=250)
    >>> out = nd.preprocessing.EMS().transform(rec).data[0, 4000:]
    >>> bool(abs(out.mean()) < 0.1 and abs(out.std() - 1) < 0.05)
    True
    """

    scope = "trial"
    accepts_recording = True

    def __init__(self, factor: float = 1e-3, floor: float = 1e-4):
        self.factor = factor
        self.floor = floor

    def stream(self, sfreq: float, channels: Channels | Sequence[str]) -> MovingStandardStream:
        """The step for data that arrive in chunks, without delay; equal bit for bit.

        Parameters
        ----------
        sfreq : float, Hz
            Not used; streams of all steps are made alike.
        channels : Channels or sequence of str
            Rows of the chunks.

        Returns
        -------
        stream : MovingStandardStream
        """
        self._check()
        channels = channels if isinstance(channels, Channels) else Channels(channels)
        rows = filtered_rows(channels)
        return MovingStandardStream(self.factor, self.floor, len(channels), rows)

    def _transform(self, epochs: Epochs) -> Epochs:
        rows = filtered_rows(epochs.channels)
        out = np.array(epochs.padded())
        out[:, rows] = self._scaled(out[:, rows])
        return epochs.with_data(out, channels=_unitless(epochs.channels, rows), pad=epochs.pad)

    def _transform_recording(self, recording: Recording) -> Recording:
        rows = filtered_rows(recording.channels)
        out = np.array(recording.data)
        for start, stop in recording.good_spans():
            out[rows, start:stop] = self._scaled(out[rows, start:stop])
        channels = _unitless(recording.channels, rows)
        return recording.with_data(out, channels=channels, note=str(self))

    def _scaled(self, x: np.ndarray) -> np.ndarray:
        self._check()
        return moving_standardize(x.astype(np.float64), self.factor, self.floor)[0]

    def _check(self) -> None:
        if not 0 < self.factor < 1:
            raise DataError("EMS: no such memory", found=f"factor={self.factor}", expected="0 to 1")


def _over_range(
    x: np.ndarray, shown: np.ndarray, channels: Channels, rows: np.ndarray
) -> np.ndarray:
    """`x` less the median, over the interquartile range, of `shown` along the last axis."""
    low, middle, high = np.percentile(shown, [25, 50, 75], axis=-1, keepdims=True)
    flat = (high - low <= 0)[..., 0].reshape(-1, len(rows)).any(axis=0)
    if flat.any():
        raise DataError(
            "RobustScale: channels without a range",
            found=", ".join(channels.names[i] for i in rows[flat]),
            expected="channels whose middle half varies",
            fix="leave them out: .pick([...])",
        )
    return (x - middle) / (high - low)


def _unitless(channels: Channels, rows: np.ndarray) -> Channels:
    units = list(channels.units)
    for i in rows:
        units[i] = ""
    return channels.replace(units=units)
