"""`LearnedMixing`: what steps share that learn one matrix over channels and apply it anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.core.step import Step
from neurodecode.linalg.streams import ProductStream
from neurodecode.preprocessing.training_signals import TrainingSignals, training_signals


class LearnedMixing(Step):
    """Base of steps whose output is one learned matrix times the channels, at every instant.

    Attributes
    ----------
    matrix_ : float64 array, shape (n_channels, n_channels)
    rank_lost_ : int
        Dimensions of the brain channels that the matrix removes.
    channel_names_ : tuple of str

    Notes
    -----
    Fitted, on training trials or on a recording, the step applies what it learned. Unfitted, it
    takes a recording as its own training data: no label is used, but what happens to a trial
    then depends on later samples of its recording (transductive). Subclasses write `_learn` and,
    where reference channels are no brain signals, name them in `_references`: these leave epochs
    with what they explained, because decoders read every channel that they are given; recordings
    keep them, and the cut leaves them out.
    """

    scope = "train"
    accepts_recording = True

    def _learn(self, signals: TrainingSignals) -> np.ndarray:
        """The matrix, shape (n_channels, n_channels)."""
        raise NotImplementedError

    def _references(self, channels: Channels) -> np.ndarray:
        """Positions of channels that serve as reference, int."""
        return np.zeros(0, dtype=np.int64)

    def _leaving(self, channels: Channels) -> np.ndarray:
        """Positions of channels that nothing should be decoded from afterwards, int."""
        return np.setdiff1d(self._references(channels), channels.of_kind("brain"))

    def fit(self, X: Any, y: Any = None) -> Step:
        """Learn from training trials or from a recording.

        Parameters
        ----------
        X : Epochs, mne.Epochs or Recording
        y : array, optional
            Not used.

        Returns
        -------
        self

        Raises
        ------
        DataError
            Input the step cannot use.
        """
        if isinstance(X, Recording):
            self._learn_from(training_signals(X))
            return self
        return super().fit(X, y)

    def _fit(self, X: Epochs, y: np.ndarray | None) -> None:
        self._learn_from(training_signals(X))

    def _learn_from(self, signals: TrainingSignals) -> None:
        self.channel_names_ = signals.channels.names
        self.matrix_ = self._learn(signals)
        brain = signals.channels.good_brain()
        kept = np.linalg.matrix_rank(self.matrix_[np.ix_(brain, brain)], tol=1e-9)
        self.rank_lost_ = len(brain) - int(kept)

    def _transform(self, X: Epochs) -> Epochs:
        self._check_names(X.channels)
        leave = self._leaving(X.channels)
        keep = np.delete(np.arange(X.shape[1]), leave)
        data = X.padded()
        rank = X.shape[1] if X.rank is None else X.rank
        rank -= len(leave) + self.rank_lost_
        return X.with_data(
            np.matmul(self.matrix_[keep].astype(data.dtype), data),
            channels=X.channels.pick(keep),
            pad=X.pad,
            rank=None if rank == len(keep) else max(rank, 1),
        )

    def _transform_recording(self, recording: Recording) -> Recording:
        if not hasattr(self, "matrix_"):
            fitted: Any = clone(self)
            return fitted.fit(recording)._transform_recording(recording)
        self._check_names(recording.channels)
        data = recording.data
        rank = recording.rank
        if self.rank_lost_:
            before = len(recording.channels.good_brain()) if rank is None else rank
            rank = max(before - self.rank_lost_, 1)
        out = self.matrix_.astype(data.dtype) @ data
        channels = recording.channels
        leave = np.intersect1d(self._leaving(channels), channels.of_kind("brain"))
        channels = channels.replace(bads=channels.bads | {channels.names[i] for i in leave})
        return recording.with_data(out, channels=channels, note=str(self), rank=rank)

    def stream(self, sfreq: float, channels: Channels | Sequence[str]) -> ProductStream:
        """The fitted step for data that arrive in chunks, without delay.

        Parameters
        ----------
        sfreq : float, Hz
            Not used; streams of all steps are made alike.
        channels : Channels or sequence of str
            Rows of the chunks, as in training.

        Returns
        -------
        stream : ProductStream
        """
        check_is_fitted(self)
        self._check_names(channels if isinstance(channels, Channels) else Channels(channels))
        return ProductStream(self.matrix_)

    def _check_names(self, channels: Channels) -> None:
        if channels.names != tuple(self.channel_names_):
            raise DataError(
                f"{type(self).__name__} was fitted on other channels",
                found=", ".join(channels.names[:20]),
                expected=", ".join(self.channel_names_[:20]),
                fix="the channels of the training data in their order: .pick(names)",
            )


def find_references(channels: Channels, wanted: str | Sequence[str], step: str) -> np.ndarray:
    """Positions of reference channels, by kind or by name, int64.

    Raises
    ------
    DataError
        There is none.

    Examples
    --------
    >>> find_references(Channels(["C3", "EOG"], ["eeg", "eog"]), "eog", "example").tolist()
    [1]
    """
    found = channels.select(wanted)
    if not len(found):
        raise DataError(
            f"{step}: no reference channel",
            found=f"{channels.text()}, references={wanted!r}",
            expected=f"channels of kind {wanted!r}",
            fix='a frontal electrode, as in references=["Fp1", "Fp2"]; epochs keep such '
            'channels with rec.epoch(..., kinds="all")',
        )
    return found
