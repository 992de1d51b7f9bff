"""Linear Gaussian state-space models: fitted by least squares, filtered in information form.

Rows are times, states x (k,) are small, observations y (n_channels,) many:
x_t = A x_{t-1} + w, w ~ N(0, W); y_t = C x_t + q, q ~ N(0, Q).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_discrete_are

_JITTER = 1e-6  # of the mean variance, added to the diagonal of estimated covariances
_SETTLED = 1e-13  # relative change of the covariance below which it stays as it is


@dataclass(frozen=True, eq=False)
class Information:
    """A filter whose observations enter by what they tell about the state.

    Attributes
    ----------
    transition : float64 array, shape (k, k)
        A.
    transition_noise : float64 array, shape (k, k)
        W.
    prior : float64 array, shape (k, k)
        Covariance of the state before the first observation; its mean is 0.
    precision : float64 array, shape (k, k)
        What one observation adds to the inverse covariance: C' Q^-1 C for a Kalman filter.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> Information(one, one, one, one).run([np.ones((1, 1))])[0].tolist()
    [[0.5]]
    """

    transition: np.ndarray
    transition_noise: np.ndarray
    prior: np.ndarray
    precision: np.ndarray

    def covariances(self, n_steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Predicted and filtered covariances, each (n, k, k): all steps until they settle.

        They do not depend on the observations. `n` is at most `n_steps`; from the last one on
        they stay as they are to rounding.

        Examples
        --------
        >>> one = np.ones((1, 1))
        >>> predicted, filtered = Information(one, one, one, one).covariances(50)
        >>> np.round([predicted[-1].item(), filtered[-1].item()], 4).tolist()
        [1.618, 0.618]
        """
        predicted, filtered = [self.prior], [_update(self.prior, self.precision)]
        for _ in range(1, n_steps):
            ahead = self.transition @ filtered[-1] @ self.transition.T + self.transition_noise
            predicted.append((ahead + ahead.T) / 2)
            filtered.append(_update(predicted[-1], self.precision))
            change = np.abs(filtered[-1] - filtered[-2]).max()
            if change <= _SETTLED * np.abs(filtered[-1]).max():
                break
        return np.stack(predicted), np.stack(filtered)

    def run(self, drives: list[np.ndarray]) -> list[np.ndarray]:
        """Filtered means of sequences that know nothing of one another.

        Parameters
        ----------
        drives : list of float64 arrays, each (n_steps, k)
            What each observation says, C' Q^-1 y_t for a Kalman filter.

        Returns
        -------
        means : list of float64 arrays, each (n_steps, k)

        Notes
        -----
        P_t = (M_t^-1 + precision)^-1 = (I + M_t precision)^-1 M_t and
        m_t = (I + M_t precision)^-1 A m_{t-1} + P_t drive_t: only matrices of the size of the
        state are solved, and M_t may be singular.
        """
        longest = max((len(each) for each in drives), default=0)
        if longest == 0:
            return [np.zeros_like(each) for each in drives]
        predicted, filtered = self.covariances(longest)
        k = len(self.prior)
        keep = np.linalg.solve(np.eye(k) + predicted @ self.precision, self.transition[None])
        padded = np.zeros((longest, len(drives), k))
        for i, drive in enumerate(drives):
            padded[: len(drive), i] = drive
        means = np.empty_like(padded)
        mean = np.zeros((len(drives), k))
        for t in range(longest):
            settled = min(t, len(filtered) - 1)
            mean = mean @ keep[settled].T + padded[t] @ filtered[settled]
            means[t] = mean
        return [means[: len(drive), i] for i, drive in enumerate(drives)]


def run_varying(
    transition: np.ndarray,
    transition_noise: np.ndarray,
    prior: np.ndarray,
    precisions: np.ndarray,
    drives: np.ndarray,
) -> np.ndarray:
    """Filtered means of one sequence whose observations are not all equally telling.

    Parameters
    ----------
    transition, transition_noise, prior : float64 arrays, shape (k, k), as in `Information`
    precisions : float64 array, shape (n_steps, k, k)
        What each observation adds to the inverse covariance.
    drives : float64 array, shape (n_steps, k)

    Returns
    -------
    means : float64 array, shape (n_steps, k)

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> run_varying(one, one, one, np.ones((2, 1, 1)), np.ones((2, 1))).round(6).tolist()
    [[0.5], [0.8]]
    """
    means, mean, predicted = np.empty_like(drives), np.zeros(len(prior)), prior
    for t, (precision, drive) in enumerate(zip(precisions, drives, strict=True)):
        keep = np.linalg.inv(np.eye(len(prior)) + predicted @ precision)
        filtered = keep @ predicted
        mean = keep @ (transition @ mean) + filtered @ drive
        means[t] = mean
        predicted = transition @ (filtered + filtered.T) / 2 @ transition.T + transition_noise
    return means


def _update(covariance: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """(covariance^-1 + precision)^-1, also of a singular covariance."""
    updated = np.linalg.solve(np.eye(len(covariance)) + covariance @ precision, covariance)
    return (updated + updated.T) / 2


def steady_state(
    transition: np.ndarray,
    transition_noise: np.ndarray,
    observation: np.ndarray,
    observation_noise: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Predicted covariance and gain that a Kalman filter settles to.

    Parameters
    ----------
    transition, transition_noise : float64 arrays, shape (k, k)
    observation : float64 array, shape (n_channels, k)
    observation_noise : float64 array, shape (n_channels, n_channels)

    Returns
    -------
    predicted : float64 array, shape (k, k)
        Solution of the discrete algebraic Riccati equation.
    gain : float64 array, shape (k, n_channels)

    Examples
    --------
    >>> one = np.ones((1, 1))  # the scalar random walk: the golden ratio
    >>> [round(each.item(), 4) for each in steady_state(one, one, one, one)]
    [1.618, 0.618]
    """
    predicted = solve_discrete_are(transition.T, observation.T, transition_noise, observation_noise)
    innovation = observation @ predicted @ observation.T + observation_noise
    gain = np.linalg.solve(innovation, observation @ predicted).T
    return predicted, gain


def fit_transition(sequences: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """A and W by least squares over neighbours in time, never across sequences.

    Parameters
    ----------
    sequences : list of float64 arrays, each (n_steps, k)
        Centred states.

    Returns
    -------
    transition, noise : float64 arrays, shape (k, k)
        `noise` is the covariance of the residuals, divided by n - k.

    Examples
    --------
    >>> walk = 0.5 ** np.arange(6.0)[:, None]
    >>> fit_transition([walk])[0].round(6).tolist()
    [[0.5]]
    """
    before = np.concatenate([each[:-1] for each in sequences])
    after = np.concatenate([each[1:] for each in sequences])
    return least_squares(before, after)


def least_squares(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """B of y = B x + noise, and the covariance of the noise, divided by n - k.

    Parameters
    ----------
    x : float64 array, shape (n, k), centred; n > k
    y : float64 array, shape (n, m), centred

    Returns
    -------
    weights : float64 array, shape (m, k)
    noise : float64 array, shape (m, m)
        With 1e-6 of its mean variance on the diagonal, so that silent channels have an inverse.

    Examples
    --------
    >>> least_squares(np.array([[1.0], [-1.0]]), np.array([[2.0], [-2.0]]))[0].round(6).tolist()
    [[2.0]]
    """
    weights = np.linalg.lstsq(x, y, rcond=None)[0].T
    residual = y - x @ weights.T
    noise = residual.T @ residual / (len(x) - x.shape[1])
    return weights, noise + _JITTER * np.trace(noise) / len(noise) * np.eye(len(noise))


def observation_information(
    observation: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """C' Q^-1, shape (k, n_channels), and C' Q^-1 C, shape (k, k).

    Examples
    --------
    >>> weights, precision = observation_information(3 * np.eye(1), 4 * np.eye(1))
    >>> weights.round(6).tolist(), precision.round(6).tolist()
    ([[0.75]], [[2.25]])
    """
    weights = cho_solve(cho_factor(noise), observation).T
    return weights, weights @ observation
