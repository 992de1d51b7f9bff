"""The spike function: a step forwards, a smooth stand-in for its derivative backwards.

Each surrogate is a pair: its derivative, used backwards, and its primitive, of which it is the
derivative (a test holds both together). With x = u - threshold:

================  ====================================  =====  ========================
name              derivative                            slope  source
================  ====================================  =====  ========================
"atan"            (a / 2) / (1 + (pi a x / 2)^2)        2      Fang et al. 2021
"fast-sigmoid"    1 / (1 + a |x|)^2                     25     Zenke & Ganguli 2018
"sigmoid"         a s(a x) (1 - s(a x))                 4      SpikingJelly's default
"triangle"        a max(0, 1 - |x|)                     0.3    Bellec et al. 2018 (LSNN)
================  ====================================  =====  ========================
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from neurodecode.core.errors import UnknownName, did_you_mean


class Surrogate(NamedTuple):
    """A smooth stand-in for the step: functions of (x, slope), and the usual slope.

    Attributes
    ----------
    derivative, primitive : callable (Tensor, float) -> Tensor
    slope : float

    Examples
    --------
    >>> SURROGATES["atan"].derivative(torch.tensor(0.0), 2.0)
    tensor(1.)
    """

    derivative: Callable[[Tensor, float], Tensor]
    primitive: Callable[[Tensor, float], Tensor]
    slope: float


def _sigmoid_derivative(x: Tensor, a: float) -> Tensor:
    s = torch.sigmoid(a * x)
    return a * s * (1 - s)


SURROGATES: dict[str, Surrogate] = {
    "atan": Surrogate(
        lambda x, a: (a / 2) / (1 + (math.pi * a / 2 * x) ** 2),
        lambda x, a: torch.atan(math.pi * a / 2 * x) / math.pi + 0.5,
        2.0,
    ),
    "fast-sigmoid": Surrogate(
        lambda x, a: (1 + a * x.abs()) ** -2,
        lambda x, a: x / (1 + a * x.abs()),
        25.0,
    ),
    "sigmoid": Surrogate(_sigmoid_derivative, lambda x, a: torch.sigmoid(a * x), 4.0),
    "triangle": Surrogate(
        lambda x, a: a * (1 - x.abs()).clamp(min=0),
        lambda x, a: a * (x.clamp(-1, 1) - x.clamp(-1, 1) * x.clamp(-1, 1).abs() / 2),
        0.3,
    ),
}


def spike(x: Tensor, surrogate: str = "atan", slope: float | None = None) -> Tensor:
    """One where `x` >= 0, else zero; differentiable through a surrogate.

    Parameters
    ----------
    x : Tensor
        Membrane minus threshold, in units of the threshold.
    surrogate : "atan", "fast-sigmoid", "sigmoid" or "triangle"
    slope : float, > 0
        Default: the table's. A peak above 1 makes gradients grow with depth.

    Returns
    -------
    spikes : Tensor of 0 and 1, like `x`

    Raises
    ------
    UnknownName
        No such surrogate.

    Examples
    --------
    >>> spike(torch.tensor([-0.1, 0.0, 0.1]))
    tensor([0., 1., 1.])
    """
    if surrogate not in SURROGATES:
        raise UnknownName(
            "no surrogate gradient of that name",
            found=repr(surrogate),
            expected=", ".join(SURROGATES),
            fix=did_you_mean(surrogate, SURROGATES),
        )
    chosen = SURROGATES[surrogate]
    spikes = _Spike.apply(x, chosen.derivative, chosen.slope if slope is None else slope)
    assert isinstance(spikes, Tensor)
    return spikes


class _Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, derivative: Callable[..., Tensor], slope: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.derivative, ctx.slope = derivative, slope
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        return grad_outputs[0] * ctx.derivative(x, ctx.slope), None, None
