"""What restructured first layers share: they read rows of resident trials instead of trials."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from torch import Tensor, nn


class ResidentStem(nn.Module):
    """First layers that know the whole data set beforehand and compute once what never changes.

    In training mode they take what `prepare` returned, indexed by rows; in evaluation mode trials.
    """

    words: str
    takes_trials: bool  # in training mode too, then without what was prepared

    @abstractmethod
    def prepare(self, x: Tensor) -> Any:
        """The resident trials: indexed by rows they give the stem's batch."""

    @abstractmethod
    def bytes_for(self, x: Tensor) -> int:
        """Memory that `prepare` keeps beside the trials."""

    def refuses(self, x: Tensor) -> str | None:
        """Why such trials cannot be prepared, or None."""
        return None
