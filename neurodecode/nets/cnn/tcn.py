"""TCN: dilated causal convolutions that see the whole trial. A baseline.

Bai, Kolter, Koltun: "An empirical evaluation of generic convolutional and recurrent networks for
sequence modeling", 2018, arXiv:1803.01271.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from neurodecode.core import Spec
from neurodecode.nets.headed import Headed


def tcn(spec: Spec, *, width: int = 32, kernel_length: int = 5, dropout: float = 0.2) -> Headed:
    """TCN: as many blocks as it takes to see the whole trial, the last sample, a linear layer.

    Parameters
    ----------
    spec : Spec
    width : int
        The paper's varies from task to task; this one and the kernel are ours.
    kernel_length : int, samples, >= 2
    dropout : float in [0, 1)

    Returns
    -------
    net : Headed
        71 844 parameters at 22 channels, 1000 samples, 4 outputs: seven blocks.

    Examples
    --------
    >>> net = tcn(Spec(n_channels=22, n_times=1000, sfreq=250.0, n_outputs=4))
    >>> sum(p.numel() for p in net.parameters())
    71844
    """
    blocks, n_in, dilation, reach = [], spec.n_channels, 1, 1
    while not blocks or reach < spec.n_times:
        blocks.append(Block(n_in, width, kernel_length, dilation, dropout))
        reach += 2 * (kernel_length - 1) * dilation
        n_in, dilation = width, 2 * dilation
    return Headed(nn.Sequential(*blocks, LastSample()), nn.Linear(width, spec.n_outputs))


class Block(nn.Module):
    """Two dilated causal convolutions beside the identity.

    Examples
    --------
    >>> import torch
    >>> Block(3, 8, 5, 4, 0.2)(torch.zeros(2, 3, 50)).shape
    torch.Size([2, 8, 50])
    """

    def __init__(self, n_in: int, n_out: int, kernel_length: int, dilation: int, dropout: float):
        super().__init__()
        self.past = (kernel_length - 1) * dilation
        self.first = weight_norm(nn.Conv1d(n_in, n_out, kernel_length, dilation=dilation))
        self.second = weight_norm(nn.Conv1d(n_out, n_out, kernel_length, dilation=dilation))
        self.drop = nn.Dropout(dropout)
        self.skip = nn.Conv1d(n_in, n_out, 1) if n_in != n_out else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_in, n_times) to (batch, n_out, n_times); no sample sees a later one."""
        y = x
        for conv in (self.first, self.second):
            y = self.drop(conv(F.pad(y, (self.past, 0))).relu())
        return (y + self.skip(x)).relu()


class LastSample(nn.Module):
    """The end of a series."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, width, n_times) to (batch, width)."""
        return x[..., -1]
