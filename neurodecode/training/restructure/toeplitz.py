"""Temporal filters as products with block-Toeplitz matrices: matrix products run at full speed."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_MULTIPLE = 16  # block lengths that matrix products like


class ToeplitzFilter(torch.autograd.Function):
    """Correlate rows with filters, through two matrix products a direction.

    Rows are cut into blocks of L >= K samples. An output block reads its own input block and the
    next one: ``u_i = z_i A + z_{i+1} B``, where A and B hold the filter along their diagonals.

    Shapes: z (batch, F, D, T), w (F, K), output (batch, F, D, T + left + right - K + 1).
    """

    @staticmethod
    def forward(ctx: Any, z: Tensor, w: Tensor, left: int, right: int) -> Tensor:
        """Filter; zeros lie before and after the rows."""
        n_filters, length = w.shape
        n_batch, _, n_rows, n_times = z.shape
        block = -(-length // _MULTIPLE) * _MULTIPLE
        n_out = n_times + left + right - length + 1
        n_blocks = -(-n_out // block) + 1  # the last one is read, its output is thrown away
        padded = z.new_zeros(n_filters, n_batch, n_rows, n_blocks * block)
        padded[..., left : left + n_times] = z.transpose(0, 1)
        blocks = padded.view(n_filters, -1, block)  # (F, batch * D * n_blocks, L)
        places = _places(length, block, w.device)
        matrix = torch.cat([w, w.new_zeros(n_filters, 1)], 1)[:, places]  # (F, 2 L, L)
        u = torch.bmm(blocks, matrix[:, :block])
        u[:, :-1].baddbmm_(blocks[:, 1:], matrix[:, block:])
        ctx.save_for_backward(blocks, matrix, places)
        ctx.sizes = left, length, n_times
        return u.view(padded.shape)[..., :n_out].transpose(0, 1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """Gradients of rows and filters."""
        blocks, matrix, places = ctx.saved_tensors
        left, length, n_times = ctx.sizes
        grad = grads[0].transpose(0, 1)  # (F, batch, D, n_out)
        n_filters, n_batch, n_rows, n_out = grad.shape
        block = matrix.shape[-1]
        padded = blocks.new_zeros(
            n_filters, n_batch, n_rows, blocks.shape[1] * block // (n_batch * n_rows)
        )
        padded[..., :n_out] = grad
        du = padded.view_as(blocks)
        dz = torch.bmm(du, matrix[:, :block].transpose(1, 2))
        dz[:, 1:].baddbmm_(du[:, :-1], matrix[:, block:].transpose(1, 2))
        products = [
            torch.bmm(blocks.transpose(1, 2), du),
            torch.bmm(blocks[:, 1:].transpose(1, 2), du[:, :-1]),
        ]
        dw = blocks.new_zeros(n_filters, length + 1)
        dw.index_add_(1, places.flatten(), torch.cat(products, 1).flatten(1))
        dz = dz.view(padded.shape)[..., left : left + n_times].transpose(0, 1)
        return dz, dw[:, :length], None, None


def _places(length: int, block: int, device: torch.device) -> Tensor:
    """Which tap stands where in the (2 L, L) matrix; tap `length` is the zero."""
    lag = torch.arange(2 * block, device=device)[:, None] - torch.arange(block, device=device)
    return torch.where((lag >= 0) & (lag < length), lag, length)
