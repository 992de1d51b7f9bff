"""Training and prediction of small networks against braindecode's EEGClassifier.

Run as ``python benchmarks/training.py [--quick]``. Same network, trials, batch size, optimizer and
number of updates on both sides: braindecode drops the last partial batch and holds a fifth of the
trials back unless told otherwise, and is told. Epochs take turns, ours inside one run of `train`.
Times are the process's own, on one thread. Prints a line a goal (asked, measured, quartiles over
rounds), and ends with 1 where a ratio is below its floor. Rows for a GPU are `not measured`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import numpy as np  # noqa: E402
import torch  # noqa: E402
from harness import interleaved, machine  # noqa: E402
from torch import nn  # noqa: E402

from neurodecode.core import Spec  # noqa: E402
from neurodecode.linalg._native import library  # noqa: E402
from neurodecode.nets import _braindecode  # noqa: E402
from neurodecode.training import (  # noqa: E402
    Member,
    Plan,
    cross_entropy,
    outputs_of,
    train,
    train_members,
)

N_TRIALS, BATCH, N_CLASSES, LR = 288, 64, 4, 1e-3
WIDE, DENSE = (22, 1000, 250.0), (64, 480, 160.0)  # channels, samples, Hz


@dataclass(frozen=True)
class Goal:
    """One line: what is timed, the ratio asked for, and the one below which something broke."""

    words: str
    net: str
    shape: tuple[int, int, float]
    asked: float
    floor: float
    native: bool = True


# Floors: three quarters of what was measured on AVX2, or what is asked where that is less.
GOALS = (
    Goal("EEGNet 22 x 1000", "EEGNet", WIDE, 20, 12),
    Goal("EEGNet 64 x 480", "EEGNet", DENSE, 35, 24),
    Goal("EEGNet 22 x 1000, no compiler", "EEGNet", WIDE, 7, 6, native=False),
    Goal("EEGNet 64 x 480, no compiler", "EEGNet", DENSE, 7, 7, native=False),
    Goal("Shallow 22 x 1000", "ShallowFBCSPNet", WIDE, 8, 5),
    Goal("Shallow 64 x 480", "ShallowFBCSPNet", DENSE, 13, 5),
    Goal("Deep4 22 x 1000", "Deep4Net", WIDE, 3, 2.1),
    Goal("ATCNet 22 x 1000", "ATCNet", WIDE, 4, 4),
    Goal("Conformer 22 x 1000", "EEGConformer", WIDE, 2, 2),
)
LATENCY = Goal("EEGNet 22 x 1000, one trial", "EEGNet", WIDE, 9, 4)
NOT_MEASURED = (("ten folds on a GPU", 5), ("ninety members on a GPU", 10))


def trials(shape: tuple[int, int, float], n: int = N_TRIALS) -> tuple[np.ndarray, np.ndarray]:
    """White noise and labels."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, *shape[:2]), dtype=np.float32)
    return x, rng.integers(0, N_CLASSES, n)


def network(goal: Goal) -> nn.Module:
    """Braindecode's network, with its own defaults."""
    torch.manual_seed(0)
    n_channels, n_times, sfreq = goal.shape
    return _braindecode.create(goal.net, Spec(n_channels, n_times, sfreq, N_CLASSES))


def peer(goal: Goal) -> Any:
    """Braindecode's classifier around it, one epoch a call, on all trials."""
    _braindecode.load()  # past a torchaudio that does not match torch
    from braindecode import EEGClassifier

    return EEGClassifier(
        network(goal), criterion=nn.CrossEntropyLoss, optimizer=torch.optim.AdamW, lr=LR,
        batch_size=BATCH, train_split=None, iterator_train__drop_last=False, max_epochs=1,
        verbose=0, device="cpu", classes=list(range(N_CLASSES)),
    ).initialize()  # fmt: skip


@contextmanager
def kernels(native: bool) -> Iterator[None]:
    """The compiled kernels, or their twins alone."""
    before = os.environ.get(library.SWITCH)
    if not native:
        os.environ[library.SWITCH] = "0"
    try:
        yield
    finally:
        os.environ.pop(library.SWITCH, None)
        if before is not None:
            os.environ[library.SWITCH] = before


def fit_ratios(goal: Goal, rounds: int) -> list[float]:
    """Seconds of the peer's epoch over ours, round by round; ours without the first epoch."""
    x, y = trials(goal.shape)
    theirs, module = peer(goal), network(goal)
    mine: list[float] = []
    other: list[float] = []
    start = time.process_time()

    def turn(*_: object) -> None:
        nonlocal start
        mine.append(time.process_time() - start)
        start = time.process_time()
        theirs.partial_fit(x, y)
        other.append(time.process_time() - start)
        start = time.process_time()

    plan = Plan(epochs=rounds + 1, batch_size=BATCH, lr=LR, schedule=None, clip=None, device="cpu")
    with kernels(goal.native):
        history = train(
            module, x, y, np.arange(N_TRIALS), loss=cross_entropy(), plan=plan, on_epoch=turn
        )
        same_outputs(goal, module, x[:8])
    print(f"{goal.words}: {history['form']}; first epoch {mine[0] - mine[-1]:.2f} s longer")
    return [b / a for a, b in zip(mine[1:], other[1:], strict=True)]


def same_outputs(goal: Goal, module: nn.Module, x: np.ndarray) -> None:
    """Refuse a ratio between different functions."""
    ours = outputs_of(module, torch.from_numpy(x))
    with torch.no_grad():
        theirs = module.eval()(torch.from_numpy(x))
    if not torch.allclose(ours, theirs, rtol=1e-4, atol=1e-4):
        raise SystemExit(f"{goal.words}: found {(ours - theirs).abs().max():.1e} between outputs")


def latency_ratios(goal: Goal, rounds: int) -> list[float]:
    """Seconds of one prediction of the peer over one of ours."""
    x, _ = trials(goal.shape, n=1)
    theirs, module = peer(goal), network(goal).eval()
    trial = torch.from_numpy(x)
    ways = {
        "peer": (lambda: theirs.predict_proba(x), None),
        "ours": (lambda: outputs_of(module, trial).softmax(1).numpy(), None),
    }
    seconds = interleaved(ways, 100 * rounds).seconds
    p99 = {name: 1e6 * float(np.quantile(times, 0.99)) for name, times in seconds.items()}
    print(f"{goal.words}: 99 % within {p99['ours']:.0f} us, EEGClassifier {p99['peer']:.0f} us")
    return [a / b for a, b in zip(seconds["peer"], seconds["ours"], strict=True)]


def member_shares(cores: int, rounds: int) -> list[float]:
    """Speed-up by members side by side, as a share of the cores; by the wall clock."""
    goal = GOALS[0]
    x, y = trials(goal.shape)

    def run(jobs: int) -> float:
        plan = Plan(epochs=12, batch_size=BATCH, lr=LR, device="cpu")
        members = [Member(partial(network, goal), np.arange(N_TRIALS), None, plan)] * cores
        start = time.perf_counter()
        train_members(members, x, y, loss=cross_entropy(), jobs=jobs)
        return time.perf_counter() - start

    run(cores)  # the processes start once a session
    return [run(1) / run(cores) / cores for _ in range(rounds)]


def settled(measure: Callable[[int], list[float]], quick: bool) -> list[float]:
    """Ratios of a few rounds, or of as many as it takes until their median stays."""
    ratios = measure(3)
    for _ in range(0 if quick else 10):
        before = statistics.median(ratios)
        ratios += measure(5)
        if abs(statistics.median(ratios) / before - 1) < 0.03:
            break
    return ratios


def line(words: str, asked: float, ratios: list[float]) -> str:
    """A goal as a row of the table."""
    low, median, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    verdict = "reached" if median >= asked else "missed"
    row = f"| {words} | {asked:g} | **{median:.2g}** | {low:.2g}-{high:.2g} | {verdict} |"
    print(row, flush=True)  # a run that is cut short has said what it knows
    return row


def main() -> None:
    """Measure every goal, print the table, fail below the floors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three rounds of everything")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    print(f"{machine('torch', 'braindecode', 'skorch')}; kernels: {library.words()}\n")
    lines, broken = [], []
    for goal in GOALS:
        if goal.native and goal.net == "EEGNet" and library.kernels() is None:
            lines.append(f"| {goal.words} | {goal.asked:g} | no compiler | | |")
            continue
        ratios = settled(lambda rounds, goal=goal: fit_ratios(goal, rounds), quick)
        lines.append(line(goal.words, goal.asked, ratios))
        if statistics.median(ratios) < goal.floor:
            broken.append(f"{goal.words}: {statistics.median(ratios):.2g}, floor {goal.floor:g}")
    ratios = settled(lambda rounds: latency_ratios(LATENCY, rounds), quick)
    lines.append(line(LATENCY.words, LATENCY.asked, ratios))
    if statistics.median(ratios) < LATENCY.floor:
        broken.append(f"{LATENCY.words}: {statistics.median(ratios):.2g}")
    cores = min(os.cpu_count() or 1, 8)
    shares = settled(lambda rounds: member_shares(cores, rounds), quick)
    lines.append(line(f"members on {cores} cores, share of them", 0.9, shares))
    lines += [f"| {words} | {asked:g} | not measured | | |" for words, asked in NOT_MEASURED]
    print("\n| times EEGClassifier | asked | measured | quartiles | |\n|---|---|---|---|---|")
    print("\n".join(lines))
    if broken:
        raise SystemExit("below the floor: " + "; ".join(broken))


if __name__ == "__main__":
    main()
