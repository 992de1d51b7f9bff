"""A last layer that decides by likeness to a few trials: each output is a sum of similarities.

Chen, Li, Tao, Barnett, Su, Rudin: "This looks like that: deep learning for interpretable image
recognition", NeurIPS 2019, arXiv:1806.10574.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from neurodecode.nets.headed import Headed

_SMALL = 1e-4  # keeps the similarity of equal features finite: ln(1 / 1e-4) = 9.21
_OWN, _OTHER = 1.0, -0.5  # weights of a prototype at the start


class PrototypeHead(nn.Module):
    """Similarities ``ln((d^2 + 1) / (d^2 + 1e-4))`` to prototypes, and a linear layer on them.

    Parameters
    ----------
    n_features, n_outputs : int
    n_prototypes : int
        Of each class.

    Attributes
    ----------
    source : int64 tensor, shape (n_outputs * n_prototypes,)
        Which training trial each prototype is since the last `project`; -1 before.

    Examples
    --------
    >>> head = PrototypeHead(16, 3, n_prototypes=2)
    >>> head(torch.randn(5, 16)).shape
    torch.Size([5, 3])
    """

    classes: Tensor
    source: Tensor

    def __init__(self, n_features: int, n_outputs: int, n_prototypes: int = 5):
        super().__init__()
        self.prototypes = nn.Parameter(torch.randn(n_outputs * n_prototypes, n_features))
        self.weigh = nn.Linear(n_outputs * n_prototypes, n_outputs, bias=False)
        classes = torch.arange(n_outputs).repeat_interleave(n_prototypes)
        own = classes == torch.arange(n_outputs)[:, None]  # (n_outputs, all prototypes)
        with torch.no_grad():
            self.weigh.weight.copy_(torch.where(own, _OWN, _OTHER))
        self.register_buffer("classes", classes)
        self.register_buffer("source", torch.full_like(classes, -1))

    def forward(self, features: Tensor) -> Tensor:
        """Map (batch, n_features) to (batch, n_outputs)."""
        return self.weigh(self.similarity(features))

    def similarity(self, features: Tensor) -> Tensor:
        """Of each trial to each prototype, (batch, n_outputs * n_prototypes), 0 to 9.21."""
        squared = self.distance(features)
        return ((squared + 1) / (squared + _SMALL)).log()

    def distance(self, features: Tensor) -> Tensor:
        """Squared distance of each trial to each prototype."""
        return (features[:, None] - self.prototypes).square().sum(-1)

    def terms(self, features: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """What training adds to the cross-entropy: ``+ 0.8 cluster - 0.08 separation``.

        Parameters
        ----------
        features : Tensor, shape (batch, n_features)
        y : int64 tensor, shape (batch,)

        Returns
        -------
        cluster, separation : scalar tensors
            Mean squared distance to the nearest prototype of the trial's own class, and to the
            nearest of another.
        """
        squared, own = self.distance(features), y[:, None] == self.classes
        cluster = squared.masked_fill(~own, torch.inf).amin(1).mean()
        return cluster, squared.masked_fill(own, torch.inf).amin(1).mean()

    @torch.no_grad()
    def project(self, features: Tensor, y: Tensor) -> None:
        """Move each prototype onto the nearest training trial of its class, and keep which it is.

        Parameters
        ----------
        features : Tensor, shape (n_trials, n_features)
            Of all training trials, the network in eval mode.
        y : int64 tensor, shape (n_trials,)
            Every class occurs.
        """
        squared = self.distance(features).masked_fill(y[:, None] != self.classes, torch.inf)
        self.source.copy_(squared.argmin(0))
        self.prototypes.copy_(features[self.source])


def with_prototypes(net: Headed, n_prototypes: int = 5) -> Headed:
    """The same body under a new `PrototypeHead`.

    Parameters
    ----------
    net : Headed
        Its last layer is linear; it stays as it is.
    n_prototypes : int
        Of each class.

    Examples
    --------
    >>> net = Headed(nn.Flatten(), nn.Linear(6, 2))
    >>> with_prototypes(net)(torch.randn(5, 2, 3)).shape
    torch.Size([5, 2])
    """
    body = copy.deepcopy(net.body)
    n_outputs, n_features = net.head.weight.shape  # type: ignore[union-attr, misc]
    return Headed(body, PrototypeHead(int(n_features), int(n_outputs), n_prototypes))
