"""Independent components: those that look like eyes or heart are taken out."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurodecode.core.channels import Channels
from neurodecode.core.dependencies import need
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.mne_epochs import si_factors
from neurodecode.core.recording import Recording
from neurodecode.core.step import Step
from neurodecode.preprocessing.filters import Bandpass
from neurodecode.preprocessing.learned_mixing import LearnedMixing, find_references
from neurodecode.preprocessing.training_signals import TrainingSignals

# What MNE's ICA is given: both are extended, for sources flatter and sharper than a Gaussian.
METHODS: dict[str, dict[str, Any]] = {
    "picard": {"ortho": False, "extended": True},
    "infomax": {"extended": True},
    "fastica": {},
}
LABELS = ("auto", "references", "iclabel")
THRESHOLDS = {"references": 0.5, "iclabel": 0.8}
BRAIN_LABELS = ("brain", "other")
_BANDS = {"ecg": (8.0, 16.0)}  # where a reference is compared, Hz; others: blinks
_BLINKS = (1.0, 10.0)
_RANK_TOLERANCE = 1e-9  # of the largest eigenvalue; float32 data leave 1e-7 of it as noise
_SAMPLES = 20  # wanted for each of n * n weights


class ICA(LearnedMixing):
    """Split EEG or MEG into independent components and leave out those of artefacts.

    Parameters
    ----------
    method : "picard" (default), "infomax" or "fastica"
        The first two are extended infomax by two solvers; "picard" is the faster one.
    labels : "auto" (default), "references" or "iclabel"
        How artefacts are told from brain: by correlation with reference channels, or by ICLabel.
        "auto" is ICLabel where mne-icalabel is installed and EEG with places in a recording
        allows it, else the references; `labelled_by_` says which, and benchmarks should name one.
    references : str or sequence of str, default ("eog", "ecg")
        Kinds, or names, of reference channels; at least one must be there for "references".
    threshold : float, optional
        Smallest absolute correlation (default 0.5) or probability (default 0.8) that excludes.
    random_state : int, default 0

    Attributes
    ----------
    matrix_ : float64 array, shape (n_channels, n_channels)
        What is left of the channels: the excluded components are subtracted, all else stays.
    unmixing_ : float64 array, shape (n_components, n_channels)
    patterns_ : float64 array, shape (n_channels, n_components)
    excluded_ : list of int
    scores_ : float64 array, shape (n_components,)
        Largest absolute correlation, or the probability of the label given.
    component_labels_ : list of str
        Label of each component: of ICLabel, or the reference channel that excluded it, or "".
    labelled_by_ : "references" or "iclabel"
    rank_lost_ : int
        Number of excluded components.

    Raises
    ------
    DataError
        Unknown method, no EEG or MEG, nothing to label by, or every component excluded.
    MissingDependency
        "picard" needs python-picard, "iclabel" needs mne-icalabel.

    Notes
    -----
    As many components as the data have rank, counted by the steps before and checked against
    their covariance: after an average reference one less than channels. Recordings are
    high-passed at 1 Hz for learning only, so that slow drifts do not take components; trials
    only lose their mean. Order and sign of components are arbitrary. No labels of trials are
    used; choosing components by hand with an eye on the result would be supervised.

    Correlation is taken at 1 to 10 Hz (ECG: 8 to 16 Hz). It is a plain threshold: z scores among
    few components mask one another, and the largest that one of 6 can reach is 2.2. ICLabel
    excludes eye blink, muscle artifact, heart beat, line noise and channel noise; it wants an
    average reference and 1 to 100 Hz. The unfiltered 0.1 Hz data may be cleaned: fit on a
    high-passed copy, transform the other.

    Sources: Bell, Sejnowski 1995, 10.1162/neco.1995.7.6.1129; Lee, Girolami, Sejnowski 1999,
    10.1162/089976699300016719; Ablin, Cardoso, Gramfort 2018, 10.1109/TSP.2018.2844203 (Picard);
    Pion-Tonachini et al. 2019, 10.1016/j.neuroimage.2019.05.026 (ICLabel). The fit is
    `mne.preprocessing.ICA`, the labels mne-icalabel's.

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> from neurodecode.core import Channels
    >>> x = np.random.default_rng(0).laplace(size=(3, 5000))
    >>> x[2] = np.sin(np.arange(5000) / 8) ** 9
    >>> channels = Channels(["Fz", "Cz", "EOG"], ["eeg", "eeg", "eog"])
    >>> rec = nd.Recording([[1, 1, 9], [1, -1, 5], [0, 0, 9]] @ x, channels=channels, sfreq=100)
    >>> nd.preprocessing.ICA("infomax", labels="references").fit(rec).rank_lost_
    1
    """

    def __init__(
        self,
        method: str = "picard",
        labels: str = "auto",
        references: str | Sequence[str] = ("eog", "ecg"),
        threshold: float | None = None,
        random_state: int = 0,
    ):
        self.method = method
        self.labels = labels
        self.references = references
        self.threshold = threshold
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Step:
        """Learn from training trials or from a recording; see `LearnedMixing.fit`."""
        if isinstance(X, Recording) and (X.band[0] or 0.0) < 1.0:
            X = Bandpass(1.0, None).transform(X)
        return super().fit(X, y)

    def _references(self, channels: Channels) -> np.ndarray:
        if isinstance(self.references, str) or set(self.references) & set(channels.names):
            return find_references(channels, self.references, "ICA")
        return channels.of_kind(self.references)

    def _learn(self, signals: TrainingSignals) -> np.ndarray:
        self._check_arguments()
        channels = signals.channels
        picks = np.intersect1d(channels.of_kind(("eeg", "mag", "grad")), channels.good_brain())
        if not len(picks):
            raise DataError(
                "ICA: nothing to decompose",
                found=channels.text(),
                expected="good channels of kind eeg, mag or grad",
            )
        by = self._way_of_labelling(signals, picks)
        if by == "references":
            self._check_references(channels)
        raw = signals.to_raw()
        fitted = self._decomposed(raw, picks, _rank(signals, picks))
        self._keep(fitted, picks, si_factors(channels))
        if by == "iclabel":
            self._label_by_network(raw.pick(picks), fitted, channels.positions[picks])
        else:
            self._label_by_references(raw, fitted, channels)
        self.labelled_by_ = by
        if len(self.excluded_) == len(self.unmixing_):
            raise DataError(
                "ICA: every component looks like an artefact",
                found=f"{len(self.excluded_)} components at threshold {self._threshold(by):g}",
                fix="a higher threshold=, or other references",
            )
        taken = self.patterns_[:, self.excluded_] @ self.unmixing_[self.excluded_]
        return np.eye(len(channels)) - taken

    def _decomposed(self, raw: Any, picks: np.ndarray, rank: int) -> Any:
        import mne

        if self.method == "picard":
            need("picard", extra="denoise", why='ICA("picard")')
        if raw.n_times < _SAMPLES * rank**2:
            warnings.warn(
                f"ICA: {raw.n_times} samples are few for {rank} components "
                f"({_SAMPLES} times their square: {_SAMPLES * rank**2}); they may not be stable",
                stacklevel=2,
            )
        ica = mne.preprocessing.ICA(
            n_components=rank,
            method=self.method,  # type: ignore[arg-type]
            fit_params=dict(METHODS[self.method]),
            random_state=self.random_state,
            verbose="ERROR",
        )
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The data has not been high-pass filtered")
            return ica.fit(raw, picks=picks, verbose="ERROR")

    def _keep(self, ica: Any, picks: np.ndarray, factors: np.ndarray) -> None:
        """Filters and patterns on all channels, in natural units."""
        n = ica.n_components_
        scale = ica.pre_whitener_[:, :1] / factors[picks, None]  # (n_picks, 1)
        self.unmixing_ = np.zeros((n, len(factors)))
        self.patterns_ = np.zeros((len(factors), n))
        self.unmixing_[:, picks] = (ica.unmixing_matrix_ @ ica.pca_components_[:n]) / scale.T
        self.patterns_[picks] = scale * (ica.pca_components_[:n].T @ ica.mixing_matrix_)

    def _way_of_labelling(self, signals: TrainingSignals, picks: np.ndarray) -> str:
        if self.labels != "auto":
            return self.labels
        placed = np.isfinite(signals.channels.positions[picks]).all()
        eeg = all(signals.channels.kinds[i] == "eeg" for i in picks)
        there = importlib.util.find_spec("mne_icalabel") is not None
        return "iclabel" if placed and eeg and signals.continuous and there else "references"

    def _check_references(self, channels: Channels) -> None:
        if not len(self._references(channels)):
            raise DataError(
                "ICA: nothing tells artefacts from brain",
                found=f"{channels.text()}, references={self.references!r}",
                expected="an EOG or ECG channel among them",
                fix='references=["Fp1"] takes a frontal electrode; epochs keep reference '
                'channels with rec.epoch(..., kinds="all"); labels="iclabel" needs none',
            )

    def _label_by_references(self, raw: Any, ica: Any, channels: Channels) -> None:
        references = self._references(channels)
        scores = np.zeros((len(references), len(self.unmixing_)))
        for row, i in zip(scores, references, strict=True):
            low, high = _BANDS.get(channels.kinds[i], _BLINKS)
            row[:] = ica.score_sources(
                raw, channels.names[i], l_freq=low, h_freq=high, verbose="ERROR"
            )
        scores = np.abs(scores)
        self.scores_ = scores.max(axis=0)
        self.excluded_ = np.flatnonzero(self.scores_ > self._threshold("references")).tolist()
        self.component_labels_ = [
            channels.names[references[scores[:, k].argmax()]] if k in self.excluded_ else ""
            for k in range(len(self.scores_))
        ]

    def _label_by_network(self, raw: Any, ica: Any, places: np.ndarray) -> None:
        import mne

        labelling = need("mne_icalabel", extra="denoise", why='ICA(labels="iclabel")')
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # reminders of reference and band: see Notes
            by_name = dict(zip(raw.ch_names, places, strict=True))
            raw.set_montage(mne.channels.make_dig_montage(by_name, coord_frame="head"))
            found = labelling.label_components(raw, ica, method="iclabel")
        self.scores_ = np.asarray(found["y_pred_proba"], dtype=np.float64)
        self.component_labels_ = [str(label) for label in found["labels"]]
        artefact = np.array([label not in BRAIN_LABELS for label in self.component_labels_])
        sure = self.scores_ > self._threshold("iclabel")
        self.excluded_ = np.flatnonzero(artefact & sure).tolist()

    def _threshold(self, by: str) -> float:
        return THRESHOLDS[by] if self.threshold is None else float(self.threshold)

    def _check_arguments(self) -> None:
        for argument, value, allowed in (
            ("method", self.method, tuple(METHODS)),
            ("labels", self.labels, LABELS),
        ):
            if value not in allowed:
                raise DataError(
                    f"ICA: no such {argument}",
                    found=repr(value),
                    expected=", ".join(map(repr, allowed)),
                    fix=did_you_mean(str(value), allowed),
                )


def _rank(signals: TrainingSignals, picks: np.ndarray) -> int:
    """Components that the data hold: what steps have counted, and not more than can be seen."""
    x = signals.joined()[picks]
    x = x / x.std(axis=1, keepdims=True)
    values = np.linalg.eigvalsh(x @ x.T / x.shape[1])
    seen = int((values > _RANK_TOLERANCE * values[-1]).sum())
    lost = len(signals.channels.good_brain()) - signals.rank
    return max(min(seen, len(picks) - lost), 1)
