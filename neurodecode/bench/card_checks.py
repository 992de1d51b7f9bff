"""Checks of a data set against its card, those that train a baseline included.

A baseline must lose its score when labels are shuffled at the level where they were assigned,
and must not fall below chance when they are not.
"""

from __future__ import annotations

import itertools
import textwrap
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline, make_pipeline

from neurodecode.bench.dataset import BenchData, channel_words
from neurodecode.bench.planning import split_of
from neurodecode.core.card import Card
from neurodecode.core.epochs import Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.words import interval_words, percent, plural
from neurodecode.decoders import ShrinkageLDA
from neurodecode.evaluation import (
    chance_level,
    check_not_below_chance,
    interval,
    label_shuffle_control,
    score,
)
from neurodecode.features import WindowMeans
from neurodecode.loaders import Check, find_card, load, static_checks

N_SHUFFLES = 10
N_WINDOWS = 8
_METRIC = "balanced-accuracy"
_WIDTHS = (18, 44, 26)  # name, found, expected, on a line of 100 columns


@dataclass(frozen=True)
class CheckedData:
    """What `check_dataset` found. `str()` is the page of the terminal.

    Attributes
    ----------
    card : Card
    epochs : Epochs, as distributed
    checks : tuple of Check
    """

    card: Card
    epochs: Epochs
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether everything is as the card says, known flaws included."""
        return all(check.ok for check in self.checks)

    @property
    def verdict(self) -> str:
        """One sentence for all checks."""
        failed = [check.name for check in self.checks if not check.ok]
        if failed:
            return f"not as the card says: {', '.join(failed)}"
        known = [flaw.kind for flaw in self.card.flaws if flaw.kind != "other"]
        if not known:
            return "sound"
        return f"flawed as the card says ({', '.join(known)}); nd.load repairs it and warns"

    def __str__(self) -> str:
        epochs = self.epochs
        facts = [
            channel_words(epochs.channels),
            plural(len(epochs), "trial"),
            f"{epochs.shape[2] / epochs.sfreq:g} s at {epochs.sfreq:g} Hz",
        ]
        lines = [f"{self.card.name}   {' · '.join(facts)}", ""]
        for check in self.checks:
            lines += _check_lines(check)
        return "\n".join([*lines, "", f"verdict: {self.verdict}"])


def _check_lines(check: Check) -> list[str]:
    """A check in columns; long texts go on below."""
    texts = (check.name, check.found, check.expected)
    columns = [textwrap.wrap(text, width) for text, width in zip(texts, _WIDTHS, strict=True)]
    lines = []
    for number, row in enumerate(itertools.zip_longest(*columns, fillvalue="")):
        cells = "  ".join(f"{text:<{w}}" for text, w in zip(row, _WIDTHS, strict=True))
        mark = ("✓" if check.ok else "✗") if number == 0 else ""
        lines.append(f"  {cells}  {mark}".rstrip())
    if check.detail and not check.ok:
        indent = " " * (_WIDTHS[0] + 4)
        lines += textwrap.wrap(check.detail, 76, initial_indent=indent, subsequent_indent=indent)
    return lines


def check_dataset(name: str) -> CheckedData:
    """Compare a data set with its card, and train a baseline on it.

    Parameters
    ----------
    name : str, a name of `nd.list("dataset")`, or "moabb:NAME"

    Returns
    -------
    checked : CheckedData, with `.ok`, `.verdict`, `.checks`

    Raises
    ------
    UnknownName : no such card.
    MissingDependency, DownloadError : the data cannot be had.

    Examples
    --------
    >>> check_dataset("sim-mi").verdict
    'sound'
    """
    card = find_card(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # flaws are what the checks report
        epochs = load(name, as_distributed=True)
        checks = static_checks(card, epochs)
        if card.classes:
            repaired = BenchData(card.name, load(name), card)
            checks += [_shuffled_check(repaired), _baseline_check(repaired)]
    return CheckedData(card, epochs, tuple(checks))


def _baseline() -> Pipeline:
    """Fixed, fast and deterministic: means of eight windows, shrinkage LDA."""
    return make_pipeline(WindowMeans(N_WINDOWS), ShrinkageLDA())


def _shuffled_check(data: BenchData) -> Check:
    """The baseline scores at chance when labels are shuffled where they were assigned."""
    epochs, card = data.epochs, data.card
    assert card is not None
    chance = chance_level(_METRIC, epochs.y, data.classes)
    column = "block" if "block" in epochs.trials else str(card.split["unit"])
    units = None if column == "trial" else epochs.groups(column)
    # Window means learn nothing: only what learns is run again under each shuffle.
    features = WindowMeans(N_WINDOWS).fit_transform(epochs)

    def evaluate(labels: np.ndarray) -> float:
        y_true, y_pred = _predict(data, ShrinkageLDA(), features, labels)
        return score(_METRIC, y_true, y_pred, classes=data.classes)

    folds = data.splitter(*split_of(data, "card", 5)).split(epochs)
    tested = np.concatenate([test for _, test in folds])
    n_units = len(tested) if column != "block" else len(np.unique(epochs.groups("block")[tested]))
    control = label_shuffle_control(
        evaluate,
        epochs.y,
        chance=chance,
        units=units,
        n_units=n_units,
        n_shuffles=N_SHUFFLES,
    )
    found = f"baseline {percent(control.mean)}, mean of {N_SHUFFLES} shuffles"
    expected = f"{percent(chance)}, at most {percent(chance + control.threshold)}"
    detail = "the evaluation leaks: it scores without any relation of data and labels"
    return Check("shuffled", found, expected, not control.alarm, detail)


def _baseline_check(data: BenchData) -> Check:
    """The baseline on the true labels is not below chance."""
    y_true, y_pred = _predict(data, _baseline(), data.epochs, np.asarray(data.epochs.y))
    value = score(_METRIC, y_true, y_pred, classes=data.classes)
    ends = interval(_METRIC, y_true, y_pred, classes=data.classes)
    chance = percent(chance_level(_METRIC, y_true, data.classes))
    found = f"baseline {percent(value)} {interval_words(ends.low, ends.high)}"
    try:
        check_not_below_chance(y_true, y_pred)
    except DataError as error:
        return Check("baseline", found, f"not below {chance}", False, error.fix or "")
    return Check("baseline", found, f"not below {chance} (n = {len(y_true)})", True)


def _predict(
    data: BenchData, estimator: Any, X: Any, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """True and predicted labels of all test trials under the card's split."""
    y_true, y_pred = [], []
    for train, test in data.splitter(*split_of(data, "card", 5)).split(data.epochs, y):
        fitted: Any = clone(estimator)
        fitted.fit(X[train], y[train])
        y_true.append(y[test])
        y_pred.append(fitted.predict(X[test]))
    return np.concatenate(y_true), np.concatenate(y_pred)
