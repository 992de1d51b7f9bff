"""Geometric machine learning: spectra on a graph that Ricci flow has evened out.

Choi: "Geometric machine learning on EEG signals", 2025, arXiv:2502.05334: Fourier features, a
Laplacian eigenmap, Ollivier-Ricci flow, a graph convolutional network.

No public code was found. The order of the parts is the paper's; sizes, and that nodes are channels
and the graph comes from where they lie (so that no trial shapes it), are ours. A graph of trials
would have to be made of training trials alone.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.core.errors import DataError
from neurodecode.nets.graph.convolution import GraphConv
from neurodecode.nets.graph.ricci import ricci_flow
from neurodecode.nets.headed import Headed
from neurodecode.nets.needs import check_positions

_BAND = (1.0, 45.0)  # Hz


def geometric(
    spec: Spec,
    *,
    lengths: np.ndarray | None = None,
    n_neighbours: int = 3,
    n_sweeps: int = 5,
    n_coordinates: int = 4,
    width: int = 32,
    dropout: float = 0.5,
) -> Headed:
    """Geometric ML: log spectra and places on the graph, two graph convolutions, a linear layer.

    Parameters
    ----------
    spec : Spec
        With positions, unless `lengths` are given.
    lengths : float array, shape (n_channels, n_channels), optional
        Of the edges of a graph of channels, 0 where there is none. Default: distances to the
        nearest neighbours.
    n_neighbours : int
        Of the default graph.
    n_sweeps : int
        Of Ricci flow; it runs once, when the network is made.
    n_coordinates : int
        Of the eigenmap; at most one fewer than channels.
    width : int
        Of either convolution.
    dropout : float in [0, 1)
        Before the linear layer.

    Returns
    -------
    net : Headed

    Raises
    ------
    DataError
        No positions, no Fourier bin in 1 to 45 Hz, or lengths that are no graph of the channels.

    Examples
    --------
    >>> spec = Spec(4, 200, 100.0, 2, positions=np.diag([1.0, 2.0, 3.0, 4.0])[:, :3])
    >>> geometric(spec)(torch.randn(5, 4, 200)).shape
    torch.Size([5, 2])
    """
    if lengths is None:
        check_positions("geometric", spec)
        lengths = nearest(np.asarray(spec.positions, dtype=float), n_neighbours)
    if np.shape(lengths) != (spec.n_channels, spec.n_channels):
        raise DataError(
            "the graph is one of other channels",
            found=f"lengths of shape {np.shape(lengths)}, {spec.n_channels} channels",
        )
    weights = heat_of(ricci_flow(lengths, n_sweeps))
    body = OnGraph(spec, weights, min(n_coordinates, spec.n_channels - 1), width)
    layers = nn.Sequential(body, nn.Flatten(), nn.Dropout(dropout))
    return Headed(layers, nn.Linear(spec.n_channels * width, spec.n_outputs))


class OnGraph(nn.Module):
    """Log spectra, standardized, beside the eigenmap's coordinates, through two convolutions."""

    weights: Tensor
    coordinates: Tensor
    bins: Tensor

    def __init__(self, spec: Spec, weights: np.ndarray, n_coordinates: int, width: int):
        super().__init__()
        frequencies = np.fft.rfftfreq(spec.n_times, 1 / spec.sfreq)
        bins = np.flatnonzero((frequencies >= _BAND[0]) & (frequencies <= _BAND[1]))
        if not len(bins):
            raise DataError(
                "geometric needs a Fourier bin in 1 to 45 Hz",
                found=f"{spec.n_times} samples at {spec.sfreq:g} Hz",
                fix="cut windows of 1 s or more",
            )
        coordinates = eigenmap(weights, n_coordinates)
        self.register_buffer("weights", torch.tensor(weights, dtype=torch.float32))
        self.register_buffer("coordinates", torch.tensor(coordinates, dtype=torch.float32))
        self.register_buffer("bins", torch.from_numpy(bins))
        self.standardize = nn.BatchNorm1d(spec.n_channels * len(bins), affine=False)
        self.first = GraphConv(len(bins) + n_coordinates, width)
        self.second = GraphConv(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_channels, n_times) to (batch, n_channels, width)."""
        spectra = torch.fft.rfft(x)[..., self.bins].abs().clamp_min(1e-12).log()
        spectra = self.standardize(spectra.flatten(1)).view_as(spectra)
        places = self.coordinates.expand(len(x), -1, -1)
        nodes = self.first(torch.cat([spectra, places], -1), self.weights).relu()
        return self.second(nodes, self.weights).relu()


def nearest(positions: np.ndarray, n_neighbours: int) -> np.ndarray:
    """Lengths of the edges to each node's nearest neighbours, in units of their mean.

    Parameters
    ----------
    positions : float array, shape (n_nodes, n_dimensions)
    n_neighbours : int

    Returns
    -------
    lengths : float64 array, shape (n_nodes, n_nodes), 0 where there is no edge

    Examples
    --------
    >>> nearest(np.array([[0.0], [1.0], [2.0]]), 1)[0]
    array([0., 1., 0.])
    """
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    edges = np.zeros(distances.shape, dtype=bool)
    chosen = np.argsort(distances, axis=1, kind="stable")[:, :n_neighbours]
    np.put_along_axis(edges, chosen, True, axis=1)
    np.fill_diagonal(edges, False)
    lengths = np.where(edges | edges.T, distances, 0.0)
    return lengths / lengths[lengths > 0].mean() if lengths.any() else lengths


def heat_of(lengths: np.ndarray) -> np.ndarray:
    """Weights ``exp(-w^2 / s^2)`` of edges, s their median length.

    Examples
    --------
    >>> heat_of(1.0 - np.eye(2)).round(3)
    array([[0.   , 0.368],
           [0.368, 0.   ]])
    """
    edges = lengths > 0
    if not edges.any():
        return np.zeros_like(lengths)
    return np.where(edges, np.exp(-((lengths / np.median(lengths[edges])) ** 2)), 0.0)


def eigenmap(weights: np.ndarray, n_coordinates: int) -> np.ndarray:
    """Laplacian eigenmap: places that keep neighbours together.

    Parameters
    ----------
    weights : float array, shape (n_nodes, n_nodes), symmetric
    n_coordinates : int

    Returns
    -------
    coordinates : float64 array, shape (n_nodes, n_coordinates)
        Eigenvectors 2, 3, ... of ``L v = lambda D v``; the largest entry of each is positive.

    Notes
    -----
    Belkin, Niyogi 2003, 10.1162/089976603321780317.

    Examples
    --------
    >>> path = np.diag([1.0, 1.0], 1) + np.diag([1.0, 1.0], -1)
    >>> abs(eigenmap(path, 1)[:, 0]).round(3)  # the ends apart, the middle between them
    array([0.707, 0.   , 0.707])
    """
    from scipy.linalg import eigh

    degree = np.maximum(weights.sum(1), 1e-12)
    vectors = eigh(np.diag(degree) - weights, np.diag(degree))[1][:, 1 : n_coordinates + 1]
    largest = np.abs(vectors).argmax(0)
    return vectors * np.sign(vectors[largest, np.arange(vectors.shape[1])])
