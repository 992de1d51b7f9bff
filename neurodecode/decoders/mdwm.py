"""Minimum distance to class means that weigh a new person's few trials against other people's."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from neurodecode.core.domains import target_rows
from neurodecode.core.errors import DataError
from neurodecode.core.inputs import as_epochs, check_labels
from neurodecode.decoders.score_classifier import ScoreClassifier
from neurodecode.features.covariance import Covariance
from neurodecode.linalg.rank import range_basis
from neurodecode.linalg.spd import riemannian_means, squared_distances
from neurodecode.linalg.spd_metrics import geodesic


class MDWM(ScoreClassifier):
    """Minimum distance to weighted means of source and target.

    Parameters
    ----------
    tradeoff : float, default 0.5, 0 to 1
        Place of each class mean on the geodesic from the source's (0) to the target's (1).
    estimator : "oas" (default), "lwf", "scm" or "corr"
        Of the covariances.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    covmeans_ : float64 array, shape (n_classes, r, r)
    basis_ : float64 array, shape (n_channels, r), or None
        What singular training data span; None: all, r = n_channels.

    Raises
    ------
    DataError
        A trade-off outside 0 to 1, a class without target or source trials, an unknown estimator,
        or covariances that span less than the training ones.

    Notes
    -----
    Takes epochs, re-centred by `RiemannianAlign` as a rule. The target's labelled trials are those
    that the column `role` of the trial table calls "target"; the benchmark writes it where a split
    calibrates (`split("cross-subject", n_calibration=5)`). Without any, the means are those of the
    source, with a warning. Source: Kalunga, Chevallier, Barthelemy 2018, hal-01911092
    (`pyriemann.transfer.MDWM`).

    Examples
    --------
    >>> import neurodecode as nd, numpy as np, pandas as pd
    >>> data = np.random.default_rng(0).normal(size=(8, 2, 100))
    >>> data[::2, 0] *= 3
    >>> trials = pd.DataFrame({"role": 4 * ["source"] + 4 * ["target"]})
    >>> epochs = nd.Epochs(data, channels=["C3", "C4"], sfreq=100, y=list("lrlrlrlr"),
    ...                    trials=trials)
    >>> nd.decoders.MDWM().fit(epochs, epochs.y).predict(epochs[:2]).tolist()
    ['l', 'r']
    """

    def __init__(self, tradeoff: float = 0.5, estimator: str = "oas"):
        self.tradeoff = tradeoff
        self.estimator = estimator

    def fit(self, X: Any, y: Any) -> MDWM:
        """Learn the weighted mean of each class.

        Parameters
        ----------
        X : Epochs
            With `role` in the trial table; see the class.
        y : array, shape (n_trials,)

        Returns
        -------
        self
        """
        if not 0 <= self.tradeoff <= 1:
            raise DataError("MDWM: no such trade-off", found=repr(self.tradeoff), expected="0 to 1")
        epochs = as_epochs(X)
        labels = check_labels(y, len(epochs), "MDWM")
        self.covariance_ = Covariance(self.estimator).fit(epochs)
        matrices = self.covariance_.transform(epochs)
        self.basis_ = range_basis(matrices.mean(axis=0), "MDWM")
        matrices = self._within(matrices)
        self.classes_, target = np.unique(labels), target_rows(epochs.trials)
        if not target.any():
            warnings.warn("MDWM: no target trials; class means are the source's", stacklevel=2)
        self.covmeans_ = self._means(matrices, labels, target)
        return self

    def _means(self, matrices: np.ndarray, labels: np.ndarray, target: np.ndarray) -> np.ndarray:
        roles = {"source": ~target, "target": target} if target.any() else {"source": ~target}
        for c in self.classes_:
            for role, mine in roles.items():
                if not (mine & (labels == c)).any():
                    raise DataError(
                        f"MDWM, class {c}: no {role} trials",
                        found=f"classes {', '.join(map(str, self.classes_))} in all",
                        expected="trials of every class from source and target",
                        fix="split(..., n_calibration=...) gives trials of each class",
                    )
        rows = [np.flatnonzero(mine & (labels == c)) for mine in roles.values()
                for c in self.classes_]  # fmt: skip
        means = riemannian_means(matrices, rows, "MDWM").reshape(
            len(roles), len(self.classes_), *matrices.shape[1:]
        )
        if not target.any():
            return means[0]
        return np.stack([geodesic(a, b, self.tradeoff) for a, b in zip(*means, strict=True)])

    def _within(self, matrices: np.ndarray) -> np.ndarray:
        """Matrices in the coordinates of what the training data span."""
        return matrices if self.basis_ is None else self.basis_.T @ matrices @ self.basis_

    def decision_function(self, X: Any) -> np.ndarray:
        """Negative squared distances, (n_trials, n_classes); for two classes their difference."""
        check_is_fitted(self)
        matrices = self._within(self.covariance_.transform(as_epochs(X)))
        scores = -squared_distances(matrices, self.covmeans_, "MDWM")
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores
