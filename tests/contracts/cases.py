"""Discovery: one case for every registered estimator, with small fast settings.

A new step, feature or decoder is tested on the day it is registered. It needs an entry here only
if its defaults are slow, if it takes what another feature makes, or if an argument has no
generic alternative. `ALTERNATIVES` proves that no argument is without effect.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from contracts.planted import FLICKER, planted_epochs
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from neurodecode import Epochs
from neurodecode.core import registry
from neurodecode.decoders import NetClassifier, NetRegressor

# Small and fast; everything else keeps its defaults.
SETTINGS: dict[str, dict[str, Any]] = {
    "bandpass": {"low": 8.0, "high": 32.0},
    "bad-channels": {"correlation": 0.1},  # few channels with noise of their own
    "baseline": {"tmin": 0.0, "tmax": 0.2},
    "bipolar": {"pairs": [("FC3", "C3"), ("C3", "Cz"), ("Cz", "C4"), ("C4", "FC4"), ("Cz", "Pz")]},
    "decimate": {"factor": 2},
    "interpolate": {"bads": ["C3"]},
    "resample": {"sfreq": 64.0},
    "minirocket": {"n_kernels": 84, "random_state": 0},
    "voxels": {"k": 50},
    "window-lda": {"n_windows": (4, 8)},
    "banded-ridge": {"n_draws": 4, "alphas": (1.0, 100.0)},
    "cca": {"frequencies": FLICKER},
    "amplitude-limits": {"peak_to_peak": 46.0},
    "auto-repair": {"n_interpolate": (1, 2), "consensus": (0.4, 1.0)},
    "eog-regression": {"references": ["FC3"]},  # a frontal electrode in place of the EOG
    "ica": {"labels": "references", "references": ["FC3"]},
    "ssp": {"references": ["FC3"]},
    "coherence": {"low": 8.0, "high": 30.0},
    "cross-spectral-covariance": {"low": 8.0, "high": 30.0},
    "dynamic-stopping": {"decoder": "it-cca", "lengths": (0.5, 1.0)},
    "extended-cca": {"frequencies": FLICKER},
    "filter-bank-cca": {"frequencies": FLICKER},
    "tdca": {"frequencies": FLICKER},
    "denoiser": {"net": "eegdenoisenet-fcnn", "adversarial": 0.0, "epochs": 2, "lr": 1e-2},
    "fine-tuning": {"estimator": NetClassifier(epochs=6), "epochs": 2},
    "net-classifier": {"epochs": 8, "random_state": 0},
    "net-embedder": {"estimator": NetRegressor(epochs=2)},
    "net-regressor": {"epochs": 3, "random_state": 0},
}

# Estimators that take what another feature makes.
FRONT: dict[str, str] = {
    "csp": "covariance",
    "fgmdm": "covariance",
    "mdm": "covariance",
    "riemann-knn": "covariance",
    "regularized-csp": "covariance",
    "spoc": "covariance",
    "tangent-space": "covariance",
    "shrinkage-lda": "window-means",
}
# Steps for which epochs hold too little: they act on recordings, and have tests of their own.
BEFORE_THE_CUT = ("clean-bold", "maxwell", "rebin", "scalp-coupling", "tddr")
# Steps of other signals than EEG.
KINDS = {"beer-lambert": "fnirs_od", "short-channels": "fnirs_od", "smooth-spikes": "spikes"}
# Every fit searches a limit for each channel: half a second.
SLOW = ("auto-repair",)
# Packages of extras, by what needs them; absent ones skip.
PACKAGES = {"asr": "asrpy", "auto-repair": "autoreject", "sns": "meegkit", "star": "meegkit"}
# Features that are signals: a table is made of them for classifiers.
SIGNALS = ("dss", "xdawn")
# Estimators of spike counts: they get the size of the signals.
COUNTS = ("bayes-position",)

# Another legal value for every argument: predictions or output must change with it. A tuple
# (value, {other arguments}) is for arguments that only act beside others.
NET = {
    "net": "shallow",
    "epochs": 2,
    "batch_size": 8,
    "lr": 1e-4,
    "weight_decay": 1.0,
    "schedule": None,
    "patience": (1, {"epochs": 20, "lr": 0.1}),
    "validation": 0.4,
    "augment": (["time-shift"], {"epochs": 1}),
    "sampling": ("balanced", {"epochs": 1}),
    "standardize": False,
    "warm_start": None,  # of a second fit; tested with the estimator
    "device": None,  # bound to the machine
    "random_state": 1,
    "verbose": None,  # prints
    "net_params": {"dropout": 0.9},
    "plan_params": ({"optimizer": "sgd"}, {"epochs": 1}),
    "checkpoints": None,  # of killed runs, which end where they would have ended
    "on_epoch": None,  # watches
    "max_bytes": None,  # of trials on disk, which are the same trials
    "sfreq": None,  # read for plain arrays only; tested with the estimator
}
SWAPPED = {"left": FLICKER["right"], "right": FLICKER["left"]}
ALTERNATIVES: dict[str, dict[str, Any]] = {
    "amplitude-limits": {
        "peak_to_peak": 42.0,
        "flat": 25.0,
        "window": None,  # of recordings; tested with the step
    },
    "asr": {"cutoff": 1.0},
    "augmented-covariance": {"order": 3, "lag": (7, {"order": 2}), "estimator": "lwf"},
    "auto-repair": {"n_interpolate": [2], "consensus": [0.2], "random_state": 3},
    "bad-channels": {"threshold": 1.5, "correlation": 0.2},
    "beer-lambert": {"ppf": 0.1},
    "short-channels": {"longest": 0.009},
    "smooth-spikes": {"sd": 0.02, "kernel": "exponential"},
    "band-power": {"bands": [[4, 8], [8, 16]], "log": False},
    "banded-ridge": {"bands": 2, "n_draws": 2, "alphas": [10.0], "random_state": 3},
    "bandpass": {
        "low": 4.0,
        "high": 20.0,
        "order": 2,
        "phase": "causal",
        "method": ("fir", {"low": 30.0, "high": None}),  # short enough for trials of 1 s
    },
    "baseline": {"tmin": 0.1, "tmax": 0.5},
    "bayes-position": {
        "n_bins": 7,
        "smoothing": (30.0, {"n_bins": 2, "estimate": "mean"}),
        "prior": ("uniform", {"n_bins": 2, "smoothing": 30.0, "estimate": "mean"}),
        "estimate": ("mean", {"n_bins": 2, "smoothing": 30.0}),
    },
    "bipolar": {"pairs": [("FC3", "C3"), ("C4", "FC4")]},
    "block-covariance": {"size": [2, 4], "estimator": ("lwf", {"size": 3})},
    "cca": {
        "frequencies": SWAPPED,
        "phases": {"left": 0.0, "right": 1.0},
        "n_harmonics": 1,
        "latency": 0.1,
    },
    "clamp": {"limit": 5.0},
    "coherence": {"low": 10.0, "high": 20.0, "window": 0.25, "kind": "imaginary"},
    "comb": {"frequency": 10.0, "width": 4.0, "phase": "causal"},
    "covariance": {"estimator": "lwf"},
    "cross-spectral-covariance": {"low": 10.0, "high": 20.0, "window": 0.25},
    "csp": {"n_filters": 2},
    "current-source": {"ridge": 1e-2, "stiffness": 3.0, "sphere": [0.0, 0.0, 0.04, 0.1]},
    "decimate": {"factor": 4},
    "denoiser": {
        "net": "atat",
        "adversarial": 10.0,
        "epochs": 1,
        "batch_size": 32,
        "lr": 1e-4,
        "weight_decay": 10.0,
        "schedule": None,
        "patience": (1, {"epochs": 6, "lr": 0.1}),
        "validation": 0.4,
        "device": None,  # bound to the machine
        "random_state": 1,
        "verbose": None,  # prints
        "net_params": {"dropout": 0.9},
        "sfreq": None,  # read for plain arrays only; tested with the estimator
    },
    "detrend": {"order": 3, "robust": True},
    "discriminative-kalman": {
        "regressor": Ridge(1e3),
        "order": 1,
        "lag": 0.5,
        "n_neighbors": (10, {"order": 1}),
    },
    "dss": {"n_components": 2},
    "ems": {"factor": 0.1, "floor": 100.0},
    "eog-regression": {"references": ["FC3", "Cz"]},
    "dynamic-stopping": {
        "decoder": "trca",
        "lengths": [0.2, 0.4],
        "confidence": (0.5, {"lengths": (0.1, 1.0)}),
    },
    "erp-covariance": {"estimator": "lwf", "n_components": 2},
    "euclidean-align": {
        "by": "session",
        "adapt": ("transductive", {"by": "session"}),
        "n_calibration": (3, {"adapt": "calibration"}),
    },
    "extended-cca": {"frequencies": SWAPPED, "n_harmonics": 1, "n_bands": 2, "latency": 0.1},
    "faster": {"rule": ("robust", {"threshold": 1.5}), "threshold": 1.5},
    "fgmdm": {},
    "filter-bank-cca": {"frequencies": SWAPPED, "n_harmonics": 1, "n_bands": 2, "latency": 0.1},
    "filter-bank-csp": {
        "bands": [(8, 12), (12, 16)],
        "n_filters": (2, {"n_features": 12}),
        "n_features": 2,
    },
    "fine-tuning": {
        "estimator": NetClassifier("shallow", epochs=1),
        "layers": "all",
        "layer_decay": (0.5, {"layers": "all"}),
        "epochs": 1,
        "lr": 0.1,
    },
    "flatten": {},
    "ica": {
        "method": "fastica",
        "labels": None,  # ICLabel needs places and long recordings: tested with the step
        "references": ["Cz"],
        "threshold": 0.35,
        "random_state": 1,
    },
    "interpolate": {"bads": ["Cz"]},
    "it-cca": {"n_bands": 2, "latency": 0.1},
    "kalman": {"order": 1, "lag": 0.5},
    "laplacian": {"n_neighbors": 2},
    "line-interpolate": {"frequency": 20.0, "width": 0.5, "flank": 6.0},
    "linear-svm": {"C": 1e-4, "class_weight": "balanced"},
    "mdm": {"metric": "euclid"},
    "mdwm": {"tradeoff": 0.9, "estimator": "lwf"},
    "minirocket": {"n_kernels": 168, "random_state": 1},
    "mset-cca": {"n_sets": 2, "n_bands": 2, "latency": 0.1},
    "net-classifier": NET
    | {
        "class_weight": {"left": 5.0, "right": 1.0},
        "label_smoothing": (0.3, {"epochs": 1}),
        "calibrate": (True, {"epochs": 1}),
    },
    "net-embedder": {"estimator": NetRegressor("shallow", epochs=1)},
    "net-regressor": NET | {"sampling": None},  # of classes; refused here
    "notch": {"frequencies": 30.0, "quality": 5.0, "phase": "causal"},
    "potato": {"threshold": 1.0, "window": None},  # windows of recordings; tested with the step
    "procrustes-covariance": {
        "estimator": "lwf",
        "by": "session",
        "rescale": False,
        "rotate": False,
    },
    "reduce-rank": {"rank": 3},
    "reference": {"channels": ["Cz"], "add": "Oz"},
    "regularized-csp": {"n_filters": 2, "penalty": 1.0},
    "resample": {"sfreq": 100.0},
    "riemann-knn": {"n_neighbors": 15, "metric": ("euclid", {"n_neighbors": 15})},
    "riemannian-align": {
        "by": "session",
        "adapt": ("transductive", {"by": "session"}),
        "n_calibration": (3, {"adapt": "calibration"}),
        "estimator": "lwf",
    },
    "robust-scale": {},
    "scale": {"robust": True},
    "shrinkage-lda": {"class_weight": "balanced"},
    "sns": {"n_neighbors": 2},
    "spoc": {"n_filters": 2},
    "sscor": {"ensemble": True, "n_bands": 2, "latency": 0.1},
    "ssd": {"low": 9.0, "high": 20.0, "flank": 4.0, "n_components": 2},
    "ssp": {"references": ["Cz"], "n_components": 2},
    "star": {"threshold": 1.5},
    "tangent-align": {
        "estimator": "lwf",
        "by": "session",
        "rescale": False,
        "rotate": False,
    },
    "tangent-space": {},
    "tdca": {
        "frequencies": SWAPPED,
        "n_components": 2,
        "n_delays": 1,
        "n_harmonics": 1,
        "ridge": 1.0,
        "n_bands": 2,
        "latency": 0.1,
    },
    "trca": {"ensemble": True, "n_bands": 2, "latency": 0.1},
    "trf": {
        "tmin": -0.1,
        "tmax": 0.1,
        "alphas": [3.0],
        "windows": [(-0.1, 0.0), (-0.2, 0.1)],
    },
    "voxels": {"k": 2},
    "window-lda": {"n_windows": [2], "class_weight": "balanced"},
    "window-means": {"n_windows": 3},
    "xdawn": {"n_filters": 2},
    "xdawn-covariance": {"n_filters": 2, "estimator": "lwf"},
    "zapline": {"frequency": 10.0, "n_remove": 2},
}

# (name, check) -> reason and date of a known exception; strict: a repaired one fails here.
_FILTER = "2026-11-25: a filter carries the state from one window to the next"
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("kalman", "check_company_of_test_trials"): _FILTER,
    ("discriminative-kalman", "check_company_of_test_trials"): _FILTER,
}

REGRESSORS = (
    "banded-ridge",
    "bayes-position",
    "denoiser",
    "discriminative-kalman",
    "kalman",
    "net-embedder",
    "net-regressor",
    "spoc",
    "trf",
)
# Regressors whose target is a signal as long as the trial.
SIGNAL_TARGETS = ("trf",)
# Estimators that learn from clean twins of the signals.
CLEAN_TARGETS = ("denoiser",)


@dataclass(frozen=True)
class Case:
    """A registered estimator and how to test it."""

    kind: str
    name: str
    settings: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    def bare(self, **changes: Any) -> Any:
        """The estimator itself; skips the test where a package of an extra is absent."""
        if self.name in PACKAGES:
            pytest.importorskip(PACKAGES[self.name], reason=f"{self.name}: not installed")
        return registry.resolve(self.kind, self.name)(**(self.settings | changes))

    def planted(self, *size: int, own: bool = False, **words: Any) -> Epochs:
        """Planted epochs of the kind it takes; its `own` copy for a check that may spoil them."""
        make = planted_epochs.__wrapped__ if own else planted_epochs
        return make(*size, kind=KINDS.get(self.name, "eeg"), **words)

    def front(self) -> list[Any]:
        """What comes before it, made anew."""
        if self.name in COUNTS:
            return [FunctionTransformer(np.abs)]
        if self.name not in FRONT:
            return []
        return [registry.resolve("feature", FRONT[self.name])()]

    def make(self, **changes: Any) -> Any:
        """The estimator behind what it needs, as users would chain it."""
        front = [(f"front{i}", step) for i, step in enumerate(self.front())]
        return Pipeline([*front, ("it", self.bare(**changes))])

    def decoder(self, **changes: Any) -> Any:
        """A pipeline that ends in a classifier, whatever kind this is."""
        pipe = self.make(**changes)
        if self.kind == "decoder":
            return pipe
        tail: list[tuple[str, Any]] = []
        if self.kind == "step":  # epochs come out: read them by covariance
            tail = [
                ("covariance", registry.resolve("feature", "covariance")()),
                ("tangent", registry.resolve("feature", "tangent-space")()),
            ]
        elif self.name in SIGNALS:
            tail = [("flatten", registry.resolve("feature", "flatten")())]
        elif self.name.endswith("covariance"):
            tail = [("tangent", registry.resolve("feature", "tangent-space")())]
        return Pipeline([*pipe.steps, *tail, ("lr", LogisticRegression(max_iter=500))])


def cases(*kinds: str) -> list[Case]:
    """Every registered estimator of some kinds."""
    return [
        Case(kind, name, SETTINGS.get(name, {}))
        for kind in kinds
        for name in registry.names(kind)
        if name not in BEFORE_THE_CUT
    ]


def classifiers() -> list[Case]:
    """Cases that can stand in a classification pipeline."""
    return [case for case in cases("step", "feature", "decoder") if case.name not in REGRESSORS]


def fresh(estimator: Any) -> Any:
    """Unfitted twin."""
    return clone(estimator)
