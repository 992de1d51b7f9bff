"""How a class of braindecode becomes a registered network: tried on its input, its head cut off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from neurodecode.core import Spec
from neurodecode.core.errors import DataError, NeurodecodeError
from neurodecode.nets import _braindecode
from neurodecode.nets.headed import Headed, linear_from_conv
from neurodecode.nets.needs import check_input

# What classes raise, when made or run, on input that they do not fit.
_MISFITS = (RuntimeError, ValueError, IndexError, AssertionError, ZeroDivisionError)


def borrow(
    name: str,
    model: str,
    paper: str,
    *,
    head: str = "final_layer",
    split: Callable[[nn.Module], tuple[nn.Module, nn.Module]] | None = None,
    wrap: Callable[[Any], nn.Module] | None = None,
    prepare: Callable[[Spec, dict[str, Any]], dict[str, Any]] | None = None,
) -> Callable[..., Headed]:
    """The function ``Spec -> Headed`` of one class of braindecode.

    Parameters
    ----------
    name : str
        Registered name, for messages.
    model : str
        Class in ``braindecode.models``.
    paper : str
    head : str
        Dotted name of the last layer: linear, or a convolution over all that is left.
    split : callable, optional
        From the module to (body, head), where the last layer is no such one.
    wrap : callable, optional
        Around the class's module, where that needs more than trials to run.
    prepare : callable (spec, params) -> params, optional
        Checks the input and gives further arguments of the class.

    Examples
    --------
    >>> make = borrow("ctnet", "CTNet", "Zhao et al. 2024")
    >>> make(Spec(22, 1000, 250.0, 4)).head
    Linear(in_features=600, out_features=4, bias=True)
    """

    def make(spec: Spec, **params: Any) -> Headed:
        more = prepare(spec, params) if prepare else params

        def create(each: Spec) -> nn.Module:
            net = _braindecode.create(model, each, **more)
            return wrap(net) if wrap else net

        net = _that_runs(create, name, model, spec)
        return Headed(*(split(net) if split else _cut_off(net, head)))

    make.__name__ = make.__qualname__ = name
    make.__doc__ = (
        f"{model} of braindecode: {paper}.\n\n"
        f"Further arguments are those of ``braindecode.models.{model}``."
    )
    return make


def _that_runs(create: Callable[[Spec], nn.Module], name: str, model: str, spec: Spec) -> nn.Module:
    """The module, once it has taken a batch; else an error that says what would fit."""
    try:
        return _tried(create, spec)
    except _MISFITS as error:
        shortest = _shortest(create, spec)
        if shortest is not None:
            check_input(name, spec, min_times=shortest)
        summary = error.summary if isinstance(error, NeurodecodeError) else str(error)
        raise DataError(
            f"{name} cannot take {spec.n_channels} channels x {spec.n_times} samples "
            f"at {spec.sfreq:g} Hz",
            found=(summary.splitlines() or [type(error).__name__])[0],
            expected=f"input and net_params that braindecode's {model} takes",
            fix=f"help(braindecode.models.{model}) describes its arguments",
        ) from error


def _tried(create: Callable[[Spec], nn.Module], spec: Spec) -> nn.Module:
    net = create(spec)
    noise = torch.Generator().manual_seed(0)
    with torch.no_grad():
        output = net.eval()(torch.randn(2, spec.n_channels, spec.n_times, generator=noise))
    if output.shape != (2, spec.n_outputs) or not output.isfinite().all():
        raise ValueError(f"outputs {tuple(output.shape)} of two trials, or not finite")
    return net.train()


def _shortest(create: Callable[[Spec], nn.Module], spec: Spec, longest: int = 2**14) -> int | None:
    """Fewest samples that the class takes, by bisection; None where it takes no length."""

    def runs(n_times: int) -> bool:
        try:
            _tried(create, replace(spec, n_times=n_times))
        except _MISFITS:
            return False
        return True

    low, high = spec.n_times, 2 * spec.n_times
    while not runs(high):
        low, high = high, 2 * high
        if high > longest:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if runs(middle) else (middle, high)
    return high


def _cut_off(net: nn.Module, path: str) -> tuple[nn.Module, nn.Module]:
    """Body and head: the layer at `path` is taken out, what stands around it stays."""
    parent, _, name = path.rpartition(".")
    layer = net.get_submodule(path)
    setattr(net.get_submodule(parent), name, nn.Identity())
    conv = isinstance(layer, nn.Conv1d | nn.Conv2d)
    return net, linear_from_conv(layer) if conv else layer
