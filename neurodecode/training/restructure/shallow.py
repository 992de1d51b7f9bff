"""Braindecode's ShallowFBCSPNet: its two convolutions as one over channels."""

from __future__ import annotations

from typing import Any

from torch import nn

from neurodecode.training.restructure.convolutions import merged


def restructured(net: Any) -> nn.Module | str:
    """The fast form of a ShallowFBCSPNet, or why it has none."""
    if not net.split_first_layer:
        return "a first layer that is not split"
    rest = [layer for name, layer in net.named_children() if name not in _FIRST]
    stem = net.conv_time_spat
    # Braindecode's layout after the two: (batch, n_filters, n_times, 1).
    return merged(stem.conv_time, stem.conv_spat, [nn.Unflatten(2, (-1, 1)), *rest])


_FIRST = ("ensuredims", "dimshuffle", "conv_time_spat")
