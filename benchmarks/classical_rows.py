"""What a row of the contest is, how its rounds run, and when there are enough of them."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import classical_data
import numpy as np
from classical_goals import GOALS
from harness import Way, rounds_of

from neurodecode.linalg._native import library

SETTLED = 0.02  # relative half-width of a median at which rounds end
MOST_ROUNDS = 25


class Unequal(Exception):
    """Two contestants gave different results: their times say nothing."""


@dataclass(frozen=True)
class Setting:
    """Where recordings and all else lie, how many people there are, how much time a row has."""

    folder: Path
    work: Path
    n_subjects: int
    quick: bool

    @property
    def first_run(self) -> Path:
        """One recording."""
        return classical_data.make_recordings(self.folder, 1)[0]

    def forget(self) -> None:
        """An empty epoch store."""
        shutil.rmtree(self.work / "cache", ignore_errors=True)

    def enough(self, values: Mapping[str, list[float]], since: float) -> bool:
        """Whether a row has rounds enough: in a hurry by the clock, else as its medians settle."""
        n = min(map(len, values.values()))
        if self.quick:
            return n >= 9 or time.perf_counter() - since > (45 if n < 3 else 6)
        return n >= MOST_ROUNDS or (n >= 7 and all(map(settled, values.values())))


def settled(values: list[float]) -> bool:
    """Whether the standard error of the median, from the quartiles, is small."""
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
    return bool(0.93 * (high - low) / np.sqrt(len(values)) <= SETTLED * abs(median))


@dataclass(frozen=True)
class Contest:
    """The peer's way, ours (one or more, each with its goal), and what their results must meet.

    Parameters
    ----------
    theirs : (run, prepare or None)
    ours : goal's key -> (run, prepare or None)
    agree : called with the peer's result and each of ours; says how well they agree, or raises
        `Unequal`
    clock : processor time of this process unless more than one works
    """

    theirs: Way
    ours: Mapping[str, Way]
    agree: Callable[[Any, Any], str]
    clock: Callable[[], float] = time.process_time

    def measured(self, setting: Setting) -> Iterator[Measured]:
        """Compare the results once, then time until there are enough rounds."""
        start = time.perf_counter()
        expected = _called(self.theirs)
        said = {key: self.agree(expected, _called(way)) for key, way in self.ours.items()}
        del expected
        ratios: dict[str, list[float]] = {key: [] for key in self.ours}
        seconds: dict[str, list[float]] = {key: [] for key in ("theirs", *self.ours)}
        for each in rounds_of({"theirs": self.theirs, **self.ours}, self.clock):
            for key, value in each.items():
                seconds[key].append(value)
            for key in self.ours:
                ratios[key].append(each["theirs"] / each[key])
            if setting.enough(ratios, start):
                break
        theirs = statistics.median(seconds["theirs"])
        for key in self.ours:
            yield Measured(key, ratios[key], said[key], theirs, statistics.median(seconds[key]))


@dataclass(frozen=True)
class Gauge:
    """A goal without a peer to interleave with: `measure` gives one value a call."""

    key: str
    measure: Callable[[], float]
    agreement: str = "-"

    def measured(self, setting: Setting) -> Iterator[Measured]:
        """Values until there are enough."""
        start, values = time.perf_counter(), [self.measure()]
        while not setting.enough({self.key: values}, start):
            values.append(self.measure())
        yield Measured(self.key, values, self.agreement)


@dataclass(frozen=True)
class Measured:
    """What the rounds of one goal gave: ratios or seconds, and both sides' median seconds."""

    key: str
    values: list[float]
    agreement: str
    theirs: float | None = None
    ours: float | None = None
    form: str = field(default_factory=lambda: form_in_use())

    @property
    def value(self) -> float:
        """Median over rounds."""
        return statistics.median(self.values)

    @property
    def verdict(self) -> str:
        """reached, missed, or BELOW FLOOR."""
        goal = GOALS[self.key]
        if goal.below_floor(self.value, self.form):
            return "BELOW FLOOR"
        return "reached" if goal.reached(self.value) else "missed"

    def cells(self) -> list[str]:
        """The line: words, asked, measured, spread, floor, both sides, agreement, verdict."""
        goal = GOALS[self.key]
        low, high = np.quantile(self.values, [0.25, 0.75])
        floor = goal.floors.get(self.form)
        return [
            goal.words,
            _number(goal.asked, goal.unit),
            f"**{_number(self.value, goal.unit)}**",
            f"{_digits(low)}-{_digits(high)} ({len(self.values)})",
            "-" if floor is None else _number(floor, goal.unit),
            _milliseconds(self.theirs),
            _milliseconds(self.ours),
            self.agreement,
            self.verdict,
        ]


HEADER = (
    "row", "asked (AVX-512)", "measured", "quartiles (rounds)", "floor here", "peer, ms",
    "ours, ms", "results", "goal",
)  # fmt: skip


def form_in_use() -> str:
    """Instruction set of the kernels at work: AVX-512, AVX2, SSE2, or none."""
    form = library.kernels()
    return "none" if form is None else form.name


def within(largest: float) -> Callable[[Any, Any], str]:
    """Arrays agree to so much, relative to the norm of the peer's."""

    def agree(theirs: Any, ours: Any) -> str:
        difference = np.linalg.norm(np.subtract(ours, theirs)) / np.linalg.norm(theirs)
        if not difference <= largest:
            raise Unequal(f"differs by {difference:.1e}, allowed {largest:.0e}")
        return f"{difference:.0e}"

    return agree


def _called(way: Way) -> Any:
    run, prepare = way
    if prepare is not None:
        prepare()
    return run()


def _number(value: float, unit: str) -> str:
    return f"× {_digits(value)}" if unit == "x" else f"{value:.2f} {unit}"


def _digits(value: float) -> str:
    """Three digits, and no powers of ten."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else _digits(1e3 * seconds)
