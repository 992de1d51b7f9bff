"""The compiled kernels against what they stand in for: SciPy's filters, LAPACK, pyRiemann.

Run as ``python benchmarks/native.py``. Every form that this processor runs (SSE2, AVX2, AVX-512)
and the peer take turns, round after round, on the same arrays; their results are compared first.
Prints medians, the median of the rounds' ratios and its quartiles as Markdown. Times are
the process's own, one thread: on a busy machine the wall clock measures the neighbours.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import numpy as np  # noqa: E402
from harness import Table, interleaved, machine  # noqa: E402
from pyriemann.geometry.mean import mean_riemann  # noqa: E402
from scipy import signal  # noqa: E402

from neurodecode.linalg import butterworth, causal, riemannian_mean, zero_phase  # noqa: E402
from neurodecode.linalg._native import eigen, library, sections  # noqa: E402

Form = library.Kernels | None
Contest = tuple[str, Callable[[], np.ndarray], Callable[[], np.ndarray]]  # words, peer, ours
FILTERED = (22, 97_000)  # channels and samples of one run
SIZES = (4, 8, 16, 22, 32, 44, 64, 96, 128)
MEANS = (22, 64)
N_MATRICES = 96


@contextmanager
def using(form: Form) -> Iterator[None]:
    """Kernels in one form, at every size; None: the twins."""
    before = sections.kernels, eigen.kernels, eigen._LARGEST
    sections.kernels = eigen.kernels = lambda: form
    eigen._LARGEST = dict.fromkeys((2, 4, 8), max(SIZES))
    yield
    sections.kernels, eigen.kernels, eigen._LARGEST = before


def in_form(form: Form, run: Callable[[], np.ndarray]) -> Callable[[], np.ndarray]:
    """The call with the kernels in this form."""

    def call() -> np.ndarray:
        with using(form):
            return run()

    return call


def covariances(n: int, count: int) -> np.ndarray:
    """Covariances of trials of white noise."""
    x = np.random.default_rng(n).standard_normal((count, n, 4 * n))
    return x @ x.swapaxes(1, 2) / (4 * n)


def filters() -> Iterator[Contest]:
    """Zero phase, against SciPy's function."""
    band = butterworth(8, 32, 250)
    wide = np.random.default_rng(0).standard_normal(FILTERED)
    for x in (wide, wide.astype(np.float32)):
        yield (
            f"zero phase, 22 x 97000 {x.dtype}, 4 sections",
            lambda x=x: signal.sosfiltfilt(band, x.astype(np.float64), padlen=124),
            lambda x=x: zero_phase(x, band, 124),
        )
    start = signal.sosfilt_zi(band)[:, None] * wide[None, :, :1]
    yield (
        "causal, 22 x 97000 float64",
        lambda: signal.sosfilt(band, wide, zi=start)[0],
        lambda: causal(wide, band),
    )
    yield (
        "zero phase, 22 x 1001 float64",
        lambda: signal.sosfiltfilt(band, wide[:, :1001], padlen=124),
        lambda: zero_phase(wide[:, :1001], band, 124),
    )


def eigenproblems() -> Iterator[Contest]:
    """Stacks of matrices, with and without eigenvectors, against LAPACK through NumPy."""
    for n in SIZES:
        stack = covariances(n, max(16, min(N_MATRICES, 130_000 // n**2 // 8 * 8)))
        yield (
            f"eigenvalues and vectors, {n} channels",
            partial(_values, np.linalg.eigh, stack),
            partial(_values, eigen.eigh, stack),
        )
        yield (
            f"eigenvalues, {n} channels",
            partial(np.linalg.eigvalsh, stack),
            partial(eigen.eigvalsh, stack),
        )


def means() -> Iterator[Contest]:
    """Riemannian means against pyRiemann's, which stops at 1e-8, and against our own twin."""
    for n in MEANS:
        stack = covariances(n, N_MATRICES if n < 64 else 32)
        ours = partial(riemannian_mean, stack)
        yield f"Riemannian mean, {n} channels, pyRiemann", partial(mean_riemann, stack), ours
        yield f"Riemannian mean, {n} channels, our twin", in_form(None, ours), ours


def _values(solve: Callable[[np.ndarray], object], stack: np.ndarray) -> np.ndarray:
    """Eigenvalues of a full solution; the signs of eigenvectors are free, so they compare worse."""
    values, _ = solve(stack)  # type: ignore[misc]
    return values


def measure(contest: Contest, rounds: int) -> str:
    """One row: the peer's time, then time and ratio of every form; refuses unequal results."""
    words, peer, ours = contest
    expected = peer()
    ways = {"peer": (peer, None)}
    for form in library.forms():
        ways[form.name] = (in_form(form, ours), None)
        difference = np.linalg.norm(ways[form.name][0]() - expected) / np.linalg.norm(expected)
        if difference > (1e-6 if "float32" in words else 1e-8):
            raise SystemExit(f"{words}, {form.name}: differs by {difference:.1e} from the peer")
    return _row(words, interleaved(ways, rounds, clock=time.process_time))


def _row(words: str, table: Table) -> str:
    peer = np.array(table.seconds.pop("peer"))
    cells = [words, f"{1e3 * np.median(peer):.3g}"]
    for times in table.seconds.values():
        ratios = np.sort(peer / times)
        low, high = np.quantile(ratios, [0.25, 0.75])
        cells.append(f"{1e3 * np.median(times):.3g}")
        cells.append(f"**× {np.median(ratios):.2g}** ({low:.2g}-{high:.2g})")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Run all contests and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    if not library.forms():
        raise SystemExit("found: no kernels built here. Fix: install neurodecode with a C compiler")
    print(f"{machine('numpy', 'scipy', 'pyriemann')}; in use: {library.words()}\n")
    names = [f"{form.name}, {form.lanes} lanes, ms | ratio" for form in library.forms()]
    print(f"| | peer, ms | {' | '.join(names)} |\n|---|---|{'---|---|' * len(names)}")
    for contests in (filters, eigenproblems, means):
        for contest in contests():
            print(measure(contest, rounds), flush=True)


if __name__ == "__main__":
    main()
