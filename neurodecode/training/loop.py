"""The one training loop: AdamW over index batches of a resident tensor, or of trials on disk."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from neurodecode.core.errors import TrainingError
from neurodecode.training.adversary import Adversary, Contest
from neurodecode.training.batches import (
    MappedTrials,
    Trials,
    batches_of,
    index_batches,
    n_batches,
)
from neurodecode.training.devices import fabric_for
from neurodecode.training.inference import outputs_of
from neurodecode.training.restructure.form import form_of
from neurodecode.training.schedules import make_schedule

History = dict[str, Any]


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
        Of AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101).
    schedule : "cosine", "one-cycle" or None
    patience : int or None
        Stop after so many epochs without a lower validation loss; None never stops early.
    clip : float or None
        Largest norm of the gradient.
    device : str
        "auto", "cpu", "cuda", "cuda:1", "mps".
    seed : int
        Of shuffling and dropout.

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
    schedule: str | None = "cosine"
    patience: int | None = None
    clip: float | None = 1.0
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
        }
        for name, (fine, expected) in ranges.items():
            if not fine:
                raise TrainingError(
                    f"{name} is out of range", found=repr(getattr(self, name)), expected=expected
                )


def train(
    module: nn.Module,
    x: np.ndarray | MappedTrials,
    y: np.ndarray,
    train_index: np.ndarray,
    valid_index: np.ndarray | None = None,
    *,
    loss: Callable[[Tensor, Tensor], Tensor],
    plan: Plan,
    score: Callable[[np.ndarray, np.ndarray], float] | None = None,
    on_epoch: Callable[[int, History], None] | None = None,
    adversary: Adversary | None = None,
) -> History:
    """Train a module in place; it ends on the CPU, in eval mode, at its best state.

    The best state is that of the lowest validation loss, or the last one without validation. On
    one CPU thread count the result is bit-equal for equal seeds; the global random state of torch
    is left as it was.

    Parameters
    ----------
    module : nn.Module
        Maps (batch, n_channels, n_times) to (batch, n_outputs).
    x : float32 array, shape (n_trials, n_channels, n_times), or the same as MappedTrials
    y : array, shape (n_trials,) int64, or (n_trials, n_outputs) float32
    train_index, valid_index : int arrays
        Rows of `x`; disjoint.
    loss : callable (outputs, targets) -> scalar tensor
        A module among these is moved to the device.
    plan : Plan
    score : callable (outputs, targets) -> float, optional
        Of the validation trials after every epoch, on arrays.
    on_epoch : callable (epoch, history), optional
        Called after every epoch.
    adversary : Adversary, optional
        A discriminator that learns with the network; its verdict is added to the training loss,
        not to the validation loss.

    Returns
    -------
    history : dict
        Lists "train_loss", "valid_loss", "valid_score" with one value an epoch (the last two NaN
        without validation), "best_epoch" counted from 0, "seconds", and "form": which form of the
        module was trained (`training.restructure`), in words.

    Raises
    ------
    TrainingError
        The loss became NaN or infinite (the batch is named), or a row is in both index arrays.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 64)
    >>> x = rng.normal(size=(64, 2, 8)).astype("float32") + y[:, None, None].astype("float32")
    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
    >>> history = train(net, x, y, np.arange(64), loss=nn.CrossEntropyLoss(),
    ...                 plan=Plan(epochs=20, device="cpu"))
    >>> history["train_loss"][-1] < history["train_loss"][0]
    True
    """
    _check_disjoint(train_index, valid_index)
    fabric = fabric_for(plan.device)
    cuda = [fabric.device] if fabric.device.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        torch.manual_seed(plan.seed)
        run = _Run(module, x, y, train_index, valid_index, loss, plan, score, fabric, adversary)
        history = run.all_epochs(on_epoch)
    module.cpu().eval()
    return history


class _Run:
    """State of one run: data on the device, optimizer, schedule, best weights so far."""

    def __init__(
        self,
        module: nn.Module,
        x: np.ndarray | MappedTrials,
        y: np.ndarray,
        train_index: np.ndarray,
        valid_index: np.ndarray | None,
        loss: Callable[[Tensor, Tensor], Tensor],
        plan: Plan,
        score: Callable[[np.ndarray, np.ndarray], float] | None,
        fabric: Any,
        adversary: Adversary | None,
    ):
        self.plan, self.score, self.fabric = plan, score, fabric
        trials: Trials = x if isinstance(x, MappedTrials) else torch.as_tensor(x)
        self.x = trials.to(fabric.device)
        self.y = torch.as_tensor(y).to(fabric.device)
        self.train_index = torch.as_tensor(np.asarray(train_index, dtype=np.int64))
        self.valid_index = None
        if valid_index is not None and len(valid_index):
            self.valid_index = torch.as_tensor(np.asarray(valid_index, dtype=np.int64))
        self.loss = loss.to(fabric.device) if isinstance(loss, nn.Module) else loss
        self.plain = module
        form = form_of(module, self.x)
        self.trials = form.trials
        optimizer = torch.optim.AdamW(
            module.parameters(), lr=plan.lr, weight_decay=plan.weight_decay
        )
        self.module, self.optimizer = fabric.setup(form.module, optimizer)
        n_steps = plan.epochs * n_batches(len(self.train_index), plan.batch_size)
        self.schedule = make_schedule(plan.schedule, optimizer, plan.lr, n_steps)
        self.generator = torch.Generator().manual_seed(plan.seed)
        self.contest = None if adversary is None else Contest(adversary, plan.lr, fabric)
        self.history: History = {"train_loss": [], "valid_loss": [], "valid_score": []}
        self.history["form"] = form.report

    def all_epochs(self, on_epoch: Callable[[int, History], None] | None) -> History:
        start = time.perf_counter()
        best_loss, best_epoch, best_state = np.inf, 0, None
        for epoch in range(self.plan.epochs):
            self.history["train_loss"].append(self.one_epoch(epoch))
            if self.valid_index is not None:
                valid_loss = self.validate(self.valid_index, epoch)
                if valid_loss < best_loss:
                    best_loss, best_epoch = valid_loss, epoch
                    best_state = copy.deepcopy(self.plain.state_dict())
            else:
                self.record(np.nan, np.nan)
                best_epoch = epoch
            self.history.update(best_epoch=best_epoch, seconds=time.perf_counter() - start)
            if on_epoch is not None:
                on_epoch(epoch, self.history)
            if self.plan.patience is not None and epoch - best_epoch >= self.plan.patience:
                break
        if best_state is not None:
            self.plain.load_state_dict(best_state)
        return self.history

    def one_epoch(self, epoch: int) -> float:
        self.module.train()
        batches = index_batches(self.train_index, self.plan.batch_size, self.generator)
        trials = batches_of(self.trials, batches)
        losses = torch.stack([self.step(*each) for each in zip(batches, trials, strict=True)])
        values = losses.cpu().double()  # one synchronisation an epoch
        if not torch.isfinite(values).all():
            self.refuse(epoch, batches, values)
        sizes = torch.tensor([len(rows) for rows in batches], dtype=torch.float64)
        return float((values * sizes).sum() / sizes.sum())

    def step(self, rows: Tensor, trials: Tensor) -> Tensor:
        outputs, targets = self.module(trials), self.y[rows.to(self.y.device)]
        loss = self.loss(outputs, targets)
        if self.contest is not None:
            loss = loss + self.contest.verdict(outputs)
        self.optimizer.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        if self.plan.clip is not None:
            nn.utils.clip_grad_norm_(self.plain.parameters(), self.plan.clip)
        self.optimizer.step()
        if self.schedule is not None:
            self.schedule.step()
        if self.contest is not None:
            self.contest.learn(outputs, targets)
        return loss.detach()

    def validate(self, rows: Tensor, epoch: int) -> float:
        rows = rows.to(self.x.device)
        outputs = outputs_of(self.module, self.x.index_select(0, rows))
        targets = self.y[rows]
        with torch.no_grad():
            value = float(self.loss(outputs, targets))
        if not np.isfinite(value):
            n_bad = int((~torch.isfinite(outputs)).any(1).sum())
            raise TrainingError(
                f"validation loss is {value} in epoch {epoch + 1}",
                found=f"outputs of {n_bad} trials not finite",
                fix="a lower lr, or clean or rescale the validation trials",
            )
        score = np.nan
        if self.score is not None:
            score = float(self.score(outputs.cpu().numpy(), targets.cpu().numpy()))
        self.record(value, score)
        return value

    def record(self, valid_loss: float, valid_score: float) -> None:
        self.history["valid_loss"].append(valid_loss)
        self.history["valid_score"].append(valid_score)

    def refuse(self, epoch: int, batches: list[Tensor], values: Tensor) -> None:
        first = int((~torch.isfinite(values)).nonzero()[0])
        rows = batches[first]
        bad = rows[~torch.isfinite(self.x[rows.to(self.x.device)]).flatten(1).all(1).cpu()]
        raise TrainingError(
            f"loss is {float(values[first])} in epoch {epoch + 1}, batch {first + 1} of "
            f"{len(batches)}",
            found=f"trials not finite: {sorted(bad.tolist())}"
            if len(bad)
            else f"finite trials {sorted(rows.tolist())}: the run diverged",
            expected="a finite loss",
            fix="drop or repair these trials" if len(bad) else "a lower lr, or standardize=True",
        )


def _check_disjoint(train_index: np.ndarray, valid_index: np.ndarray | None) -> None:
    if len(train_index) == 0:
        raise TrainingError("no training trials", found="an empty train_index")
    both = np.intersect1d(train_index, [] if valid_index is None else valid_index)
    if len(both):
        raise TrainingError(
            "training and validation share trials",
            found=f"{len(both)} in both, first {both[:5].astype(int).tolist()}",
            fix="evaluation.validation_split gives disjoint trials",
        )
