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
    "iir": Goal("zero-phase IIR, 22 x 97000", 4.5, {"AVX-512": 4.5}),
    "edf": Goal("EDF read, 22 x 97000", 7, {"AVX-512": 7}),
    "epoching": Goal("cut into 48 trials", 7, {"AVX-512": 7}),
    "batches": Goal("random batches of 64 windows, over preloaded braindecode", 10),
}
