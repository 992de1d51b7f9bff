"""Networks as scikit-learn estimators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import type_of_target

from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.decoders.net_base import NetEstimator

if TYPE_CHECKING:
    from neurodecode.nets.catalogue import Net


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
    class_weight : None, "balanced" or dict label -> weight
    standardize : bool, default True
        Subtract each channel's mean and divide by its standard deviation, both of the training
        trials.
    device : "auto" (default), "cpu", "cuda", "cuda:1" or "mps"
    random_state : int, RandomState or None, default 0
        Of initial weights, validation trials, shuffling and dropout.
    verbose : int, default 0
        Above 0: a progress line.
    net_params : dict, optional
        Further arguments of the network's function.
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
        class_weight: str | Mapping[Any, float] | None = None,
        standardize: bool = True,
        device: str = "auto",
        random_state: Any = 0,
        verbose: int = 0,
        net_params: Mapping[str, Any] | None = None,
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
            standardize=standardize,
            device=device,
            random_state=random_state,
            verbose=verbose,
            net_params=net_params,
            sfreq=sfreq,
        )
        self.class_weight = class_weight

    def predict_proba(self, X: Any) -> np.ndarray:
        """Class probabilities.

        Parameters
        ----------
        X : as in `fit`

        Returns
        -------
        probabilities : float64 array, shape (n_trials, n_classes), columns as `classes_`
        """
        return softmax(self._outputs(X).astype(np.float64), axis=1)

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

    def explain(self, X: Any, method: str = "integrated-gradients") -> np.ndarray:
        """How much each sample speaks for the class that is predicted.

        Parameters
        ----------
        X : as in `fit`
        method : "integrated-gradients" (default) or "input-x-gradient"
            From the training mean as the baseline.

        Returns
        -------
        attribution : float32 array, shape (n_trials, n_channels, n_times)
            In units of the logit; positive for the predicted class.

        Raises
        ------
        DataError
            No such method.
        """
        from neurodecode.nets.attribution import METHODS
        from neurodecode.training.inference import BATCH

        if method not in METHODS:
            raise DataError(
                "no such method",
                found=repr(method),
                expected=" or ".join(METHODS),
                fix=did_you_mean(method, METHODS),
            )
        x = self._input(X)
        explained = np.empty(tuple(x.shape), dtype=np.float32)
        for start in range(0, len(x), BATCH):
            batch = x[start : start + BATCH]
            target = self.module_(batch).detach().argmax(1)
            explained[start : start + BATCH] = (
                METHODS[method](self.module_, batch, target).cpu().numpy()
            )
        return explained

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

    def _n_outputs(self) -> int:
        return len(self.classes_)

    def _loss(self, targets: np.ndarray) -> Any:
        from neurodecode.training.losses import cross_entropy

        if self.class_weight is None:
            return cross_entropy()
        labels = self.classes_[targets]
        return cross_entropy(
            compute_class_weight(self.class_weight, classes=self.classes_, y=labels)
        )

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
    standardize, device, random_state, verbose, net_params, sfreq : see `NetClassifier`

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

    def _learn_targets(self, y: np.ndarray) -> np.ndarray:
        if y.dtype.kind not in "fiu" or y.ndim not in (1, 2) or not np.isfinite(y).all():
            raise DataError(
                "these are no continuous targets",
                found=f"type {y.dtype}, shape {y.shape}",
                expected="finite numbers, shape (n_trials,) or (n_trials, n_outputs)",
                fix="NetClassifier for labels",
            )
        self._one_column = y.ndim == 1
        columns = y.reshape(len(y), -1).astype(np.float64)
        self.target_mean_, self.target_scale_ = columns.mean(0), columns.std(0)
        self.target_scale_[self.target_scale_ == 0] = 1.0
        return ((columns - self.target_mean_) / self.target_scale_).astype(np.float32)

    def _n_outputs(self) -> int:
        return len(self.target_mean_)

    def _loss(self, targets: np.ndarray) -> Any:
        from neurodecode.training.losses import squared_error

        return squared_error()

    @staticmethod
    def _score(outputs: np.ndarray, targets: np.ndarray) -> float:
        return float(r2_score(targets, outputs))
