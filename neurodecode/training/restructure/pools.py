"""Pools over time with fewer operations than the general layers spend."""

from __future__ import annotations

import functools
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SegmentPool(nn.Module):
    """Mean of overlapping windows, from the means of the segments that they share.

    Windows of 75 samples every 15 read each sample five times; segments of 15 read it once.

    Parameters
    ----------
    pool : nn.AvgPool2d
        Along one axis of maps of width one; its length is a multiple of its stride.
    """

    def __init__(self, pool: nn.AvgPool2d):
        super().__init__()
        self.pool = pool
        self.axis = max((2, 3), key=lambda axis: _pair(pool.kernel_size)[axis - 2])
        self.length, self.stride = (
            _pair(size)[self.axis - 2] for size in (pool.kernel_size, pool.stride)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_maps, n_times, 1), or with the last axes swapped, as `pool` does."""
        rows = x.squeeze(5 - self.axis)
        n_segments = rows.shape[-1] // self.stride
        segments = rows[..., : n_segments * self.stride].unflatten(-1, (n_segments, self.stride))
        ones = rows.new_full((self.stride,), 1 / self.stride)
        means = F.avg_pool1d(torch.matmul(segments, ones), self.length // self.stride, 1)
        return means.unsqueeze(5 - self.axis)


class LateELU(nn.Module):
    """ELU and the maximum of disjoint windows, in the other order: it grows, so both agree.

    Parameters
    ----------
    pool : nn.MaxPool2d
        Along the first axis of (n_times, 1), stride as its length.
    """

    def __init__(self, pool: nn.MaxPool2d):
        super().__init__()
        self.length = _pair(pool.kernel_size)[0]

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_maps, n_times, 1) to (batch, n_maps, n_times // length, 1)."""
        return F.elu(FirstMaximum.apply(x.squeeze(3), self.length)).unsqueeze(3)


class FirstMaximum(torch.autograd.Function):
    """Maximum of disjoint windows along the last axis; the first of equals gets the gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, length: int) -> Tensor:
        """Map (..., n) to (..., n // length)."""
        n = x.shape[-1] // length
        steps = [x[..., start : n * length : length].contiguous() for start in range(length)]
        top = functools.reduce(torch.maximum, steps)
        ctx.save_for_backward(top, *steps)
        ctx.shape = x.shape
        return top

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """Gradient of x."""
        top, *steps = ctx.saved_tensors
        out, rest, end = grads[0].new_zeros(ctx.shape), grads[0], top.shape[-1] * len(steps)
        for start, step in enumerate(steps):
            share = rest * (step == top)
            out[..., start : end : len(steps)] = share
            rest = rest - share
        return out, None


def faster(layers: list[nn.Module]) -> list[nn.Module]:
    """The layers of a net with its pools over time replaced where these forms apply."""
    found: list[nn.Module] = []
    for layer in layers:
        before = found[-1] if found else None
        if isinstance(layer, nn.AvgPool2d) and _in_segments(layer):
            layer = SegmentPool(layer)
        elif type(before) is nn.ELU and before.alpha == 1 and _is_disjoint(layer):
            found.pop()
            layer = LateELU(layer)
        found.append(layer)
    return found


def _in_segments(pool: nn.AvgPool2d) -> bool:
    (height, width), (down, right) = _pair(pool.kernel_size), _pair(pool.stride)
    along, step = (height, down) if width == 1 else (width, right)
    plain = min(height, width) == 1 and _pair(pool.padding) == (0, 0) and not pool.ceil_mode
    return plain and 1 < step < along and along % step == 0


def _is_disjoint(pool: nn.Module) -> TypeGuard[nn.MaxPool2d]:
    if not isinstance(pool, nn.MaxPool2d) or pool.ceil_mode or pool.return_indices:
        return False
    (length, width), (stride, _) = _pair(pool.kernel_size), _pair(pool.stride)
    around = _pair(pool.padding), _pair(pool.dilation)
    return width == 1 and stride == length and around == ((0, 0), (1, 1))


def _pair(size: Any) -> tuple[int, int]:
    return size if isinstance(size, tuple) else (size, size)
