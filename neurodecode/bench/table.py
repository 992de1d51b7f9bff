"""The tables of a result in the terminal, from the same frame as the report.

Numbers line up on the decimal point, a missing one is a word, and a row at chance says so. A
narrow terminal loses the parameters, then published columns without a value, then long headings;
score, interval, chance and fit time are always there.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from neurodecode.bench.published import best_published
from neurodecode.bench.summary import Findings, ResultLike, findings_of
from neurodecode.core import words
from neurodecode.core.errors import DataError, did_you_mean

LAYOUTS = ("dataset", "recipe", "best")
_WIDTH = 100
_PUBLISHED = ("published", "ours−pub")
_SHORT = {"published": "publ.", "ours−pub": "−publ.", "fit time": "fit"}
_WRAPS = ("", "not told apart from it")  # columns of words, which may take several lines
_DAGGER = "† published under another protocol: not compared"
_TRANSDUCTIVE = "transductive: a step saw all test trials of a subject, without labels, at once"
_ALONE = 3  # names listed in "not told apart"; the others are counted


@dataclass(frozen=True)
class _Shape:
    """How tables are squeezed into a terminal: columns left out, headings, blanks between."""

    drops: tuple[str, ...] = ()
    short: bool = False
    gap: int = 2


def text_table(
    result: ResultLike | Findings,
    by: str = "dataset",
    metric: str | None = None,
    width: int = _WIDTH,
) -> str:
    """Tables of a result as plain text, without colour.

    Parameters
    ----------
    result : a benchmark's result, or its findings
    by : {"dataset", "recipe", "best"}, default "dataset"
        One table a data set and the best of each; the ranking; only the best of each.
    metric : str, optional
        Another metric that the stored predictions allow.
    width : int, default 100
        Columns of the terminal.

    Returns
    -------
    text : str, lines of at most `width` columns wherever names allow it

    Raises
    ------
    DataError : `by` is none of the layouts.

    Examples
    --------
    >>> import neurodecode as nd
    >>> result = nd.benchmark("sim-mi", ["csp-lda"])  # doctest: +SKIP
    >>> print(text_table(result, width=80))           # doctest: +SKIP
    """
    target = io.StringIO()
    console = Console(file=target, width=width, color_system=None, highlight=False)
    console.print(tables(findings_of(result, metric), by=by, width=width))
    return "\n".join(line.rstrip() for line in target.getvalue().splitlines())


def tables(findings: Findings, by: str = "dataset", width: int = _WIDTH) -> RenderableType:
    """The same tables for a rich console, which knows about colour, pipes and ``NO_COLOR``."""
    if by not in LAYOUTS:
        raise DataError(
            f"no table by {by!r}",
            found=repr(by),
            expected=", ".join(LAYOUTS),
            fix=did_you_mean(by, LAYOUTS) or 'by="dataset"',
        )
    if by == "recipe":
        columns = _ranking_columns(findings)
        count = words.plural(len(findings.ranked_sets), "data set")
        title = _title("Ranking", f"gain over chance, %, mean over {count}", {})
        return Group(title, _layout(columns, _shape([columns], width)))
    parts: list[RenderableType] = []
    if by == "dataset":
        columns_of = {name: _set_columns(findings, name) for name in findings.result.datasets}
        shape = _shape(list(columns_of.values()), width)
        for name, columns in columns_of.items():
            parts += [*_one_set(findings, name, columns, shape), *_notes(findings, name, width), ""]
    title = _title("All data sets", "best of each, and whether it is alone", {})
    best = _best_columns(findings)
    return Group(*parts, title, _layout(best, _shape([best], width)))


def describe(findings: Findings, dataset: str) -> str:
    """What was measured on a data set: metric, test trials, subjects, split."""
    entry = findings.result.datasets[dataset]
    rows = findings.on(dataset)
    metric = findings.metrics[dataset].replace("-", " ")
    parts = [f"{metric}, %"]
    if len(rows):
        people, trials = int(rows["n_subjects"].iloc[0]), int(rows["n"].iloc[0])
        if people > 1:
            parts.append(words.plural(people, "subject"))
        parts.append(words.plural(trials, "test trial"))
    split = str(entry.get("split", ""))
    parts.append(f"{split} split" if split == "published" else split)
    return ", ".join(part for part in parts if part)


def published_words(row: Any) -> tuple[str, str]:
    """Published score and our difference to it: a dagger where the protocol is another one."""
    if words.missing(row.published):
        return words.NONE, words.NOT_APPLICABLE
    if not row.published_comparable:
        return words.percent(row.published) + "†", "†"
    return words.percent(row.published), words.signed(100 * row.ours_minus_published)


def status_words(row: Any) -> str:
    """What a row must confess: at chance, transductive, failed, missing seeds, or nothing."""
    if row.status == "failed":
        return "failed"
    if row.status == "not-applicable":
        return "does not apply"
    notes = []
    if row.below_chance:
        notes.append("below chance: check the labels")
    elif row.at_chance:
        notes.append("at chance")
    if row.transductive:
        notes.append("transductive")
    if row.n_seeds < row.n_seeds_planned:
        notes.append(f"{row.n_seeds:.0f} of {row.n_seeds_planned:.0f} seeds")
    return ", ".join(notes)


def _rows_of(findings: Findings, dataset: str) -> list[Any]:
    """All rows of a data set, best first, those without a score last."""
    rows = findings.scores[findings.scores["dataset"] == dataset]
    rows = rows.sort_values("score", ascending=False, kind="stable", na_position="last")
    return list(rows.itertuples())


def _set_columns(findings: Findings, dataset: str) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {
        "#": [], "recipe": [], "score": [], "95 % interval": [], "chance": [], "published": [],
        "ours−pub": [], "fit time": [], "parameters": [], "": [],
    }  # fmt: skip
    for place, row in enumerate(_rows_of(findings, dataset), start=1):
        published, gap = published_words(row)
        n = None if words.missing(row.n) else int(row.n)
        cells = (
            str(place) if row.status == "ok" else words.NOT_APPLICABLE,
            str(row.recipe), words.percent(row.score, n),
            words.interval_words(row.ci_low, row.ci_high, n), words.percent(row.chance),
            published, gap, words.seconds_words(row.fit_seconds),
            words.count_words(row.parameters), status_words(row),
        )  # fmt: skip
        for name, cell in zip(columns, cells, strict=True):
            columns[name].append(cell)
    return columns


def _one_set(
    findings: Findings, dataset: str, columns: dict[str, list[str]], shape: _Shape
) -> list[RenderableType]:
    entry, rows = findings.result.datasets[dataset], _rows_of(findings, dataset)
    title = _title(dataset, describe(findings, dataset), entry)
    if not rows:
        return [title, Text("  no run of this data set is here yet", style="dim")]
    return [title, _layout(columns, shape, styles=[_row_style(row) for row in rows])]


def _notes(findings: Findings, dataset: str, width: int) -> list[RenderableType]:
    """Lines under a table: its marks, what others reached, what is wrong with the data."""
    entry, rows = findings.result.datasets[dataset], _rows_of(findings, dataset)
    notes = []
    if any(published_words(row)[1] == "†" for row in rows):
        notes.append(_DAGGER)
    if any(row.transductive and row.status == "ok" for row in rows):
        notes.append(_TRANSDUCTIVE)
    notes += [f"published: {line}" for line in best_published(entry)]
    for word, key in (("data", "flaw"), ("note", "remark")):
        if entry.get(key):
            notes.append(f"{word}: {entry[key]}")
    return [Text(_wrapped(note, width), style="dim") for note in notes]


def _wrapped(text: str, width: int) -> str:
    """Text on lines that end between words, the later ones further in."""
    return textwrap.fill(
        text, width, initial_indent="  ", subsequent_indent="    ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _best_columns(findings: Findings) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {
        "data set": [], "best": [], "score": [], "95 % interval": [], "chance": [],
        "not told apart from it": [],
    }  # fmt: skip
    for name, entry in findings.result.datasets.items():
        rows = findings.on(name)
        tag = " (simulated)" if entry.get("simulated") else ""
        if rows.empty:
            cells = (name + tag, "no run finished", *([words.NOT_APPLICABLE] * 4))
        else:
            row = next(rows.itertuples())
            n = int(row.n)  # type: ignore[arg-type]
            cells = (
                name + tag, str(row.recipe), words.percent(row.score, n),
                words.interval_words(row.ci_low, row.ci_high, n), words.percent(row.chance),
                not_told_apart(findings, name),
            )  # fmt: skip
        for column, cell in zip(columns, cells, strict=True):
            columns[column].append(cell)
    return columns


def not_told_apart(findings: Findings, dataset: str) -> str:
    """Recipes that no test separates from the best one of a data set, in a few words."""
    best, rows = findings.best(dataset), findings.on(dataset)
    others = [str(name) for name in rows["recipe"] if name != best]
    if best is None or not others:
        return words.NOT_APPLICABLE
    first = findings.pairs.between(best, others[0], dataset)
    if first is None or not first["testable"]:
        count = int(rows["n_subjects"].iloc[0])
        return f"not testable with {words.plural(count, 'subject')}"
    same = [name for name in others if not findings.pairs.told_apart(best, name, dataset)]
    apart = [name for name in others if name not in same]
    if not same:
        return words.NOT_APPLICABLE
    if len(same) > _ALONE and len(apart) < len(same):
        return (
            f"all but {words.join_words(apart)}"
            if 0 < len(apart) <= 2
            else ("all others" if not apart else f"{', '.join(same[:2])}, +{len(same) - 2}")
        )
    return ", ".join(same[:_ALONE]) + (f", +{len(same) - _ALONE}" if len(same) > _ALONE else "")


def _ranking_columns(findings: Findings) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {
        "#": [], "recipe": [], "gain": [], "95 % interval": [], "score": [], "published": [],
        "ours−pub": [], "fit time": [], "parameters": [], "": [],
    }  # fmt: skip
    for row in findings.ranking.itertuples():
        ranked = not words.missing(row.rank)  # type: ignore[arg-type]
        note = "" if ranked else f"unranked: {row.n_sets} of {row.n_possible} sets"
        cells = (
            f"{row.rank:.0f}" if ranked else words.NOT_APPLICABLE, str(row.recipe),
            words.percent(row.gain), words.interval_words(row.gain_low, row.gain_high),  # type: ignore[arg-type]
            words.percent(row.score),  # type: ignore[arg-type]
            words.NONE if words.missing(row.published) else words.percent(row.published),  # type: ignore[arg-type]
            words.NOT_APPLICABLE
            if words.missing(row.ours_minus_published)  # type: ignore[arg-type]
            else words.signed(100 * row.ours_minus_published),  # type: ignore[operator]
            words.seconds_words(row.fit_seconds), words.count_words(row.parameters), note,  # type: ignore[arg-type]
        )  # fmt: skip
        for column, cell in zip(columns, cells, strict=True):
            columns[column].append(cell)
    return columns


def _title(name: str, text: str, entry: dict[str, Any]) -> Text:
    tag = " (simulated)" if entry.get("simulated") else ""
    return Text.assemble("  ", (name + tag, "bold"), "   ", text)


def _row_style(row: Any) -> str:
    if row.status == "failed" or row.below_chance is True:
        return "red"
    if row.status == "not-applicable":
        return "dim"
    return "yellow" if row.at_chance else ""


_LEFT = frozenset(("recipe", "data set", "best", "not told apart from it", ""))


def _layout(
    columns: dict[str, list[str]], shape: _Shape, styles: Sequence[str] | None = None
) -> Table:
    """A table of aligned text; only a last column of words may wrap."""
    gap = shape.gap
    table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("", width=0)
    kept = _kept(columns, shape)
    for name, cells in kept.items():
        right = name not in _LEFT
        # Padded here: rich would strip the blanks that hold the decimal points together.
        heading = name.rjust(_widest(name, cells)) if right else name
        table.add_column(heading, no_wrap=name not in _WRAPS, min_width=_least_width(name, cells))
    for number, row in enumerate(zip(*kept.values(), strict=True)):
        table.add_row("", *row, style=styles[number] if styles else None)
    return table


def _kept(columns: dict[str, list[str]], shape: _Shape) -> dict[str, list[str]]:
    """Columns as they are printed: without dropped and empty ones, numbers aligned."""
    kept = {}
    for name, cells in columns.items():
        if name in shape.drops or not (name or any(cells)):
            continue
        heading = _SHORT.get(name, name) if shape.short else name
        if name not in _LEFT:
            cells = _aligned(cells)
            width = _widest(heading, cells)
            cells = [cell.rjust(width) for cell in cells]
        kept[heading] = cells
    return kept


def _widest(name: str, cells: Sequence[str]) -> int:
    return max(map(len, (name, *cells)))


def _least_width(name: str, cells: Sequence[str]) -> int:
    """Width below which a word of a column would be broken."""
    if name not in _WRAPS:
        return _widest(name, cells)
    return max((len(word) for cell in (name, *cells) for word in cell.split()), default=1)


def _shape(tables_: Sequence[dict[str, list[str]]], width: int) -> _Shape:
    """The gentlest squeeze under which the widest of the tables fits."""
    bare = [name for name in _PUBLISHED if not any(map(_has_number, _cells(tables_, name)))]
    least = ("parameters", *bare)
    shapes = (
        _Shape(),
        _Shape(("parameters",)),
        _Shape(least),
        _Shape(least, short=True),
        _Shape(least, short=True, gap=1),
    )
    # Parameters go before a remark must take two lines.
    if _fits(tables_, shapes[0], width, _widest):
        return shapes[0]
    fitting = (shape for shape in shapes[1:] if _fits(tables_, shape, width, _least_width))
    return next(fitting, shapes[-1])


def _cells(tables_: Sequence[dict[str, list[str]]], name: str) -> list[str]:
    return [cell for columns in tables_ for cell in columns.get(name, ())]


def _has_number(cell: str) -> bool:
    return any(char.isdigit() for char in cell)


def _fits(
    tables_: Sequence[dict[str, list[str]]], shape: _Shape, width: int, measure: Callable[..., int]
) -> bool:
    kept = [_kept(columns, shape) for columns in tables_]
    widths = [
        sum(shape.gap + measure(name, cells) for name, cells in columns.items()) for columns in kept
    ]
    return max(widths, default=0) <= width


def _aligned(cells: Iterable[str]) -> list[str]:
    """Right-aligned numbers line up on the decimal point, beside whole ones and daggers."""
    cells = list(cells)
    if any(_decimals(cell) for cell in cells):
        cells = [cell + "  " if _whole(cell) else cell for cell in cells]
    if any(len(cell) > 1 and cell.endswith("†") for cell in cells):
        cells = [cell if cell.endswith("†") else cell + " " for cell in cells]
    return cells


def _decimals(cell: str) -> bool:
    return "." in cell and cell.replace(".", "").lstrip("+−").isdigit()


def _whole(cell: str) -> bool:
    return cell.lstrip("+−").isdigit()


def score_frame(findings: Findings) -> pd.DataFrame:
    """The summary as it is written to ``table.csv``: fractions, one row a data set and recipe."""
    return findings.scores.drop(columns=["chance_band"])
