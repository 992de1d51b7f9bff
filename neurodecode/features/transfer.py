"""Transfer between subjects and sessions behind a re-centring: re-scale and rotate, by labels."""

from __future__ import annotations

import warnings

import numpy as np

from neurodecode.core.domains import rows_by_domain, target_rows
from neurodecode.core.epochs import Epochs
from neurodecode.core.inputs import check_labels
from neurodecode.core.step import Step
from neurodecode.features.covariance import check_estimator
from neurodecode.linalg.covariance import trial_covariances
from neurodecode.linalg.procrustes import least_rotation, matrix_rotation
from neurodecode.linalg.rank import range_basis
from neurodecode.linalg.spd import riemannian_means, squared_distances, tangent_vectors
from neurodecode.linalg.spd_metrics import power


class _Procrustes(Step):
    """Dispersion and class means of every training domain, and what brings them together."""

    scope = "train"
    estimator: str
    by: str | None
    rescale: bool
    rotate: bool

    # ------------------------------------------------------------------ what subclasses write
    def _points(self, matrices: np.ndarray) -> np.ndarray:
        """Covariances as points around their common centre, first axis trials."""
        raise NotImplementedError

    def _dispersion(self, points: np.ndarray) -> float:
        raise NotImplementedError

    def _scaled(self, points: np.ndarray, dispersion: float) -> np.ndarray:
        raise NotImplementedError

    def _means(self, points: np.ndarray, subsets: list[np.ndarray]) -> np.ndarray:
        raise NotImplementedError

    def _rotation(self, means: np.ndarray, reference: np.ndarray) -> np.ndarray:
        """Rotation of class means onto those of the reference."""
        raise NotImplementedError

    def _rotated(self, points: np.ndarray, rotation: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    # ------------------------------------------------------------------ learn and apply
    def _fit(self, X: Epochs, y: np.ndarray | None) -> None:
        name = type(self).__name__
        check_estimator(self.estimator, name)
        labels = check_labels(y, len(X), name)
        matrices = trial_covariances(X.data, self.estimator, X.rank)
        self.basis_ = range_basis(matrices.mean(axis=0), name)
        points = self._points(self._within(matrices))
        domains = rows_by_domain(X.trials, self.by, name)
        self.dispersions_ = {
            domain: self._dispersion(points[rows]) for domain, rows in domains.items()
        }
        # Unseen domains get what training domains have in the middle.
        self.mean_dispersion_ = float(np.exp(np.mean(np.log(list(self.dispersions_.values())))))
        for domain, rows in domains.items():
            points[rows] = self._scale(points[rows], domain)
        self.rotations_ = {}
        if self.rotate:
            self._fit_rotations(points, labels, domains, ~target_rows(X.trials), name)

    def _fit_rotations(
        self,
        points: np.ndarray,
        labels: np.ndarray,
        domains: dict[str, np.ndarray],
        source: np.ndarray,
        name: str,
    ) -> None:
        classes = np.unique(labels[source])
        reference = self._means(points, [np.flatnonzero(source & (labels == c)) for c in classes])
        lone = [domain for domain, rows in domains.items() if source[rows].any()]
        for domain, rows in domains.items():
            if lone == [domain]:
                continue  # the one source domain is the reference
            if not np.isin(classes, labels[rows]).all():
                warnings.warn(
                    f"{name}: {domain} lacks trials of a class and is not rotated", stacklevel=4
                )
                continue
            means = self._means(points, [rows[labels[rows] == c] for c in classes])
            self.rotations_[domain] = self._rotation(means, reference)

    def _transform(self, X: Epochs) -> np.ndarray:
        matrices = trial_covariances(X.data, self.estimator, X.rank)
        points = self._points(self._within(matrices))
        for domain, rows in rows_by_domain(X.trials, self.by, type(self).__name__).items():
            points[rows] = self._scale(points[rows], domain)
            if domain in self.rotations_:
                points[rows] = self._rotated(points[rows], self.rotations_[domain])
        return points

    def _within(self, matrices: np.ndarray) -> np.ndarray:
        """Matrices in the coordinates of what the training data span."""
        return matrices if self.basis_ is None else self.basis_.T @ matrices @ self.basis_

    def _scale(self, points: np.ndarray, domain: str) -> np.ndarray:
        if not self.rescale:
            return points
        return self._scaled(points, self.dispersions_.get(domain, self.mean_dispersion_))


class ProcrustesCovariance(_Procrustes):
    """Covariances of domains that were brought together by Riemannian Procrustes analysis.

    The last two of its three moves, on epochs whose domains `RiemannianAlign` has re-centred:
    powers of the matrices give every domain the same dispersion, and a rotation brings its class
    means onto those of the source.

    Parameters
    ----------
    estimator : "oas" (default), "lwf", "scm" or "corr"
        Of the covariances.
    by : "subject" (default), "session" or None
        What a domain is, as in the alignment before.
    rescale : bool, default True
    rotate : bool, default True

    Attributes
    ----------
    dispersions_ : dict of domain -> float
        Mean squared Riemannian distance of a training domain to the identity.
    mean_dispersion_ : float
        Geometric mean of these.
    rotations_ : dict of domain -> float64 array, shape (r, r)
    basis_ : float64 array, shape (n_channels, r), or None
        What singular training data span; None: all, r = n_channels.

    Raises
    ------
    DataError
        Unknown estimator, covariances that span less than the training ones, or no labels.

    Notes
    -----
    Output: float64, shape (n_trials, r, r), r = n_channels unless they are singular. The source
    are the training trials that the column `role` of the trial table does not call "target"; the
    benchmark writes it where a split calibrates (`split("cross-subject", n_calibration=5)`).
    Training domains, the target's among them, are rotated onto the class means of all source
    trials. Domains that were not seen in `fit` are scaled by the mean dispersion and not rotated:
    rotation needs labels. Only training labels are read.

    With one source and one target these are pyRiemann's `TLScale` and `TLRotate`, except that it
    turns the source and we the target. Rotations are those of least Euclidean distance between
    the class means. Source: Rodrigues, Jutten, Congedo 2019, IEEE TBME,
    hal-01971856.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np, pandas as pd
    >>> data = np.random.default_rng(0).normal(size=(8, 2, 100))
    >>> epochs = nd.Epochs(data, channels=["C3", "C4"], sfreq=100, y=list("lrlrlrlr"),
    ...                    trials=pd.DataFrame({"subject": list("aaaabbbb")}))
    >>> nd.features.ProcrustesCovariance().fit_transform(epochs, epochs.y).shape
    (8, 2, 2)
    """

    def __init__(
        self,
        estimator: str = "oas",
        by: str | None = "subject",
        rescale: bool = True,
        rotate: bool = True,
    ):
        self.estimator = estimator
        self.by = by
        self.rescale = rescale
        self.rotate = rotate

    def _points(self, matrices: np.ndarray) -> np.ndarray:
        return matrices

    def _dispersion(self, points: np.ndarray) -> float:
        identity = np.eye(points.shape[1])
        return float(squared_distances(points, identity, "ProcrustesCovariance").mean())

    def _scaled(self, points: np.ndarray, dispersion: float) -> np.ndarray:
        return power(points, 1 / np.sqrt(dispersion))

    def _means(self, points: np.ndarray, subsets: list[np.ndarray]) -> np.ndarray:
        return riemannian_means(points, subsets, "ProcrustesCovariance")

    def _rotation(self, means: np.ndarray, reference: np.ndarray) -> np.ndarray:
        return matrix_rotation(means, reference)

    def _rotated(self, points: np.ndarray, rotation: np.ndarray) -> np.ndarray:
        return rotation @ points @ rotation.T


class TangentAlign(_Procrustes):
    """Tangent vectors of domains that were brought together by tangent space alignment.

    Parameters
    ----------
    estimator : "oas" (default), "lwf", "scm" or "corr"
        Of the covariances.
    by : "subject" (default), "session" or None
        What a domain is, as in the alignment before.
    rescale : bool, default True
        Divide the vectors of a domain by their mean norm.
    rotate : bool, default True
        Turn the class means of a domain onto those of the source.

    Attributes
    ----------
    dispersions_ : dict of domain -> float
        Mean norm of a training domain's tangent vectors.
    mean_dispersion_ : float
        Geometric mean of these.
    rotations_ : dict of domain -> float64 array, shape (n_features, n_features)
    basis_ : float64 array, shape (n_channels, r), or None
        What singular training data span; None: all, r = n_channels.

    Raises
    ------
    DataError
        Unknown estimator, covariances that span less than the training ones, or no labels.

    Notes
    -----
    Input: epochs whose domains `RiemannianAlign` has re-centred; the tangent space is that of the
    identity. Output: float64, shape (n_trials, r (r + 1) / 2). Who is source
    and what happens to unseen domains: see `ProcrustesCovariance`. The rotation solves the
    Procrustes problem of the class means in closed form and leaves every direction alone that is
    orthogonal to them, where `pyriemann.transfer.TLRotate` drops these directions (and, in version
    0.12, applies the transposed rotation).

    Source: Bleuze, Mattout, Congedo 2022, 10.3389/fnhum.2022.1049985.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np, pandas as pd
    >>> data = np.random.default_rng(0).normal(size=(8, 2, 100))
    >>> epochs = nd.Epochs(data, channels=["C3", "C4"], sfreq=100, y=list("lrlrlrlr"),
    ...                    trials=pd.DataFrame({"subject": list("aaaabbbb")}))
    >>> nd.features.TangentAlign().fit_transform(epochs, epochs.y).shape
    (8, 3)
    """

    def __init__(
        self,
        estimator: str = "oas",
        by: str | None = "subject",
        rescale: bool = True,
        rotate: bool = True,
    ):
        self.estimator = estimator
        self.by = by
        self.rescale = rescale
        self.rotate = rotate

    def _points(self, matrices: np.ndarray) -> np.ndarray:
        return tangent_vectors(matrices, np.eye(matrices.shape[1]), "TangentAlign")

    def _dispersion(self, points: np.ndarray) -> float:
        return float(np.linalg.norm(points, axis=1).mean())

    def _scaled(self, points: np.ndarray, dispersion: float) -> np.ndarray:
        return points / dispersion

    def _means(self, points: np.ndarray, subsets: list[np.ndarray]) -> np.ndarray:
        return np.stack([points[rows].mean(axis=0) for rows in subsets])

    def _rotation(self, means: np.ndarray, reference: np.ndarray) -> np.ndarray:
        return least_rotation(means, reference)

    def _rotated(self, points: np.ndarray, rotation: np.ndarray) -> np.ndarray:
        return points @ rotation
