"""Trial betas: how strongly each trial drove each channel, by least squares, separate models.

A slow haemodynamic response overlaps with those of its neighbours; the mean of a window then mixes
trials. Least squares separate (LSS) fits one model per trial: the trial's own response, the summed
responses of all other trials by label, slow drifts and a constant. The trial's coefficient is its
beta.

Source: Mumford, Turner, Ashby & Poldrack 2012, doi 10.1016/j.neuroimage.2011.08.076; Turner 2012,
doi 10.3389/fnins.2012.00112 for one regressor a label; response: Glover 1999,
doi 10.1006/nimg.1998.0419, as nilearn has it. We fit by ordinary least squares, where nilearn's
`FirstLevelModel` whitens by default.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import orth

from neurodecode.core.dependencies import need

HRF_MODEL = "glover"
HIGH_PASS = 1 / 128  # Hz; slower drifts are part of the model
RESPONSE = 32.0  # s after an event's end until its response is over
SEEN = 0.5  # share of a response's energy that must lie inside the recording
OWN = 0.01  # share of a response that no other part of the model may explain


def responses(
    onsets: np.ndarray, durations: np.ndarray, n_times: int, sfreq: float
) -> tuple[np.ndarray, np.ndarray]:
    """Expected signal of each event at every sample.

    Parameters
    ----------
    onsets, durations : float arrays, shape (n_events,), s from the first sample
    n_times : int
    sfreq : float, Hz

    Returns
    -------
    columns : float array, shape (n_times, n_events)
        Events convolved with the response; amplitude 1 is a plateau after long events.
    seen : float array, shape (n_events,)
        Share of each response's energy that lies within the n_times samples.

    Raises
    ------
    MissingDependency
        nilearn is not installed.
    """
    glm = need("nilearn.glm.first_level", extra="fmri", why="the haemodynamic response")
    longest = float(durations.max(initial=0.0)) + RESPONSE
    times = np.arange(n_times + int(np.ceil(longest * sfreq))) / sfreq
    columns = np.empty((len(times), len(onsets)))
    for i, (onset, duration) in enumerate(zip(onsets, durations, strict=True)):
        event = np.array([[onset], [duration], [1.0]])
        columns[:, i] = glm.compute_regressor(event, HRF_MODEL, times)[0][:, 0]
    energy = (columns**2).sum(axis=0)
    inside = columns[:n_times]
    seen = np.divide((inside**2).sum(axis=0), energy, where=energy > 0, out=np.zeros(len(onsets)))
    return inside, seen


def drifts(n_times: int, sfreq: float) -> np.ndarray:
    """Cosines slower than `HIGH_PASS` and a constant, shape (n_times, k)."""
    glm = need("nilearn.glm.first_level", extra="fmri", why="a model of slow drifts")
    design = glm.make_first_level_design_matrix(
        np.arange(n_times) / sfreq, drift_model="cosine", high_pass=HIGH_PASS
    )
    return design.to_numpy()


def lss_weights(
    columns: np.ndarray, labels: np.ndarray, wanted: np.ndarray, nuisance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weights whose product with a signal is the beta of each wanted trial.

    Parameters
    ----------
    columns : float array, shape (n_times, n_events), from `responses`
    labels : array, shape (n_events,)
        Trials of one label share a regressor in the models of the others.
    wanted : int array, shape (n_wanted,)
        Events whose betas are asked for.
    nuisance : float array, shape (n_times, k), from `drifts`

    Returns
    -------
    weights : float array, shape (n_wanted, n_times)
    own : float array, shape (n_wanted,)
        Share of each response that the rest of its model does not explain. Near 0 the beta means
        nothing.

    Examples
    --------
    >>> columns = np.eye(4)[:, :2]
    >>> weights, own = lss_weights(columns, np.array(["a", "a"]), np.array([0]), np.ones((4, 1)))
    >>> (weights @ [2.0, 5.0, 0.0, 0.0]).round(3).tolist()  # the beta of the first trial
    [2.0]
    """
    sums = {label: columns[:, labels == label].sum(axis=1) for label in dict.fromkeys(labels)}
    base = orth(nuisance)
    weights = np.zeros((len(wanted), len(columns)))
    own = np.zeros(len(wanted))
    for k, i in enumerate(wanted):
        trial = columns[:, i]
        others = [total - (trial if name == labels[i] else 0.0) for name, total in sums.items()]
        rest = orth(np.column_stack([base, *(_unit(each) for each in others)]))
        # Frisch-Waugh-Lovell: what the rest cannot explain carries the coefficient
        residual = trial - rest @ (rest.T @ trial)
        size = residual @ residual
        own[k] = size / max(trial @ trial, np.finfo(float).tiny)
        weights[k] = residual / size if size > 0 else 0.0
    return weights, own


def _unit(column: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(column)
    return column / length if length > 1e-9 else np.zeros_like(column)
