"""Convolutions on graphs: Chebyshev polynomials of the Laplacian, and their first-order form.

Defferrard, Bresson, Vandergheynst 2016, arXiv:1606.09375; Kipf, Welling 2017, arXiv:1609.02907.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn


def laplacian(weights: Tensor) -> Tensor:
    """Normalized Laplacian ``I - D^-1/2 W D^-1/2``, eigenvalues in [0, 2].

    Parameters
    ----------
    weights : Tensor, shape (..., n_nodes, n_nodes)
        Symmetric, not negative. A node without edges gives a row of the identity.

    Examples
    --------
    >>> laplacian(torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    identity = torch.eye(weights.shape[-1], device=weights.device, dtype=weights.dtype)
    return identity - _balanced(weights)


def rescaled(matrix: Tensor) -> Tensor:
    """``2 L / largest eigenvalue - I``: a Laplacian on [-1, 1], where the polynomials live.

    The eigenvalue is a scale: no gradient runs through it.

    Examples
    --------
    >>> torch.linalg.eigvalsh(rescaled(torch.diag(torch.tensor([0.0, 0.5, 2.0]))))
    tensor([-1.0000, -0.5000,  1.0000])
    """
    largest = torch.linalg.eigvalsh(matrix.detach().double())[..., -1:, None].to(matrix.dtype)
    identity = torch.eye(matrix.shape[-1], device=matrix.device, dtype=matrix.dtype)
    return 2 * matrix / largest.clamp_min(1e-6) - identity


def chebyshev(matrix: Tensor, x: Tensor, order: int) -> Iterator[Tensor]:
    """``T_k(matrix) x`` for k from 0 to ``order - 1``: T_k = 2 L T_(k-1) - T_(k-2).

    Parameters
    ----------
    matrix : Tensor, shape (..., n_nodes, n_nodes)
    x : Tensor, shape (..., n_nodes, n_features)
    order : int, >= 1

    Examples
    --------
    >>> half = torch.tensor([[0.5]])
    >>> [round(float(t), 3) for t in chebyshev(half, torch.ones(1, 1), 4)]
    [1.0, 0.5, -0.5, -1.0]
    """
    before, now = x, x
    for k in range(order):
        if k == 1:
            now = matrix @ x
        elif k > 1:
            before, now = now, 2 * matrix @ now - before
        yield now


class ChebyshevConv(nn.Module):
    """``sum_k T_k(L) x Theta_k + bias`` on the rescaled Laplacian of given weights.

    Parameters
    ----------
    n_in, n_out : int
        Features of a node before and after.
    order : int
        Polynomials; 1 ignores the graph, k reaches nodes k - 1 edges away.

    Examples
    --------
    >>> ChebyshevConv(5, 8, order=3)(torch.randn(2, 4, 5), torch.ones(4, 4)).shape
    torch.Size([2, 4, 8])
    """

    def __init__(self, n_in: int, n_out: int, order: int):
        super().__init__()
        self.order = order
        self.mix = nn.Linear(order * n_in, n_out)

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        """Map (batch, n_nodes, n_in) to (batch, n_nodes, n_out)."""
        if self.order == 1:
            return self.mix(x)
        matrix = rescaled(laplacian(weights))
        return self.mix(torch.cat(list(chebyshev(matrix, x, self.order)), -1))


class GraphConv(nn.Module):
    """``D^-1/2 (A + I) D^-1/2 x W``: each node takes a mean of itself and its neighbours.

    Parameters
    ----------
    n_in, n_out : int

    Examples
    --------
    >>> GraphConv(5, 8)(torch.randn(2, 4, 5), torch.ones(4, 4)).shape
    torch.Size([2, 4, 8])
    """

    def __init__(self, n_in: int, n_out: int):
        super().__init__()
        self.mix = nn.Linear(n_in, n_out)

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        """Map (batch, n_nodes, n_in) to (batch, n_nodes, n_out)."""
        identity = torch.eye(weights.shape[-1], device=weights.device, dtype=weights.dtype)
        return _balanced(weights + identity) @ self.mix(x)


def _balanced(weights: Tensor) -> Tensor:
    """``D^-1/2 W D^-1/2``; zero where a node has no edges."""
    degree = weights.sum(-1)
    root = torch.where(degree > 0, degree.clamp_min(1e-12).rsqrt(), 0.0)
    return root[..., :, None] * weights * root[..., None, :]
