"""A convolution over channels through spectra: those of the data are computed once a data set.

Trials never change, so neither do their spectra. What is left of a step is the spectrum of a short
kernel, one complex product a frequency, and the way back of a few dozen filtered rows. Outputs are
the valid ones of a circular correlation as long as the trial: nothing is padded.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from scipy.fft import next_fast_len
from torch import Tensor

from neurodecode.nets.merged_conv import MergedConv
from neurodecode.training.restructure.stem import ResidentStem

SHORTEST = 16  # taps: below, the convolution itself is as fast (measured at 10 and 25)
_BLOCK = 64  # trials


class SpectralBatch(NamedTuple):
    """Spectra of a batch, (n_frequencies, batch, n_channels), and the lengths behind them."""

    spectra: Tensor
    n_times: int
    n_fft: int


class SpectralTrials:
    """The spectra of all trials; indexing by rows gives a batch.

    Examples
    --------
    >>> batch = SpectralTrials(torch.zeros(5, 2, 100))[torch.tensor([3, 1])]
    >>> batch.spectra.shape
    torch.Size([51, 2, 2])
    """

    def __init__(self, x: Tensor):
        self.device, self.n_times = x.device, x.shape[-1]
        self.n_fft = next_fast_len(self.n_times, real=True)
        parts = [torch.fft.rfft(part, n=self.n_fft) for part in x.split(_BLOCK)]
        self.spectra = torch.cat([part.permute(2, 0, 1) for part in parts], 1)

    def __getitem__(self, rows: Tensor) -> SpectralBatch:
        return SpectralBatch(self.spectra.index_select(1, rows), self.n_times, self.n_fft)


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
    """Valid correlation of a batch with a kernel (n_filters, n_channels, K); none to the trials."""

    @staticmethod
    def forward(ctx: Any, kernel: Tensor, batch: SpectralBatch) -> Tensor:
        """Filtered rows, (batch, n_filters, n_times - K + 1)."""
        n_filters, n_channels, length = kernel.shape
        waves = _waves(length, batch.n_fft, kernel)
        flat = kernel.flatten(0, 1)
        response = torch.complex(flat @ waves.real, flat @ waves.imag)
        response = response.view(n_filters, n_channels, -1).permute(2, 0, 1)
        product = torch.bmm(response, batch.spectra.transpose(1, 2))  # (n_freq, n_filters, batch)
        rows = torch.fft.irfft(product.permute(2, 1, 0), n=batch.n_fft)
        ctx.save_for_backward(waves)
        ctx.batch = batch
        return rows[..., : batch.n_times - length + 1].contiguous()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """The kernel's gradient."""
        (waves,), batch = ctx.saved_tensors, ctx.batch
        grad = torch.fft.rfft(grads[0], n=batch.n_fft).permute(2, 1, 0)
        product = torch.bmm(grad, batch.spectra.conj())  # (n_freq, n_filters, n_channels)
        n_filters, n_channels = product.shape[1:]
        # Half a spectrum stands for the whole one: all but 0 and the last of an even length twice.
        twice = grads[0].new_full((len(product), 1, 1), 2 / batch.n_fft)
        twice[0] /= 2
        if batch.n_fft % 2 == 0:
            twice[-1] /= 2
        flat = torch.view_as_real((product * twice).flatten(1))  # (n_freq, ..., 2)
        back = waves.real @ flat[..., 0] + waves.imag @ flat[..., 1]
        return back.view(-1, n_filters, n_channels).permute(1, 2, 0), None


def _waves(length: int, n_fft: int, like: Tensor) -> Tensor:
    """exp(2 pi i k f / n) for taps k and frequencies f, complex."""
    turns = torch.outer(torch.arange(length), torch.arange(n_fft // 2 + 1)) % n_fft
    angle = (2 * math.pi / n_fft) * turns.double()
    return torch.polar(torch.ones_like(angle), angle).to(like.dtype.to_complex()).to(like.device)
