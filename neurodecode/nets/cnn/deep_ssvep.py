"""The network for flicker of Guney et al.: sub-bands, channels, then short temporal filters.

Guney, Oblokulov, Ozkan: "A deep neural network for SSVEP-based brain-computer interfaces", IEEE
Transactions on Biomedical Engineering 69(2), 2022, arXiv:2011.08562.

Layers after the authors' public code (github.com/osmanberke/Deep-SSVEP-BCI).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.nets.headed import Headed
from neurodecode.nets.needs import check_input, check_rate

_TOP = 90.0  # Hz, upper edge of every sub-band
_LOWEST = 8.0  # Hz, lower edge of the first one; the others are its multiples
_MARGIN = 6  # samples reflected on either side, as MATLAB's filtfilt does for this order


def deep_ssvep(
    spec: Spec,
    *,
    n_bands: int = 3,
    n_filters: int = 120,
    dropout: float = 0.1,
    head_dropout: float = 0.95,
) -> Headed:
    """Deep-SSVEP: weights of sub-bands, of channels, two temporal convolutions, a linear layer.

    The paper trains it twice. First on everybody: Adam, lr 1e-4, batches of 100, L2 of 1e-3 on
    weights. Then on each person from there, all trials in one batch, with ``dropout=0.6`` (0.7 on
    BETA): build it so and load the first network's ``state_dict``, the shapes are the same. There
    the first network has seen the person's other blocks: that measures no new user.

    Parameters
    ----------
    spec : Spec
        Unfiltered trials; more than 180 Hz, seven samples.
    n_bands : int
        Sub-bands from 8, 16, 24, ... Hz to 90 Hz, see `SubBands`.
    n_filters : int
    dropout : float in [0, 1)
        After the spatial and after the first temporal convolution.
    head_dropout : float in [0, 1)
        Before the linear layer; it keeps 5 % of the units.

    Returns
    -------
    net : Headed
        414 284 parameters at 9 channels, 0.4 s of 250 Hz, 40 flicker frequencies; one of them,
        the bias of the sub-band layer, stays 0.

    Raises
    ------
    DataError
        The rate is too low for the sub-bands, or the window too short.

    Examples
    --------
    >>> net = deep_ssvep(Spec(n_channels=9, n_times=100, sfreq=250.0, n_outputs=40))
    >>> sum(p.numel() for p in net.parameters())
    414284
    """
    check_rate("deep-ssvep", spec, above=2 * _TOP, reason="its sub-bands reach 90 Hz")
    check_input("deep-ssvep", spec, min_times=_MARGIN + 1)
    combine = nn.Conv2d(n_bands, 1, 1)
    body = nn.Sequential(
        SubBands(n_bands, spec.n_times, spec.sfreq),
        combine,
        nn.Conv2d(1, n_filters, (spec.n_channels, 1)),
        nn.Dropout(dropout),
        nn.Conv2d(n_filters, n_filters, (1, 2), stride=(1, 2)),
        nn.Dropout(dropout),
        nn.ReLU(),  # the only nonlinearity
        nn.Conv2d(n_filters, n_filters, (1, 10), padding="same"),
        nn.Dropout(head_dropout),
    )
    net = Headed(body, nn.Linear(n_filters * (spec.n_times // 2), spec.n_outputs))
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)
    nn.init.ones_(combine.weight)
    combine.bias.requires_grad_(False)  # type: ignore[union-attr]
    return net


class SubBands(nn.Module):
    """Trials in sub-bands, (batch, n_bands, n_channels, n_times); it learns nothing.

    Band i passes 8 i to 90 Hz: Chebyshev type I of order 2, ripple 1 dB, forward and backward over
    the cut trial as in the authors' code, so its ends carry the filter's transients. Such
    a filter is linear, hence one matrix over time for each band.

    Parameters
    ----------
    n_bands, n_times : int
    sfreq : float, Hz

    Examples
    --------
    >>> SubBands(3, 100, 250.0)(torch.zeros(5, 9, 100)).shape
    torch.Size([5, 3, 9, 100])
    """

    matrices: Tensor

    def __init__(self, n_bands: int, n_times: int, sfreq: float):
        super().__init__()
        matrices = np.stack([_filter_matrix(i + 1, n_times, sfreq) for i in range(n_bands)])
        self.register_buffer("matrices", torch.from_numpy(matrices).float(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Filter x, (batch, n_channels, n_times)."""
        return x[:, None] @ self.matrices[None]  # (batch, n_bands, n_channels, n_times)


def _filter_matrix(band: int, n_times: int, sfreq: float) -> np.ndarray:
    """M of ``filtered = x @ M``, (n_times, n_times)."""
    from scipy import signal

    # SciPy doubles the order of a band-pass: 1 here is order 2.
    sections = signal.cheby1(1, 1, [_LOWEST * band, _TOP], "bandpass", output="sos", fs=sfreq)
    return signal.sosfiltfilt(sections, np.eye(n_times), padlen=_MARGIN)
