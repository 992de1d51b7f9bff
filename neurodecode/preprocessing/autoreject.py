"""`AutoRepair`: amplitude limits for every channel by cross-validation, and repair by them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurodecode.core.dependencies import need
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.mne_epochs import si_factors
from neurodecode.preprocessing.channel_map import check_positions
from neurodecode.preprocessing.repair import TrialRepair, good_eeg

_FOLDS = 10  # among the training trials, as in the package


class AutoRepair(TrialRepair):
    """autoreject, for repair: channels above their learned limit are interpolated in that trial.

    Parameters
    ----------
    n_interpolate : sequence of int, default (1, 4, 8)
        Candidates for the number of channels mended in a trial (rho).
    consensus : sequence of float, optional
        Candidates for the share of bad channels that spoils a trial (kappa); default 0 to 1 in
        steps of 0.1.
    random_state : int, default 0

    Attributes
    ----------
    limits_ : float64 array, shape (n_channels,)
        Peak-to-peak limit of each channel in its unit; infinite where none was learned.
    n_interpolate_ : int
    consensus_ : float

    Raises
    ------
    DataError
        Fewer training trials than folds, no EEG, or channels without places.
    MissingDependency
        The package autoreject is not installed.

    Notes
    -----
    The limit of a channel is the one under which the mean of the kept training trials comes
    closest to the median of the held-out ones. In a trial the worst `n_interpolate_` channels
    above their limit are interpolated; where at least the share `consensus_` is above, the trial
    is marked. autoreject drops these trials; here all come back, because no score may profit
    from the absence of test trials: see `neurodecode.preprocessing.marks`.

    Source: Jas et al. 2017, 10.1016/j.neuroimage.2017.06.030. Limits, kappa and rho come from the
    package autoreject; `transform` applies its rule.

    Examples
    --------
    >>> import neurodecode as nd
    >>> nd.preprocessing.AutoRepair(n_interpolate=(1, 2), random_state=1)
    AutoRepair(n_interpolate=(1, 2), random_state=1)
    """

    def __init__(
        self,
        n_interpolate: Sequence[int] = (1, 4, 8),
        consensus: Sequence[float] | None = None,
        random_state: int = 0,
    ):
        self.n_interpolate = n_interpolate
        self.consensus = consensus
        self.random_state = random_state

    def _fit(self, X: Epochs, y: np.ndarray | None) -> None:
        package = need("autoreject", extra="denoise", why="AutoRepair")
        picks = good_eeg(X.channels)
        candidates = [n for n in self.n_interpolate if n < len(picks)]
        if len(picks) < 4 or not candidates or len(X) < _FOLDS:
            raise DataError(
                "AutoRepair: too little to learn from",
                found=f"{len(X)} trials, {len(picks)} good EEG channels",
                expected=f"at least {_FOLDS} trials, one a fold, and 4 channels, more than "
                f"{min(self.n_interpolate)} of them",
                fix="more training trials, or smaller n_interpolate",
            )
        check_positions(X.channels, picks, "AutoRepair")
        fitted = package.AutoReject(
            n_interpolate=np.array(candidates),
            consensus=None if self.consensus is None else np.array(self.consensus),
            cv=_FOLDS,
            picks=picks,
            random_state=self.random_state,
            n_jobs=1,
            verbose=False,
        )
        visible = X.with_data(X.data).without_targets()  # margins belong to other trials too
        fitted.fit(visible.to_mne())
        factors = si_factors(X.channels)
        self.limits_ = np.full(X.shape[1], np.inf)
        for i in picks:
            self.limits_[i] = fitted.threshes_[X.channels.names[i]] / factors[i]
        self.n_interpolate_ = int(fitted.n_interpolate_["eeg"])
        self.consensus_ = float(fitted.consensus_["eeg"])

    def _judge(self, X: Epochs) -> tuple[np.ndarray, np.ndarray]:
        picks = np.flatnonzero(np.isfinite(self.limits_))
        size = np.ptp(X.data[:, picks].astype(np.float64), axis=2)
        # Limits are sizes that were seen: change of units must not lift one above itself.
        above = size > self.limits_[picks] * (1 + 1e-9)
        worst_first = np.argsort(-np.where(above, size, 0), axis=1, kind="stable")
        place = np.argsort(worst_first, axis=1)  # of each channel in that order
        mend = np.zeros((len(X), X.shape[1]), dtype=bool)
        mend[:, picks] = above & (place < self.n_interpolate_)
        reasons = np.full(len(X), "", dtype=object)
        for k in np.flatnonzero(above.sum(axis=1) >= self.consensus_ * len(picks)):
            reasons[k] = f"{above[k].sum()} of {len(picks)} channels above their limit"
        return mend, reasons
