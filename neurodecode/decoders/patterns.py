"""Activation patterns: how what a decoder reads shows on the channels.

Weights of a backward model are large on channels that merely cancel noise; patterns are not
(Haufe et al. 2014, 10.1016/j.neuroimage.2013.10.067).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.inputs import as_epochs
from neurodecode.features.riemann import CSP, TangentSpace
from neurodecode.features.spectra import BandPower
from neurodecode.linalg.covariance import trial_blocks

_POWER_STEPS = (BandPower, CSP, TangentSpace)


def patterns_of(pipe: Any, epochs: Epochs) -> tuple[np.ndarray, np.ndarray]:
    """Activation pattern of a fitted decoder, one value a channel.

    Parameters
    ----------
    pipe : fitted classifier or regressor, or a pipeline that ends in one
        With `decision_function`, or `predict` with numbers.
    epochs : Epochs
        The training trials; at least three.

    Returns
    -------
    values : float64 array, shape (n_outputs, n_channels)
        Change of the channel per standard deviation of the decoder's output: in the unit of the
        channel, at the moment when the pattern is strongest; in log power for decoders of power
        (`CSP`, `TangentSpace`, `BandPower`), whose patterns have no sign on the channels.
    names : array of str, shape (n_outputs,)
        Class that each row speaks for (two classes: one row, for the second), or "output 1", ...

    Raises
    ------
    DataError
        The decoder gives no scores, or the same score for all trials.

    Notes
    -----
    The regression of the data on the scores s: A = Cov(x, s) Cov(s)^-1, scaled by the standard
    deviation of s. For a linear decoder of x this is the pattern of its weights. The moment is the
    sample at which the pattern's norm over channels and outputs is largest.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> data = np.random.default_rng(0).normal(size=(40, 2, 8))
    >>> data[::2, 1] += 2
    >>> epochs = nd.Epochs(data, channels=["C3", "C4"], sfreq=8, y=20 * ["a", "b"])
    >>> fitted = nd.decoders.ShrinkageLDA().fit(epochs, epochs.y)
    >>> values, names = nd.decoders.patterns_of(fitted, epochs)
    >>> names.tolist(), int(abs(values[0]).argmax())
    (['b'], 1)
    """
    check_is_fitted(pipe)
    epochs = as_epochs(epochs)
    scores, names = graded_scores(pipe, epochs)
    signals = _before_features(pipe, epochs)
    return pattern_of_scores(pattern_input(signals, reads_power(pipe)), scores), names


def reads_power(pipe: Any) -> bool:
    """Whether a pipeline decodes the power of channels, not their signals.

    Examples
    --------
    >>> reads_power(Pipeline([("csp", CSP())])), reads_power(CSP())
    (True, False)
    """
    return isinstance(pipe, Pipeline) and any(
        isinstance(step, _POWER_STEPS) for _, step in pipe.steps
    )


def pattern_input(epochs: Epochs, power: bool) -> np.ndarray:
    """What patterns are regressed on, one row a trial.

    Parameters
    ----------
    epochs : Epochs
    power : bool
        Log power of each channel instead of its signal.

    Returns
    -------
    x : array, shape (n_trials, n_channels, n_times), or float64 (n_trials, n_channels, 1)

    Examples
    --------
    >>> pattern_input(Epochs([[[1.0, -1.0]]], channels=["Cz"], sfreq=2), power=True).tolist()
    [[[0.0]]]
    """
    if not power:
        return epochs.data
    n_trials, n_channels, n_times = epochs.shape
    data, variance = epochs.data, np.empty((n_trials, n_channels))
    for block in trial_blocks(n_trials, n_channels * n_times):
        wide = data[block].astype(np.float64)
        wide -= wide.mean(axis=2, keepdims=True)
        variance[block] = np.einsum("nct,nct->nc", wide, wide) / n_times
    return np.log(np.maximum(variance, np.finfo(float).tiny))[..., None]


def pattern_of_scores(x: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Pattern of graded scores at the moment when it is strongest; see `patterns_of`.

    Parameters
    ----------
    x : array, shape (n_trials, n_channels, n_times)
    scores : float array, shape (n_trials, n_outputs)

    Returns
    -------
    values : float64 array, shape (n_outputs, n_channels)

    Raises
    ------
    DataError
        The same score for all trials.
    """
    pattern = _regress(x, scores)  # (n_outputs, n_channels, n_times)
    moment = int(np.linalg.norm(pattern, axis=(0, 1)).argmax())
    return pattern[:, :, moment]


def graded_scores(pipe: Any, X: Any) -> tuple[np.ndarray, np.ndarray]:
    """Scores of a fitted decoder, shape (n_trials, n_outputs), and what each output speaks for.

    Raises
    ------
    DataError
        The decoder gives labels only.
    """
    if hasattr(pipe, "decision_function"):
        scores = np.asarray(pipe.decision_function(X), dtype=np.float64)
    elif hasattr(pipe, "predict_proba"):
        logs = np.log(np.maximum(pipe.predict_proba(X), 1e-12))
        scores = logs[:, 1] - logs[:, 0] if logs.shape[1] == 2 else logs
    else:
        scores = np.asarray(pipe.predict(X))
        if scores.dtype.kind != "f":
            raise DataError(
                "patterns need graded scores",
                found=f"{type(pipe).__name__} with labels only",
                expected="decision_function, predict_proba, or a regressor",
            )
    scores = scores.reshape(len(scores), -1)
    if hasattr(pipe, "classes_"):
        classes = np.asarray(pipe.classes_)
        names = classes[1:] if scores.shape[1] == 1 else classes
        return scores, names.astype(str)
    return scores, np.array([f"output {i + 1}" for i in range(scores.shape[1])])


def _before_features(pipe: Any, epochs: Epochs) -> Epochs:
    """Signals as the first feature step sees them."""
    if not isinstance(pipe, Pipeline):
        return epochs
    X = epochs
    for _, step in pipe.steps[:-1]:
        after = X if step in (None, "passthrough") else step.transform(X)
        if not isinstance(after, Epochs):
            break
        X = after
    return X


def _regress(x: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Cov(x, s) Cov(s)^-1 times the sd of s, shape (n_outputs, n_channels, n_times)."""
    centred = scores - scores.mean(axis=0)
    spread = centred.std(axis=0)
    if not np.any(spread > 0):
        raise DataError(
            "no pattern: the decoder gives all trials the same score",
            found=f"{len(scores)} equal scores",
            expected="a decoder that learned something",
        )
    deviation = x - x.mean(axis=0, keepdims=True)
    # Scores of K classes may sum to a constant: the pseudo-inverse handles that direction.
    inverse = np.linalg.pinv(centred.T @ centred, hermitian=True)
    weights = (centred @ inverse) * spread  # (n_trials, n_outputs)
    return np.tensordot(weights, deviation, axes=(0, 0))
