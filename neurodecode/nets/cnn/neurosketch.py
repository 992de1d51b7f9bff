"""NeuroSketch: a plain two-dimensional network on a folded picture of channels and time.

Zhang, Yuan, Yang, Chen, Meng, Yang: "NeuroSketch: an effective framework for neural decoding via
systematic architectural optimization", 2025, arXiv:2512.09524; layers after the authors' public
code (github.com/Galaxy-Dawn/NeuroSketch).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neurodecode.core import Spec
from neurodecode.core.errors import UnknownName, did_you_mean
from neurodecode.nets.headed import Headed

_FOLD = 3


class Size(NamedTuple):
    """Blocks of each of the four stages, and their widths."""

    depths: tuple[int, int, int, int]
    widths: tuple[int, int, int, int]


SIZES = {
    "base": Size((2, 2, 2, 2), (96, 128, 160, 192)),
    "large": Size((3, 3, 3, 3), (96, 144, 256, 384)),
}


def neurosketch(
    spec: Spec, *, size: str = "base", groups: int = 4, drop_path: float = 0.2
) -> Headed:
    """NeuroSketch: fold, a stem of four convolutions, four stages of blocks, generalized mean.

    The authors train it on one-hot targets by binary cross-entropy of each output.

    Parameters
    ----------
    spec : Spec
    size : "base" or "large"
        In all they shrink the picture 16 and 32 times along each side.
    groups : int
        Of the convolution in a block.
    drop_path : float in [0, 1)
        Share of trials that skip the last block; it rises linearly from 0 at the first.

    Returns
    -------
    net : Headed
        1 400 190 parameters with 61 outputs, 4 207 806 the large one. The published module counts
        1 402 494 and 4 213 086, with a batch norm in each block that it never uses.

    Raises
    ------
    UnknownName
        No such size.

    Examples
    --------
    >>> net = neurosketch(Spec(n_channels=10, n_times=3000, sfreq=1000.0, n_outputs=61))
    >>> sum(p.numel() for p in net.parameters())
    1400190
    """
    if size not in SIZES:
        raise UnknownName(
            "no NeuroSketch of that size",
            found=repr(size),
            expected=", ".join(SIZES),
            fix=did_you_mean(size, SIZES),
        )
    depths, widths = SIZES[size]
    rates = iter(torch.linspace(0, drop_path, sum(depths)).tolist())
    blocks, n_in = [], widths[0]
    for stage, (depth, width) in enumerate(zip(depths, widths, strict=True)):
        for _ in range(depth):
            blocks.append(Block(n_in, width, 2 if stage == 1 else 1, groups, next(rates)))
            n_in = width
    body = nn.Sequential(
        Fold(_FOLD),
        *_convolution(1, 64, 2),
        *_convolution(64, 32, 1),
        *_convolution(32, 64, 1),
        *_convolution(64, widths[0], 2),
        *blocks,
        nn.BatchNorm2d(widths[-1]),
        GeneralizedMean(),
    )
    return Headed(body, nn.Linear(widths[-1], spec.n_outputs))


class Fold(nn.Module):
    """Each channel as `n` rows: row r holds samples r, r + n, r + 2n, ... (polyphase).

    Parameters
    ----------
    n : int
        Zeros fill the end where it does not divide the length.

    Examples
    --------
    >>> Fold(3)(torch.arange(6.0).reshape(1, 1, 6))
    tensor([[[[0., 3.],
              [1., 4.],
              [2., 5.]]]])
    """

    def __init__(self, n: int):
        super().__init__()
        self.n = n

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_channels, n_times) to (batch, 1, n n_channels, ceil(n_times / n))."""
        x = F.pad(x, (0, -x.shape[-1] % self.n)).unflatten(-1, (-1, self.n))
        return x.transpose(-1, -2).flatten(1, 2)[:, None]


class GeneralizedMean(nn.Module):
    """The mean of p-th powers over a map, and its p-th root; p is learned.

    At 1 it is the mean of what is positive, for large p the maximum.

    Parameters
    ----------
    power : float
        To start from.

    Examples
    --------
    >>> GeneralizedMean(1.0)(torch.tensor([[[[1.0, 3.0]]]])).item()
    2.0
    """

    def __init__(self, power: float = 3.0, floor: float = 1e-6):
        super().__init__()
        self.power = nn.Parameter(torch.tensor(power))
        self.floor = floor

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, width, height, length) to (batch, width)."""
        return x.clamp(min=self.floor).pow(self.power).mean((-2, -1)).pow(1 / self.power)


class Block(nn.Module):
    """Where width or size change a convolution, then a grouped one and a mix beside the identity.

    Examples
    --------
    >>> Block(8, 16, 2, 4, 0.0)(torch.zeros(2, 8, 6, 10)).shape
    torch.Size([2, 16, 3, 5])
    """

    def __init__(self, n_in: int, n_out: int, stride: int, groups: int, drop: float):
        super().__init__()
        changes = stride != 1 or n_in != n_out
        self.embed = (
            nn.Sequential(*_convolution(n_in, n_out, stride)[:2]) if changes else nn.Identity()
        )
        self.mix = nn.Sequential(
            nn.Conv2d(n_out, n_out, 3, padding=1, groups=groups, bias=False),
            nn.BatchNorm2d(n_out),
            nn.ReLU(),
            nn.Conv2d(n_out, n_out, 1, bias=False),
        )
        self.drop = drop

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_in, height, length) to (batch, n_out, ...)."""
        x = self.embed(x)
        return x + self._some(self.mix(x))

    def _some(self, change: Tensor) -> Tensor:
        """In training leave out the changes of some trials and scale up the others."""
        if not self.training or self.drop == 0:
            return change
        kept = torch.rand(len(change), 1, 1, 1, device=change.device) >= self.drop
        return change * kept / (1 - self.drop)


def _convolution(n_in: int, n_out: int, stride: int) -> list[nn.Module]:
    conv = nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False)
    return [conv, nn.BatchNorm2d(n_out), nn.ReLU()]
