"""Common spatial patterns in several bands, the telling ones chosen by mutual information."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.inputs import check_labels
from neurodecode.core.step import Step
from neurodecode.linalg.covariance import subset_means, trial_covariances
from neurodecode.linalg.eigen import csp_filters, generalized_eigh, powers
from neurodecode.linalg.filtering import butterworth, zero_phase

BANDS = ((8, 12), (12, 16), (16, 20), (20, 24), (24, 28), (28, 32))


class FilterBankCSP(Step):
    """Log-variances of common spatial patterns in bands, the most informative of them.

    Parameters
    ----------
    bands : sequence of (low, high), Hz, default six bands of 4 Hz from 8 to 32 Hz
    n_filters : int, default 4
        Spatial filters in each band; even for two classes, half of them for either.
    n_features : int, default 4
        Features with the largest mutual information with the label; of two classes their
        partners are kept too.

    Attributes
    ----------
    filters_ : float64 array, shape (n_bands, n_filters, n_channels)
        For two classes from the largest share of the first class to the smallest: filter i and
        filter ``n_filters - 1 - i`` are partners.
    information_ : float64 array, shape (n_bands * n_filters,), bit
    chosen_ : int array, shape (n,), sorted; band ``chosen_ // n_filters``

    Raises
    ------
    DataError
        A band outside 0 to half the rate, fewer than two classes, more features or filters than
        there are, or an odd number of filters for two classes.

    Notes
    -----
    Input: epochs not yet filtered, or filtered more widely than the bands. Bands (Butterworth,
    order 4, zero phase) are cut out of epochs: cut these with a margin, ``rec.epoch(...,
    pad=1.0)``, to keep their ends clean. Filters, information and choice come from the trials
    given to `fit`. Output: float64, (n_trials, n); n lies between `n_features` and its double.
    Source: Ang et al. 2008, 10.1109/IJCNN.2008.4634130 (best individual features, Parzen windows,
    partners). There each variance is divided by the sum over the band's filters; here it is not.
    More than two classes have no partners: their filters diagonalize all classes, as in `CSP`.

    Examples
    --------
    >>> import neurodecode as nd
    >>> epochs = nd.load("sim-mi", subjects=["1"])
    >>> features = nd.features.FilterBankCSP().fit_transform(epochs, epochs.y)
    >>> features.shape[0], 4 <= features.shape[1] <= 8
    (100, True)
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
        y = check_labels(y, len(X), "FilterBankCSP")
        classes, codes = np.unique(y, return_inverse=True)
        covariances = [self._covariances(X, low, high) for low, high in self.bands]
        self.filters_ = np.stack([self._filters(each, codes) for each in covariances])
        features = self._log_powers(covariances)
        if not 1 <= self.n_features <= features.shape[1]:
            raise DataError(
                "FilterBankCSP: more features asked than there are",
                found=f"n_features={self.n_features}",
                expected=f"1 to {features.shape[1]} (bands times filters)",
            )
        self.information_ = parzen_information(features, codes)
        best = np.argsort(-self.information_, kind="stable")[: self.n_features]
        if len(classes) == 2:
            band, place = np.divmod(best, self.n_filters)
            best = np.concatenate([best, band * self.n_filters + self.n_filters - 1 - place])
        self.chosen_ = np.unique(best)

    def _filters(self, covariances: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """Filters of one band, (n_filters, n_channels)."""
        classes = [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
        means = subset_means(covariances, classes)
        if len(means) > 2:
            shares = np.bincount(codes) / len(codes)
            return csp_filters(means, shares, "FilterBankCSP")[0][: self.n_filters]
        first, second = means
        _, filters = generalized_eigh(first, first + second, "FilterBankCSP")
        half, odd = divmod(self.n_filters, 2)
        if odd or not 1 <= half <= len(filters) // 2:
            raise DataError(
                "FilterBankCSP: filters of two classes come in pairs",
                found=f"n_filters={self.n_filters}, rank {len(filters)}",
                expected=f"an even number from 2 to {len(filters) // 2 * 2}",
            )
        return np.concatenate([filters[:half], filters[-half:]])

    def _transform(self, X: Epochs) -> np.ndarray:
        covariances = [self._covariances(X, low, high) for low, high in self.bands]
        return self._log_powers(covariances)[:, self.chosen_]

    def _log_powers(self, covariances: list[np.ndarray]) -> np.ndarray:
        bands = zip(covariances, self.filters_, strict=True)
        return np.log(np.concatenate([powers(each, filters) for each, filters in bands], axis=1))

    @staticmethod
    def _covariances(X: Epochs, low: float, high: float) -> np.ndarray:
        sections = butterworth(low, high, X.sfreq)
        filtered = zero_phase(X.padded().astype(np.float64), sections, round(X.sfreq / low))
        pad = X.pad_samples
        return trial_covariances(filtered[..., pad : pad + X.shape[2]], "oas")


def parzen_information(features: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Mutual information of each feature with the class, by Parzen windows.

    ``H(class) - H(class | feature)``, the latter a mean over the trials; Gaussian windows of width
    ``s (4 / (3 n))^(1/5)`` for the n values of a class with standard deviation s.

    Source: Ang et al. 2008, 10.1109/IJCNN.2008.4634130.

    Parameters
    ----------
    features : float array, shape (n_trials, n_features)
    codes : int array, shape (n_trials,), 0 to n_classes - 1

    Returns
    -------
    information : float64 array, shape (n_features,), bit

    Examples
    --------
    >>> tells, codes = np.repeat([[0.0], [9.0]], 50, axis=0), np.repeat([0, 1], 50)
    >>> noise = np.random.default_rng(0).normal(size=(100, 1))
    >>> parzen_information(np.hstack([tells + 0.1 * noise, noise]), codes).round(1).tolist()
    [1.0, 0.0]
    """
    shares = np.bincount(codes) / len(codes)
    densities = []
    for code, share in enumerate(shares):
        own = features[codes == code]  # (n, n_features)
        width = own.std(axis=0, ddof=1 if len(own) > 1 else 0) * (4 / (3 * len(own))) ** 0.2
        width = np.maximum(width, np.finfo(float).tiny ** 0.5)
        apart = (features[:, None] - own) / width  # (n_trials, n, n_features)
        densities.append(share * np.exp(-0.5 * apart**2).mean(axis=1) / width)
    joint = np.stack(densities)  # (n_classes, n_trials, n_features)
    total = joint.sum(axis=0)
    # far from every window all densities vanish: such a trial tells nothing beyond the shares
    posterior = np.where(total > 0, joint / np.where(total > 0, total, 1), shares[:, None, None])
    rest = -np.sum(posterior * np.log2(np.where(posterior > 0, posterior, 1)), axis=0).mean(axis=0)
    return -np.sum(shares * np.log2(shares)) - rest
