"""The analytic signal: a real signal without its negative frequencies, twice over."""

from __future__ import annotations

import torch
from torch import Tensor


def analytic(x: Tensor) -> Tensor:
    """Complex signal whose real part is `x` and whose argument is the phase.

    Parameters
    ----------
    x : float tensor, shape (..., n_times)

    Returns
    -------
    z : complex tensor like `x`

    Examples
    --------
    >>> t = torch.arange(100) / 100
    >>> bool(torch.allclose(analytic(torch.cos(20 * torch.pi * t)).abs(), torch.ones(100)))
    True
    """
    n_times = x.shape[-1]
    keep = torch.zeros(n_times, device=x.device, dtype=x.dtype)
    keep[0], keep[1 : (n_times + 1) // 2] = 1, 2
    if n_times % 2 == 0:
        keep[n_times // 2] = 1
    return torch.fft.ifft(torch.fft.fft(x) * keep)
