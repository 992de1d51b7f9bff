"""Marks on trials, and what they are for: no step takes a trial out.

A scikit-learn step may not drop trials: labels would no longer fit, and a benchmark that leaves
out difficult test trials scores something else. Hence three honest ways:

- on a recording, steps mark BAD spans; the cut leaves out windows that touch one and lists them
  in `epochs.dropped`, test windows too: say so beside a score;
- on epochs, they write the reason into the column "artefact" of the trial table ("" where there
  is none) and give back every trial;
- `step.clean(epochs)` is a mask: ``train = train[step.clean(train)]`` drops training trials
  only, and all test trials are scored.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.inputs import as_epochs
from neurodecode.core.step import Step

COLUMN = "artefact"


class MarksTrials(Step):
    """Base of steps that write into the column "artefact"; see the module."""

    def clean(self, X: Any) -> np.ndarray:
        """Which trials carry no mark, after this step.

        Parameters
        ----------
        X : Epochs or mne.Epochs

        Returns
        -------
        mask : bool array, shape (n_trials,)
        """
        return self.transform(as_epochs(X)).trials[COLUMN].to_numpy(dtype=object) == ""


def marked(epochs: Epochs, reasons: np.ndarray) -> Epochs:
    """Epochs whose trial table says why trials are spoiled; earlier reasons stay.

    Parameters
    ----------
    epochs : Epochs
    reasons : object array of str, shape (n_trials,)
        "" for clean trials.

    Examples
    --------
    >>> epochs = Epochs(np.zeros((2, 1, 5)), channels=["Cz"], sfreq=5)
    >>> marked(epochs, np.array(["", "loud"], dtype=object)).trials["artefact"].tolist()
    ['', 'loud']
    """
    trials = epochs.trials
    if COLUMN in trials:
        before = trials[COLUMN].to_numpy(dtype=object)
        reasons = np.where(before == "", reasons, before)
    trials[COLUMN] = np.asarray(reasons, dtype=object)
    return epochs.with_trials(trials)
