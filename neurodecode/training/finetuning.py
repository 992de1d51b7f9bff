"""Which parameters of a trained network go on learning, and how fast each layer may."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from torch import nn

from neurodecode.core.errors import TrainingError


@contextlib.contextmanager
def learning_layers(
    module: nn.Module, layers: str | int = "all", lr: float = 1e-3, decay: float = 1.0
) -> Iterator[list[dict[str, Any]]]:
    """Parameter groups of the layers that learn; inside, all others stand still.

    A layer is a module with weights of its own and the normalisation that follows it, in the order
    of definition; the module's `head` comes last.

    Parameters
    ----------
    module : nn.Module
    layers : "head", "all" or int, default "all"
        The last layer, all of them, or so many of the last ones.
    lr : float
        Rate of the last layer.
    decay : float in (0, 1], default 1
        Each layer learns at this multiple of the rate of the one after it.

    Yields
    ------
    groups : list of dict
        For ``train(..., groups=...)``, last layer first.

    Raises
    ------
    TrainingError
        No such layers, or a decay out of its range.

    Notes
    -----
    Rates by layer: Howard & Ruder 2018, arXiv 1801.06146.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv1d(2, 4, 3), nn.BatchNorm1d(4), nn.Flatten(), nn.Linear(8, 2))
    >>> with learning_layers(net, "all", lr=0.1, decay=0.5) as groups:
    ...     [(group["lr"], len(group["params"])) for group in groups]
    [(0.1, 2), (0.05, 4)]
    """
    found = list(reversed(_layers(module)))
    n = {"head": 1, "all": len(found)}.get(layers, layers) if isinstance(layers, str) else layers
    if not isinstance(n, int) or not 1 <= n <= len(found):
        raise TrainingError(
            "no such layers",
            found=repr(layers),
            expected=f'"head", "all", or 1 to {len(found)} of the last layers',
        )
    if not 0 < decay <= 1:
        raise TrainingError("no such decay of rates", found=repr(decay), expected="above 0 to 1")
    frozen = [p for layer in found[n:] for p in layer]
    for p in frozen:
        p.requires_grad_(False)
    try:
        yield [{"params": layer, "lr": lr * decay**i} for i, layer in enumerate(found[:n])]
    finally:
        for p in frozen:
            p.requires_grad_(True)


def _layers(module: nn.Module) -> list[list[nn.Parameter]]:
    """Learning parameters of each layer, from the input on."""
    owners: dict[str, list[nn.Parameter]] = {}
    for name, p in module.named_parameters():
        owner = name.rpartition(".")[0].partition(".parametrizations")[0]
        owners.setdefault(owner, [])
        if p.requires_grad:  # what the network itself holds fixed stays fixed
            owners[owner].append(p)
    in_order = sorted(owners, key=lambda name: name.partition(".")[0] == "head")  # stable
    layers: list[list[nn.Parameter]] = []
    for name in in_order:
        if layers and _is_norm(module.get_submodule(name)):
            layers[-1] += owners[name]
        elif owners[name]:
            layers.append(list(owners[name]))
    return layers


def _is_norm(module: nn.Module) -> bool:
    return "Norm" in type(module).__name__


def frozen_norms(module: nn.Module) -> list[nn.Module]:
    """Normalisations that must keep their running statistics: they and what feeds them stand still.

    Parameters
    ----------
    module : nn.Module

    Examples
    --------
    >>> net = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 4), nn.BatchNorm1d(4))
    >>> _ = net[0].requires_grad_(False)
    >>> frozen_norms(net) == [net[0]]
    True
    """
    found, learned_before, any_frozen = [], False, False
    for each in module.modules():
        own = [p.requires_grad for p in each.parameters(recurse=False)]
        any_frozen |= bool(own) and not all(own)
        if getattr(each, "running_mean", None) is not None:
            still = not any(own) if own else any_frozen and not learned_before
            found += [each] * still
        learned_before |= any(own)
    return found
