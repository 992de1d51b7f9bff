"""What a row of the table is, how far a stated figure reaches, and the way to `nd.benchmark`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import neurodecode as nd
from neurodecode.bench.dataset import BenchData
from neurodecode.evaluation.chance import effective_n
from neurodecode.evaluation.intervals import corrected_interval, newcombe_auc, wilson

Ends = tuple[float, float]


@dataclass(frozen=True)
class Row:
    """One quantity: what was stated, between which ends, and what we get.

    Parameters
    ----------
    quantity : str
    stated : float or None, where nobody stated a figure
    interval : (low, high) of the stated figure, or None
    ours : float
    through : str, recipe or computation
    better : 1 where more is better, -1 where less is, 0 where only equal is right
    digits : int, decimals to print
    """

    quantity: str
    stated: float | None
    interval: Ends | None
    ours: Any  # a float of Python's or NumPy's
    through: str
    better: int = 1
    digits: int = 2

    @property
    def verdict(self) -> str:
        """yes, better, MISS, or - where nothing was stated."""
        if self.interval is None:
            return "-"
        low, high = self.interval
        if low <= self.ours <= high:
            return "yes"
        side = 1 if self.ours > high else -1
        return "better" if side == self.better else "MISS"

    def cells(self) -> list[str]:
        """The row in words: quantity, stated, interval, ours, within, through."""
        stated = "-" if self.stated is None else self._number(self.stated)
        ends = "-" if self.interval is None else " to ".join(map(self._number, self.interval))
        return [self.quantity, stated, ends, self._number(self.ours), self.verdict, self.through]

    def _number(self, value: float) -> str:
        return f"{value:.{self.digits}f}"


def proportion(value: float, n: int) -> Ends:
    """Wilson's ends of a share of n trials of one pass of k-fold (n counts as n / 1.6)."""
    size = effective_n(n, kfold=True)
    return wilson(value * size, size)


def area(value: float, first: float, second: float) -> Ends:
    """Newcombe's ends of an AUC, classes of so many trials, one pass of k-fold."""
    return newcombe_auc(value, first / 1.6, second / 1.6)


def spread(value: float, folds: Sequence[float]) -> Ends:
    """Ends of a score without a formula: as far as our folds scatter (corrected t)."""
    found = corrected_interval(folds, len(folds))
    half = (found.high - found.low) / 2
    return value - half, value + half


def printed(value: float, digits: int) -> Ends:
    """Ends of a quantity that only rounding blurs: half a unit of the last digit printed."""
    half = 0.5 * 10**-digits * (1 + 1e-9)
    return value - half, value + half


@dataclass(frozen=True)
class Bench:
    """`nd.benchmark` into one folder, and the folder of sample recordings."""

    data: Path
    out: Path | None = None

    def __call__(
        self, datasets: Any, recipes: Any, split: str, metric: str, k: int = 5
    ) -> nd.bench.Result:
        """Result of a request; a failed run stops the row.

        Raises
        ------
        RuntimeError : a cell failed or does not apply.
        """
        result = nd.benchmark(
            datasets, recipes, split=split, k=k, metric=metric, out=self.out, quiet=True
        )
        assert result is not None
        frame = result.frame
        wrong = frame.loc[frame["status"] != "ok", "failure"]
        if len(wrong):
            raise RuntimeError(f"{datasets}: {wrong.iloc[0]}")
        return result


def scores(result: nd.bench.Result, metric: str, *by: str) -> dict[Any, float]:
    """Mean over folds of a metric, for each value of one or more columns of the frame."""
    rows = result.frame.loc[result.frame["metric"] == metric]
    key = by[0] if len(by) == 1 else list(by)
    return {name: float(part["value"].mean()) for name, part in rows.groupby(key, sort=False)}


def only_score(result: nd.bench.Result, metric: str) -> float:
    """Mean over folds where there is one data set and one recipe."""
    (value,) = scores(result, metric, "recipe").values()
    return value


def fold_scores(result: nd.bench.Result, metric: str) -> np.ndarray:
    """Score of every fold, in order."""
    rows = result.frame.loc[result.frame["metric"] == metric].sort_values("fold")
    return rows["value"].to_numpy()


def predicted(result: nd.bench.Result) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, prediction and fold of every trial, in the order of the trials."""
    rows = result.predictions.sort_values("trial")
    truth, guess = (np.array(rows[name].tolist()) for name in ("y_true", "y_pred"))
    return truth, guess, rows["fold"].to_numpy()


def recordings(name: str) -> list[nd.Recording]:
    """Recordings of a card, also where there is only one."""
    loaded: Any = nd.load(name, form="recording")
    return [loaded] if isinstance(loaded, nd.Recording) else list(loaded)


def labels(epochs: nd.Epochs) -> np.ndarray:
    """Targets of epochs that have some."""
    return np.asarray(epochs.y)


def named(name: str, epochs: nd.Epochs) -> BenchData:
    """Epochs that go by a name of their own in a benchmark."""
    return BenchData(name, epochs)
