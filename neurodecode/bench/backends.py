"""Where batches run: in this process, in joblib's processes, or on a Dask cluster."""

from __future__ import annotations

import itertools
import os
import time
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
START_S = 5.0  # what it takes to start processes that import torch


def execute(
    groups: Iterable[Sequence[Batch]],
    *,
    jobs: int = 1,
    backend: str | None = None,
    scheduler: str | None = None,
    members: int = 0,
) -> Iterator[tuple[str, dict[str, CellResult]]]:
    """Run batches and give each result as it comes, in any order.

    One level of parallelism: jobs run side by side, and threads inside each are pinned. Nets get
    their share of the cores; the rest one thread, since BLAS on the small matrices of trials
    spends its time waiting for its threads.

    With one job, networks that have kept this process for as long as others need to start go on
    one a core: a small network keeps one core busy and no more. They are the same fits, at the
    same number of threads, wherever they run.

    Parameters
    ----------
    groups : iterable of lists of Batch, read as jobs become free; a group runs in one process
    jobs : int, processes on this machine; -1: one a core
    backend : None or "processes" (joblib's loky), or "dask"
    scheduler : str, address of a Dask scheduler, "tcp://host:port"
    members : int, how many batches of the request satisfy `is_member`; these come last

    Yields
    ------
    batch_id, results : what `run` gives

    Raises
    ------
    DataError, MissingDependency : see `check_backend`.
    """
    jobs = joblib.cpu_count() if jobs == -1 else jobs
    backend = check_backend(backend, scheduler)
    alone = backend == "processes" and jobs == 1
    side_by_side = max(1, min(joblib.cpu_count(), members)) if alone else jobs
    # A worker of a cluster owns its cores; on one machine they are divided among the jobs.
    net_threads = 1 if backend == "dask" else max(1, joblib.cpu_count() // side_by_side)

    def pinned(batch: Batch) -> Batch:
        return replace(batch, threads=net_threads if is_net(batch.estimator) else 1)

    pinned_groups = (list(map(pinned, group)) for group in groups)
    if alone:
        yield from _run_here(pinned_groups, side_by_side)
    else:
        yield from _run_beside(pinned_groups, jobs, backend, scheduler)


def is_member(batch: Batch) -> bool:
    """Whether a batch is a network on the CPU that can be trained in any process.

    What a user asked to be called after each epoch is called in the user's own process.
    """
    if not is_net(batch.estimator) or batch.device != "cpu":
        return False
    params = batch.estimator.get_params(deep=True)
    calls = (value for name, value in params.items() if name.split("__")[-1] == "on_epoch")
    return all(value is None for value in calls)


def _run_here(
    groups: Iterator[list[Batch]], side_by_side: int
) -> Iterator[tuple[str, dict[str, CellResult]]]:
    """Results from this process, and from more of them once networks have taken long enough."""
    seconds = 0.0
    for group in groups:
        if seconds > START_S and side_by_side > 1 and all(map(is_member, group)):
            rest = itertools.chain([group], groups)
            yield from _run_beside(rest, side_by_side, "processes", None)
            return
        for batch in group:
            start = time.monotonic()
            named = _run_named(batch)
            seconds += (time.monotonic() - start) * is_member(batch)
            yield named


def _run_beside(
    groups: Iterable[list[Batch]], jobs: int, backend: str, scheduler: str | None
) -> Iterator[tuple[str, dict[str, CellResult]]]:
    """Results from processes, a group in each."""
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
        for results in parallel(joblib.delayed(_run_group)(group) for group in groups):
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
