"""`Step`: the one base of everything that turns recordings or epochs into something else."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from neurodecode.core.checks import check_finite
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.inputs import as_epochs

Scope = Literal["trial", "recording", "domain", "train"]


class Step(TransformerMixin, BaseEstimator):
    """A scikit-learn transformer on epochs, and on recordings where that makes sense.

    Subclasses write `_transform`, those that learn also `_fit`, those that act before the cut
    also `_transform_recording`. `__init__` only stores its arguments.

    Steps, and decoders, that learn from many sets of rows faster together than apart offer
    ``fit_folds(X, y, folds)``: `folds` are int arrays of training rows of the one `X`; it gives
    one fitted clone a fold, equal to ``clone(step).fit(X[rows], y[rows])`` within 1e-8 in all that
    predictions use, and raises or warns where any of these would.

    Attributes
    ----------
    scope : "trial", "recording", "domain" or "train"
        What an output trial depends on: on itself alone, on its recording, on its domain
        (subject, session), or on the training set. Only "trial" steps are stateless, and only
        they are shared between folds.
    scope_on_recordings : the same, or None
        Where it is wider on a recording than on epochs.
    accepts_recording : bool
        True when `transform` takes a `Recording` or a `Study`.
    accepts_arrays : bool
        True when a plain (n_trials, n_channels, n_times) array holds all the step needs.
    accepts_ragged : bool
        True when trials of unequal `length` are handled.

    Examples
    --------
    >>> class Double(Step):
    ...     scope = "trial"
    ...     def _transform(self, X):
    ...         return X.with_data(2 * X.data)
    >>> Double().transform(Epochs(np.ones((1, 1, 3)), channels=["Cz"], sfreq=3)).data.sum()
    np.float64(6.0)
    """

    scope: ClassVar[Scope] = "train"
    scope_on_recordings: ClassVar[Scope | None] = None
    accepts_recording: ClassVar[bool] = False
    accepts_arrays: ClassVar[bool] = False
    accepts_ragged: ClassVar[bool] = False

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = self.scope != "trial"
        tags.input_tags.three_d_array = True
        tags.input_tags.two_d_array = False
        return tags

    # ------------------------------------------------------------------ what users call
    def fit(self, X: Any, y: Any = None) -> Step:
        """Learn from training trials.

        Parameters
        ----------
        X : Epochs, mne.Epochs, or array of shape (n_trials, n_channels, n_times)
        y : array, shape (n_trials,), optional

        Returns
        -------
        self

        Raises
        ------
        DataError
            Input the step cannot use.
        """
        X = self._check_input(X)
        if len(X) == 0:
            raise DataError(f"{type(self).__name__}: no trials to fit on")
        self._learn_axes(X)
        self._fit(X, None if y is None else np.asarray(y))
        return self

    def transform(self, X: Any) -> Any:
        """Apply the step.

        Parameters
        ----------
        X : Epochs, mne.Epochs, array, or (where `accepts_recording`) Recording or Study

        Returns
        -------
        Epochs, array, Recording or Study

        Raises
        ------
        DataError
            Input the step cannot use, or that differs from what it was fitted on.
        """
        from neurodecode.core.recording import Recording
        from neurodecode.core.study import Study

        if isinstance(X, Study):
            return X.map(self)
        if isinstance(X, Recording):
            return self._transform_recording(X)
        X = self._check_input(X)
        if self.scope != "trial":
            check_is_fitted(self)
        self._check_like_fit(X)
        return self._transform(X)

    # ------------------------------------------------------------------ what subclasses write
    def _fit(self, X: Any, y: np.ndarray | None) -> None:
        """Learn; stateless steps have nothing to do."""

    def _transform(self, X: Any) -> Any:
        raise DataError(
            f"{type(self).__name__} acts on recordings, not on epochs",
            found="epochs",
            fix="transform the recording before the cut; in a recipe, [[recording]]",
        )

    def _transform_recording(self, recording: Any) -> Any:
        raise DataError(
            f"{type(self).__name__} acts on epochs, not on recordings",
            found="a recording",
            fix="cut first: rec.epoch({...}, tmin=0, tmax=1)",
        )

    # ------------------------------------------------------------------ checks
    def _learn_axes(self, X: Any) -> None:
        self.n_channels_in_ = X.shape[1]
        self.sfreq_in_ = X.sfreq if isinstance(X, Epochs) else None

    def _check_input(self, X: Any) -> Any:
        if isinstance(X, np.ndarray) and self.accepts_arrays:
            if X.ndim != 3:
                raise DataError(
                    f"{type(self).__name__} needs trials",
                    found=f"an array of shape {X.shape}",
                    expected="(n_trials, n_channels, n_times)",
                )
            check_finite(X)
            return X
        epochs = as_epochs(X)
        if epochs.length is not None and not self.accepts_ragged:
            raise DataError(
                f"{type(self).__name__} cannot use trials of unequal length",
                found=f"{int(epochs.length.min())} to {int(epochs.length.max())} samples",
                fix=".crop(tmin, tmax) to what all trials have",
            )
        check_finite(epochs.padded(), epochs.channels.names)
        return epochs

    def _check_like_fit(self, X: Any) -> None:
        n_channels = getattr(self, "n_channels_in_", X.shape[1])
        sfreq = getattr(self, "sfreq_in_", None)
        if X.shape[1] != n_channels:
            raise DataError(
                f"{type(self).__name__} was fitted on other channels",
                found=f"{X.shape[1]} channels",
                expected=f"{n_channels}",
                fix="epochs.pick(names) as for training",
            )
        if isinstance(X, Epochs) and sfreq is not None and abs(X.sfreq - sfreq) > 1e-6 * sfreq:
            raise DataError(
                f"{type(self).__name__} was fitted at another sampling rate",
                found=f"{X.sfreq:g} Hz",
                expected=f"{sfreq:g} Hz",
                fix=f"nd.preprocessing.Resample({sfreq:g})",
            )
