"""Augmentations along time."""

from __future__ import annotations

import torch
from torch import Tensor

from neurodecode.training.augment.facts import Facts, check_between, chosen, uniform
from neurodecode.training.loop import Augmentation


def time_shift(facts: Facts, seconds: float = 0.1, probability: float = 0.5) -> Augmentation:
    """Move trials earlier or later, by whole samples; what leaves at one end enters as zeros.

    Parameters
    ----------
    facts : Facts
    seconds : float, default 0.1, below the length of a trial
        Largest shift.
    probability : float, default 0.5
        Of a trial being shifted.

    Notes
    -----
    Mohsenvand, Izadi, Maes 2020, Machine Learning for Health, PMLR 136, 238-253.

    Examples
    --------
    >>> from neurodecode.core import Spec
    >>> shift = time_shift(Facts(Spec(1, 3, 1.0, 2), (), torch.ones(1)), 2.0, probability=1.0)
    >>> x, _ = shift(torch.ones(1, 1, 3), torch.zeros(1), torch.Generator().manual_seed(5))
    >>> x.shape
    torch.Size([1, 1, 3])
    """
    largest = round(seconds * facts.spec.sfreq)
    check_between("time-shift: seconds", seconds, 0.0, facts.spec.duration)
    check_between("time-shift: probability", probability, 0.0, 1.0)

    def apply(x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        n, _, n_times = x.shape
        drawn = uniform((n,), -largest - 0.5, largest + 0.5, generator, x)
        shift = drawn.round().clamp(-largest, largest) * chosen(n, probability, generator, x)
        source = torch.arange(n_times, device=x.device) - shift.long()[:, None]  # (n, n_times)
        inside = (source >= 0) & (source < n_times)
        source = source.clamp(0, n_times - 1)[:, None].expand_as(x)
        return x.gather(2, source) * inside[:, None], y

    return apply


def time_mask(facts: Facts, seconds: float = 0.2, probability: float = 0.5) -> Augmentation:
    """Set one stretch of a trial to zero in all channels.

    Parameters
    ----------
    facts : Facts
    seconds : float, default 0.2, at most the length of a trial
        Length of the stretch.
    probability : float, default 0.5

    Notes
    -----
    Park et al. 2019, arXiv 1904.08779 (on spectrograms of speech); for EEG Cheng et al. 2020,
    arXiv 2007.04871.

    Examples
    --------
    >>> from neurodecode.core import Spec
    >>> mask = time_mask(Facts(Spec(1, 9, 10.0, 2), (), torch.ones(1)), 0.4, probability=1.0)
    >>> mask(torch.ones(1, 1, 9), torch.zeros(1), torch.Generator())[0].sum()
    tensor(5.)
    """
    check_between("time-mask: seconds", seconds, 0.0, facts.spec.duration)
    check_between("time-mask: probability", probability, 0.0, 1.0)
    length = round(seconds * facts.spec.sfreq)

    def apply(x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        n, _, n_times = x.shape
        first = uniform((n,), 0.0, n_times - length + 1, generator, x).floor()[:, None]
        time = torch.arange(n_times, device=x.device)
        masked = (time >= first) & (time < first + length)
        masked &= chosen(n, probability, generator, x)[:, None]
        return x.masked_fill(masked[:, None], 0.0), y

    return apply
