"""The one-dimensional ResNet of time-series classification. A baseline.

Wang, Yan, Oates: "Time series classification from scratch with deep neural networks: a strong
baseline", 2016, arXiv:1611.06455.
"""

from __future__ import annotations

from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.nets.headed import Headed

_KERNELS = (8, 5, 3)  # samples, of the three convolutions of a block
_WIDTHS = (64, 128, 128)


def resnet1d(spec: Spec) -> Headed:
    """ResNet of three blocks of three convolutions, the mean over time, a linear layer.

    Parameters
    ----------
    spec : Spec

    Returns
    -------
    net : Headed
        515 460 parameters at 22 channels and 4 outputs, whatever the length.

    Examples
    --------
    >>> net = resnet1d(Spec(n_channels=22, n_times=1000, sfreq=250.0, n_outputs=4))
    >>> net.head
    Linear(in_features=128, out_features=4, bias=True)
    """
    blocks, n_in = [], spec.n_channels
    for width in _WIDTHS:
        blocks.append(Residual(n_in, width))
        n_in = width
    return Headed(nn.Sequential(*blocks, nn.AdaptiveAvgPool1d(1)), nn.Linear(n_in, spec.n_outputs))


class Residual(nn.Module):
    """Three convolutions with batch norm beside the identity, or beside a mix of the inputs.

    Examples
    --------
    >>> import torch
    >>> Residual(3, 8)(torch.zeros(2, 3, 50)).shape
    torch.Size([2, 8, 50])
    """

    def __init__(self, n_in: int, n_out: int):
        super().__init__()
        layers: list[nn.Module] = []
        for i, kernel in enumerate(_KERNELS):
            layers += [
                nn.Conv1d(n_in if i == 0 else n_out, n_out, kernel, padding="same", bias=False),
                nn.BatchNorm1d(n_out),
                nn.ReLU(),
            ]
        self.layers = nn.Sequential(*layers[:-1])
        mix = [nn.Conv1d(n_in, n_out, 1, bias=False)] if n_in != n_out else []
        self.skip = nn.Sequential(*mix, nn.BatchNorm1d(n_out))

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_in, n_times) to (batch, n_out, n_times)."""
        return (self.layers(x) + self.skip(x)).relu()
