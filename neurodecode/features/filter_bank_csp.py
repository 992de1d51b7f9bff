"""Common spatial patterns in several bands, the telling ones chosen by mutual information."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.inputs import check_labels
from neurodecode.core.step import Step
from neurodecode.features.riemann import CSP
from neurodecode.linalg.covariance import trial_covariances
from neurodecode.linalg.filtering import butterworth, zero_phase

BANDS = ((8, 12), (12, 16), (16, 20), (20, 24), (24, 28), (28, 32))


class FilterBankCSP(Step):
    """Log-variances of common spatial patterns in bands, the most informative of them.

    Parameters
    ----------
    bands : sequence of (low, high), Hz, default six bands of 4 Hz from 8 to 32 Hz
    n_filters : int, default 4
        Spatial filters in each band, as in `CSP`.
    n_features : int, default 4
        Features kept: those with the largest mutual information with the label.

    Attributes
    ----------
    filters_ : float64 array, shape (n_bands, n_filters, n_channels)
    information_ : float64 array, shape (n_bands * n_filters,), nat
    chosen_ : int array, shape (n_features,), sorted; band ``chosen_ // n_filters``

    Raises
    ------
    DataError
        A band outside 0 to half the rate, fewer than two classes, or more features than there are.

    Notes
    -----
    Input: epochs not yet filtered, or filtered more widely than the bands. Bands (Butterworth,
    order 4, zero phase) are cut out of epochs: cut these with a margin, ``rec.epoch(...,
    pad=1.0)``, to keep their ends clean. Filters, information and choice come from the trials
    given to `fit`. Output: float64, (n_trials, n_features). Source: Ang et al. 2008,
    10.1109/IJCNN.2008.4634130; there the partner of a chosen filter is chosen too, and
    information is estimated by Parzen windows, here by neighbours (Kraskov et al. 2004).

    Examples
    --------
    >>> import neurodecode as nd
    >>> epochs = nd.load("sim-mi", subjects=["1"])
    >>> nd.features.FilterBankCSP().fit_transform(epochs, epochs.y).shape
    (100, 4)
    """

    scope = "train"

    def __init__(
        self,
        bands: Sequence[tuple[float, float]] = BANDS,
        n_filters: int = 4,
        n_features: int = 4,
    ):
        self.bands = bands
        self.n_filters = n_filters
        self.n_features = n_features

    def _fit(self, X: Epochs, y: np.ndarray | None) -> None:
        from sklearn.feature_selection import mutual_info_classif

        y = check_labels(y, len(X), "FilterBankCSP")
        covariances = [self._covariances(X, low, high) for low, high in self.bands]
        spatial = [CSP(self.n_filters) for _ in covariances]
        for csp, matrices in zip(spatial, covariances, strict=True):
            csp.fit(matrices, y)
        self.filters_ = np.stack([csp.filters_ for csp in spatial])
        features = self._log_powers(covariances)
        if not 1 <= self.n_features <= features.shape[1]:
            raise DataError(
                "FilterBankCSP: more features asked than there are",
                found=f"n_features={self.n_features}",
                expected=f"1 to {features.shape[1]} (bands times filters)",
            )
        # The estimator breaks ties by tiny noise; a fixed seed keeps the choice the same.
        self.information_ = mutual_info_classif(features, y, random_state=0)
        order = np.argsort(-self.information_, kind="stable")
        self.chosen_ = np.sort(order[: self.n_features])

    def _transform(self, X: Epochs) -> np.ndarray:
        covariances = [self._covariances(X, low, high) for low, high in self.bands]
        return self._log_powers(covariances)[:, self.chosen_]

    def _log_powers(self, covariances: list[np.ndarray]) -> np.ndarray:
        powers = [
            np.einsum("fc,ncd,fd->nf", filters, each, filters, optimize=True)
            for filters, each in zip(self.filters_, covariances, strict=True)
        ]
        return np.log(np.concatenate(powers, axis=1))

    @staticmethod
    def _covariances(X: Epochs, low: float, high: float) -> np.ndarray:
        sections = butterworth(low, high, X.sfreq)
        filtered = zero_phase(X.padded().astype(np.float64), sections, round(X.sfreq / low))
        pad = X.pad_samples
        return trial_covariances(filtered[..., pad : pad + X.shape[2]], "oas")
