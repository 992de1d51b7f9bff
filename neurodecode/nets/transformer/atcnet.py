"""ATCNet.

Altaheri, Muhammad, Alsulaiman: "Physics-informed attention temporal convolutional network for
EEG-based motor imagery classification", IEEE Transactions on Industrial Informatics 19(2)
2249-2258, 2023, doi:10.1109/TII.2022.3197419.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.nets import _braindecode
from neurodecode.nets.headed import Headed
from neurodecode.nets.needs import check_input


class MeanOfHeads(nn.Module):
    """Mean of linear read-outs, each of its own share of the features.

    Parameters
    ----------
    heads : nn.ModuleList of n layers (n_features / n -> n_outputs)

    Examples
    --------
    >>> heads = nn.ModuleList([nn.Linear(3, 2), nn.Linear(3, 2)])
    >>> MeanOfHeads(heads)(torch.zeros(5, 6)).shape
    torch.Size([5, 2])
    """

    def __init__(self, heads: nn.ModuleList):
        super().__init__()
        self.heads = heads

    def forward(self, features: Tensor) -> Tensor:
        """Map (batch, n_features) to (batch, n_outputs)."""
        shares = features.chunk(len(self.heads), dim=1)
        return torch.stack([head(x) for head, x in zip(self.heads, shares, strict=True)]).mean(0)


def atcnet(spec: Spec, *, n_windows: int = 5) -> Headed:
    """ATCNet: an EEGNet-like stem, attention and a temporal convolution on each sliding window.

    Braindecode's implementation. It shrinks kernels by itself on windows too short for the paper's
    ones; we refuse those instead, the shrunken network is another one.

    Parameters
    ----------
    spec : Spec
        Needs 616 samples or more with the default windows.
    n_windows : int
        Sliding windows over the 56-fold pooled time axis.

    Returns
    -------
    net : Headed
        113 732 parameters at 22 channels, 1000 samples, 4 outputs.

    Raises
    ------
    DataError
        The window is too short.

    Examples
    --------
    >>> net = atcnet(Spec(n_channels=22, n_times=1000, sfreq=250.0, n_outputs=4))
    >>> sum(p.numel() for p in net.parameters())
    113732
    """
    n_pooled = n_windows + 6  # each window holds the 7 samples its temporal convolution spans
    check_input("atcnet", spec, min_times=n_pooled * 8 * 7)  # pools of 8, then of 7
    net: Any = _braindecode.create("ATCNet", spec, n_windows=n_windows)
    head = MeanOfHeads(net.final_layer)
    # Without its read-outs and with `concat`, the body gives the windows' features side by side.
    net.final_layer = nn.ModuleList([nn.Identity() for _ in range(n_windows)])
    net.concat = True
    return Headed(net, head)
