"""A pre-norm Transformer block whose attention takes any scale."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    """Multi-head attention of tokens to one another.

    Parameters
    ----------
    width, n_heads : int
        `n_heads` divides `width`.
    dropout : float in [0, 1)
        Of the weights.
    scale : float, > 0
        What the inner products are divided by.

    Examples
    --------
    >>> import torch
    >>> Attention(40, 10, 0.5, 40**0.5)(torch.zeros(2, 7, 40)).shape
    torch.Size([2, 7, 40])
    """

    def __init__(self, width: int, n_heads: int, dropout: float, scale: float):
        super().__init__()
        self.n_heads, self.scale, self.dropout = n_heads, scale, dropout
        self.queries = nn.Linear(width, width)
        self.keys = nn.Linear(width, width)
        self.values = nn.Linear(width, width)
        self.mix = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens (batch, n_tokens, width) to as many."""
        q, k, v = (
            layer(x).unflatten(-1, (self.n_heads, -1)).transpose(1, 2)
            for layer in (self.queries, self.keys, self.values)
        )  # each (batch, n_heads, n_tokens, width / n_heads)
        weights = (q @ k.transpose(-1, -2) / self.scale).softmax(-1)
        weights = F.dropout(weights, self.dropout, self.training)
        return self.mix((weights @ v).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Normalize, attend, add; normalize, two linear layers, add.

    Parameters
    ----------
    width, n_heads : int
    dropout : float in [0, 1)
    scale : float
        As in `Attention`.
    expansion : int
        Width between the two linear layers, in widths.

    Examples
    --------
    >>> sum(p.numel() for p in Block(40, 10, 0.5, 40**0.5).parameters())
    19720
    """

    def __init__(self, width: int, n_heads: int, dropout: float, scale: float, expansion: int = 4):
        super().__init__()
        self.attend = nn.Sequential(
            nn.LayerNorm(width), Attention(width, n_heads, dropout, scale), nn.Dropout(dropout)
        )
        self.transform = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, expansion * width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(expansion * width, width),
            nn.Dropout(dropout),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens (batch, n_tokens, width) to as many."""
        x = x + self.attend(x)
        return x + self.transform(x)
