"""Bad channels: `BadChannels` finds them by robust rules, `Interpolate` fills them in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import signal

from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.core.step import Step
from neurodecode.linalg.splines import interpolation_matrix
from neurodecode.preprocessing.channel_map import ChannelMap, check_positions

_GAUSSIAN_MAD = 1.4826  # sd of a Gaussian over its median absolute deviation
_BRAIN_BAND = (2.0, 40.0)  # Hz, what line noise and muscle are compared with
_FAST_FROM = 60.0  # Hz, where muscle and amplifier noise are stronger than the brain
_SHARE = 0.01  # of the windows that may lack a neighbour
_QUANTILE = 0.98  # of the correlations with all others: the nearest neighbour, not quite


class Interpolate(ChannelMap):
    """Fill EEG channels in from the good ones, by spherical splines.

    Parameters
    ----------
    bads : str, sequence of str, or None (default)
        Channels to fill in; None: those marked bad. They come back unmarked.

    Raises
    ------
    DataError
        A channel is no EEG channel or has no position, or no good ones are left.

    Notes
    -----
    The rank is that of the good channels. From 64 electrodes a channel comes back with a median
    error of a tenth of its signal, from 19 with a third: before an average, not after. Equal to
    MNE's `interpolate_bads` with the same origin; ours is the centre of the sphere fitted to the
    good electrodes. Source: Perrin et al. 1989, 10.1016/0013-4694(89)90180-6.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> names = ["Fp1", "Fp2", "C3", "Cz", "C4", "O1", "O2"]
    >>> rec = nd.Recording(np.ones((7, 3)), channels=names, sfreq=5).set_montage("standard_1005")
    >>> out = nd.preprocessing.Interpolate().transform(rec.with_data(rec.data).with_bads(["Cz"]))
    >>> out.data[3].round(6).tolist(), sorted(out.channels.bads), out.rank
    ([1.0, 1.0, 1.0], [], 6)
    """

    def __init__(self, bads: str | Sequence[str] | None = None):
        self.bads = bads

    def _map(self, channels: Channels) -> tuple[np.ndarray, Channels]:
        wanted = sorted(channels.bads) if self.bads is None else self.bads
        rows = channels.index(wanted)
        matrix = np.eye(len(channels))
        if not len(rows):
            return matrix, channels
        eeg = channels.of_kind("eeg")
        unusable = channels.bads | {channels.names[i] for i in rows}
        good = np.array([i for i in eeg if channels.names[i] not in unusable], dtype=np.int64)
        other = [channels.names[i] for i in rows if i not in eeg]
        if other or not len(good):
            raise DataError(
                "Interpolate: these channels cannot be filled in",
                found=", ".join(other) if other else "no good EEG channel left",
                expected="EEG channels, and good ones around them",
                fix="leave them out: the cut leaves out channels marked bad; MNE's "
                "interpolate_bads knows MEG",
            )
        bad_places = check_positions(channels, rows, "Interpolate")
        matrix[rows] = 0.0
        matrix[np.ix_(rows, good)] = interpolation_matrix(
            check_positions(channels, good, "Interpolate"), bad_places
        )
        names = {channels.names[i] for i in rows}
        return matrix, channels.replace(bads=channels.bads - names)


class BadChannels(Step):
    """Find channels that are flat, loud, unlike all others, or full of line noise or muscle.

    On a recording they are marked bad, with the reasons in `.notes`; on epochs they are found on
    the training trials and interpolated.

    Parameters
    ----------
    threshold : float, default 5
        Robust z (distance from the median over 1.4826 times the median absolute deviation) from
        which a channel stands out.
    correlation : float, default 0.4
        In each second the 98 % quantile of a channel's absolute correlations with the others
        has to reach this, but for 1 % of the seconds.

    Attributes
    ----------
    reasons_ : dict of str -> list of str
        What is wrong with each bad channel: "flat", "loud", "uncorrelated", "line noise",
        "fast noise".

    Raises
    ------
    DataError
        Fewer than four channels, less than a second, or most channels are flat. On epochs: bad
        channels have no position.

    Notes
    -----
    Rules: log of the interquartile range, |z| above the threshold; correlation; log of the power
    within 1 Hz of the line over that from 2 to 40 Hz, and log of the power from 60 Hz over the
    same, z above the threshold (left out where the rate or the line frequency do not allow them).
    Medians, because with mean and sd the largest z that k of n equal outliers can reach is
    sqrt((n - k) / k): three among 32 hide one another from FASTER's |z| > 3. Channels of each
    brain kind are judged apart, those marked bad before stay marked. Rules and thresholds follow
    Bigdely-Shamlo et al. 2015, 10.3389/fninf.2015.00016, without its random sample consensus.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> shared = np.random.default_rng(0).normal(size=2500)
    >>> data = shared + 0.5 * np.random.default_rng(1).normal(size=(8, 2500))
    >>> data[3] = 0
    >>> rec = nd.Recording(data, channels=[f"E{i}" for i in range(8)], sfreq=250)
    >>> sorted(nd.preprocessing.BadChannels().transform(rec).channels.bads)
    ['E3']
    """

    scope = "train"
    accepts_recording = True

    def __init__(self, threshold: float = 5.0, correlation: float = 0.4):
        self.threshold = threshold
        self.correlation = correlation

    def find(self, recording: Recording) -> dict[str, list[str]]:
        """Bad channels of a recording and what is wrong with each.

        Parameters
        ----------
        recording : Recording

        Returns
        -------
        reasons : dict of str -> list of str
        """
        good = recording.channels.good_brain()
        data = recording.data[good]
        width = round(recording.sfreq)
        windows = [
            data[:, low : low + width]
            for start, stop in recording.good_spans()
            for low in range(start, stop - width + 1, width)
        ]
        return self._judged(
            windows, recording.channels.pick(good), recording.sfreq, recording.line_freq
        )

    def _fit(self, X: Epochs, y: np.ndarray | None) -> None:
        good = X.channels.good_brain()
        data, width = X.data[:, good], min(round(X.sfreq), X.shape[2])
        windows = [
            trial[:, low : low + width]
            for trial in data
            for low in range(0, X.shape[2] - width + 1, width)
        ]
        self.reasons_ = self._judged(windows, X.channels.pick(good), X.sfreq, X.line_freq)

    def _transform(self, epochs: Epochs) -> Epochs:
        bads = epochs.channels.bads | set(self.reasons_)
        return Interpolate(sorted(bads)).transform(epochs)

    def _transform_recording(self, recording: Recording) -> Recording:
        reasons = self.find(recording)
        words = "; ".join(f"{name}: {', '.join(why)}" for name, why in reasons.items())
        return recording.with_bads(recording.channels.bads | set(reasons)).with_notes(
            [*recording.notes, f"{self}: {words or 'no bad channel'}"]
        )

    def _judged(
        self, windows: list[np.ndarray], channels: Channels, sfreq: float, line_freq: float | None
    ) -> dict[str, list[str]]:
        reasons: dict[str, list[str]] = {}
        for kind in dict.fromkeys(channels.kinds):
            rows = channels.of_kind(kind)
            if len(rows) < 4 or not windows:
                raise DataError(
                    "BadChannels: too little to compare with",
                    found=f"{len(rows)} channels of kind {kind}, {len(windows)} whole seconds",
                    expected="four channels of a kind or more, one second or more",
                    fix="mark them by hand: rec.with_bads([...])",
                )
            stacked = np.stack([window[rows] for window in windows]).astype(np.float64)
            flags = self._flags(stacked, sfreq, line_freq)
            for k, i in enumerate(rows):
                if why := [word for word, mask in flags.items() if mask[k]]:
                    reasons[channels.names[i]] = why
        return reasons

    def _flags(
        self, windows: np.ndarray, sfreq: float, line_freq: float | None
    ) -> dict[str, np.ndarray]:
        """Which channels break which rule; windows are (n_windows, n_channels, n_times)."""
        width = np.median(np.subtract(*np.percentile(windows, [75, 25], axis=2)), axis=0)
        alive = width > 0
        if 2 * alive.sum() <= len(alive):
            raise DataError(
                "BadChannels: most channels are flat",
                found=f"{len(alive) - alive.sum()} of {len(alive)} constant channels",
                expected="signals that vary",
                fix="check the amplifier and the units",
            )
        size = _robust_z(np.log(np.where(alive, width, 1)), alive)
        flags = {
            "flat": ~alive | (size < -self.threshold),
            "loud": size > self.threshold,
            "uncorrelated": self._unlike_all(windows) & alive,
        }
        for word, ratio in _noise_ratios(windows, sfreq, line_freq).items():
            flags[word] = _robust_z(ratio, alive) > self.threshold
        return flags

    def _unlike_all(self, windows: np.ndarray) -> np.ndarray:
        apart = windows - windows.mean(axis=2, keepdims=True)
        norms = np.linalg.norm(apart, axis=2, keepdims=True)
        unit = np.divide(apart, norms, out=np.zeros_like(apart), where=norms > 0)
        alike = np.abs(unit @ np.swapaxes(unit, 1, 2))  # (n_windows, n_channels, n_channels)
        n = alike.shape[1]
        others = alike[:, ~np.eye(n, dtype=bool)].reshape(len(alike), n, n - 1)
        best = np.quantile(others, _QUANTILE, axis=2)
        return (best < self.correlation).mean(axis=0) > _SHARE


def _robust_z(values: np.ndarray, alive: np.ndarray) -> np.ndarray:
    """Distance from the median of the living channels in robust sd; 0 for dead ones."""
    centre = np.median(values[alive])
    spread = _GAUSSIAN_MAD * np.median(np.abs(values[alive] - centre))
    return np.where(alive, (values - centre) / max(spread, 1e-12), 0.0)


def _noise_ratios(
    windows: np.ndarray, sfreq: float, line_freq: float | None
) -> dict[str, np.ndarray]:
    """Log power of line and of fast noise over that of the brain's band, (n_channels,) each."""
    at, power = signal.periodogram(windows, sfreq, window="hann", axis=2)
    power = power.mean(axis=0)  # (n_channels, n_bins)

    def log_power(low: float, high: float) -> np.ndarray:
        inside = power[:, (at >= low) & (at <= high)].sum(axis=1)
        return np.log(np.maximum(inside, np.finfo(float).tiny))

    brain = log_power(*_BRAIN_BAND)
    ratios = {}
    if line_freq and line_freq + 1 < sfreq / 2:
        ratios["line noise"] = log_power(line_freq - 1, line_freq + 1) - brain
    if sfreq / 2 >= _FAST_FROM + 10:
        ratios["fast noise"] = log_power(_FAST_FROM, sfreq / 2) - brain
    return ratios
