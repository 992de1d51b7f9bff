"""Index batches, of a resident tensor or of trials that stay on disk."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from neurodecode.core.ahead import ahead


@dataclass(frozen=True, eq=False)
class MappedTrials:
    """Trials of a memory map, read and scaled when a batch asks for them.

    Stands where a resident tensor of shape (n_trials, n_channels, n_times) would: indexing by rows
    or a slice gives that part of the tensor, bit for bit, on the device.

    Parameters
    ----------
    base : float array or memory map, shape (n_base, n_channels, n_padded)
    rows : int array, shape (n_trials,)
        Trials of the base, in order.
    visible : slice
        Samples of the base that are not margin.
    mean, scale : float64 arrays, shape (n_channels,), optional
        Subtracted from, then divided into every channel.
    device : where batches go

    Examples
    --------
    >>> base = np.arange(12.0, dtype=np.float32).reshape(3, 1, 4)
    >>> trials = MappedTrials(base, np.array([2, 0]), slice(1, 3))
    >>> trials[torch.tensor([0])].tolist(), trials.shape
    ([[[9.0, 10.0]]], (2, 1, 2))
    """

    base: np.ndarray
    rows: np.ndarray
    visible: slice
    mean: np.ndarray | None = None
    scale: np.ndarray | None = None
    device: Any = "cpu"

    @property
    def shape(self) -> tuple[int, int, int]:
        """(n_trials, n_channels, n_times)."""
        _, n_channels, n_padded = self.base.shape
        return len(self.rows), n_channels, len(range(*self.visible.indices(n_padded)))

    def __len__(self) -> int:
        return len(self.rows)

    def read(self, index: np.ndarray | slice) -> np.ndarray:
        """Trials as they are on disk, shape (n, n_channels, n_times)."""
        rows, base = self.rows[index], np.asarray(self.base)  # views of a memory map are slow
        out = np.empty((len(rows), *self.shape[1:]), dtype=base.dtype)
        if out.shape[1:] == base.shape[1:]:
            # The rows are valid; only with mode="raise" would NumPy fill a buffer first.
            np.take(base, rows, axis=0, out=out, mode="clip")
        else:
            for place in np.argsort(rows, kind="stable"):  # the disk is read in one direction
                out[place] = base[rows[place], :, self.visible]
        release_pages(self.base)
        return out

    def __getitem__(self, index: Tensor | slice) -> Tensor:
        x = self.read(index if isinstance(index, slice) else index.cpu().numpy())
        if self.mean is not None and self.scale is not None:
            x = scaled(x, self.mean, self.scale)
        return torch.from_numpy(x).to(self.device)

    def index_select(self, dim: int, index: Tensor) -> MappedTrials:
        """Some of the trials, still on disk; `dim` is 0, as for tensors of trials."""
        return replace(self, rows=self.rows[index.cpu().numpy()])

    def split(self, size: int) -> Iterator[Tensor]:
        """Batches in order, read ahead of their use."""
        parts = [slice(start, start + size) for start in range(0, len(self), size)]
        return ahead(self.__getitem__, parts)

    def to(self, device: Any) -> MappedTrials:
        """The same trials, whose batches go to a device."""
        return replace(self, device=device)


def release_pages(base: np.ndarray) -> None:
    """Give the pages of a memory map back that reading it has made resident.

    They would count as this process's memory until the system wants them back. The file's cache
    keeps them: reading them again costs no disk.

    Examples
    --------
    >>> np.zeros(4, np.float32).tofile("trials")
    >>> base = np.memmap("trials", np.float32, "r")
    >>> float(base.sum()), release_pages(base), float(base.sum())
    (0.0, None, 0.0)
    """
    pages = getattr(base, "_mmap", None)
    # A map that may be written to could lose what was written.
    if isinstance(pages, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED") and base.mode == "r":  # type: ignore[attr-defined]
        pages.madvise(mmap.MADV_DONTNEED)


Trials = Tensor | MappedTrials
_BLOCK = 64  # trials: bounds the float64 copy


def scaled(x: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Channels centred and scaled in float64, then narrowed to float32, block by block.

    Centred before the narrowing: large offsets would not survive it.
    """
    out = np.empty(x.shape, dtype=np.float32)
    for start in range(0, len(x), _BLOCK):
        part = slice(start, start + _BLOCK)
        centred = x[part] - mean[:, None]
        centred /= scale[:, None]
        out[part] = centred
    return out


def batches_of(x: Any, batches: Iterable[Tensor]) -> Iterator[Any]:
    """The trials of each batch of rows; those on disk are read while the last batch is used.

    Resident trials of a restructured network (`training.restructure`) give its own batches.

    Examples
    --------
    >>> [len(each) for each in batches_of(torch.zeros(4, 1, 2), [torch.tensor([3, 1])])]
    [2]
    """
    if isinstance(x, MappedTrials):
        return ahead(x.__getitem__, batches)
    return (x[rows.to(x.device)] for rows in batches)


def index_batches(
    index: Tensor,
    batch_size: int,
    generator: torch.Generator,
    weights: Tensor | None = None,
    smallest: int = 2,
) -> list[Tensor]:
    """Shuffle trials and cut them into batches; without weights every trial comes once.

    A last batch that is too small joins the one before it: batch norm has nothing to normalise in
    a batch of one, and of several processes each needs a part.

    Parameters
    ----------
    index : int64 tensor, shape (n,)
    batch_size : int
    generator : torch.Generator, on the CPU
    weights : float tensor, shape (n,), optional
        The odds of each trial: as many are drawn as there are, with replacement.
    smallest : int, default 2

    Examples
    --------
    >>> generator = torch.Generator().manual_seed(0)
    >>> [len(b) for b in index_batches(torch.arange(9), 4, generator)]
    [4, 5]
    >>> index_batches(torch.arange(3), 4, generator, torch.tensor([0.0, 1.0, 0.0]))
    [tensor([1, 1, 1])]
    """
    if weights is None:
        drawn = index[torch.randperm(len(index), generator=generator)]
    else:
        drawn = index[torch.multinomial(weights, len(index), True, generator=generator)]
    batches = list(drawn.split(batch_size))
    if len(batches) > 1 and len(batches[-1]) < smallest:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def n_batches(n_trials: int, batch_size: int, smallest: int = 2) -> int:
    """How many batches `index_batches` gives.

    Examples
    --------
    >>> n_batches(9, 4)
    2
    """
    full, rest = divmod(n_trials, batch_size)
    return max(full + (rest >= smallest), 1)


def balancing_weights(y: np.ndarray) -> np.ndarray:
    """Odds that draw every class equally often.

    Parameters
    ----------
    y : int array, shape (n,)
        Class of each trial.

    Returns
    -------
    weights : float64 array, shape (n,)

    Examples
    --------
    >>> balancing_weights(np.array([0, 0, 0, 2]))
    array([0.33333333, 0.33333333, 0.33333333, 1.        ])
    """
    _, place, count = np.unique(y, return_inverse=True, return_counts=True)
    return 1.0 / count[place]
