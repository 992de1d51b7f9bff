"""What recipes of a grid have in common is computed once: leading steps that learn nothing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from neurodecode.bench.batches import Batch
from neurodecode.bench.cells import describe
from neurodecode.bench.estimators import leading_trial_steps
from neurodecode.bench.patterns import reads_channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.runtime import inner_threads
from neurodecode.core.stamps import digest
from neurodecode.decoders.patterns import pattern_input, reads_power


def group_alike(batches: Iterable[Batch]) -> list[list[Batch]]:
    """Batches in lists whose first learning step is fitted alike, on the same folds.

    Examples
    --------
    >>> group_alike([])
    []
    """
    groups: dict[str, list[Batch]] = {}
    for batch in batches:
        groups.setdefault(_first_fits_of(batch), []).append(batch)
    return list(groups.values())


def _first_fits_of(batch: Batch) -> str:
    """Name of the fits of the first learning step; of the batch where it is fitted cell by cell."""
    steps = batch.estimator.steps if isinstance(batch.estimator, Pipeline) else []
    steps = steps[: len(leading_trial_steps(batch.estimator)) + 1]
    if not steps or not hasattr(steps[-1][1], "fit_folds"):
        return batch.id
    folds = [[cell.split.stamp, cell.seed] for cell in batch.cells]
    return digest([batch.source, [describe(step) for _, step in steps], folds])


def ahead(batch: Batch, kept: Kept) -> Batch:
    """A batch behind its leading steps of `scope = "trial"`, computed once for all that share them.

    Each output trial of such a step depends on its own input trial only, so the result equals
    the naive run bit for bit. Recipes that begin alike share what they have in common, in
    whatever order they come.

    Parameters
    ----------
    batch : Batch
    kept : Kept, results of such steps

    Returns
    -------
    batch : Batch with `X` computed and the shared steps taken off `estimator`
    """
    steps = leading_trial_steps(batch.estimator)
    X, signals, n_done = batch.X, batch.X, 0
    key: list[Any] = [batch.source or batch.id]
    for _, step in steps:
        key.append(describe(step))
        try:
            X = kept.get(digest(key), lambda step=step, X=X: _computed(step, X))
        except Exception:
            # Whatever it raises (a step may be a user's) it raises again in each cell that needs
            # it, whose failed row carries the message; the others go on.
            break
        n_done += 1
        signals = X if isinstance(X, Epochs) else signals
    if n_done == 0:
        return batch
    seen = None
    if not isinstance(X, Epochs) and reads_channels(batch.estimator, batch.X):
        power = reads_power(batch.estimator)
        seen = kept.get(digest([*key, "power", power]), lambda: pattern_input(signals, power))
    rest = Pipeline(batch.estimator.steps[n_done:])
    return replace(batch, X=X, estimator=rest, seen=seen)


def _computed(step: Any, X: Any) -> Any:
    """Output of a fitted copy of a step; on one thread, as the fits beside it."""
    fitted: Any = clone(step)
    with inner_threads(1):
        return fitted.fit(X).transform(without_targets(X))


def without_targets(X: Any) -> Any:
    """Data as a deployed decoder would see them: no labels inside."""
    return X.without_targets() if hasattr(X, "without_targets") else X


class Kept:
    """Results by key, kept for batches to come.

    Parameters
    ----------
    max_bytes : int, default 2 GiB
        Above it the least recently used ones are dropped; the newest always stays.
    """

    def __init__(self, max_bytes: int = 2 * 1024**3):
        self.max_bytes = max_bytes
        self._values: OrderedDict[str, Any] = OrderedDict()

    def get(self, key: str, compute: Callable[[], Any]) -> Any:
        """The value of a key, computed where it is not kept."""
        if key not in self._values:
            self._values[key] = compute()
            self._drop()
        self._values.move_to_end(key)
        return self._values[key]

    def _drop(self) -> None:
        used = sum(_n_bytes(value) for value in self._values.values())
        while used > self.max_bytes and len(self._values) > 1:
            used -= _n_bytes(self._values.popitem(last=False)[1])


def _n_bytes(value: Any) -> int:
    if hasattr(value, "members"):  # a bundle
        return sum(_n_bytes(value[name]) for name in value.members)
    return int(value.base.nbytes if isinstance(value, Epochs) else getattr(value, "nbytes", 0))
