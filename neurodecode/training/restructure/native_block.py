"""The first block of EEGNet compiled; its twin in torch is `FirstBlock`'s own."""

from __future__ import annotations

import ctypes
from typing import Any

import torch
from torch import Tensor, nn

from neurodecode.linalg._native.library import kernels
from neurodecode.training.restructure.lags import LaggedBatch

_TILE, _ROUND = 4, 16  # as in block.h
Spare = dict[tuple[int, ...], list[Any]]  # buffers that wait for a batch of their sizes


def fits(weight: Tensor) -> bool:
    """Whether the kernel takes a block with such weights."""
    return weight.dtype == torch.float32 and weight.device.type == "cpu" and kernels() is not None


def words(weight: Tensor) -> str:
    """What filters over time, for the report."""
    found = kernels() if fits(weight) else None
    return "block-Toeplitz products" if found is None else f"compiled for {found.name}"


def block(
    batch: LaggedBatch,
    spaces: Tensor,
    taps: Tensor,
    norm: nn.BatchNorm2d,
    pads: tuple[int, int],
    pool: int,
    spare: Spare,
) -> tuple[Tensor, Tensor, Tensor]:
    """Filter, normalize, bend by ELU and pool a batch.

    Parameters
    ----------
    batch : LaggedBatch of float32 trials
    spaces : float32 tensor, shape (F * D, n_channels)
    taps : float32 tensor, shape (F, K)
    norm : nn.BatchNorm2d
        Its statistics are left as they are.
    pads : (left, right)
    pool : int
    spare : dict
        Buffers of earlier batches, kept by the caller.

    Returns
    -------
    pooled : float32 tensor, shape (batch, F * D, n_pooled)
    mean, variance : float64 tensors, shape (F * D,)
        Of what `norm` saw; the variance is unbiased.
    """
    sizes = _Sizes(batch, spaces, taps, pads, pool)
    found = spare.setdefault(tuple(sizes.table), [])
    buffers = found.pop() if found else _Buffers(sizes, found)
    return _Block.apply(
        spaces, taps, norm.weight, norm.bias, batch.x.contiguous(), batch.rows, buffers, norm.eps
    )


class _Sizes:
    """The sizes of one batch, as the kernel reads them, and of what it writes."""

    def __init__(
        self, batch: LaggedBatch, spaces: Tensor, taps: Tensor, pads: tuple[int, int], pool: int
    ):
        _, channels, times = batch.x.shape
        filters, length = taps.shape
        self.batch, self.channels, self.pool = len(batch.rows), channels, pool
        self.rows, self.out = len(spaces), times + sum(pads) - length + 1
        self.held = _up(self.rows, _TILE)
        self.z, self.u = _up(self.out) + _up(length), _up(self.out)
        self.work = self.z + 2 * _up(times) + 2 * _up(length) + self.held * _up(times)
        self.table = (ctypes.c_int64 * 9)(
            self.batch, channels, times, filters, self.rows // filters, length, pads[0],
            self.out, pool,
        )  # fmt: skip


class _Buffers:
    """What lies between forward and backward; new memory every batch would cost a sixth of it."""

    def __init__(self, sizes: _Sizes, home: list[_Buffers]):
        self.sizes, self._home = sizes, home
        self.z = torch.empty(sizes.batch, sizes.held, sizes.z)
        self.u = torch.empty(sizes.batch, sizes.rows, sizes.u)
        self.grad = torch.empty_like(self.u)
        self.work = torch.empty(sizes.work)

    def give_back(self) -> None:
        self._home.append(self)


class _Block(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, spaces: Tensor, taps: Tensor, gamma: Tensor, beta: Tensor, x: Tensor,
        rows: Tensor, buffers: _Buffers, eps: float,
    ) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
        sizes, taps = buffers.sizes, taps.contiguous()
        n = sizes.batch * sizes.out
        held = taps.new_zeros(sizes.held, sizes.channels)
        held[: sizes.rows] = spaces
        mean, spread = torch.zeros(2, sizes.rows, dtype=torch.float64)
        _call("block_filter", sizes, x, rows, held, taps, buffers.z, buffers.u, mean, spread)
        inverse = torch.rsqrt(spread / n + eps)
        gain = gamma * inverse
        scale, shift = gain.float(), (beta - gain * mean).float()
        pooled = torch.empty(sizes.batch, sizes.rows, sizes.out // sizes.pool)
        _call("block_pool", sizes, buffers.u, scale, shift, buffers.work, pooled)
        ctx.save_for_backward(taps, x, rows, mean, inverse, gain, scale, shift)
        ctx.buffers = buffers
        variance = spread / max(n - 1, 1)
        ctx.mark_non_differentiable(mean, variance)
        return pooled, mean, variance

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        taps, x, rows, mean, inverse, gain, scale, shift = ctx.saved_tensors
        if ctx.buffers is None:
            raise RuntimeError("a second backward through a compiled block: its buffers are gone")
        buffers, sizes = ctx.buffers, ctx.buffers.sizes
        n, sums = sizes.batch * sizes.out, torch.zeros(2, sizes.rows, dtype=torch.float64)
        _call(
            "block_pool_back", sizes, buffers.u, scale, shift, mean.float(), inverse.float(),
            grads[0].contiguous(), buffers.grad, sums,
        )  # fmt: skip
        # Batch norm: du = gain (grad - mean(grad) - xhat mean(grad xhat)), in terms of u.
        along = -gain * inverse * sums[1] / n
        c = torch.stack([gain, along, -gain * sums[0] / n - along * mean]).float()
        d_taps = torch.zeros(taps.shape, dtype=torch.float64)
        d_spaces = torch.zeros(sizes.held, sizes.channels, dtype=torch.float64)
        _call(
            "block_filter_back", sizes, x, rows, taps, buffers.z, buffers.u, buffers.grad, c,
            buffers.work, d_taps, d_spaces,
        )  # fmt: skip
        ctx.buffers = None
        buffers.give_back()
        d_spaces = d_spaces[: sizes.rows].float()
        return d_spaces, d_taps.float(), sums[1].float(), sums[0].float(), None, None, None, None


def _call(name: str, sizes: _Sizes, *tensors: Tensor) -> None:
    getattr(kernels(), name)(sizes.table, *(each.data_ptr() for each in tensors))


def _up(n: int, multiple: int = _ROUND) -> int:
    return -(-n // multiple) * multiple
