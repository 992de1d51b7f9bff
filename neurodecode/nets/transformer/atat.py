"""AT-AT: an auto-encoder that says where a transformer is needed, trained against a discriminator.

Choi: "Removing neural signal artifacts with autoencoder-targeted adversarial transformers (AT-AT)",
2025, arXiv:2502.05332.

The paper gives the parts and their roles; no public code was found. All sizes here, and what
follows, are ours: a token is a segment of 64 samples with its first estimate beside it, the
transformer gives a correction of that estimate, and all parts are trained together.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.core.errors import DataError
from neurodecode.nets.headed import Headed
from neurodecode.nets.needs import check_segment

_WIDTHS = (1, 16, 32, 64)
_KERNEL = 7
_STRIDES = 2 ** (len(_WIDTHS) - 1)  # samples that the encoder makes one


def atat(
    spec: Spec,
    *,
    segment: int = 64,
    threshold: float = 0.9,
    n_layers: int = 2,
    n_heads: int = 4,
    width: int = 64,
    dropout: float = 0.1,
) -> Headed:
    """AT-AT: first estimate by a convolutional auto-encoder, corrected where it is in doubt.

    Where a segment of the noisy signal correlates with its estimate below `threshold`, noise is
    assumed, and the transformer's correction is added to the estimate; elsewhere the estimate
    stands.

    Parameters
    ----------
    spec : Spec
        One channel, ``n_outputs == n_times``, at least one `segment` long.
    segment : int, samples, a multiple of 8
    threshold : float in [-1, 1]
        0.9; at -1 nothing is corrected.
    n_layers, n_heads, width : int
        Of the transformer over segments.
    dropout : float in [0, 1)
        Inside the transformer.

    Returns
    -------
    net : Headed
        Maps (batch, 1, n_times) to (batch, n_times). 116 097 parameters at 512 samples, a ninth of
        the fully connected baseline and 1/145 of the convolutional one.

    Raises
    ------
    DataError
        More than one channel, outputs that are not the segment, or sizes that do not fit.

    Examples
    --------
    >>> net = atat(Spec(1, 512, 256.0, n_outputs=512, task="regression"))
    >>> sum(p.numel() for p in net.parameters())
    116097
    """
    if segment % _STRIDES or width % n_heads:
        raise DataError(
            "these sizes of atat do not fit one another",
            found=f"segments of {segment} samples, {n_heads} heads of a width of {width}",
            expected=f"a segment that {_STRIDES} divides, a width that the heads divide",
        )
    check_segment("atat", spec, min_times=segment)
    body = Targeted(spec.n_times, segment, threshold, n_layers, n_heads, width, dropout)
    return Headed(body, Corrected(spec.n_times, segment, width))


class Targeted(nn.Module):
    """Auto-encoder, doubt and transformer: from a signal to the codes of its segments.

    Gives (batch, n_segments, width + segment + 1): the token of each segment, its first estimate,
    and 1 where the correction applies, else 0.
    """

    def __init__(
        self,
        n_times: int,
        segment: int,
        threshold: float,
        n_layers: int,
        n_heads: int,
        width: int,
        dropout: float,
    ):
        super().__init__()
        self.segment, self.threshold = segment, threshold
        self.missing = -n_times % segment  # samples that fill the last segment
        self.autoencoder = autoencoder()
        self.embed = nn.Linear(2 * segment, width)
        n_segments = (n_times + self.missing) // segment
        self.position = nn.Parameter(0.02 * torch.randn(n_segments, width))
        layer = nn.TransformerEncoderLayer(
            width, n_heads, 2 * width, dropout, "gelu", batch_first=True, norm_first=True
        )
        self.transformer = nn.TransformerEncoder(layer, n_layers, enable_nested_tensor=False)

    def forward(self, x: Tensor) -> Tensor:
        """Codes of the segments of x, (batch, 1, n_times)."""
        x = nn.functional.pad(x, (0, self.missing))
        estimate = self.autoencoder(x).unflatten(-1, (-1, self.segment)).squeeze(1)
        noisy = x.unflatten(-1, (-1, self.segment)).squeeze(1)  # (batch, n_segments, segment)
        doubt = (agreement(noisy, estimate) < self.threshold).to(x.dtype)
        tokens = self.embed(torch.cat([noisy, estimate], -1)) + self.position
        return torch.cat([self.transformer(tokens), estimate, doubt[..., None]], -1)


class Corrected(nn.Module):
    """The last layer: corrections from tokens, added to the estimate where it is in doubt."""

    def __init__(self, n_times: int, segment: int, width: int):
        super().__init__()
        self.n_times, self.sizes = n_times, (width, segment, 1)
        self.correction = nn.Linear(width, segment)

    def forward(self, codes: Tensor) -> Tensor:
        """The cleaned signal, (batch, n_times), from flattened codes of `Targeted`."""
        codes = codes.unflatten(-1, (-1, sum(self.sizes)))
        token, estimate, doubt = codes.split(self.sizes, -1)
        return (estimate + doubt * self.correction(token)).flatten(1)[:, : self.n_times]


class Discriminator(nn.Module):
    """Is this segment clean EEG? Four strided convolutions, the mean over time, one logit.

    46 945 parameters; used in training only.

    Examples
    --------
    >>> Discriminator()(torch.zeros(3, 512)).shape
    torch.Size([3])
    """

    def __init__(self) -> None:
        super().__init__()
        widths = (*_WIDTHS, _WIDTHS[-1])
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise(widths):
            layers += [nn.Conv1d(n_in, n_out, _KERNEL, 2, _KERNEL // 2), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(widths[-1], 1)

    def forward(self, signals: Tensor) -> Tensor:
        """Logits, (batch,), of signals, (batch, n_times)."""
        return self.head(self.body(signals[:, None]).mean(-1))[:, 0]


def autoencoder() -> nn.Sequential:
    """Three convolutions that halve the length and their mirror image, (batch, 1, n_times) kept."""
    pad = _KERNEL // 2
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(_WIDTHS):
        layers += [nn.Conv1d(n_in, n_out, _KERNEL, 2, pad), nn.GELU()]
    for n_in, n_out in pairwise(_WIDTHS[::-1]):
        layers += [nn.ConvTranspose1d(n_in, n_out, _KERNEL, 2, pad, output_padding=1), nn.GELU()]
    return nn.Sequential(*layers[:-1])  # the last one writes the signal as it is


def agreement(a: Tensor, b: Tensor) -> Tensor:
    """Pearson correlation along the last axis; 0 where one side is constant.

    Examples
    --------
    >>> agreement(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[2.0, 4.0, 6.0]])).round()
    tensor([1.])
    """
    a, b = a - a.mean(-1, keepdim=True), b - b.mean(-1, keepdim=True)
    spread = (a.square().sum(-1) * b.square().sum(-1)).sqrt()
    return (a * b).sum(-1) / spread.clamp_min(torch.finfo(a.dtype).tiny)
