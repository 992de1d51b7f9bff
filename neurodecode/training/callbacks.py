"""What is called while a network trains: any function of the epoch and the history so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

History = dict[str, Any]
# `epoch` counts from 0; `history` is that of `train`, up to this epoch.
OnEpoch = Callable[[int, History], None]


class ScalarWriter(Protocol):
    """TensorBoard's ``SummaryWriter``, or anything else with this method."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> Any:
        """Write one value of a curve."""


class RunLog(Protocol):
    """A run of W&B (``wandb.init()``), or anything else with this method."""

    def log(self, data: dict[str, float], *, step: int) -> Any:
        """Write the values of one step."""


def curves_to(log: ScalarWriter | RunLog) -> OnEpoch:
    """Send losses and scores of every epoch to TensorBoard, to W&B, or to whatever is like them.

    Parameters
    ----------
    log : object with ``add_scalar(tag, value, step)`` or ``log(values, step=step)``
        Neither package is imported here.

    Returns
    -------
    on_epoch : callable
        For ``train(..., on_epoch=...)`` and ``NetClassifier(..., on_epoch=...)``.

    Examples
    --------
    >>> class Printer:
    ...     def add_scalar(self, tag, value, step):
    ...         print(step, tag, value)
    >>> curves_to(Printer())(0, {"train_loss": [0.7], "best_epoch": 0})
    0 train_loss 0.7
    """

    def on_epoch(epoch: int, history: History) -> None:
        values = {name: curve[-1] for name, curve in history.items() if isinstance(curve, list)}
        if hasattr(log, "add_scalar"):
            for name, value in values.items():
                log.add_scalar(name, value, epoch)  # type: ignore[union-attr]
        else:
            log.log(values, step=epoch)  # type: ignore[union-attr]

    return on_epoch
