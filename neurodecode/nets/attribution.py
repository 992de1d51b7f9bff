"""Which samples of a trial a network's output rests on: gradients with respect to the input."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def input_x_gradient(module: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    """Input times gradient of one output per trial.

    Parameters
    ----------
    module : nn.Module, in eval mode
    x : Tensor, shape (batch, n_channels, n_times)
    target : int64 tensor, shape (batch,)
        Which output to explain.

    Returns
    -------
    attribution : Tensor like `x`

    Notes
    -----
    Shrikumar, Greenside, Kundaje 2017, arXiv 1704.02685 (as the baseline they compare with).

    Examples
    --------
    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(6, 2))
    >>> input_x_gradient(net, torch.ones(4, 2, 3), torch.zeros(4, dtype=torch.int64)).shape
    torch.Size([4, 2, 3])
    """
    return x * _gradient(module, x, target)


def integrated_gradients(module: nn.Module, x: Tensor, target: Tensor, n_steps: int = 32) -> Tensor:
    """Gradients averaged on the straight line from zero to `x`, times `x`.

    The attributions of a trial sum to ``output(x) - output(0)`` up to the integration error.

    Parameters
    ----------
    module, x, target
        As in `input_x_gradient`; zero should mean "no signal", as in standardized data.
    n_steps : int
        Points of the midpoint rule.

    Returns
    -------
    attribution : Tensor like `x`

    Notes
    -----
    Sundararajan, Taly, Yan 2017, arXiv 1703.01365.

    Examples
    --------
    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(6, 2))
    >>> integrated_gradients(net, torch.ones(4, 2, 3), torch.zeros(4, dtype=torch.int64)).shape
    torch.Size([4, 2, 3])
    """
    total = torch.zeros_like(x)
    for step in range(n_steps):
        total += _gradient(module, x * ((step + 0.5) / n_steps), target)
    return x * total / n_steps


METHODS = {
    "integrated-gradients": integrated_gradients,
    "input-x-gradient": input_x_gradient,
}


def _gradient(module: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    x = x.detach().requires_grad_(True)
    chosen = module(x).gather(1, target[:, None])  # (batch, 1)
    return torch.autograd.grad(chosen.sum(), x)[0]
