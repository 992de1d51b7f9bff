"""The common form of a registered network: a body that gives features, one head that reads them."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Headed(nn.Module):
    """A network split into features and read-out.

    Parameters
    ----------
    body : nn.Module
        Maps (batch, n_channels, n_times) to features of any shape (batch, ...).
    head : nn.Module
        Maps (batch, n_features) to (batch, n_outputs): the last layer, and only it.

    Examples
    --------
    >>> net = Headed(nn.AdaptiveAvgPool1d(1), nn.Linear(3, 2))
    >>> net.encode(torch.zeros(5, 3, 64)).shape, net(torch.zeros(5, 3, 64)).shape
    (torch.Size([5, 3]), torch.Size([5, 2]))
    """

    def __init__(self, body: nn.Module, head: nn.Module):
        super().__init__()
        self.body = body
        self.head = head

    def encode(self, x: Tensor) -> Tensor:
        """Features before the last layer, (batch, n_features)."""
        return self.body(x).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits or regression values, (batch, n_outputs)."""
        return self.head(self.encode(x))


def linear_from_conv(conv: nn.Conv1d | nn.Conv2d) -> nn.Linear:
    """The linear layer equal to a convolution whose kernel covers its whole input.

    Parameters
    ----------
    conv : nn.Conv2d, weight (n_outputs, F, H, W), or nn.Conv1d without W

    Returns
    -------
    linear : nn.Linear
        Gives on the flattened input (batch, F * H * W) what `conv` gives on (batch, F, H, W).

    Examples
    --------
    >>> linear_from_conv(nn.Conv2d(16, 4, (1, 31)))
    Linear(in_features=496, out_features=4, bias=True)
    """
    weight = conv.weight.detach().flatten(1)  # (n_outputs, F * H * W)
    linear = nn.Linear(weight.shape[1], weight.shape[0], bias=conv.bias is not None)
    with torch.no_grad():
        linear.weight.copy_(weight)
        if conv.bias is not None:
            linear.bias.copy_(conv.bias)
    return linear
