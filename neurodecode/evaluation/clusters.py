"""Cluster permutation: where in time (or on a map) scores lie above chance, over people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage
from scipy.stats import t as student

from neurodecode.core.errors import DataError

_EXACT_UP_TO = 12  # people; 4096 flips
_TIE = 1e-9  # permuted masses that differ by rounding only are equal


@dataclass(frozen=True, eq=False)
class ClusterTest:
    """Cells of a map that lie in clusters, and how likely such clusters are by chance.

    Attributes
    ----------
    statistic : float64 array, the map's shape
        Student's t over people against chance.
    p : float64 array, the map's shape
        p value of the cluster each cell lies in; 1 outside clusters.
    mask : bool array, the map's shape
        True where p < 0.05. It speaks of clusters: not every cell in it differs from chance.
    n_subjects : int
    note : str, a sentence where p cannot be small

    Examples
    --------
    >>> cell = np.ones(1)
    >>> ClusterTest(4 * cell, 0.01 * cell, cell > 0, 12).mask.tolist()
    [True]
    """

    statistic: np.ndarray
    p: np.ndarray
    mask: np.ndarray
    n_subjects: int
    note: str = ""


def cluster_test(
    scores: Any,
    chance: float = 0.0,
    threshold: float = 0.05,
    n_draws: int = 999,
    random_state: int = 0,
) -> ClusterTest:
    """Where time-resolved scores of several people lie above chance (one-sided).

    Cells whose t passes the one-sided `threshold` form clusters of neighbours; the mass of a
    cluster, the sum of its t, is compared with the largest mass when the sign of every person's
    whole map (score minus chance) is flipped at random. All flips up to 12 people, else `n_draws`
    and the observed one. The chance of any cluster at all where there is nothing stays at 5 %.

    Source: Maris & Oostenveld 2007 (10.1016/j.jneumeth.2007.03.024).

    Parameters
    ----------
    scores : float array, shape (n_subjects, n_times) or (n_subjects, n_times, n_times)
        One map a person: seeds, folds and sessions averaged before. Differences of two recipes
        are tested with ``chance=0``.
    chance : float, default 0.0
    threshold : float, default 0.05, in (0, 0.5)
        p of a single cell from which it counts; it forms clusters and does not set the level.
    n_draws : int, default 999
    random_state : int, default 0

    Returns
    -------
    result : ClusterTest

    Raises
    ------
    DataError
        Fewer than two people, gaps in the scores, or a threshold out of range.

    Examples
    --------
    >>> scores = 0.5 + 0.1 * np.random.default_rng(0).normal(size=(10, 20))
    >>> scores[:, 8:12] += 0.3
    >>> cluster_test(scores, chance=0.5).mask.nonzero()[0].tolist()
    [8, 9, 10, 11]
    """
    d = np.asarray(scores, dtype=np.float64) - chance
    if d.ndim < 2 or len(d) < 2 or not np.isfinite(d).all() or not 0 < threshold < 0.5:
        raise DataError(
            "no test of these maps",
            found=f"shape {d.shape}, {int((~np.isfinite(d)).sum())} gaps, threshold {threshold}",
            expected="(n_subjects >= 2, n_times, ...) without gaps, threshold in 0 to 0.5",
        )
    n, shape = len(d), d.shape[1:]
    limit = float(student.isf(threshold, n - 1))
    observed = _t_maps(np.ones((1, n)), d)[0]
    cluster, masses = cluster_masses(observed.reshape(shape), limit)
    p_of = np.ones(len(masses) + 1)
    if len(masses):
        maps = _t_maps(_flips(n, n_draws, random_state), d)
        null = [cluster_masses(each.reshape(shape), limit)[1].max(initial=0.0) for each in maps]
        p_of[1:] = (np.array(null)[:, None] >= masses - _TIE).mean(axis=0)
    p, smallest = p_of[cluster], 2.0**-n
    note = f"{n} people cannot reach p < .05: at least 5." if smallest >= 0.05 else ""
    return ClusterTest(observed.reshape(shape), p, p < 0.05, n, note)


def cluster_masses(
    values: np.ndarray, threshold: Any, centre: Any = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Cluster number of every cell (0: none), and the mass of clusters 1, 2, ...

    Parameters
    ----------
    values : float array, any shape; cells that touch along an axis are neighbours
    threshold : float or array like `values`; cells above it form clusters
    centre : float or array like `values`, default 0.0; what masses count from

    Examples
    --------
    >>> cluster, masses = cluster_masses(np.array([0.0, 3, 4, 0, 5]), 2.0)
    >>> cluster.tolist(), masses.tolist()
    ([0, 1, 1, 0, 2], [7.0, 5.0])
    """
    labelled: Any = ndimage.label(values > threshold)
    cluster, count = labelled
    masses = ndimage.sum_labels(values - centre, cluster, np.arange(1, count + 1))
    return cluster, np.asarray(masses, dtype=np.float64)


def _flips(n: int, n_draws: int, random_state: int) -> np.ndarray:
    """Signs, shape (n_flips, n), the observed ones among them."""
    if n <= _EXACT_UP_TO:
        return 1.0 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    signs = np.random.default_rng(random_state).integers(0, 2, size=(n_draws, n)) * 2.0 - 1
    return np.concatenate([np.ones((1, n)), signs])


def _t_maps(signs: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Student's t of every cell, (n_flips, n_cells); flips leave the sums of squares alone."""
    n, flat = len(d), d.reshape(len(d), -1)
    mean = signs @ flat / n
    variance = np.maximum((flat**2).sum(axis=0) - n * mean**2, 0) / (n - 1)
    error = np.sqrt(variance / n)
    # equal in all people: no spread, and no t; nothing where they are all at chance
    return np.divide(mean, error, out=np.zeros_like(mean), where=error > 1e-12 * np.abs(mean))
