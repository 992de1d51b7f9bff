"""What a node of a graph carries: the window itself, its entropy in bands, or learned features."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.core.errors import DataError, UnknownName, did_you_mean

BANDS = ((1, 3), (4, 7), (8, 13), (14, 30), (31, 50))  # Hz: delta to gamma, as DGCNN has them


class DifferentialEntropy(nn.Module):
    """``0.5 ln(2 pi e variance)`` of each channel in each band.

    That is the entropy of a Gaussian of that variance; the variance of a band is the sum of what
    its Fourier bins hold.

    Parameters
    ----------
    n_times : int
    sfreq : float, Hz
    bands : sequence of (low, high), Hz, both ends included

    Raises
    ------
    DataError
        A band between two Fourier bins, or above half the rate.

    Examples
    --------
    >>> DifferentialEntropy(200, 200.0)(torch.randn(5, 62, 200)).shape
    torch.Size([5, 62, 5])
    """

    bins: Tensor

    def __init__(self, n_times: int, sfreq: float, bands: tuple[tuple[float, float], ...] = BANDS):
        super().__init__()
        frequencies = torch.fft.rfftfreq(n_times, 1 / sfreq)
        inside = [(frequencies >= low) & (frequencies <= high) for low, high in bands]
        for (low, high), bins in zip(bands, inside, strict=True):
            if not bins.any() or high > sfreq / 2:
                raise DataError(
                    f"no entropy of {low:g}-{high:g} Hz in {n_times} samples at {sfreq:g} Hz",
                    found=f"bins {sfreq / n_times:g} Hz apart, up to {sfreq / 2:g} Hz",
                    expected="a bin in the band, and the band below half the rate",
                    fix="windows of 1 s or more, sampled above 100 Hz",
                )
        # Bins between zero and half the rate stand for two.
        twice = 1.0 + ((frequencies > 0) & (frequencies < sfreq / 2))
        weights = torch.stack(inside, 1) * twice[:, None] / n_times**2
        self.register_buffer("bins", weights.float(), persistent=False)  # (n_bins, n_bands)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_channels, n_times) to (batch, n_channels, n_bands)."""
        variance = torch.fft.rfft(x).abs().square() @ self.bins.to(x.dtype)
        return 0.5 * (2 * math.pi * math.e * variance.clamp_min(1e-20)).log()


class Convolved(nn.Module):
    """Mean power of learned filters, the same for every channel.

    Parameters
    ----------
    n_features, kernel_length : int

    Examples
    --------
    >>> Convolved(8, 25)(torch.randn(5, 62, 200)).shape
    torch.Size([5, 62, 8])
    """

    def __init__(self, n_features: int, kernel_length: int):
        super().__init__()
        self.filters = nn.Conv1d(1, n_features, kernel_length, padding="same")

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, n_channels, n_times) to (batch, n_channels, n_features)."""
        power = self.filters(x.flatten(0, 1)[:, None]).square().mean(-1)
        return power.clamp_min(1e-6).log().unflatten(0, x.shape[:2])


NODES: dict[str, Callable[[Spec], tuple[nn.Module, int]]] = {
    "differential-entropy": lambda spec: (
        DifferentialEntropy(spec.n_times, spec.sfreq),
        len(BANDS),
    ),
    "window": lambda spec: (nn.Identity(), spec.n_times),
    "learned": lambda spec: (Convolved(16, max(1, round(spec.sfreq / 4))), 16),
}


def make_nodes(name: str, spec: Spec) -> tuple[nn.Module, int]:
    """A module (batch, n_channels, n_times) -> (batch, n_channels, n_features), and n_features.

    Parameters
    ----------
    name : "differential-entropy", "window" or "learned"
    spec : Spec

    Raises
    ------
    UnknownName
        No such features.

    Examples
    --------
    >>> make_nodes("window", Spec(22, 100, 100.0, 2))[1]
    100
    """
    if name not in NODES:
        raise UnknownName(
            "no features of nodes of that name",
            found=repr(name),
            expected=", ".join(NODES),
            fix=did_you_mean(name, NODES),
        )
    return NODES[name](spec)
