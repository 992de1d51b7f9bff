"""`Spec`: all that a network must know about its input and output."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from neurodecode.core.epochs import Epochs


@dataclass(frozen=True)
class Spec:
    """Input and output of a network.

    Parameters
    ----------
    n_channels, n_times : int
        Shape of one trial.
    sfreq : float
        Sampling rate, Hz.
    n_outputs : int
        Classes, or outputs of a regression.
    task : "classification" or "regression"
    channel_names, channel_kinds : tuple of str
        Empty when unknown.
    positions : float array, shape (n_channels, 3), metres, or None
    channel_units : tuple of str
        Empty: the natural unit of each kind.

    Examples
    --------
    >>> Spec(n_channels=22, n_times=192, sfreq=128.0, n_outputs=2).duration
    1.5
    """

    n_channels: int
    n_times: int
    sfreq: float
    n_outputs: int
    task: Literal["classification", "regression"] = "classification"
    channel_names: tuple[str, ...] = ()
    channel_kinds: tuple[str, ...] = ()
    positions: np.ndarray | None = field(default=None, compare=False)
    channel_units: tuple[str, ...] = ()

    @property
    def duration(self) -> float:
        """Length of a trial, seconds."""
        return self.n_times / self.sfreq

    @classmethod
    def of(cls, epochs: Epochs, n_outputs: int | None = None) -> Spec:
        """Describe what a network would see of `epochs`.

        Parameters
        ----------
        epochs : Epochs
        n_outputs : int, optional
            Default: the number of classes of discrete targets, else the columns of `y`.

        Examples
        --------
        >>> import numpy as np
        >>> from neurodecode.core import Epochs
        >>> Spec.of(Epochs(np.zeros((4, 2, 9)), channels=["C3", "C4"], sfreq=9, y=[0, 1, 0, 1]))
        Spec(n_channels=2, n_times=9, sfreq=9.0, n_outputs=2, task='classification', ...)
        """
        y = epochs.y
        continuous = y is not None and y.dtype.kind == "f"
        if n_outputs is None and y is not None:
            n_outputs = y[0].size if continuous else len(epochs.classes)
        return cls(
            n_channels=epochs.shape[1],
            n_times=epochs.shape[2],
            sfreq=epochs.sfreq,
            n_outputs=1 if n_outputs is None else int(n_outputs),
            task="regression" if continuous else "classification",
            channel_names=epochs.channels.names,
            channel_kinds=epochs.channels.kinds,
            positions=epochs.channels.positions,
            channel_units=epochs.channels.units,
        )
