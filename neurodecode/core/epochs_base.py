"""What lies under `Epochs`: the array that all views share, and the parts of a split."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.stamps import array_digest, digest

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
            axis = [self.sfreq, self.tmin, self.pad]
            content = self.provenance or array_digest(self.data)
            table = [list(self.channels.names), list(self.channels.kinds)]
            self.stamps["data"] = digest([content, axis, table, list(self.channels.units)])
        return self.stamps["data"]


class Described:
    """Read-only words about epochs, all kept in the shared base."""

    _base: Base

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
        return round(self._base.pad * self._base.sfreq)

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
