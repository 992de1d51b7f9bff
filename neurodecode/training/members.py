"""Many runs of one architecture on the same trials: folds, seeds, subjects, one run a core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from neurodecode.core.runtime import inner_threads
from neurodecode.training.loop import History, Plan, train


@dataclass(frozen=True, eq=False)
class Member:
    """One run: how its module is made, the trials it learns from and is judged by, and a plan.

    Parameters
    ----------
    build : callable () -> nn.Module
        Sent to another process, so importable: ``partial(neurodecode.nets.build, "eegnet", spec)``.
    train_index : int array, rows of the shared trials
    valid_index : int array or None
    plan : Plan
        Its seed decides initial weights, order and dropout of this member alone.

    Examples
    --------
    >>> Member(nn.Identity, np.arange(3), None, Plan(epochs=1)).module()
    Identity()
    """

    build: Callable[[], nn.Module]
    train_index: np.ndarray
    valid_index: np.ndarray | None
    plan: Plan

    def module(self) -> nn.Module:
        """The module before training."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.plan.seed)
            return self.build()


def train_members(
    members: Sequence[Member],
    x: np.ndarray,
    y: np.ndarray,
    *,
    loss: Callable[[Tensor, Tensor], Tensor],
    score: Callable[[np.ndarray, np.ndarray], float] | None = None,
    jobs: int = 1,
) -> list[tuple[nn.Module, History]]:
    """Train every member as `train` alone would on one thread, to the bit.

    Small networks keep one core busy and no more: processes of one thread each train them side by
    side, with orders, dropout, batch statistics, optimizers and early stops of their own, on one
    copy of the trials.

    Parameters
    ----------
    members : sequence of Member
    x, y, loss, score : as `train` takes them
        Functions are sent to other processes, so they are importable.
    jobs : int, default 1
        Processes; -1 takes all cores, 1 trains here.

    Returns
    -------
    trained : list of (module, history), in the order of the members

    Raises
    ------
    TrainingError
        Of the first member that fails.

    Examples
    --------
    >>> from functools import partial
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(32, 16)).astype("float32"), rng.integers(0, 2, 32)
    >>> members = [Member(partial(nn.Linear, 16, 2), fold, None, Plan(epochs=2, device="cpu"))
    ...            for fold in np.arange(32).reshape(2, 16)]
    >>> trained = train_members(members, x, y, loss=nn.CrossEntropyLoss())
    >>> [len(history["train_loss"]) for _, history in trained]
    [2, 2]
    """
    from joblib import Parallel, delayed

    # joblib maps large arrays into the processes' memory: they share one copy.
    parallel = Parallel(n_jobs=min(jobs, len(members)), mmap_mode="c")
    results: Any = parallel(delayed(_train_alone)(member, x, y, loss, score) for member in members)
    trained = []
    for member, (state, history) in zip(members, results, strict=True):
        module = member.module().eval()
        module.load_state_dict(state)
        trained.append((module, history))
    return trained


def _train_alone(
    member: Member, x: np.ndarray, y: np.ndarray, loss: Any, score: Any
) -> tuple[dict[str, Tensor], History]:
    module = member.module()
    with inner_threads(1):
        history = train(
            module, x, y, member.train_index, member.valid_index,
            loss=loss, plan=member.plan, score=score,
        )  # fmt: skip
    return dict(module.state_dict()), history
