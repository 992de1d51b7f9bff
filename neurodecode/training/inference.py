"""Outputs of a trained module, batch by batch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from neurodecode.training.batches import Trials
from neurodecode.training.restructure.form import evaluated

BATCH = 256


@torch.no_grad()
def outputs_of(
    module: nn.Module, x: Trials, forward: Callable[[Tensor], Tensor] | None = None
) -> Tensor:
    """Outputs in eval mode: a trial's result depends on no other trial.

    Parameters
    ----------
    module : nn.Module
        Left in eval mode.
    x : Tensor, shape (n_trials, n_channels, n_times), or MappedTrials, on the module's device
    forward : callable, optional
        Another function of the module than its own call, such as ``module.encode``.

    Returns
    -------
    outputs : Tensor, shape (n_trials, ...)

    Examples
    --------
    >>> outputs_of(nn.Sequential(nn.Flatten(), nn.Linear(6, 2)), torch.zeros(3, 2, 3)).shape
    torch.Size([3, 2])
    """
    module.eval()
    call = evaluated(module) if forward is None else forward
    return torch.cat([call(batch) for batch in x.split(BATCH)])
