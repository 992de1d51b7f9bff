"""Discovery: one case for every registered estimator, with small fast settings.

A new step, feature or decoder is tested on the day it is registered. It needs an entry here only
if its defaults are slow, if it takes what another feature makes, or if an argument has no
generic alternative. `ALTERNATIVES` proves that no argument is without effect.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from contracts.planted import FLICKER
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from neurodecode.core import registry

# Small and fast; everything else keeps its defaults.
SETTINGS: dict[str, dict[str, Any]] = {
    "bandpass": {"low": 8.0, "high": 32.0},
    "decimate": {"factor": 2},
    "resample": {"sfreq": 64.0},
    "minirocket": {"n_kernels": 84, "random_state": 0},
    "voxels": {"k": 50},
    "window-lda": {"n_windows": (4, 8)},
    "banded-ridge": {"n_draws": 4, "alphas": (1.0, 100.0)},
    "cca": {"frequencies": FLICKER},
    "extended-cca": {"frequencies": FLICKER},
    "filter-bank-cca": {"frequencies": FLICKER},
    "tdca": {"frequencies": FLICKER},
    "net-classifier": {"epochs": 8, "random_state": 0},
    "net-regressor": {"epochs": 3, "random_state": 0},
}

# Estimators that take what another feature makes.
FRONT: dict[str, str] = {
    "csp": "covariance",
    "mdm": "covariance",
    "regularized-csp": "covariance",
    "spoc": "covariance",
    "tangent-space": "covariance",
    "shrinkage-lda": "window-means",
}
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
    "standardize": False,
    "device": None,  # bound to the machine
    "random_state": 1,
    "verbose": None,  # prints
    "net_params": {"dropout": 0.9},
    "sfreq": None,  # read for plain arrays only; tested with the estimator
}
SWAPPED = {"left": FLICKER["right"], "right": FLICKER["left"]}
ALTERNATIVES: dict[str, dict[str, Any]] = {
    "band-power": {"bands": [[4, 8], [8, 16]], "log": False},
    "banded-ridge": {"bands": 2, "n_draws": 2, "alphas": [10.0], "random_state": 3},
    "bandpass": {"low": 4.0, "high": 20.0, "order": 2, "phase": "causal"},
    "bayes-position": {
        "n_bins": 7,
        "smoothing": (30.0, {"n_bins": 2, "estimate": "mean"}),
        "prior": ("uniform", {"n_bins": 2, "smoothing": 30.0, "estimate": "mean"}),
        "estimate": ("mean", {"n_bins": 2, "smoothing": 30.0}),
    },
    "cca": {
        "frequencies": SWAPPED,
        "phases": {"left": 0.0, "right": 1.0},
        "n_harmonics": 1,
        "latency": 0.1,
    },
    "covariance": {"estimator": "lwf"},
    "csp": {"n_filters": 2},
    "decimate": {"factor": 4},
    "discriminative-kalman": {"regressor": Ridge(1e3), "order": 1, "lag": 0.5},
    "dss": {"n_components": 2},
    "erp-covariance": {"estimator": "lwf", "n_components": 2},
    "euclidean-align": {
        "by": "session",
        "adapt": ("transductive", {"by": "session"}),
        "n_calibration": (3, {"adapt": "calibration"}),
    },
    "extended-cca": {"frequencies": SWAPPED, "n_harmonics": 1, "n_bands": 2, "latency": 0.1},
    "filter-bank-cca": {"frequencies": SWAPPED, "n_harmonics": 1, "n_bands": 2, "latency": 0.1},
    "filter-bank-csp": {
        "bands": [(8, 12), (12, 16)],
        "n_filters": (2, {"n_features": 12}),
        "n_features": 2,
    },
    "flatten": {},
    "it-cca": {"n_bands": 2, "latency": 0.1},
    "kalman": {"order": 1, "lag": 0.5},
    "linear-svm": {"C": 1e-4, "class_weight": "balanced"},
    "mdm": {},
    "minirocket": {"n_kernels": 168, "random_state": 1},
    "net-classifier": NET | {"class_weight": {"left": 5.0, "right": 1.0}},
    "net-regressor": NET,
    "notch": {"frequencies": 30.0, "quality": 5.0, "phase": "causal"},
    "reference": {"channels": ["Cz"]},
    "regularized-csp": {"n_filters": 2, "penalty": 1.0},
    "resample": {"sfreq": 100.0},
    "scale": {"robust": True},
    "shrinkage-lda": {"class_weight": "balanced"},
    "spoc": {"n_filters": 2},
    "ssd": {"low": 9.0, "high": 20.0, "flank": 4.0, "n_components": 2},
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
    "trf": {"tmin": -0.1, "tmax": 0.1, "alphas": [3.0]},
    "voxels": {"k": 2},
    "window-lda": {"n_windows": [2], "class_weight": "balanced"},
    "window-means": {"n_windows": 3},
    "xdawn": {"n_filters": 2},
    "xdawn-covariance": {"n_filters": 2, "estimator": "lwf"},
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
    "discriminative-kalman",
    "kalman",
    "net-regressor",
    "spoc",
    "trf",
)
# Regressors whose target is a signal as long as the trial.
SIGNAL_TARGETS = ("trf",)


@dataclass(frozen=True)
class Case:
    """A registered estimator and how to test it."""

    kind: str
    name: str
    settings: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    def bare(self, **changes: Any) -> Any:
        """The estimator itself."""
        return registry.resolve(self.kind, self.name)(**(self.settings | changes))

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

    def decoder(self) -> Any:
        """A pipeline that ends in a classifier, whatever kind this is."""
        pipe = self.make()
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
        Case(kind, name, SETTINGS.get(name, {})) for kind in kinds for name in registry.names(kind)
    ]


def classifiers() -> list[Case]:
    """Cases that can stand in a classification pipeline."""
    return [case for case in cases("step", "feature", "decoder") if case.name not in REGRESSORS]


def fresh(estimator: Any) -> Any:
    """Unfitted twin."""
    return clone(estimator)
