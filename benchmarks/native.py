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
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import numpy as np  # noqa: E402
from harness import Table, interleaved, machine  # noqa: E402
from pyriemann.estimation import Covariances  # noqa: E402
from pyriemann.geometry.ajd import ajd_pham  # noqa: E402
from pyriemann.geometry.covariance import covariances as pyriemann_covariances  # noqa: E402
from pyriemann.geometry.distance import pairwise_distance  # noqa: E402
from pyriemann.geometry.kernel import kernel_logeuclid, kernel_riemann  # noqa: E402
from pyriemann.geometry.mean import mean_riemann  # noqa: E402
from pyriemann.geometry.tangentspace import tangent_space  # noqa: E402
from pyriemann.spatialfilters import CSP as PyriemannCSP  # noqa: E402
from scipy import signal  # noqa: E402
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis  # noqa: E402
from sklearn.model_selection import StratifiedKFold  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402

from neurodecode.decoders import ShrinkageLDA  # noqa: E402
from neurodecode.features import CSP  # noqa: E402
from neurodecode.linalg import (  # noqa: E402
    butterworth,
    causal,
    gaussian_kernel,
    joint_diagonalizer,
    log_euclidean_kernel,
    riemannian_kernel,
    riemannian_mean,
    riemannian_means,
    tangent_vectors,
    trial_covariances,
    zero_phase,
)
from neurodecode.linalg._native import eigen, joint, library, logs, sections  # noqa: E402
from neurodecode.linalg.delay_covariances import delay_covariances  # noqa: E402
from neurodecode.linalg.embedding import delay_embedded  # noqa: E402

Form = library.Kernels | None
Folds = list[tuple[np.ndarray, np.ndarray]]
Contest = tuple[str, Callable[[], np.ndarray], Callable[[], np.ndarray]]  # words, peer, ours
FILTERED = (22, 97_000)  # channels and samples of one run
SIZES = (4, 8, 16, 22, 32, 44, 64, 96, 128)
MEANS = {22: 288, 64: 96, 128: 24}  # channels: trials of one session
JOINT = (8, 22)
N_MATRICES = 96


@contextmanager
def using(form: Form) -> Iterator[None]:
    """Kernels in one form, at every size; None: the twins."""
    before = sections.kernels, eigen.kernels, joint.kernels, logs.kernels, eigen._LARGEST
    sections.kernels = eigen.kernels = joint.kernels = logs.kernels = lambda: form
    eigen._LARGEST = dict.fromkeys((2, 4, 8), max(SIZES))
    yield
    sections.kernels, eigen.kernels, joint.kernels, logs.kernels, eigen._LARGEST = before


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


def session(n: int) -> np.ndarray:
    """Covariances of the trials of a session: mixed sources whose power varies, and some noise."""
    rng, count = np.random.default_rng(n), MEANS[n]
    mixing = rng.standard_normal((n, n)) * np.exp(-np.linspace(0, 4, n))
    powers = np.exp(1.4 * rng.standard_normal((count, n, 1)))
    x = mixing @ (np.sqrt(powers) * rng.standard_normal((count, n, 6 * n)))
    matrices = x @ x.swapaxes(1, 2) / (6 * n)
    noise = 0.04 * np.trace(matrices, axis1=1, axis2=2) / n
    return matrices + noise[:, None, None] * np.eye(n)


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
    for n, count in MEANS.items():
        stack = session(n)
        ours = partial(riemannian_mean, stack)
        yield f"Riemannian mean, {n} channels, pyRiemann", partial(mean_riemann, stack), ours
        yield f"Riemannian mean, {n} channels, our twin", in_form(None, ours), ours
        rows = np.arange(count)
        folds = [rows[rows % 5 != k] for k in range(5)]
        classes = [fold[fold // 5 % 4 == c] for fold in folds for c in range(4)]
        for words, subsets in (("5 folds", folds), ("4 classes in 5 folds", classes)):
            yield (
                f"means of {words}, {n} channels",
                partial(_one_by_one, stack, subsets),
                partial(riemannian_means, stack, subsets),
            )


def _one_by_one(stack: np.ndarray, subsets: list[np.ndarray]) -> np.ndarray:
    return np.stack([mean_riemann(stack[rows]) for rows in subsets])


def geometry() -> Iterator[Contest]:
    """Tangent vectors, kernel matrices and all pairs of distances against pyRiemann's."""
    for n in MEANS:
        stack = session(n)
        mean = riemannian_mean(stack)
        yield (
            f"tangent vectors, {n} channels",
            partial(tangent_space, stack, mean),
            partial(tangent_vectors, stack, mean, "benchmark"),
        )
        yield (
            f"log-Euclidean kernel, {n} channels",
            partial(kernel_logeuclid, stack, reg=0),
            partial(log_euclidean_kernel, stack),
        )
        yield (
            f"Riemannian kernel and its mean, {n} channels",
            partial(kernel_riemann, stack, reg=0),
            partial(riemannian_kernel, stack),
        )
        some = stack[:96]
        yield (
            f"Gaussian kernel, {len(some)} trials, {n} channels",
            lambda some=some: np.exp(-pairwise_distance(some, squared=True) / 50),
            partial(gaussian_kernel, some, gamma=1 / 50),
        )


def joint_diagonalizations() -> Iterator[Contest]:
    """Pham's sweeps over the means of four classes, against pyRiemann's and our own twin."""
    for n in JOINT:
        means = covariances(n, 4)
        ours = partial(joint_diagonalizer, means)
        words = f"joint diagonalization, 4 x {n} channels"
        yield f"{words}, pyRiemann", lambda means=means: ajd_pham(means)[0], ours
        yield f"{words}, our twin", in_form(None, ours), ours


def trial_matrices() -> Iterator[Contest]:
    """Covariances of all trials, and of a grid of delay embeddings, against pyRiemann's loop."""
    for n, count in ((22, 96), (64, 48), (128, 24)):
        x = np.random.default_rng(n).standard_normal((count, n, 1001))
        for data in (x, x.astype(np.float32)):
            yield (
                f"OAS covariances, {count} x {n} x 1001 {data.dtype}",
                lambda data=data: pyriemann_covariances(data.astype(np.float64), "oas"),
                partial(trial_covariances, data),
            )
    x = np.random.default_rng(0).standard_normal((4, 22, 1001))
    for orders, lags in ((range(1, 9), range(1, 7)), ([1, 2, 4], [1, 5]), ([8], [6])):
        cells = [(order, lag) for order in orders for lag in lags]
        yield (
            f"delay covariances, orders {_ends(orders)}, lags {_ends(lags)}, 22 channels",
            lambda cells=cells: _flat(
                pyriemann_covariances(delay_embedded(x, *cell), "oas") for cell in cells
            ),
            lambda orders=orders, lags=lags, cells=cells: _flat(
                map(delay_covariances(x, orders, lags).get, cells)
            ),
        )


def spatial_patterns() -> Iterator[Contest]:
    """CSP and a shrinkage discriminant over five folds, from trials and from covariances."""
    rng = np.random.default_rng(0)
    for n_classes in (2, 4):
        y = np.tile(np.arange(n_classes), 144 // n_classes)
        sources = rng.standard_normal((144, 22, 1001))
        sources[np.arange(144), y] *= 1.3
        x = (rng.standard_normal((22, 22)) @ sources).astype(np.float32)
        folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(x, y))
        matrices = trial_covariances(x)
        words = f"CSP and LDA, {n_classes} classes, 144 x 22 x 1001, five folds"
        peer = partial(_peer_patterns, x, y, folds)
        yield words, peer, lambda x=x, y=y, folds=folds: _patterns(trial_covariances(x), y, folds)
        yield f"{words}, covariances kept", peer, partial(_patterns, matrices, y, folds)


def _patterns(matrices: np.ndarray, y: np.ndarray, folds: Folds) -> np.ndarray:
    """Discriminant of every trial by the fold that tests it, through `fit_folds`."""
    out = np.empty(len(y) if y.max() == 1 else (len(y), y.max() + 1))
    fitted = CSP(6).fit_folds(matrices, y, [train for train, _ in folds])
    for step, (train, test) in zip(fitted, folds, strict=True):
        features = step.transform(matrices)
        decoder = ShrinkageLDA().fit(features[train], y[train])
        out[test] = decoder.decision_function(features[test])
    return out


def _peer_patterns(x: np.ndarray, y: np.ndarray, folds: Folds) -> np.ndarray:
    """The same by pyRiemann and scikit-learn, everything again in each fold."""
    out = np.empty(len(y) if y.max() == 1 else (len(y), y.max() + 1))
    for train, test in folds:
        pipe = make_pipeline(
            Covariances("oas"),
            PyriemannCSP(6, metric="euclid"),
            LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
        )
        wide = x.astype(np.float64)
        out[test] = pipe.fit(wide[train], y[train]).decision_function(wide[test])
    return out


def _ends(values: Sequence[int]) -> str:
    return f"{values[0]}-{values[-1]}" if isinstance(values, range) else "/".join(map(str, values))


def _flat(matrices: Iterable[np.ndarray]) -> np.ndarray:
    return np.concatenate([each.ravel() for each in matrices])


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
    parts = {
        part.__name__: part
        for part in (
            filters, eigenproblems, means, geometry, joint_diagonalizations, trial_matrices,
            spatial_patterns,
        )
    }  # fmt: skip
    parser.add_argument("--only", choices=parts, action="append", help="parts; default: all")
    given = parser.parse_args()
    rounds, chosen = given.rounds, [parts[name] for name in given.only or parts]
    if not library.forms():
        raise SystemExit("found: no kernels built here. Fix: install neurodecode with a C compiler")
    print(f"{machine('numpy', 'scipy', 'pyriemann')}; in use: {library.words()}\n")
    names = [f"{form.name}, {form.lanes} lanes, ms | ratio" for form in library.forms()]
    print(f"| | peer, ms | {' | '.join(names)} |\n|---|---|{'---|---|' * len(names)}")
    for contests in chosen:
        for contest in contests():
            print(measure(contest, rounds), flush=True)


if __name__ == "__main__":
    main()
