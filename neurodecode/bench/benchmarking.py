"""`benchmark`: recipes x data sets, honestly split, resumable, with everything kept."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from neurodecode.bench.backends import check_backend, describe_backend, threads_here
from neurodecode.bench.batches import Batch, CellResult
from neurodecode.bench.cells import versions
from neurodecode.bench.compat import under
from neurodecode.bench.costs import estimate_cost
from neurodecode.bench.dataset import BenchData, open_data
from neurodecode.bench.planning import Entry, metrics_for, open_recipes, plan, split_of
from neurodecode.bench.queue import run_all, run_missing
from neurodecode.bench.result import Result, renamed, write_request
from neurodecode.bench.rows import not_applicable_row
from neurodecode.core.dependencies import DISTRIBUTION
from neurodecode.core.errors import DataError
from neurodecode.core.words import plural


def benchmark(
    datasets: Any,
    recipes: Any,
    *,
    split: str = "within-session",
    k: int = 5,
    seeds: int = 1,
    metric: str = "auto",
    jobs: int = 1,
    backend: str | None = None,
    scheduler: str | None = None,
    out: str | Path | None = None,
    compat: str | None = None,
    n_calibration: int = 0,
    dry_run: bool = False,
    quiet: bool = False,
) -> Result | None:
    """Score recipes on data sets.

    Parameters
    ----------
    datasets : card name, Epochs, (name, arguments of `nd.load`), (Recording or Study, arguments
        of its `.epoch`), or a list of these
    recipes : recipe name, TOML path, ("name", estimator), or a list of these
    split : "within-session", "cross-session", "cross-subject", "leave-one-run-out",
        "published", or "card": what each data set's card says
    k : int, default 5
        Folds, where the kind of split has a choice.
    seeds : int, default 1
        Runs of each recipe that draws random numbers, with seeds 0, 1, ...; others run once.
    metric : str, default "auto"
        Main metric; auto: balanced accuracy for classes, R2 for continuous targets. Any other
        can be had later from the kept predictions: `result.table(metric=...)`.
    jobs : int, default 1
        Processes on this machine; -1: one a core. With 1, networks on the CPU that take long
        are still trained one a core, each on one thread; the rest runs in this process.
    backend, scheduler : "dask" with the address of a scheduler runs on a cluster
    out : path, optional
        Folder of the results. The same call again goes on where the last one ended; failed
        cells are tried again. Several processes may share it. Default: nothing is kept.
    compat : None (default), "moabb" or "moabb:SEED"
        MOABB 1.7's own numbers: its shuffled folds (`random_state` SEED, 0 if not given), its
        scorers, its cut and its filter of whole runs; `result.session_scores()` is its table.
        These folds are no estimate of what new data will give; see docs/moabb.md.
    n_calibration : int, default 0
        Cross-session and cross-subject: the first trials of each class of the tested session or
        person, given with labels to train on and not scored. Transfer recipes know them as the
        target ("tsa-lr", "rpa-mdm", "ra-mdwm").
    dry_run : bool, default False
        Print cells, hours and bytes; run nothing and give None.
    quiet : bool, default False
        No progress.

    Returns
    -------
    result : Result

    Raises
    ------
    UnknownName, RecipeError : an unknown data set, recipe or step; the message guesses the typo.
    LeakageError : the split would test on what was trained on.
    KeyboardInterrupt : Ctrl-C; the message says what is kept and how to go on.

    Examples
    --------
    >>> import neurodecode as nd
    >>> result = nd.benchmark("sim-mi", ["mdm"], split="cross-subject", k=2, quiet=True)
    >>> bool(result.frame["status"].eq("ok").all())
    True
    """
    start = time.monotonic()
    check_backend(backend, scheduler)
    if jobs == 0 or jobs < -1 or seeds < 1:
        raise DataError(
            "jobs or seeds out of range",
            found=f"jobs={jobs}, seeds={seeds}",
            expected="1 or more; jobs=-1 is one a core",
            fix="leave them out: one of each",
        )
    threads = threads_here(jobs=jobs, backend=backend, scheduler=scheduler)
    data_sets = under(compat, open_data(datasets, threads))
    entries = open_recipes(recipes)
    if not (data_sets and entries):
        raise DataError(
            "nothing to run",
            found=f"{plural(len(data_sets), 'data set')}, {plural(len(entries), 'recipe')}",
            expected="at least one of each",
            fix="nd.list('dataset') and nd.list('recipe') show what there is",
        )
    batches = plan(
        data_sets, entries, split=split, k=k, seeds=seeds, metric=metric,
        n_calibration=n_calibration,
    )  # fmt: skip
    if dry_run:
        sys.stdout.write(estimate_cost(batches, out) + "\n")
        return None
    cells = _requested(batches)
    facts = (
        {data.name: _facts(data, split, k, metric) for data in data_sets},
        {entry.name: entry.info() for entry in entries},
    )
    info = {
        "version": versions()[DISTRIBUTION],
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "device": _devices(batches),
        "threads": describe_backend(jobs, backend, scheduler),
        "command": _command(data_sets, entries, split, k, seeds, out, compat, n_calibration),
        "n_cells": len(cells),
        "n_not_applicable": sum("row" in cell for cell in cells),
    }
    how = {"jobs": jobs, "backend": backend, "scheduler": scheduler}
    if out is None:
        done, n_earlier = run_all(batches, how, quiet), 0
    else:
        write_request(out, cells, *facts, info)
        done, n_earlier = run_missing(batches, Path(out), how, quiet)
    results = [
        CellResult([cell["row"]]) if "row" in cell else renamed(done[cell["key"]], cell["names"])
        for cell in cells
    ]
    info |= {
        "elapsed_s": time.monotonic() - start,
        "n_from_earlier": n_earlier,
        "n_failed": sum(result.failed for result in results),
    }
    if out is not None:
        write_request(out, cells, *facts, info)
    return Result.from_cells(results, *facts, info)


def _requested(batches: Sequence[Batch]) -> list[dict[str, Any]]:
    """All cells of the request as `write_request` wants them."""
    cells = []
    for batch in batches:
        for cell in batch.cells:
            entry: dict[str, Any] = {"key": cell.key}
            if cell.reason:
                entry["row"] = not_applicable_row(batch, cell)
            else:
                entry["names"] = {"dataset": cell.dataset, "recipe": cell.recipe}
            cells.append(entry)
    return cells


def _facts(data: BenchData, split: str, k: int, metric: str) -> dict[str, Any]:
    return data.info(split_of(data, split, k)[0], metrics_for(data, metric)[0])


def _devices(batches: Sequence[Batch]) -> str:
    return ", ".join(sorted({batch.device for batch in batches}))


def _command(
    data_sets: Sequence[BenchData],
    entries: Sequence[Entry],
    split: str,
    k: int,
    seeds: int,
    out: str | Path | None,
    compat: str | None,
    n_calibration: int,
) -> str:
    """Shell line of the same request, as far as the shell can say it."""
    words = [
        "neurodecode", "benchmark",
        "--datasets", ",".join(data.name for data in data_sets),
        "--recipes", ",".join(entry.name for entry in entries),
        "--split", split, "--k", str(k), "--seeds", str(seeds),
    ]  # fmt: skip
    words += ["--compat", compat] if compat is not None else []
    words += ["--n-calibration", str(n_calibration)] if n_calibration else []
    return shlex.join(words + (["--out", str(out)] if out is not None else []))
