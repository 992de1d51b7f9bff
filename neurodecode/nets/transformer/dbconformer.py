"""DBConformer: one Transformer over stretches of time, one over channels, side by side.

Wang, Wang, Jia, He, Li, Wu: "DBConformer: dual-branch convolutional Transformer for EEG decoding",
IEEE Journal of Biomedical and Health Informatics 30(5) 4134-4147, 2026, arXiv:2506.21140.
Sizes after the description of the authors' public code (github.com/wzwvv/DBConformer).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.core.errors import DataError
from neurodecode.nets.headed import Headed
from neurodecode.nets.needs import check_input
from neurodecode.nets.transformer.attention import Block

_N_HEADS = 10
_HEAD_WIDTHS = ((64, 0.5), (32, 0.3))  # widths before the last layer, dropout after each
_STEM = (16, 25, 5)  # spatial branch: filters, kernel and stride, samples


def dbconformer(
    spec: Spec,
    *,
    patch_length: int = 125,
    width: int = 40,
    depth: int = 2,
    dropout: float = 0.5,
    attention_scale: str = "width",
) -> Headed:
    """DBConformer: tokens of time and tokens of channels, attention over each, one classifier.

    Parameters
    ----------
    spec : Spec
        One patch or more; samples after the last whole patch end in no token.
    patch_length : int, samples
        A token of the temporal branch: half a second of the authors' data (125 at 250 Hz, but 128
        at 512 Hz).
    width : int
        Of a token; 10 heads divide it.
    depth : int
        Transformer blocks of each branch. The authors take 2; for cross-subject decoding of all
        sets but BNCI2014-001 and -004 they take 6.
    dropout : float in [0, 1)
    attention_scale : "width" (default) or "head"
        What inner products are divided by: the root of the width, as the authors do after
        EEG Conformer, or that of a head's share of it, as is usual.

    Returns
    -------
    net : Headed
        93 747 parameters at 22 channels, 1001 samples, 2 outputs.

    Raises
    ------
    DataError
        The window is shorter than a patch, heads do not divide the width, or another scale.

    Examples
    --------
    >>> net = dbconformer(Spec(n_channels=22, n_times=1001, sfreq=250.0, n_outputs=2))
    >>> sum(p.numel() for p in net.parameters())
    93747
    """
    scales = {"width": width**0.5, "head": (width / _N_HEADS) ** 0.5}
    if width % _N_HEADS or attention_scale not in scales:
        raise DataError(
            "these settings of dbconformer do not fit",
            found=f"width={width}, attention_scale={attention_scale!r}",
            expected=f"a width that {_N_HEADS} heads divide; " + " or ".join(scales),
        )
    check_input("dbconformer", spec, min_times=patch_length)

    def blocks() -> nn.Sequential:
        made = (Block(width, _N_HEADS, dropout, scales[attention_scale]) for _ in range(depth))
        return nn.Sequential(*made)

    body = Branches(
        nn.Sequential(TimeTokens(spec, patch_length, width, dropout), blocks()),
        nn.Sequential(ChannelTokens(spec.n_channels, width), blocks()),
        AttentionPool(width),
    )
    layers: list[nn.Module] = []
    n_in = 2 * width
    for n_out, drop in _HEAD_WIDTHS:
        layers += [nn.Linear(n_in, n_out), nn.ELU(), nn.Dropout(drop)]
        n_in = n_out
    return Headed(nn.Sequential(body, *layers), nn.Linear(n_in, spec.n_outputs))


class Branches(nn.Module):
    """The mean of the time tokens and the pooled channel tokens, (batch, 2 width)."""

    def __init__(self, temporal: nn.Module, spatial: nn.Module, pool: nn.Module):
        super().__init__()
        self.temporal, self.spatial, self.pool = temporal, spatial, pool

    def forward(self, x: Tensor) -> Tensor:
        """Features of x, (batch, n_channels, n_times)."""
        return torch.cat([self.temporal(x).mean(1), self.pool(self.spatial(x))], 1)


class TimeTokens(nn.Module):
    """Filters over channels, filters over time, means of patches: (batch, n_patches, width)."""

    def __init__(self, spec: Spec, patch_length: int, width: int, dropout: float):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv1d(spec.n_channels, width, 1, bias=False),
            nn.BatchNorm1d(width),
            nn.Conv1d(width, width, 63, padding="same", groups=width, bias=False),
            nn.BatchNorm1d(width),
            nn.GELU(),
            nn.AvgPool1d(patch_length),
            nn.Dropout(dropout),
        )
        for layer in self.stem:
            if isinstance(layer, nn.Conv1d):
                nn.init.trunc_normal_(layer.weight, std=0.01)
        self.positions = nn.Parameter(torch.randn(spec.n_times // patch_length, width))

    def forward(self, x: Tensor) -> Tensor:
        """Tokens of x, (batch, n_channels, n_times)."""
        return self.stem(x).transpose(1, 2) + self.positions


class ChannelTokens(nn.Module):
    """One stem for every channel, its mean over time: (batch, n_channels, width)."""

    def __init__(self, n_channels: int, width: int):
        super().__init__()
        n_filters, kernel, stride = _STEM
        self.stem = nn.Sequential(
            nn.Conv1d(1, n_filters, kernel, stride, padding=kernel // 2),
            nn.ELU(),
            nn.AdaptiveAvgPool1d(1),
            nn.Flatten(),
            nn.Linear(n_filters, width),
        )
        self.positions = nn.Parameter(torch.randn(n_channels, width))

    def forward(self, x: Tensor) -> Tensor:
        """Tokens of x, (batch, n_channels, n_times)."""
        each = self.stem(x.flatten(0, 1)[:, None])  # (batch * n_channels, width)
        return each.unflatten(0, x.shape[:2]) + self.positions


class AttentionPool(nn.Module):
    """A weighted mean of tokens; the weights are learned from them.

    Examples
    --------
    >>> AttentionPool(40)(torch.ones(2, 22, 40)).mean().round()
    tensor(1., grad_fn=<RoundBackward0>)
    """

    def __init__(self, width: int):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (batch, n_tokens, width) to (batch, width)."""
        return (self.score(tokens).softmax(1) * tokens).sum(1)
