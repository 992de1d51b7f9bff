"""Braindecode's ATCNet: its first layers are EEGNet's block."""

from __future__ import annotations

import copy
from typing import Any

from torch import Tensor, nn

from neurodecode.training.restructure.convolutions import TimeConv
from neurodecode.training.restructure.first_block import FirstBlock, misfit
from neurodecode.training.restructure.lags import LaggedBatch


class FastConvBlock(nn.Module):
    """ATCNet's convolutional block, restructured; takes trials in evaluation mode.

    Parameters
    ----------
    net : the block of braindecode.models.ATCNet
    """

    def __init__(self, net: Any):
        super().__init__()
        length = net.conv1.kernel_size[0]
        left = (length - 1) // 2  # "same": the longer side comes last
        self.block = FirstBlock(
            net.conv1, net.bn1, net.conv2, net.bn2, (left, length - 1 - left),
            net.pool2.kernel_size[0],
        )  # fmt: skip
        self.rest = nn.Sequential(
            net.drop2, TimeConv(net.conv3), net.bn3, net.activation3, net.pool3, net.drop3
        )

    def forward(self, batch: LaggedBatch | Tensor) -> Tensor:
        """Features, (batch, n_features, n_pooled, 1)."""
        return self.rest(self.block(batch)[..., None])


def restructured(net: Any) -> nn.Module | str:
    """The fast form of an ATCNet, or why it has none."""
    first = net.conv_block
    reason = misfit(first.conv1, first.bn1, first.conv2, first.bn2, first.activation2, first.pool2)
    if reason is not None:
        return reason
    # A copy that shares all layers but the first, which read trials as they are.
    fast = copy.copy(net)
    fast.__dict__["_modules"] = {
        **net._modules,
        "ensuredims": nn.Identity(),
        "dimshuffle": nn.Identity(),
        "conv_block": FastConvBlock(first),
    }
    return fast
