"""Networks on data sets: what runs, and the two metrics of Kollod et al.'s comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import wilcoxon
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.pipeline import make_pipeline

import neurodecode as nd
from neurodecode.core.domains import target_rows

CLASSICAL = ("window-lda", "tangent-lr")  # shrinkage LDA, and tangent space
NETS = (
    "eegnet", "shallow", "deep4", "atcnet", "conformer", "eegnex", "eegnet-fusion", "mi-eegnet",
    "deep-ssvep", "dbconformer", "mvcnet", "neurosketch", "dgcnn", "geometric", "atat", "gru",
    "lstm", "tcn", "resnet1d", "spiking-lif",
)  # fmt: skip
LEFT_OUT = {
    "reve": "a pretrained encoder: not to be trained from nothing on such sets",
    "eegdenoisenet-cnn": "removes artefacts, decodes nothing",
    "eegdenoisenet-fcnn": "removes artefacts, decodes nothing",
}
RATE = 128  # Hz, for every network: EEGNet's and Shallow's kernels are made for it


@dataclass(frozen=True)
class Set:
    """A data set of the table.

    Parameters
    ----------
    card : str
    quick : dict, the part of it for ``--quick``, as `nd.load` takes it
    n_calibration : int
        Trials a class of the tested person that the gain from transfer rests on; 0: one person.
    """

    card: str
    quick: dict[str, Any]
    n_calibration: int = 0


ONE = {"subjects": ["1"]}
SETS = (
    Set("sim-mi", ONE, 10),
    Set("sim-p300", ONE),
    Set("sim-ssvep", ONE),
    Set("mi-openbci", ONE, 10),
    Set("ssvep-exo", ONE, 8),
    Set("p300-bi2012", {}),
    Set("eegbci-s001", {}),
    Set("eeg-bonn", {"tmax": 4.0}),
    Set("EyesOpenShut", {}),
    Set("FingerMovements", {}),
    Set("HandMovementDirection", {}),
    Set("SelfRegulationSCP1", {}),
    Set("SelfRegulationSCP2", {}),
)


@dataclass(frozen=True)
class Effort:
    """How much is run: seeds, passes over the trials, folds where the effort chooses them."""

    seeds: int
    epochs: int
    quick: bool

    def net(self, name: str, **options: Any) -> nd.decoders.NetClassifier:
        """A network under the plan that is the same for all."""
        return nd.decoders.NetClassifier(name, epochs=self.epochs, device="cpu", **options)


FULL = Effort(seeds=5, epochs=100, quick=False)
QUICK = Effort(seeds=1, epochs=5, quick=True)


class TargetOnly(ClassifierMixin, BaseEstimator):
    """A classifier that learns from the tested person's own trials and leaves the others out."""

    def __init__(self, estimator: Any):
        self.estimator = estimator

    def fit(self, X: Any, y: Any) -> TargetOnly:
        """Train on the trials whose role is the target's."""
        own = target_rows(X.trials)
        self.estimator_ = clone(self.estimator).fit(X[own], np.asarray(y)[own])
        self.classes_ = self.estimator_.classes_
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Labels."""
        return self.estimator_.predict(X)


def scored(
    each: Set, nets: Sequence[str], effort: Effort, out: Path | None, jobs: int
) -> nd.bench.Result:
    """Networks and the classical recipes on one set, split as its card says."""
    resampled = [(net, make_pipeline(_rate(), effort.net(net))) for net in nets]
    how = {"split": "within-session", "k": 2} if effort.quick else {"split": "card"}
    data = (each.card, each.quick if effort.quick else {})
    return _benchmark(data, [*CLASSICAL, *resampled], effort, out, jobs, **how)


def transferred(
    each: Set, nets: Sequence[str], effort: Effort, out: Path | None, jobs: int
) -> nd.bench.Result:
    """Each network twice on the same test trials: tuned from other people, and on its own."""
    recipes = []
    for net in nets:
        tuned = nd.decoders.FineTuning(
            effort.net(net), layers="all", epochs=effort.epochs, lr=effort.net(net).lr
        )
        own = TargetOnly(effort.net(net, validation=0.0))
        recipes += [(f"{net} tuned", make_pipeline(_rate(), tuned))]
        recipes += [(f"{net} own", make_pipeline(_rate(), own))]
    how = {"split": "cross-subject", "k": 5, "n_calibration": each.n_calibration}
    return _benchmark(each.card, recipes, effort, out, jobs, **how)


def _rate() -> Any:
    return nd.preprocessing.Resample(RATE)


def _benchmark(
    data: Any, recipes: Any, effort: Effort, out: Path | None, jobs: int, **how: Any
) -> nd.bench.Result:
    result = nd.benchmark(data, recipes, seeds=effort.seeds, out=out, jobs=jobs, quiet=True, **how)
    assert result is not None
    return result


def spec_of(each: Set, effort: Effort) -> nd.Spec:
    """What a network on this set is built for."""
    epochs = nd.load(each.card, **(each.quick if effort.quick else {}))
    return nd.Spec.of(_rate().fit_transform(epochs[:2]), len(np.unique(np.asarray(epochs.y))))


def macs(net: str, spec: nd.Spec) -> int | None:
    """Multiply-accumulates of one trial; None where the network does not apply."""
    if nd.nets.applicable(net, spec) is not None:
        return None
    return nd.nets.count_macs(nd.nets.build(net, spec), spec)


def gain_over_chance(score: float, chance: float) -> tuple[float, float]:
    """What a score has above chance, and that as a share of what there is to gain.

    Kollod et al. 2023 (10.3390/electronics12122743) name a gain over chance; their formula could
    not be read, so both readings stand here.

    Examples
    --------
    >>> gain_over_chance(0.75, 0.5)
    (0.25, 0.5)
    """
    return score - chance, (score - chance) / (1 - chance)


@dataclass(frozen=True)
class Transfer:
    """Score with transfer less score without, over people; `p` of Wilcoxon's signed ranks."""

    gain: float
    p: float
    n_people: int


def gains_from_transfer(people: pd.DataFrame) -> dict[str, Transfer]:
    """Gain of every network that was scored both ways.

    Parameters
    ----------
    people : DataFrame, columns recipe ("eegnet tuned", "eegnet own"), subject, seed, score
    """
    means = people.pivot_table("score", "recipe", "subject", aggfunc="mean")
    gains = {}
    for name in means.index:
        net, _, way = name.rpartition(" ")
        if way != "tuned" or f"{net} own" not in means.index:
            continue
        d = (means.loc[name] - means.loc[f"{net} own"]).dropna().to_numpy()
        p = float(wilcoxon(d).pvalue) if d.any() else 1.0
        gains[net] = Transfer(float(d.mean()), p, len(d))
    return gains
