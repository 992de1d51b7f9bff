"""What fitted estimators around a network do with new trials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from neurodecode.core import as_epochs
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.decoders.net_base import trials_of
from neurodecode.decoders.net_learning import NetLearner

if TYPE_CHECKING:
    from torch import Tensor

    from neurodecode.training.batches import Trials


class NetEstimator(NetLearner):
    """Base of the estimators around one network; subclasses say what targets and outputs are."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.two_d_array = False
        tags.non_deterministic = False
        return tags

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

    def explain(
        self, X: Any, method: str = "integrated-gradients", target: Any = None
    ) -> np.ndarray:
        """How much each sample speaks for an output.

        Parameters
        ----------
        X : as in `fit`
        method : "integrated-gradients" (default), "input-x-gradient", "gradient" or "occlusion"
            The first two from the training mean as the baseline; "occlusion" puts it in the place
            of a sixteenth of one channel at a time, and needs no gradients.
        target : label, or index of an output of a regression, optional
            Default: the class that is predicted, or the first output.

        Returns
        -------
        attribution : float32 array, shape (n_trials, n_channels, n_times)
            In units of the logit or standardized target ("gradient": of that per standard
            deviation of the channel); positive where a sample speaks for it.

        Raises
        ------
        DataError
            No such method or target.
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
            chosen = self._explained(batch, target)
            made = METHODS[method](self.module_, batch, chosen)
            explained[start : start + BATCH] = made.cpu().numpy()
        return explained

    def _explained(self, batch: Tensor, target: Any) -> Tensor:
        """The output of each trial that is explained."""
        raise NotImplementedError

    def _outputs(self, X: Any) -> np.ndarray:
        return self._run(self._input(X))

    def _run(self, x: Trials, forward: Any = None) -> np.ndarray:
        from neurodecode.training.inference import outputs_of

        return outputs_of(self.module_, x, forward).cpu().numpy()

    def _input(self, X: Any) -> Trials:
        """Checked, scaled trials on the network's device, or on their way there."""
        check_is_fitted(self, "module_")
        X = X if isinstance(X, np.ndarray) else as_epochs(X)
        x = trials_of(X, self.max_bytes)
        self._check_like_fit(X, x.shape)
        return self._on_device(self._scaled(x))

    def _on_device(self, x: Any, rows: np.ndarray | None = None) -> Trials:
        """Scaled trials, or some of them, where the network is."""
        import torch

        x = torch.from_numpy(x) if isinstance(x, np.ndarray) else x
        x = x if rows is None else x.index_select(0, torch.as_tensor(rows))
        return x.to(next(self.module_.parameters()).device)
