"""What an edge of a graph weighs: given by place or by data, or learned with the network.

Every constructor is a module that maps trials (batch, n_channels, n_times) and features of nodes
(batch, n_channels, n_features) to weights, (n_channels, n_channels) or one such matrix a trial:
symmetric, not negative, zero on the diagonal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.core.errors import DataError, UnknownName, did_you_mean
from neurodecode.nets.analytic import analytic
from neurodecode.nets.needs import check_positions

EdgesLike = str | np.ndarray | Tensor | nn.Module | Callable[[Tensor, Tensor], Tensor]


class Fixed(nn.Module):
    """Edges given once, learned by nobody.

    Parameters
    ----------
    weights : array, shape (n_channels, n_channels)
        Symmetric, not negative; the diagonal is left out.

    Raises
    ------
    DataError
        Not such a matrix.

    Examples
    --------
    >>> Fixed(np.ones((3, 3)))(torch.zeros(5, 3, 9), torch.zeros(5, 3, 2))[0]
    tensor([0., 1., 1.])
    """

    weights: Tensor

    def __init__(self, weights: np.ndarray | Tensor):
        super().__init__()
        given = torch.as_tensor(np.asarray(weights), dtype=torch.float32)
        square = given.ndim == 2 and given.shape[0] == given.shape[1]
        if not square or not torch.allclose(given, given.T) or not bool((given >= 0).all()):
            raise DataError(
                "not the edges of a graph",
                found=f"weights of shape {tuple(given.shape)}",
                expected="a square symmetric matrix without negative or missing numbers",
            )
        self.register_buffer("weights", _hollow(given))

    def forward(self, x: Tensor, nodes: Tensor) -> Tensor:
        """The weights, whatever the trials."""
        return self.weights


class Correlation(nn.Module):
    """Absolute correlation of two channels over the trial.

    Examples
    --------
    >>> Correlation()(torch.randn(5, 3, 100), torch.zeros(5, 3, 2)).shape
    torch.Size([5, 3, 3])
    """

    def forward(self, x: Tensor, nodes: Tensor) -> Tensor:
        """One matrix a trial."""
        x = nn.functional.normalize(x - x.mean(-1, keepdim=True), dim=-1)
        return _hollow((x @ x.transpose(-1, -2)).abs())


class PhaseLocking(nn.Module):
    """How steady the difference of two channels' phases is: length of the mean unit phasor.

    Lachaux, Rodriguez, Martinerie, Varela 1999; of trials in a narrow band.

    Examples
    --------
    >>> PhaseLocking()(torch.randn(5, 3, 100), torch.zeros(5, 3, 2)).shape
    torch.Size([5, 3, 3])
    """

    def forward(self, x: Tensor, nodes: Tensor) -> Tensor:
        """One matrix a trial."""
        z = analytic(x)
        z = z / z.abs().clamp_min(1e-12)
        return _hollow((z @ z.mH / x.shape[-1]).abs())


class Learned(nn.Module):
    """A weight for each pair of channels, learned: the positive part of a symmetric matrix.

    DGCNN's "dynamical" graph. Public versions do not make it symmetric.

    Examples
    --------
    >>> sum(p.numel() for p in Learned(22).parameters())
    484
    """

    def __init__(self, n_channels: int):
        super().__init__()
        self.weights = nn.Parameter(torch.rand(n_channels, n_channels))

    def forward(self, x: Tensor, nodes: Tensor) -> Tensor:
        """The weights, whatever the trials."""
        return _hollow(((self.weights + self.weights.T) / 2).relu())


class Attention(nn.Module):
    """How much two nodes attend to one another, from their features.

    Parameters
    ----------
    n_features, width : int

    Examples
    --------
    >>> Attention(2, 8)(torch.zeros(5, 3, 100), torch.randn(5, 3, 2)).shape
    torch.Size([5, 3, 3])
    """

    def __init__(self, n_features: int, width: int = 16):
        super().__init__()
        self.queries = nn.Linear(n_features, width)
        self.keys = nn.Linear(n_features, width, bias=False)  # its bias would cancel

    def forward(self, x: Tensor, nodes: Tensor) -> Tensor:
        """One matrix a trial."""
        scores = self.queries(nodes) @ self.keys(nodes).transpose(-1, -2)
        weights = (scores / self.queries.out_features**0.5).softmax(-1)
        return _hollow((weights + weights.transpose(-1, -2)) / 2)


class Computed(nn.Module):
    """Edges by a function of the trials and of the features of nodes."""

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]):
        super().__init__()
        self.function = function

    def forward(self, x: Tensor, nodes: Tensor) -> Tensor:
        """What the function gives."""
        return self.function(x, nodes)


def heat(positions: np.ndarray) -> np.ndarray:
    """Weights that fall with distance: ``exp(-d^2 / s^2)``, s the median distance.

    Parameters
    ----------
    positions : float array, shape (n_channels, 3)

    Returns
    -------
    weights : float64 array, shape (n_channels, n_channels), zero on the diagonal

    Examples
    --------
    >>> heat(np.eye(2, 3)).round(3)[0, 1]
    np.float64(0.368)
    """
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    apart = distances[~np.eye(len(distances), dtype=bool)]
    scale = np.median(apart) if len(apart) else 1.0
    weights = np.exp(-((distances / scale) ** 2))
    np.fill_diagonal(weights, 0)
    return weights


def _by_distance(spec: Spec, n_features: int) -> nn.Module:
    check_positions("a graph by distance", spec)
    return Fixed(heat(np.asarray(spec.positions, dtype=float)))


EDGES: dict[str, Callable[[Spec, int], nn.Module]] = {
    "attention": lambda spec, n_features: Attention(n_features),
    "correlation": lambda spec, n_features: Correlation(),
    "distance": _by_distance,
    "learned": lambda spec, n_features: Learned(spec.n_channels),
    "phase-locking": lambda spec, n_features: PhaseLocking(),
}


def make_edges(edges: EdgesLike, spec: Spec, n_features: int) -> nn.Module:
    """A constructor of edges from a name, weights, a module or a function.

    Parameters
    ----------
    edges : "distance", "correlation", "phase-locking", "learned", "attention"; array; callable
    spec : Spec
    n_features : int
        Of each node.

    Raises
    ------
    UnknownName
        No such edges.
    DataError
        Weights that are no graph of these channels, or channels without positions.

    Examples
    --------
    >>> make_edges("learned", Spec(22, 100, 100.0, 2), n_features=5)
    Learned()
    """
    if isinstance(edges, str):
        if edges not in EDGES:
            raise UnknownName(
                "no edges of that name",
                found=repr(edges),
                expected=", ".join(EDGES),
                fix=did_you_mean(edges, EDGES),
            )
        return EDGES[edges](spec, n_features)
    if isinstance(edges, nn.Module):
        return edges
    if callable(edges):
        return Computed(edges)
    made = Fixed(_array(edges))
    if len(made.weights) != spec.n_channels:
        raise DataError(
            "the graph is one of other channels",
            found=f"{len(made.weights)} nodes, {spec.n_channels} channels",
        )
    return made


def _array(edges: Any) -> np.ndarray:
    return edges.detach().cpu().numpy() if isinstance(edges, Tensor) else np.asarray(edges)


def _hollow(weights: Tensor) -> Tensor:
    """Without the diagonal."""
    return weights * (1 - torch.eye(weights.shape[-1], device=weights.device, dtype=weights.dtype))
