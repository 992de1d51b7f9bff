"""A run that was killed goes on where it was: its whole state, kept on disk while it trains."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import time
from pathlib import Path
from typing import Any

import torch

from neurodecode.core.files import atomic_write, damage_named


@dataclasses.dataclass(frozen=True)
class Checkpoints:
    """Where runs keep their state, and how often.

    Each run has a file of its own, named by all that decides its result; it goes when the run
    ends. Many folds and seeds can share a folder.

    Parameters
    ----------
    folder : str or Path
        Made when absent.
    seconds : float, default 30
        Least time between two writes; a write comes at the end of an epoch.

    Examples
    --------
    >>> Checkpoints("runs/states").seconds
    30.0
    """

    folder: str | os.PathLike[str]
    seconds: float = 30.0


class StateFile:
    """The state of one run on disk.

    Parameters
    ----------
    checkpoints : Checkpoints
    parts : objects that decide the run's result: tensors, arrays, anything with a stable ``repr``

    Examples
    --------
    >>> file = StateFile(Checkpoints("states", seconds=0), ["plan", torch.zeros(2)])
    >>> file.write({"epoch": 3}), file.read(), file.remove(), file.read()
    (None, {'epoch': 3}, None, None)
    """

    def __init__(self, checkpoints: Checkpoints, parts: list[Any]):
        digest = hashlib.sha256()
        for part in parts:
            is_tensor = isinstance(part, torch.Tensor)
            digest.update(part.cpu().numpy().tobytes() if is_tensor else repr(part).encode())
        self.path = Path(checkpoints.folder) / f"{digest.hexdigest()[:24]}.pt"
        self.seconds, self.last = checkpoints.seconds, time.monotonic()

    def read(self) -> Any:
        """What was written last, or None. Tensors and plain values only: a file runs no code."""
        if not self.path.exists():
            return None
        with damage_named("the state of this run", self.path):
            return torch.load(self.path, map_location="cpu", weights_only=True)

    def write(self, state: Any) -> None:
        """Put a state in the place of the last one, whole or not at all."""
        with atomic_write(self.path) as temporary:
            torch.save(state, temporary)
        self.last = time.monotonic()

    @property
    def due(self) -> bool:
        """Has enough time passed since the last write?"""
        return time.monotonic() - self.last >= self.seconds

    def remove(self) -> None:
        """The run is over."""
        self.path.unlink(missing_ok=True)
