"""How much a network computes a trial."""

from __future__ import annotations

import warnings

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from neurodecode.core import Spec


def count_macs(module: nn.Module, spec: Spec) -> int:
    """Multiply-accumulate operations of one trial: those of convolutions and matrix products.

    Every such operation is counted as it runs, wherever the module calls it from (layers,
    attention, recurrences). Not counted: bias, normalization, activations, pooling, transforms of
    Fourier.

    Parameters
    ----------
    module : nn.Module, stays in its mode
    spec : Spec, what the module takes

    Returns
    -------
    macs : int

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv1d(3, 4, 5), nn.Flatten(), nn.Linear(24, 2))
    >>> count_macs(net, Spec(n_channels=3, n_times=10, sfreq=100.0, n_outputs=2))
    408
    """
    x = torch.zeros(1, spec.n_channels, spec.n_times)
    x = x.to(next((parameter.device for parameter in module.parameters()), x.device))
    was_training, fused = module.training, torch.backends.mha.get_fastpath_enabled()
    counter = FlopCounterMode(display=False)
    module.eval()
    # Fused layers are one operation to the counter, which does not know what it costs.
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with (
            torch.no_grad(),
            warnings.catch_warnings(action="ignore"),  # of switching oneDNN off, on some builds
            torch.backends.mkldnn.flags(enabled=False),
            sdpa_kernel(SDPBackend.MATH),
            counter,
        ):
            module(x)
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
        module.train(was_training)
    return counter.get_total_flops() // 2  # a multiplication and an addition each
