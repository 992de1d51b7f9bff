"""EEGNet, restructured for training and folded for evaluation."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neurodecode.training.restructure.first_block import FirstBlock, FoldedBlock, affine, misfit
from neurodecode.training.restructure.toeplitz import ToeplitzFilter


class FastEEGNet(nn.Module):
    """Braindecode's EEGNet with its first block restructured; it trains that net's parameters.

    Parameters
    ----------
    net : braindecode.models.EEGNet
    """

    def __init__(self, net: Any):
        super().__init__()
        self._modules.update(net._modules)  # its layers under its names, not the net itself
        pad = net.conv_temporal.padding[1]
        self.block = FirstBlock(
            net.conv_temporal, net.bnorm_temporal, net.conv_spatial, net.bnorm_1,
            (pad, pad), net.pool_1.kernel_size[1],
        )  # fmt: skip
        self._folded: FoldedEEGNet | None = None

    def train(self, mode: bool = True) -> FastEEGNet:
        """Change the mode; what was folded is folded anew, weights may have moved."""
        self._folded = None
        return super().train(mode)

    def forward(self, batch: Any) -> Tensor:
        """What the net gives: of a `LaggedBatch` in training mode, of trials in evaluation mode."""
        net: Any = self
        if not self.training:
            self._folded = self._folded or FoldedEEGNet(self)
            return self._folded(batch)
        rows = net.drop_1(self.block(batch)[:, :, None])  # (batch, F1 * D, 1, n_pooled)
        rows = net.bnorm_2(self._separable(rows)[:, :, None])
        return _read_out(net.final_layer, net.drop_2(net.pool_2(net.elu_2(rows))))

    def _separable(self, rows: Tensor) -> Tensor:
        """Depthwise, then pointwise convolution: (batch, F1 * D, 1, n) to (batch, F2, n')."""
        net: Any = self
        depth, point = net.conv_separable_depth, net.conv_separable_point
        pad = depth.padding[1]
        rows = ToeplitzFilter.apply(rows, depth.weight.flatten(1), pad, pad)
        n_batch, n_rows, _, n_times = rows.shape
        rows = rows.transpose(0, 1).reshape(n_rows, -1)  # as the filter left them in memory
        mixed = point.weight.flatten(1) @ rows  # one product for the whole batch
        return mixed.view(-1, n_batch, n_times).transpose(0, 1).contiguous()


class FoldedEEGNet:
    """EEGNet in evaluation mode, batch norms and max-norm folded away; weights as they are now.

    Channels are mixed first, and the separable convolution is one dense one.

    Parameters
    ----------
    fast : FastEEGNet
    """

    @torch.no_grad()
    def __init__(self, fast: FastEEGNet):
        net: Any = fast
        gain, shift = affine(net.bnorm_2)
        depth = net.conv_separable_depth.weight.double().flatten(1)  # (F1 * D, K)
        point = net.conv_separable_point.weight.double().flatten(1)  # (F2, F1 * D)
        separable = (gain[:, None] * point)[:, :, None] * depth
        dtype = net.conv_separable_point.weight.dtype
        self.block, self.final = FoldedBlock(fast.block), net.final_layer
        self.separable, self.shift = separable.to(dtype), shift.to(dtype)
        self.pad, self.pool = net.conv_separable_depth.padding[1], net.pool_2.kernel_size[1]

    def __call__(self, x: Tensor) -> Tensor:
        """What the net gives of trials."""
        rows = F.conv1d(self.block(x), self.separable, self.shift, padding=self.pad)
        return _read_out(self.final, F.avg_pool1d(F.elu(rows), self.pool)[:, :, None])


def _read_out(layer: nn.Module, features: Tensor) -> Tensor:
    """The last layer; braindecode's convolution over all it sees is a product with a matrix."""
    conv = getattr(layer, "conv_classifier", None)
    if not isinstance(conv, nn.Conv2d) or conv.kernel_size != features.shape[2:]:
        return layer(features)
    return F.linear(features.flatten(1), conv.weight.flatten(1), conv.bias)


def restructured(net: Any) -> nn.Module | str:
    """The fast form of an EEGNet, or why it has none."""
    first = net.conv_temporal, net.bnorm_temporal, net.conv_spatial, net.bnorm_1
    return misfit(*first, net.elu_1, net.pool_1) or _rest(net) or FastEEGNet(net)


def _rest(net: Any) -> str | None:
    """Why the layers after the first block cannot be folded, or None."""
    second = net.conv_separable_depth, net.bnorm_2, net.conv_separable_point, net.bnorm_2
    return misfit(*second, net.elu_2, net.pool_2)
