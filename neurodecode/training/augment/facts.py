"""What augmentations may know of the training trials, and how lists of them are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from neurodecode.core import Spec, registry
from neurodecode.core.errors import TrainingError
from neurodecode.training.loop import Augmentation

_ENOUGH = 256  # trials, for a standard deviation


@dataclass(frozen=True)
class Facts:
    """Training trials as augmentations see them.

    Parameters
    ----------
    spec : Spec
        Of the trials.
    classes : tuple of labels
        By class index; empty for continuous targets.
    deviation : float tensor, shape (n_channels,)
        Standard deviation of each channel over the training trials, as the network gets them.

    Examples
    --------
    >>> Facts(Spec(2, 100, 100.0, 2), ("left", "right"), torch.ones(2)).spec.duration
    1.0
    """

    spec: Spec
    classes: tuple[Any, ...]
    deviation: Tensor

    @classmethod
    def of(cls, x: Any, rows: np.ndarray, spec: Spec, classes: Sequence[Any] = ()) -> Facts:
        """Learn them from training trials.

        Parameters
        ----------
        x : float array or MappedTrials, shape (n_trials, n_channels, n_times)
        rows : int array
            Trials that train; about 256 of them are looked at.
        spec : Spec
        classes : sequence of labels
        """
        some = rows[:: max(1, len(rows) // _ENOUGH)]
        trials = x[some] if isinstance(x, np.ndarray) else x[torch.as_tensor(some)].cpu().numpy()
        deviation = trials.std(axis=(0, 2), dtype=np.float64)
        return cls(spec, tuple(classes), torch.as_tensor(deviation, dtype=torch.float32))


@dataclass(frozen=True)
class Named:
    """A registered augmentation, known by its name and settings."""

    name: str
    settings: dict[str, Any]
    apply: Augmentation = field(repr=False)

    def __call__(self, x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return self.apply(x, y, generator)


def augmentations(
    wanted: Sequence[str | Mapping[str, Any] | Augmentation], facts: Facts
) -> list[Augmentation]:
    """Functions for names, for names with settings, and for functions.

    Parameters
    ----------
    wanted : sequence
        Names (``nd.list("augmentation")``), ``{"name": "time-shift", "seconds": 0.2}``, or
        functions ``(trials, targets, generator) -> (trials, targets)``.
    facts : Facts

    Raises
    ------
    UnknownName
        No augmentation of that name.
    TrainingError
        A setting it does not have or take, or one that these trials do not allow.

    Examples
    --------
    >>> facts = Facts(Spec(2, 100, 100.0, 2), ("a", "b"), torch.ones(2))
    >>> shift, = augmentations([{"name": "time-shift", "seconds": 0.2}], facts)
    >>> shift(torch.ones(3, 2, 100), torch.zeros(3), torch.Generator())[0].shape
    torch.Size([3, 2, 100])
    """
    if isinstance(wanted, str | Mapping) or callable(wanted):
        raise TrainingError("augment is a list", found=repr(wanted), fix=f"augment=[{wanted!r}]")
    return [_made(each, facts) for each in wanted]


def _made(wanted: Any, facts: Facts) -> Any:
    if callable(wanted):
        return wanted
    named = {"name": wanted} if isinstance(wanted, str) else wanted
    settings = dict(named) if isinstance(named, Mapping) else {}
    name = settings.pop("name", None)
    if not isinstance(name, str):
        raise TrainingError(
            "not an augmentation",
            found=repr(wanted),
            expected='a name, {"name": ..., setting: value}, or a function',
            fix='nd.list("augmentation") shows the names',
        )
    make = registry.resolve("augmentation", name)
    try:
        return Named(name, settings, make(facts, **settings))
    except TypeError as error:
        raise TrainingError(
            f"{name} does not take these settings", found=str(settings), expected=str(error)
        ) from error


def check_between(name: str, value: float, low: float, high: float) -> None:
    """Refuse a setting outside its range.

    Raises
    ------
    TrainingError
    """
    if not low <= value <= high:
        raise TrainingError(
            f"{name} is out of range", found=repr(value), expected=f"{low:g} to {high:g}"
        )


def uniform(
    shape: tuple[int, ...], low: float, high: float, generator: torch.Generator, like: Tensor
) -> Tensor:
    """Uniform draws on the device of `like`, in its type."""
    drawn = torch.rand(shape, generator=generator, device=like.device, dtype=like.dtype)
    return low + (high - low) * drawn


def chosen(n: int, probability: float, generator: torch.Generator, like: Tensor) -> Tensor:
    """Which of n trials are changed, a bool mask."""
    return uniform((n,), 0.0, 1.0, generator, like) < probability
