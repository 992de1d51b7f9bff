"""Batches of cells with all that is needed to run them, and what a cell leaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from neurodecode.bench.cells import Cell
from neurodecode.bench.dataset import WHOLE_NOTE
from neurodecode.bench.estimators import device_of, is_transductive, seed_names
from neurodecode.core.stamps import digest


@dataclass(frozen=True)
class Batch:
    """Cells of one recipe on one data set, with all that is needed to run them.

    Parameters
    ----------
    cells : tuple of Cell
    estimator : unfitted estimator or pipeline
    X : Epochs, or the array that leading steps made of them, one row a trial of the data set
    y : array, the targets
    trials : DataFrame, one row a trial
    classes : tuple of labels in sorted order; empty for continuous targets
    metrics : tuple of str, the main one first
    stamp : str, the data stamp of the epochs
    source : str, digest of data, targets and trial table: what is computed once is known by it
    notes : str, what a reader of the row should know
    threads : int or None, threads inside one fit; None leaves them alone
    seen : float array or None, shape (n_trials, n_channels, n_times)
        Where `X` are features and a map of the channels can be made: what it is made from.
    responses : tuple of str, methods that give scores; the first that there is
    """

    cells: tuple[Cell, ...]
    estimator: Any
    X: Any
    y: np.ndarray
    trials: pd.DataFrame
    classes: tuple[Any, ...]
    metrics: tuple[str, ...]
    stamp: str = ""
    source: str = ""
    notes: str = ""
    threads: int | None = None
    seen: np.ndarray | None = None
    responses: tuple[str, ...] = ("predict_proba", "decision_function")

    @cached_property
    def id(self) -> str:
        """Name of the batch: the same cells have the same name in every process."""
        return digest(sorted(cell.key for cell in self.cells))[:24]

    @cached_property
    def subjects(self) -> np.ndarray:
        """Subject of each trial of the data set, text."""
        return self.trials["subject"].to_numpy().astype(str)

    @cached_property
    def sessions(self) -> np.ndarray:
        """Session of each trial of the data set, text."""
        return self.trials["session"].to_numpy().astype(str)

    @cached_property
    def device(self) -> str:
        """Device of the estimator."""
        return device_of(self.estimator)

    @cached_property
    def seed_names(self) -> list[str]:
        """Parameters of the estimator that take the seed of a cell."""
        return seed_names(self.estimator)

    @cached_property
    def transductive(self) -> bool:
        """Whether a step looks at unlabelled test trials while it learns."""
        return is_transductive(self.estimator) or WHOLE_NOTE in self.notes


@dataclass
class CellResult:
    """What a cell leaves: rows, predictions a trial, loss curves of nets, a pattern of channels."""

    rows: list[dict[str, Any]]
    trials: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    subjects: np.ndarray = field(default_factory=lambda: np.zeros(0, "U1"))
    sessions: np.ndarray = field(default_factory=lambda: np.zeros(0, "U1"))
    y_true: np.ndarray = field(default_factory=lambda: np.zeros(0))
    y_pred: np.ndarray = field(default_factory=lambda: np.zeros(0))
    scores: np.ndarray | None = None
    history: dict[str, Any] | None = None
    pattern: dict[str, Any] | None = None

    @property
    def failed(self) -> bool:
        """Whether the cell ended in an error."""
        return any(row["status"] == "failed" for row in self.rows)
