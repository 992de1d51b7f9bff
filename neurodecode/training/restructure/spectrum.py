"""A convolution over channels through spectra: those of the data are computed once a data set.

Trials never change, so neither do their spectra. What is left of a step is the spectrum of a short
kernel, one complex product a frequency, and the way back of a few dozen filtered rows. Outputs are
the valid ones of a circular correlation as long as the trial: nothing is padded.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, cast

import torch
from scipy.fft import next_fast_len
from torch import Tensor

from neurodecode.nets.merged_conv import MergedConv
from neurodecode.training.restructure.stem import ResidentStem

SHORTEST = 16  # taps: below, the convolution itself is as fast (measured at 10 and 25)
_BLOCK = 64  # trials


class SpectralBatch(NamedTuple):
    """Spectra of a batch, both (n_frequencies, batch, n_channels), and the lengths behind them."""

    real: Tensor
    imag: Tensor
    n_times: int
    n_fft: int


class SpectralTrials:
    """The spectra of all trials; indexing by rows gives a batch.

    Examples
    --------
    >>> batch = SpectralTrials(torch.zeros(5, 2, 100))[torch.tensor([3, 1])]
    >>> batch.real.shape
    torch.Size([51, 2, 2])
    """

    def __init__(self, x: Tensor):
        self.device, self.n_times = x.device, x.shape[-1]
        self.n_fft = cast(int, next_fast_len(self.n_times, real=True))
        parts = [torch.fft.rfft(part, n=self.n_fft) for part in x.split(_BLOCK)]
        spectra = torch.cat([part.permute(2, 0, 1) for part in parts], 1)
        self.real, self.imag = spectra.real.contiguous(), spectra.imag.contiguous()

    def __getitem__(self, rows: Tensor) -> SpectralBatch:
        real, imag = (part.index_select(1, rows) for part in (self.real, self.imag))
        return SpectralBatch(real, imag, self.n_times, self.n_fft)


class SpectralStem(ResidentStem):
    """A merged temporal and spatial convolution that takes spectra in training mode.

    Parameters
    ----------
    stem : MergedConv
    """

    words = "convolution over channels through resident spectra"
    takes_trials = True

    def __init__(self, stem: MergedConv):
        super().__init__()
        self.stem = stem

    def prepare(self, x: Tensor) -> SpectralTrials:
        """Spectra of all trials."""
        return SpectralTrials(x)

    def bytes_for(self, x: Tensor) -> int:
        """As much as the trials."""
        return x.numel() * x.element_size()

    def forward(self, batch: SpectralBatch | Tensor) -> Tensor:
        """Filtered rows, (batch, n_filters, n_times - K + 1)."""
        if isinstance(batch, Tensor):
            return self.stem(batch)
        kernel, bias = self.stem.kernel()
        rows = SpectralConv.apply(kernel, batch)
        return rows if bias is None else rows + bias[:, None]


class SpectralConv(torch.autograd.Function):
    """Valid correlation of a batch with a kernel (n_filters, n_channels, K); none to the trials.

    Complex products are written as real ones, which batched matrix products are made for, in an
    order of axes that never has to be copied into another.
    """

    @staticmethod
    def forward(ctx: Any, kernel: Tensor, batch: SpectralBatch) -> Tensor:
        """Filtered rows, (batch, n_filters, n_times - K + 1)."""
        n_filters, n_channels, length = kernel.shape
        waves = _waves(length, batch.n_fft, kernel)
        taps = kernel.permute(2, 0, 1).flatten(1)  # (K, n_filters * n_channels)
        response = (waves @ taps).view(-1, 2, 2 * n_filters, n_channels)
        product = torch.bmm(batch.real, response[:, 0].transpose(1, 2))
        product.baddbmm_(batch.imag, response[:, 1].transpose(1, 2))
        product = torch.complex(product[..., :n_filters], product[..., n_filters:])
        rows = torch.fft.irfft(product.permute(1, 2, 0), n=batch.n_fft)
        ctx.save_for_backward(waves)
        ctx.batch = batch
        return rows[..., : batch.n_times - length + 1].contiguous()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """The kernel's gradient."""
        (waves,), batch = ctx.saved_tensors, ctx.batch
        grad = torch.fft.rfft(grads[0], n=batch.n_fft).permute(2, 0, 1)
        # Half a spectrum stands for the whole one: all but 0 and the last of an even length twice.
        twice = grads[0].new_full((len(grad), 1, 1), 2 / batch.n_fft)
        twice[0] /= 2
        if batch.n_fft % 2 == 0:
            twice[-1] /= 2
        n_filters, n_channels = grad.shape[2], batch.real.shape[2]
        both = grads[0].new_empty(*grad.shape[:2], 2 * n_filters)
        torch.mul(grad.real, twice, out=both[..., :n_filters])
        torch.mul(grad.imag, twice, out=both[..., n_filters:])
        products = [torch.bmm(both.transpose(1, 2), part) for part in (batch.real, batch.imag)]
        response = torch.stack(products, 1).view(-1, n_filters * n_channels)
        return (waves.T @ response).view(-1, n_filters, n_channels).permute(1, 2, 0), None


def _waves(length: int, n_fft: int, like: Tensor) -> Tensor:
    """Real products that make a kernel's spectrum and multiply by it, (4 n_frequencies, K).

    With c + i s = exp(2 pi i k f / n): c and s for the real parts of the data, -s and c for the
    imaginary ones, each to real and imaginary parts of the product.
    """
    turns = torch.outer(torch.arange(n_fft // 2 + 1), torch.arange(length)) % n_fft
    angle = (2 * math.pi / n_fft) * turns.double()
    c, s = angle.cos(), angle.sin()
    return torch.stack([c, s, -s, c], 1).flatten(0, 1).to(like.dtype).to(like.device)
