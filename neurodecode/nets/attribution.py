"""Which samples of a trial a network's output rests on: by gradients, or by covering them."""

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


def input_gradient(module: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    """Gradient of one output per trial: what a small change of each sample would do.

    Parameters
    ----------
    module, x, target
        As in `input_x_gradient`.

    Returns
    -------
    attribution : Tensor like `x`, output per unit of the input

    Notes
    -----
    Simonyan, Vedaldi, Zisserman 2013, arXiv 1312.6034; with its sign, of which they take the size.

    Examples
    --------
    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(6, 2))
    >>> input_gradient(net, torch.ones(4, 2, 3), torch.zeros(4, dtype=torch.int64)).shape
    torch.Size([4, 2, 3])
    """
    return _gradient(module, x, target)


@torch.no_grad()
def occlusion(module: nn.Module, x: Tensor, target: Tensor, n_windows: int = 16) -> Tensor:
    """How much an output falls when a stretch of one channel is set to zero, spread over it.

    Parameters
    ----------
    module, x, target
        As in `integrated_gradients`. One forward pass for each channel and stretch.
    n_windows : int, default 16
        Stretches of equal length; fewer where a trial has fewer samples.

    Returns
    -------
    attribution : Tensor like `x`
        The samples of a stretch share its fall evenly.

    Notes
    -----
    Zeiler & Fergus 2013, arXiv 1311.2901, with stretches that do not overlap.

    Examples
    --------
    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(6, 2))
    >>> occlusion(net, torch.ones(4, 2, 3), torch.zeros(4, dtype=torch.int64)).shape
    torch.Size([4, 2, 3])
    """
    _, n_channels, n_times = x.shape
    whole = module(x).gather(1, target[:, None])  # (batch, 1)
    out = torch.zeros_like(x)
    for stretch in torch.arange(n_times, device=x.device).tensor_split(min(n_windows, n_times)):
        for channel in range(n_channels):
            covered = x.clone()
            covered[:, channel, stretch] = 0.0
            fall = whole - module(covered).gather(1, target[:, None])
            out[:, channel, stretch] = fall / len(stretch)
    return out


METHODS = {
    "integrated-gradients": integrated_gradients,
    "input-x-gradient": input_x_gradient,
    "gradient": input_gradient,
    "occlusion": occlusion,
}


def _gradient(module: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    x = x.detach().requires_grad_(True)
    chosen = module(x).gather(1, target[:, None])  # (batch, 1)
    return torch.autograd.grad(chosen.sum(), x)[0]
