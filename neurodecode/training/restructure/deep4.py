"""Braindecode's Deep4Net: every convolution as a one-dimensional one."""

from __future__ import annotations

from typing import Any

from torch import nn

from neurodecode.training.restructure import shallow
from neurodecode.training.restructure.convolutions import TimeConv


def restructured(net: Any) -> nn.Module | str:
    """The fast form of a Deep4Net, or why it has none."""
    found: Any = shallow.restructured(net)  # the same first layers
    if isinstance(found, str):
        return found
    return nn.Sequential(*(TimeConv(x) if isinstance(x, nn.Conv2d) else x for x in found))
