"""EEGNeX in the layers of its authors.

Chen, Teng, Chen, Pan, Geyer: "Toward reliable signals decoding for electroencephalogram: a
benchmark study to EEGNeX", Biomedical Signal Processing and Control 87, 105475, 2024,
arXiv:2207.12369; layers after the authors' public code (github.com/chenxiachan/EEGNeX).
"""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional as F

from neurodecode.core import Spec
from neurodecode.nets.headed import Headed
from neurodecode.nets.max_norm import max_norm

_POOL = 4


def eegnex(spec: Spec, *, dropout: float = 0.5) -> Headed:
    """EEGNeX-8,32: two temporal convolutions, spatial filters, two dilated convolutions.

    ``eegnex-braindecode`` is another network: its last pool is of 8 and drops what is left over
    (half the features), and no ELU follows its first convolution.

    Parameters
    ----------
    spec : Spec
    dropout : float in [0, 1)

    Returns
    -------
    net : Headed
        56 484 parameters at 22 channels, 500 samples, 4 outputs.

    Examples
    --------
    >>> net = eegnex(Spec(n_channels=22, n_times=500, sfreq=125.0, n_outputs=4))
    >>> sum(p.numel() for p in net.parameters())
    56484
    """
    spatial = nn.Conv2d(32, 64, (spec.n_channels, 1), groups=32, bias=False)
    body = nn.Sequential(
        nn.Unflatten(1, (1, spec.n_channels)),
        *_temporal(1, 8, 64),
        nn.ELU(),
        *_temporal(8, 32, 64),
        max_norm(spatial, 1.0),
        nn.BatchNorm2d(64),
        nn.ELU(),
        MeanPool(_POOL),
        nn.Dropout(dropout),
        *_temporal(64, 32, 16, dilation=2),
        *_temporal(32, 8, 16, dilation=4),
        nn.ELU(),
        MeanPool(_POOL),
        nn.Dropout(dropout),
    )
    n_pooled = math.ceil(math.ceil(spec.n_times / _POOL) / _POOL)
    return Headed(body, max_norm(nn.Linear(8 * n_pooled, spec.n_outputs), 0.25))


class MeanPool(nn.Module):
    """Means of runs of samples as Keras's "same" pooling takes them: what is left over counts too.

    The runs lie centred; those at the ends hold fewer samples and are the means of these.

    Parameters
    ----------
    length : int, samples

    Examples
    --------
    >>> import torch
    >>> MeanPool(4)(torch.arange(6.0).reshape(1, 6))  # runs of 0-2 and 3-5
    tensor([[1., 4.]])
    """

    def __init__(self, length: int):
        super().__init__()
        self.length = length

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., n_times) to (..., ceil(n_times / length))."""
        missing = -x.shape[-1] % self.length
        ends = (missing // 2, missing - missing // 2)
        runs = F.pad(x, ends).unflatten(-1, (-1, self.length))
        counts = F.pad(x.new_ones(x.shape[-1]), ends).unflatten(-1, (-1, self.length))
        return runs.sum(-1) / counts.sum(-1)


def _temporal(n_in: int, n_out: int, kernel_length: int, dilation: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(
        n_in, n_out, (1, kernel_length), padding="same", dilation=(1, dilation), bias=False
    )
    return [conv, nn.BatchNorm2d(n_out)]
