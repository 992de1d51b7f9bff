"""What lies under `Epochs`: the array that all views share, and what can be read off a view."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from neurodecode.core.channels import Channels
from neurodecode.core.errors import DataError
from neurodecode.core.stamps import array_digest, digest
from neurodecode.core.time_axis import to_samples
from neurodecode.core.trials import group_column

if TYPE_CHECKING:
    from neurodecode.core.epochs import Epochs
    from neurodecode.core.space import Space


class Parts(NamedTuple):
    """Epochs by part of a published split; unpacks as `train, test` where there is no `val`."""

    train: Epochs
    test: Epochs


class PartsWithVal(NamedTuple):
    """Epochs by part of a published split that has a validation part."""

    train: Epochs
    val: Epochs
    test: Epochs


@dataclass(frozen=True, eq=False)
class Base:
    """What all views of one array share: the array and everything that is not per trial."""

    data: np.ndarray  # (n_base, n_channels, n_times + 2 * pad_samples), read-only
    channels: Channels
    sfreq: float
    tmin: float
    pad: float
    zero: str
    name: str | None
    rank: int | None
    line_freq: float | None
    space: Space | None
    simulated: bool
    provenance: str | None
    stamps: dict[str, str] = field(default_factory=dict)  # memo: hashing reads all bytes

    def stamp(self) -> str:
        if "data" not in self.stamps:
            content = self.provenance or array_digest(self.data)
            axis = [self.sfreq, self.tmin, self.pad]
            table = self.channels.describe()
            for name in ("positions", "orientations"):
                table[name] = array_digest(table[name])
            # Steps read these too: a notch the mains frequency, geometry the rank.
            self.stamps["data"] = digest([content, axis, table, self.rank, self.line_freq])
        return self.stamps["data"]


class View:
    """All that can be read off epochs: some rows of a shared base, with their tables."""

    _base: Base
    _rows: np.ndarray  # into the base
    _entries: np.ndarray  # into the three tables that follow
    _all_trials: pd.DataFrame
    _all_y: np.ndarray | None
    _all_length: np.ndarray | None

    # ------------------------------------------------------------------ shape
    @property
    def shape(self) -> tuple[int, int, int]:
        """(n_trials, n_channels, n_times), the margin left out."""
        _, n_channels, n_padded = self._base.data.shape
        return len(self._rows), n_channels, n_padded - 2 * self.pad_samples

    @property
    def ndim(self) -> int:
        """Always 3."""
        return 3

    @property
    def dtype(self) -> np.dtype:
        """float32 or float64."""
        return self._base.data.dtype

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def _is_whole(self) -> bool:
        return len(self._rows) == len(self._base.data) and bool(
            np.array_equal(self._rows, np.arange(len(self._rows)))
        )

    def _visible(self, array: np.ndarray) -> np.ndarray:
        p = self.pad_samples
        return array[..., p : array.shape[-1] - p] if p else array

    # ------------------------------------------------------------------ data
    @property
    def data(self) -> np.ndarray:
        """Signals, shape (n_trials, n_channels, n_times), natural units; a copy for subsets."""
        return self._visible(self.padded())

    def padded(self) -> np.ndarray:
        """Signals with their margin, shape (n_trials, n_channels, n_times + 2 * pad_samples)."""
        return self._base.data if self._is_whole else self._base.data[self._rows]

    @property
    def base(self) -> np.ndarray:
        """The shared array, margin included; `base[rows]` are the trials."""
        return self._base.data

    @property
    def rows(self) -> np.ndarray:
        """Indices into `base`, int64."""
        return self._rows

    @property
    def y(self) -> np.ndarray | None:
        """Targets, one entry a trial, or None."""
        return None if self._all_y is None else self._all_y[self._entries]

    @property
    def trials(self) -> pd.DataFrame:
        """The trial table, one row a trial, with a fresh index."""
        return self._all_trials.iloc[self._entries].reset_index(drop=True)

    @property
    def length(self) -> np.ndarray | None:
        """Valid samples of ragged trials, or None."""
        return None if self._all_length is None else self._all_length[self._entries]

    @property
    def classes(self) -> np.ndarray:
        """Sorted distinct labels.

        Raises
        ------
        DataError
            There are no targets, or they are continuous.
        """
        y = self.y
        if y is None or y.dtype.kind == "f":
            raise DataError(
                "no classes here",
                found="no targets" if y is None else f"continuous targets {y.shape}",
                expected="labels, text or integers",
            )
        return np.unique(y)

    def groups(self, name: str) -> np.ndarray:
        """One column of the trial table: "subject", "session", "run", "recording", ...

        Examples
        --------
        >>> from neurodecode import Epochs
        >>> Epochs(np.zeros((2, 1, 5)), channels=["Cz"], sfreq=5).groups("subject").tolist()
        ['1', '1']
        """
        return group_column(self._all_trials, name)[self._entries]

    # ------------------------------------------------------------------ axes and meaning
    @property
    def tmax(self) -> float:
        """End of the window, excluded, seconds from zero."""
        return self.tmin + self.shape[2] / self.sfreq

    @property
    def times(self) -> np.ndarray:
        """Time of every visible sample, seconds, shape (n_times,)."""
        return self.tmin + np.arange(self.shape[2]) / self.sfreq

    # ------------------------------------------------------------------ stamps
    @property
    def data_stamp(self) -> str:
        """Hash of all but trials and targets: provenance where steps gave one, else content."""
        parts = [self._base.stamp()]
        if not self._is_whole:
            parts.append(self.row_digest)
        if self.length is not None:
            parts.append(array_digest(self.length))
        return parts[0] if len(parts) == 1 else digest(parts)

    @property
    def row_digest(self) -> str:
        """Hash of which rows of the base these trials are."""
        return array_digest(self._rows)

    @property
    def label_stamp(self) -> str:
        """Hash of the targets, apart from the data."""
        return "none" if self.y is None else array_digest(self.y)

    # ------------------------------------------------------------------ meaning
    @property
    def channels(self) -> Channels:
        """Channel table, shared by all views."""
        return self._base.channels

    @property
    def sfreq(self) -> float:
        """Sampling rate, Hz."""
        return self._base.sfreq

    @property
    def tmin(self) -> float:
        """Time of the first visible sample, seconds from zero."""
        return self._base.tmin

    @property
    def pad(self) -> float:
        """Seconds of margin hidden on each side."""
        return self._base.pad

    @property
    def pad_samples(self) -> int:
        """Samples of margin hidden on each side."""
        return to_samples(self._base.pad, self._base.sfreq)

    @property
    def zero(self) -> str:
        """What happens at time zero."""
        return self._base.zero

    @property
    def name(self) -> str | None:
        """Name of the data set, if it has one."""
        return self._base.name

    @property
    def rank(self) -> int | None:
        """Rank left after preprocessing; None: full."""
        return self._base.rank

    @property
    def line_freq(self) -> float | None:
        """Mains frequency, Hz, if known."""
        return self._base.line_freq

    @property
    def space(self) -> Space | None:
        """Mask and affine, atlas, or surface that the channels sit on, or None."""
        return self._base.space

    @property
    def simulated(self) -> bool:
        """True when no brain made these data."""
        return self._base.simulated
