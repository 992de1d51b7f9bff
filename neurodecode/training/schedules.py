"""Learning rates over a run, one value a step."""

from __future__ import annotations

from collections.abc import Callable

from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR

from neurodecode.core.errors import TrainingError, did_you_mean


def _one_cycle(optimizer: Optimizer, lr: float, n_steps: int) -> LRScheduler:
    return OneCycleLR(optimizer, max_lr=lr, total_steps=n_steps)


def _cosine(optimizer: Optimizer, lr: float, n_steps: int) -> LRScheduler:
    return CosineAnnealingLR(optimizer, T_max=n_steps)


# "cosine": from lr down to 0 (Loshchilov & Hutter 2017, arXiv 1608.03983, no restarts);
# "one-cycle": up to lr over 30 % of the run, then down (Smith & Topin 2018, arXiv 1708.07120).
SCHEDULES: dict[str, Callable[[Optimizer, float, int], LRScheduler]] = {
    "cosine": _cosine,
    "one-cycle": _one_cycle,
}


def make_schedule(
    name: str | None, optimizer: Optimizer, lr: float, n_steps: int
) -> LRScheduler | None:
    """Schedule of a run of `n_steps` steps; None keeps `lr` constant.

    Parameters
    ----------
    name : "cosine", "one-cycle" or None
    optimizer : torch.optim.Optimizer
    lr : float
        Largest learning rate.
    n_steps : int

    Raises
    ------
    TrainingError
        No such schedule.

    Examples
    --------
    >>> make_schedule(None, None, 1e-3, 10) is None
    True
    """
    if name is None:
        return None
    if name not in SCHEDULES:
        raise TrainingError(
            "no schedule of that name",
            found=repr(name),
            expected="None, " + ", ".join(SCHEDULES),
            fix=did_you_mean(name, SCHEDULES),
        )
    return SCHEDULES[name](optimizer, lr, n_steps)
