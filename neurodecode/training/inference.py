"""Outputs of a trained module, batch by batch."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from neurodecode.training.batches import Trials
from neurodecode.training.restructure.form import evaluated

BATCH = 256
_BYTES = 8 << 20  # of a batch: several are under way where trials come from disk


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
    # The same for trials in memory and on disk: outputs must agree to the bit.
    fitting = max(1, _BYTES // (4 * math.prod(x.shape[1:])))
    return torch.cat([call(batch) for batch in x.split(min(BATCH, fitting))])
