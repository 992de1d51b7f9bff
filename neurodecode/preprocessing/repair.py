"""What steps share that mend single channels of single trials and mark what cannot be mended."""

from __future__ import annotations

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.linalg.splines import fit_sphere, interpolation_matrix
from neurodecode.preprocessing.channel_map import check_positions
from neurodecode.preprocessing.marks import MarksTrials, marked


class TrialRepair(MarksTrials):
    """Base of steps that interpolate EEG channels within trials; subclasses write `_judge`.

    Notes
    -----
    A repaired trial has as many dimensions less as channels were interpolated, others keep
    theirs; `rank` stays that of whole trials, so shrink covariances. Trials of which more than
    half of the channels are bad, or fewer than four good, are marked and left as they are:
    nothing is left to interpolate from. All trials come back; see
    `neurodecode.preprocessing.marks`.
    """

    def _judge(self, X: Epochs) -> tuple[np.ndarray, np.ndarray]:
        """Channels to mend, bool, (n_trials, n_channels), and reasons, object, (n_trials,)."""
        raise NotImplementedError

    def _transform(self, X: Epochs) -> Epochs:
        bad, reasons = self._judge(X)
        n = len(good_eeg(X.channels))
        n_bad = bad.sum(axis=1)
        hopeless = (n_bad > 0) & ((2 * n_bad > n) | (n - n_bad < 4))
        for k in np.flatnonzero(hopeless & (reasons == "")):
            reasons[k] = f"{n_bad[k]} of {n} channels are bad"
        return marked(interpolated(X, bad & ~hopeless[:, None]), reasons)


def interpolated(epochs: Epochs, bad: np.ndarray) -> Epochs:
    """Epochs with some EEG channels of some trials filled in from the good ones of that trial.

    Parameters
    ----------
    epochs : Epochs
    bad : bool array, shape (n_trials, n_channels)

    Raises
    ------
    DataError
        An EEG channel has no place.

    Notes
    -----
    The spherical splines of `Interpolate`, on the sphere fitted to all good electrodes, so that
    trials which miss different channels share it. Margins are filled in too.
    """
    if not bad.any():
        return epochs
    out = np.array(epochs.padded())
    eeg = good_eeg(epochs.channels)
    places = check_positions(epochs.channels, eeg, "Repair of trials")
    centre, _ = fit_sphere(places)
    for pattern in np.unique(bad[bad.any(axis=1)][:, eeg], axis=0):
        weights = interpolation_matrix(places[~pattern], places[pattern], centre)
        for k in np.flatnonzero((bad[:, eeg] == pattern).all(axis=1)):
            out[k, eeg[pattern]] = weights @ out[k, eeg[~pattern]]
    return epochs.with_data(out, pad=epochs.pad)


def good_eeg(channels: Channels) -> np.ndarray:
    """Positions of the EEG channels that are not marked bad, int64; refused where there is none.

    Raises
    ------
    DataError
    """
    picks = np.intersect1d(channels.of_kind("eeg"), channels.good_brain())
    if not len(picks):
        raise DataError(
            "only EEG can be repaired trial by trial",
            found=channels.text(),
            expected="good EEG channels",
        )
    return picks
