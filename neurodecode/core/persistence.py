"""Save and load pipelines: allow-listed parts, weights as safetensors, a card; never a pickle.

A folder holds `model.skops` (structure and arrays), `weights.safetensors` (network weights,
absent without networks) and `model.json` (what it is, made with which versions).
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import platform
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from neurodecode.core.dependencies import DISTRIBUTION
from neurodecode.core.errors import DataError

FORMAT = 1
_PACKAGES = ("neurodecode", "pyriemann", "sklearn", "mne", "aeon")
_VERSIONS = (
    DISTRIBUTION, "numpy", "scipy", "scikit-learn", "torch", "mne", "pyriemann", "braindecode",
)  # fmt: skip


@dataclass
class WeightsBag:
    """Where network estimators put their tensors while they are saved, and find them again.

    Parameters
    ----------
    tensors : dict of str to float or integer array
    device : str
        Where loaded networks shall live.
    """

    tensors: dict[str, np.ndarray] = field(default_factory=dict)
    device: str = "cpu"

    def put(self, state: Mapping[str, np.ndarray]) -> str:
        """Store one network's state; the key returned goes into the estimator's own state."""
        key = f"net{len({name.split('/')[0] for name in self.tensors})}"
        self.tensors.update({f"{key}/{name}": array for name, array in state.items()})
        return key

    def take(self, key: str) -> dict[str, np.ndarray]:
        """State of the network stored under `key`."""
        prefix = key + "/"
        return {
            name.removeprefix(prefix): array
            for name, array in self.tensors.items()
            if name.startswith(prefix)
        }


_BAG: ContextVar[WeightsBag | None] = ContextVar("weights_bag", default=None)


def weights_bag() -> WeightsBag | None:
    """The bag of the save or load under way, or None outside one.

    An estimator with a network calls this in `__getstate__` and `__setstate__`: with a bag, its
    weights go through the bag; without (a pickle to another process) it keeps them as arrays.
    """
    return _BAG.get()


@contextlib.contextmanager
def _bag(bag: WeightsBag) -> Iterator[WeightsBag]:
    token = _BAG.set(bag)
    try:
        yield bag
    finally:
        _BAG.reset(token)


def save(estimator: Any, folder: str | os.PathLike[str]) -> None:
    """Save a pipeline or estimator to a folder that loads without running code from it.

    Parameters
    ----------
    estimator : scikit-learn estimator, fitted or not
    folder : path
        New, or holding a model to be replaced.

    Raises
    ------
    DataError
        The folder holds other files.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.preprocessing import StandardScaler
    >>> folder = os.path.join(tempfile.mkdtemp(), "model")
    >>> save(StandardScaler().fit([[0.0], [2.0]]), folder)
    >>> load_model(folder).mean_
    array([1.])
    """
    import skops.io

    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()) and not (folder / "model.json").exists():
        raise DataError("this folder holds other files", found=str(folder), fix="name a new folder")
    part = folder.with_name(f".{folder.name}-{uuid.uuid4().hex[:12]}.part")
    part.mkdir(parents=True)
    try:
        with _bag(WeightsBag()) as bag:
            skops.io.dump(estimator, part / "model.skops")
        if bag.tensors:
            from safetensors.numpy import save_file

            tensors = {name: np.ascontiguousarray(each) for name, each in bag.tensors.items()}
            save_file(tensors, part / "weights.safetensors")
        card = _model_card(estimator)
        (part / "model.json").write_text(json.dumps(card, indent=1), encoding="utf-8")
        if folder.exists():  # the old model goes only when the new one is in its place
            old = folder.with_name(f".{folder.name}-{uuid.uuid4().hex[:12]}.old")
            os.replace(folder, old)
            os.replace(part, folder)
            shutil.rmtree(old)
        else:
            os.replace(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def load_model(
    folder: str | os.PathLike[str], device: str = "cpu", trusted: Sequence[str] = ()
) -> Any:
    """Load what `save` wrote; no code from the folder runs.

    Parameters
    ----------
    folder : path
    device : str, default "cpu"
        Where networks shall live: "cpu", "cuda", "auto", ...
    trusted : sequence of str
        Dotted names of your own types and functions inside the model, such as "mylab.my_net".

    Raises
    ------
    DataError
        No model there, a later format, or types outside the allow-list that were not trusted.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.preprocessing import StandardScaler
    >>> folder = os.path.join(tempfile.mkdtemp(), "model")
    >>> save(StandardScaler(), folder)
    >>> load_model(folder)
    StandardScaler()
    """
    import skops.io

    from neurodecode.core.runtime import pick_device

    folder = Path(folder)
    if not (folder / "model.json").exists():
        raise DataError("no model here", found=str(folder), expected="a folder of nd.save")
    card = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    if card["format"] != FORMAT:
        raise DataError("a model of a later version", found=str(folder), fix="update neurodecode")
    unknown = skops.io.get_untrusted_types(file=folder / "model.skops")
    foreign = [name for name in unknown if not _allowed(name) and name not in trusted]
    if foreign:
        raise DataError(
            "this model holds types that are not on the allow-list",
            found=", ".join(foreign),
            expected="estimators of neurodecode, scikit-learn, pyRiemann, MNE, aeon",
            fix=f"if you know where they come from: load_model(..., trusted={foreign!r})",
        )
    bag = WeightsBag(device=pick_device(device))
    if (folder / "weights.safetensors").exists():
        from safetensors.numpy import load_file

        bag.tensors = load_file(folder / "weights.safetensors")
    with _bag(bag):
        return skops.io.load(folder / "model.skops", trusted=unknown)


def _allowed(name: str) -> bool:
    """Estimators of packages we build on, and our own types; never a free function.

    skops vouches for what it knows of NumPy, SciPy and scikit-learn. A function is refused even
    when its package is known: packages hold functions that execute text.
    """
    module, _, attribute = name.rpartition(".")
    package = module.partition(".")[0]
    if package not in _PACKAGES:
        return False
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError):
        return False
    own = package == "neurodecode"
    return isinstance(found, type) and (own or issubclass(found, BaseEstimator))


def _model_card(estimator: Any) -> dict[str, Any]:
    def known(package: str) -> str | None:
        try:
            return version(package)
        except PackageNotFoundError:
            return None

    return {
        "format": FORMAT,
        "estimator": " ".join(repr(estimator).split()),
        "training_stamp": getattr(estimator, "training_stamp_", None),
        "python": platform.python_version(),
        "versions": {name: known(name) for name in _VERSIONS},
    }
