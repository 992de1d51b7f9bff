"""Searchlight: how well each neighbourhood of channels or voxels decodes on its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial import KDTree
from sklearn.base import clone

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.inputs import as_epochs
from neurodecode.decoders.labelled import Labelled


@dataclass(frozen=True, eq=False)
class LightScores:
    """Accuracy around each channel.

    Attributes
    ----------
    values : float64 array, shape (n_channels,)
        Balanced accuracy of held-out trials, pooled over folds.
    names : tuple of str
        Channel at each centre.
    n_neighbors : int array, shape (n_channels,)
        Channels in each neighbourhood, the centre included.
    chance : float
        One over the number of classes.
    n_trials : int
        Trials tested.

    Examples
    --------
    >>> LightScores(np.array([0.9]), ("C3",), np.array([4]), 0.5, 60).values.max()
    np.float64(0.9)
    """

    values: np.ndarray
    names: tuple[str, ...]
    n_neighbors: np.ndarray
    chance: float
    n_trials: int


class Searchlight:
    """Cross-validate a decoder on the neighbourhood of every channel.

    Parameters
    ----------
    pipe : classifier or Pipeline
        Takes epochs; fitted anew for every neighbourhood and fold.
    radius : float, metres, > 0
        Channels (voxel centres) at most this far from the centre.

    Raises
    ------
    DataError
        Channels without positions, or a radius that is not positive.

    Notes
    -----
    Voxels read by `nd.read` have their centres as positions. The map is descriptive: neighbourhoods
    overlap and the largest of many values is no estimate of a score.
    Neighbourhoods as in nilearn's `SearchLight`. Source: Kriegeskorte, Goebel, Bandettini 2006,
    10.1073/pnas.0600244103.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> data = np.random.default_rng(0).normal(size=(40, 3, 4))
    >>> data[::2, 2] += 3
    >>> places = 0.05 * np.eye(3)
    >>> channels = nd.Channels(["a", "b", "c"], positions=places, position_from="file")
    >>> epochs = nd.Epochs(data, channels=channels, sfreq=4, y=20 * ["x", "y"])
    >>> found = nd.decoders.Searchlight(nd.decoders.LinearSVM(), radius=0.01).scores(epochs)
    >>> found.names[found.values.argmax()]
    'c'
    """

    def __init__(self, pipe: Any, radius: float):
        self.pipe = pipe
        self.radius = radius

    def scores(self, epochs: Epochs, cv: Any = None) -> LightScores:
        """Balanced accuracy around every channel.

        Parameters
        ----------
        epochs : Epochs
            With labels.
        cv : scikit-learn splitter, default ``nd.split("within-session", k=5)``

        Returns
        -------
        scores : LightScores
        """
        epochs = as_epochs(epochs)
        neighbors = _neighborhoods(_places(epochs), self.radius)
        given = Labelled.of(epochs, cv, "Searchlight")
        labels, codes = given.labels, given.codes
        predicted = np.full((len(neighbors), len(codes)), -1)
        for i, index in enumerate(neighbors):
            near = epochs.pick(index.tolist())
            for train, test in given.folds:
                fitted: Any = clone(self.pipe)
                fitted.fit(near[train].without_targets(), labels[train])
                guess = fitted.predict(near[test].without_targets())
                predicted[i, test] = np.searchsorted(given.classes, guess)
        tested = predicted[0] >= 0
        hits = predicted[:, tested] == codes[tested]
        recall = [hits[:, codes[tested] == c].mean(axis=1) for c in np.unique(codes[tested])]
        return LightScores(
            np.mean(recall, axis=0),
            epochs.channels.names,
            np.array([len(each) for each in neighbors]),
            1 / len(given.classes),
            int(tested.sum()),
        )


def _places(epochs: Epochs) -> np.ndarray:
    """Centre of every channel or voxel, metres, shape (n_channels, 3)."""
    positions = epochs.channels.positions
    if np.isfinite(positions).all():
        return positions
    raise DataError(
        "Searchlight: where the channels lie is unknown",
        found="channels without positions",
        expected="a position for every channel, metres; voxels read by nd.read have theirs",
        fix="rec.set_montage(...) before the cut; channels without positions: epochs.pick(names)",
    )


def _neighborhoods(places: np.ndarray, radius: float) -> list[np.ndarray]:
    if not radius > 0:
        raise DataError("Searchlight: the radius must be positive", found=f"{radius!r} m")
    tree = KDTree(places)
    # a hair more: distances of exactly one voxel must not depend on rounding
    near = tree.query_ball_point(places, radius * (1 + 1e-6))
    return [np.sort(np.asarray(each, dtype=np.int64)) for each in near]
