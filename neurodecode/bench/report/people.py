"""Figures about subjects: everyone's score, two recipes person by person, where spread comes from.

Every subject is drawn up to 60; above that, quantiles. Seeds are never an error bar.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from neurodecode.bench.pairs import difference
from neurodecode.bench.report import svg
from neurodecode.bench.report.panels import left_margin, short
from neurodecode.bench.summary import Findings
from neurodecode.core import words

WIDTH = 520
MOST_RECIPES = 20  # rows of the figure; the table under it has all
_MOST_LINES = 60
_QUANTILES = np.linspace(0.05, 0.95, 19)


def subject_means(findings: Findings, dataset: str) -> pd.DataFrame:
    """Score of every subject (rows) under every recipe (columns, best first), mean over seeds."""
    people = findings.people[findings.people["dataset"] == dataset]
    table = people.pivot_table(index="subject", columns="recipe", values="score")
    return table[[name for name in findings.on(dataset)["recipe"] if name in table.columns]]


def crowded_set(findings: Findings) -> str | None:
    """The data set whose subjects are drawn: the real one with most of them, if any has two."""
    best: tuple[int, int, str] | None = None
    for name, entry in findings.result.datasets.items():
        rows = findings.on(name)
        count = 0 if rows.empty else int(rows["n_subjects"].max())
        if count > 1:
            key = (0 if entry.get("simulated") else 1, count, name)
            best = key if best is None or key[:2] > best[:2] else best
    return best[2] if best else None


def subject_panel(findings: Findings, dataset: str) -> Markup:
    """One line a subject over the recipes; the best and the worst subject by name."""
    table = subject_means(findings, dataset).iloc[:, :MOST_RECIPES]
    rows = findings.on(dataset).set_index("recipe")
    chance = float(rows["chance"].iloc[0])
    low, high = min(chance, float(table.min().min())), max(chance, float(table.max().max()))
    margin, height = left_margin(list(table.columns), 14.5), 28 + 27 * table.shape[1] + 40
    x = svg.Scale(low - 0.03, high + 0.03, margin, WIDTH - 12)
    bottom = height - 40
    parts = _percent_axis(x, 26, bottom, "score of one subject (mean over seeds), %")
    parts.append(svg.line(x(chance), 22, x(chance), bottom, "chance"))
    parts.append(_clamped(x(chance), 13, f"chance {words.percent(chance)}", WIDTH))
    heights = [28 + 27 * (i + 0.5) for i in range(table.shape[1])]
    parts += _subject_lines(table, x, heights)
    for name, y in zip(table.columns, heights, strict=True):
        family = findings.result.recipes[name].get("family", "linear")
        texts = svg.label(margin - 8, y + 4, short(str(name)), None, "end")
        dot = svg.mark(family, x(float(table[name].mean())), y, 5.6)
        parts.append(svg.tag("g", texts + dot, data_r=str(name)))
    title = (
        f"{dataset}: scores of {words.plural(len(table), 'subject')} under "
        f"{words.plural(table.shape[1], 'recipe')}; subject means run from "
        f"{words.percent(table.mean(axis=1).min())} to {words.percent(table.mean(axis=1).max())}"
    )
    return svg.picture(WIDTH, height, title, parts, "wide")


def _subject_lines(table: pd.DataFrame, x: svg.Scale, heights: list[float]) -> list[Markup]:
    """Lines and dots of all subjects; above 60 subjects the dots of 19 quantiles."""
    if len(table) > _MOST_LINES:
        spots = table.quantile(_QUANTILES)
        return [
            svg.tag("circle", cx=float(x(value)), cy=float(y), r=2.2, class_="sd")
            for name, y in zip(table.columns, heights, strict=True)
            for value in spots[name]
        ]
    means = table.mean(axis=1)
    special = {means.idxmax(), means.idxmin()}
    parts = []
    for subject in sorted(table.index, key=lambda each: each in special):
        values = [x(value) for value in table.loc[subject]]
        points = list(zip(values, heights, strict=True))
        line = svg.path(points, "subj hi" if subject in special else "subj")
        dots = [svg.tag("circle", cx=float(a), cy=float(b), r=2.2, class_="sd") for a, b in points]
        name = svg.tag("title", f"subject {subject}")
        parts.append(svg.tag("g", Markup("").join([name, line, *dots])))
    if len(special) == 2:
        for subject, side in ((means.idxmin(), "end"), (means.idxmax(), "start")):
            at = x(float(table.loc[subject].iloc[0])) + (-6 if side == "end" else 6)
            at = min(at, WIDTH - svg.text_width(str(subject), 16)) if side == "start" else at
            parts.append(svg.label(at, heights[0] - 8, str(subject), "b halo", side))
    return parts


def two_recipes(findings: Findings) -> tuple[str, str] | None:
    """The leader of the ranking and the one behind it."""
    ranked = findings.ranking.dropna(subset=["gain"])
    if len(ranked) < 2:
        return None
    return str(ranked["recipe"].iloc[0]), str(ranked["recipe"].iloc[1])


def differences(findings: Findings, a: str, b: str) -> list[dict[str, Any]]:
    """Per data set: the difference of two recipes, its interval, and every subject's difference."""
    rows = []
    for dataset, (table, unit) in findings.pairs.parts.items():
        if a not in table or b not in table:
            continue
        found = difference(table, unit, a, b)
        n = len(found.singles)
        dots, note = [], f"1 subject, {n} trials"
        if unit == "subjects":
            dots = found.singles.tolist()
            note = f"{int((found.singles > 0).sum())} of {n} subjects gain"
        row = {"dataset": dataset, "mean": found.value, "low": found.low, "high": found.high}
        rows.append({**row, "dots": dots, "note": note})
    return rows


def difference_panel(findings: Findings, a: str, b: str) -> Markup:
    """Two recipes, subject by subject, on every data set."""
    rows = differences(findings, a, b)
    ends = [abs(value) for row in rows for value in (row["low"], row["high"], *row["dots"])]
    reach = 1.06 * max(ends, default=0.1)
    names = [row["dataset"] + " (sim.)" for row in rows] + [row["note"] for row in rows]
    margin, height = left_margin(names, 14.5), 34 + 40 * len(rows) + 36
    x = svg.Scale(-reach, reach, margin, WIDTH - 12)
    bottom = height - 36
    parts = _percent_axis(x, 28, bottom, "difference of scores, points", signs=True)
    zero = x(0)
    parts.append(svg.line(zero, 24, zero, bottom, "zero"))
    parts.append(svg.label(zero - 8, 16, f"{short(b, 14)} better", "tick", "end"))
    parts.append(svg.label(zero + 8, 16, f"{short(a, 14)} better", "tick"))
    for number, row in enumerate(rows):
        y = 34 + 40 * (number + 0.5)
        tag = " (sim.)" if findings.result.datasets[row["dataset"]].get("simulated") else ""
        parts.append(svg.label(margin - 8, y - 2, short(row["dataset"]) + tag, None, "end"))
        parts.append(svg.label(margin - 8, y + 12, row["note"], "tick", "end"))
        for count, value in enumerate(row["dots"]):
            shift = 7 * ((count % 3) - 1)  # a fixed spread keeps equal values apart
            parts.append(
                svg.tag("circle", cx=float(x(value)), cy=float(y + shift), r=2.6, class_="sd")
            )
        parts.append(svg.line(x.inside(row["low"]), y, x.inside(row["high"]), y, "ci ink"))
        parts.append(
            svg.tag("circle", cx=float(x(row["mean"])), cy=float(y), r=4.6, class_="inkdot")
        )
    title = f"{a} minus {b} on {words.plural(len(rows), 'data set')}, subject by subject"
    return svg.picture(WIDTH, height, title, parts, "wide")


def spread(findings: Findings) -> list[dict[str, Any]]:
    """Standard deviations of scores, mean over recipes: between people, seeds, and of counting."""
    rows = []
    for dataset, people in findings.people.groupby("dataset", sort=False):
        kept = people[people["recipe"].isin(findings.on(str(dataset))["recipe"])]
        if kept.empty:
            continue
        own = kept.groupby(["recipe", "subject"])["score"]
        seeds = own.std(ddof=1).dropna().mean()
        means = own.mean()
        between = means.groupby("recipe").std(ddof=1).dropna().mean()
        n = kept["n"].median()
        noise = np.sqrt((means * (1 - means)).clip(lower=0) / n).mean()
        rows.append({"dataset": dataset, "between": between, "seeds": seeds, "noise": noise})
    return rows


def _percent_axis(
    x: svg.Scale, top: float, bottom: float, text: str, signs: bool = False
) -> list[Markup]:
    parts = []
    for value in svg.ticks(100 * x.low, 100 * x.high, 5):
        at = x(value / 100)
        word = words.signed(value, 0) if signs else f"{value:g}".replace("-", words.MINUS)
        parts.append(svg.line(at, top, at, bottom, "grid"))
        parts.append(svg.label(at, bottom + 16, word, "tick", "middle"))
    middle = (x.start + x.end) / 2
    return [*parts, svg.label(middle, bottom + 31, text, "axis", "middle")]


def _clamped(x: float, y: float, text: str, width: int) -> Markup:
    half = svg.text_width(text, 13.5) / 2
    return svg.label(min(max(x, half + 2), width - half - 2), y, text, "tick", "middle")
