"""From a name, a function or a module to a network that fits the data."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from neurodecode.core import Spec, registry
from neurodecode.core.errors import DataError

Net = str | nn.Module | Callable[..., nn.Module]


def build(net: Net, spec: Spec, **params: Any) -> nn.Module:
    """Make a network for one kind of input and check that it takes it.

    Parameters
    ----------
    net : str, callable or nn.Module
        A registered name (``nd.list("net")``), a function ``Spec -> nn.Module``, or a module; a
        module is copied, the caller's stays as it is.
    spec : Spec
        Input and output of the network.
    **params
        Passed to the function behind `net`; not allowed with a module.

    Returns
    -------
    module : nn.Module
        Maps float32 (batch, n_channels, n_times) to (batch, n_outputs). Registered ones also have
        ``encode(x)``, giving (batch, n_features), and their last layer in ``.head``.

    Raises
    ------
    UnknownName
        No such registered network.
    DataError
        The network cannot take such input, or gives another shape than (batch, n_outputs).

    Examples
    --------
    >>> net = build("eegnet", Spec(n_channels=22, n_times=192, sfreq=128.0, n_outputs=2))
    >>> net(torch.zeros(5, 22, 192)).shape
    torch.Size([5, 2])
    """
    if isinstance(net, nn.Module):
        if params:
            raise DataError(
                "a module takes no parameters",
                found=f"net_params {sorted(params)} with a ready {type(net).__name__}",
                fix="pass a function Spec -> nn.Module instead of the module",
            )
        module = copy.deepcopy(net)
    else:
        module = _maker(net)(spec, **params)
    if not isinstance(module, nn.Module):
        raise DataError(
            "not a network",
            found=f"{describe(net)} gave {type(module).__name__}",
            expected="torch.nn.Module",
        )
    _check_output(module, spec, describe(net))
    return module


def applicable(net: Net, spec: Spec, **params: Any) -> str | None:
    """Why a network does not apply to some data, or None where it does.

    Parameters
    ----------
    net, spec, **params
        As in `build`.

    Returns
    -------
    reason : str or None

    Examples
    --------
    >>> applicable("shallow", Spec(n_channels=6, n_times=50, sfreq=100.0, n_outputs=2))
    'shallow needs at least 99 samples, this has 50'
    """
    try:
        build(net, spec, **params)
    except DataError as error:
        return error.summary
    return None


def describe(net: Net) -> str:
    """Name of a network for messages and repr.

    Examples
    --------
    >>> describe("eegnet"), describe(nn.Linear(2, 2))
    ('eegnet', 'Linear')
    """
    if isinstance(net, str):
        return net
    return getattr(net, "__name__", type(net).__name__)


def _maker(net: str | Callable[..., nn.Module]) -> Callable[..., nn.Module]:
    if isinstance(net, str):
        return registry.resolve("net", net)
    if callable(net):
        return net
    raise DataError(
        "not a network",
        found=type(net).__name__,
        expected="a registered name, a function Spec -> nn.Module, or an nn.Module",
        fix='nd.list("net") shows the names',
    )


def _check_output(module: nn.Module, spec: Spec, name: str) -> None:
    """Run two empty trials through; this also materializes lazy layers."""
    shape = (2, spec.n_channels, spec.n_times)
    was_training = module.training
    module.eval()  # batch norm must not learn from zeros
    try:
        with torch.no_grad():
            output = module(torch.zeros(shape))
    except (RuntimeError, ValueError, IndexError) as error:
        raise DataError(
            f"{name} cannot take trials of {spec.n_channels} channels x {spec.n_times} samples",
            found=str(error).splitlines()[0],
            expected=f"a module that maps {shape} to (2, {spec.n_outputs})",
            fix="take n_channels, n_times and n_outputs from the Spec the function receives",
        ) from error
    module.train(was_training)
    if tuple(output.shape) != (2, spec.n_outputs):
        raise DataError(
            f"{name} gives outputs of another shape",
            found=f"{tuple(output.shape)} for an input {shape}",
            expected=f"(2, {spec.n_outputs}): one value per trial and output",
            fix="end the network with nn.Flatten(), nn.Linear(..., spec.n_outputs)",
        )
