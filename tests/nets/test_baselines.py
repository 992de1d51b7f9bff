"""Plain recurrent networks, TCN and ResNet."""

import pytest
import torch
from torch import nn

from neurodecode.core import Spec
from neurodecode.nets import build


def made(name, spec, **params):
    torch.manual_seed(0)
    return build(name, spec, **params)


@pytest.mark.parametrize(("name", "layer"), [("gru", nn.GRU), ("lstm", nn.LSTM)])
def test_recurrent_features_are_the_mean_state(name, layer):
    net, x = made(name, Spec(3, 40, 40.0, 2), width=8), torch.randn(2, 3, 40)
    recurrent = net.body.recurrent
    assert isinstance(recurrent, layer)
    torch.testing.assert_close(net.encode(x), recurrent(x.mT)[0].mean(1))


def test_tcn_sees_the_whole_trial_and_no_future():
    net = made("tcn", Spec(2, 100, 100.0, 2), dropout=0.0).double().eval()
    x = torch.randn(1, 2, 100, dtype=torch.float64, requires_grad=True)
    net(x).sum().backward()
    assert bool((x.grad[0, :, 0] != 0).all())  # the first sample
    maps = net.body[:-1]
    earlier = x.detach().clone()
    earlier[..., 60:] = 0
    torch.testing.assert_close(maps(earlier)[..., :60], maps(x.detach())[..., :60])


def test_resnet_takes_any_length():
    for n_times in (1, 9, 100):
        assert made("resnet1d", Spec(2, n_times, 100.0, 3)).eval()(
            torch.randn(2, 2, n_times)
        ).shape == (2, 3)
