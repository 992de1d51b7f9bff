"""Ollivier-Ricci curvature of graphs and the flow that evens it out.

Ollivier: "Ricci curvature of Markov chains on metric spaces", Journal of Functional Analysis
256(3) 810-864, 2009, arXiv:math/0701886.
"""

from __future__ import annotations

import numpy as np

from neurodecode.core.errors import DataError


def curvature(lengths: np.ndarray, alpha: float = 0.5) -> np.ndarray:
    """``1 - W1(m_x, m_y) / d(x, y)`` of every edge: are the neighbours closer than the ends?

    m_x holds `alpha` at x and the rest in equal parts on its neighbours; W1 is the exact transport
    cost (linear programme) between m_x and m_y, d the shortest path.

    Parameters
    ----------
    lengths : float array, shape (n_nodes, n_nodes), symmetric
        Length of each edge; 0 where there is none.
    alpha : float in [0, 1)

    Returns
    -------
    curvature : float64 array like `lengths`, 0 where there is no edge

    Raises
    ------
    DataError
        Lengths that are not symmetric, or negative, or `alpha` outside [0, 1).

    Examples
    --------
    >>> triangle = 1.0 - np.eye(3)
    >>> curvature(triangle).round(6)[0]
    array([0.  , 0.75, 0.75])
    """
    lengths = _checked(lengths, alpha)
    distances = _shortest_paths(lengths)
    measures = [_measure(lengths, node, alpha) for node in range(len(lengths))]
    result = np.zeros_like(lengths)
    for x, y in zip(*np.nonzero(np.triu(lengths)), strict=True):
        cost = transport_cost(measures[x], measures[y], distances)
        result[x, y] = result[y, x] = 1 - cost / distances[x, y]
    return result


def ricci_flow(
    lengths: np.ndarray, n_sweeps: int = 5, step: float = 0.3, alpha: float = 0.5
) -> np.ndarray:
    """Shorten edges of positive curvature, stretch those of negative: ``w <- w (1 - step kappa)``.

    The total length is kept. Edges within a cluster shrink, bridges between clusters grow.

    Parameters
    ----------
    lengths, alpha
        As in `curvature`.
    n_sweeps : int
    step : float in (0, 1)

    Returns
    -------
    lengths : float64 array like `lengths`

    Raises
    ------
    DataError
        As `curvature`, or a step outside (0, 1).

    Examples
    --------
    >>> ricci_flow(1.0 - np.eye(3))[0]  # nothing to even out
    array([0., 1., 1.])
    """
    if not 0 < step < 1:
        raise DataError("not a step of a flow", found=f"step={step}", expected="in (0, 1)")
    lengths = _checked(lengths, alpha)
    total = lengths.sum()
    for _ in range(n_sweeps):
        lengths = lengths * (1 - step * curvature(lengths, alpha))
        lengths = lengths * (total / lengths.sum())
    return lengths


def transport_cost(source: np.ndarray, target: np.ndarray, distances: np.ndarray) -> float:
    """Least cost of moving one distribution onto another, exactly.

    Parameters
    ----------
    source, target : float array, shape (n_nodes,), sum 1
    distances : float array, shape (n_nodes, n_nodes)

    Examples
    --------
    >>> transport_cost(np.array([1.0, 0.0]), np.array([0.5, 0.5]), np.array([[0, 3], [3, 0]]))
    1.5
    """
    from scipy.optimize import linprog

    # What both hold at a place stays there: a shortest path never pays to go round.
    moved, wanted = np.clip(source - target, 0, None), np.clip(target - source, 0, None)
    givers, takers = np.flatnonzero(moved > 1e-15), np.flatnonzero(wanted > 1e-15)
    if not len(givers):
        return 0.0
    cost = distances[np.ix_(givers, takers)]
    if len(givers) == 1 or len(takers) == 1:  # one way only
        return float(np.sum(cost * np.outer(moved[givers], wanted[takers])) / moved.sum())
    rows = np.repeat(np.eye(len(givers)), len(takers), axis=1)
    columns = np.tile(np.eye(len(takers)), len(givers))
    found = linprog(
        cost.ravel(),
        A_eq=np.vstack([rows, columns[:-1]]),  # the last sum follows from the others
        b_eq=np.concatenate([moved[givers], wanted[takers][:-1]]),
        method="highs",
    )
    return float(found.fun)


def _measure(lengths: np.ndarray, node: int, alpha: float) -> np.ndarray:
    neighbours = np.flatnonzero(lengths[node])
    measure = np.zeros(len(lengths))
    measure[node] = alpha if len(neighbours) else 1.0
    measure[neighbours] = (1 - alpha) / max(len(neighbours), 1)
    return measure


def _shortest_paths(lengths: np.ndarray) -> np.ndarray:
    from scipy.sparse.csgraph import shortest_path

    return shortest_path(lengths, directed=False)


def _checked(lengths: np.ndarray, alpha: float) -> np.ndarray:
    lengths = np.array(lengths, dtype=float)
    square = lengths.ndim == 2 and lengths.shape[0] == lengths.shape[1]
    if not square or not np.allclose(lengths, lengths.T) or not (lengths >= 0).all():
        raise DataError(
            "not the lengths of a graph's edges",
            found=f"an array of shape {lengths.shape}",
            expected="a square symmetric matrix without negative or missing numbers",
        )
    if not 0 <= alpha < 1:
        raise DataError("not a share", found=f"alpha={alpha}", expected="in [0, 1)")
    np.fill_diagonal(lengths, 0)
    return lengths
