"""What estimators around a network share: its plan, how it is built, how it is saved."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator

from neurodecode.core import Epochs, Spec, as_trials
from neurodecode.core.checks import check_finite
from neurodecode.core.errors import DataError, TrainingError
from neurodecode.core.memory import available_memory
from neurodecode.core.persistence import weights_bag

if TYPE_CHECKING:
    from torch import nn

    from neurodecode.nets.catalogue import Net
    from neurodecode.training.batches import MappedTrials
    from neurodecode.training.plan import Plan

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
    plan_params: Mapping[str, Any] | None = None
    spec_: Spec
    module_: nn.Module

    def _plan(self, seed: int) -> Plan:
        from neurodecode.training.plan import Plan

        own: dict[str, Any] = {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "lr": self.lr,
            "weight_decay": self.weight_decay,
            "schedule": self.schedule,
            "patience": self.patience,
            "device": self.device,
            "seed": seed,
        }
        further = dict(self.plan_params or {})
        names = [field.name for field in dataclasses.fields(Plan)]
        strange = sorted(set(further) - (set(names) - set(own)))
        if strange:
            raise TrainingError(
                "plan_params are further fields of the plan",
                found=", ".join(strange),
                expected=", ".join(name for name in names if name not in own),
                fix=f"{type(self).__name__}({strange[0]}=...)" if strange[0] in own else None,
            )
        return Plan(**own, **further)

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
        if state.get("on_epoch") is not None:  # belongs to this session, not to the model
            state["on_epoch"] = None
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


def trials_of(X: Any, max_bytes: int | None) -> np.ndarray | MappedTrials:
    """Checked signals: an array, or trials on disk that are too many to be held."""
    on_disk = isinstance(X, Epochs) and isinstance(X.base, np.memmap)
    limit = available_memory() // _SHARE if max_bytes is None else max_bytes
    if not on_disk or np.prod(X.shape) * X.dtype.itemsize < limit:
        return as_trials(X, None)
    from neurodecode.training.batches import MappedTrials

    margin = X.pad_samples
    trials = MappedTrials(X.base, X.rows, slice(margin, X.base.shape[2] - margin))
    for start in range(0, len(trials), _BLOCK):
        block = trials.read(slice(start, start + _BLOCK))
        check_finite(block, X.channels.names, first=start)
    return trials
