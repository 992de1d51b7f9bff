"""Ridge regression through the smaller Gram matrix, for many penalties and targets at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class RidgePath:
    """Ridge solutions for every penalty out of one eigenvalue problem.

    Minimizes ||Y - X W||^2 + alpha ||W||^2. With more features than rows the eigenvectors are
    those of X X' (n, n), else of X' X (p, p): the dual and the primal form give the same W.

    Examples
    --------
    >>> path = RidgePath.of(np.array([[1.0], [-1.0]]), np.array([[2.0], [-2.0]]))
    >>> path.weights(2.0).tolist()  # 4 / (2 + alpha)
    [[1.0]]
    """

    values: np.ndarray  # (r,) eigenvalues of the Gram matrix
    left: np.ndarray  # (p, r): maps to weights
    right: np.ndarray  # (r, k): targets in the basis of eigenvectors

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray) -> RidgePath:
        """From features (n, p) and targets (n, k), both centred, float64."""
        if x.shape[1] <= len(x):
            return cls.of_gram(x.T @ x, x.T @ y)
        values, vectors = np.linalg.eigh(x @ x.T)
        return cls(np.maximum(values, 0.0), x.T @ vectors, vectors.T @ y)

    @classmethod
    def of_gram(cls, gram: np.ndarray, cross: np.ndarray) -> RidgePath:
        """From X' X (p, p) and X' Y (p, k): for designs too long to hold.

        Examples
        --------
        >>> RidgePath.of_gram(2 * np.eye(1), 4 * np.eye(1)).weights(2.0).tolist()
        [[1.0]]
        """
        values, vectors = np.linalg.eigh(gram)
        return cls(np.maximum(values, 0.0), vectors, vectors.T @ cross)

    def weights(self, alpha: float | np.ndarray) -> np.ndarray:
        """W, shape (p, k), for one penalty > 0, or one per target (k,)."""
        return self.left @ (self.right / (self.values[:, None] + alpha))


def mean_eigenvalue(x: np.ndarray) -> float:
    """Mean eigenvalue of the smaller Gram matrix of a centred design: the unit of penalties.

    Examples
    --------
    >>> mean_eigenvalue(np.eye(4, 2))
    1.0
    """
    return float(np.sum(x**2) / min(x.shape))
