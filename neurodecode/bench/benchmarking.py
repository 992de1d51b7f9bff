"""`benchmark`: recipes x data sets, honestly split, resumable, with everything kept."""

from __future__ import annotations

import contextlib
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from neurodecode.bench.backends import check_backend, describe_backend, execute
from neurodecode.bench.batches import Batch, CellResult
from neurodecode.bench.cells import versions
from neurodecode.bench.claims import Claims
from neurodecode.bench.compat import under
from neurodecode.bench.costs import estimate_cost
from neurodecode.bench.dataset import BenchData, open_data
from neurodecode.bench.planning import Entry, metrics_for, open_recipes, plan, split_of
from neurodecode.bench.progress import RunProgress
from neurodecode.bench.result import Result, renamed, write_request
from neurodecode.bench.rows import not_applicable_row
from neurodecode.bench.sharing import Kept, ahead, group_alike
from neurodecode.bench.store import Store
from neurodecode.core.dependencies import DISTRIBUTION
from neurodecode.core.errors import DataError
from neurodecode.core.words import plural

WAIT_S = 0.5  # between two looks at what another process is computing


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
        Processes on this machine; -1: one a core.
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
    data_sets = under(compat, open_data(datasets))
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
    with contextlib.ExitStack() as stack:
        folder = out if out is not None else stack.enter_context(tempfile.TemporaryDirectory())
        write_request(folder, cells, *facts, info)
        how = {"jobs": jobs, "backend": backend, "scheduler": scheduler}
        done, n_earlier = _run_missing(batches, Path(folder), how, out is not None, quiet)
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


def _run_missing(
    batches: Sequence[Batch], folder: Path, how: dict[str, Any], kept: bool, quiet: bool
) -> tuple[dict[str, CellResult], int]:
    """Run what the folder does not hold yet; give all results and how many were found."""
    store = Store(folder)
    with Claims(folder) as claims:
        if not claims.others():
            store.forget_failed()
        done = store.read()
        missing, n_cells, n_found = _missing(batches, done)
        progress = RunProgress(n_cells, n_found, quiet)
        queue = _Queue(missing, store, claims, progress)
        try:
            with progress:
                while queue.waiting:
                    for batch_id, results in execute(queue.hand_out(), **how):
                        store.write(batch_id, results)
                        claims.release(batch_id)
                        queue.add(batch_id, results)
                    if queue.waiting:  # another process is at work on the rest
                        time.sleep(WAIT_S)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(_stopped(progress, folder if kept else None)) from None
    return {**done, **queue.results}, n_found


def _missing(batches: Sequence[Batch], done: dict[str, CellResult]) -> tuple[list[Batch], int, int]:
    """Batches cut down to unfinished cells, each cell once; cells in all; cells found done."""
    missing: list[Batch] = []
    seen: set[str] = set()
    n_found = 0
    for batch in batches:
        cells = [cell for cell in batch.cells if not cell.reason and cell.key not in seen]
        seen.update(cell.key for cell in cells)
        rest = tuple(cell for cell in cells if cell.key not in done)
        n_found += len(cells) - len(rest)
        if rest:
            missing.append(replace(batch, cells=rest))
    return missing, len(seen), n_found


class _Queue:
    """Batches that are neither finished here nor claimed by another process."""

    def __init__(
        self, batches: Sequence[Batch], store: Store, claims: Claims, progress: RunProgress
    ):
        self.waiting = {batch.id: batch for batch in batches}
        self._kept = Kept()
        self.results: dict[str, CellResult] = {}
        self._store, self._claims, self._progress = store, claims, progress

    def hand_out(self) -> Iterator[list[Batch]]:
        """Every waiting batch that this process can claim, behind the steps that it shares.

        Those that fit their first learning step alike come in one list. Finished ones are only
        read.
        """
        for group in group_alike(self.waiting.values()):
            claimed = [batch for batch in group if self._claim(batch)]
            if claimed:
                yield [ahead(batch, self._kept) for batch in claimed]

    def _claim(self, batch: Batch) -> bool:
        if batch.id not in self.waiting or not self._claims.take(batch.id):
            return False
        # Looked at after the claim: another process may have finished it just before.
        found = self._store.read_batch(batch.id)
        if found is not None:
            self._claims.release(batch.id)
            self.add(batch.id, found)
            return False
        self._progress.started(batch.id, batch.cells[0].label)
        return True

    def add(self, batch_id: str, results: dict[str, CellResult]) -> None:
        """Take in a finished batch."""
        self.waiting.pop(batch_id, None)
        self.results.update(results)
        n_failed = sum(result.failed for result in results.values())
        self._progress.finished(batch_id, len(results), n_failed)


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


def _stopped(progress: RunProgress, folder: Path | None) -> str:
    kept = f"are kept in {folder}" if folder else "are lost: no folder was given (out=...)"
    again = "\nGo on: the same command again." if folder else ""
    return (
        f"Stopped. {progress.n_done} finished runs {kept}; "
        f"{len(progress.under_way)} under way are lost.{again}"
    )
