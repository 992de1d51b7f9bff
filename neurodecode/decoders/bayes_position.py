"""Position from spike counts by Bayes' rule, one window at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from neurodecode.core.errors import DataError
from neurodecode.core.inputs import as_trials
from neurodecode.decoders.targets import as_targets

_PRIORS = ("occupancy", "uniform")
_ESTIMATES = ("max", "mean")
_LEAST_SPIKES = 0.5  # in the whole training set: what a silent unit may have missed


class BayesPosition(RegressorMixin, BaseEstimator):
    """Position from spike counts: Poisson units with place fields, Bayes' rule, no memory.

    Parameters
    ----------
    n_bins : int, default 40, >= 2
        Bins of equal width over the range of each coordinate.
    smoothing : float, default 1.0, >= 0
        Standard deviation of the Gaussian over counts and occupancy, bins.
    prior : "occupancy" (default) or "uniform"
        How likely positions are before any spike: as often as visited in training, or all visited
        ones alike.
    estimate : "max" (default) or "mean"
        The most likely bin, or the mean of the posterior.

    Attributes
    ----------
    centers_ : float64 array, shape (n_places, k)
        Centres of the visited bins, in the unit of `y`.
    rates_ : float64 array, shape (n_places, n_units)
        Expected counts in a window.
    log_prior_ : float64 array, shape (n_places,)

    Raises
    ------
    DataError
        Negative counts, windows of another length than in training, positions that are not
        finite, or arguments out of range.

    Notes
    -----
    log p(x | n) = sum_i (n_i log r_i(x) - r_i(x)) + log p(x) + const, r_i the place field as
    counts per window: counts and visits are smoothed alike, then divided. A field is never below
    half a spike over all training windows, so that one spike cannot rule a place out. `n_i` is
    the sum over the window; count every spike once in bins, and let windows not overlap where
    their errors are to be independent. Sources: Zhang, Ginzburg, McNaughton, Sejnowski 1998,
    10.1152/jn.1998.79.2.1017 (their one-step method); Brown et al. 1998,
    10.1523/JNEUROSCI.18-18-07411.1998.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> place = np.tile(np.linspace(0, 1, 50), 20)
    >>> rate = 20 * np.exp(-0.5 * ((place[:, None] - np.linspace(0, 1, 8)) / 0.1) ** 2)
    >>> counts = np.random.default_rng(0).poisson(rate)[..., None]  # (1000, 8 units, 1 bin)
    >>> decoder = nd.decoders.BayesPosition().fit(counts[:500], place[:500])
    >>> bool(np.median(abs(decoder.predict(counts[500:]) - place[500:])) < 0.05)
    True
    """

    def __init__(
        self,
        n_bins: int = 40,
        smoothing: float = 1.0,
        prior: str = "occupancy",
        estimate: str = "max",
    ):
        self.n_bins = n_bins
        self.smoothing = smoothing
        self.prior = prior
        self.estimate = estimate

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.positive_only = True
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any) -> BayesPosition:
        """Learn the place fields.

        Parameters
        ----------
        X : Epochs, or array of shape (n_trials, n_units, n_times); spikes per bin
        y : float array, shape (n_trials,), (n_trials, 1) or (n_trials, 2)

        Returns
        -------
        self
        """
        self._check_arguments()
        counts, self.n_times_in_ = _counts(X)
        self.n_channels_in_ = counts.shape[1]
        position = as_targets(y, len(counts), "BayesPosition", varying=True)
        if position.shape[1] > 2:
            raise DataError(
                "BayesPosition: too many coordinates for a grid",
                found=f"{position.shape[1]}",
                expected="1 or 2",
            )
        self.one_output_ = np.ndim(y) == 1
        edges = [np.linspace(x.min(), x.max(), self.n_bins + 1) for x in position.T]
        shape = (self.n_bins,) * position.shape[1]
        place = np.ravel_multi_index(
            [_bin_of(column, each) for column, each in zip(position.T, edges, strict=True)], shape
        )
        visits = np.bincount(place, minlength=np.prod(shape))
        visited = visits > 0
        sums = np.stack([np.bincount(place, each, visits.size) for each in counts.T], axis=1)
        smooth_visits = self._smooth(visits.astype(np.float64), shape)
        smooth_sums = np.stack([self._smooth(each, shape) for each in sums.T], axis=1)
        rates = smooth_sums[visited] / smooth_visits[visited, None]
        self.rates_ = np.maximum(rates, _LEAST_SPIKES / len(counts))
        middle = [(each[:-1] + each[1:]) / 2 for each in edges]
        grid = np.stack([each.ravel() for each in np.meshgrid(*middle, indexing="ij")], axis=1)
        self.centers_ = grid[visited]
        weight = visits[visited] if self.prior == "occupancy" else np.ones(visited.sum())
        self.log_prior_ = np.log(weight / weight.sum())
        return self

    def posterior(self, X: Any) -> np.ndarray:
        """Probability of each visited bin, shape (n_trials, n_places), in the order of `centers_`.

        Parameters
        ----------
        X : as for `fit`
        """
        check_is_fitted(self)
        counts, n_times = _counts(X)
        if counts.shape[1] != self.n_channels_in_ or n_times != self.n_times_in_:
            raise DataError(
                "BayesPosition was fitted on other units or windows",
                found=f"{counts.shape[1]} units, {n_times} samples",
                expected=f"{self.n_channels_in_} units, {self.n_times_in_} samples",
                fix="epochs.pick(names), and windows of the same length, as for training",
            )
        log = counts @ np.log(self.rates_).T - self.rates_.sum(axis=1) + self.log_prior_
        powers = np.exp(log - log.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """Positions, shape (n_trials,) or (n_trials, k), as `y` of fit."""
        posterior = self.posterior(X)
        if self.estimate == "max":
            position = self.centers_[posterior.argmax(axis=1)]
        else:
            position = posterior @ self.centers_
        return position[:, 0] if self.one_output_ else position

    def _smooth(self, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        if self.smoothing == 0:
            return values
        # "constant": nothing was counted outside the range, neither spikes nor visits.
        return ndimage.gaussian_filter(
            values.reshape(shape), self.smoothing, mode="constant"
        ).ravel()

    def _check_arguments(self) -> None:
        if (
            self.n_bins < 2
            or self.smoothing < 0
            or self.prior not in _PRIORS
            or self.estimate not in _ESTIMATES
        ):
            raise DataError(
                "BayesPosition: arguments out of range",
                found=f"n_bins={self.n_bins!r}, smoothing={self.smoothing!r}, "
                f"prior={self.prior!r}, estimate={self.estimate!r}",
                expected=f"n_bins >= 2, smoothing >= 0, prior one of {_PRIORS}, "
                f"estimate one of {_ESTIMATES}",
            )


def _counts(X: Any) -> tuple[np.ndarray, int]:
    """Spikes of each unit in each window, and samples in a window."""
    trials = as_trials(X)
    if trials.size and trials.min() < 0:
        raise DataError(
            "BayesPosition needs spike counts",
            found=f"values down to {trials.min():.3g}",
            expected="counts per bin, 0 or more",
            fix="unfiltered, unscaled counts; for other signals nd.decoders.BandedRidge()",
        )
    return trials.sum(axis=2), trials.shape[2]


def _bin_of(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
