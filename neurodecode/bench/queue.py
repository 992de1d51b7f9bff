"""The batches of a request on their way through a backend, alone or beside other processes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from neurodecode.bench.backends import execute, is_member, threads_here
from neurodecode.bench.batches import Batch, CellResult
from neurodecode.bench.claims import Claims
from neurodecode.bench.progress import RunProgress
from neurodecode.bench.sharing import Kept, ahead, group_alike
from neurodecode.bench.store import Store

WAIT_S = 0.5  # between two looks at what another process is computing


def run_all(batches: Sequence[Batch], how: dict[str, Any], quiet: bool) -> dict[str, CellResult]:
    """Run every cell and keep nothing on disk.

    Parameters
    ----------
    batches : list of Batch
    how : dict, jobs, backend and scheduler
    quiet : bool, no progress

    Returns
    -------
    results : dict, cell key -> CellResult
    """
    missing, n_cells, _ = _missing(batches, {})
    progress = RunProgress(n_cells, 0, quiet)
    queue = Queue(missing, progress, threads_here(**how))
    members = sum(map(is_member, batches))
    try:
        with progress:
            for batch_id, results in execute(queue.hand_out(), **how, members=members):
                queue.add(batch_id, results)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_stopped(progress, None)) from None
    return queue.results


def run_missing(
    batches: Sequence[Batch], folder: Path, how: dict[str, Any], quiet: bool
) -> tuple[dict[str, CellResult], int]:
    """Run what a folder does not hold yet; give all results and how many were found."""
    store = Store(folder)
    with Claims(folder) as claims:
        if not claims.others():
            store.forget_failed()
        done = store.read()
        missing, n_cells, n_found = _missing(batches, done)
        progress = RunProgress(n_cells, n_found, quiet)
        queue = FolderQueue(missing, progress, threads_here(**how), store, claims)
        members = sum(map(is_member, batches))  # of the request, not of what is left: see `execute`
        try:
            with progress:
                while queue.waiting:
                    for batch_id, results in execute(queue.hand_out(), **how, members=members):
                        store.write(batch_id, results)
                        claims.release(batch_id)
                        queue.add(batch_id, results)
                    if queue.waiting:  # another process is at work on the rest
                        time.sleep(WAIT_S)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(_stopped(progress, folder)) from None
    return {**done, **queue.results}, n_found


class Queue:
    """Batches that wait, handed out behind the steps that they share."""

    def __init__(self, batches: Sequence[Batch], progress: RunProgress, threads: int):
        self.waiting = {batch.id: batch for batch in batches}
        self.results: dict[str, CellResult] = {}
        self._progress = progress
        self._kept = Kept(threads=threads)

    def hand_out(self) -> Iterator[list[Batch]]:
        """Every waiting batch; those that fit their first learning step alike in one list.

        Members come last, so that only they go to other processes.
        """
        for group in group_alike(sorted(self.waiting.values(), key=is_member)):
            claimed = [batch for batch in group if self._claim(batch)]
            if claimed:
                yield [ahead(batch, self._kept) for batch in claimed]

    def _claim(self, batch: Batch) -> bool:
        """Whether the batch is this process's to run."""
        self._progress.started(batch.id, batch.cells[0].label)
        return True

    def add(self, batch_id: str, results: dict[str, CellResult]) -> None:
        """Take in a finished batch."""
        self.waiting.pop(batch_id, None)
        self.results.update(results)
        n_failed = sum(result.failed for result in results.values())
        self._progress.finished(batch_id, len(results), n_failed)


class FolderQueue(Queue):
    """Batches that are neither finished in a folder nor claimed by another process."""

    def __init__(
        self,
        batches: Sequence[Batch],
        progress: RunProgress,
        threads: int,
        store: Store,
        claims: Claims,
    ):
        super().__init__(batches, progress, threads)
        self._store, self._claims = store, claims

    def _claim(self, batch: Batch) -> bool:
        if batch.id not in self.waiting or not self._claims.take(batch.id):
            return False
        # Looked at after the claim: another process may have finished it just before.
        found = self._store.read_batch(batch.id)
        if found is not None:
            self._claims.release(batch.id)
            self.add(batch.id, found)
            return False
        return super()._claim(batch)


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


def _stopped(progress: RunProgress, folder: Path | None) -> str:
    kept = f"are kept in {folder}" if folder else "are lost: no folder was given (out=...)"
    again = "\nGo on: the same command again." if folder else ""
    return (
        f"Stopped. {progress.n_done} finished runs {kept}; "
        f"{len(progress.under_way)} under way are lost.{again}"
    )
