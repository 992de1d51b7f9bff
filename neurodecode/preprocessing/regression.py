"""Regression of reference channels, above all the EOG, out of the brain channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.errors import DataError
from neurodecode.linalg.rank import RANK_TOLERANCE
from neurodecode.preprocessing.learned_mixing import LearnedMixing, find_references
from neurodecode.preprocessing.training_signals import TrainingSignals


class EOGRegression(LearnedMixing):
    """Subtract from each brain channel what the eye channels predict of it.

    Parameters
    ----------
    references : str or sequence of str, default "eog"
        Reference channels: a kind ("eog", "ecg", "emg") or names.

    Attributes
    ----------
    coefficients_ : float64 array, shape (n_channels, n_references)
        Rows of channels that are left alone are zero.
    matrix_ : float64 array, shape (n_channels, n_channels)
    rank_lost_ : int
        0 unless references are brain channels that determine others.

    Raises
    ------
    DataError
        No reference channel, or references that are constant or determine one another.

    Notes
    -----
    With reference signals E and brain signals X, the mean of each training trial or stretch
    removed: b = X E' (E E')^-1, and x(t) becomes x(t) - b e(t). Coefficients come from training
    data; a constant offset of the EOG passes on to the EEG, so take it away with a high-pass or
    a baseline. Set the electrical reference before. Brain activity that the EOG picks up is
    removed too: with 20 % of Fp1 in the EOG, 7.5 % of the signal between blinks changes.
    Reference channels that are no brain signals leave epochs and stay in recordings.

    Sources: Gratton, Coles, Donchin 1983, 10.1016/0013-4694(83)90135-9 (who subtract the evoked
    response before fitting, which would need labels here); Croft, Barry 2000,
    10.1016/S0987-7053(00)00055-1. Coefficients equal those of `mne.preprocessing.EOGRegression`.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> from neurodecode.core import Channels
    >>> eyes = np.sin(np.arange(200) / 5)
    >>> rec = nd.Recording(np.array([0.3 * eyes, eyes]), sfreq=100,
    ...                    channels=Channels(["Fz", "EOG"], ["eeg", "eog"]))
    >>> bool(abs(nd.preprocessing.EOGRegression().transform(rec).data[0]).max() < 1e-12)
    True
    """

    def __init__(self, references: str | Sequence[str] = "eog"):
        self.references = references

    def _references(self, channels: Channels) -> np.ndarray:
        return find_references(channels, self.references, "EOGRegression")

    def _learn(self, signals: TrainingSignals) -> np.ndarray:
        references = self._references(signals.channels)
        cleaned = np.setdiff1d(signals.channels.good_brain(), references)
        x = signals.joined()
        moment = x[references] @ x[references].T
        scale = np.sqrt(np.diag(moment))
        if not scale.all() or np.linalg.cond(moment / np.outer(scale, scale)) > 1 / RANK_TOLERANCE:
            raise DataError(
                "EOGRegression: the references determine one another",
                found=", ".join(signals.channels.names[i] for i in references),
                expected="reference channels that vary, none a sum of others",
                fix="references=[...] names those to use",
            )
        self.coefficients_ = np.zeros((len(x), len(references)))
        self.coefficients_[cleaned] = np.linalg.solve(moment, x[references] @ x[cleaned].T).T
        matrix = np.eye(len(x))
        matrix[:, references] -= self.coefficients_
        return matrix
