"""DGCNN: Chebyshev convolution on a graph of channels that is learned with the network.

Song, Zheng, Song, Cui: "EEG emotion recognition using dynamical graph convolutional neural
networks", IEEE Transactions on Affective Computing 11(3) 532-541, 2018,
doi:10.1109/TAFFC.2018.2817622.

Where public versions differ, we follow the paper: the polynomials follow the true recursion (not
powers of the adjacency), on a Laplacian rescaled to [-1, 1] (not on [0, 2], where T_2 reaches 7),
of a symmetric graph. Width and order were not read in the paper: they are ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.core.errors import DataError
from neurodecode.nets.graph.convolution import ChebyshevConv
from neurodecode.nets.graph.edges import EdgesLike, Learned, make_edges
from neurodecode.nets.graph.nodes import make_nodes
from neurodecode.nets.headed import Headed


def dgcnn(
    spec: Spec,
    *,
    nodes: str = "differential-entropy",
    edges: EdgesLike | list[EdgesLike] = "learned",
    regions: Sequence[Sequence[int]] | None = None,
    order: int = 3,
    n_filters: int = 64,
    dropout: float = 0.5,
) -> Headed:
    """DGCNN: features of channels, a learned graph, one Chebyshev convolution, a linear layer.

    Parameters
    ----------
    spec : Spec
        Entropies of nodes need windows of about 1 s, sampled above 100 Hz.
    nodes : "differential-entropy" (default), "window" or "learned"
        What a channel carries: entropy in five bands, its samples, or power of learned filters.
    edges : "learned" (default), "distance", "correlation", "phase-locking", "attention", ...
        Or an array (n_channels, n_channels), a function or a module of trials and features. Of
        a list every member is a graph of its own, convolved apart.
    regions : sequence of sequences of int, optional
        Channels of each region. Then means over regions are convolved once more, on a learned
        graph of regions, and stand beside the channels.
    order : int
        Chebyshev polynomials; 1 ignores the graph.
    n_filters : int
    dropout : float in [0, 1)
        Before the linear layer.

    Returns
    -------
    net : Headed
        16 785 parameters at 62 channels and 3 outputs.

    Raises
    ------
    DataError
        Windows too short for the bands, weights that are no graph of the channels, or regions that
        name other channels.
    UnknownName
        No such nodes or edges.

    Examples
    --------
    >>> net = dgcnn(Spec(n_channels=62, n_times=200, sfreq=200.0, n_outputs=3))
    >>> sum(p.numel() for p in net.parameters())
    16785
    """
    carried, n_features = make_nodes(nodes, spec)
    several = edges if isinstance(edges, list) else [edges]
    graphs = [make_edges(each, spec, n_features) for each in several]
    body = GraphBody(carried, graphs, n_features, n_filters, order)
    width = len(graphs) * n_filters
    n_nodes = spec.n_channels
    layers: list[nn.Module] = [body]
    if regions is not None:
        layers.append(WithRegions(_membership(regions, spec.n_channels), width, order))
        n_nodes += len(regions)
    layers += [nn.Flatten(), nn.Dropout(dropout)]
    return Headed(nn.Sequential(*layers), nn.Linear(n_nodes * width, spec.n_outputs))


class GraphBody(nn.Module):
    """Features of nodes, then a Chebyshev convolution on each graph, side by side."""

    def __init__(
        self, nodes: nn.Module, graphs: list[nn.Module], n_features: int, n_filters: int, order: int
    ):
        super().__init__()
        self.nodes = nodes
        self.norm = nn.BatchNorm1d(n_features)
        self.graphs = nn.ModuleList(graphs)
        self.convolutions = nn.ModuleList(
            ChebyshevConv(n_features, n_filters, order) for _ in graphs
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_channels, n_times) to (batch, n_channels, n_graphs n_filters)."""
        nodes = self.norm(self.nodes(x).transpose(1, 2)).transpose(1, 2)
        maps = [
            convolve(nodes, graph(x, nodes)).relu()
            for convolve, graph in zip(self.convolutions, self.graphs, strict=True)
        ]
        return torch.cat(maps, -1)


class WithRegions(nn.Module):
    """A second floor: means over the channels of each region, convolved on a graph of regions."""

    membership: Tensor

    def __init__(self, membership: Tensor, width: int, order: int):
        super().__init__()
        self.register_buffer("membership", membership)  # (n_regions, n_channels), rows sum to 1
        self.graph = Learned(len(membership))
        self.convolution = ChebyshevConv(width, width, order)

    def forward(self, nodes: Tensor) -> Tensor:
        """Map (batch, n_channels, width) to (batch, n_channels + n_regions, width)."""
        regions = self.membership @ nodes
        above = self.convolution(regions, self.graph(nodes, regions)).relu()
        return torch.cat([nodes, above], 1)


def _membership(regions: Sequence[Sequence[int]], n_channels: int) -> Tensor:
    rows = torch.zeros(len(regions), n_channels)
    for row, channels in zip(rows, regions, strict=True):
        if not channels or min(channels) < 0 or max(channels) >= n_channels:
            raise DataError(
                "a region without channels, or with channels that are not there",
                found=f"{list(channels)}",
                expected=f"numbers from 0 to {n_channels - 1}",
            )
        row[list(channels)] = 1 / len(set(channels))
    return rows
