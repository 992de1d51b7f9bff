"""The first block of the EEGNet family with few operations: same outputs, gradients and statistics.

Textbook: temporal filters on every channel, batch norm, spatial filters of each, batch norm, ELU,
mean pool. Both filters are linear, so channels are mixed first: F * D rows are filtered instead of
F * n_channels. Batch norm between the two needs the mean and the variance of what is never
computed; `lags` gives them. Its shift is cancelled by the second batch norm, whose running mean
still receives it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neurodecode.training.restructure import native_block
from neurodecode.training.restructure.lags import LaggedBatch, LaggedTrials
from neurodecode.training.restructure.stem import ResidentStem
from neurodecode.training.restructure.toeplitz import ToeplitzFilter

_OFFSET = 100.0  # standard deviations: beyond, float32 loses what batch norm would subtract


class FirstBlock(ResidentStem):
    """The block, on the parameters and buffers of its textbook layers.

    Parameters
    ----------
    temporal : nn.Conv2d
        One input map, F filters along time.
    norm0 : nn.BatchNorm2d
    spatial : nn.Conv2d
        F groups, D filters over all channels each.
    norm1 : nn.BatchNorm2d
    pads : (left, right)
        Zeros that the temporal filter sees around a trial.
    pool : int, samples
    """

    takes_trials = False

    def __init__(
        self,
        temporal: nn.Conv2d,
        norm0: nn.BatchNorm2d,
        spatial: nn.Conv2d,
        norm1: nn.BatchNorm2d,
        pads: tuple[int, int],
        pool: int,
    ):
        super().__init__()
        self.temporal, self.norm0, self.spatial, self.norm1 = temporal, norm0, spatial, norm1
        self.pads, self.pool = pads, pool
        self._spare: native_block.Spare = {}

    @property
    def words(self) -> str:
        """What runs, for the report."""
        return f"lag moments, spatial filters first, {native_block.words(self.temporal.weight)}"

    def prepare(self, x: Tensor) -> LaggedTrials:
        """Lag moments of all trials."""
        return LaggedTrials(x, self._length, self.pads)

    def bytes_for(self, x: Tensor) -> int:
        """One float64 matrix of lags a trial."""
        return len(x) * 8 * self._length**2

    def refuses(self, x: Tensor) -> str | None:
        """Offsets that the order of operations would not survive in float32."""
        spread, mean = torch.std_mean(x.double())
        if abs(float(mean)) > _OFFSET * float(spread):
            return f"the offset of the trials is over {_OFFSET:g} times their spread"
        return None

    @property
    def _length(self) -> int:
        return self.temporal.weight[0].numel()

    def forward(self, batch: Any) -> Tensor:
        """Pooled rows, (batch, F * D, n_pooled), of a `LaggedBatch`; its statistics are followed.

        In evaluation mode of trials.
        """
        if not self.training:
            return FoldedBlock(self)(batch)
        taps = self.temporal.weight.flatten(1)  # (F, K)
        spaces = self.spatial.weight.flatten(1)  # (F * D, n_channels)
        n_out = batch.x.shape[-1] + sum(self.pads) - taps.shape[1] + 1
        n = len(batch.rows) * batch.x.shape[1] * n_out
        first, wide = batch.first / n, taps.double()
        mean = wide @ first
        variance = ((wide @ (batch.second / n - torch.outer(first, first))) * wide).sum(1)
        norm = self.norm0
        gain = norm.weight.double() / torch.sqrt(variance + norm.eps)
        # The shift has a gradient of exactly zero; None would spare it the weight decay.
        scaled = (gain[:, None] * wide).to(taps.dtype) + 0 * norm.bias[:, None]
        if native_block.fits(taps):
            pooled, mean1, variance1 = native_block.block(
                batch, spaces, scaled, self.norm1, self.pads, self.pool, self._spare
            )
        else:
            pooled, mean1, variance1 = self._plain(batch, spaces, scaled)
        with torch.no_grad():
            shift = (norm.bias - gain * mean)[:, None] * spaces.double().sum(1).view(len(gain), -1)
            follow(norm, mean, variance * (n / (n - 1)))
            follow(self.norm1, mean1 + shift.flatten(), variance1)
        return pooled

    def _plain(self, batch: LaggedBatch, spaces: Tensor, taps: Tensor) -> tuple[Tensor, ...]:
        """The pooled rows, then mean and unbiased variance of what the second batch norm saw."""
        mixed = torch.matmul(spaces, batch.x[batch.rows])  # (batch, F * D, n_times)
        mixed = mixed.unflatten(1, (len(taps), -1))
        rows = ToeplitzFilter.apply(mixed, taps, *self.pads).flatten(1, 2)
        norm: Any = self.norm1
        mean, variance = torch.zeros_like(norm.running_mean), torch.ones_like(norm.running_var)
        rows = F.batch_norm(rows, mean, variance, norm.weight, norm.bias, True, 1.0, norm.eps)
        return F.avg_pool1d(F.elu(rows), self.pool), mean, variance


class FoldedBlock:
    """The block in evaluation mode, both batch norms folded away: weights as they are now.

    Parameters
    ----------
    block : FirstBlock
    """

    @torch.no_grad()
    def __init__(self, block: FirstBlock):
        weight = block.temporal.weight
        (gain0, shift0), (gain1, shift1) = affine(block.norm0), affine(block.norm1)
        spaces = block.spatial.weight.double().flatten(1)  # (F * D, n_channels)
        self.depth = len(spaces) // len(gain0)
        through = shift0.repeat_interleave(self.depth) * spaces.sum(1)
        self.spaces = spaces.to(weight.dtype)
        self.taps = (gain0[:, None] * weight.double().flatten(1)).to(weight.dtype)  # (F, K)
        self.gain = gain1.to(weight.dtype)
        self.shift = (shift1 + gain1 * through).to(weight.dtype)
        self.pads, self.pool = block.pads, block.pool

    def __call__(self, x: Tensor) -> Tensor:
        """Pooled rows of trials, (batch, F * D, n_pooled)."""
        if native_block.fits(self.taps):
            return native_block.folded_block(
                x, self.spaces, self.taps, self.gain, self.shift, self.pads, self.pool
            )
        rows = F.pad(torch.matmul(self.spaces, x), self.pads)
        taps = self.gain[:, None, None] * self.taps.repeat_interleave(self.depth, 0)[:, None]
        rows = F.conv1d(rows, taps, self.shift, groups=len(taps))
        return F.avg_pool1d(F.elu(rows), self.pool)


def affine(norm: Any) -> tuple[Tensor, Tensor]:
    """Gain and shift, float64, that batch norm amounts to in evaluation mode."""
    gain = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    return gain, norm.bias.double() - gain * norm.running_mean.double()


def follow(norm: Any, mean: Tensor, variance: Tensor) -> None:
    """Running statistics after one more batch, as `nn.BatchNorm2d` keeps them."""
    weight = norm.momentum
    norm.running_mean.lerp_(mean.to(norm.running_mean.dtype), weight)
    norm.running_var.lerp_(variance.to(norm.running_var.dtype), weight)
    norm.num_batches_tracked += 1


def misfit(
    temporal: nn.Conv2d, norm0: nn.Module, spatial: nn.Conv2d, norm1: nn.Module,
    activation: nn.Module, pool: nn.Module,
) -> str | None:  # fmt: skip
    """Why layers are not the block that is restructured here, or None."""
    for norm in (norm0, norm1):
        plain = isinstance(norm, nn.BatchNorm2d) and norm.affine and norm.track_running_stats
        if not plain or norm.momentum is None:
            return "batch norm without weights or running statistics of fixed momentum"
    for conv in (temporal, spatial):
        if conv.bias is not None or set(conv.stride) | set(conv.dilation) != {1}:
            return "a biased, strided or dilated convolution in the first block"
    if type(activation) is not nn.ELU or activation.alpha != 1:
        return f"the activation {type(activation).__name__} instead of ELU"
    if not isinstance(pool, nn.AvgPool2d) or pool.stride not in (None, pool.kernel_size):
        return "a pool other than the mean of disjoint windows"
    return None
