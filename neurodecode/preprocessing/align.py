"""Alignment of subjects and sessions: every domain gets the same mean covariance."""

from __future__ import annotations

import numpy as np

from neurodecode.core.domains import rows_by_domain
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.step import Step
from neurodecode.linalg.covariance import SHRINKAGES, trial_covariances
from neurodecode.linalg.rank import range_basis
from neurodecode.linalg.spd import inverse_sqrt, riemannian_mean, second_moment
from neurodecode.linalg.spd_metrics import geodesic

MODES = ("none", "calibration", "transductive", "online")


class _Align(Step):
    """Whitening of each domain by a mean of its trials' covariances; subclasses say which."""

    scope = "domain"
    by: str | None
    adapt: str
    n_calibration: int

    @property
    def transductive(self) -> bool:
        return self.adapt == "transductive"

    def calibration_mask(self, epochs: Epochs) -> np.ndarray:
        """Trials of unseen domains that calibration used: leave these out of scores.

        Parameters
        ----------
        epochs : Epochs

        Returns
        -------
        mask : bool array, shape (n_trials,)
        """
        mask = np.zeros(len(epochs), dtype=bool)
        if self.adapt == "calibration":
            for domain, rows in self._domains(epochs).items():
                if domain not in self.references_:
                    mask[rows[: self.n_calibration]] = True
        return mask

    # ------------------------------------------------------------------ what subclasses write
    def _matrices(self, data: np.ndarray) -> np.ndarray:
        """Covariance of each trial, (n_trials, n, n)."""
        raise NotImplementedError

    def _mean(self, matrices: np.ndarray) -> np.ndarray:
        """Mean of matrices that are positive definite where the training data are."""
        raise NotImplementedError

    def _means_so_far(self, matrices: np.ndarray) -> np.ndarray:
        """Mean of the first, the first two, ... matrices, shape of `matrices`."""
        raise NotImplementedError

    # ------------------------------------------------------------------ learn and apply
    def _fit(self, X: Epochs, y: np.ndarray | None) -> None:
        self._check_arguments()
        name = type(self).__name__
        matrices = self._matrices(X.data)
        self.basis_ = range_basis(matrices.mean(axis=0), name, X.rank)
        self.references_ = {}
        for domain, rows in self._domains(X).items():
            self._roots(matrices[rows].mean(axis=0), f"{name}, {domain}")  # refuses lost rank
            self.references_[domain] = self._mean(matrices[rows])
        self.mean_reference_ = self._mean(np.stack(list(self.references_.values())))

    def _transform(self, X: Epochs) -> Epochs:
        padded = X.padded()
        out = np.empty_like(padded)
        for domain, rows in self._domains(X).items():
            where = f"{type(self).__name__}, {domain}"
            if domain in self.references_:
                roots = self._roots(self.references_[domain][None], where)
            else:
                roots = self._roots(self._adapted(X[rows]), where)
            out[rows] = np.matmul(roots.astype(padded.dtype), padded[rows])
        return X.with_data(out, channels=X.channels.replace(units=""), pad=X.pad)

    def _roots(self, references: np.ndarray, where: str) -> np.ndarray:
        """R^(-1/2), inside what the training data span; shape of `references`."""
        return self._outward(inverse_sqrt(self._inward(references), where))

    def _inward(self, matrices: np.ndarray) -> np.ndarray:
        """Matrices in the coordinates of what the training data span."""
        return matrices if self.basis_ is None else self.basis_.T @ matrices @ self.basis_

    def _outward(self, matrices: np.ndarray) -> np.ndarray:
        return matrices if self.basis_ is None else self.basis_ @ matrices @ self.basis_.T

    def _adapted(self, epochs: Epochs) -> np.ndarray:
        """R for trials of one unseen domain in time order, shape (n_trials or 1, n, n)."""
        if self.adapt == "none":
            return self.mean_reference_[None]
        matrices = self._matrices(epochs.data)
        if self.adapt == "transductive":
            return self._mean(matrices)[None]
        n = len(matrices)
        if self.adapt == "online":
            past = self._means_so_far(matrices)[:-1]
            running = np.concatenate([self.mean_reference_[None], past])
            enough = np.arange(n) * epochs.shape[2] >= 2 * epochs.shape[1]
            return np.where(enough[:, None, None], running, self.mean_reference_)
        later = np.arange(n) >= self.n_calibration
        calibrated = self._mean(matrices[: self.n_calibration])
        return np.where(later[:, None, None], calibrated, self.mean_reference_)

    def _domains(self, epochs: Epochs) -> dict[str, np.ndarray]:
        """Rows of each domain, in time order."""
        return rows_by_domain(epochs.trials, self.by, type(self).__name__)

    def _check_arguments(self) -> None:
        name = type(self).__name__
        if self.adapt not in MODES:
            raise DataError(
                f"{name}: no such adapt",
                found=repr(self.adapt),
                expected=", ".join(map(repr, MODES)),
                fix=did_you_mean(str(self.adapt), MODES),
            )
        if self.n_calibration < 1:
            raise DataError(
                f"{name}: no calibration trials",
                found=f"n_calibration={self.n_calibration}",
                expected="at least 1",
            )


class EuclideanAlign(_Align):
    """Whiten each domain by the mean covariance of its trials: x -> R^(-1/2) x.

    Parameters
    ----------
    by : "subject" (default), "session" or None
        What a domain is: a subject, a session of a subject, or everything at once.
    adapt : "none" (default), "calibration", "transductive" or "online"
        What R is for domains that were not seen in `fit`; see Notes.
    n_calibration : int, default 10
        Trials for "calibration"; ten suffice for 22 channels.

    Attributes
    ----------
    references_ : dict of domain -> float64 array, shape (n_channels, n_channels)
        R of each training domain.
    mean_reference_ : float64 array, shape (n_channels, n_channels)
    basis_ : float64 array, shape (n_channels, rank), or None
        What singular training data span (average reference, removed components); None: all.
    transductive : bool
        True when predictions of one test trial depend on later ones; results say so.

    Raises
    ------
    DataError
        The covariance of a domain spans less than that of the training domains.

    Notes
    -----
    R of a domain that was not seen in `fit`, by `adapt`:

    - "none": the mean R of the training domains;
    - "calibration": the mean over the first `n_calibration` trials of the domain, which are
      themselves aligned as "none" and should not be scored (`calibration_mask`);
    - "transductive": the mean over all given trials of the domain, later ones too;
    - "online": the running mean over past trials; the training mean until these have twice as
      many samples as there are channels, which one trial mostly has.

    Labels are never used. Training domains keep the R of their training trials, at test too.
    Trials count in time order (session, run, onset). Singular data are whitened in the space that
    they span, with a warning in `fit`: their rank stays. EA assumes that classes are equally
    frequent in every domain: trained at 50/50 and tested at 90/10 it can lose against no
    alignment.

    Source: He, Wu 2020, 10.1109/TBME.2019.2913914. Public code often aligns test subjects with
    all their trials without saying so; here this is `adapt="transductive"`.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> data = np.random.default_rng(0).normal(size=(20, 2, 100)) * [[1.0], [5.0]]
    >>> epochs = nd.Epochs(data, channels=["C3", "C4"], sfreq=100)
    >>> out = nd.preprocessing.EuclideanAlign().fit_transform(epochs)
    >>> bool(np.allclose(np.einsum("nct,ndt->cd", out.data, out.data) / 2000, np.eye(2)))
    True
    """

    def __init__(self, by: str | None = "subject", adapt: str = "none", n_calibration: int = 10):
        self.by = by
        self.adapt = adapt
        self.n_calibration = n_calibration

    def _matrices(self, data: np.ndarray) -> np.ndarray:
        return second_moment(data)

    def _mean(self, matrices: np.ndarray) -> np.ndarray:
        return matrices.mean(axis=0)

    def _means_so_far(self, matrices: np.ndarray) -> np.ndarray:
        return np.cumsum(matrices, axis=0) / np.arange(1, len(matrices) + 1)[:, None, None]


class RiemannianAlign(_Align):
    """Whiten each domain by the Riemannian mean of its trials' covariances.

    After it the covariances of every domain have the identity as their mean: re-centring.

    Parameters
    ----------
    by : "subject" (default), "session" or None
        What a domain is: a subject, a session of a subject, or everything at once.
    adapt : "none" (default), "calibration", "transductive" or "online"
        What the mean R is for domains that were not seen in `fit`, as in `EuclideanAlign`.
        "online" moves R along the geodesic to each trial that has passed, by 1 / n.
    n_calibration : int, default 10
        Trials for "calibration".
    estimator : "scm" (default), "oas" or "lwf"
        Of the covariances that are averaged.

    Attributes
    ----------
    references_ : dict of domain -> float64 array, shape (n_channels, n_channels)
        R of each training domain.
    mean_reference_ : float64 array, shape (n_channels, n_channels)
        Riemannian mean of these.
    basis_ : float64 array, shape (n_channels, rank), or None
        What singular training data span (average reference, removed components); None: all.
    transductive : bool
        True when predictions of one test trial depend on later ones; results say so.

    Raises
    ------
    DataError
        Covariances that span less than those of the training domains, such as "scm" of trials
        with fewer samples than channels.

    Notes
    -----
    Acts on signals, x -> R^(-1/2) x, so that everything may follow it. With "scm" here and in
    `Covariance` the matrices are those of re-centring covariances (`pyriemann.transfer.TLCenter`);
    shrinkage after whitening shrinks towards R, not towards a multiple of the identity. Labels
    are never used; classes must be equally frequent in every domain, as for `EuclideanAlign`.
    Sources: Zanini et al. 2018, 10.1109/TBME.2017.2742541 (there R comes from resting trials).

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> data = np.random.default_rng(0).normal(size=(20, 2, 100)) * [[1.0], [5.0]]
    >>> epochs = nd.Epochs(data, channels=["C3", "C4"], sfreq=100)
    >>> out = nd.preprocessing.RiemannianAlign().fit_transform(epochs)
    >>> mean = nd.linalg.riemannian_mean(nd.linalg.trial_covariances(out.data, "scm"))
    >>> np.allclose(mean, np.eye(2), atol=1e-6)
    True
    """

    def __init__(
        self,
        by: str | None = "subject",
        adapt: str = "none",
        n_calibration: int = 10,
        estimator: str = "scm",
    ):
        self.by = by
        self.adapt = adapt
        self.n_calibration = n_calibration
        self.estimator = estimator

    def _matrices(self, data: np.ndarray) -> np.ndarray:
        return trial_covariances(data, self.estimator)

    def _mean(self, matrices: np.ndarray) -> np.ndarray:
        return self._outward(riemannian_mean(self._inward(matrices), "RiemannianAlign"))

    def _means_so_far(self, matrices: np.ndarray) -> np.ndarray:
        inside = self._inward(matrices)
        means = [inside[0]]
        for n, matrix in enumerate(inside[1:], start=2):
            means.append(geodesic(means[-1], matrix, 1 / n))
        return self._outward(np.stack(means))

    def _check_arguments(self) -> None:
        super()._check_arguments()
        if self.estimator not in SHRINKAGES:
            raise DataError(
                "RiemannianAlign: no such covariance estimator",
                found=repr(self.estimator),
                expected=", ".join(map(repr, SHRINKAGES)),
                fix=did_you_mean(str(self.estimator), list(SHRINKAGES)) or "estimator='scm'",
            )
