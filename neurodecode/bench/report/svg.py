"""Inline SVG as strings: scales, marks of the families, and the few shapes a report needs.

Colours live in the style sheet (classes carry the family), so one picture serves both themes and
print. Everything is drawn near the width at which it is shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

# family -> word on the page; the mark's shape is in `mark`, its colour in report.css
FAMILIES = {
    "riemannian": "Riemannian",
    "linear": "linear",
    "cnn": "CNN",
    "transformer": "transformer",
    "encoder": "pretrained encoder",
    "spiking": "spiking",
}


@dataclass(frozen=True)
class Scale:
    """A map from values to pixels, linear or logarithmic.

    Examples
    --------
    >>> Scale(0, 100, 10, 210)(50), Scale(1, 100, 0, 200, log=True)(10)
    (110.0, 100.0)
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, at = self.low, self.high, value
        if self.log:
            low, high, at = math.log10(low), math.log10(high), math.log10(value)
        share = 0.5 if high == low else (at - low) / (high - low)
        return self.start + share * (self.end - self.start)

    def inside(self, value: float) -> float:
        """Pixel of a value, held inside the scale."""
        return self(min(max(value, self.low), self.high))


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers inside a range, about `count` of them.

    Examples
    --------
    >>> ticks(18, 82, 4), ticks(0.2, 0.9, 4)
    ([20.0, 40.0, 60.0, 80.0], [0.2, 0.4, 0.6, 0.8])
    """
    raw = (high - low) / max(count, 1)
    if raw <= 0:
        return [low]
    unit = 10.0 ** math.floor(math.log10(raw))
    step = min((m * unit for m in (1, 2, 2.5, 5, 10) if m * unit >= raw * 0.85), default=raw)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 10) for i in range(first, last + 1)]


def tag(name: str, content: str = "", **attributes: object) -> Markup:
    """One element; underscores in attribute names become hyphens, a trailing one falls away.

    Examples
    --------
    >>> tag("line", x1=0.5, class_="grid", stroke_width=2)
    Markup('<line x1="0.5" class="grid" stroke-width="2"/>')
    """
    parts = []
    for key, value in attributes.items():
        if value is None:
            continue
        text = f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
        parts.append(f' {key.rstrip("_").replace("_", "-")}="{escape(text)}"')
    inside = f">{content}</{name}>" if content else "/>"
    return Markup(f"<{name}{''.join(parts)}{inside}")


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return tag("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_=class_)


def label(
    x: float, y: float, text: str, class_: str | None = None, anchor: str = "start"
) -> Markup:
    """A text; `anchor` is start, middle or end."""
    where = None if anchor == "start" else anchor
    return tag("text", escape(text), x=float(x), y=float(y), class_=class_, text_anchor=where)


def path(points: Iterable[tuple[float, float]], class_: str) -> Markup:
    """A polyline through points."""
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return tag("polyline", points=text, class_=class_)


def _polygon(x: float, y: float, offsets: Sequence[tuple[float, float]], class_: str) -> Markup:
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in offsets)
    return tag("polygon", points=points, class_=class_)


def mark(family: str, x: float, y: float, size: float = 4.2) -> Markup:
    """The mark of a family: shape and colour both say which."""
    class_, r = f"m {family}", size
    if family == "riemannian":
        return tag("circle", cx=float(x), cy=float(y), r=float(r), class_=class_)
    if family == "linear":
        half = 0.9 * r
        shape = [(-half, -half), (half, -half), (half, half), (-half, half)]
    elif family in ("cnn", "transformer"):
        up = 1 if family == "cnn" else -1
        shape = [(0, -1.25 * r * up), (1.2 * r, 0.95 * r * up), (-1.2 * r, 0.95 * r * up)]
    elif family == "encoder":
        a, b = 0.42 * r, 1.25 * r
        shape = [(-a, -b), (a, -b), (a, -a), (b, -a), (b, a), (a, a),
                 (a, b), (-a, b), (-a, a), (-b, a), (-b, -a), (-a, -a)]  # fmt: skip
    else:
        turns = [math.pi / 3 * k for k in range(6)]
        shape = [(1.1 * r * math.sin(t), 1.1 * r * math.cos(t)) for t in turns]
    return _polygon(x, y, shape, class_)


def diamond(x: float, y: float, filled: bool) -> Markup:
    """A published score: filled under the same protocol, hollow under another one."""
    shape = [(0.0, -4.6), (3.4, 0.0), (0.0, 4.6), (-3.4, 0.0)]
    return _polygon(x, y, shape, "pub" if filled else "pub open")


def interval(family: str, scale: Scale, low: float, high: float, y: float) -> Markup:
    """A horizontal 95 % interval."""
    return line(scale.inside(low), y, scale.inside(high), y, f"ci {family}")


def glyph(family: str) -> Markup:
    """The mark of a family, to stand beside a word; hidden from screen readers."""
    return tag(
        "svg", mark(family, 6, 6), class_="gl", width=12, height=12, viewBox="0 0 12 12",
        aria_hidden="true",
    )  # fmt: skip


def picture(
    width: int, height: float, title: str, parts: Iterable[str], class_: str = ""
) -> Markup:
    """A whole picture with its name; parts are drawn in their order."""
    return tag(
        "svg", Markup("").join(Markup(part) for part in parts), class_=class_ or None,
        viewBox=f"0 0 {width} {height:.0f}", role="img", aria_label=title,
        style=f"--w:{width}px",
    )  # fmt: skip


def text_width(text: str, size: float = 12.5) -> float:
    """Generous estimate of a text's width in pixels, for room beside an axis."""
    return 0.6 * size * len(text)
