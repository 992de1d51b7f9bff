"""`ChannelMap`: what steps share that multiply the channels with a matrix that nobody learned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.core.stamps import digest
from neurodecode.core.step import Step
from neurodecode.linalg.streams import ProductStream

ELECTRODES = ("eeg", "seeg", "ecog")  # kinds of channel that are measured against a reference


class ChannelMap(Step):
    """Base of references, Laplacians and interpolation; subclasses write `_map`.

    Notes
    -----
    The output carries the rank that the map leaves: what its matrix loses, unless the present
    reference has lost it before.
    """

    scope = "trial"
    accepts_recording = True

    def _map(self, channels: Channels) -> tuple[np.ndarray, Channels]:
        """The matrix, (n_out, n_channels), and the channels that come out."""
        raise NotImplementedError

    def stream(self, sfreq: float, channels: Channels | Sequence[str]) -> ProductStream:
        """The step for data that arrive in chunks, without delay.

        Parameters
        ----------
        sfreq : float, Hz
            Not used; streams of all steps are made alike.
        channels : Channels or sequence of str
            Rows of the chunks.

        Returns
        -------
        stream : ProductStream
        """
        channels = channels if isinstance(channels, Channels) else Channels(channels)
        return ProductStream(self._map(channels)[0])

    def _transform(self, epochs: Epochs) -> Epochs:
        data = epochs.padded()
        matrix, channels = self._map(epochs.channels)
        unused = ~matrix.any(axis=0)
        bads = epochs.channels.bads
        marked = [name in bads for name in epochs.channels.names]
        rank = epochs.rank
        if rank is not None:  # of the channels that enter: those marked bad were no part of others
            rank = min(rank - int((unused & marked).sum()), int((~unused).sum()))
        rank = rank_after(rank, matrix[:, ~unused], epochs.channels.pick(np.flatnonzero(~unused)))
        return epochs.with_data(
            np.matmul(matrix.astype(data.dtype), data),
            channels=channels,
            pad=epochs.pad,
            rank=rank,
            provenance=digest([type(self).__name__, matrix.tolist()]),
        )

    def _transform_recording(self, recording: Recording) -> Recording:
        data = recording.data
        matrix, channels = self._map(recording.channels)
        before, after = recording.channels.good_brain(), channels.good_brain()
        inner = matrix[np.ix_(after, before)]
        used = np.flatnonzero(inner.any(axis=0))
        rank = None if recording.rank is None else min(recording.rank, len(used))
        rank = rank_after(rank, inner[:, used], recording.channels.pick(before[used]))
        out = (matrix @ data).astype(data.dtype)
        return recording.with_data(out, channels=channels, note=str(self), rank=rank)


def rank_after(rank: int | None, matrix: np.ndarray, channels: Channels) -> int | None:
    """Rank of channels after a product with them; None stands for full.

    Parameters
    ----------
    rank : int or None
        Of the channels that enter.
    matrix : float array, shape (n_out, n_channels)
    channels : Channels
        Those that enter.

    Examples
    --------
    >>> rank_after(None, np.eye(4) - 0.25, Channels(["C3", "Cz", "C4", "Pz"]))
    3
    >>> rank_after(3, np.eye(4) - 0.25, Channels(["C3", "Cz", "C4", "Pz"], reference="average"))
    3
    """
    n_out, n = matrix.shape
    own = int(np.linalg.matrix_rank(matrix)) if matrix.size else 0
    lost = n - own
    if refers_within(channels):
        for kind in ELECTRODES:
            common = np.array([float(each == kind) for each in channels.kinds])
            if common.any() and np.abs(matrix @ common).max() < 1e-9 * np.abs(matrix).max():
                lost -= 1  # what the map takes from all alike, the present reference took before
    left = min((n if rank is None else rank) - lost, own)
    return None if left == n_out else left


def refers_within(channels: Channels) -> bool:
    """Whether the present reference is made of the channels themselves."""
    present = (channels.reference or "none").split(", ")
    return present == ["average"] or set(present) <= set(channels.names)


def check_positions(channels: Channels, rows: np.ndarray, where: str) -> np.ndarray:
    """Places of some channels, shape (n, 3), m, refused where one is unknown.

    Raises
    ------
    DataError
    """
    places = channels.positions[rows]
    lost = [channels.names[i] for i in rows[~np.isfinite(places).all(axis=1)]]
    if lost:
        raise DataError(
            f"{where} needs the places of the electrodes",
            found=f"no position for {', '.join(lost[:10])}",
            expected="a position in metres for every electrode",
            fix='rec.set_montage("standard_1005"), or leave these channels out',
        )
    return places
