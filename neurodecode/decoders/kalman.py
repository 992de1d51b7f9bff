"""State-space decoders of movement: the Kalman filter and its discriminative twin."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial import KDTree
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold
from sklearn.utils.validation import check_is_fitted

from neurodecode.core.checks import check_finite
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.inputs import as_epochs
from neurodecode.decoders.sequences import newest_samples, sequences, time_step
from neurodecode.decoders.targets import as_targets
from neurodecode.linalg.kalman import (
    Information,
    fit_transition,
    least_squares,
    observation_information,
    run_varying,
)

_HELD_OUT_FOLDS = 5


class _StateDecoder(RegressorMixin, BaseEstimator):
    """Windows in the order of time -> states; subclasses learn what one window says of its state.

    They write `_learn(observations, states)`, and `_means(sequences)`: filtered states of
    sequences of observations that know nothing of one another.
    """

    order: int
    lag: float

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any) -> Any:
        """Learn how states move and what the channels say about them.

        Parameters
        ----------
        X : Epochs, windows of one or several recordings, in any order
        y : float array, shape (n_trials,) or (n_trials, k)

        Returns
        -------
        self
        """
        where = type(self).__name__
        if self.order < 1:
            raise DataError(f"{where}: the state holds no window", found=f"order={self.order!r}")
        epochs = self._check(X)
        states = as_targets(y, len(epochs), where, varying=True)
        self.one_output_ = np.ndim(y) == 1
        self.n_channels_in_, self.sfreq_in_ = epochs.shape[1], epochs.sfreq
        self.step_ = time_step(epochs, where)
        observations = newest_samples(epochs, self.step_, self.lag)
        self.mean_, self.state_mean_ = observations.mean(axis=0), states.mean(axis=0)
        observations, states = observations - self.mean_, states - self.state_mean_
        rows = [each for each in sequences(epochs, self.step_, where) if len(each) >= self.order]
        stacked = [_stack(states[each], self.order) for each in rows]
        n_pairs, size = sum(len(each) - 1 for each in stacked), self.order * states.shape[1]
        if n_pairs <= size:
            raise DataError(
                f"{where}: too few windows that follow one another",
                found=f"{n_pairs} steps from window to window",
                expected=f"more than {size}, the size of the state",
                fix="longer recordings, or order=1",
            )
        self.transition_, self.transition_noise_ = fit_transition(stacked)
        every = np.concatenate(stacked)
        self.prior_ = every.T @ every / len(every)
        self._learn(np.concatenate([observations[each[self.order - 1 :]] for each in rows]), every)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """States given the windows up to each one; the filter starts anew with every recording.

        Parameters
        ----------
        X : Epochs, as for `fit`

        Returns
        -------
        states : float64 array, shape (n_trials,) or (n_trials, k), as `y` of fit
        """
        check_is_fitted(self)
        epochs = self._check(X)
        rows = sequences(epochs, self.step_, type(self).__name__)
        observations = newest_samples(epochs, self.step_, self.lag) - self.mean_
        states = np.empty((len(observations), len(self.state_mean_)))
        found = self._means([observations[each] for each in rows])
        for index, means in zip(rows, found, strict=True):
            states[index] = means[:, : states.shape[1]] + self.state_mean_
        return states[:, 0] if self.one_output_ else states

    def _learn(self, observations: np.ndarray, states: np.ndarray) -> None:
        raise NotImplementedError

    def _means(self, sequences: list[np.ndarray]) -> list[np.ndarray]:
        raise NotImplementedError

    def _run(self, precision: np.ndarray, drives: list[np.ndarray]) -> list[np.ndarray]:
        """The filter where every observation adds the same precision."""
        model = Information(self.transition_, self.transition_noise_, self.prior_, precision)
        return model.run(drives)

    def _check(self, X: Any) -> Epochs:
        epochs = as_epochs(X)
        check_finite(epochs.data, epochs.channels.names)
        n_channels = getattr(self, "n_channels_in_", epochs.shape[1])
        sfreq = getattr(self, "sfreq_in_", epochs.sfreq)
        if epochs.shape[1] != n_channels or abs(epochs.sfreq - sfreq) > 1e-6 * sfreq:
            raise DataError(
                f"{type(self).__name__} was fitted on other channels or at another rate",
                found=f"{epochs.shape[1]} channels at {epochs.sfreq:g} Hz",
                expected=f"{n_channels} channels at {sfreq:g} Hz",
                fix="epochs.pick(names) and nd.preprocessing.Resample(sfreq) as for training",
            )
        return epochs


class Kalman(_StateDecoder):
    """Kalman filter: movement from windows of spike counts, in the order of time.

    Parameters
    ----------
    order : int, default 2, >= 1
        Windows whose targets make up the state: 2 knows velocity and, with it, acceleration.
    lag : float, default 0.0, seconds, >= 0 and shorter than the windows
        How long the channels lead the movement: the newest `lag` seconds are not used.

    Attributes
    ----------
    transition_, transition_noise_ : float64 arrays, shape (order * k, order * k)
    observation_ : float64 array, shape (n_channels, order * k)
    observation_noise_ : float64 array, shape (n_channels, n_channels)
    prior_ : float64 array, shape (order * k, order * k)
        Covariance of the training states: what is known before the first window of a recording.
    step_ : float
        Seconds from one window to the next.

    Raises
    ------
    DataError
        Onsets are unknown, windows come at another pace than in training, no more windows than
        channels, no or text targets.

    Notes
    -----
    x_t = A x_{t-1} + w; y_t = C x_t + q; all four by least squares, centred. The state is `y` of
    fit (velocity, or position and velocity side by side) in the last `order` windows. An
    observation is the mean of the window over what is new since the window before, so that
    windows may overlap. The filter goes through the windows by `recording`, `session`, `run` and
    `onset` of the trial table whatever their order, and starts anew after every gap. A prediction
    depends on earlier windows given to the same call, never on later ones. `score` is the mean R²
    over targets; `evaluation.metrics.r2_per_output(y, kalman.predict(X))` lists them. Source: Wu,
    Gao, Bienenstock, Donoghue, Black 2006, 10.1162/089976606774841585; information form of the
    update, which inverts matrices of the size of the state only.

    Examples
    --------
    >>> import neurodecode as nd
    >>> epochs = nd.load("sim-cursor")
    >>> first = epochs.groups("session") == "1"
    >>> train, test = epochs[first], epochs[~first]
    >>> bool(nd.decoders.Kalman().fit(train, train.y).score(test, test.y) > 0.5)
    True
    """

    def __init__(self, order: int = 2, lag: float = 0.0):
        self.order = order
        self.lag = lag

    def _learn(self, observations: np.ndarray, states: np.ndarray) -> None:
        n, n_channels = observations.shape
        if n <= n_channels + states.shape[1]:
            raise DataError(
                "Kalman: too few windows for the covariance of the channels",
                found=f"{n} windows of {n_channels} channels",
                expected=f"more than {n_channels + states.shape[1]}",
                fix="fewer channels (epochs.pick), or nd.decoders.DiscriminativeKalman()",
            )
        if not observations.any():
            raise DataError("Kalman: no channel varies", found=f"{n_channels} constant channels")
        self.observation_, self.observation_noise_ = least_squares(states, observations)
        self.weights_, self.precision_ = observation_information(
            self.observation_, self.observation_noise_
        )

    def _means(self, sequences: list[np.ndarray]) -> list[np.ndarray]:
        return self._run(self.precision_, [each @ self.weights_.T for each in sequences])


class DiscriminativeKalman(_StateDecoder):
    """Kalman filter around any regressor from one window to the state.

    Parameters
    ----------
    regressor : scikit-learn regressor, default None: least squares
        From (n, n_channels) to the state, (n, order * k), or (n,) where that is one; cloned.
    order : int, default 2, >= 1
        As for `Kalman`.
    lag : float, default 0.0, seconds
        As for `Kalman`.
    n_neighbors : int or None, default None: one Q for all windows
        Training windows, those with the most similar f(y), whose errors make up Q(y). It pays
        where f(y) is close to the mean of the state given y and some f(y) are surer than others;
        a linear f of skewed noise is not, and one Q is then better.

    Attributes
    ----------
    regressor_ : fitted regressor
    error_ : float64 array, shape (order * k, order * k)
        Covariance of the regressor's errors on windows it was not fitted on (five contiguous
        folds).
    held_out_, errors_ : float64 arrays, shape (n, order * k)
        What it said about these windows, and its errors.
    transition_, transition_noise_, prior_, step_ : as for `Kalman`

    Raises
    ------
    DataError
        As for `Kalman`; too few windows for folds.

    Notes
    -----
    p(x | y) = N(f(y), Q(y)), states stationary with covariance S = A S A' + Γ:
    P_t = (Q^-1 + M_t^-1 - S^-1)^-1, m_t = P_t (Q^-1 f(y_t) + M_t^-1 A m_{t-1}). At a step where
    Q^-1 - S^-1 is not positive definite, S^-1 is left out. Equal to the Kalman filter where states
    and noise are Gaussian, f is linear and Q is one. Q comes from errors on windows that f was not
    fitted on, or the filter trusts an overfitted f. Source: Burkhart, Brandman, Franco, Hochberg,
    Harrison 2020, 10.1162/neco_a_01275, arXiv:1608.06622.

    Examples
    --------
    >>> import neurodecode as nd
    >>> epochs = nd.load("sim-cursor")
    >>> first = epochs.groups("session") == "1"
    >>> train, test = epochs[first], epochs[~first]
    >>> decoder = nd.decoders.DiscriminativeKalman().fit(train, train.y)
    >>> bool(decoder.score(test, test.y) > 0.5)
    True
    """

    def __init__(
        self,
        regressor: Any = None,
        order: int = 2,
        lag: float = 0.0,
        n_neighbors: int | None = None,
    ):
        self.regressor = regressor
        self.order = order
        self.lag = lag
        self.n_neighbors = n_neighbors

    def _learn(self, observations: np.ndarray, states: np.ndarray) -> None:
        n, size = states.shape
        if n < 2 * _HELD_OUT_FOLDS:
            raise DataError(
                "DiscriminativeKalman: too few windows to measure the regressor's errors",
                found=f"{n} windows",
                expected=f"at least {2 * _HELD_OUT_FOLDS}",
            )
        if self.n_neighbors is not None and self.n_neighbors <= size:
            raise DataError(
                "DiscriminativeKalman: too few neighbours for a covariance",
                found=f"n_neighbors={self.n_neighbors}, states of size {size}",
                expected=f"above {size}, or None",
            )
        said = np.empty_like(states)
        for train, test in KFold(_HELD_OUT_FOLDS).split(observations):
            fitted = self._fitted(observations[train], states[train])
            said[test] = _table(fitted.predict(observations[test]))
        self.regressor_ = self._fitted(observations, states)
        self.held_out_, self.errors_ = said, states - said
        self.error_ = self.errors_.T @ self.errors_ / n
        # Stationary by construction: S = A S A' + Γ.
        stationary = self.prior_ - self.transition_ @ self.prior_ @ self.transition_.T
        self.transition_noise_ = _positive(stationary)

    def _means(self, sequences: list[np.ndarray]) -> list[np.ndarray]:
        said = [_table(self.regressor_.predict(each)) for each in sequences]
        if self.n_neighbors is None or self.n_neighbors >= len(self.errors_):
            word, precision = (each[0] for each in self._information(self.error_[None]))
            return self._run(precision, [each @ word for each in said])
        return [self._varying(each, self.n_neighbors) for each in said]

    def _varying(self, said: np.ndarray, n_neighbors: int) -> np.ndarray:
        """States of one sequence, each observation with a covariance of its own."""
        scale = np.maximum(self.held_out_.std(axis=0), np.finfo(float).tiny)
        near = KDTree(self.held_out_ / scale).query(said / scale, k=n_neighbors)[1]
        errors = self.errors_[near]  # (n_steps, n_neighbors, size)
        covariances = np.swapaxes(errors, 1, 2) @ errors / n_neighbors
        words, precisions = self._information(covariances)
        drives = np.einsum("nij,nj->ni", words, said)
        return run_varying(
            self.transition_, self.transition_noise_, self.prior_, precisions, drives
        )

    def _information(self, covariances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Q^-1 of each covariance, and Q^-1 - S^-1 where that is positive definite, else Q^-1."""
        words = np.linalg.inv(_positive(covariances))
        less = words - np.linalg.inv(_positive(self.prior_))
        sure = np.linalg.eigvalsh(less).min(axis=-1) > 0
        return words, np.where(sure[:, None, None], less, words)

    def _fitted(self, observations: np.ndarray, states: np.ndarray) -> Any:
        made: Any = LinearRegression() if self.regressor is None else clone(self.regressor)
        return made.fit(observations, states[:, 0] if states.shape[1] == 1 else states)


def _stack(states: np.ndarray, order: int) -> np.ndarray:
    """Each state beside the ones before it, shape (n - order + 1, order * k)."""
    n = len(states) - order + 1
    return np.concatenate([states[order - 1 - i : order - 1 - i + n] for i in range(order)], axis=1)


def _table(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, dtype=np.float64).reshape(len(values), -1)


def _positive(matrix: np.ndarray) -> np.ndarray:
    """Nearest covariance with every direction at least 1e-9 of the largest variance."""
    values, vectors = np.linalg.eigh((matrix + np.swapaxes(matrix, -1, -2)) / 2)
    values = np.maximum(values, 1e-9 * values.max(axis=-1, keepdims=True))
    return (vectors * values[..., None, :]) @ np.swapaxes(vectors, -1, -2)
