"""Multiply-accumulates against closed forms, for every kind of layer a network is made of."""

import pytest
import torch
from torch import nn

from neurodecode.core import Spec
from neurodecode.nets import build, count_macs

C, T, K = 6, 40, 3
SPEC = Spec(C, T, 100.0, K)


class Sequence(nn.Module):
    """A layer over time, fed as (batch, times, channels)."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x.transpose(1, 2))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.MultiheadAttention(C, 2, batch_first=True)

    def forward(self, x):
        x = x.transpose(1, 2)
        return self.layer(x, x, x, need_weights=False)[0]


RECURRENT = T * (C * 8 + 8 * 8)
PROJECTIONS, PRODUCTS = 4 * T * C * C, 2 * T * T * C
LAYERS = [
    ("conv", nn.Conv1d(C, 8, 5, stride=2, padding=2), 20 * 8 * C * 5),
    ("grouped", nn.Conv1d(C, 12, 5, groups=C, bias=False), 36 * 12 * 5),
    ("transposed", nn.ConvTranspose1d(C, 8, 3), T * C * 8 * 3),
    ("linear", Sequence(nn.Linear(C, 8)), T * C * 8),
    ("gru", Sequence(nn.GRU(C, 8, batch_first=True)), 3 * RECURRENT),
    ("lstm", Sequence(nn.LSTM(C, 8, batch_first=True)), 4 * RECURRENT),
    ("attention", Attention(), PROJECTIONS + PRODUCTS),
    (
        "encoder",
        Sequence(nn.TransformerEncoderLayer(C, 2, 16, batch_first=True)),
        PROJECTIONS + PRODUCTS + 2 * T * C * 16,
    ),
]


@pytest.mark.parametrize(
    ("layer", "macs"), [case[1:] for case in LAYERS], ids=[c[0] for c in LAYERS]
)
def test_closed_forms(layer, macs):
    assert count_macs(layer, SPEC) == macs


def test_eegnet_layer_by_layer_and_its_mode():
    spec = Spec(22, 256, 128.0, 4)
    net = build("eegnet", spec)
    temporal, spatial = 22 * 257 * 8 * 64, 257 * 16 * 22  # padded by half a kernel on both sides
    separable = 65 * (16 * 16 + 16 * 16)
    assert net.training
    found = count_macs(net, spec)
    assert net.training and torch.backends.mha.get_fastpath_enabled()
    assert found == pytest.approx(temporal + spatial + separable + 8 * 16 * 4, rel=0.01)
