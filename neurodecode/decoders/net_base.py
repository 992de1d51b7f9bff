"""What estimators around a network share: input, validation trials, training, saving."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from neurodecode.core import Epochs, Spec, as_epochs, as_trials
from neurodecode.core.checks import check_finite
from neurodecode.core.errors import DataError
from neurodecode.core.memory import available_memory
from neurodecode.core.persistence import weights_bag
from neurodecode.core.runtime import pick_device, progress
from neurodecode.evaluation import validation_split

if TYPE_CHECKING:
    from torch import nn

    from neurodecode.nets.catalogue import Net
    from neurodecode.training.batches import MappedTrials, Trials
    from neurodecode.training.loop import Plan

_BLOCK = 64  # trials looked at together
_SHARE = 4  # trials on disk stay there when they would take more than this part of free memory


class NetHolder(BaseEstimator):
    """An estimator around one network: built from `spec_`, kept as weights, trained by a plan."""

    net: Net
    net_params: Mapping[str, Any] | None
    epochs: int
    batch_size: int
    lr: float
    weight_decay: float
    schedule: str | None
    patience: int | None
    device: str
    sfreq: float | None
    spec_: Spec
    module_: nn.Module

    def _plan(self, seed: int) -> Plan:
        from neurodecode.training.loop import Plan

        return Plan(
            epochs=self.epochs,
            batch_size=self.batch_size,
            lr=self.lr,
            weight_decay=self.weight_decay,
            schedule=self.schedule,
            patience=self.patience,
            device=self.device,
            seed=seed,
        )

    def _rate(self, X: Any) -> float:
        """Sampling rate of epochs, or of plain arrays by the estimator's `sfreq`."""
        sfreq = X.sfreq if isinstance(X, Epochs) else self.sfreq
        if sfreq is None:
            raise DataError(
                "the sampling rate is unknown",
                found=f"a plain array of shape {X.shape}",
                fix=f"{type(self).__name__}(..., sfreq=250), or nd.Epochs(array, sfreq=250, ...)",
            )
        if self.sfreq is not None and abs(self.sfreq - sfreq) > 1e-6 * sfreq:
            raise DataError(
                "two sampling rates",
                found=f"sfreq={self.sfreq:g} of the estimator, {sfreq:g} Hz of the epochs",
                fix="leave sfreq out: epochs know their rate",
            )
        return float(sfreq)

    def _build(self, seed: int) -> nn.Module:
        import torch

        from neurodecode.nets.catalogue import build

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return build(self.net, self.spec_, **(self.net_params or {}))

    def __getstate__(self) -> dict[str, Any]:
        inherited: Any = super().__getstate__()
        state: dict[str, Any] = dict(inherited)
        module = state.pop("module_", None)
        if module is not None:
            weights = {name: value.cpu().numpy() for name, value in module.state_dict().items()}
            bag = weights_bag()
            state["_weights"] = weights if bag is None else bag.put(weights)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        weights = state.pop("_weights", None)
        super().__setstate__(state)
        if weights is None:
            return
        import torch

        bag = weights_bag()
        weights = weights if bag is None else bag.take(weights)
        module = self._build(seed=0)
        module.load_state_dict({name: torch.from_numpy(each) for name, each in weights.items()})
        self.module_ = module.eval().to("cpu" if bag is None else bag.device)


class NetEstimator(NetHolder):
    """Base of the estimators around one network; subclasses say what targets and outputs are."""

    task: Any

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
        standardize: bool = True,
        device: str = "auto",
        random_state: Any = 0,
        verbose: int = 0,
        net_params: Mapping[str, Any] | None = None,
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
        self.standardize = standardize
        self.device = device
        self.random_state = random_state
        self.verbose = verbose
        self.net_params = net_params
        self.sfreq = sfreq

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.two_d_array = False
        tags.non_deterministic = False
        return tags

    # ------------------------------------------------------------------ learning
    def fit(self, X: Any, y: Any) -> NetEstimator:
        """Train the network.

        Parameters
        ----------
        X : Epochs, mne.Epochs, or float array of shape (n_trials, n_channels, n_times)
            Arrays need the estimator's `sfreq`.
        y : array, shape (n_trials,), or (n_trials, n_outputs) for regression

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
        from neurodecode.nets.catalogue import describe
        from neurodecode.training.loop import train

        X = X if isinstance(X, np.ndarray) else as_epochs(X)
        x = _trials(X)
        targets = self._learn_targets(np.asarray(y))
        if len(targets) != len(x):
            raise DataError(
                "the targets do not fit the trials",
                found=f"{len(x)} trials, {len(targets)} targets",
                expected="one target per trial",
                fix="fit(epochs, epochs.y)",
            )
        self.spec_ = self._spec_of(X)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        rows, valid = self._validation_rows(X, targets, seed)
        self._learn_scale(x, rows)
        module = self._build(seed)
        with progress(self.epochs if self.verbose else 0, describe(self.net)) as advance:
            self.history_ = train(
                module,
                self._scaled(x),
                targets,
                rows,
                valid,
                loss=self._loss(targets),
                score=self._score,
                plan=self._plan(seed),
                on_epoch=lambda epoch, history: advance(),
            )
        self.n_parameters_ = sum(p.numel() for p in module.parameters() if p.requires_grad)
        self.module_ = module.to(pick_device(self.device))
        return self

    def _spec_of(self, X: Any) -> Spec:
        sfreq = self._rate(X)
        n_outputs = self._n_outputs()
        if isinstance(X, Epochs):
            return dataclasses.replace(Spec.of(X, n_outputs), task=self.task)
        return Spec(X.shape[1], X.shape[2], sfreq, n_outputs, task=self.task)

    def _validation_rows(
        self, X: Any, targets: np.ndarray, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        if not 0 <= self.validation < 1:
            raise DataError(
                "validation is a share of the training trials",
                found=repr(self.validation),
                expected="0 (no validation) or below 1",
            )
        if self.validation == 0:
            return np.arange(len(targets)), np.empty(0, dtype=np.int64)
        trials = X if isinstance(X, Epochs) else pd.DataFrame(index=range(len(targets)))
        fit, valid, _ = validation_split(trials, targets, fraction=self.validation, seed=seed)
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

    # ------------------------------------------------------------------ using
    def encode(self, X: Any) -> np.ndarray:
        """Features before the network's last layer.

        Parameters
        ----------
        X : as in `fit`

        Returns
        -------
        features : float32 array, shape (n_trials, n_features)

        Raises
        ------
        DataError
            The network has no ``encode``.
        """
        x = self._input(X)
        if not hasattr(self.module_, "encode"):
            raise DataError(
                "this network gives no features",
                found=f"{type(self.module_).__name__} without encode",
                fix="give the module a method encode(x) -> (batch, n_features)",
            )
        return self._run(x, self.module_.encode)

    def _outputs(self, X: Any) -> np.ndarray:
        return self._run(self._input(X))

    def _run(self, x: Trials, forward: Any = None) -> np.ndarray:
        from neurodecode.training.inference import outputs_of

        return outputs_of(self.module_, x, forward).cpu().numpy()

    def _input(self, X: Any) -> Trials:
        """Checked, scaled trials on the network's device, or on their way there."""
        import torch

        check_is_fitted(self, "module_")
        X = X if isinstance(X, np.ndarray) else as_epochs(X)
        x = _trials(X)
        sfreq = X.sfreq if isinstance(X, Epochs) else self.spec_.sfreq
        found = (x.shape[1], x.shape[2], sfreq)
        expected = (self.spec_.n_channels, self.spec_.n_times, self.spec_.sfreq)
        if not np.allclose(found, expected, rtol=1e-6, atol=0):
            words = "{} channels x {} samples at {:g} Hz"
            raise DataError(
                f"{type(self).__name__} was fitted on other trials",
                found=words.format(*found),
                expected=words.format(*expected),
                fix="pick the channels, resample and crop as for training",
            )
        x = self._scaled(x)
        x = torch.from_numpy(x) if isinstance(x, np.ndarray) else x
        return x.to(next(self.module_.parameters()).device)

    # ------------------------------------------------------------------ what subclasses say
    def _learn_targets(self, y: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def _n_outputs(self) -> int:
        raise NotImplementedError

    def _loss(self, targets: np.ndarray) -> Any:
        raise NotImplementedError

    @staticmethod
    def _score(outputs: np.ndarray, targets: np.ndarray) -> float:
        raise NotImplementedError


def _trials(X: Any) -> np.ndarray | MappedTrials:
    """Checked signals: an array, or trials on disk that are too many to be held twice."""
    on_disk = isinstance(X, Epochs) and isinstance(X.base, np.memmap)
    if not on_disk or np.prod(X.shape) * X.dtype.itemsize * _SHARE < available_memory():
        return as_trials(X, None)
    from neurodecode.training.batches import MappedTrials

    margin = X.pad_samples
    trials = MappedTrials(X.base, X.rows, slice(margin, X.base.shape[2] - margin))
    for start in range(0, len(trials), _BLOCK):
        block = trials.read(slice(start, start + _BLOCK))
        check_finite(block, X.channels.names, first=start)
    return trials
