"""Time generalisation: trained at one time, tested at another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurodecode.viz.colors import QUIET, TEXT, axes_of, diverging

if TYPE_CHECKING:
    from neurodecode.decoders import TimeScores


def time_generalization(scores: TimeScores, ax: Any = None) -> Any:
    """Scores over training and test time; the outline holds what is above chance.

    Parameters
    ----------
    scores : TimeScores, of `nd.decoders.TimeGeneralization(pipe).scores(epochs)`
    ax : matplotlib Axes, optional

    Returns
    -------
    figure : matplotlib Figure
        White is chance, on a scale symmetric around it; the outline is the cluster mask.

    Source: King & Dehaene 2014 (10.1016/j.tics.2014.01.002).

    Examples
    --------
    >>> import neurodecode as nd, numpy as np
    >>> data = np.random.default_rng(0).normal(size=(60, 2, 40))
    >>> epochs = nd.Epochs(data, channels=["C3", "C4"], sfreq=40, y=30 * ["a", "b"])
    >>> slide = nd.decoders.TimeGeneralization(nd.decoders.ShrinkageLDA(), n_windows=4)
    >>> figure = nd.viz.time_generalization(slide.scores(epochs))
    """
    figure, (ax,) = axes_of(ax, size=(4.6, 3.8))
    times = np.asarray(scores.times, dtype=float)
    half = float(times[1] - times[0]) / 2 if len(times) > 1 else 0.5
    edges = np.append(times - half, times[-1] + half)
    reach = max(float(np.nanmax(np.abs(scores.values - scores.chance))), 1e-6)
    mesh = ax.pcolormesh(
        edges, edges, scores.values, cmap=diverging(),
        vmin=scores.chance - reach, vmax=scores.chance + reach, shading="flat",
    )  # fmt: skip
    for line in _outline(np.asarray(scores.mask, dtype=bool), edges):
        ax.plot(*line, color=TEXT, linewidth=1.4, solid_capstyle="butt")
    ax.plot(edges[[0, -1]], edges[[0, -1]], color=QUIET, linewidth=0.8, linestyle=":")
    for draw in (ax.axvline, ax.axhline):
        if edges[0] < 0 < edges[-1]:
            draw(0, color=QUIET, linewidth=0.8)
    ax.set_xlabel("test time, s", color=QUIET)
    ax.set_ylabel("training time, s", color=QUIET)
    ax.set_aspect("equal")
    ax.tick_params(colors=QUIET, labelsize=9)
    found = (
        "outlined: above chance, p < .05 over the map"
        if scores.mask.any()
        else ("no cluster above chance, p ≥ .05")
    )
    ax.set_title(found, fontsize=10, color=TEXT, loc="left")
    bar = figure.colorbar(mesh, ax=ax, shrink=0.85)
    bar.ax.axhline(scores.chance, color=TEXT, linewidth=1.2, linestyle="--")
    bar.set_label(f"score (chance {scores.chance:.2f}, dashed)", color=QUIET)
    bar.ax.tick_params(colors=QUIET, labelsize=9)
    return figure


def _outline(mask: np.ndarray, edges: np.ndarray) -> list[tuple[list[float], list[float]]]:
    """Borders between cells inside and outside the mask, as (x, y) pairs of line ends."""
    padded = np.pad(mask, 1)
    lines = []
    rows, columns = mask.shape
    for i in range(rows + 1):
        for j in range(columns + 1):
            if j < columns and padded[i, j + 1] != padded[i + 1, j + 1]:
                lines.append(([edges[j], edges[j + 1]], [edges[i], edges[i]]))
            if i < rows and padded[i + 1, j] != padded[i + 1, j + 1]:
                lines.append(([edges[j], edges[j]], [edges[i], edges[i + 1]]))
    return lines
