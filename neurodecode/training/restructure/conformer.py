"""Braindecode's EEGConformer: the two convolutions of its stem as one over channels."""

from __future__ import annotations

from typing import Any

from torch import nn

from neurodecode.training.restructure.convolutions import merged


def restructured(net: Any) -> nn.Module | str:
    """The fast form of an EEGConformer, or why it has none."""
    if net.return_features:
        return "features instead of outputs"
    temporal, spatial, *stem = net.patch_embedding.shallownet
    after = (net.patch_embedding.projection, net.transformer, net.fc, net.final_layer)
    # Braindecode's layout after the two: (batch, n_filters, 1, n_times).
    return merged(temporal, spatial, [nn.Unflatten(1, (-1, 1)), *stem, *after])
