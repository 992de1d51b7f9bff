"""Moments of trials under all shifts of a filter: what batch norm after that filter needs to know.

The mean and the variance of ``conv(x, w)`` over a batch are a linear and a quadratic form of the
filter `w`. Their coefficients depend on the data alone, add up over trials, and are therefore
computed once a data set.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn import functional as F

_BLOCK = 32  # trials: bounds the float64 spectra


class LaggedBatch(NamedTuple):
    """Rows of a resident tensor and the sums of their moments."""

    x: Tensor  # (n_trials, n_channels, n_times), the whole resident tensor
    rows: Tensor  # (batch,) int64
    first: Tensor  # (K,) float64, summed over the batch
    second: Tensor  # (K, K) float64, summed over the batch


class LaggedTrials:
    """A resident tensor with the lag moments of every trial; indexing by rows gives a batch.

    Parameters
    ----------
    x : float tensor, shape (n_trials, n_channels, n_times)
    length : int
        Of the filter.
    pads : (left, right)
        Zeros that the filter sees before and after a trial.

    Examples
    --------
    >>> trials = LaggedTrials(torch.ones(3, 2, 5), length=1, pads=(0, 0))
    >>> trials[torch.tensor([0, 2])].first.tolist()  # 2 trials x 2 channels x 5 samples
    [20.0]
    """

    def __init__(self, x: Tensor, length: int, pads: tuple[int, int]):
        self.x, self.device = x, x.device
        self.first, self.second = lag_moments(x, length, pads)

    def __getitem__(self, rows: Tensor) -> LaggedBatch:
        # One bag of all rows: sums without a copy of what is summed.
        second = F.embedding_bag(rows[None], self.second.flatten(1), mode="sum")
        return LaggedBatch(self.x, rows, self.first[rows].sum(0), second.view_as(self.second[0]))


def lag_moments(x: Tensor, length: int, pads: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Sums over channels and output times of a trial's shifts, and of their products.

    With x_c zero outside of the trial and t over the output times of a filter of `length` K::

        first[k] = sum_ct x_c(t + k),    second[k, l] = sum_ct x_c(t + k) x_c(t + l)

    The products of the whole trial come from its spectrum; what the borders of the output times
    leave out is taken off, and each diagonal is walked, sample by sample.

    Parameters
    ----------
    x : float tensor, shape (n_trials, n_channels, n_times)
    length : int, K
    pads : (left, right)

    Returns
    -------
    first : float64 tensor, shape (n_trials, K)
    second : float64 tensor, shape (n_trials, K, K)

    Examples
    --------
    >>> first, second = lag_moments(torch.tensor([[[1.0, 2.0, 3.0]]]), length=2, pads=(0, 0))
    >>> first.tolist(), second.tolist()
    ([[3.0, 5.0]], [[[5.0, 8.0], [8.0, 13.0]]])
    """
    parts = [_block_moments(part.double(), length, pads) for part in x.split(_BLOCK)]
    return torch.cat([first for first, _ in parts]), torch.cat([second for _, second in parts])


def _block_moments(x: Tensor, length: int, pads: tuple[int, int]) -> tuple[Tensor, Tensor]:
    n_trials, _, n_times = x.shape
    padded = F.pad(x, pads)
    n_out = padded.shape[-1] - length + 1
    sums = F.pad(padded.sum(1).cumsum(-1), (1, 0))
    first = sums[:, n_out:] - sums[:, :length]

    n_fft = next_fast_len(n_times + length - 1, real=True)
    power = torch.view_as_real(torch.fft.rfft(x, n=n_fft)).square().sum((1, 3))
    row = torch.fft.irfft(power, n=n_fft)[:, :length]  # sum_ct x(t) x(t + k) of the whole trial
    beyond = F.pad(padded[..., n_out:], (0, length))  # t from the last output time on
    late = beyond[..., : length - 1]
    for k in range(length):
        row[:, k] -= (late * beyond[..., k : k + length - 1]).sum((1, 2))

    head, tail = padded[..., : length - 1], padded[..., n_out:]
    step = tail.transpose(1, 2) @ tail - head.transpose(1, 2) @ head
    second = x.new_zeros(n_trials, length, length)
    second[:, 0] = row
    for k in range(length - 1):
        second[:, k + 1, k + 1 :] = second[:, k, k:-1] + step[:, k, k:]
    return first, second.triu() + second.triu(1).transpose(1, 2)
