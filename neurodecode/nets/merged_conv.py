"""A temporal and a spatial convolution as one: the stem of ShallowFBCSPNet and EEG Conformer.

Nothing nonlinear lies between the two, so their product is one kernel of (n_filters, n_channels,
kernel_length). As a one-dimensional convolution over channels it needs a fraction of the work of
two two-dimensional ones, and gives the same outputs and gradients.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class MergedConv(nn.Module):
    """The two convolutions of a stem, applied in one pass; it keeps their parameters.

    Parameters
    ----------
    temporal : nn.Conv2d
        One input map, F filters of `kernel_length` samples; no padding, stride 1.
    spatial : nn.Conv2d
        F input maps, filters over all channels.

    Examples
    --------
    >>> stem = MergedConv(nn.Conv2d(1, 8, (1, 25)), nn.Conv2d(8, 16, (22, 1)))
    >>> stem(torch.zeros(5, 22, 192)).shape
    torch.Size([5, 16, 168])
    """

    def __init__(self, temporal: nn.Conv2d, spatial: nn.Conv2d):
        super().__init__()
        self.temporal = temporal
        self.spatial = spatial

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_channels, n_times) to (batch, n_filters, n_times - kernel_length + 1)."""
        return F.conv1d(x, *self.kernel())

    def kernel(self) -> tuple[Tensor, Tensor | None]:
        """The product of the two, (n_filters, n_channels, kernel_length), and its bias."""
        times = self.temporal.weight.flatten(1)  # (F, kernel_length)
        spaces = self.spatial.weight.flatten(2)  # (n_filters, F, n_channels)
        return torch.einsum("ofc,fk->ock", spaces, times), self._bias(spaces)

    def _bias(self, spaces: Tensor) -> Tensor | None:
        bias = self.spatial.bias
        if self.temporal.bias is not None:
            through = spaces.sum(2) @ self.temporal.bias
            bias = through if bias is None else bias + through
        return bias
