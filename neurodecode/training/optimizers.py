"""Optimizers by name, and the ascent of sharpness-aware minimization."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer

_MOMENTUM = 0.9


def _adamw(groups: Iterable[Any], lr: float, weight_decay: float) -> Optimizer:
    return AdamW(groups, lr=lr, weight_decay=weight_decay)


def _sgd(groups: Iterable[Any], lr: float, weight_decay: float) -> Optimizer:
    return SGD(groups, lr=lr, weight_decay=weight_decay, momentum=_MOMENTUM, nesterov=True)


# "adamw": Loshchilov & Hutter 2019, arXiv 1711.05101. "sgd": Nesterov's momentum of 0.9.
# "sam": Foret et al. 2020, arXiv 2010.01412. Theirs descends by SGD, ours by AdamW, so that `lr`
# means the same as without it; a step costs two.
OPTIMIZERS: dict[str, Callable[[Iterable[Any], float, float], Optimizer]] = {
    "adamw": _adamw,
    "sgd": _sgd,
    "sam": _adamw,
}


class Ascent:
    """Weights moved for a moment to where the loss nearby is largest, to first order.

    Parameters
    ----------
    module : nn.Module
        With gradients at the time of use.
    rho : float
        Length of the move; the paper's default.

    Examples
    --------
    >>> net = nn.Linear(1, 1, bias=False)
    >>> net(torch.ones(1, 1)).sum().backward()
    >>> before = net.weight.item()
    >>> with Ascent(net).uphill():
    ...     moved = net.weight.item() - before
    >>> round(moved, 3), net.weight.item() == before
    (0.05, True)
    """

    def __init__(self, module: nn.Module, rho: float = 0.05):
        self.module, self.rho = module, rho

    @contextlib.contextmanager
    def uphill(self) -> Iterator[None]:
        """Inside, gradients are cleared and weights moved; after, weights are what they were.

        Running statistics of batch norm stand still: they belong to the weights that are kept.
        """
        moved = [p for p in self.module.parameters() if p.grad is not None]
        kept = [p.detach().clone() for p in moved]
        with torch.no_grad():
            grads = [p.grad for p in moved if p.grad is not None]
            norm = torch.linalg.vector_norm(torch.stack([grad.norm() for grad in grads]))
            for p, grad in zip(moved, grads, strict=True):
                p.add_(self.rho * grad / (norm + 1e-12))
        for p in moved:
            p.grad = None
        norms = [m for m in self.module.modules() if hasattr(m, "running_mean")]
        momenta = [m.momentum for m in norms]
        for each in norms:
            each.momentum = 0.0  # type: ignore[assignment]
        try:
            yield
        finally:
            for each, momentum in zip(norms, momenta, strict=True):
                each.momentum = momentum
            with torch.no_grad():
                for p, value in zip(moved, kept, strict=True):
                    p.copy_(value)
