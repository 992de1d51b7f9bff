"""Augmentations of the spectrum."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from neurodecode.training.augment.facts import Facts, check_between, chosen, uniform
from neurodecode.training.loop import Augmentation


def frequency_mask(facts: Facts, width: float = 4.0, probability: float = 0.5) -> Augmentation:
    """Take one band out of a trial, in all channels.

    Parameters
    ----------
    facts : Facts
    width : float, Hz, default 4, at most half the sampling rate
        Of the band; it lies anywhere between 0 and the Nyquist frequency.
    probability : float, default 0.5

    Notes
    -----
    Park et al. 2019, arXiv 1904.08779; for EEG as a band-stop filter Cheng et al. 2020,
    arXiv 2007.04871. Here the Fourier coefficients of the trial are set to zero.

    Examples
    --------
    >>> from neurodecode.core import Spec
    >>> facts = Facts(Spec(1, 100, 100.0, 2), (), torch.ones(1))
    >>> mask = frequency_mask(facts, width=50.0, probability=1.0)
    >>> bool(mask(torch.rand(1, 1, 100), torch.zeros(1), torch.Generator())[0].abs().max() < 1e-6)
    True
    """
    nyquist = facts.spec.sfreq / 2
    check_between("frequency-mask: width", width, 0.0, nyquist)
    check_between("frequency-mask: probability", probability, 0.0, 1.0)

    def apply(x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        low = uniform((len(x),), 0.0, nyquist - width, generator, x)[:, None]
        hertz = torch.fft.rfftfreq(x.shape[2], 1 / facts.spec.sfreq, device=x.device)
        gone = (hertz >= low) & (hertz <= low + width)
        gone &= chosen(len(x), probability, generator, x)[:, None]
        spectrum = torch.fft.rfft(x).masked_fill(gone[:, None], 0.0)
        return torch.fft.irfft(spectrum, n=x.shape[2]), y

    return apply


def frequency_shift(facts: Facts, hertz: float = 1.0, probability: float = 0.5) -> Augmentation:
    """Move the whole spectrum of a trial up or down.

    Parameters
    ----------
    facts : Facts
    hertz : float, default 1, at most half the sampling rate
        Largest shift.
    probability : float, default 0.5

    Notes
    -----
    Rommel, Paillard, Moreau, Gramfort 2022, arXiv 2206.14483. The analytic signal, times a complex
    rotation, then its real part; the trial is padded to twice its length, so that its end does not
    leak into its start.

    Examples
    --------
    >>> from neurodecode.core import Spec
    >>> shift = frequency_shift(Facts(Spec(1, 100, 100.0, 2), (), torch.ones(1)), probability=1.0)
    >>> shift(torch.rand(2, 1, 100), torch.zeros(2), torch.Generator())[0].shape
    torch.Size([2, 1, 100])
    """
    check_between("frequency-shift: hertz", hertz, 0.0, facts.spec.sfreq / 2)
    check_between("frequency-shift: probability", probability, 0.0, 1.0)

    def apply(x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        drawn = uniform((len(x),), -hertz, hertz, generator, x)
        mask = chosen(len(x), probability, generator, x)
        time = torch.arange(x.shape[2], device=x.device, dtype=x.dtype) / facts.spec.sfreq
        angle = 2 * math.pi * drawn[:, None] * time  # (n, n_times)
        turned = analytic(x) * torch.polar(torch.ones_like(angle), angle)[:, None]
        return torch.where(mask[:, None, None], turned.real, x), y

    return apply


def analytic(x: Tensor) -> Tensor:
    """The signal whose real part is `x` and whose spectrum has no negative frequencies.

    Parameters
    ----------
    x : float tensor, shape (..., n_times)

    Returns
    -------
    signal : complex tensor, shape (..., n_times)

    Notes
    -----
    By the discrete Fourier transform, padded with zeros to twice the length.

    Examples
    --------
    >>> x = torch.cos(torch.arange(64) * math.pi / 4)
    >>> torch.allclose(analytic(x).real, x, atol=1e-6)
    True
    """
    n_padded = 2 * x.shape[-1]
    spectrum = torch.fft.fft(x, n=n_padded)
    gain = torch.zeros(n_padded, device=x.device, dtype=x.dtype)
    gain[0] = gain[n_padded // 2] = 1.0
    gain[1 : n_padded // 2] = 2.0
    return torch.fft.ifft(spectrum * gain)[..., : x.shape[-1]]
