"""Cells: one fit and one test each, named by a key that hashes all that decides the result."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.core.dependencies import DISTRIBUTION
from neurodecode.core.errors import RecipeError
from neurodecode.core.stamps import array_digest, digest, frame_digest

_PACKAGES = (DISTRIBUTION, "numpy", "scipy", "scikit-learn", "torch", "pyriemann")
# Arguments that change cost or talk, not the result. The device enters the key by its class.
_NOT_DECIDING = frozenset(("n_jobs", "verbose", "memory", "device", "random_state"))


@dataclass(frozen=True)
class Cell:
    """Data set x recipe x split x fold x seed.

    Parameters
    ----------
    dataset, recipe : str
    split : evaluation.Split, the four index sets of one fold
    seed : int, every `random_state` of the pipeline
    key : str, SHA-256 of all that decides the result; see `cell_key`
    reason : str, why the recipe does not apply to the data; "" where it does
    """

    dataset: str
    recipe: str
    split: Any
    seed: int
    key: str
    reason: str = ""

    @property
    def label(self) -> str:
        """ "eegnet · sim-mi · fold 2", for progress and failure lists."""
        parts = [self.recipe, self.dataset]
        if self.split.subject != "all":
            parts.append(f"subject {self.split.subject}")
        parts.append(f"fold {self.split.fold + 1}")
        return " · ".join(parts) + (f" · seed {self.seed}" if self.seed else "")


def cell_key(deciding: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of what decides a cell's result.

    Parameters
    ----------
    deciding : dict of plain values; no paths, hosts, times, job counts or recipe names

    Examples
    --------
    >>> cell_key({"card": "demo@1", "fold": 0})[:12]
    '0b935453d3b9'
    """
    return digest(deciding)


def data_identity(epochs: Any, card: Any = None) -> dict[str, Any]:
    """The part of a key that names the data: card, stamps of data, labels and trial table."""
    return {
        "card": f"{card.name}@{card.version}" if card is not None else None,
        "data": epochs.data_stamp,
        "labels": epochs.label_stamp,
        "trials": frame_digest(epochs.trials),
        "window": [epochs.tmin, epochs.sfreq, list(epochs.shape[1:])],
    }


def split_identity(kind: str, k: int, split: Any) -> dict[str, Any]:
    """The part of a key that names the split: its definition and the trials of all four roles."""
    return {"kind": kind, "k": k, "roles": split.stamp}


@functools.cache
def versions() -> dict[str, str]:
    """Versions of the packages that compute; an absent package is "absent"."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "absent"
    return found


def describe(obj: Any) -> Any:
    """Plain description of an estimator with all its parameters, defaults written out.

    Two objects with the same description behave alike in every process; what cannot be
    described so is refused.

    Raises
    ------
    RecipeError : a lambda, a local object or anything else known only by its address.

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> describe(SVC(C=2.0))["sklearn.svm._classes:SVC"]["C"]
    2.0
    """
    if obj is None or isinstance(obj, (bool, int, str)):
        return obj
    if isinstance(obj, (float, np.generic)):
        value = obj.item() if isinstance(obj, np.generic) else obj
        return value if np.isfinite(value) else repr(value)
    if isinstance(obj, np.ndarray):
        return {"array": array_digest(obj)}
    if isinstance(obj, pd.DataFrame):
        return {"table": frame_digest(obj)}
    if isinstance(obj, Mapping):
        return {str(key): describe(value) for key, value in obj.items()}
    if isinstance(obj, (list, tuple)):
        return [describe(value) for value in obj]
    if isinstance(obj, (set, frozenset)):
        return sorted((describe(value) for value in obj), key=repr)
    if isinstance(obj, functools.partial):
        return {"partial": describe([obj.func, obj.args, obj.keywords])}
    if isinstance(obj, (types.FunctionType, types.BuiltinFunctionType, type, np.ufunc)):
        return _describe_callable(obj)
    return _describe_object(obj)


def _describe_callable(function: Any) -> Any:
    path = f"{getattr(function, '__module__', 'numpy')}:{function.__name__}"
    if isinstance(function, types.FunctionType):
        if function.__name__ == "<lambda>":
            raise _no_identity(path)
        # A user's function may change between two runs under the same name: hash what it says.
        closure = [cell.cell_contents for cell in function.__closure__ or ()]
        return {
            path: {
                "code": digest(_code(function.__code__)),
                "defaults": describe(function.__defaults__),
                "closure": describe(closure),
            }
        }
    return path


def _code(code: types.CodeType) -> list[Any]:
    """Instructions, names and constants of a function, nested functions included."""
    constants = [
        _code(value) if isinstance(value, types.CodeType) else repr(value)
        for value in code.co_consts
    ]
    return [code.co_code.hex(), list(code.co_names), list(code.co_varnames), constants]


def _describe_object(obj: Any) -> Any:
    path = f"{type(obj).__module__}:{type(obj).__qualname__}"
    if hasattr(obj, "get_params"):
        params = obj.get_params(deep=False)
    elif hasattr(obj, "state_dict"):  # a network: its layers and its weights decide
        state = {name: value.detach().cpu().numpy() for name, value in obj.state_dict().items()}
        params = {"layers": repr(obj), "weights": state}
    elif hasattr(obj, "__dict__"):
        params = vars(obj)
    else:
        raise _no_identity(path)
    return {path: {k: describe(v) for k, v in params.items() if k not in _NOT_DECIDING}}


def _no_identity(path: str) -> RecipeError:
    return RecipeError(
        "a recipe holds an object without a lasting identity",
        found=path,
        expected="named functions, registered names, plain parameters",
        fix="define the function with def in a module and pass it by name",
    )


def has_random_state(estimator: Any) -> bool:
    """Whether any part of a pipeline draws random numbers, so that seeds make a difference.

    scikit-learn gives `random_state` to estimators that ignore it with most solvers; those are
    asked by their solver.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> has_random_state(LogisticRegression()), has_random_state(LogisticRegression(solver="saga"))
    (False, True)
    """
    params = estimator.get_params(deep=True)
    owners = [estimator, *(value for value in params.values() if hasattr(value, "get_params"))]
    return any(_draws(part) for part in owners if not inspect.isclass(part))


def _draws(part: Any) -> bool:
    params = part.get_params(deep=False)
    if "random_state" not in params:
        return False
    name = type(part).__name__
    if name in ("LogisticRegression", "Ridge", "RidgeClassifier"):
        return params["solver"] in ("sag", "saga", "liblinear")
    if name == "SVC":
        return params["probability"] is True
    if name == "PCA":
        return params["svd_solver"] in ("randomized", "arpack")
    return True
