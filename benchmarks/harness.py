"""Ratios that hold on a busy machine: contestants run in turn, round after round."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import metadata
from itertools import islice
from pathlib import Path

Way = tuple[Callable[[], object], Callable[[], object] | None]  # what is timed, what goes before


@dataclass(frozen=True)
class Table:
    """Seconds of each contestant in each round."""

    seconds: dict[str, list[float]]

    def markdown(self, what: str, base: str) -> str:
        """Medians, and how many times the base each takes: the median of the rounds' ratios."""
        lines = [f"| {what} | ms | times {base} |", "|---|---|---|"]
        for name, times in self.seconds.items():
            ratios = [a / b for a, b in zip(times, self.seconds[base], strict=True)]
            median, ratio = 1e3 * statistics.median(times), statistics.median(ratios)
            lines.append(f"| {name} | {median:.3g} | {ratio:.3g} |")
        return "\n".join(lines) + "\n"


def interleaved(
    ways: Mapping[str, Way], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> Table:
    """Time every contestant once a round, in turn; one round before is thrown away.

    Parameters
    ----------
    ways : name -> (function that is timed, function that prepares it or None)
    rounds : int
    clock : seconds so far; `time.process_time` leaves out what others do to a busy machine
    """
    taken = list(islice(rounds_of(ways, clock), 1, rounds + 1))
    return Table({name: [each[name] for each in taken] for name in ways})


def rounds_of(
    ways: Mapping[str, Way], clock: Callable[[], float] = time.perf_counter
) -> Iterator[dict[str, float]]:
    """Rounds without end: the seconds of every contestant, in turn."""
    while True:
        seconds = {}
        for name, (run, prepare) in ways.items():
            if prepare is not None:
                prepare()
            start = clock()
            run()
            seconds[name] = clock() - start
        yield seconds


def page_with(page: str, block: str, name: str = "table") -> str:
    """The text of a page with what stands between the markers of that name replaced.

    Raises
    ------
    ValueError : the page lacks them.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"the page lacks {begin} and {end}")
    return f"{before}{begin}\n{block}\n{end}{after}"


def machine(*packages: str) -> str:
    """Processor, threads, system, versions and date: what a figure must carry."""
    words = [line for line in _cpu_lines() if line.startswith("model name")]
    cpu = words[0].partition(":")[2].strip() if words else platform.processor()
    versions = [f"{package} {metadata.version(package)}" for package in packages]
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{cpu} ({os.cpu_count()} cores, one thread), {system}, {', '.join(versions)}, " + (
        date.today().isoformat()
    )


def _cpu_lines() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
