"""Plain GRU and LSTM: baselines without anything made for brain signals.

Cho, van Merriënboer, Gulcehre, Bahdanau, Bougares, Schwenk, Bengio: "Learning phrase
representations using RNN encoder-decoder for statistical machine translation", 2014,
arXiv:1406.1078 (GRU). Hochreiter, Schmidhuber: "Long short-term memory", Neural Computation 9(8)
1735-1780, 1997, doi:10.1162/neco.1997.9.8.1735.
"""

from __future__ import annotations

from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.nets.headed import Headed


def gru(spec: Spec, *, width: int = 64, n_layers: int = 1, dropout: float = 0.0) -> Headed:
    """GRU over the samples of a trial, the mean of its states, a linear layer.

    Parameters
    ----------
    spec : Spec
    width : int
        Of the state; the width, one layer and the mean over time are ours.
    n_layers : int
    dropout : float in [0, 1)
        Between layers.

    Returns
    -------
    net : Headed
        17 156 parameters at 22 channels and 4 outputs.

    Examples
    --------
    >>> net = gru(Spec(n_channels=22, n_times=1000, sfreq=250.0, n_outputs=4))
    >>> sum(p.numel() for p in net.parameters())
    17156
    """
    states = nn.GRU(spec.n_channels, width, n_layers, batch_first=True, dropout=dropout)
    return Headed(MeanState(states), nn.Linear(width, spec.n_outputs))


def lstm(spec: Spec, *, width: int = 64, n_layers: int = 1, dropout: float = 0.0) -> Headed:
    """LSTM over the samples of a trial, the mean of its outputs, a linear layer.

    Parameters
    ----------
    spec, width, n_layers, dropout
        As in `gru`.

    Returns
    -------
    net : Headed
        22 788 parameters at 22 channels and 4 outputs.

    Examples
    --------
    >>> net = lstm(Spec(n_channels=22, n_times=1000, sfreq=250.0, n_outputs=4))
    >>> sum(p.numel() for p in net.parameters())
    22788
    """
    states = nn.LSTM(spec.n_channels, width, n_layers, batch_first=True, dropout=dropout)
    return Headed(MeanState(states), nn.Linear(width, spec.n_outputs))


class MeanState(nn.Module):
    """Mean over time of what a recurrent layer gives.

    Examples
    --------
    >>> import torch
    >>> MeanState(nn.GRU(3, 8, batch_first=True))(torch.zeros(2, 3, 50)).shape
    torch.Size([2, 8])
    """

    def __init__(self, recurrent: nn.RNNBase):
        super().__init__()
        self.recurrent = recurrent

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_channels, n_times) to (batch, width)."""
        return self.recurrent(x.transpose(1, 2))[0].mean(1)
