"""A run that was killed goes on where it was: its whole state, kept on disk while it trains."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import time
from pathlib import Path
from typing import Any

import torch
from torch import nn

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


def run_identity(run: Any) -> list[Any]:
    """All that decides the result of a run of `train`, before its first step.

    Of the trials only shape, first and last are looked at.
    """
    rows = torch.tensor([0, len(run.x) - 1], device=run.y.device)
    parts = [run.plan, tuple(run.x.shape), run.x[rows], run.y, run.train_index]
    parts += [each for each in (run.valid_index, run.weights) if each is not None]
    parts += [_known_as(each) for each in (*run.augment, run.loss)]
    parts += [(group["lr"], len(group["params"])) for group in run.optimizer.param_groups]
    if isinstance(run.loss, nn.Module):
        parts += [getattr(run.loss, "label_smoothing", None), *run.loss.state_dict().values()]
    if run.contest is not None:
        parts += [run.contest.weight, *run.contest.module.state_dict().values()]
    return [*parts, *run.plain.state_dict().values()]


def _known_as(function: Any) -> str:
    return getattr(function, "__qualname__", None) or repr(function)


def state_of(run: Any) -> dict[str, Any]:
    """All that decides how a run goes on."""
    cuda = run.fabric.device.type == "cuda"
    random = (
        run.generator.get_state(),
        run.augmenting.get_state(),
        torch.get_rng_state(),
        torch.cuda.get_rng_state(run.fabric.device) if cuda else None,
    )
    return {
        "module": run.plain.state_dict(),
        "best": (run.best_loss, run.best_epoch, run.best_state),
        "history": run.history,
        "random": random,
        "average": None if run.average is None else (run.average.n, run.average.state),
        "stateful": [each.state_dict() for each in _stateful(run)],
    }


def put_state(run: Any, state: dict[str, Any]) -> None:
    """Make a run go on from a state."""
    run.plain.load_state_dict(state["module"])
    run.best_loss, run.best_epoch, run.best_state = state["best"]
    run.history = state["history"]
    if run.average is not None:
        run.average.n, kept = state["average"]
        for name, value in kept.items():
            run.average.state[name].copy_(value)
    for each, own in zip(_stateful(run), state["stateful"], strict=True):
        each.load_state_dict(own)
    order, augmenting, cpu, cuda = state["random"]
    run.generator.set_state(order)
    run.augmenting.set_state(augmenting)
    torch.set_rng_state(cpu)
    if cuda is not None:
        torch.cuda.set_rng_state(cuda, run.fabric.device)


def _stateful(run: Any) -> list[Any]:
    """Parts beside the network that have a state of their own."""
    judge = [] if run.contest is None else [run.contest.module, run.contest.optimizer]
    return [each for each in (run.optimizer, run.schedule, *judge) if each is not None]
