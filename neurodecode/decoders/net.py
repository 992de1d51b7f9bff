"""Networks as scikit-learn estimators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import type_of_target

from neurodecode.core.errors import DataError
from neurodecode.decoders.net_estimator import NetEstimator

if TYPE_CHECKING:
    from torch import Tensor

    from neurodecode.nets.catalogue import Net
    from neurodecode.training.callbacks import OnEpoch


class NetClassifier(ClassifierMixin, NetEstimator):
    """Classify trials with a network.

    Parameters
    ----------
    net : str, callable or nn.Module, default "eegnet"
        A registered name (``nd.list("net")``), a function ``Spec -> nn.Module``, or a module, which
        is copied. It maps (batch, n_channels, n_times) to logits (batch, n_classes).
    epochs : int, default 100
        Passes over the training trials.
    batch_size : int, default 32
    lr, weight_decay : float
        Of AdamW.
    schedule : "cosine" (default), "one-cycle" or None
    patience : int or None, default 30
        Epochs without a lower validation loss before training stops.
    validation : float in [0, 1), default 0.2
        Share of the training trials that choose the best epoch; whole groups (subject, session,
        run) where the trials have several. With 0 the last epoch counts.
    augment : list, default empty
        Names (``nd.list("augmentation")``), names with settings such as
        ``{"name": "time-shift", "seconds": 0.2}``, or functions ``(trials, targets, generator) ->
        (trials, targets)``; they change training batches, in this order.
    sampling : "shuffled" (default) or "balanced"
        The latter draws every class equally often.
    class_weight : None, "balanced" or dict label -> weight
        In the loss.
    label_smoothing : float in [0, 1), default 0
        Share of each label that is spread over all classes.
    calibrate : bool, default False
        Divide logits by the temperature under which the validation trials are most likely.
    standardize : bool, default True
        Subtract each channel's mean and divide by its standard deviation, both of the training
        trials.
    warm_start : bool, default False
        A second `fit` goes on from the weights and the scaling of the first.
    device : "auto" (default), "cpu", "cuda", "cuda:1" or "mps"
    random_state : int, RandomState or None, default 0
        Of initial weights, validation trials, shuffling, dropout and augmentation.
    verbose : int, default 0
        Above 0: a progress line.
    net_params : dict, optional
        Further arguments of the network's function.
    plan_params : dict, optional
        Further fields of `nd.training.Plan`: optimizer, clip, ema, precision, compile.
    checkpoints : path or nd.training.Checkpoints, optional
        Folder for the state of runs under way: killed and started again, `fit` goes on.
    on_epoch : callable (epoch, history), optional
        Called after every epoch; `nd.training.curves_to` makes one for TensorBoard or W&B. Not
        kept by `nd.save` or pickle.
    max_bytes : int, optional
        Trials on disk that would take more are read batch by batch; default a quarter of the free
        memory.
    sfreq : float, Hz, optional
        Sampling rate of plain arrays; epochs know theirs.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
    module_ : nn.Module, in eval mode
    spec_ : Spec
    history_ : dict
        "train_loss", "valid_loss", "valid_score" (accuracy), "best_epoch", "seconds".
    n_parameters_ : int
    mean_, scale_ : float64 arrays, shape (n_channels,)
    temperature_ : float, 1 without `calibrate`

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(40, 3, 128)), np.repeat(["rest", "move"], 20)
    >>> clf = NetClassifier("eegnet", epochs=2, sfreq=128.0, device="cpu").fit(X, y)
    >>> clf.predict_proba(X[:5]).shape, clf.encode(X[:5]).shape, clf.explain(X[:5]).shape
    ((5, 2), (5, 64), (5, 3, 128))
    """

    task = "classification"

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
        class_weight: str | Mapping[Any, float] | None = None,
        label_smoothing: float = 0.0,
        calibrate: bool = False,
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
        super().__init__(
            net=net,
            epochs=epochs,
            batch_size=batch_size,
            lr=lr,
            weight_decay=weight_decay,
            schedule=schedule,
            patience=patience,
            validation=validation,
            augment=augment,
            sampling=sampling,
            standardize=standardize,
            warm_start=warm_start,
            device=device,
            random_state=random_state,
            verbose=verbose,
            net_params=net_params,
            plan_params=plan_params,
            checkpoints=checkpoints,
            on_epoch=on_epoch,
            max_bytes=max_bytes,
            sfreq=sfreq,
        )
        self.class_weight = class_weight
        self.label_smoothing = label_smoothing
        self.calibrate = calibrate

    def predict_proba(self, X: Any) -> np.ndarray:
        """Class probabilities.

        Parameters
        ----------
        X : as in `fit`

        Returns
        -------
        probabilities : float64 array, shape (n_trials, n_classes), columns as `classes_`
        """
        return softmax(self._outputs(X).astype(np.float64) / self.temperature_, axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """Labels, of the type given to `fit`.

        Parameters
        ----------
        X : as in `fit`

        Returns
        -------
        labels : array, shape (n_trials,)
        """
        outputs = self._outputs(X)  # first: it says so when the estimator is not fitted
        return self.classes_[outputs.argmax(1)]

    def _explained(self, batch: Tensor, target: Any) -> Tensor:
        import torch

        if target is None:
            return self.module_(batch).detach().argmax(1)
        index = self._known_targets(np.asarray([target]))
        return torch.full((len(batch),), int(index[0]), device=batch.device)

    def _learn_targets(self, y: np.ndarray) -> np.ndarray:
        kind = type_of_target(y)
        if kind not in ("binary", "multiclass"):
            raise DataError(
                "these are no class labels",
                found=f"{kind} targets of shape {y.shape}",
                expected="one label per trial, text or integers",
                fix="NetRegressor for continuous targets",
            )
        self.classes_, index = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError("one class only", found=repr(self.classes_[0]), expected="two or more")
        return index.astype(np.int64)

    def _known_targets(self, y: np.ndarray) -> np.ndarray:
        new = np.setdiff1d(y, self.classes_)
        if len(new):
            raise DataError(
                "a class that was not there at fit",
                found=", ".join(map(str, new)),
                expected=", ".join(map(str, self.classes_)),
                fix="fit(...) anew on trials of all classes",
            )
        return np.searchsorted(self.classes_, y).astype(np.int64)

    def _class_labels(self) -> Sequence[Any]:
        return self.classes_.tolist()

    def _n_outputs(self) -> int:
        return len(self.classes_)

    def _loss(self, targets: np.ndarray) -> Any:
        from neurodecode.training.losses import cross_entropy

        if not 0 <= self.label_smoothing < 1:
            raise DataError(
                "label_smoothing is a share",
                found=repr(self.label_smoothing),
                expected="0 (none) or below 1",
            )
        weight = None
        if self.class_weight is not None:
            labels = self.classes_[targets]
            weight = compute_class_weight(self.class_weight, classes=self.classes_, y=labels)
        return cross_entropy(weight, self.label_smoothing)

    def _check_validation(self, valid: np.ndarray) -> None:
        if self.calibrate and not len(valid):
            raise DataError(
                "calibration needs validation trials",
                found=f"validation={self.validation}, which left none",
                fix="validation=0.2",
            )

    def _after_training(self, x: Any, targets: np.ndarray, valid: np.ndarray) -> None:
        from neurodecode.training.temperature import temperature_of

        if not self.calibrate:
            self.temperature_ = 1.0
        elif len(valid):
            logits = self._run(self._on_device(x, valid))
            self.temperature_ = temperature_of(logits, targets[valid])
        else:  # a few trials more: the temperature of `fit` holds
            self.temperature_ = getattr(self, "temperature_", 1.0)

    @staticmethod
    def _score(outputs: np.ndarray, targets: np.ndarray) -> float:
        return float((outputs.argmax(1) == targets).mean())


class NetRegressor(RegressorMixin, NetEstimator):
    """Predict continuous targets with a network, by squared error.

    Targets are standardized inside, so that learning rates do not depend on their unit.

    Parameters
    ----------
    net : str, callable or nn.Module, default "eegnet"
        As in `NetClassifier`; it maps to (batch, n_outputs).
    epochs, batch_size, lr, weight_decay, schedule, patience, validation : see `NetClassifier`
    augment, standardize, warm_start, device, random_state, verbose : see `NetClassifier`
    net_params, plan_params, checkpoints, on_epoch, max_bytes, sfreq : see `NetClassifier`
    sampling : "shuffled"

    Attributes
    ----------
    module_, spec_, history_, n_parameters_, mean_, scale_
        As in `NetClassifier`; the score in the history is R2 over all outputs.
    target_mean_, target_scale_ : float64 arrays, shape (n_outputs,)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(40, 3, 128)), rng.normal(size=(40, 2))
    >>> NetRegressor("eegnet", epochs=2, sfreq=128.0, device="cpu").fit(X, y).predict(X[:5]).shape
    (5, 2)
    """

    task = "regression"

    def predict(self, X: Any) -> np.ndarray:
        """Targets, in their own unit.

        Parameters
        ----------
        X : as in `fit`

        Returns
        -------
        values : float64 array, shape (n_trials,) or (n_trials, n_outputs), as given to `fit`
        """
        outputs = self._outputs(X)  # first: it says so when the estimator is not fitted
        values = outputs * self.target_scale_ + self.target_mean_
        return values[:, 0] if self._one_column else values

    def _explained(self, batch: Tensor, target: Any) -> Tensor:
        import torch

        index = 0 if target is None else int(target)
        if not 0 <= index < self._n_outputs():
            raise DataError(
                "no such output",
                found=repr(target),
                expected=f"0 to {self._n_outputs() - 1}",
            )
        return torch.full((len(batch),), index, device=batch.device)

    def _learn_targets(self, y: np.ndarray) -> np.ndarray:
        columns = _columns(y)
        self._one_column = y.ndim == 1
        self.target_mean_, self.target_scale_ = columns.mean(0), columns.std(0)
        self.target_scale_[self.target_scale_ == 0] = 1.0
        return self._known_targets(y)

    def _known_targets(self, y: np.ndarray) -> np.ndarray:
        columns = _columns(y)
        if columns.shape[1] != self._n_outputs():
            raise DataError(
                "other targets than at fit",
                found=f"{columns.shape[1]} outputs",
                expected=f"{self._n_outputs()}",
            )
        return ((columns - self.target_mean_) / self.target_scale_).astype(np.float32)

    def _n_outputs(self) -> int:
        return len(self.target_mean_)

    def _loss(self, targets: np.ndarray) -> Any:
        from neurodecode.training.losses import squared_error

        return squared_error()

    @staticmethod
    def _score(outputs: np.ndarray, targets: np.ndarray) -> float:
        return float(r2_score(targets, outputs))


def _columns(y: np.ndarray) -> np.ndarray:
    """Continuous targets as columns, float64."""
    if y.dtype.kind not in "fiu" or y.ndim not in (1, 2) or not np.isfinite(y).all():
        raise DataError(
            "these are no continuous targets",
            found=f"type {y.dtype}, shape {y.shape}",
            expected="finite numbers, shape (n_trials,) or (n_trials, n_outputs)",
            fix="NetClassifier for labels",
        )
    return y.reshape(len(y), -1).astype(np.float64)
