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
    "within": Goal(
        "within sessions, three pipelines, from recordings", 18, {"AVX-512": 12, "AVX2": 13}
    ),
    "within-cached": Goal("the same again, trials in the store", 25, {"AVX-512": 16, "AVX2": 21}),
    "within-twins": Goal(
        "the same from recordings, NEURODECODE_NATIVE=0", 6, {"AVX-512": 4, "AVX2": 3.6}
    ),
    "cross-session": Goal("across sessions, three pipelines", 12, {"AVX-512": 8, "AVX2": 8.1}),
    "cross-subject": Goal("across people, three pipelines", 12, {"AVX-512": 8, "AVX2": 8.2}),
    "csp": Goal("two-class CSP and LDA, 5 folds, from trials", 15, {"AVX-512": 15, "AVX2": 27}),
    "csp-cached": Goal("the same from covariances", 25, {"AVX-512": 24, "AVX2": 80}),
    "means-22": Goal("Riemannian means of 5 folds, 22 channels", 10, {"AVX-512": 5.8, "AVX2": 16}),
    "means-64": Goal("the same, 64 channels", 4, {"AVX-512": 2.8, "AVX2": 6.3}),
    "means-128": Goal("the same, 128 channels", 2, {"AVX-512": 1.4, "AVX2": 3.0}),
    "joint": Goal("joint diagonalization of 4 matrices", 80, {"AVX-512": 98, "AVX2": 400}),
    "kernel-log-euclidean": Goal(
        "log-Euclidean kernel, 288 x 288", 15, {"AVX-512": 15, "AVX2": 22}
    ),
    "kernel-riemann": Goal("Riemannian kernel with its mean", 8, {"AVX-512": 7, "AVX2": 13}),
    "kernel-gaussian": Goal("Gaussian kernel of all distances", 5, {"AVX-512": 3.8, "AVX2": 9.3}),
    "acm": Goal("augmented covariances, orders 1-8, lags 1-6", 3, {"AVX-512": 1.3, "AVX2": 13}),
    "iir": Goal("zero-phase IIR, 22 x 97000", 4.5, {"AVX-512": 4.5, "AVX2": 5.6}),
    "edf": Goal("EDF read, 22 x 97000", 7, {"AVX-512": 7, "AVX2": 1.4}),
    "epoching": Goal("cut into 48 trials", 7, {"AVX-512": 7, "AVX2": 2.6}),
    "batches": Goal("random batches of 64 windows, over preloaded braindecode", 10, {"AVX2": 12}),
    # Within 10 % of half the time.
    "jobs": Goal("within sessions, 2 jobs against 1, wall clock", 1.82, {"AVX2": 1.2}),
    "memory": Goal(
        "peak memory within sessions, MOABB's over ours", 5, {"AVX-512": 3, "AVX2": 4.2}
    ),
    "first-table": Goal("first table, after imports", 1.0, {"AVX2": 1.25}, unit="s"),
    "import": Goal("import neurodecode", 0.3, {"AVX2": 0.05}, unit="s"),
}
