"""Temporal generalization: train at one time, test at all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.step import Step
from neurodecode.decoders.labelled import Labelled
from neurodecode.evaluation.clusters import cluster_masses

_ALPHA = 0.05


@dataclass(frozen=True, eq=False)
class TimeScores:
    """Balanced accuracy by training and test time.

    Attributes
    ----------
    values : float64 array, shape (n_windows, n_windows)
        Rows: training time; columns: test time.
    times : float64 array, shape (n_windows,)
        Centre of each window, seconds from time zero.
    chance : float
        One over the number of classes.
    p : float64 array, shape (n_windows, n_windows)
        p value of the cluster each cell lies in; 1 outside clusters.
    mask : bool array, shape (n_windows, n_windows)
        True where p < 0.05.
    n_trials : int
        Trials tested.
    zero : str
        What happens at time zero.

    Examples
    --------
    >>> cell = np.ones((1, 1))
    >>> TimeScores(0.8 * cell, np.zeros(1), 0.5, 0.01 * cell, cell > 0, 60, "cue").mask.tolist()
    [[True]]
    """

    values: np.ndarray
    times: np.ndarray
    chance: float
    p: np.ndarray
    mask: np.ndarray
    n_trials: int
    zero: str


class TimeGeneralization:
    """Score a pipeline trained in each time window on every time window.

    A diagonal ridge means codes that follow each other, a square one code that lasts.

    Parameters
    ----------
    pipe : classifier or Pipeline
        Leading steps that act on each trial alone and give epochs (filters) run once on the whole
        trials; the rest is fitted anew in every window.
    n_windows : int, default 20
        Equal windows over the trial; samples that are left over at the end are not used.
    n_permutations : int, default 500
        Of the labels against the held-out predictions, within folds.
    random_state : int, default 0

    Raises
    ------
    DataError
        More windows than samples.

    Notes
    -----
    Significance: cells above the 95 % point of their own null distribution form clusters; a
    cluster's mass is compared with the largest of each permutation, so the mask holds for the
    whole map. Predictions are not refitted: the test asks whether held-out predictions know the
    labels. Sources: King, Dehaene 2014, 10.1016/j.tics.2014.01.002; Maris, Oostenveld 2007,
    10.1016/j.jneumeth.2007.03.024.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> data = np.random.default_rng(0).normal(size=(60, 2, 40))
    >>> data[::2, 0, 20:] += 1.5  # the classes differ in the second half
    >>> epochs = nd.Epochs(data, channels=["C3", "C4"], sfreq=40, y=30 * ["a", "b"])
    >>> lda = nd.decoders.ShrinkageLDA()
    >>> found = nd.decoders.TimeGeneralization(lda, n_windows=4).scores(epochs)
    >>> found.mask[2:, 2:].tolist()  # held out, the code of one window serves in the other
    [[True, True], [True, True]]
    """

    def __init__(
        self, pipe: Any, n_windows: int = 20, n_permutations: int = 500, random_state: int = 0
    ):
        self.pipe = pipe
        self.n_windows = n_windows
        self.n_permutations = n_permutations
        self.random_state = random_state

    def scores(self, epochs: Epochs, cv: Any = None) -> TimeScores:
        """Cross-validate over folds and windows.

        Parameters
        ----------
        epochs : Epochs
            With labels.
        cv : scikit-learn splitter, default ``nd.split("within-session", k=5)``

        Returns
        -------
        scores : TimeScores
        """
        given = Labelled.of(epochs, cv, "TimeGeneralization")
        rest, epochs = _run_once(self.pipe, given.epochs)
        windows, times = self._windows(epochs)
        predicted, fold = self._predictions(rest, windows, given)
        tested, n_classes = fold >= 0, len(given.classes)
        test = _ClusterTest(predicted[..., tested], given.codes[tested], fold[tested], n_classes)
        values, p = test.run(self.n_permutations, np.random.default_rng(self.random_state))
        return TimeScores(
            values, times, 1 / n_classes, p, p < _ALPHA, int(tested.sum()), epochs.zero
        )

    def _predictions(
        self, rest: Any, windows: Epochs, given: Labelled
    ) -> tuple[np.ndarray, np.ndarray]:
        """Codes (n_windows, n_windows, n_trials) by training and test window; fold of each trial.

        All test windows of a fold are predicted in one call.
        """
        n, starts = len(given.codes), np.arange(self.n_windows)[:, None] * len(given.codes)
        predicted = np.full((self.n_windows, self.n_windows, n), -1)
        fold = np.full(n, -1)
        for number, (train, test) in enumerate(given.folds):
            fold[test] = number
            others = windows[(starts + test).ravel()].without_targets()
            for i in range(self.n_windows):
                fitted: Any = clone(rest)
                fitted.fit(windows[starts[i] + train].without_targets(), given.labels[train])
                codes = np.searchsorted(given.classes, fitted.predict(others))
                predicted[i][:, test] = codes.reshape(self.n_windows, len(test))
        return predicted, fold

    def _windows(self, epochs: Epochs) -> tuple[Epochs, np.ndarray]:
        """Windows of all trials, one window after the other, and their centres in seconds.

        Every window starts at the time of the first: a decoder trained in one is used in others.
        """
        n_times = epochs.shape[2]
        if not 1 <= self.n_windows <= n_times:
            raise DataError(
                "TimeGeneralization: windows do not fit the trials",
                found=f"{self.n_windows} windows, {n_times} samples",
                expected=f"1 to {n_times} windows",
            )
        length = n_times // self.n_windows
        starts = np.arange(self.n_windows) * length
        data = np.concatenate([epochs.data[..., s : s + length] for s in starts])
        windows = epochs[np.tile(np.arange(len(epochs)), self.n_windows)].with_data(data, pad=0.0)
        return windows, epochs.tmin + (starts + (length - 1) / 2) / epochs.sfreq


def _run_once(pipe: Any, epochs: Epochs) -> tuple[Any, Epochs]:
    """Apply leading steps that are the same in all folds; what is left, and their output."""
    if not isinstance(pipe, Pipeline):
        return pipe, epochs
    steps = list(pipe.steps)
    while len(steps) > 1 and isinstance(steps[0][1], Step) and steps[0][1].scope == "trial":
        after = steps[0][1].transform(epochs)
        if not isinstance(after, Epochs):
            break
        epochs, steps = after, steps[1:]
    return Pipeline(steps), epochs


class _ClusterTest:
    """Balanced accuracy of a map of predictions, and the same under permuted labels."""

    def __init__(self, predicted: np.ndarray, codes: np.ndarray, fold: np.ndarray, n_classes: int):
        self.shape = predicted.shape[:2]
        self.codes, self.fold, self.n_classes = codes, fold, n_classes
        flat = predicted.reshape(-1, len(codes), 1) == np.arange(n_classes)
        self.hits = flat.reshape(len(flat), -1).astype(np.float32)  # (cells, n_trials * classes)
        self.weight = 1.0 / (n_classes * np.bincount(codes, minlength=n_classes))

    def run(self, n_permutations: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Scores and cluster p values, both shaped as the map."""
        values = self._score(self.codes[None])[0]
        null = self._score(np.stack([self._permuted(rng) for _ in range(n_permutations)]))
        threshold = np.quantile(null, 1 - _ALPHA, axis=0)
        centre = null.mean(axis=0)
        largest = [cluster_masses(each, threshold, centre)[1].max(initial=0.0) for each in null]
        cluster, masses = cluster_masses(values, threshold, centre)
        above = (np.array(largest)[None, :] >= masses[:, None]).sum(axis=1)
        p_of = np.concatenate([[1.0], (1 + above) / (1 + n_permutations)])
        return values, p_of[cluster]

    def _permuted(self, rng: np.random.Generator) -> np.ndarray:
        codes = self.codes.copy()
        for number in np.unique(self.fold):
            rows = np.flatnonzero(self.fold == number)
            codes[rows] = codes[rng.permutation(rows)]
        return codes

    def _score(self, labelings: np.ndarray) -> np.ndarray:
        out = []
        for start in range(0, len(labelings), 64):
            some = labelings[start : start + 64]
            weights = (some[:, :, None] == np.arange(self.n_classes)) * self.weight
            out.append(weights.reshape(len(some), -1).astype(np.float32) @ self.hits.T)
        return np.concatenate(out).reshape(-1, *self.shape).astype(np.float64)
