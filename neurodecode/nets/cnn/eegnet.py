"""EEGNet.

Lawhern, Solon, Waytowich, Gordon, Hung, Lance: "EEGNet: a compact convolutional neural network
for EEG-based brain-computer interfaces", Journal of Neural Engineering 15(5) 056013, 2018,
doi:10.1088/1741-2552/aace8c.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from neurodecode.core import Spec
from neurodecode.nets import _braindecode
from neurodecode.nets.headed import Headed, linear_from_conv
from neurodecode.nets.needs import check_input


def eegnet(
    spec: Spec,
    *,
    kernel_length: int = 64,
    depthwise_kernel_length: int = 16,
    pool1: int = 4,
    pool2: int = 8,
    n_temporal: int = 8,
    n_spatial: int = 2,
    dropout: float = 0.25,
) -> Headed:
    """EEGNet: temporal filters, spatial filters of each, a separable convolution, a linear layer.

    Braindecode's implementation. Where it differs from the paper: the dense layer has no max-norm,
    and batch norm follows its running statistics with momentum 0.1. The paper's 0.01 needs
    hundreds of batches before evaluation sees what training saw; small sets do not give them.

    Parameters
    ----------
    spec : Spec
        Needs 27 samples or more with the default kernels.
    kernel_length : int, samples
        Temporal filter; the paper takes half the sampling rate, 64 at 128 Hz.
    depthwise_kernel_length, pool1, pool2 : int, samples at the rate reached there
    n_temporal, n_spatial : int
        F1 and D of the paper; F2 = F1 * D.
    dropout : float in [0, 1)

    Returns
    -------
    net : Headed
        3 444 parameters at 22 channels, 1000 samples, 4 outputs.

    Raises
    ------
    DataError
        The window is too short.

    Examples
    --------
    >>> net = eegnet(Spec(n_channels=22, n_times=1000, sfreq=250.0, n_outputs=4))
    >>> sum(p.numel() for p in net.parameters())
    3444
    """
    check_input(
        "eegnet", spec, min_times=_shortest(kernel_length, depthwise_kernel_length, pool1, pool2)
    )
    net: Any = _braindecode.create(
        "EEGNet",
        spec,
        F1=n_temporal,
        D=n_spatial,
        kernel_length=kernel_length,
        depthwise_kernel_length=depthwise_kernel_length,
        pool1_kernel_size=pool1,
        pool2_kernel_size=pool2,
        batch_norm_momentum=0.1,
        drop_prob=dropout,
    )
    head = linear_from_conv(net.final_layer.conv_classifier)
    net.final_layer = nn.Identity()
    return Headed(net, head)


def _shortest(kernel: int, depthwise: int, pool1: int, pool2: int) -> int:
    """Smallest n_times that leaves one sample; an even kernel of zero padding adds one sample."""
    after_pool1 = pool2 - (1 - depthwise % 2)
    return max(after_pool1, 1) * pool1 - (1 - kernel % 2)
