"""The project's colours in matplotlib: two ink tones, a sequential and a diverging map.

The same values are tokens of the report's style sheet; a test holds both together. There is no
rainbow and no red against green.
"""

from __future__ import annotations

from typing import Any

TEXT, QUIET, GRID = "#1a1d21", "#565e68", "#e6e9ed"
FAMILY = {
    "riemannian": "#17579e",
    "linear": "#429c88",
    "cnn": "#a53f10",
    "transformer": "#702c44",
    "encoder": "#b77d02",
    "spiking": "#151618",
}
NEGATIVE, POSITIVE = "#0b62a3", "#c45408"


def diverging() -> Any:
    """Blue over white to orange; zero is the ground of the page."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("neurodecode", [NEGATIVE, "#ffffff", POSITIVE])


def sequential() -> Any:
    """White to one blue that leaves numbers in cells readable."""
    from matplotlib.colors import LinearSegmentedColormap

    # The report draws this blue with an opacity of at most .72 over white.
    return LinearSegmentedColormap.from_list("neurodecode", ["#ffffff", "#4f8ebd"])


def axes_of(ax: Any, n: int = 1, size: tuple[float, float] = (5.2, 3.4)) -> tuple[Any, list[Any]]:
    """The figure to return and the axes to draw into: the given one, or `n` new ones in a row."""
    if ax is not None:
        return ax.figure, [ax]
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        1, n, figsize=(size[0] * n, size[1]), squeeze=False, layout="constrained"
    )
    return figure, list(axes[0])


def quiet_axes(ax: Any) -> None:
    """Ticks and frame in the quiet tone, grid behind the marks."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(GRID)
    ax.tick_params(colors=QUIET, labelsize=9)
    ax.grid(color=GRID, linewidth=0.8)
    ax.set_axisbelow(True)
