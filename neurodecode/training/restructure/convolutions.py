"""Two-dimensional convolutions over one axis as the one-dimensional ones that they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from neurodecode.nets.merged_conv import MergedConv
from neurodecode.training.restructure.pools import faster
from neurodecode.training.restructure.spectrum import SHORTEST, SpectralStem


class TimeConv(nn.Module):
    """A convolution with a (K, 1) kernel on maps of width one, along the one axis that is long.

    Parameters
    ----------
    conv : nn.Conv2d
    """

    def __init__(self, conv: nn.Conv2d):
        super().__init__()
        self.conv = conv

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_maps, n_times, 1) as `conv` does."""
        conv = self.conv
        padding = conv.padding if isinstance(conv.padding, str) else conv.padding[0]
        rows = F.conv1d(
            x.squeeze(3), conv.weight.squeeze(3), conv.bias,
            conv.stride[0], padding, conv.dilation[0], conv.groups,
        )  # fmt: skip
        return rows.unsqueeze(3)


def merged(temporal: Any, spatial: Any, rest: Iterable[nn.Module]) -> nn.Module | str:
    """A net whose first two layers are a temporal and a spatial convolution, these two as one.

    Parameters
    ----------
    temporal, spatial : nn.Conv2d
    rest : nn.Module, in order
        The first takes (batch, n_filters, n_times).

    Returns
    -------
    net : nn.Sequential, or why there is none
    """
    for conv in (temporal, spatial):
        plain = isinstance(conv, nn.Conv2d) and set(conv.stride) | set(conv.dilation) == {1}
        if not plain or set(conv.padding) != {0} or conv.groups != 1:
            return "first convolutions that are padded, strided, dilated or grouped"
    return nn.Sequential(_stem(MergedConv(temporal, spatial)), *faster(list(rest)))


def merged_already(net: nn.Sequential) -> nn.Module:
    """A net that starts with a `MergedConv`: through spectra where that is faster."""
    stem: Any = net[0]
    return nn.Sequential(_stem(stem), *faster(list(net)[1:]))


def _stem(stem: MergedConv) -> nn.Module:
    return SpectralStem(stem) if stem.temporal.weight[0].numel() >= SHORTEST else stem
