"""Artefact subspace reconstruction, through the package asrpy."""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import Any

import numpy as np
from sklearn.base import clone

from neurodecode.core.channels import Channels
from neurodecode.core.dependencies import need
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.core.step import Step
from neurodecode.linalg import range_basis, second_moment
from neurodecode.preprocessing.training_signals import TrainingSignals, training_signals

_WINDOW = 0.5  # s, over which a covariance is taken; longer for many channels
_LOOK_AHEAD = 0.25  # s
_STEP = 32  # samples between two decisions
_ORDER = 8  # of the filter that shapes the spectrum


class ASR(Step):
    """Reconstruct bursts from the channels' usual correlations.

    Parameters
    ----------
    cutoff : float, default 20
        Standard deviations, of the calibration data, above which a component is taken out.
        20 to 30 leaves clean EEG alone; 5 changes a quarter of it.

    Attributes
    ----------
    mixing_ : float64 array, shape (n_eeg, n_eeg)
        Square root of the calibration covariance.
    threshold_ : float64 array, shape (n_eeg, n_eeg)
    basis_ : float64 array, shape (n_eeg, rank), or None
        Directions with signal in the calibration data, where a reference or projection left
        fewer than channels.

    Raises
    ------
    DataError
        No EEG, a rate below 100 Hz, or less than 10 s of calibration data.
    MissingDependency
        The package asrpy is not installed.

    Notes
    -----
    Fit on clean training data or a minute of rest, high-passed at 0.5 to 1 Hz. An unfitted step
    calibrates on the cleanest windows of the recording that it cleans, which is transductive.
    On epochs every trial is treated on its own; shorter trials than a few windows are cleaned
    poorly: clean the recording before the cut. It looks 0.25 s ahead. The rank stays, though
    burst samples have less.

    Parity: results are those of asrpy, which no public test ties to the MATLAB original. Three
    settings differ from asrpy's own, each because its reading of the original slips: windows are
    at least 1.5 times as long as there are channels; data are one block with the end mirrored,
    for the last decision of each block is skipped; and the shaping filter starts at rest, not
    from the end of the data.

    Licence: asrpy is BSD-3; the MATLAB original is GPL-3, and nothing of it is in this package.
    The method is subject of the patent application US 2016/0113587 A1: commercial users should
    look at its state. It is in no default recipe.

    Sources: Mullen et al. 2015, 10.1109/TBME.2015.2481482; cutoff: Chang et al. 2020,
    10.1109/TBME.2019.2930186.

    Examples
    --------
    >>> import neurodecode as nd
    >>> nd.preprocessing.ASR(cutoff=30)
    ASR(cutoff=30)
    """

    scope = "train"
    accepts_recording = True

    def __init__(self, cutoff: float = 20.0):
        self.cutoff = cutoff

    def fit(self, X: Any, y: Any = None) -> Step:
        """Calibrate on training trials or on a recording.

        Parameters
        ----------
        X : Epochs, mne.Epochs or Recording
        y : array, optional
            Not used.
        """
        if isinstance(X, Recording):
            self._calibrate(training_signals(X))
            return self
        return super().fit(X, y)

    def _fit(self, X: Epochs, y: np.ndarray | None) -> None:
        self._calibrate(training_signals(X))

    def _calibrate(self, signals: TrainingSignals) -> None:
        package = need("asrpy.asr", extra="denoise", why="ASR")
        picks = _eeg(signals.channels)
        x, sfreq = signals.joined()[picks], signals.sfreq
        if sfreq < 100 or x.shape[1] < 10 * sfreq or not len(picks):
            raise DataError(
                "ASR: cannot calibrate",
                found=f"{len(picks)} EEG channels, {x.shape[1] / sfreq:.3g} s at {sfreq:g} Hz",
                expected="good EEG channels, at least 10 s, better a minute, at 100 Hz or more",
            )
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():  # advice
            warnings.simplefilter("ignore", DeprecationWarning)
            clean, _ = package.clean_windows(x, sfreq=sfreq, max_bad_chans=0.1)
            mixing, threshold = package.asr_calibrate(
                clean, sfreq, cutoff=self.cutoff, ab=_shape(package, sfreq)
            )
        self.mixing_, self.threshold_ = np.real(mixing), np.real(threshold)
        self.basis_ = range_basis(second_moment(clean))
        self.channel_names_ = tuple(signals.channels.names[i] for i in picks)

    def _transform(self, X: Epochs) -> Epochs:
        out = np.array(X.padded())
        for trial in out:
            self._clean(trial, X.channels, X.sfreq)
        return X.with_data(out, pad=X.pad)

    def _transform_recording(self, recording: Recording) -> Recording:
        if not hasattr(self, "mixing_"):
            fitted: Any = clone(self)
            return fitted.fit(recording)._transform_recording(recording)
        out = np.array(recording.data)
        for start, stop in recording.good_spans():
            self._clean(out[:, start:stop], recording.channels, recording.sfreq)
        return recording.with_data(out, note=str(self))

    def _clean(self, x: np.ndarray, channels: Channels, sfreq: float) -> None:
        """In place, shape (n_channels, n_times)."""
        package = need("asrpy.asr", extra="denoise", why="ASR")
        picks = channels.index(self.channel_names_)
        if x.shape[1] < 2:
            raise DataError("ASR: too short to clean", found=f"{x.shape[1]} samples")
        n, n_times = len(picks), x.shape[1]
        ahead = int(np.round(_LOOK_AHEAD * sfreq))  # the output comes this much later
        tail = ((0, 0), (0, ahead + _STEP))
        padded = np.pad(x[picks].astype(np.float64), tail, mode="reflect")
        made = package.asr_process(
            padded,
            sfreq,
            self.mixing_,
            self.threshold_,
            windowlen=max(_WINDOW, 1.5 * n / sfreq),
            lookahead=_LOOK_AHEAD,
            stepsize=_STEP,
            ab=_shape(package, sfreq),
            Zi=np.zeros((n, _ORDER)),
            mem_splits=1,
        )
        made = made[:, ahead : ahead + n_times]
        if self.basis_ is not None:
            # Rounding decides what the package makes of a direction without signal, such as the
            # mean of average-referenced channels: nothing may be taken out or put in there.
            change = made - x[picks]
            made = x[picks] + self.basis_ @ (self.basis_.T @ change)
        x[picks] = made


def _shape(package: Any, sfreq: float) -> tuple[np.ndarray, np.ndarray]:
    """Filter that weighs frequencies where artefacts are, as (A, B)."""
    maker = package.ASR(sfreq=sfreq)
    return maker.A, maker.B


def _eeg(channels: Channels) -> np.ndarray:
    return np.intersect1d(channels.of_kind("eeg"), channels.good_brain())
