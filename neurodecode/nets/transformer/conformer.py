"""EEG Conformer.

Song, Zheng, Liu, Gao: "EEG Conformer: convolutional transformer for EEG decoding and
visualization", IEEE TNSRE 31, 710-719, 2023, doi:10.1109/TNSRE.2022.3230250.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from neurodecode.core import Spec
from neurodecode.nets import _braindecode
from neurodecode.nets.headed import Headed
from neurodecode.nets.merged_conv import MergedConv
from neurodecode.nets.needs import check_input


def conformer(
    spec: Spec,
    *,
    n_filters: int = 40,
    kernel_length: int = 25,
    pool_length: int = 75,
    pool_stride: int = 15,
    n_layers: int = 6,
    n_heads: int = 10,
    dropout: float = 0.5,
    attention_dropout: float = 0.5,
) -> Headed:
    """EEG Conformer: a shallow convolutional stem gives tokens over time, attention relates them.

    Braindecode's layers; the two convolutions of the stem run in one pass (`MergedConv`).

    Parameters
    ----------
    spec : Spec
        Needs 99 samples or more with the default kernels.
    n_filters : int
        Filters of the stem and width of the tokens; `n_heads` divides it.
    kernel_length, pool_length, pool_stride : int, samples
        The paper's values are for 250 Hz; the stride decides the number of tokens.
    n_layers, n_heads : int
        Of the transformer encoder.
    dropout, attention_dropout : float in [0, 1)

    Returns
    -------
    net : Headed
        789 572 parameters at 22 channels, 1000 samples, 4 outputs.

    Raises
    ------
    DataError
        The window is too short.

    Examples
    --------
    >>> net = conformer(Spec(n_channels=22, n_times=1000, sfreq=250.0, n_outputs=4))
    >>> sum(p.numel() for p in net.parameters())
    789572
    """
    check_input("conformer", spec, min_times=kernel_length + pool_length - 1)
    net: Any = _braindecode.create(
        "EEGConformer",
        spec,
        n_filters_time=n_filters,
        filter_time_length=kernel_length,
        pool_time_length=pool_length,
        pool_time_stride=pool_stride,
        num_layers=n_layers,
        num_heads=n_heads,
        drop_prob=dropout,
        att_drop_prob=attention_dropout,
    )
    stem = net.patch_embedding.shallownet  # temporal, spatial convolution, batch norm, ...
    body = nn.Sequential(
        MergedConv(stem[0], stem[1]),
        nn.Unflatten(1, (-1, 1)),  # (batch, n_filters, 1, n_times), braindecode's layout
        *stem[2:],
        net.patch_embedding.projection,
        net.transformer,
        net.fc,
    )
    return Headed(body, net.final_layer)
