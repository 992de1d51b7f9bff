"""Augmentations of the size of a signal."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from neurodecode.core.errors import TrainingError
from neurodecode.training.augment.facts import Facts, check_between, chosen, uniform
from neurodecode.training.loop import Augmentation


def amplitude_scale(
    facts: Facts, low: float = 0.5, high: float = 2.0, probability: float = 0.5
) -> Augmentation:
    """Multiply whole trials by one factor, drawn uniformly on a logarithmic scale.

    Parameters
    ----------
    facts : Facts
    low, high : float, defaults 0.5 and 2, with 0 < low < high
    probability : float, default 0.5

    Notes
    -----
    Mohsenvand, Izadi, Maes 2020, Machine Learning for Health, PMLR 136, 238-253; they draw on a
    linear scale, on which louder is likelier than quieter.

    Examples
    --------
    >>> from neurodecode.core import Spec
    >>> scale = amplitude_scale(Facts(Spec(1, 9, 10.0, 2), (), torch.ones(1)))
    >>> bool(scale(torch.ones(99, 1, 9), torch.zeros(99), torch.Generator())[0].max() < 2)
    True
    """
    if not 0 < low < high:
        raise TrainingError(
            "amplitude-scale: no such range", found=f"{low} to {high}", expected="0 < low < high"
        )
    check_between("amplitude-scale: probability", probability, 0.0, 1.0)
    quietest, loudest = math.log(low), math.log(high)

    def apply(x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        exponent = uniform((len(x),), quietest, loudest, generator, x)
        exponent = exponent * chosen(len(x), probability, generator, x)
        return x * exponent.exp()[:, None, None], y

    return apply


def gaussian_noise(facts: Facts, level: float = 0.1, probability: float = 0.5) -> Augmentation:
    """Add white noise to every channel.

    Parameters
    ----------
    facts : Facts
    level : float, default 0.1, 0 or more
        Standard deviation, in those of the channel over the training trials.
    probability : float, default 0.5

    Notes
    -----
    Wang, Zhong, Peng, Jiang, Liu 2018, International Conference on Multimedia Modeling, 82-93.

    Examples
    --------
    >>> from neurodecode.core import Spec
    >>> noise = gaussian_noise(Facts(Spec(1, 9, 10.0, 2), (), torch.ones(1)), level=0.0)
    >>> noise(torch.ones(1, 1, 9), torch.zeros(1), torch.Generator())[0].sum()
    tensor(9.)
    """
    check_between("gaussian-noise: level", level, 0.0, float("inf"))
    check_between("gaussian-noise: probability", probability, 0.0, 1.0)

    def apply(x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        size = level * facts.deviation.to(x)[:, None]  # (n_channels, 1)
        noise = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
        mask = chosen(len(x), probability, generator, x)[:, None, None]
        return x + size * noise * mask, y

    return apply
