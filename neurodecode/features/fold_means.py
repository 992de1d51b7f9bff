"""Riemannian means of folds, kept a while: recipes of a grid ask for the same ones."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from neurodecode.core.stamps import array_digest, digest
from neurodecode.linalg.spd import riemannian_means

# Means are small beside the trials they are of: these hold the folds of as many people.
_KEPT = 32
_kept: OrderedDict[str, np.ndarray] = OrderedDict()


def fold_means(matrices: np.ndarray, subsets: Sequence[np.ndarray], where: str) -> np.ndarray:
    """`riemannian_means`, and the same array again where the same means were asked for before.

    Parameters
    ----------
    matrices : float64 array, shape (n_matrices, n, n), symmetric positive definite
    subsets : sequence of int arrays, rows of `matrices`
    where : str
        Named in errors and warnings.

    Returns
    -------
    means : float64 array, shape (n_subsets, n, n), read-only

    Raises
    ------
    DataError
        A matrix has not full rank.

    Examples
    --------
    >>> matrices = np.array([np.diag([1.0, 4.0]), np.diag([4.0, 1.0])])
    >>> fold_means(matrices, [np.array([0, 1])], "example").round(9)[0].tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """
    rows = [array_digest(np.asarray(subset)) for subset in subsets]
    key = digest([array_digest(matrices), rows])
    if key not in _kept:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            means = riemannian_means(matrices, subsets, where)
        means.flags.writeable = False
        if caught:  # who asks next must hear the same
            for each in caught:
                warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
            return means
        _kept[key] = means
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    _kept.move_to_end(key)
    return _kept[key]
