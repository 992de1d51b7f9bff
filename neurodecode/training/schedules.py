"""Learning rates over a run, one value a step."""

from __future__ import annotations

from collections.abc import Callable

from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR


def _one_cycle(optimizer: Optimizer, n_steps: int) -> LRScheduler:
    largest = [group["lr"] for group in optimizer.param_groups]
    return OneCycleLR(optimizer, max_lr=largest, total_steps=n_steps)


def _cosine(optimizer: Optimizer, n_steps: int) -> LRScheduler:
    return CosineAnnealingLR(optimizer, T_max=n_steps)


# "cosine": from lr down to 0 (Loshchilov & Hutter 2017, arXiv 1608.03983, no restarts);
# "one-cycle": up to lr over 30 % of the run, then down (Smith & Topin 2018, arXiv 1708.07120).
SCHEDULES: dict[str, Callable[[Optimizer, int], LRScheduler]] = {
    "cosine": _cosine,
    "one-cycle": _one_cycle,
}


def make_schedule(name: str | None, optimizer: Optimizer, n_steps: int) -> LRScheduler | None:
    """Schedule of a run of `n_steps` steps; None keeps the rates constant.

    Parameters
    ----------
    name : "cosine", "one-cycle" or None
    optimizer : torch.optim.Optimizer
        Its groups have the largest rates of the run.
    n_steps : int

    Examples
    --------
    >>> import torch
    >>> make_schedule(None, torch.optim.SGD([torch.zeros(1)], lr=0.1), 10) is None
    True
    """
    return None if name is None else SCHEDULES[name](optimizer, n_steps)
