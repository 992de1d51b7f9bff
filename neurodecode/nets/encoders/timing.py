"""Adapters of time: sampling rate and length of the window."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from neurodecode.core import Spec
from neurodecode.core.errors import DataError
from neurodecode.linalg import polyphase, rate_ratio
from neurodecode.nets.encoders.adapter import Adapted, Adapter

POLICIES = ("crop", "zero", "tile", "error")


class Resample(Adapter):
    """The sampling rate that the encoder was trained at.

    Parameters
    ----------
    spec : Spec
    sfreq : float, Hz, > 0

    Raises
    ------
    DataError
        The two rates have no small common ratio.

    Notes
    -----
    Polyphase with an anti-aliasing filter (`linalg.polyphase`), on the CPU, without gradients.
    Where it can be done before the cut, it is better done there: a window has edges.

    Examples
    --------
    >>> Resample(Spec(1, 512, 256.0, 2), 200.0)(torch.ones(1, 1, 512)).shape
    torch.Size([1, 1, 400])
    """

    def __init__(self, spec: Spec, sfreq: float):
        ratio = rate_ratio(spec.sfreq, sfreq)
        n_times = _ceil(spec.n_times * ratio.numerator, ratio.denominator)
        did = f"{spec.sfreq:g} Hz -> {sfreq:g} Hz, {spec.n_times} -> {n_times} samples"
        if ratio == 1:
            did = f"{sfreq:g} Hz already"
        super().__init__(Adapted(replace(spec, sfreq=float(sfreq), n_times=n_times), did))
        self.ratio = ratio

    def forward(self, x: Tensor) -> Tensor:
        """x at the new rate; the first sample keeps its time."""
        if self.ratio == 1:
            return x
        out = polyphase(x.detach().cpu().numpy(), self.ratio)
        return torch.from_numpy(out).to(x.device)

    def real(self, n_times: int) -> int:
        """Samples at the new rate."""
        return _ceil(n_times * self.ratio.numerator, self.ratio.denominator)


class WindowFit(Adapter):
    """A whole number of patches.

    Parameters
    ----------
    spec : Spec
    multiple : int, >= 1
        Samples of one patch.
    min_times, max_times : int, optional
        Fewest and most samples. Longer windows are refused, never cut in silence.
    policy : "crop", "zero", "tile" or "error", default "crop"
        What becomes of a rest: cut off, filled up with zeros (tokens of zeros alone count as
        padding), filled up by repeating the window, or refused.

    Raises
    ------
    DataError
        The window is longer than `max_times`, shorter than one patch with "crop", or has a rest
        with "error".

    Examples
    --------
    >>> fit = WindowFit(Spec(1, 450, 200.0, 2), 200, policy="zero")
    >>> fit(torch.ones(1, 1, 450)).shape, fit.real(450)
    (torch.Size([1, 1, 600]), 450)
    """

    def __init__(
        self,
        spec: Spec,
        multiple: int,
        min_times: int = 1,
        max_times: int | None = None,
        policy: str = "crop",
    ):
        if policy not in POLICIES:
            raise DataError("no such policy", found=repr(policy), expected=", ".join(POLICIES))
        limits = (multiple, max(min_times, 1), max_times, policy)
        n_times = _fitted(spec.n_times, spec.sfreq, *limits)
        did = f"{spec.n_times} -> {n_times} samples ({policy})"
        if n_times == spec.n_times:
            did = f"{n_times} samples: {n_times // multiple} x {multiple}"
        super().__init__(Adapted(replace(spec, n_times=n_times), did))
        self.limits = limits

    def forward(self, x: Tensor) -> Tensor:
        """x with a whole number of patches; the first sample stays."""
        n = _fitted(x.shape[-1], self.spec.sfreq, *self.limits)
        if n <= x.shape[-1]:
            return x[..., :n]
        if self.limits[-1] == "zero":
            return functional.pad(x, (0, n - x.shape[-1]))
        return x.repeat(1, 1, _ceil(n, x.shape[-1]))[..., :n]

    def real(self, n_times: int) -> int:
        """Samples of the window that are no zeros of ours."""
        fitted = _fitted(n_times, self.spec.sfreq, *self.limits)
        return min(n_times, fitted) if self.limits[-1] == "zero" else fitted


def _fitted(n: int, sfreq: float, multiple: int, least: int, most: int | None, policy: str) -> int:
    """Samples of the fitted window; refused where the policy has none."""
    up = max(_ceil(n, multiple), _ceil(least, multiple)) * multiple
    fitted = n // multiple * multiple if policy == "crop" else up
    longest = n if most is None else most
    if fitted < max(least, multiple) or n > longest or (policy == "error" and fitted != n):
        shortest = _ceil(max(least, multiple), multiple) * multiple
        upper = f" to {longest / sfreq:g}" if most is not None else ""
        raise DataError(
            "this encoder cannot take windows of this length",
            found=f"{n} samples ({n / sfreq:g} s at {sfreq:g} Hz)",
            expected=f"{shortest / sfreq:g}{upper} s, in patches of {multiple / sfreq:g} s",
            fix="cut other windows: rec.epoch(tmin=, tmax=) or rec.windows(length=)",
        )
    return fitted


def _ceil(a: int, b: int) -> int:
    return -(-a // b)
