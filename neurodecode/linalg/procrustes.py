"""Rotations that bring a few vectors, or a few matrices, onto others."""

from __future__ import annotations

import numpy as np

# Weight of staying put, relative to the anchors: it decides only where these decide nothing.
_STAY = 1e-9
_TRIES, _STEPS = 30, 500  # for each start, and for the best of them


def least_rotation(anchors: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Orthogonal matrix that maps anchors onto targets and moves nothing else.

    Parameters
    ----------
    anchors, targets : float arrays, shape (n_anchors, n_features)

    Returns
    -------
    rotation : float64 array, shape (n_features, n_features)
        ``anchors @ rotation`` is nearest to `targets` among all orthogonal matrices; vectors
        orthogonal to all anchors and targets stay as they are.

    Notes
    -----
    The orthogonal Procrustes problem (Schoenemann 1966, Psychometrika 31) is solved in the space
    that anchors and targets span, at most 2 n_anchors dimensions: features can be thousands.
    Where the anchors leave freedom, the solution nearest to the identity is taken.

    Examples
    --------
    >>> least_rotation(np.array([[1.0, 0, 0]]), np.array([[0, 1.0, 0]])).round(6).tolist()[2]
    [0.0, 0.0, 1.0]
    """
    both = np.concatenate([anchors, targets])
    _, values, axes = np.linalg.svd(both, full_matrices=False)
    span = axes[values > 1e-12 * values.max(initial=0.0)].T  # (n_features, n_span)
    cross = (anchors @ span).T @ (targets @ span)
    cross += _STAY * np.linalg.norm(cross) * np.eye(len(cross))
    left, _, right = np.linalg.svd(cross)
    return np.eye(both.shape[1]) + span @ (left @ right - np.eye(len(cross))) @ span.T


def matrix_rotation(matrices: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Orthogonal matrix Q that brings matrices ``Q M Q'`` nearest to others.

    Parameters
    ----------
    matrices, targets : float arrays, shape (n_anchors, n, n), symmetric positive semidefinite

    Returns
    -------
    rotation : float64 array, shape (n, n)
        Least summed squared Euclidean distance, of what the starts below lead to.

    Notes
    -----
    The sum of traces of T Q M Q' is convex in Q, so that the orthogonal matrix nearest to its
    gradient never lowers it; that is repeated until Q rests. Starts: the identity, and for each
    anchor the rotation of its eigenvectors onto those of its target, with the signs that suit the
    other anchors. `pyriemann.transfer.TLRotate` solves the same problem by steepest descent, from
    fewer starts.

    Examples
    --------
    >>> turned = matrix_rotation(np.diag([1.0, 2.0])[None], np.diag([2.0, 1.0])[None])
    >>> np.abs(turned).round(6).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    tried = [_ascended(start, matrices, targets, _TRIES) for start in _starts(matrices, targets)]
    reached = [np.sum(targets * (one @ matrices @ one.T)) for one in tried]
    return _ascended(tried[int(np.argmax(reached))], matrices, targets, _STEPS)


def _starts(matrices: np.ndarray, targets: np.ndarray) -> list[np.ndarray]:
    starts = [np.eye(matrices.shape[1])]
    for one, other in zip(matrices, targets, strict=True):
        axes, target_axes = np.linalg.eigh(one)[1], np.linalg.eigh(other)[1]
        # With D the signs of the axes, the sum over all anchors is d' K d.
        mine, theirs = axes.T @ matrices @ axes, target_axes.T @ targets @ target_axes
        starts.append((target_axes * _best_signs(np.sum(mine * theirs, axis=0))) @ axes.T)
    return starts


def _best_signs(coupling: np.ndarray) -> np.ndarray:
    """Signs d of a large d' K d: those of the first eigenvector, then flips one by one."""
    coupling = coupling - np.diag(np.diag(coupling))
    signs = np.where(np.linalg.eigh(coupling)[1][:, -1] < 0, -1.0, 1.0)
    while (gain := -signs * (coupling @ signs)).max() > 1e-12 * np.abs(coupling).max():
        signs[int(np.argmax(gain))] *= -1
    return signs


def _ascended(
    rotation: np.ndarray, matrices: np.ndarray, targets: np.ndarray, n_steps: int
) -> np.ndarray:
    for _ in range(n_steps):
        left, _, right = np.linalg.svd(np.sum(targets @ rotation @ matrices, axis=0))
        last, rotation = rotation, left @ right
        if np.linalg.norm(rotation - last) < 1e-9:
            break
    return rotation
