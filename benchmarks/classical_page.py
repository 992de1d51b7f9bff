"""The contest on its page: a table, the verdict and one picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from classical_goals import GOALS, MARGIN
from classical_rows import HEADER, Measured
from harness import page_with

from neurodecode.viz.colors import FAMILY, GRID, POSITIVE, QUIET, TEXT, quiet_axes

CHECKOUT = Path(__file__).resolve().parents[1]
PAGE = CHECKOUT / "docs" / "performance.md"
PICTURE = CHECKOUT / "docs" / "images" / "classical.svg"


def table(measured: list[Measured]) -> str:
    """A line a goal, as Markdown."""
    lines = ["| " + " | ".join(HEADER) + " |", "|" + "---|" * len(HEADER)]
    return "\n".join(lines + ["| " + " | ".join(each.cells()) + " |" for each in measured])


def summary(measured: list[Measured], unequal: list[str]) -> str:
    """Goals reached, missed and fallen, in words."""
    said = {
        verdict: "; ".join(GOALS[each.key].words for each in measured if each.verdict == verdict)
        for verdict in ("missed", "BELOW FLOOR")
    }
    reached = sum(each.verdict == "reached" for each in measured)
    lines = [f"{reached} of {len(measured) + len(unequal)} goals reached."]
    if said["missed"]:
        lines.append(f"Missed: {said['missed']}.")
    if said["BELOW FLOOR"]:
        lines.append(f"BELOW FLOOR by more than {MARGIN:.0%}: {said['BELOW FLOOR']}.")
    return "\n".join(lines + [f"UNEQUAL: {each}" for each in unequal])


def write(measured: list[Measured], said: str, machine: str) -> None:
    """Table, verdict and machine into the page, the picture beside it."""
    picture(measured, PICTURE)
    image = f"![How many times faster, by row; a tick where the goal is](images/{PICTURE.name})"
    block = f"\n{image}\n\n{table(measured)}\n\n{said}\n\n{machine}.\n"
    PAGE.write_text(page_with(PAGE.read_text("utf-8"), block, "classical"), "utf-8")


def picture(measured: list[Measured], path: Path) -> None:
    """Bars on a logarithmic scale, one a ratio, with the goal as a tick."""
    import matplotlib.pyplot as plt

    bars = [each for each in measured if GOALS[each.key].unit == "x"][::-1]
    values = [each.value for each in bars]
    ends = np.array([np.quantile(each.values, [0.25, 0.75]) for each in bars])
    rows = np.arange(len(bars))
    settings = {"svg.hashsalt": "classical", "svg.fonttype": "none", "font.family": "sans-serif"}
    with plt.rc_context(settings):
        figure, ax = plt.subplots(figsize=(7.2, 0.3 * len(bars) + 0.9), layout="constrained")
        quiet_axes(ax)
        ax.grid(visible=False, axis="y")
        ax.barh(rows, values, left=0, height=0.62, color=FAMILY["riemannian"], log=True)
        ax.hlines(rows, ends[:, 0], ends[:, 1], color=GRID, linewidth=2)
        goals = [GOALS[each.key].asked for each in bars]
        ax.vlines(goals, rows - 0.42, rows + 0.42, color=POSITIVE, linewidth=2)
        widest = 1.3 * max([*values, *goals])  # numbers in a column, where no tick lies
        for row, value in zip(rows, values, strict=True):
            ax.text(widest, row, f"× {value:.3g}", va="center", color=TEXT, fontsize=8)
        ax.set_yticks(rows, [GOALS[each.key].words for each in bars], fontsize=8, color=TEXT)
        ax.set_xlim(1, widest)
        words = f"times faster on one thread, {bars[0].form}; tick: asked on AVX-512"
        ax.set_xlabel(words, fontsize=8, color=QUIET)
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
