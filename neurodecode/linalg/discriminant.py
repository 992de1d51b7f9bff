"""Linear discriminants of classes that share a covariance, which is shrunk class by class."""

from __future__ import annotations

import numpy as np
from scipy.linalg import lstsq

from neurodecode.linalg.covariance import trial_covariances


def shrinkage_discriminant(
    features: np.ndarray, labels: np.ndarray, priors: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights and offsets of linear discriminant functions.

    Parameters
    ----------
    features : float64 array, shape (n_trials, n_features)
    labels : array, shape (n_trials,), at least two classes
    priors : float array, shape (n_classes,), optional
        Default: as frequent as in `labels`.

    Returns
    -------
    classes : array, shape (n_classes,), sorted
    weights : float64 array, shape (n_classes, n_features); for two classes their difference, (1, .)
    offsets : float64 array, shape (n_classes,) or (1,)

    Notes
    -----
    The covariance is the mean over classes, weighed by the priors, of standardized features'
    covariances with Ledoit and Wolf's shrinkage, scaled back. Equal to scikit-learn's
    ``LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")``, which checks its input in
    every class anew: on the few features of spatial filters that takes ten times as long as the
    fit. Source: Blankertz et al. 2011, 10.1016/j.neuroimage.2010.06.048.

    Examples
    --------
    >>> X = np.array([[0.0], [2.0], [4.0], [6.0]])
    >>> _, weights, offsets = shrinkage_discriminant(X, np.array([0, 0, 1, 1]))
    >>> (weights @ [3.0] + offsets).round(9).tolist()  # midway between the classes
    [0.0]
    """
    classes, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    shares = counts / len(labels) if priors is None else priors
    means = np.empty((len(classes), features.shape[1]))
    covariance = np.zeros((features.shape[1],) * 2)
    for number, share in enumerate(shares):
        own = features[place == number]
        means[number] = own.mean(axis=0)
        scale = _scales(own)
        standard = (own - means[number]) / scale
        shrunk = trial_covariances(standard.T[None], "lwf")[0]
        covariance += share * scale[:, None] * shrunk * scale
    weights = np.asarray(lstsq(covariance, means.T)[0]).T  # pyright: ignore[reportOptionalSubscript]
    offsets = np.log(shares) - 0.5 * np.einsum("cf,cf->c", means, weights)
    if len(classes) == 2:
        weights, offsets = np.diff(weights, axis=0), np.diff(offsets)
    return classes, weights, offsets


def _scales(x: np.ndarray) -> np.ndarray:
    """Standard deviation of each feature; 1 where rounding is all that varies."""
    variance, mean, eps = x.var(axis=0), x.mean(axis=0), np.finfo(np.float64).eps
    constant = variance <= len(x) * eps * variance + (len(x) * mean * eps) ** 2
    return np.where(constant, 1.0, np.sqrt(variance))
