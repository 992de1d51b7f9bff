"""A small spiking network for single trials.

A convolutional front turns band power into currents, layers of leaky integrate-and-fire neurons
read them over time. Our design: the front is EEGNet's first block (Lawhern et al. 2018,
doi:10.1088/1741-2552/aace8c), the neurons are trained with surrogate gradients (Neftci, Mostafa,
Zenke 2019, doi:10.1109/MSP.2019.2931595).
"""

from __future__ import annotations

import math
from itertools import pairwise

from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.nets.headed import Headed
from neurodecode.nets.needs import check_input
from neurodecode.nets.spiking.neurons import LIF, decay_per_step


def spiking_lif(
    spec: Spec,
    *,
    n_temporal: int = 8,
    n_spatial: int = 2,
    kernel_length: int = 32,
    pool: int = 4,
    n_hidden: int = 48,
    n_layers: int = 2,
    tau: float = 0.05,
    dropout: float = 0.25,
) -> Headed:
    """Temporal and spatial filters, rectified and pooled, drive layers of spiking neurons.

    Parameters
    ----------
    spec : Spec
        Needs `pool` samples or more.
    n_temporal, n_spatial : int
        Temporal filters, and spatial filters of each.
    kernel_length, pool : int, samples
    n_hidden, n_layers : int
        Neurons of a layer, and layers.
    tau : float, s
        Membrane time constant.
    dropout : float in [0, 1)

    Returns
    -------
    net : Headed
        Its features are the firing rates of the last layer, spikes per step.

    Raises
    ------
    DataError
        The window is shorter than one pool.

    Examples
    --------
    >>> net = spiking_lif(Spec(n_channels=22, n_times=192, sfreq=128.0, n_outputs=2))
    >>> net.head
    Linear(in_features=48, out_features=2, bias=True)
    """
    check_input("spiking-lif", spec, min_times=pool)
    n_filters = n_temporal * n_spatial
    front = ConvolutionalFront(spec.n_channels, n_temporal, n_spatial, kernel_length, pool, dropout)
    decay = decay_per_step(tau, pool / spec.sfreq)
    widths = [n_filters] + [n_hidden] * n_layers
    layers = [SpikingLayer(a, b, decay) for a, b in pairwise(widths)]
    body = nn.Sequential(front, *layers, FiringRate())
    return Headed(body, nn.Linear(n_hidden, spec.n_outputs))


class ConvolutionalFront(nn.Module):
    """EEGNet's first block: (batch, n_channels, n_times) to currents (batch, n_steps, n_filters).

    The spatial filters come first (both steps are linear, so the order changes no function that
    can be learned): the temporal ones then run on few rows instead of on every channel.
    """

    def __init__(
        self,
        n_channels: int,
        n_temporal: int,
        n_spatial: int,
        kernel_length: int,
        pool: int,
        dropout: float,
    ):
        super().__init__()
        n_filters = n_temporal * n_spatial
        self.spatial = nn.Conv1d(n_channels, n_filters, 1, bias=False)
        self.temporal = nn.Conv1d(
            n_filters,
            n_filters,
            kernel_length,
            padding=kernel_length // 2,
            groups=n_filters,
            bias=False,
        )
        self.norm = nn.BatchNorm1d(n_filters)
        self.rectify = nn.ELU()
        self.pool = nn.AvgPool1d(pool)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.temporal(self.spatial(x)))
        return self.dropout(self.pool(self.rectify(x))).transpose(1, 2)


class SpikingLayer(nn.Module):
    """Normalised synaptic weights into a layer of neurons, (batch, n_steps, units) to spikes."""

    def __init__(self, n_in: int, n_out: int, decay: float):
        super().__init__()
        self.weights = nn.Linear(n_in, n_out, bias=False)
        self.norm = nn.BatchNorm1d(n_out)
        # Currents of variance 1 give membranes of variance 1: near threshold, so neurons fire.
        self.neurons = LIF(decay, gain=math.sqrt(1 - decay**2))

    def forward(self, x: Tensor) -> Tensor:
        current = self.norm(self.weights(x).transpose(1, 2)).transpose(1, 2)
        return self.neurons(current)[0]


class FiringRate(nn.Module):
    """Spikes per step of every neuron, (batch, n_steps, units) to (batch, units)."""

    def forward(self, spikes: Tensor) -> Tensor:
        return spikes.mean(1)
