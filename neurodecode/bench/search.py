"""The nested search of recipes: scikit-learn's, and delay covariances made once for a grid."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone, is_classifier
from sklearn.model_selection import GridSearchCV, check_cv
from sklearn.pipeline import Pipeline

from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.features.augmented_covariance import AugmentedCovariance, augmented_covariances

_MOST_BYTES = 2**30  # of matrices kept for one search; a larger grid is computed fit by fit


class GridSearch(GridSearchCV):
    """scikit-learn's `GridSearchCV`, which makes augmented covariances of all cells together.

    A matrix of given order and lag depends on its trial alone: where the grid varies these two,
    inner folds share what one pass over the training trials has made. Results and attributes are
    those of `GridSearchCV`.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> X, y = np.arange(12.0)[:, None], np.arange(12.0)
    >>> GridSearch(Ridge(), {"alpha": [0.1, 100.0]}).fit(X, y).best_params_
    {'alpha': 0.1}
    """

    def fit(self, X: Any, y: Any = None, **params: Any) -> GridSearch:
        """Search and refit.

        Parameters
        ----------
        X : Epochs, or what the searched estimator takes
        y : array, shape (n_trials,)
        **params : passed to the estimator's `fit`

        Returns
        -------
        self
        """
        cells = None if params else self._cells(X)
        if cells is None:
            return super().fit(X, y, **params)
        (name, first), *rest = self.estimator.steps
        settings = self.get_params(deep=False)
        settings["estimator"] = Pipeline([(name, _Kept(cells, first.order, first.lag)), *rest])
        cv: Any = self.cv
        folds: Any = check_cv(cv, y, classifier=is_classifier(self))
        settings["cv"] = list(folds.split(X, y))
        search = GridSearchCV(**settings).fit(np.arange(len(X)), y)
        vars(self).update({key: value for key, value in vars(search).items() if key[-1] == "_"})
        chosen = search.best_estimator_.steps[0][1]
        step: Any = clone(first)
        step.set_params(order=chosen.order, lag=chosen.lag).fit(X)
        self.best_estimator_ = Pipeline([(name, step), *search.best_estimator_.steps[1:]])
        return self

    def _cells(self, X: Any) -> _Cells | None:
        """Matrices of every order and lag of the grid; None where they cannot stand in for X."""
        steps = self.estimator.steps if isinstance(self.estimator, Pipeline) else []
        whole = isinstance(X, (Epochs, np.ndarray)) and X.ndim == 3
        if len(steps) < 2 or not isinstance(steps[0][1], AugmentedCovariance) or not whole:
            return None
        if self.refit is not True or not isinstance(self.param_grid, dict):
            return None
        (name, first), own = steps[0], f"{steps[0][0]}__"
        searched = {key.removeprefix(own) for key in self.param_grid if key.startswith(own)}
        orders = self.param_grid.get(f"{name}__order", [first.order])
        lags = self.param_grid.get(f"{name}__lag", [first.lag])
        if not searched or searched - {"order", "lag"} or None in [*orders, *lags]:
            return None
        size = len(X) * len(lags) * sum((order * X.shape[1]) ** 2 for order in orders)
        if 8 * size > _MOST_BYTES:
            return None
        try:
            return _Cells(augmented_covariances(X, orders, lags, first.estimator))
        except DataError:  # some cell does not fit these trials: the search says which
            return None


class _Cells(dict):  # type: ignore[type-arg]
    """Matrices by order and lag, which clones of their step share."""

    def __deepcopy__(self, memo: Any) -> _Cells:
        return self


class _Kept(TransformerMixin, BaseEstimator):
    """Stands in for `AugmentedCovariance` where `X` are the rows of trials."""

    def __init__(self, cells: _Cells, order: int, lag: int):
        self.cells, self.order, self.lag = cells, order, lag

    def fit(self, X: np.ndarray, y: Any = None) -> _Kept:
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        return self.cells[self.order, self.lag][X]
