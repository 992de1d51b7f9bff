"""Max-norm: weights whose vectors never grow longer than a bound."""

from __future__ import annotations

from typing import TypeVar

from torch import Tensor, nn
from torch.nn.utils import parametrize

Layer = TypeVar("Layer", nn.Linear, nn.Conv1d, nn.Conv2d)


class MaxNorm(nn.Module):
    """The map from any weight to the nearest one whose rows are at most `bound` long.

    Parameters
    ----------
    bound : float, > 0

    Examples
    --------
    >>> import torch
    >>> MaxNorm(1.0)(torch.tensor([[3.0, 4.0], [0.3, 0.4]]))
    tensor([[0.6000, 0.8000],
            [0.3000, 0.4000]])
    """

    def __init__(self, bound: float):
        super().__init__()
        self.bound = bound

    def forward(self, weight: Tensor) -> Tensor:
        """Shorten the rows (all that leads to one output) that are too long."""
        norms = weight.flatten(1).norm(dim=1).reshape(-1, *[1] * (weight.ndim - 1))
        return weight * (self.bound / norms.clamp_min(self.bound))

    def right_inverse(self, weight: Tensor) -> Tensor:
        """A weight that is given is kept as it is, and bounded when it is used."""
        return weight


def max_norm(layer: Layer, bound: float) -> Layer:
    """Bound the norm of what leads to each output of a layer, in place.

    Parameters
    ----------
    layer : nn.Linear, nn.Conv1d or nn.Conv2d
    bound : float, > 0
        Keras projects the weight after each step; here the bound applies where the weight is used,
        so that any optimizer keeps it.

    Returns
    -------
    layer : the same layer

    Examples
    --------
    >>> layer = max_norm(nn.Linear(64, 2), 0.25)
    >>> bool((layer.weight.norm(dim=1) <= 0.25 + 1e-6).all())
    True
    """
    parametrize.register_parametrization(layer, "weight", MaxNorm(bound))
    return layer
