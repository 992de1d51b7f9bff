"""Alignment of subjects and sessions: every domain gets the same mean covariance."""

from __future__ import annotations

import re

import numpy as np

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.step import Step
from neurodecode.linalg.spd import check_rank, inverse_sqrt, second_moment

DOMAINS = ("subject", "session", None)
MODES = ("none", "calibration", "transductive", "online")


class EuclideanAlign(Step):
    """Whiten each domain by the mean covariance of its trials: x -> R^(-1/2) x.

    Parameters
    ----------
    by : "subject" (default), "session" or None
        What a domain is: a subject, a session of a subject, or everything at once.
    adapt : "none" (default), "calibration", "transductive" or "online"
        What R is for domains that were not seen in `fit`; see Notes.
    n_calibration : int, default 10
        Trials for "calibration"; ten suffice for 22 channels.

    Attributes
    ----------
    references_ : dict of domain -> float64 array, shape (n_channels, n_channels)
        R of each training domain.
    mean_reference_ : float64 array, shape (n_channels, n_channels)
    transductive : bool
        True when predictions of one test trial depend on later ones; results say so.

    Raises
    ------
    DataError
        A mean covariance without full rank (average reference, removed components).

    Notes
    -----
    R of a domain that was not seen in `fit`, by `adapt`:

    - "none": the mean R of the training domains;
    - "calibration": the mean over the first `n_calibration` trials of the domain, which are
      themselves aligned as "none" and should not be scored (`calibration_mask`);
    - "transductive": the mean over all given trials of the domain, later ones too;
    - "online": the running mean over past trials; the training mean until these have twice as
      many samples as there are channels, which one trial mostly has.

    Labels are never used. Training domains keep the R of their training trials, at test too.
    Trials count in time order (session, run, onset). EA assumes that classes are equally
    frequent in every domain: trained at 50/50 and tested at 90/10 it can lose against no
    alignment.

    Source: He, Wu 2020, 10.1109/TBME.2019.2913914. Public code often aligns test subjects with
    all their trials without saying so; here this is `adapt="transductive"`.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> data = np.random.default_rng(0).normal(size=(20, 2, 100)) * [[1.0], [5.0]]
    >>> epochs = nd.Epochs(data, channels=["C3", "C4"], sfreq=100)
    >>> out = nd.preprocessing.EuclideanAlign().fit_transform(epochs)
    >>> (np.einsum("nct,ndt->cd", out.data, out.data) / 2000).round(6).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    scope = "domain"

    def __init__(self, by: str | None = "subject", adapt: str = "none", n_calibration: int = 10):
        self.by = by
        self.adapt = adapt
        self.n_calibration = n_calibration

    @property
    def transductive(self) -> bool:
        return self.adapt == "transductive"

    def calibration_mask(self, epochs: Epochs) -> np.ndarray:
        """Trials of unseen domains that calibration used: leave these out of scores.

        Parameters
        ----------
        epochs : Epochs

        Returns
        -------
        mask : bool array, shape (n_trials,)
        """
        mask = np.zeros(len(epochs), dtype=bool)
        if self.adapt == "calibration":
            for domain, rows in self._domains(epochs).items():
                if domain not in self.references_:
                    mask[rows[: self.n_calibration]] = True
        return mask

    def _fit(self, X: Epochs, y: np.ndarray | None) -> None:
        self._check_arguments()
        check_rank(X.rank if X.rank is not None else X.shape[1], X.shape[1], "EuclideanAlign")
        self.references_ = {
            domain: second_moment(X[rows].data).mean(axis=0)
            for domain, rows in self._domains(X).items()
        }
        self.mean_reference_ = np.mean(list(self.references_.values()), axis=0)
        for domain, reference in self.references_.items():
            inverse_sqrt(reference, f"EuclideanAlign, {domain}")  # refuses what has no inverse

    def _transform(self, X: Epochs) -> Epochs:
        padded = X.padded()
        out = np.empty_like(padded)
        for domain, rows in self._domains(X).items():
            where = f"EuclideanAlign, {domain}"
            if domain in self.references_:
                roots = inverse_sqrt(self.references_[domain], where)[None]
            else:
                roots = inverse_sqrt(self._adapted(X[rows]), where)
            out[rows] = np.matmul(roots.astype(padded.dtype), padded[rows])
        return X.with_data(out, channels=X.channels.replace(units=""), pad=X.pad)

    def _adapted(self, epochs: Epochs) -> np.ndarray:
        """R for trials of one unseen domain in time order, shape (n_trials or 1, n, n)."""
        if self.adapt == "none":
            return self.mean_reference_[None]
        moments = second_moment(epochs.data)
        if self.adapt == "transductive":
            return moments.mean(axis=0, keepdims=True)
        n = len(moments)
        if self.adapt == "online":
            past = np.cumsum(moments, axis=0)[:-1] / np.arange(1, n)[:, None, None]
            running = np.concatenate([self.mean_reference_[None], past])
            enough = np.arange(n) * epochs.shape[2] >= 2 * epochs.shape[1]
            return np.where(enough[:, None, None], running, self.mean_reference_)
        later = np.arange(n) >= self.n_calibration
        calibrated = moments[: self.n_calibration].mean(axis=0)
        return np.where(later[:, None, None], calibrated, self.mean_reference_)

    def _domains(self, epochs: Epochs) -> dict[str, np.ndarray]:
        """Rows of each domain, in time order."""
        table = epochs.trials
        subjects, sessions = list(table["subject"]), list(table["session"])
        if self.by is None:
            names = ["all trials"] * len(table)
        elif self.by == "subject":
            names = [f"subject {subject}" for subject in subjects]
        else:
            names = [
                f"subject {one}, session {two}" for one, two in zip(subjects, sessions, strict=True)
            ]
        sessions, runs = map(_natural, sessions), map(_natural, table["run"])
        times = zip(sessions, runs, np.nan_to_num(table["onset"]), strict=True)
        in_time = sorted(enumerate(times), key=lambda pair: pair[1])
        rows: dict[str, list[int]] = {name: [] for name in sorted(set(names))}
        for i, _ in in_time:
            rows[names[i]].append(i)
        return {name: np.array(some) for name, some in rows.items()}

    def _check_arguments(self) -> None:
        for argument, value, allowed in (("by", self.by, DOMAINS), ("adapt", self.adapt, MODES)):
            if value not in allowed:
                raise DataError(
                    f"EuclideanAlign: no such {argument}",
                    found=repr(value),
                    expected=", ".join(map(repr, allowed)),
                    fix=did_you_mean(str(value), [a for a in allowed if a]),
                )
        if self.n_calibration < 1:
            raise DataError(
                "EuclideanAlign: no calibration trials",
                found=f"n_calibration={self.n_calibration}",
                expected="at least 1",
            )


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key under which session 10 follows session 9."""
    parts = re.split(r"(\d+)", text)
    return tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts if p)
