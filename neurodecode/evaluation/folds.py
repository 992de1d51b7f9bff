"""Who goes to which fold, without a random generator.

Generator streams may change between releases and `hash()` changes per process; SHA-256 of text
does neither. A trial's fold depends on its id, its class and the seed, never on its row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

SPLIT_VERSION = 1


def fold_key(*parts: object, inner: bool = False) -> str:
    """SHA-256, as hex, of ``"split-1|part|part|..."``; inner splits append ``"|inner"``.

    Examples
    --------
    >>> fold_key("demo", "S01", "0", 0, "run1/000")[:16]
    '5ce1f3fea8054f1f'
    """
    text = "|".join([f"split-{SPLIT_VERSION}", *map(str, parts), *(["inner"] if inner else [])])
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def deal(keys: Sequence[str], label: np.ndarray, k: int) -> np.ndarray:
    """Deal items to k folds like cards, class by class, in the order of their keys.

    Each class starts at the fold where the last one stopped, so fold sizes differ by at most one
    in all and within every class.

    Parameters
    ----------
    keys : sequence of str, length n
    label : int array, shape (n,)
    k : int, > 0

    Returns
    -------
    fold : int array, shape (n,)

    Examples
    --------
    >>> deal(["c", "a", "b"], np.array([0, 0, 1]), 2)
    array([1, 0, 0])
    """
    fold = np.empty(len(keys), dtype=np.int64)
    order = sorted(range(len(keys)), key=lambda i: (label[i], keys[i]))
    fold[order] = np.arange(len(keys)) % k
    return fold


def cut_blocks(sizes: np.ndarray, k: int) -> np.ndarray:
    """Cut groups that follow each other in time into k contiguous pieces of similar size.

    Parameters
    ----------
    sizes : int array, shape (n_groups,), trials in each group, in time order
    k : int, 1 <= k <= n_groups

    Returns
    -------
    fold : int array, shape (n_groups,), ascending

    Examples
    --------
    >>> cut_blocks(np.array([1, 1, 1, 1, 1]), 2)
    array([0, 0, 1, 1, 1])
    """
    centre = np.cumsum(sizes) - sizes / 2
    fold = np.minimum((centre * k / sizes.sum()).astype(np.int64), k - 1)
    if len(np.unique(fold)) < k:  # one group outweighs a piece: equal numbers of groups instead
        fold = np.arange(len(sizes)) * k // len(sizes)
    return fold


def label_runs(label: np.ndarray) -> np.ndarray:
    """Number of the run of equal labels that each trial of a time-ordered session lies in.

    Examples
    --------
    >>> label_runs(np.array([0, 0, 1, 1, 0]))
    array([0, 0, 1, 1, 2])
    """
    return np.concatenate([[0], np.cumsum(label[1:] != label[:-1])]).astype(np.int64)


def comes_in_blocks(label: np.ndarray) -> bool:
    """Whether labels of a time-ordered session stay constant over blocks of more than 3 trials.

    True if nine trials in ten lie in runs of more than 3 equal labels, and there are fewer runs
    than a random order gives by 3 s.d. (a rare class makes long runs by chance).

    Source: the runs test of Wald & Wolfowitz 1940, for several classes (Mood 1940).

    Examples
    --------
    >>> comes_in_blocks(np.repeat([0, 1, 0, 1], 20)), comes_in_blocks(np.tile([0, 1], 40))
    (True, False)
    """
    n = len(label)
    if n < 2 or len(np.unique(label)) < 2:
        return False
    lengths = np.bincount(label_runs(label))
    in_long_runs = lengths[lengths > 3].sum() / n
    counts = np.bincount(label).astype(float)
    squares, cubes = np.sum(counts**2), np.sum(counts**3)
    expected = 1 + n - squares / n
    variance = (squares * (squares + n * (n + 1)) - 2 * n * cubes - n**3) / (n**2 * (n - 1))
    too_few = len(lengths) < expected - 3 * np.sqrt(variance)
    return bool(in_long_runs >= 0.9 and too_few)
