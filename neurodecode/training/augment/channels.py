"""Augmentations of channels one by one."""

from __future__ import annotations

import torch
from torch import Tensor

from neurodecode.training.augment.facts import Facts, check_between, chosen, uniform
from neurodecode.training.loop import Augmentation


def channel_dropout(facts: Facts, share: float = 0.2, probability: float = 0.5) -> Augmentation:
    """Set channels to zero, each on its own; one of them always stays.

    Parameters
    ----------
    facts : Facts
    share : float, default 0.2
        Probability of each channel to go.
    probability : float, default 0.5
        Of a trial losing channels at all.

    Notes
    -----
    Saeed, Grangier, Pietquin, Zeghidour 2020, arXiv 2010.13694. Nothing is scaled up in return:
    a missing electrode does not make its neighbours louder.

    Examples
    --------
    >>> from neurodecode.core import Spec
    >>> drop = channel_dropout(Facts(Spec(4, 2, 1.0, 2), (), torch.ones(4)), 1.0, probability=1.0)
    >>> drop(torch.ones(1, 4, 2), torch.zeros(1), torch.Generator())[0].sum()
    tensor(2.)
    """
    check_between("channel-dropout: share", share, 0.0, 1.0)
    check_between("channel-dropout: probability", probability, 0.0, 1.0)

    def apply(x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        n, n_channels, _ = x.shape
        drawn = uniform((n, n_channels), 0.0, 1.0, generator, x)
        gone = (drawn < share) & (drawn < drawn.max(dim=1, keepdim=True).values)
        gone &= chosen(n, probability, generator, x)[:, None]
        return x.masked_fill(gone[:, :, None], 0.0), y

    return apply
