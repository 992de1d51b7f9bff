"""How estimators around a network learn: from nothing, further, or in part."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from neurodecode.core import Epochs, Spec, as_epochs
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.core.runtime import pick_device, progress
from neurodecode.decoders.net_base import NetHolder, trials_of
from neurodecode.evaluation import validation_split

if TYPE_CHECKING:
    from torch import nn

    from neurodecode.nets.catalogue import Net
    from neurodecode.training.batches import MappedTrials
    from neurodecode.training.callbacks import OnEpoch
    from neurodecode.training.plan import Plan

_BLOCK = 64  # trials looked at together
SAMPLINGS = ("shuffled", "balanced")


class NetLearner(NetHolder):
    """The learning half of `NetEstimator`; subclasses say what targets and losses are."""

    task: Any
    history_: dict[str, Any]

    def __init__(
        self,
        net: Net = "eegnet",
        epochs: int = 100,
        batch_size: int = 32,
        lr: float = 1e-3,
        weight_decay: float = 1e-2,
        schedule: str | None = "cosine",
        patience: int | None = 30,
        validation: float = 0.2,
        augment: Sequence[Any] = (),
        sampling: str = "shuffled",
        standardize: bool = True,
        warm_start: bool = False,
        device: str = "auto",
        random_state: Any = 0,
        verbose: int = 0,
        net_params: Mapping[str, Any] | None = None,
        plan_params: Mapping[str, Any] | None = None,
        checkpoints: Any = None,
        on_epoch: OnEpoch | None = None,
        max_bytes: int | None = None,
        sfreq: float | None = None,
    ):
        self.net = net
        self.epochs = epochs
        self.batch_size = batch_size
        self.lr = lr
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.patience = patience
        self.validation = validation
        self.augment = augment
        self.sampling = sampling
        self.standardize = standardize
        self.warm_start = warm_start
        self.device = device
        self.random_state = random_state
        self.verbose = verbose
        self.net_params = net_params
        self.plan_params = plan_params
        self.checkpoints = checkpoints
        self.on_epoch = on_epoch
        self.max_bytes = max_bytes
        self.sfreq = sfreq

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Train the network.

        Parameters
        ----------
        X : Epochs, mne.Epochs, or float array of shape (n_trials, n_channels, n_times)
            Arrays need the estimator's `sfreq`.
        y : array, shape (n_trials,), or (n_trials, n_outputs) for regression
        sample_weight : float array, shape (n_trials,), optional
            Odds of each trial to be drawn into a batch.

        Returns
        -------
        self

        Raises
        ------
        DataError
            Input that no network takes, or that this one cannot take.
        TrainingError
            The loss became NaN.
        """
        if self.warm_start and hasattr(self, "module_"):
            plan = self._own_plan()
            return self._go_on(X, y, plan, self.validation, "all", 1.0, sample_weight)
        X = X if isinstance(X, np.ndarray) else as_epochs(X)
        x = trials_of(X, self.max_bytes)
        targets = self._learn_targets(np.asarray(y))
        self._check_lengths(x, targets)
        self.spec_ = self._spec_of(X)
        plan = self._own_plan()
        rows, valid = self._validation_rows(X, targets, plan.seed, self.validation)
        self._check_validation(valid)
        self._learn_scale(x, rows)
        module = self._build(plan.seed)
        self._train(module, x, targets, rows, valid, plan, sample_weight)
        return self

    def fine_tune(
        self,
        X: Any,
        y: Any,
        layers: str | int = "all",
        layer_decay: float = 1.0,
        validation: float | None = None,
        sample_weight: Any = None,
        **plan: Any,
    ) -> Any:
        """Train a fitted network further, on the trials of one person for instance.

        Scaling and classes stay those of `fit`. Layers that stand still keep their batch-norm
        statistics too.

        Parameters
        ----------
        X, y, sample_weight : as in `fit`
        layers : "head", "all" or int, default "all"
            The last layer, all of them, or so many of the last ones.
        layer_decay : float in (0, 1], default 1
            Each layer learns at this multiple of the rate of the one after it.
        validation : float in [0, 1), optional
            Share of these trials that choose the best epoch, in place of the estimator's; 0 where
            there are few, which also keeps the temperature of `fit`.
        **plan
            Fields of `nd.training.Plan` other than the estimator's: ``epochs=20, lr=1e-4``.

        Returns
        -------
        self

        Raises
        ------
        DataError
            Trials unlike those of `fit`, or a class it has not seen.
        TrainingError
            No such layers, or a field out of its range.
        """
        check_is_fitted(self, "module_")
        changed = dataclasses.replace(self._own_plan(), **plan)
        share = self.validation if validation is None else validation
        return self._go_on(X, y, changed, share, layers, layer_decay, sample_weight)

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Any:
        """One more pass over some trials, at a constant rate and without validation.

        The first call learns scale and classes; every call starts the optimizer anew.

        Parameters
        ----------
        X, y : as in `fit`
        classes : array, optional
            At the first call: all labels that will come, where `y` lacks some.

        Returns
        -------
        self
        """
        X = X if isinstance(X, np.ndarray) else as_epochs(X)
        x = trials_of(X, self.max_bytes)
        first = not hasattr(self, "module_")
        seed = self._seed() + (0 if first else len(self.history_["train_loss"]))
        if first:
            self._learn_targets(np.asarray(y if classes is None else classes))
            self.spec_ = self._spec_of(X)
            self._learn_scale(x, np.arange(len(x)))
        else:
            self._check_like_fit(X, x.shape)
        targets = self._known_targets(np.asarray(y))
        self._check_lengths(x, targets)
        plan = dataclasses.replace(self._plan(seed), epochs=1, schedule=None, patience=None)
        module = self._build(seed) if first else copy.deepcopy(self.module_)
        before = {} if first else self.history_
        every, none = np.arange(len(x)), np.empty(0, dtype=np.int64)
        self._train(module, x, targets, every, none, plan)
        for name in ("train_loss", "valid_loss", "valid_score"):
            self.history_[name] = [*before.get(name, []), *self.history_[name]]
        self.history_["best_epoch"] = len(self.history_["train_loss"]) - 1
        return self

    def _go_on(
        self,
        X: Any,
        y: Any,
        plan: Plan,
        validation: float,
        layers: str | int,
        layer_decay: float,
        sample_weight: Any,
    ) -> Any:
        from neurodecode.training.finetuning import learning_layers

        X = X if isinstance(X, np.ndarray) else as_epochs(X)
        x = trials_of(X, self.max_bytes)
        self._check_like_fit(X, x.shape)
        targets = self._known_targets(np.asarray(y))
        self._check_lengths(x, targets)
        rows, valid = self._validation_rows(X, targets, plan.seed, validation)
        module = copy.deepcopy(self.module_)
        with learning_layers(module, layers, plan.lr, layer_decay) as groups:
            self._train(module, x, targets, rows, valid, plan, sample_weight, groups)
        return self

    def _train(
        self,
        module: nn.Module,
        x: np.ndarray | MappedTrials,
        targets: np.ndarray,
        rows: np.ndarray,
        valid: np.ndarray,
        plan: Plan,
        sample_weight: Any = None,
        groups: list[dict[str, Any]] | None = None,
    ) -> None:
        from neurodecode.nets.catalogue import describe
        from neurodecode.training.loop import train
        from neurodecode.training.resume import Checkpoints

        scaled = self._scaled(x)
        kept = self.checkpoints
        if kept is not None and not isinstance(kept, Checkpoints):
            kept = Checkpoints(kept)
        with progress(plan.epochs if self.verbose else 0, describe(self.net)) as advance:

            def on_epoch(epoch: int, history: dict[str, Any]) -> None:
                advance()
                if self.on_epoch is not None:
                    self.on_epoch(epoch, history)

            self.history_ = train(
                module,
                scaled,
                targets,
                rows,
                valid,
                loss=self._loss(targets[rows]),
                score=self._score,
                plan=plan,
                on_epoch=on_epoch,
                augment=self._augmentations(scaled, rows),
                weights=self._weights(targets, rows, sample_weight),
                groups=groups,
                checkpoints=kept,
            )
        if groups is None:  # otherwise some stand still for now
            self.n_parameters_ = sum(p.numel() for p in module.parameters() if p.requires_grad)
        self.module_ = module.to(pick_device(self.device))
        self._after_training(scaled, targets, valid)

    def _augmentations(self, x: Any, rows: np.ndarray) -> list[Any]:
        """Fitted on training trials only."""
        if isinstance(self.augment, Sequence) and not len(self.augment):
            return []
        from neurodecode.training.augment.facts import Facts, augmentations

        return augmentations(self.augment, Facts.of(x, rows, self.spec_, self._class_labels()))

    def _weights(
        self, targets: np.ndarray, rows: np.ndarray, sample_weight: Any
    ) -> np.ndarray | None:
        """Odds of the training trials, or None where all come once an epoch."""
        from neurodecode.training.batches import balancing_weights

        if self.sampling not in SAMPLINGS:
            raise DataError(
                "no such sampling",
                found=repr(self.sampling),
                expected=" or ".join(SAMPLINGS),
                fix=did_you_mean(str(self.sampling), SAMPLINGS),
            )
        if self.sampling == "balanced" and self.task != "classification":
            raise DataError("balanced sampling needs classes", found="continuous targets")
        weights = None if sample_weight is None else np.asarray(sample_weight, dtype=float)
        if weights is not None:
            self._check_lengths(targets, weights)
            weights = weights[rows]
        if self.sampling == "balanced":
            balance = balancing_weights(targets[rows])
            weights = balance if weights is None else balance * weights
        return weights

    def _own_plan(self) -> Plan:
        return self._plan(self._seed())

    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _check_lengths(self, x: Any, targets: np.ndarray) -> None:
        if len(targets) != len(x):
            raise DataError(
                "the targets do not fit the trials",
                found=f"{len(x)} trials, {len(targets)} targets",
                expected="one target per trial",
                fix="fit(epochs, epochs.y)",
            )

    def _check_like_fit(self, X: Any, shape: tuple[int, ...]) -> None:
        sfreq = X.sfreq if isinstance(X, Epochs) else self.spec_.sfreq
        found = (shape[1], shape[2], sfreq)
        expected = (self.spec_.n_channels, self.spec_.n_times, self.spec_.sfreq)
        if not np.allclose(found, expected, rtol=1e-6, atol=0):
            words = "{} channels x {} samples at {:g} Hz"
            raise DataError(
                f"{type(self).__name__} was fitted on other trials",
                found=words.format(*found),
                expected=words.format(*expected),
                fix="pick the channels, resample and crop as for training",
            )

    def _spec_of(self, X: Any) -> Spec:
        sfreq = self._rate(X)
        n_outputs = self._n_outputs()
        if isinstance(X, Epochs):
            return dataclasses.replace(Spec.of(X, n_outputs), task=self.task)
        return Spec(X.shape[1], X.shape[2], sfreq, n_outputs, task=self.task)

    def _validation_rows(
        self, X: Any, targets: np.ndarray, seed: int, share: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Trials that train, and whole groups of them that choose the best epoch."""
        if not 0 <= share < 1:
            raise DataError(
                "validation is a share of the training trials",
                found=repr(share),
                expected="0 (no validation) or below 1",
            )
        if share == 0:
            return np.arange(len(targets)), np.empty(0, dtype=np.int64)
        trials = X if isinstance(X, Epochs) else pd.DataFrame(index=range(len(targets)))
        fit, valid, _ = validation_split(trials, targets, fraction=share, seed=seed)
        return fit, valid

    def _learn_scale(self, x: np.ndarray | MappedTrials, rows: np.ndarray) -> None:
        """Mean and deviation of each channel over the trials in `rows`, a block at a time."""
        n_channels = x.shape[1]
        self.mean_, self.scale_ = np.zeros(n_channels), np.ones(n_channels)
        if not self.standardize:
            return
        seen, spread = 0, np.zeros(n_channels)
        for start in range(0, len(rows), _BLOCK):
            index = rows[start : start + _BLOCK]
            block = x[index] if isinstance(x, np.ndarray) else x.read(index)
            mean = block.mean(axis=(0, 2), dtype=np.float64)
            new, shift = len(index), mean - self.mean_
            # Chan, Golub & LeVeque 1979: moments of two parts give those of both.
            spread += block.var(axis=(0, 2), dtype=np.float64) * new
            spread += shift**2 * (seen * new / (seen + new))
            self.mean_ += shift * (new / (seen + new))
            seen += new
        self.scale_ = np.sqrt(spread / seen)
        self.scale_[self.scale_ == 0] = 1.0  # a flat channel stays flat

    def _scaled(self, x: np.ndarray | MappedTrials) -> Any:
        from neurodecode.training.batches import scaled

        if isinstance(x, np.ndarray):
            return scaled(x, self.mean_, self.scale_)
        return dataclasses.replace(x, mean=self.mean_, scale=self.scale_)

    # ------------------------------------------------------------------ what subclasses say
    def _learn_targets(self, y: np.ndarray) -> np.ndarray:
        """Learn what targets there are, and encode them for the loss."""
        raise NotImplementedError

    def _known_targets(self, y: np.ndarray) -> np.ndarray:
        """Encode targets of a kind that is known."""
        raise NotImplementedError

    def _n_outputs(self) -> int:
        raise NotImplementedError

    def _loss(self, targets: np.ndarray) -> Any:
        raise NotImplementedError

    @staticmethod
    def _score(outputs: np.ndarray, targets: np.ndarray) -> float:
        raise NotImplementedError

    def _class_labels(self) -> Sequence[Any]:
        return ()

    def _check_validation(self, valid: np.ndarray) -> None:
        """Refuse settings that need validation trials where there are none."""

    def _after_training(self, x: Any, targets: np.ndarray, valid: np.ndarray) -> None:
        """What is learned from the validation trials when the network is ready."""
