"""Loss curves of nets, from the runner's histories. Test loss is never shown: nothing used it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from markupsafe import Markup

from neurodecode.bench.report import svg
from neurodecode.bench.summary import Findings

WIDTH, HEIGHT = 215, 172


def curve_set(findings: Findings) -> str | None:
    """The data set whose curves are drawn: the one on which most nets left a history."""
    counts: dict[str, set[str]] = {}
    for history in findings.result.histories:
        counts.setdefault(history["dataset"], set()).add(history["recipe"])
    real = {name: nets for name, nets in counts.items() if name in findings.ranked_sets}
    pool = real or counts
    return max(pool, key=lambda name: len(pool[name])) if pool else None


def curves(findings: Findings, dataset: str) -> dict[str, list[dict[str, Any]]]:
    """Histories of one data set by recipe, in the order of the ranking."""
    rows = [row for row in findings.result.histories if row["dataset"] == dataset]
    by_recipe = {name: [row for row in rows if row["recipe"] == name] for name in findings.order}
    return {name: found for name, found in by_recipe.items() if found}


def mean_curve(losses: list[list[float]]) -> np.ndarray:
    """Mean over runs at each epoch; runs that stopped early leave the mean where they end."""
    longest = max((len(loss) for loss in losses), default=0)
    table = np.full((len(losses), longest), np.nan)
    for row, loss in zip(table, losses, strict=True):
        row[: len(loss)] = loss
    with np.errstate(invalid="ignore"):
        return np.nanmean(table, axis=0) if longest else np.empty(0)


def validation(rows: list[dict[str, Any]]) -> list[list[float]]:
    """Validation losses of the runs that had a validation set."""
    found = [row.get("valid_loss") or [] for row in rows]
    return [loss for loss in found if np.isfinite(np.array(loss, dtype=float)).any()]


def loss_panel(findings: Findings, recipe: str, dataset: str) -> Markup:
    """Training and validation loss of one net, with ln K and the epoch that was kept."""
    rows = curves(findings, dataset)[recipe]
    family = findings.result.recipes[recipe].get("family", "cnn")
    train = mean_curve([row["train_loss"] for row in rows])
    valid = validation(rows)
    mean_valid = mean_curve(valid)
    classes = findings.result.datasets[dataset].get("classes") or []
    chance = math.log(len(classes)) if len(classes) > 1 else None
    top = max([chance or 0.0, *train[:1], *mean_valid[:1]]) * 1.12
    x = svg.Scale(1, max(len(train), 2), 34, WIDTH - 8)
    y = svg.Scale(0, float(top), HEIGHT - 40, 16)
    parts = _axes(x, y)
    if chance is not None:
        parts.append(svg.line(x.start, y(chance), x.end, y(chance), "chance"))
        parts.append(svg.label(x.end, y(chance) - 5, f"chance {chance:.2f}", "tick halo", "end"))
    for loss in valid[:12]:
        parts.append(svg.path(_points(np.array(loss), x, y), "seed"))
    parts.append(svg.path(_points(train, x, y), f"curve dash {family}"))
    parts.append(svg.path(_points(mean_valid, x, y), f"curve {family}"))
    kept = float(np.median([row["best_epoch"] + 1 for row in rows]))
    parts += _kept(x, y, kept)
    title = f"{recipe}: training loss ends at {train[-1]:.2f}"
    if len(mean_valid):
        title += f", validation loss at its least is {np.nanmin(mean_valid):.2f}"
    return svg.picture(WIDTH, HEIGHT, f"{title}; weights of epoch {kept:.0f} were kept", parts)


def _points(loss: np.ndarray, x: svg.Scale, y: svg.Scale) -> list[tuple[float, float]]:
    return [
        (x(epoch + 1), y.inside(float(value)))
        for epoch, value in enumerate(loss)
        if np.isfinite(value)
    ]


def _axes(x: svg.Scale, y: svg.Scale) -> list[Markup]:
    parts = []
    for value in svg.ticks(y.low, y.high, 4):
        parts.append(svg.line(x.start, y(value), x.end, y(value), "grid"))
        parts.append(svg.label(x.start - 6, y(value) + 4, f"{value:g}", "tick", "end"))
    for epoch in (1, round((x.high + 1) / 2)):
        parts.append(svg.label(x(epoch), y.start + 15, f"{epoch:.0f}", "tick", "middle"))
    parts.append(svg.label(x.end + 6, y.start + 15, f"{x.high:.0f}", "tick", "end"))
    middle = (x.start + x.end) / 2
    return [*parts, svg.label(middle, HEIGHT - 6, "epoch", "axis", "middle")]


def _kept(x: svg.Scale, y: svg.Scale, epoch: float) -> list[Markup]:
    at = x.inside(epoch)
    text_at = min(max(at, x.start + 14), x.end - 16)
    return [
        svg.line(at, y.start - 8, at, y.start + 3, "stop"),
        svg.label(text_at, y.start - 12, "kept", "tick halo", "middle"),
    ]
