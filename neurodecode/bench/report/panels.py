"""Figures of scores: one panel a data set, the strips of the ranking, and what a point costs.

Dots and intervals, never bars: zero means nothing on a score axis. Chance is always drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from neurodecode.bench.report import svg
from neurodecode.bench.summary import Findings
from neurodecode.bench.table import status_words
from neurodecode.core import words

WIDTH = 360
_ROW, _TOP, _FOOT = 17, 24, 34
_NAME = 22  # longest name beside an axis; the table under the figure has the whole one


def short(name: str, limit: int = _NAME) -> str:
    """A name that fits beside an axis."""
    return name if len(name) <= limit else name[: limit - 1] + "…"


def left_margin(names: Sequence[str], size: float = 12.5) -> float:
    """Room for the names beside an axis."""
    return 14 + max((svg.text_width(short(name), size) for name in names), default=60)


def score_panel(findings: Findings, dataset: str) -> Markup:
    """Scores, intervals, published marks and chance of one data set, in the ranking's order."""
    rows = _in_order(findings, dataset)
    done = [row for row in rows if row.status == "ok"]
    height = _TOP + _ROW * len(rows) + _FOOT
    margin = left_margin([str(row.recipe) for row in rows])
    scale = _score_scale(done, margin)
    bottom = height - _FOOT
    parts = _axis(scale, bottom, f"{findings.metrics[dataset].replace('-', ' ')}, %")
    if done:
        band, chance = float(done[0].chance_band), float(done[0].chance)
        width = scale.inside(band) - scale.start
        parts.insert(
            0,
            svg.tag("rect", x=scale.start, y=_TOP - 4, width=width, height=bottom - _TOP + 4,
                    class_="nsband"),
        )  # fmt: skip
        parts += _chance(scale, chance, bottom)
    for number, row in enumerate(rows):
        parts.append(_panel_row(findings, row, scale, margin, _TOP + _ROW * (number + 0.5)))
    title = f"{dataset}: score and 95 % interval of {words.plural(len(done), 'recipe')}"
    if done:
        best = max(done, key=lambda row: row.score)
        title += f"; best {best.recipe} with {words.percent(best.score, int(best.n))} %"
    return svg.picture(WIDTH, height, title, parts)


def _in_order(findings: Findings, dataset: str) -> list[Any]:
    table = findings.scores[findings.scores["dataset"] == dataset].set_index("recipe")
    present = [name for name in findings.order if name in table.index]
    return list(table.loc[present].reset_index().itertuples())


def _score_scale(rows: Sequence[Any], margin: float) -> svg.Scale:
    """An axis that holds chance, every interval and every published mark."""
    if not rows:
        return svg.Scale(0.0, 1.0, margin, WIDTH - 10)
    ends = [row.ci_low for row in rows] + [row.ci_high for row in rows] + [rows[0].chance]
    ends += [row.published for row in rows if not words.missing(row.published)]
    low, high = min(ends), max(ends)
    room = 0.05 * max(high - low, 0.05)
    return svg.Scale(low - room, high + room, margin, WIDTH - 10)


def _axis(scale: svg.Scale, bottom: float, text: str, top: float = _TOP - 4) -> list[Markup]:
    parts = []
    for value in svg.ticks(100 * scale.low, 100 * scale.high, 4):
        x = scale(value / 100)
        parts.append(svg.line(x, top, x, bottom, "grid"))
        parts.append(svg.label(x, bottom + 15, _tick(value), "tick", "middle"))
    middle = (scale.start + scale.end) / 2
    parts.append(svg.label(middle, bottom + 29, text, "axis", "middle"))
    return parts


def _tick(value: float) -> str:
    return f"{value:g}".replace("-", words.MINUS)


def _chance(scale: svg.Scale, chance: float, bottom: float) -> list[Markup]:
    """The dashed chance line with its value, which stays inside the picture."""
    x, text = scale(chance), f"chance {words.percent(chance)}"
    half = svg.text_width(text, 11.5) / 2
    at = min(max(x, half + 2), scale.end + 8 - half)
    return [
        svg.line(x, _TOP - 6, x, bottom, "chance"),
        svg.label(at, _TOP - 11, text, "tick", "middle"),
    ]


def _panel_row(findings: Findings, row: Any, scale: svg.Scale, margin: float, y: float) -> Markup:
    name, family = str(row.recipe), findings.result.recipes[row.recipe].get("family", "linear")
    parts = [svg.label(margin - 8, y + 4, short(name), None, "end")]
    if row.status != "ok":
        parts.append(svg.label(scale.start + 8, y + 4, status_words(row), "na halo"))
        return svg.tag("g", Markup("").join(parts), data_r=name)
    parts.append(svg.interval(family, scale, row.ci_low, row.ci_high, y))
    parts.append(svg.mark(family, scale(row.score), y))
    if not words.missing(row.published):
        parts.append(svg.diamond(scale(row.published), y, row.published_comparable))
    if row.n_seeds < row.n_seeds_planned:
        parts.append(_note(scale, row, y, f"{row.n_seeds:.0f} of {row.n_seeds_planned:.0f} seeds"))
    return svg.tag("g", Markup("").join(parts), data_r=name)


def _note(scale: svg.Scale, row: Any, y: float, text: str) -> Markup:
    """A remark on the side of the interval where there is room."""
    width = svg.text_width(text, 11)
    if scale(row.ci_low) - 6 - width > scale.start:
        return svg.label(scale(row.ci_low) - 6, y + 4, text, "na halo", "end")
    return svg.label(min(scale(row.ci_high) + 6, scale.end - width), y + 4, text, "na halo")


STRIP = 150


def strip_scale(findings: Findings) -> svg.Scale:
    """The common axis of the ranking's strips: gain over chance, always with 0."""
    table = findings.ranking
    low, high = min(0.0, table["gain_low"].min()), max(0.05, table["gain_high"].max())
    return svg.Scale(low, high, 8, STRIP - 8)


def strip_head(scale: svg.Scale) -> Markup:
    """Ticks over the strips; hidden from screen readers, the numbers stand beside them."""
    parts = [svg.label(2, 12, "chance", "tick")]
    for value in svg.ticks(100 * scale.low, 100 * scale.high, 3):
        x = scale(value / 100)
        if x > 8 + svg.text_width("chance", 11.5):
            anchor = "end" if x > STRIP - 14 else "middle"
            parts.append(svg.label(min(x, STRIP - 1), 12, _tick(value), "tick", anchor))
    return _strip("strip", 16, parts)


def strip(findings: Findings, row: Any, scale: svg.Scale) -> Markup:
    """Gain and interval of one recipe in the ranking."""
    zero = scale(0)
    parts = [svg.line(zero, 1, zero, 23, "chance")]
    for value in svg.ticks(100 * scale.low, 100 * scale.high, 3):
        if abs(value) > 1e-9:
            parts.append(svg.line(scale(value / 100), 3, scale(value / 100), 21, "grid"))
    if not words.missing(row.gain):
        parts.append(svg.interval(row.family, scale, row.gain_low, row.gain_high, 12))
        parts.append(svg.mark(row.family, scale(row.gain), 12))
    return _strip("strip", 24, parts)


def _strip(class_: str, height: int, parts: Sequence[Markup]) -> Markup:
    return svg.tag(
        "svg", Markup("").join(parts), class_=class_, width=STRIP, height=height,
        viewBox=f"0 0 {STRIP} {height}", aria_hidden="true",
    )  # fmt: skip


COST_WIDTH, COST_HEIGHT = 520, 330
_TIMES = (
    (0.001, "1 ms"), (0.01, "0.01 s"), (0.1, "0.1 s"), (1, "1 s"), (10, "10 s"), (60, "1 min"),
    (600, "10 min"), (3600, "1 h"), (36000, "10 h"),
)  # fmt: skip


def cost_rows(findings: Findings) -> list[Any]:
    """Recipes with a gain and a fit time, cheapest first."""
    table = findings.ranking.dropna(subset=["gain", "fit_seconds"])
    return list(table.sort_values("fit_seconds", kind="stable").itertuples())


def front(rows: Sequence[Any]) -> list[Any]:
    """Ranked recipes that nothing cheaper beats."""
    best: list[Any] = []
    for row in rows:
        if not words.missing(row.rank) and (not best or row.gain > best[-1].gain):
            best.append(row)
    return best


def cost_panel(findings: Findings) -> Markup | None:
    """Gain over chance against the time of one fit, with the Pareto front as steps."""
    rows = cost_rows(findings)
    if len(rows) < 2:
        return None
    times = [max(row.fit_seconds, 1e-3) for row in rows]
    x = svg.Scale(min(times) / 3, max(times) * 3, 48, COST_WIDTH - 12, log=True)
    low = min(0.0, *(row.gain_low for row in rows))
    y = svg.Scale(low, max(row.gain_high for row in rows) * 1.05, COST_HEIGHT - 42, 26)
    parts = [svg.label(8, 12, "gain over chance, %", "axis")]
    for value in svg.ticks(100 * y.low, 100 * y.high, 5):
        at = y(value / 100)
        zero = "chance" if abs(value) < 1e-9 else "grid"
        parts.append(svg.line(x.start, at, x.end, at, zero))
        parts.append(svg.label(x.start - 7, at + 4, _tick(value), "tick", "end"))
    for seconds, text in _TIMES:
        if x.low <= seconds <= x.high:
            parts.append(svg.line(x(seconds), y.end, x(seconds), y.start, "grid"))
            parts.append(svg.label(x(seconds), y.start + 17, text, "tick", "middle"))
    middle = (x.start + x.end) / 2
    parts.append(
        svg.label(middle, COST_HEIGHT - 8, "time of one fit (log scale)", "axis", "middle")
    )
    best = front(rows)
    parts.append(_steps(best, x, y))
    parts += _cost_marks(rows, {row.recipe for row in best}, x, y)
    title = f"Gain over chance against fit time of {len(rows)} recipes; on the front: "
    title += words.join_words([str(row.recipe) for row in best]) if best else "none"
    return svg.picture(COST_WIDTH, COST_HEIGHT, title, parts, "wide")


def _steps(best: Sequence[Any], x: svg.Scale, y: svg.Scale) -> Markup:
    points: list[tuple[float, float]] = []
    for row in best:
        at = (x(max(row.fit_seconds, 1e-3)), y(row.gain))
        points += [(at[0], points[-1][1])] if points else []
        points.append(at)
    if points:
        points.append((x.end, points[-1][1]))
    return svg.path(points, "front")


def _cost_marks(rows: Sequence[Any], best: set[str], x: svg.Scale, y: svg.Scale) -> list[Markup]:
    """Marks first, then names where they hide nothing; a name without room is left to the table."""
    marks, taken = [], []
    places = [(row, x(max(row.fit_seconds, 1e-3)), y(row.gain)) for row in rows]
    for row, at_x, at_y in places:
        bar = svg.line(at_x, y(row.gain_low), at_x, y(row.gain_high), f"ci thin {row.family}")
        dot = svg.mark(row.family, at_x, at_y)
        marks.append(svg.tag("g", bar + dot, data_r=str(row.recipe)))
        taken.append((at_x - 5, at_y - 6, at_x + 5, at_y + 6))
    for row, at_x, at_y in sorted(places, key=lambda place: place[0].recipe not in best):
        found = _free_place(str(row.recipe), at_x, at_y, taken)
        if found is None:
            continue
        text_x, text_y, anchor, box = found
        taken.append(box)
        name = short(str(row.recipe)) + ("" if not words.missing(row.rank) else "*")
        class_ = "b halo" if row.recipe in best else "halo"
        marks.append(
            svg.tag("g", svg.label(text_x, text_y, name, class_, anchor), data_r=str(row.recipe))
        )
    return marks


def _free_place(
    name: str, x: float, y: float, taken: Sequence[tuple[float, float, float, float]]
) -> tuple[float, float, str, tuple[float, float, float, float]] | None:
    width = svg.text_width(short(name) + "*", 13)
    for dx, dy, anchor in (
        (9, 4, "start"), (-9, 4, "end"), (0, -11, "middle"), (0, 19, "middle"),
        (9, -9, "start"), (9, 17, "start"), (-9, -9, "end"), (-9, 17, "end"),
        (14, -24, "start"), (14, 31, "start"), (-14, -24, "end"), (-14, 31, "end"),
    ):  # fmt: skip
        at = x + dx
        start = {"start": at, "end": at - width, "middle": at - width / 2}[anchor]
        box = (start, y + dy - 12, start + width, y + dy + 4)
        inside = box[0] > 44 and box[2] < COST_WIDTH and box[1] > 16 and box[3] < COST_HEIGHT - 40
        clear = all(
            box[2] < other[0] or box[0] > other[2] or box[3] < other[1] or box[1] > other[3]
            for other in taken
        )
        if inside and clear:
            return at, y + dy, anchor, box
    return None
