"""A discriminator that learns beside the network it judges (Goodfellow et al. 2014, 1406.2661)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits


@dataclass(frozen=True)
class Adversary:
    """What `train` needs to train against a discriminator.

    Parameters
    ----------
    module : nn.Module
        Maps outputs or targets of the network, (batch, n_outputs), to logits (batch,): above 0 for
        "a target".
    weight : float, > 0
        Of its verdict in the network's loss.

    Examples
    --------
    >>> judge = nn.Sequential(nn.Linear(8, 1), nn.Flatten(0))
    >>> Adversary(judge, weight=0.01).weight
    0.01
    """

    module: nn.Module
    weight: float


class Contest:
    """One run's discriminator with its own optimizer; the network asks it once a step.

    It has the network's learning rate, constant, and no weight decay.
    """

    def __init__(self, adversary: Adversary, lr: float, fabric: Any):
        optimizer = torch.optim.Adam(adversary.module.parameters(), lr=lr)
        self.weight, self.fabric = adversary.weight, fabric
        self.module, self.optimizer = fabric.setup(adversary.module.train(), optimizer)

    def verdict(self, outputs: Tensor) -> Tensor:
        """What is added to the network's loss: small where outputs pass for targets."""
        logits = self.module(outputs)
        return self.weight * binary_cross_entropy_with_logits(logits, torch.ones_like(logits))

    def learn(self, outputs: Tensor, targets: Tensor) -> None:
        """One step of telling the targets from the outputs."""
        logits = self.module(torch.cat([targets, outputs.detach()]))
        real = torch.zeros_like(logits)
        real[: len(targets)] = 1.0
        # The network's own step left gradients here: they are dropped, not applied.
        self.optimizer.zero_grad(set_to_none=True)
        self.fabric.backward(binary_cross_entropy_with_logits(logits, real))
        self.optimizer.step()
