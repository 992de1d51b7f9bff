"""What is asked of each row of the contest, and below what it may not fall.

`asked` are the goals, for AVX-512. Floors are what was measured, by instruction set: on AVX-512
by the research code that the kernels grew from (a lower end where it scattered), on AVX2 by this
benchmark (AMD EPYC, Zen 3, two cores, one thread). A run may stay below its floor by `MARGIN`,
which is how far two runs on a quiet machine were seen to differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MARGIN = 0.15


@dataclass(frozen=True)
class Goal:
    """One line of the verdict.

    Parameters
    ----------
    words : str
    asked : float
    floors : instruction set -> what was measured there
    unit : "x", times faster or smaller than the peer, or "s"
    """

    words: str
    asked: float
    floors: Mapping[str, float] = field(default_factory=dict)
    unit: str = "x"

    def reached(self, value: float) -> bool:
        """Whether the goal is met."""
        return value >= self.asked if self.unit == "x" else value <= self.asked

    def below_floor(self, value: float, form: str) -> bool:
        """Whether the value is worse than what was measured before, by more than the margin."""
        floor = self.floors.get(form)
        if floor is None:
            return False
        return value < floor * (1 - MARGIN) if self.unit == "x" else value > floor * (1 + MARGIN)


GOALS = {
    "within": Goal("within sessions, three pipelines, from recordings", 18, {"AVX-512": 12}),
    "within-cached": Goal("within sessions, covariances cached", 25, {"AVX-512": 16}),
    "within-twins": Goal("the same from recordings, NEURODECODE_NATIVE=0", 6, {"AVX-512": 4}),
    "cross-session": Goal("across sessions, three pipelines", 12, {"AVX-512": 8}),
    "cross-subject": Goal("across people, three pipelines", 12, {"AVX-512": 8}),
    "csp": Goal("two-class CSP and LDA, 5 folds, from trials", 15, {"AVX-512": 15}),
    "csp-cached": Goal("the same from covariances", 25, {"AVX-512": 24}),
    "means-22": Goal("Riemannian means of 5 folds, 22 channels", 10, {"AVX-512": 5.8}),
    "means-64": Goal("64 channels", 4, {"AVX-512": 2.8}),
    "means-128": Goal("128 channels", 2, {"AVX-512": 1.4}),
    "joint": Goal("joint diagonalization of 4 matrices", 80, {"AVX-512": 98}),
    "kernel-log-euclidean": Goal("log-Euclidean kernel, 288 x 288", 15, {"AVX-512": 15}),
    "kernel-riemann": Goal("Riemannian kernel with its mean", 8, {"AVX-512": 7}),
    "kernel-gaussian": Goal("Gaussian kernel of all distances", 5, {"AVX-512": 3.8}),
    "acm": Goal("augmented covariances, orders 1-8, lags 1-6", 3, {"AVX-512": 1.3}),
    "iir": Goal("zero-phase IIR, 22 x 97000", 4.5, {"AVX-512": 4.5}),
    "edf": Goal("EDF read, 22 x 97000", 7, {"AVX-512": 7}),
    "epoching": Goal("cut into 48 trials", 7, {"AVX-512": 7}),
    "batches": Goal("random batches of 64 windows, over preloaded braindecode", 10),
    # Within 10 % of half the time.
    "jobs": Goal("within sessions, 2 jobs against 1, wall clock", 1.82),
    "memory": Goal("peak memory within sessions, MOABB's over ours", 5, {"AVX-512": 3}),
    "first-table": Goal("first table, after imports", 1.0, unit="s"),
    "import": Goal("import neurodecode", 0.3, unit="s"),
}
