import torch
from torch import nn

from neurodecode.nets.attribution import input_x_gradient, integrated_gradients


def test_both_are_exact_on_a_linear_network():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(6, 3, bias=False))
    x, target = torch.randn(4, 2, 3), torch.tensor([0, 1, 2, 1])
    expected = x * net[1].weight[target].reshape(4, 2, 3)
    torch.testing.assert_close(input_x_gradient(net, x, target), expected)
    torch.testing.assert_close(integrated_gradients(net, x, target), expected)


def test_integrated_gradients_are_complete():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 3)).eval()
    x, target = torch.randn(5, 2, 3), torch.tensor([0, 1, 2, 1, 0])
    total = integrated_gradients(net, x, target, n_steps=200).sum((1, 2))
    with torch.no_grad():
        gained = (net(x) - net(torch.zeros_like(x))).gather(1, target[:, None])[:, 0]
    torch.testing.assert_close(total, gained, rtol=1e-3, atol=1e-4)
