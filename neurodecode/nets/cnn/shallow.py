"""ShallowFBCSPNet.

Schirrmeister, Springenberg, Fiederer, Glasstetter, Eggensperger, Tangermann, Hutter, Burgard,
Ball: "Deep learning with convolutional neural networks for EEG decoding and visualization",
Human Brain Mapping 38(11) 5391-5420, 2017, doi:10.1002/hbm.23730.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from neurodecode.core import Spec
from neurodecode.nets import _braindecode
from neurodecode.nets.headed import Headed, linear_from_conv
from neurodecode.nets.merged_conv import MergedConv
from neurodecode.nets.needs import check_input


def shallow(
    spec: Spec,
    *,
    n_filters: int = 40,
    kernel_length: int = 25,
    pool_length: int = 75,
    pool_stride: int = 15,
    dropout: float = 0.5,
) -> Headed:
    """ShallowFBCSPNet: a filter bank, spatial filters, log band power, a linear layer.

    Braindecode's layers: temporal and spatial convolution (in one pass, `MergedConv`), batch norm,
    square, mean pool, log.

    Parameters
    ----------
    spec : Spec
        Needs two channels, and 99 samples or more with the default kernels.
    n_filters : int
        Temporal, and as many spatial filters.
    kernel_length, pool_length, pool_stride : int, samples
        The paper's values are for 250 Hz.
    dropout : float in [0, 1)

    Returns
    -------
    net : Headed
        46 084 parameters at 22 channels, 1000 samples, 4 outputs.

    Raises
    ------
    DataError
        The window is too short, or there is one channel only.

    Examples
    --------
    >>> net = shallow(Spec(n_channels=22, n_times=1000, sfreq=250.0, n_outputs=4))
    >>> sum(p.numel() for p in net.parameters())
    46084
    """
    check_input("shallow", spec, min_times=kernel_length + pool_length - 1, min_channels=2)
    net: Any = _braindecode.create(
        "ShallowFBCSPNet",
        spec,
        n_filters_time=n_filters,
        n_filters_spat=n_filters,
        filter_time_length=kernel_length,
        pool_time_length=pool_length,
        pool_time_stride=pool_stride,
        drop_prob=dropout,
    )
    head = linear_from_conv(net.final_layer.conv_classifier)
    convolutions = net.conv_time_spat
    stem = MergedConv(convolutions.conv_time, convolutions.conv_spat)
    body = nn.Sequential(
        stem,
        nn.Unflatten(2, (-1, 1)),  # (batch, n_filters, n_times, 1), braindecode's layout
        net.bnorm,
        net.conv_nonlin_exp,
        net.pool,
        net.pool_nonlin_exp,
        net.drop,
    )
    return Headed(body, head)
