"""The one training loop: index batches of a resident tensor, or of trials on disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from neurodecode.core.errors import TrainingError
from neurodecode.training.adversary import Adversary, Contest
from neurodecode.training.averaging import Average
from neurodecode.training.batches import (
    MappedTrials,
    Trials,
    batches_of,
    index_batches,
    n_batches,
)
from neurodecode.training.callbacks import History, OnEpoch
from neurodecode.training.devices import fabric_for
from neurodecode.training.finetuning import frozen_norms
from neurodecode.training.inference import outputs_of
from neurodecode.training.optimizers import OPTIMIZERS, Ascent
from neurodecode.training.plan import Plan
from neurodecode.training.restructure.form import Form, form_of
from neurodecode.training.resume import (
    Checkpoints,
    StateFile,
    put_state,
    run_identity,
    state_of,
)
from neurodecode.training.schedules import make_schedule

# (trials, targets, generator) -> (trials, targets), on the device.
Augmentation = Callable[[Tensor, Tensor, torch.Generator], tuple[Tensor, Tensor]]


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
    on_epoch: OnEpoch | None = None,
    adversary: Adversary | None = None,
    augment: Sequence[Augmentation] = (),
    weights: np.ndarray | None = None,
    groups: list[dict[str, Any]] | None = None,
    checkpoints: Checkpoints | None = None,
) -> History:
    """Train a module in place; it ends on the CPU, in eval mode, at its best state.

    The best state is that of the lowest validation loss, or the last one without validation. On
    one CPU thread count the result is bit-equal for equal seeds; the global random state of torch
    is left as it was. Started by ``torchrun``, the processes share every batch among them.

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
        Called after every epoch; see `curves_to`.
    adversary : Adversary, optional
        A discriminator that learns with the network; its verdict is added to the training loss,
        not to the validation loss.
    augment : functions (trials, targets, generator) -> (trials, targets)
        Applied in order to every training batch, on the device; never to validation trials.
    weights : float array, shape (len(train_index),), optional
        Odds of being drawn, in place of every trial once an epoch.
    groups : list of dict, optional
        Parameters that learn, as torch optimizers take them, with rates of their own; default all
        of the module's. See `learning_layers`.
    checkpoints : Checkpoints, optional
        Keep the state of the run on disk; killed and started again, it ends where it would have
        ended, to the bit.

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
    fabric = fabric_for(plan.device, plan.precision)
    cuda = [fabric.device] if fabric.device.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        # Masks of dropout must differ between processes, which hold different trials.
        torch.manual_seed(plan.seed + fabric.global_rank)
        run = _Run(module, x, y, train_index, valid_index, plan, fabric, groups, augment)
        run.loss = loss.to(fabric.device) if isinstance(loss, nn.Module) else loss
        run.score = score
        run.draw_by(weights)
        run.meet(adversary)
        run.keep_in(checkpoints)
        history = run.all_epochs(on_epoch if fabric.is_global_zero else None)
    module.cpu().eval()
    return history


class _Run:
    """State of one run: data on the device, optimizer, schedule, best weights so far."""

    loss: Callable[[Tensor, Tensor], Tensor]
    score: Callable[[np.ndarray, np.ndarray], float] | None

    def __init__(
        self,
        module: nn.Module,
        x: np.ndarray | MappedTrials,
        y: np.ndarray,
        train_index: np.ndarray,
        valid_index: np.ndarray | None,
        plan: Plan,
        fabric: Any,
        groups: list[dict[str, Any]] | None,
        augment: Sequence[Augmentation],
    ):
        self.plan, self.fabric, self.plain, self.augment = plan, fabric, module, augment
        trials: Trials = x if isinstance(x, MappedTrials) else torch.as_tensor(x)
        self.x = trials.to(fabric.device)
        self.y = torch.as_tensor(y).to(fabric.device)
        self.train_index = torch.as_tensor(np.asarray(train_index, dtype=np.int64))
        self.valid_index = None
        if valid_index is not None and len(valid_index):
            self.valid_index = torch.as_tensor(np.asarray(valid_index, dtype=np.int64))
        self.smallest = 2 * fabric.world_size  # of a batch: two trials for each process
        self.check_batches()
        learning = module.parameters() if groups is None else groups
        optimizer = OPTIMIZERS[plan.optimizer](learning, plan.lr, plan.weight_decay)
        n_steps = plan.epochs * n_batches(len(self.train_index), plan.batch_size, self.smallest)
        self.schedule = make_schedule(plan.schedule, optimizer, n_steps)
        self.frozen = frozen_norms(module)
        form = self.form()
        self.trials, self.judged = form.trials, form.module
        learner = torch.compile(module) if plan.compile else form.module
        self.module, self.optimizer = fabric.setup(learner, optimizer)
        self.average = None if plan.ema is None else Average(module, plan.ema)
        self.ascent = Ascent(module) if plan.optimizer == "sam" else None
        self.generator = torch.Generator().manual_seed(plan.seed)
        self.augmenting = torch.Generator(fabric.device).manual_seed(plan.seed + fabric.global_rank)
        self.history: History = {"train_loss": [], "valid_loss": [], "valid_score": []}
        self.history["form"] = form.report
        self.best_loss, self.best_epoch, self.best_state = float("inf"), 0, None

    def form(self) -> Form:
        """The textbook module or a faster one on the same parameters, and the trials it takes."""
        others = {
            "sam": self.plan.optimizer == "sam",  # holds running statistics still for half a step
            "layers that stand still": bool(self.frozen),
            "torch.compile": self.plan.compile,
            "several processes": self.fabric.world_size > 1,
        }
        why_not = [name for name, asked in others.items() if asked]
        if why_not:
            return Form(self.plain, self.x, f"textbook: {why_not[0]}")
        resident = not self.augment and self.plan.precision == "32-true"
        return form_of(self.plain, self.x, resident=resident)

    def draw_by(self, weights: np.ndarray | None) -> None:
        """Odds of the training trials."""
        self.weights = None if weights is None else torch.as_tensor(weights, dtype=torch.float64)
        if self.weights is None:
            return
        fine = self.weights.shape == self.train_index.shape and torch.isfinite(self.weights).all()
        if not fine or (self.weights < 0).any() or not self.weights.sum() > 0:
            raise TrainingError(
                "weights are no odds of the training trials",
                found=f"shape {tuple(self.weights.shape)}, smallest {float(self.weights.min()):g}",
                expected=f"{len(self.train_index)} finite numbers, 0 or more, not all 0",
            )

    def meet(self, adversary: Adversary | None) -> None:
        """The discriminator of this run."""
        self.contest = None if adversary is None else Contest(adversary, self.plan.lr, self.fabric)

    def keep_in(self, checkpoints: Checkpoints | None) -> None:
        """The file of this run, and the state it holds from an earlier start."""
        self.file = None
        if checkpoints is None:
            return
        if self.fabric.world_size > 1:
            raise TrainingError(
                "checkpoints are of one process",
                found=f"{self.fabric.world_size} processes",
                fix="train in one process, or without checkpoints",
            )
        self.file = StateFile(checkpoints, run_identity(self))
        state = self.file.read()
        if state is not None:
            put_state(self, state)

    def all_epochs(self, on_epoch: OnEpoch | None) -> History:
        start = time.perf_counter() - self.history.get("seconds", 0.0)
        for epoch in range(len(self.history["train_loss"]), self.plan.epochs):
            if self.plan.patience is not None and epoch - self.best_epoch > self.plan.patience:
                break
            self.history["train_loss"].append(self.one_epoch(epoch))
            self.judge(epoch)
            self.history.update(best_epoch=self.best_epoch, seconds=time.perf_counter() - start)
            if on_epoch is not None:
                on_epoch(epoch, self.history)
            if self.file is not None and self.file.due:
                self.file.write(state_of(self))
        if self.best_state is not None:
            self.plain.load_state_dict(self.best_state)
        if self.file is not None:
            self.file.remove()
        return self.history

    def one_epoch(self, epoch: int) -> float:
        self.module.train()
        for each in self.frozen:
            each.eval()
        batches = index_batches(
            self.train_index, self.plan.batch_size, self.generator, self.weights, self.smallest
        )
        rank, world = self.fabric.global_rank, self.fabric.world_size
        mine = [rows[rank::world] for rows in batches]
        # A process's part of the batch's mean; one process has all of it.
        parts = [len(part) / len(rows) for part, rows in zip(mine, batches, strict=True)]
        steps = zip(mine, batches_of(self.trials, mine), parts, strict=True)
        losses = torch.stack([self.step(*each) for each in steps])
        values = losses.cpu().double()  # one synchronisation an epoch
        if world > 1:
            mean = (values * torch.tensor(parts)).to(self.fabric.device)
            values = self.fabric.all_reduce(mean, reduce_op="sum").cpu()
        if not torch.isfinite(values).all():
            self.refuse(epoch, batches, values)
        sizes = torch.tensor([len(rows) for rows in batches], dtype=torch.float64)
        return float((values * sizes).sum() / sizes.sum())

    def step(self, rows: Tensor, trials: Tensor, part: float) -> Tensor:
        targets = self.y[rows.to(self.y.device)]
        for change in self.augment:
            trials, targets = change(trials, targets, self.augmenting)
        self.optimizer.zero_grad(set_to_none=True)
        loss, outputs = self.descend(trials, targets, part)
        if self.ascent is not None:
            with self.ascent.uphill():
                self.descend(trials, targets, part)
        if self.plan.clip is not None:
            self.fabric.clip_gradients(
                self.module, self.optimizer, max_norm=self.plan.clip, error_if_nonfinite=False
            )
        self.optimizer.step()
        if self.schedule is not None:
            self.schedule.step()
        if self.average is not None:
            self.average.update()
        if self.contest is not None:
            self.contest.learn(outputs, targets)
        return loss

    def descend(self, trials: Tensor, targets: Tensor, part: float) -> tuple[Tensor, Tensor]:
        """Leave the gradient of a batch's loss in the parameters."""
        outputs = self.module(trials)
        loss = self.loss(outputs, targets)
        if self.contest is not None:
            loss = loss + self.contest.verdict(outputs)
        # Gradients are averaged over processes, whose parts of a batch may differ by one trial.
        self.fabric.backward(loss * (part * self.fabric.world_size))
        return loss.detach(), outputs

    def judge(self, epoch: int) -> None:
        """Validate, and keep the weights where they are the best so far."""
        if self.valid_index is None:
            self.record(np.nan, np.nan)
            self.best_epoch = epoch
            if self.average is not None:
                self.best_state = self.average.state
            return
        if self.average is not None:
            self.average.swap()
        loss = self.validate(self.valid_index, epoch)
        if loss < self.best_loss:
            self.best_loss, self.best_epoch = loss, epoch
            state = self.plain.state_dict()
            self.best_state = {name: value.detach().clone() for name, value in state.items()}
        if self.average is not None:
            self.average.swap()

    def validate(self, rows: Tensor, epoch: int) -> float:
        rows = rows.to(self.x.device)
        outputs = outputs_of(self.judged, self.x.index_select(0, rows))  # in full precision
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

    def check_batches(self) -> None:
        fewest = min(self.plan.batch_size, len(self.train_index))
        if self.fabric.world_size > 1 and fewest < self.smallest:
            raise TrainingError(
                "batches are too small to be shared",
                found=f"{fewest} trials, {self.fabric.world_size} processes",
                expected=f"{self.smallest} trials or more",
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
