"""The fully connected and the simple convolutional network of the EEGdenoiseNet benchmark.

Zhang, Zhao, Wei, Mantini, Li, Liu: "EEGdenoiseNet: a benchmark dataset for deep learning solutions
of EEG denoising", Journal of Neural Engineering 18(5) 056057, 2021, doi:10.1088/1741-2552/ac2bf8.
"""

from __future__ import annotations

from itertools import chain

from torch import nn

from neurodecode.core import Spec
from neurodecode.nets.headed import Headed
from neurodecode.nets.needs import check_segment


def denoise_fcnn(spec: Spec, *, dropout: float = 0.3) -> Headed:
    """Fully connected denoiser: four dense layers as wide as the segment is long.

    Parameters
    ----------
    spec : Spec
        One channel, ``n_outputs == n_times``.
    dropout : float in [0, 1)
        After each of the three hidden layers.

    Returns
    -------
    net : Headed
        Maps (batch, 1, n_times) to (batch, n_times). 1 050 624 parameters at 512 samples.

    Raises
    ------
    DataError
        More than one channel, or outputs that are not the segment.

    Examples
    --------
    >>> net = denoise_fcnn(Spec(1, 512, 256.0, n_outputs=512, task="regression"))
    >>> sum(p.numel() for p in net.parameters())
    1050624
    """
    check_segment("eegdenoisenet-fcnn", spec, min_times=2)
    width = spec.n_times
    hidden = chain.from_iterable(
        (nn.Linear(width, width), nn.ReLU(), nn.Dropout(dropout)) for _ in range(3)
    )
    return Headed(nn.Sequential(nn.Flatten(), *hidden), nn.Linear(width, width))


def denoise_cnn(
    spec: Spec, *, n_filters: int = 64, kernel_length: int = 3, dropout: float = 0.3
) -> Headed:
    """Simple convolutional denoiser: four convolutions that keep the length, one dense layer.

    Parameters
    ----------
    spec : Spec
        One channel, ``n_outputs == n_times``.
    n_filters : int
    kernel_length : int, samples, odd
    dropout : float in [0, 1)
        After each convolution. One of the two published versions of the code leaves it out.

    Returns
    -------
    net : Headed
        Maps (batch, 1, n_times) to (batch, n_times). 16 815 552 parameters at 512 samples, of
        which the dense layer holds 16 777 728.

    Raises
    ------
    DataError
        More than one channel, or outputs that are not the segment.

    Examples
    --------
    >>> net = denoise_cnn(Spec(1, 512, 256.0, n_outputs=512, task="regression"))
    >>> sum(p.numel() for p in net.parameters())
    16815552
    """
    check_segment("eegdenoisenet-cnn", spec, min_times=kernel_length)
    layers: list[nn.Module] = []
    for n_in in (1, n_filters, n_filters, n_filters):
        layers += [
            nn.Conv1d(n_in, n_filters, kernel_length, padding="same"),
            nn.BatchNorm1d(n_filters),
            nn.ReLU(),
            nn.Dropout(dropout),
        ]
    head = nn.Linear(n_filters * spec.n_times, spec.n_times)
    return Headed(nn.Sequential(*layers), head)
