"""EEGNet Fusion: three EEGNets of different width and tempo, side by side.

Roots, Muhammad, Muhammad: "Fusion convolutional neural network for cross-subject EEG motor imagery
classification", Computers 9(3) 72, 2020, doi:10.3390/computers9030072; sizes after the public code
(github.com/kolcs/bionic_apps) of the comparison by Kollod et al. 2023, arXiv:2302.08797.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.nets.headed import Headed
from neurodecode.nets.max_norm import max_norm
from neurodecode.nets.needs import check_input

# Temporal filters, share of a second they span, samples of the separable convolution after pooling.
BRANCHES = ((8, 0.25, 8), (16, 0.5, 16), (32, 1.0, 32))
_POOLS = (4, 8)


def eegnet_fusion(spec: Spec, *, dropout: float = 0.5) -> Headed:
    """EEGNet Fusion: EEGNets of 8, 16 and 32 temporal filters, their features in one linear layer.

    Where we differ from the public code: its separable convolutions run along the channels, which
    the layer before has reduced to one, so that a single weight of each kernel ever met data. Here
    they run over time, as the EEGNet they come from has them; the number of parameters is the same.

    Parameters
    ----------
    spec : Spec
        Needs 32 samples or more.
    dropout : float in [0, 1)

    Returns
    -------
    net : Headed
        31 476 parameters at 64 channels, 4 s of 160 Hz, 4 outputs.

    Raises
    ------
    DataError
        The window is too short.

    Examples
    --------
    >>> net = eegnet_fusion(Spec(n_channels=64, n_times=640, sfreq=160.0, n_outputs=4))
    >>> sum(p.numel() for p in net.parameters())
    31476
    """
    check_input("eegnet-fusion", spec, min_times=_POOLS[0] * _POOLS[1])
    branches = [
        _eegnet(spec.n_channels, n_filters, max(1, round(share * spec.sfreq)), separable, dropout)
        for n_filters, share, separable in BRANCHES
    ]
    n_maps = sum(2 * n_filters for n_filters, _, _ in BRANCHES)
    n_features = n_maps * (spec.n_times // _POOLS[0] // _POOLS[1])
    return Headed(SideBySide(branches), max_norm(nn.Linear(n_features, spec.n_outputs), 0.25))


class SideBySide(nn.Module):
    """Branches that see the same input; their maps stacked.

    Examples
    --------
    >>> SideBySide([nn.Conv1d(3, 4, 1), nn.Conv1d(3, 5, 1)])(torch.zeros(2, 3, 8)).shape
    torch.Size([2, 9, 8])
    """

    def __init__(self, branches: list[nn.Module]):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs of all branches along dimension 1."""
        return torch.cat([branch(x) for branch in self.branches], 1)


def separable(n_in: int, n_out: int, kernel_length: int) -> nn.Sequential:
    """A filter over time for each map, then a mix of the maps; the length is kept."""
    each = nn.Conv2d(n_in, n_in, (1, kernel_length), padding="same", groups=n_in, bias=False)
    return nn.Sequential(each, nn.Conv2d(n_in, n_out, 1, bias=False))


def stem(n_channels: int, n_filters: int, kernel_length: int) -> list[nn.Module]:
    """EEGNet's first block: temporal filters, two spatial filters of each, a pool over time."""
    spatial = nn.Conv2d(n_filters, 2 * n_filters, (n_channels, 1), groups=n_filters, bias=False)
    return [
        nn.Unflatten(1, (1, n_channels)),
        nn.Conv2d(1, n_filters, (1, kernel_length), padding="same", bias=False),
        nn.BatchNorm2d(n_filters),
        max_norm(spatial, 1.0),
        nn.BatchNorm2d(2 * n_filters),
        nn.ELU(),
        nn.AvgPool2d((1, _POOLS[0])),
    ]


def _eegnet(
    n_channels: int, n_filters: int, kernel_length: int, separable_length: int, dropout: float
) -> nn.Module:
    n_maps = 2 * n_filters
    return nn.Sequential(
        *stem(n_channels, n_filters, kernel_length),
        nn.Dropout(dropout),
        separable(n_maps, n_maps, separable_length),
        nn.BatchNorm2d(n_maps),
        nn.ELU(),
        nn.AvgPool2d((1, _POOLS[1])),
        nn.Dropout(dropout),
    )
