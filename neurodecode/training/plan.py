"""How a run trains, as one small record."""

from __future__ import annotations

from dataclasses import dataclass

from neurodecode.core.errors import TrainingError, did_you_mean
from neurodecode.training.optimizers import OPTIMIZERS
from neurodecode.training.schedules import SCHEDULES

PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")


@dataclass(frozen=True)
class Plan:
    """How to train.

    Parameters
    ----------
    epochs : int
        Passes over the training trials.
    batch_size : int
        Two or more.
    lr, weight_decay : float
        Of the optimizer.
    optimizer : "adamw", "sgd" or "sam"
        See `neurodecode.training.optimizers`.
    schedule : "cosine", "one-cycle" or None
    patience : int or None
        Stop after so many epochs without a lower validation loss; None never stops early.
    clip : float or None
        Largest norm of the gradient.
    ema : float or None
        Validate, choose and keep an exponential moving average of the weights with this decay a
        step, such as 0.99, in place of the weights themselves.
    precision : "32-true", "bf16-mixed" or "16-mixed"
        The mixed ones change results; "16-mixed" needs CUDA. Validation stays in full precision.
    compile : bool
        Train through `torch.compile`: up to a minute for each network and batch shape, then faster
        or not; the results are close, not bit-equal.
    device : str
        "auto", "cpu", "cuda", "cuda:1", "mps".
    seed : int
        Of shuffling, dropout and augmentation.

    Raises
    ------
    TrainingError
        A value out of its range.

    Examples
    --------
    >>> Plan(epochs=30).schedule
    'cosine'
    """

    epochs: int = 100
    batch_size: int = 32
    lr: float = 1e-3
    weight_decay: float = 1e-2
    optimizer: str = "adamw"
    schedule: str | None = "cosine"
    patience: int | None = None
    clip: float | None = 1.0
    ema: float | None = None
    precision: str = "32-true"
    compile: bool = False
    device: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        ranges = {
            "epochs": (self.epochs >= 1, "1 or more"),
            "batch_size": (self.batch_size >= 2, "2 or more"),
            "lr": (self.lr > 0, "above 0"),
            "weight_decay": (self.weight_decay >= 0, "0 or more"),
            "patience": (self.patience is None or self.patience >= 1, "None, or 1 or more"),
            "clip": (self.clip is None or self.clip > 0, "None, or above 0"),
            "ema": (self.ema is None or 0 < self.ema < 1, "None, or between 0 and 1"),
        }
        for name, (fine, expected) in ranges.items():
            if not fine:
                raise TrainingError(
                    f"{name} is out of range", found=repr(getattr(self, name)), expected=expected
                )
        words = {
            "optimizer": tuple(OPTIMIZERS),
            "schedule": (None, *SCHEDULES),
            "precision": PRECISIONS,
        }
        for name, allowed in words.items():
            value = getattr(self, name)
            if value not in allowed:
                raise TrainingError(
                    f"no {name} of that name",
                    found=repr(value),
                    expected=", ".join(map(str, allowed)),
                    fix=did_you_mean(value, [each for each in allowed if each]),
                )
        if self.optimizer == "sam" and self.precision == "16-mixed":
            raise TrainingError(
                "sam and 16-mixed exclude each other",
                found="gradients scaled against underflow, whose norm sam would misread",
                fix='precision="bf16-mixed"',
            )
