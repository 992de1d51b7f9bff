"""MI-EEGNet: EEGNet's first block, then an Inception block and one more separable convolution.

Riyad, Khalil, Adib: "MI-EEGNET: a novel convolutional neural network for motor imagery
classification", Journal of Neuroscience Methods, 109037, 2021; sizes after the public code
(github.com/kolcs/bionic_apps) of the comparison by Kollod et al. 2023, arXiv:2302.08797.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.nets.cnn.eegnet_fusion import separable, stem
from neurodecode.nets.headed import Headed
from neurodecode.nets.needs import check_input

_N_FILTERS = 64


def mi_eegnet(spec: Spec, *, dropout: float = 0.5) -> Headed:
    """MI-EEGNet: temporal and spatial filters, four paths of different reach, mean over time.

    Parameters
    ----------
    spec : Spec
        Needs 8 samples or more; the first filters span half a second.
    dropout : float in [0, 1)

    Returns
    -------
    net : Headed
        134 020 parameters at 64 channels, 160 Hz, 4 outputs, whatever the length.

    Raises
    ------
    DataError
        The window is too short.

    Examples
    --------
    >>> net = mi_eegnet(Spec(n_channels=64, n_times=640, sfreq=160.0, n_outputs=4))
    >>> sum(p.numel() for p in net.parameters())
    134020
    """
    check_input("mi-eegnet", spec, min_times=8)
    n_inner = 4 * _N_FILTERS
    body = nn.Sequential(
        *stem(spec.n_channels, _N_FILTERS, max(1, round(spec.sfreq / 2))),
        nn.Dropout(dropout),
        Inception(2 * _N_FILTERS, _N_FILTERS, dropout),
        nn.BatchNorm2d(n_inner),
        nn.ELU(),
        separable(n_inner, n_inner, 5),
        nn.BatchNorm2d(n_inner),
        nn.ELU(),
        nn.Dropout(dropout),
        nn.AdaptiveAvgPool2d(1),
    )
    return Headed(body, nn.Linear(n_inner, spec.n_outputs))


class Inception(nn.Module):
    """Four paths that halve the length: two of separable convolutions, a pool, a stride.

    Examples
    --------
    >>> Inception(8, 4, 0.5)(torch.zeros(2, 8, 1, 15)).shape
    torch.Size([2, 16, 1, 7])
    """

    def __init__(self, n_in: int, n_out: int, dropout: float):
        super().__init__()
        self.paths = nn.ModuleList(
            [
                _long_path(n_in, n_out, 7, dropout),
                _long_path(n_in, n_out, 9, dropout),
                nn.Sequential(nn.AvgPool2d((1, 2)), nn.Conv2d(n_in, n_out, 1, bias=False)),
                nn.Conv2d(n_in, n_out, 1, stride=(1, 2), bias=False),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_in, 1, n_times) to (batch, 4 n_out, 1, n_times // 2)."""
        half = x.shape[-1] // 2  # of an odd length the stride keeps one sample more
        return torch.cat([path(x)[..., :half] for path in self.paths], 1)


def _long_path(n_in: int, n_out: int, kernel_length: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, 1, bias=False),
        separable(n_out, n_out, kernel_length),
        nn.BatchNorm2d(n_out),
        nn.ELU(),
        nn.Dropout(dropout),
        separable(n_out, n_out, kernel_length),
        nn.AvgPool2d((1, 2)),
    )
