"""Index batches of a resident tensor."""

from __future__ import annotations

import torch
from torch import Tensor


def index_batches(index: Tensor, batch_size: int, generator: torch.Generator) -> list[Tensor]:
    """Shuffle trials and cut them into batches; every trial comes once.

    A last batch of one trial joins the one before it: batch norm has nothing to normalise there.

    Parameters
    ----------
    index : int64 tensor, shape (n,)
    batch_size : int
    generator : torch.Generator, on the CPU

    Examples
    --------
    >>> generator = torch.Generator().manual_seed(0)
    >>> [len(b) for b in index_batches(torch.arange(9), 4, generator)]
    [4, 5]
    """
    shuffled = index[torch.randperm(len(index), generator=generator)]
    batches = list(shuffled.split(batch_size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def n_batches(n_trials: int, batch_size: int) -> int:
    """How many batches `index_batches` gives.

    Examples
    --------
    >>> n_batches(9, 4)
    2
    """
    full, rest = divmod(n_trials, batch_size)
    return max(full + (rest > 1 or (rest == 1 and full == 0)), 1)
