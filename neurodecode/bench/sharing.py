"""What recipes of a grid have in common is computed once: leading steps that learn nothing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from neurodecode.bench.batches import Batch
from neurodecode.bench.branches import Branches, Take, can_branch
from neurodecode.bench.cells import describe
from neurodecode.bench.estimators import leading_trial_steps, without_targets
from neurodecode.bench.patterns import reads_channels
from neurodecode.core.epochs import Epochs
from neurodecode.core.joining import concat
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
    start = _Trail([batch.source or batch.id], kept.pieces_of(batch.X))
    trail = _follow(leading_trial_steps(batch.estimator), start, kept)
    batch = _branched(batch, trail, kept)
    if isinstance(batch.X, Branches) or trail.n_done == 0:
        return batch
    X, seen = _joined(trail, kept), None
    if not isinstance(X, Epochs) and reads_channels(batch.estimator, batch.X):
        power = reads_power(batch.estimator)
        key = [*trail.key, power]
        made = kept.get(key, lambda: kept.each(_pattern_input, power, trail.signals))
        seen = _joined(_Trail(key, made), kept)
    rest = Pipeline(batch.estimator.steps[trail.n_done :])
    return replace(batch, X=X, estimator=rest, seen=seen)


@dataclass(frozen=True)
class _Trail:
    """How far the steps before have come: what names the result, its pieces, the last signals."""

    key: list[Any]
    pieces: list[Any]
    n_done: int = 0
    signals: list[Any] = field(default_factory=list)


def _follow(steps: list[tuple[str, Any]], trail: _Trail, kept: Kept) -> _Trail:
    """The trail behind further steps, as far as they work."""
    trail = replace(trail, n_done=0, signals=trail.signals or trail.pieces)
    for _, step in steps:
        key, X = [*trail.key, describe(step)], trail.pieces
        try:
            pieces = kept.get(key, lambda step=step, X=X: kept.each(_output, step, X))
        except Exception:
            # Whatever it raises (a step may be a user's) it raises again in each cell that needs
            # it, whose failed row carries the message; the others go on.
            break
        signals = pieces if isinstance(pieces[0], Epochs) else trail.signals
        trail = _Trail(key, pieces, trail.n_done + 1, signals)
    return trail


def _branched(batch: Batch, trail: _Trail, kept: Kept) -> Batch:
    """The batch behind the leading steps of each branch, where a union comes next."""
    steps = batch.estimator.steps[trail.n_done :] if isinstance(batch.estimator, Pipeline) else []
    union: Any = steps[0][1] if steps else None
    # Training trials that say which are the target's differ from fold to fold.
    if not can_branch(union) or any(len(cell.split.target_labelled) for cell in batch.cells):
        return batch
    parts, branches = [], []
    for number, (name, branch) in enumerate(union.transformer_list):
        own = _follow(leading_trial_steps(branch), trail, kept)
        parts.append(_joined(own, kept))
        rest = [("take", Take(number)), *branch.steps[own.n_done :]]
        branches.append((name, Pipeline(rest)))
    union = cast(Any, clone(union)).set_params(transformer_list=branches)
    rest = Pipeline([(steps[0][0], union), *steps[1:]])
    return replace(batch, X=Branches(parts), estimator=rest)


def _output(step: Any, X: Any) -> Any:
    """Output of a fitted copy of a step."""
    return cast(Any, clone(step)).fit(X).transform(without_targets(X))


def _pattern_input(power: bool, epochs: Epochs) -> np.ndarray:
    return pattern_input(epochs, power)


def _joined(trail: _Trail, kept: Kept) -> Any:
    """Pieces of the trials as one again."""
    pieces = trail.pieces
    if len(pieces) == 1:
        return pieces[0]
    join: Any = concat if isinstance(pieces[0], Epochs) else np.concatenate
    return kept.get([*trail.key, "joined"], lambda: [join(pieces)])[0]


class Kept:
    """Results by key, kept for batches to come; each in pieces, lists of some trials.

    Parameters
    ----------
    max_bytes : int, default 2 GiB
        Above it the least recently used ones are dropped; the newest always stays.
    threads : int, default 1
        Pieces that are computed side by side. Filters and matrix products run outside of the
        interpreter's lock, and nothing is sent to another process.
    """

    def __init__(self, max_bytes: int = 2 * 1024**3, threads: int = 1):
        self.max_bytes, self.threads = max_bytes, threads
        self._values: OrderedDict[str, list[Any]] = OrderedDict()

    def get(self, key: Any, compute: Callable[[], list[Any]]) -> list[Any]:
        """The pieces of a key, computed where they are not kept."""
        name = digest(key)
        if name not in self._values:
            self._values[name] = compute()
            self._drop()
        self._values.move_to_end(name)
        return self._values[name]

    def pieces_of(self, X: Any) -> list[Any]:
        """Trials in as many pieces as there are threads."""
        if self.threads == 1 or not isinstance(X, Epochs):
            return [X]
        return [X[rows] for rows in np.array_split(np.arange(len(X)), self.threads) if len(rows)]

    def each(self, function: Callable[[Any, Any], Any], first: Any, pieces: list[Any]) -> list[Any]:
        """Values of a function of two arguments, piece by piece, with one BLAS thread each."""
        with inner_threads(1):
            if len(pieces) == 1:
                return [function(first, pieces[0])]
            with ThreadPoolExecutor(len(pieces)) as pool:
                return list(pool.map(lambda piece: function(first, piece), pieces))

    def _drop(self) -> None:
        used = sum(map(_n_bytes, self._values.values()))
        while used > self.max_bytes and len(self._values) > 1:
            used -= _n_bytes(self._values.popitem(last=False)[1])


def _n_bytes(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_n_bytes, value))
    if hasattr(value, "members"):  # a bundle
        return sum(map(_n_bytes, value.members.values()))
    return int(value.base.nbytes if isinstance(value, Epochs) else getattr(value, "nbytes", 0))
