"""Save and load pipelines: allow-listed parts, weights as safetensors, a card; never a pickle.

A folder holds `model.skops` (structure and arrays), `weights.safetensors` (network weights,
absent without networks) and `model.json` (what it is, made with which versions, checksums).
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from neurodecode.core.dependencies import DISTRIBUTION, installed_version
from neurodecode.core.errors import DataError, NeurodecodeError
from neurodecode.core.files import atomic_folder, damage_named, sha256_of

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
        The folder holds other files, or the estimator holds things that no file can name: a
        lambda, a function inside a function, an open file, a torch module.

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

    with atomic_folder(folder, marker="model.json") as part:
        with _bag(WeightsBag()) as bag, _naming_what_cannot_be_saved(estimator):
            skops.io.dump(estimator, part / "model.skops")
        _check_names(skops.io.get_untrusted_types(file=part / "model.skops"))
        if bag.tensors:
            from safetensors.numpy import save_file

            tensors = {name: np.ascontiguousarray(each) for name, each in bag.tensors.items()}
            save_file(tensors, part / "weights.safetensors")
        checksums = {path.name: sha256_of(path) for path in sorted(part.iterdir())}
        card = _model_card(estimator) | {"sha256": checksums}
        (part / "model.json").write_text(json.dumps(card, indent=1), encoding="utf-8")


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
        No model there, a later format, damaged or changed files, or types outside the allow-list
        that were not trusted.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.preprocessing import StandardScaler
    >>> folder = os.path.join(tempfile.mkdtemp(), "model")
    >>> save(StandardScaler(), folder)
    >>> load_model(folder)
    StandardScaler()
    """
    folder = Path(folder)
    if not (folder / "model.json").exists():
        raise DataError(
            "no model here",
            found=str(folder),
            expected="a folder that nd.save wrote",
            fix="nd.save(pipeline, folder) first",
        )
    with damage_named("this model", folder):
        card = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        if card["format"] != FORMAT:
            raise DataError(
                "a model of a later version", found=str(folder), fix="update neurodecode"
            )
        for name, expected in card["sha256"].items():
            if sha256_of(folder / name) != expected:
                raise DataError(
                    "this model is not the one that was saved",
                    found=f"{folder / name} with another checksum than model.json says",
                    fix="save it again, or copy the whole folder anew",
                )
        return _rebuild(folder, "weights.safetensors" in card["sha256"], device, trusted)


def _rebuild(folder: Path, has_weights: bool, device: str, trusted: Sequence[str]) -> Any:
    import skops.io

    from neurodecode.core.runtime import pick_device

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
    if has_weights:
        from safetensors.numpy import load_file

        bag.tensors = load_file(folder / "weights.safetensors")
    with _bag(bag):
        return skops.io.load(folder / "model.skops", trusted=unknown)


def _allowed(name: str) -> bool:
    """Estimators of packages we build on, and our own types; never a free function.

    skops vouches for what it knows of NumPy, SciPy and scikit-learn. A function is refused even
    when its package is known: packages hold functions that execute text.
    """
    package = name.partition(".")[0]
    if package not in _PACKAGES or "__main__" in name:  # importing a `__main__` may run it
        return False
    found = _find(name)
    own = package == "neurodecode"
    return isinstance(found, type) and (own or issubclass(found, BaseEstimator))


def _find(name: str) -> Any:
    """What a dotted name stands for, or None."""
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError):
        return None


def _check_names(names: Sequence[str]) -> None:
    """Refuse to save what no process could find again by its name."""
    lost = [name for name in names if _find(name) is None]
    if lost:
        raise DataError(
            "this model could not be loaded again",
            found=", ".join(lost),
            expected="types and functions that can be imported by name",
            fix="define them at the top of a module, not in a call or as a lambda",
        )


@contextlib.contextmanager
def _naming_what_cannot_be_saved(estimator: Any) -> Iterator[None]:
    try:
        yield
    except (NeurodecodeError, OSError, MemoryError):
        raise
    except Exception as error:  # each kind of object refuses in its own way
        raise DataError(
            f"this {type(estimator).__name__} holds something that cannot be saved",
            found=f"{type(error).__name__}: {error}",
            expected="an estimator of numbers, text, arrays and other estimators",
            fix="epochs have .save(folder); networks: give net a registered name or a function "
            "of a module in place of an nn.Module",
        ) from error


def _model_card(estimator: Any) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "estimator": " ".join(repr(estimator).split()),
        "training_stamp": getattr(estimator, "training_stamp_", None),
        "python": platform.python_version(),
        "versions": {name: installed_version(name) for name in _VERSIONS},
    }
