"""Mathematics on covariances against pyRiemann: folds of CSP, means, diagonalizers, kernels."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import classical_data
import numpy as np
from classical_rows import Contest, Setting, Unequal, within

import neurodecode as nd
from neurodecode.linalg import (
    gaussian_kernel,
    joint_diagonalizer,
    log_euclidean_kernel,
    riemannian_kernel,
    riemannian_means,
    trial_covariances,
)
from neurodecode.linalg.delay_covariances import delay_covariances

PAIR = ("left_hand", "right_hand")
MEANS = {22: 288, 64: 96, 128: 40}  # channels -> matrices
ORDERS, LAGS, ACM_TRIALS = range(1, 9), range(1, 7), 16
GAMMA = 0.01


@cache
def session(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """One session of one person, filtered: (288, 22, 1001) float64 µV, and the classes."""
    study = classical_data.study(setting.folder, 1)
    study = study[study.table["session"].to_numpy() == "0"].map(nd.preprocessing.Bandpass(8, 32))
    epochs = study.epoch(**classical_data.WINDOW, include_tmax=True)
    return epochs.data.astype(np.float64), np.asarray(epochs.y)


@cache
def covariances(setting: Setting, n_channels: int = 22) -> np.ndarray:
    """Of a session; or of simulated trials of more channels."""
    if n_channels == 22:
        return trial_covariances(session(setting)[0])
    rng = np.random.default_rng(n_channels)
    mixing = rng.standard_normal((n_channels, n_channels))
    count, n_times = MEANS[n_channels], 4 * n_channels
    sources = rng.standard_normal((count, n_channels, n_times))
    sources *= np.exp(0.5 * rng.standard_normal((count, n_channels, 1)))
    x = mixing @ sources
    return x @ x.swapaxes(1, 2) / n_times


def folds(y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Five, shuffled and stratified."""
    from sklearn.model_selection import StratifiedKFold

    return list(StratifiedKFold(5, shuffle=True, random_state=42).split(y, y))


def _csp(setting: Setting) -> Contest:
    """Two classes, five folds: from trials in memory, and from their covariances."""
    from pyriemann.estimation import Covariances
    from pyriemann.spatialfilters import CSP
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline

    x, y = session(setting)
    chosen = np.isin(y, PAIR)
    x, y = x[chosen], y[chosen]
    matrices, parts = trial_covariances(x), folds(y)
    lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    pipeline = make_pipeline(Covariances("oas"), CSP(nfilter=6), lda)

    def theirs() -> np.ndarray:
        return cross_val_predict(pipeline, x, y, cv=parts)

    def ours(matrices: np.ndarray | None = None) -> np.ndarray:
        matrices = trial_covariances(x) if matrices is None else matrices
        found = np.empty_like(y)
        fitted = nd.features.CSP(6).fit_folds(matrices, y, [train for train, _ in parts])
        for csp, (train, test) in zip(fitted, parts, strict=True):
            features = csp.transform(matrices)
            lda = nd.decoders.ShrinkageLDA().fit(features[train], y[train])
            found[test] = lda.predict(features[test])
        return found

    ways = {"csp": (ours, None), "csp-cached": (partial(ours, matrices), None)}
    return Contest((theirs, None), ways, same_labels)


def same_labels(theirs: np.ndarray, ours: np.ndarray) -> str:
    """No prediction differs."""
    if (theirs != ours).any():
        raise Unequal(f"{(theirs != ours).sum()} of {len(ours)} predictions differ")
    return f"{len(ours)} predictions equal"


def _means(n_channels: int) -> Callable[[Setting], Contest]:
    """Means of the training parts of five folds."""

    def row(setting: Setting) -> Contest:
        from pyriemann.geometry.mean import mean_riemann

        matrices = covariances(setting, n_channels)
        parts = [train for train, _ in folds(np.arange(len(matrices)) % 2)]

        def theirs() -> np.ndarray:
            return np.stack([mean_riemann(matrices[part]) for part in parts])

        ours = partial(riemannian_means, matrices, parts)
        return Contest((theirs, None), {f"means-{n_channels}": (ours, None)}, within(1e-8))

    return row


def _joint(setting: Setting) -> Contest:
    """Pham's diagonalizer of the four class means."""
    from pyriemann.geometry.ajd import ajd_pham

    _, y = session(setting)
    classes = classical_data.CLASSES
    means = np.stack([covariances(setting)[y == name].mean(axis=0) for name in classes])
    ways = {"joint": (partial(joint_diagonalizer, means), None)}
    return Contest((lambda: ajd_pham(means)[0], None), ways, within(1e-8))


def _kernel(key: str) -> Callable[[Setting], Contest]:
    """Kernel matrix of 288 trials."""

    def row(setting: Setting) -> Contest:
        from pyriemann.geometry import kernel
        from pyriemann.geometry.distance import pairwise_distance

        matrices = covariances(setting)
        theirs: dict[str, Callable[[], Any]] = {
            "log-euclidean": lambda: kernel.kernel_logeuclid(
                matrices, Cref=np.eye(matrices.shape[1])
            ),
            "riemann": lambda: kernel.kernel_riemann(matrices),
            "gaussian": lambda: np.exp(-GAMMA * pairwise_distance(matrices, squared=True)),
        }
        ours: dict[str, Callable[[], Any]] = {
            "log-euclidean": partial(log_euclidean_kernel, matrices),
            "riemann": partial(riemannian_kernel, matrices),
            "gaussian": partial(gaussian_kernel, matrices, gamma=GAMMA),
        }
        ways = {f"kernel-{key}": (ours[key], None)}
        return Contest((theirs[key], None), ways, within(1e-8))

    return row


def _grid(setting: Setting) -> Contest:
    """Augmented covariances of 16 trials for orders 1 to 8 and lags 1 to 6."""
    from pyriemann.estimation import Covariances

    x = session(setting)[0][:ACM_TRIALS]
    cells = [(order, lag) for order in ORDERS for lag in LAGS]

    def stacked(order: int, lag: int) -> np.ndarray:
        n_times = x.shape[2] - (order - 1) * lag
        return np.concatenate([x[:, :, i * lag : i * lag + n_times] for i in range(order)], axis=1)

    def theirs() -> dict[tuple[int, int], np.ndarray]:
        return {cell: Covariances("oas").transform(stacked(*cell)) for cell in cells}

    def agree(expected: Any, found: Any) -> str:
        return max((within(1e-8)(expected[cell], found[cell]) for cell in cells), key=float)

    ways = {"acm": (partial(delay_covariances, x, ORDERS, LAGS), None)}
    return Contest((theirs, None), ways, agree)


ROWS = {
    "csp": _csp,
    **{f"means-{n}": _means(n) for n in MEANS},
    "joint": _joint,
    **{f"kernel-{key}": _kernel(key) for key in ("log-euclidean", "riemann", "gaussian")},
    "acm": _grid,
}
