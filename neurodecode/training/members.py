"""Many runs of one architecture on the same trials: folds, seeds, subjects, one run a core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn

from neurodecode.core.runtime import inner_threads
from neurodecode.training.loop import History, Plan, train


@dataclass(frozen=True, eq=False)
class Member:
    """One run: a module, the trials it learns from and is judged by, and how.

    Parameters
    ----------
    module : nn.Module
    train_index : int array, rows of the shared trials
    valid_index : int array or None
    plan : Plan
        Its seed decides order and dropout of this member alone.
    """

    module: nn.Module
    train_index: np.ndarray
    valid_index: np.ndarray | None
    plan: Plan


def train_members(
    members: Sequence[Member],
    x: np.ndarray,
    y: np.ndarray,
    *,
    loss: Callable[[Tensor, Tensor], Tensor],
    score: Callable[[np.ndarray, np.ndarray], float] | None = None,
    jobs: int = 1,
) -> list[History]:
    """Train every member in place, each as `train` alone would on one thread, to the bit.

    Small networks keep one core busy and no more: processes of one thread each train them side by
    side, with orders, dropout, batch statistics, optimizers and early stops of their own, on one
    copy of the trials.

    Parameters
    ----------
    members : sequence of Member
    x, y, loss, score : as `train` takes them
        Functions are sent to the processes, so they are importable.
    jobs : int, default 1
        Processes; -1 takes all cores, 1 trains here.

    Returns
    -------
    histories : list of dict, in the order of the members

    Raises
    ------
    TrainingError
        Of the first member that fails.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(32, 2, 8)).astype("float32"), rng.integers(0, 2, 32)
    >>> nets = [nn.Sequential(nn.Flatten(), nn.Linear(16, 2)) for _ in range(2)]
    >>> folds = np.arange(32).reshape(2, 16)
    >>> members = [Member(net, fold, None, Plan(epochs=2, device="cpu"))
    ...            for net, fold in zip(nets, folds)]
    >>> [len(h["train_loss"]) for h in train_members(members, x, y, loss=nn.CrossEntropyLoss())]
    [2, 2]
    """
    from joblib import Parallel, delayed

    run = delayed(_train_alone)
    # joblib maps large arrays into the processes' memory: they share one copy.
    results = Parallel(n_jobs=min(jobs, len(members)), mmap_mode="c")(
        run(member, x, y, loss, score) for member in members
    )
    histories = []
    for member, (state, history) in zip(members, results, strict=True):
        member.module.load_state_dict(state)
        member.module.eval()
        histories.append(history)
    return histories


def _train_alone(
    member: Member, x: np.ndarray, y: np.ndarray, loss: Any, score: Any
) -> tuple[dict[str, Tensor], History]:
    with inner_threads(1):
        history = train(
            member.module, x, y, member.train_index, member.valid_index,
            loss=loss, plan=member.plan, score=score,
        )  # fmt: skip
    return member.module.state_dict(), history
