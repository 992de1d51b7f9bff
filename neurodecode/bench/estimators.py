"""Questions that the bench asks of any estimator: device, seeds, what it learned."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from neurodecode.core.runtime import pick_device


def leading_trial_steps(estimator: Any) -> list[tuple[str, Any]]:
    """Steps of a pipeline before the first one that depends on more than its own trial."""
    if not isinstance(estimator, Pipeline):
        return []
    steps = []
    for name, step in estimator.steps[:-1]:
        if getattr(step, "scope", "train") != "trial":
            break
        steps.append((name, step))
    return steps


def without_targets(X: Any) -> Any:
    """Data as a deployed decoder would see them: no labels inside."""
    return X.without_targets() if hasattr(X, "without_targets") else X


def seed_names(estimator: Any) -> list[str]:
    """Names of every `random_state` of a pipeline, nested ones included."""
    return [name for name in estimator.get_params() if name.split("__")[-1] == "random_state"]


def seeded(estimator: Any, seed: int) -> Any:
    """Set every `random_state` of a pipeline, nested ones included."""
    return estimator.set_params(**dict.fromkeys(seed_names(estimator), seed))


def device_of(estimator: Any) -> str:
    """Device the estimator's nets run on; "cpu" where there is no net."""
    params = estimator.get_params(deep=True)
    wanted = [value for name, value in params.items() if name.split("__")[-1] == "device"]
    return pick_device(wanted[0]) if wanted else "cpu"


def is_net(estimator: Any) -> bool:
    """Whether a part of the estimator runs on a device."""
    return any(name.split("__")[-1] == "device" for name in estimator.get_params(deep=True))


def is_transductive(estimator: Any) -> bool:
    """Whether a step looks at the whole unlabelled test set at once."""
    params = estimator.get_params(deep=True)
    return any(
        name.split("__")[-1] == "adapt" and value == "transductive"
        for name, value in params.items()
    )


def history_of(estimator: Any) -> dict[str, Any] | None:
    """Loss curves of the net at the end of a pipeline, if there is one."""
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    history = getattr(last, "history_", None)
    if history is None:
        return None
    curves = {name: [float(v) for v in history[name]] for name in ("train_loss", "valid_loss")}
    return {**curves, "best_epoch": int(history["best_epoch"])}


# Attributes of fitted scikit-learn and pyRiemann estimators that hold what was learned and is
# used at prediction; others (means, priors, covariances) only led to these.
_LEARNED = ("coef_", "intercept_", "filters_", "components_", "covmeans_", "mean_", "scale_")


def count_parameters(estimator: Any) -> int:
    """Learned numbers that predictions depend on: weights of nets, coefficients of the rest."""
    if hasattr(estimator, "n_parameters_"):
        return int(estimator.n_parameters_)
    if hasattr(estimator, "best_estimator_"):  # a search: what it chose, not what it tried
        return count_parameters(estimator.best_estimator_)
    parts = getattr(estimator, "steps", None) or getattr(estimator, "transformer_list", None)
    if parts is None:
        fitted = {k: v for k, v in vars(estimator).items() if k.endswith("_")}
        own = sum(np.size(fitted[k]) for k in _LEARNED if isinstance(fitted.get(k), np.ndarray))
        inner = (value for value in fitted.values() if hasattr(value, "get_params"))
        return own + sum(count_parameters(value) for value in inner)
    return sum(count_parameters(part) for _, part in parts if hasattr(part, "get_params"))
