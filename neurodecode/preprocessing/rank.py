"""`ReduceRank`: channels that are no more than the dimensions the data have."""

from __future__ import annotations

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.step import Step
from neurodecode.linalg.rank import RANK_TOLERANCE
from neurodecode.linalg.spd import second_moment


class ReduceRank(Step):
    """Write the channels in as many coordinates as their rank: the strongest of the training data.

    Parameters
    ----------
    rank : int or None, default None
        Coordinates to keep. None: what the steps before have left (`Epochs.rank`), or what the
        training data show where nothing is known; nothing is lost then.

    Attributes
    ----------
    basis_ : float64 array, shape (rank, n_channels)
        Orthonormal rows, strongest first.

    Raises
    ------
    DataError
        `rank` is not between 1 and the rank of the training data.

    Notes
    -----
    Eigenvectors of the mean second moment of the training trials. What follows sees data of full
    rank: covariances have logarithms, alignment has inverses. Those steps do the same by
    themselves when they meet singular data; here it is said in the chain, and fewer coordinates
    can be asked for. The new channels are named "PC1", "PC2", ...; they have no places.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> data = np.random.default_rng(0).normal(size=(20, 4, 100))
    >>> epochs = nd.Epochs(data, channels=["C3", "Cz", "C4", "Pz"], sfreq=100)
    >>> referenced = nd.preprocessing.Reference("average").transform(epochs)
    >>> nd.preprocessing.ReduceRank().fit_transform(referenced).shape
    (20, 3, 100)
    """

    scope = "train"

    def __init__(self, rank: int | None = None):
        self.rank = rank

    def _fit(self, X: Epochs, y: np.ndarray | None) -> None:
        values, vectors = np.linalg.eigh(second_moment(X.data).mean(axis=0))
        seen = int((values > RANK_TOLERANCE * values[-1]).sum())
        known = seen if X.rank is None else min(seen, X.rank)
        rank = known if self.rank is None else int(self.rank)
        if not 1 <= rank <= known:
            raise DataError(
                "ReduceRank: more dimensions asked than there are",
                found=f"rank={rank}",
                expected=f"1 to {known}, the rank of the training data",
            )
        self.basis_ = vectors[:, : -rank - 1 : -1].T

    def _transform(self, X: Epochs) -> Epochs:
        data = X.padded()
        kinds, units = set(X.channels.kinds), set(X.channels.units)
        channels = {
            "names": [f"PC{i + 1}" for i in range(len(self.basis_))],
            "kinds": kinds.pop() if len(kinds) == 1 else "misc",
            "units": units.pop() if len(units) == 1 else "",
        }
        return X.with_data(
            np.matmul(self.basis_.astype(data.dtype), data),
            channels=Channels(**channels),
            pad=X.pad,
            rank=None,
        )
