"""Run time: device, seeds, threads and progress, decided in one place."""

from __future__ import annotations

import contextlib
import functools
import os
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurodecode.core.errors import DataError

QUIET = "NEURODECODE_QUIET"


def pick_device(wish: str = "auto") -> str:
    """Name of the device to train on.

    Parameters
    ----------
    wish : "auto", "cpu", "cuda", "cuda:1", "mps"
        "auto" takes CUDA, then MPS, then the CPU.

    Raises
    ------
    DataError
        The device asked for is not there.

    Examples
    --------
    >>> pick_device("cpu")
    'cpu'
    """
    if wish == "cpu":
        return wish
    import torch

    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if wish == "auto":
        return "cuda" if cuda else "mps" if mps else "cpu"
    kind = wish.partition(":")[0]
    if (kind == "cuda" and cuda) or (kind == "mps" and mps):
        return wish
    raise DataError(
        "no such device here",
        found=repr(wish),
        expected="one of " + ", ".join(["cpu"] + ["cuda"] * cuda + ["mps"] * mps),
        fix='device="auto"',
    )


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy's global state and (where it is loaded) torch.

    Examples
    --------
    >>> seed_everything(0)
    >>> round(random.random(), 3)
    0.844
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - other libraries draw from the global state
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


@contextlib.contextmanager
def inner_threads(n: int) -> Iterator[None]:
    """Limit BLAS, OpenMP and torch to `n` threads inside the block.

    Several jobs that each use all cores are slower than one.

    Examples
    --------
    >>> with inner_threads(1):
    ...     pass
    """
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else 0
    with _thread_pools(len(sys.modules)).limit(limits=n):
        if torch:
            torch.set_num_threads(n)
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(before)


@functools.lru_cache(maxsize=1)
def _thread_pools(n_modules: int) -> Any:
    """Thread pools of the libraries now loaded; looked for anew once more modules are."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def quiet() -> bool:
    """True when the user asked for silence or nobody watches: `NEURODECODE_QUIET`, a pipe."""
    return bool(os.environ.get(QUIET)) or not sys.stderr.isatty()


@contextlib.contextmanager
def progress(total: int, label: str) -> Iterator[Any]:
    """A progress line for work over two seconds; yields a function called once a finished item.

    Parameters
    ----------
    total : int
        Number of items.
    label : str
        What is being done.

    Examples
    --------
    >>> with progress(2, "reading") as advance:
    ...     advance(), advance()
    (None, None)
    """
    if quiet() or total < 2:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    # Nothing is drawn before two seconds have gone: short work stays silent.
    bar = Progress(console=Console(stderr=True), transient=True)
    start, task = time.monotonic(), None
    done = 0

    def advance() -> None:
        nonlocal task, done
        done += 1
        if task is None and time.monotonic() - start > 2:
            bar.start()
            task = bar.add_task(label, total=total, completed=done)
        elif task is not None:
            bar.update(task, completed=done)

    try:
        yield advance
    finally:
        bar.stop()
