"""Ridge regression with one penalty for each band of features."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.inputs import as_epochs, as_features
from neurodecode.decoders.inner_folds import contiguous_folds, inner_folds
from neurodecode.decoders.targets import as_targets
from neurodecode.linalg.ridge import RidgePath, mean_eigenvalue

_GRID = np.logspace(-2, 5, 15)
_CONCENTRATIONS = (0.1, 1.0)
_ALONE = 200  # trials from which every target chooses for itself


class BandedRidge(RegressorMixin, BaseEstimator):
    """Ridge regression with a penalty per band of features, chosen inside the training trials.

    Bands that say nothing about the target get a large penalty instead of adding noise.

    Parameters
    ----------
    bands : int, "kinds", or int array of shape (n_features,), default 4
        A number: that many equal windows of time of the epochs (of a table: blocks of columns). 1
        is plain ridge. "kinds": one band per kind of channel. An array names the band of every
        feature; epochs are flattened channel by channel.
    n_draws : int, default 20, >= 1
        Ratios of penalties tried; the first gives all bands the same.
    alphas : sequence of float > 0, default None: ``logspace(-2, 5, 15)``
        Penalties tried, times the mean eigenvalue of the standardized features' Gram matrix.
    random_state : int, default 0

    Attributes
    ----------
    coef_ : float64 array, shape (n_outputs, n_features)
        On the features as they come.
    intercept_ : float64 array, shape (n_outputs,)
    bands_ : int array, shape (n_features,)
    penalties_ : float64 array, shape (n_bands, n_outputs)
        On standardized features: minimizes ||y - sum F_b w_b||^2 + sum penalty_b ||w_b||^2.

    Raises
    ------
    DataError
        Bands that do not fit the features, targets that do not fit the trials.

    Notes
    -----
    Candidates: ratios g ~ Dirichlet(0.1) and Dirichlet(1) in turn, penalty_b = alpha / g_b with g
    scaled to mean 1, as himalaya's random search. Inner folds go over subjects, sessions, or
    contiguous pieces (tables: contiguous rows), whichever is widest; with too few trials for
    folds alpha is the mean eigenvalue. Below 200 trials all targets share one choice. More
    features than trials are solved in the dual. Sources: Dupré la Tour, Eickenberg,
    Nunez-Elizalde, Gallant 2022, 10.1016/j.neuroimage.2022.119728; Nunez-Elizalde, Huth, Gallant
    2019, 10.1016/j.neuroimage.2019.04.012.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> X = np.random.default_rng(0).normal(size=(100, 60))
    >>> y = X[:, :5].sum(axis=1)
    >>> ridge = nd.decoders.BandedRidge(bands=np.repeat([0, 1], [5, 55])).fit(X, y)
    >>> bool(ridge.penalties_[1, 0] > ridge.penalties_[0, 0])
    True
    """

    def __init__(
        self,
        bands: int | str | Sequence[int] | np.ndarray = 4,
        n_draws: int = 20,
        alphas: Sequence[float] | None = None,
        random_state: int = 0,
    ):
        self.bands = bands
        self.n_draws = n_draws
        self.alphas = alphas
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any) -> BandedRidge:
        """Choose the penalties, then learn from all trials.

        Parameters
        ----------
        X : Epochs, mne.Epochs, or array of shape (n_trials, n_features) or (n_trials, C, T)
        y : float array, shape (n_trials,) or (n_trials, n_outputs)

        Returns
        -------
        self
        """
        features = as_features(X, "BandedRidge")
        targets = as_targets(y, len(features), "BandedRidge")
        self.one_output_ = np.ndim(y) == 1
        self.n_features_in_ = features.shape[1]
        self.bands_ = _bands(self.bands, X, features.shape[1])
        mean, target_mean = features.mean(axis=0), targets.mean(axis=0)
        spread = features.std(axis=0)
        varies = np.ptp(features, axis=0) > 0
        inverse = np.where(varies, 1 / np.where(varies, spread, 1.0), 0.0)
        z = (features - mean) * inverse
        grid = self._grid() * max(mean_eigenvalue(z), np.finfo(float).tiny)
        ratios = self._ratios(int(self.bands_.max()) + 1)
        folds = inner_folds(as_epochs(X), targets) if _has_trials(X) else contiguous_folds(len(z))
        draw, alpha = self._choose(z, targets, ratios, grid, folds)
        self.penalties_ = alpha / ratios[draw].T
        weights = np.empty((z.shape[1], targets.shape[1]))
        for each in np.unique(draw):
            mine, scale = draw == each, np.sqrt(ratios[each])[self.bands_]
            path = RidgePath.of(z * scale, targets[:, mine] - target_mean[mine])
            weights[:, mine] = scale[:, None] * path.weights(alpha[mine])
        self.coef_ = weights.T * inverse
        self.intercept_ = target_mean - self.coef_ @ mean
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Targets, shape (n_trials,) or (n_trials, n_outputs), as `y` of fit."""
        predicted = self._features(X) @ self.coef_.T + self.intercept_
        return predicted[:, 0] if self.one_output_ else predicted

    def band_r2(self, X: Any, y: Any) -> np.ndarray:
        """What each band adds to R²; the sum over bands is R² exactly.

        Parameters
        ----------
        X, y : held-out trials, as for `fit`

        Returns
        -------
        r2 : float64 array, shape (n_bands, n_outputs)

        Notes
        -----
        Product measure: sum(2 y p_b - p_b p) / sum(y^2), with y around its mean, p_b the
        prediction from band b and p their sum, all around the mean of `y`. What the intercept
        adds is spread evenly.
        """
        features, targets = self._features(X), as_targets(y, len(X), "BandedRidge")
        n_bands = len(self.penalties_)
        centre = targets.mean(axis=0)
        offset = (self.intercept_ - centre) / n_bands
        parts = np.stack(
            [features[:, self.bands_ == b] @ self.coef_[:, self.bands_ == b].T + offset
             for b in range(n_bands)]
        )  # fmt: skip
        y_centred = targets - centre
        return np.sum(2 * y_centred * parts - parts * parts.sum(axis=0), axis=1) / np.sum(
            y_centred**2, axis=0
        )

    def _features(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        features = as_features(X, "BandedRidge")
        if features.shape[1] != self.n_features_in_:
            raise DataError(
                "BandedRidge was fitted on other features",
                found=f"{features.shape[1]} features",
                expected=f"{self.n_features_in_}",
                fix="epochs.pick(names) as for training",
            )
        return features

    def _grid(self) -> np.ndarray:
        grid = np.asarray(_GRID if self.alphas is None else self.alphas, dtype=np.float64)
        if grid.ndim != 1 or not len(grid) or not (grid > 0).all() or self.n_draws < 1:
            raise DataError(
                "BandedRidge: arguments out of range",
                found=f"alphas={self.alphas!r}, n_draws={self.n_draws!r}",
                expected="alphas: numbers above 0; n_draws >= 1",
            )
        return grid

    def _ratios(self, n_bands: int) -> np.ndarray:
        """Candidates g, shape (n_candidates, n_bands), of mean 1, the uniform one first."""
        if n_bands == 1:
            return np.ones((1, 1))
        rng = np.random.default_rng(self.random_state)
        drawn = [
            rng.dirichlet(np.full(n_bands, _CONCENTRATIONS[i % 2])) * n_bands
            for i in range(self.n_draws - 1)
        ]
        # Ratios of exactly 0 would make a penalty infinite.
        return np.maximum(np.stack([np.ones(n_bands), *drawn]), 1e-8)

    def _choose(
        self,
        z: np.ndarray,
        targets: np.ndarray,
        ratios: np.ndarray,
        grid: np.ndarray,
        folds: Iterable[tuple[np.ndarray, np.ndarray]],
    ) -> tuple[np.ndarray, np.ndarray]:
        """Best candidate and alpha of every target, by squared error over inner folds."""
        n_outputs = targets.shape[1]
        error = np.zeros((len(ratios), len(grid), n_outputs))
        n_tested = 0
        for train, validation in folds:
            n_tested += len(validation)
            mean, centre = z[train].mean(axis=0), targets[train].mean(axis=0)
            x, y = z[train] - mean, targets[train] - centre
            x_new, y_new = z[validation] - mean, targets[validation] - centre
            primal = x.shape[1] <= len(x)
            gram, cross = (x.T @ x, x.T @ y) if primal else (x, y)
            for i, ratio in enumerate(ratios):
                scale = np.sqrt(ratio)[self.bands_]
                path = (
                    RidgePath.of_gram(gram * np.outer(scale, scale), cross * scale[:, None])
                    if primal
                    else RidgePath.of(x * scale, y)
                )
                basis = (x_new * scale) @ path.left
                for j, alpha in enumerate(grid):
                    guess = basis @ (path.right / (path.values[:, None] + alpha))
                    error[i, j] += np.sum((y_new - guess) ** 2, axis=0)
        if not n_tested:  # no folds: nothing can be chosen
            return np.zeros(n_outputs, dtype=int), np.full(
                n_outputs, max(mean_eigenvalue(z), np.finfo(float).tiny)
            )
        if len(z) < _ALONE:
            spread = np.maximum(targets.var(axis=0), np.finfo(float).tiny)
            error[:] = np.sum(error / spread, axis=2, keepdims=True)
        best = error.reshape(-1, n_outputs).argmin(axis=0)
        return best // len(grid), grid[best % len(grid)]


def _has_trials(X: Any) -> bool:
    return isinstance(X, Epochs) or hasattr(X, "get_data")


def _bands(bands: Any, X: Any, n_features: int) -> np.ndarray:
    """Band of every feature, 0, 1, ..."""
    if isinstance(bands, str):
        if bands != "kinds" or not _has_trials(X):
            raise DataError(
                "BandedRidge: no such bands",
                found=repr(bands) + ("" if _has_trials(X) else ", and no epochs"),
                expected="'kinds' (of epochs), a number, or an array of one entry per feature",
            )
        epochs = as_epochs(X)
        kinds = np.unique(epochs.channels.kinds, return_inverse=True)[1]
        return np.repeat(kinds, epochs.shape[2])
    if np.ndim(bands) == 0:
        n_times = np.shape(X)[2] if len(np.shape(X)) == 3 else n_features
        if not 1 <= bands <= n_times:
            raise DataError(
                "BandedRidge: bands do not fit the trials",
                found=f"{bands} bands, {n_times} samples or columns",
                expected=f"1 to {n_times} bands",
            )
        block = np.arange(n_times) * int(bands) // n_times
        return np.tile(block, n_features // n_times)
    array = np.asarray(bands)
    if array.shape != (n_features,) or array.dtype.kind not in "iu":
        raise DataError(
            "BandedRidge: bands do not fit the features",
            found=f"{array.dtype} of shape {array.shape}",
            expected=f"integers of shape ({n_features},)",
            fix="np.repeat([0, 1], [n_first, n_second])",
        )
    return np.unique(array, return_inverse=True)[1]
