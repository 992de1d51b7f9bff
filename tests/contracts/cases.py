"""Discovery: one case for every registered estimator, with small fast settings.

A new step, feature or decoder is tested on the day it is registered. It needs an entry here only
if its defaults are slow, if it takes what another feature makes, or if an argument has no
generic alternative. `ALTERNATIVES` proves that no argument is without effect.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from neurodecode.core import registry

# Small and fast; everything else keeps its defaults.
SETTINGS: dict[str, dict[str, Any]] = {
    "bandpass": {"low": 8.0, "high": 32.0},
    "decimate": {"factor": 2},
    "resample": {"sfreq": 64.0},
    "minirocket": {"n_kernels": 84, "random_state": 0},
    "voxels": {"k": 50},
    "window-lda": {"n_windows": (4, 8)},
    "net-classifier": {"epochs": 12, "random_state": 0},
    "net-regressor": {"epochs": 3, "random_state": 0},
}

# Estimators that take what another feature makes.
FRONT: dict[str, str] = {
    "csp": "covariance",
    "mdm": "covariance",
    "tangent-space": "covariance",
    "shrinkage-lda": "window-means",
}

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
ALTERNATIVES: dict[str, dict[str, Any]] = {
    "band-power": {"bands": [[4, 8], [8, 16]], "log": False},
    "bandpass": {"low": 4.0, "high": 20.0, "order": 2, "phase": "causal"},
    "covariance": {"estimator": "lwf"},
    "csp": {"n_filters": 2},
    "decimate": {"factor": 4},
    "erp-covariance": {"estimator": "lwf", "n_components": 2},
    "euclidean-align": {
        "by": "session",
        "adapt": ("transductive", {"by": "session"}),
        "n_calibration": (3, {"adapt": "calibration"}),
    },
    "flatten": {},
    "mdm": {},
    "minirocket": {"n_kernels": 168, "random_state": 1},
    "net-classifier": NET | {"class_weight": {"left": 5.0, "right": 1.0}},
    "net-regressor": NET,
    "notch": {"frequencies": 30.0, "quality": 5.0, "phase": "causal"},
    "reference": {"channels": ["Cz"]},
    "resample": {"sfreq": 100.0},
    "scale": {"robust": True},
    "shrinkage-lda": {"class_weight": "balanced"},
    "tangent-space": {},
    "voxels": {"k": 2},
    "window-lda": {"n_windows": [2], "class_weight": "balanced"},
    "window-means": {"n_windows": 3},
    "xdawn-covariance": {"n_filters": 2, "estimator": "lwf"},
}

# (name, check) -> reason and date of a known exception; strict: a repaired one fails here.
EXCEPTIONS: dict[tuple[str, str], str] = {}

REGRESSORS = ("net-regressor",)


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
