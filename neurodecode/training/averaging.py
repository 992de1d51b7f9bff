"""A moving average of the weights beside the weights that learn."""

from __future__ import annotations

import torch
from torch import nn


class Average:
    """Exponential moving average of a module's parameters; buffers are copied.

    The first step is taken whole and the decay grows to its value, ``min(decay, (1 + n) / (10 +
    n))`` after n steps: short runs would keep their initial weights otherwise.

    Parameters
    ----------
    module : nn.Module
    decay : float in (0, 1)

    Notes
    -----
    Averaging of iterates: Polyak & Juditsky 1992, 10.1137/0330046; the growing decay is that of
    TensorFlow's ``ExponentialMovingAverage``.

    Examples
    --------
    >>> net = nn.Linear(1, 1)
    >>> average = Average(net, 0.5)
    >>> average.update()
    >>> torch.equal(average.state["weight"], net.weight.detach())
    True
    """

    def __init__(self, module: nn.Module, decay: float):
        self.module, self.decay, self.n = module, decay, 0
        self.averaged = {name for name, _ in module.named_parameters()}
        self.state = {k: v.detach().clone() for k, v in module.state_dict().items()}

    @torch.no_grad()
    def update(self) -> None:
        """Take one step's weights in."""
        decay = min(self.decay, (1 + self.n) / (10 + self.n)) if self.n else 0.0
        self.n += 1
        for name, value in self.module.state_dict().items():
            if name in self.averaged:
                self.state[name].lerp_(value, 1 - decay)
            else:
                self.state[name].copy_(value)

    def swap(self) -> None:
        """Exchange the weights that learn with the average, or back."""
        learning = {k: v.detach().clone() for k, v in self.module.state_dict().items()}
        self.module.load_state_dict(self.state)
        self.state = learning
