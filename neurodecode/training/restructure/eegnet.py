"""EEGNet, restructured for training and folded for evaluation."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neurodecode.training.restructure.first_block import FirstBlock, misfit
from neurodecode.training.restructure.lags import LaggedBatch
from neurodecode.training.restructure.toeplitz import ToeplitzFilter


class FastEEGNet(nn.Module):
    """Braindecode's EEGNet with its first block restructured; it trains that net's parameters.

    Parameters
    ----------
    net : braindecode.models.EEGNet
    """

    def __init__(self, net: Any):
        super().__init__()
        self.net = net
        pad = net.conv_temporal.padding[1]
        self.block = FirstBlock(
            net.conv_temporal, net.bnorm_temporal, net.conv_spatial, net.bnorm_1,
            (pad, pad), net.pool_1.kernel_size[1],
        )  # fmt: skip

    def forward(self, batch: LaggedBatch | Tensor) -> Tensor:
        """What the net gives: of resident rows in training mode, of trials in evaluation mode."""
        net = self.net
        if not self.training:
            return net.final_layer(FoldedEEGNet(net)(batch))
        rows = net.drop_1(self.block(batch)[:, :, None])  # (batch, F1 * D, 1, n_pooled)
        rows = net.bnorm_2(self._separable(rows)[:, :, None])
        return net.final_layer(net.drop_2(net.pool_2(net.elu_2(rows))))

    def _separable(self, rows: Tensor) -> Tensor:
        """Depthwise, then pointwise convolution: (batch, F1 * D, 1, n) to (batch, F2, n')."""
        depth, point = self.net.conv_separable_depth, self.net.conv_separable_point
        pad = depth.padding[1]
        rows = ToeplitzFilter.apply(rows, depth.weight.flatten(1), pad, pad)
        n_batch, n_rows, _, n_times = rows.shape
        rows = rows.transpose(0, 1).reshape(n_rows, -1)  # as the filter left them in memory
        mixed = point.weight.flatten(1) @ rows  # one product for the whole batch
        return mixed.view(-1, n_batch, n_times).transpose(0, 1).contiguous()


class FoldedEEGNet:
    """EEGNet up to its last layer in evaluation mode: three batch norms and max-norm folded away.

    Channels are mixed first, and the separable convolution is one dense one. A copy of the
    weights as they are now.
    """

    @torch.no_grad()
    def __init__(self, net: Any):
        gain0, shift0 = affine(net.bnorm_temporal)
        gain1, shift1 = affine(net.bnorm_1)
        gain2, shift2 = affine(net.bnorm_2)
        weight = net.conv_temporal.weight
        spaces = net.conv_spatial.weight.double().flatten(1)  # (F1 * D, n_channels)
        repeats = len(spaces) // len(gain0)
        taps = (gain0[:, None] * weight.double().flatten(1)).repeat_interleave(repeats, 0)
        through = shift0.repeat_interleave(repeats) * spaces.sum(1)
        depth = net.conv_separable_depth.weight.double().flatten(1)  # (F1 * D, K)
        point = net.conv_separable_point.weight.double().flatten(1)  # (F2, F1 * D)
        separable = (gain2[:, None] * point)[:, :, None] * depth

        self.spaces = spaces.to(weight.dtype)
        self.taps = (gain1[:, None] * taps)[:, None].to(weight.dtype)
        self.shift1 = (shift1 + gain1 * through).to(weight.dtype)
        self.separable = separable.to(weight.dtype)
        self.shift2 = shift2.to(weight.dtype)
        self.pads = net.conv_temporal.padding[1], net.conv_separable_depth.padding[1]
        self.pools = net.pool_1.kernel_size[1], net.pool_2.kernel_size[1]

    def __call__(self, x: Tensor) -> Tensor:
        """Features of trials, (batch, F2, 1, n_pooled)."""
        rows = torch.matmul(self.spaces, x)
        rows = F.conv1d(rows, self.taps, self.shift1, padding=self.pads[0], groups=len(self.taps))
        rows = F.avg_pool1d(F.elu(rows), self.pools[0])
        rows = F.conv1d(rows, self.separable, self.shift2, padding=self.pads[1])
        return F.avg_pool1d(F.elu(rows), self.pools[1])[:, :, None]


def affine(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Gain and shift, float64, that batch norm amounts to in evaluation mode."""
    gain = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    return gain, norm.bias.double() - gain * norm.running_mean.double()


def restructured(net: Any) -> nn.Module | str:
    """The fast form of an EEGNet, or why it has none."""
    first = net.conv_temporal, net.bnorm_temporal, net.conv_spatial, net.bnorm_1
    return misfit(*first, net.elu_1, net.pool_1) or _rest(net) or FastEEGNet(net)


def _rest(net: Any) -> str | None:
    """Why the layers after the first block cannot be folded, or None."""
    second = net.conv_separable_depth, net.bnorm_2, net.conv_separable_point, net.bnorm_2
    return misfit(*second, net.elu_2, net.pool_2)
