"""Finding the right item among many: ranks, and what guessing gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurodecode.core.errors import DataError


def retrieval_ranks(similarity: Any, truth: Any = None, pessimistic: bool = False) -> np.ndarray:
    """Rank of the true item of each query, 1 is best: 1 + number of items strictly better.

    Parameters
    ----------
    similarity : float array, shape (n_queries, n_gallery), higher is more similar
    truth : int array, shape (n_queries,), default: query i belongs to item i
    pessimistic : bool, default False
        Count ties as better; a large gap to the default means that scores are degenerate.

    Returns
    -------
    ranks : int array, shape (n_queries,)

    Examples
    --------
    >>> retrieval_ranks([[0.9, 0.1, 0.2], [0.8, 0.3, 0.7], [0.2, 0.3, 0.1]])
    array([1, 3, 3])
    """
    similarity = np.asarray(similarity, dtype=np.float64)
    n = len(similarity)
    truth = np.arange(n) if truth is None else np.asarray(truth)
    if similarity.ndim != 2 or len(truth) != n or not np.isfinite(similarity).all():
        raise DataError(
            "no table of similarities",
            found=f"shape {similarity.shape}, {len(truth)} true items",
            expected="(n_queries, n_gallery), finite, one true item per query",
        )
    own = similarity[np.arange(n), truth][:, None]
    if pessimistic:
        return np.sum(similarity >= own, axis=1)
    return 1 + np.sum(similarity > own, axis=1)


@dataclass(frozen=True)
class RetrievalScore:
    """What ranks amount to; say the size of the gallery wherever one is printed."""

    top1: float
    top5: float
    mrr: float
    mean_rank: float
    two_way: float
    n_gallery: int


def summarise_ranks(ranks: Any, n_gallery: int) -> RetrievalScore:
    """Shares in the first 1 and 5, mean reciprocal rank, mean rank, two-way accuracy.

    Parameters
    ----------
    ranks : int array, shape (n_queries,)
    n_gallery : int, >= 2, items each query is compared with

    Examples
    --------
    >>> round(summarise_ranks([1, 3, 3], 3).mrr, 4)
    0.5556
    """
    ranks = np.asarray(ranks, dtype=np.float64)
    return RetrievalScore(
        float(np.mean(ranks <= 1)),
        float(np.mean(ranks <= 5)),
        float(np.mean(1 / ranks)),
        float(np.mean(ranks)),
        float(np.mean((n_gallery - ranks) / (n_gallery - 1))),
        n_gallery,
    )


def retrieval_chance(n_gallery: int) -> RetrievalScore:
    """What guessing scores: every rank is as likely.

    Examples
    --------
    >>> chance = retrieval_chance(200)
    >>> chance.top1, round(chance.mrr, 4), chance.mean_rank
    (0.005, 0.0294, 100.5)
    """
    return summarise_ranks(np.arange(1, n_gallery + 1), n_gallery)
