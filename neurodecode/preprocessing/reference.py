"""Electrical references: what every electrode is measured against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.core.stamps import digest
from neurodecode.core.step import Step

_ELECTRODES = ("eeg", "seeg", "ecog")


class Reference(Step):
    """Subtract the average of the good electrodes, or of named ones, at every instant.

    Parameters
    ----------
    channels : "average" (default), a channel name, or a sequence of names

    Raises
    ------
    DataError
        No electrode to refer to (MEG, fNIRS and spikes have no reference), or a name is unknown.

    Notes
    -----
    EEG, sEEG and ECoG are averaged apart; other channels are left alone. Channels marked bad do
    not enter the average: one of 500 µV among 32 would add 15.6 µV to every other. The rank falls
    by one for each kind of electrode, and the result carries it.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> epochs = nd.Epochs(np.array([[[1.0], [3.0]]]), channels=["C3", "C4"], sfreq=250)
    >>> nd.preprocessing.Reference("average").transform(epochs).data.ravel().tolist()
    [-1.0, 1.0]
    """

    scope = "trial"
    accepts_recording = True

    def __init__(self, channels: str | Sequence[str] = "average"):
        self.channels = channels

    def _transform(self, epochs: Epochs) -> Epochs:
        data = epochs.padded()
        matrix = self._matrix(epochs.channels)
        rank = len(matrix) if epochs.rank is None else epochs.rank
        if not _refers_within(epochs.channels):  # a second reference costs no second rank
            rank -= len(matrix) - int(np.linalg.matrix_rank(matrix))
        return epochs.with_data(
            np.matmul(matrix.astype(data.dtype), data),
            channels=self._named(epochs.channels),
            pad=epochs.pad,
            rank=rank,
            provenance=digest(["reference", matrix.tolist()]),
        )

    def _transform_recording(self, recording: Recording) -> Recording:
        data = recording.data
        matrix = self._matrix(recording.channels).astype(data.dtype)
        return recording.with_data(
            matrix @ data, channels=self._named(recording.channels), note=str(self)
        )

    def _wanted(self) -> list[str]:
        return [self.channels] if isinstance(self.channels, str) else list(self.channels)

    def _named(self, channels: Channels) -> Channels:
        return channels.replace(reference=", ".join(self._wanted()))

    def _matrix(self, channels: Channels) -> np.ndarray:
        """The step as one product, shape (n_channels, n_channels)."""
        average = self._wanted() == ["average"]
        named = range(len(channels)) if average else channels.index(self._wanted())
        sources = {i for i in named if not average or channels.names[i] not in channels.bads}
        matrix = np.eye(len(channels))
        for kind in _ELECTRODES:
            members = channels.of_kind(kind)
            used = [i for i in members if i in sources]
            if used:
                matrix[np.ix_(members, used)] -= 1.0 / len(used)
        if np.array_equal(matrix, np.eye(len(channels))):
            raise DataError(
                "Reference: no electrode to refer to",
                found=f"{channels.text()}, channels={self.channels!r}",
                expected=f"good channels of kind {', '.join(_ELECTRODES)}",
                fix="leave the step out for magnetic, optical and spike data",
            )
        return matrix


def _refers_within(channels: Channels) -> bool:
    """Whether the present reference is made of the channels themselves."""
    present = (channels.reference or "none").split(", ")
    return present == ["average"] or set(present) <= set(channels.names)
