"""Where batches run: in this process, in joblib's processes, or on a Dask cluster."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import joblib

from neurodecode.bench.batches import Batch, CellResult
from neurodecode.bench.estimators import is_net
from neurodecode.bench.runner import run
from neurodecode.core.dependencies import need
from neurodecode.core.errors import DataError, did_you_mean

BACKENDS = ("processes", "dask")


def execute(
    groups: Iterable[Sequence[Batch]],
    *,
    jobs: int = 1,
    backend: str | None = None,
    scheduler: str | None = None,
) -> Iterator[tuple[str, dict[str, CellResult]]]:
    """Run batches and give each result as it comes, in any order.

    One level of parallelism: jobs run side by side, and threads inside each are pinned. Nets get
    their share of the cores; the rest one thread, since BLAS on the small matrices of trials
    spends its time waiting for its threads.

    Parameters
    ----------
    groups : iterable of lists of Batch, read as jobs become free; a group runs in one process
    jobs : int, processes on this machine; -1: one a core
    backend : None or "processes" (joblib's loky), or "dask"
    scheduler : str, address of a Dask scheduler, "tcp://host:port"

    Yields
    ------
    batch_id, results : what `run` gives

    Raises
    ------
    DataError, MissingDependency : see `check_backend`.
    """
    jobs = joblib.cpu_count() if jobs == -1 else jobs
    backend = check_backend(backend, scheduler)
    # A worker of a cluster owns its cores; on one machine they are divided among the jobs.
    net_threads = 1 if backend == "dask" else max(1, joblib.cpu_count() // jobs)

    def pinned(batch: Batch) -> Batch:
        return replace(batch, threads=net_threads if is_net(batch.estimator) else 1)

    if backend == "processes" and jobs == 1:
        yield from (_run_named(pinned(batch)) for group in groups for batch in group)
        return
    with _joblib_backend(backend, scheduler), warnings.catch_warnings():
        # loky renews workers whose memory has grown, which the import of a large library does.
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs")
        n_jobs = -1 if backend == "dask" else jobs
        parallel: Any = joblib.Parallel(
            n_jobs=n_jobs,
            return_as="generator_unordered",
            batch_size=1,  # pyright: ignore[reportArgumentType]
            pre_dispatch="n_jobs",
        )
        jobs_of_work = (joblib.delayed(_run_group)(list(map(pinned, group))) for group in groups)
        for results in parallel(jobs_of_work):
            yield from results


def _run_group(batches: Sequence[Batch]) -> list[tuple[str, dict[str, CellResult]]]:
    return [_run_named(batch) for batch in batches]


def _run_named(batch: Batch) -> tuple[str, dict[str, CellResult]]:
    return batch.id, run(batch)


def threads_here(*, jobs: int = 1, backend: str | None = None, scheduler: str | None = None) -> int:
    """Threads for what this process computes ahead of its jobs: theirs, which wait for it."""
    if check_backend(backend, scheduler) == "dask":
        return joblib.cpu_count()
    return joblib.cpu_count() if jobs == -1 else jobs


def check_backend(backend: str | None, scheduler: str | None) -> str:
    """Name of the backend meant, "processes" or "dask".

    Raises
    ------
    DataError : an unknown backend, or Dask without a scheduler.
    MissingDependency : Dask is not installed.
    """
    name = backend or ("dask" if scheduler else "processes")
    if name not in BACKENDS:
        raise DataError(
            "no such backend",
            found=repr(backend),
            expected=", ".join(BACKENDS),
            fix=did_you_mean(name, BACKENDS) or "leave it out",
        )
    if name == "dask":
        need("distributed", extra="dask", why="backend='dask'")
        if scheduler is None:
            raise DataError(
                "Dask needs a scheduler",
                found="backend='dask' without scheduler",
                expected="the address of a running Dask scheduler",
                fix="scheduler='tcp://host:8786' (start one with: dask scheduler)",
            )
    return name


def _joblib_backend(backend: str, scheduler: str | None) -> AbstractContextManager[Any]:
    if backend == "dask":
        return joblib.parallel_config("dask", scheduler_host=scheduler)
    return joblib.parallel_config("loky")


def describe_backend(jobs: int, backend: str | None, scheduler: str | None) -> str:
    """ "2 processes on 2 cores", "Dask at tcp://..." """
    if scheduler or backend == "dask":
        return f"Dask at {scheduler}"
    jobs = joblib.cpu_count() if jobs == -1 else jobs
    return f"{jobs} process{'es' * (jobs > 1)} on {os.cpu_count()} cores"
