"""The tables of a result in the terminal and in LaTeX, from the same frame as the report.

Numbers line up on the decimal point, a missing one is a word, and a row at chance says so. A
narrow terminal loses the parameters first, then the fit time; nothing that bears on the claim.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from neurodecode.bench.summary import Findings, ResultLike
from neurodecode.core import words
from neurodecode.core.errors import DataError, did_you_mean

LAYOUTS = ("dataset", "recipe", "best")
_WIDTH = 100
_DROP_FIRST = ("parameters", "fit time")  # in this order, when the terminal is narrow
_DAGGER = "† published under another protocol: not compared"
_ALONE = 3  # names listed in "not told apart"; the others are counted


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
    console.print(tables(_findings(result, metric), by=by, width=width))
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
        return Group(title, _layout(columns, _drops([columns], width)))
    parts: list[RenderableType] = []
    if by == "dataset":
        columns_of = {name: _set_columns(findings, name) for name in findings.result.datasets}
        drops = _drops(list(columns_of.values()), width)
        for name, columns in columns_of.items():
            parts += [*_one_set(findings, name, columns, drops), ""]
    title = _title("All data sets", "best of each, and whether it is alone", {})
    return Group(*parts, title, _layout(_best_columns(findings)))


def latex_table(
    result: ResultLike | Findings, by: str = "dataset", metric: str | None = None
) -> str:
    r"""The scores as a LaTeX table (package booktabs), recipes in rows and data sets in columns.

    Parameters
    ----------
    result : a benchmark's result, or its findings
    by : {"dataset", "recipe"}, default "dataset"
        Scores on every data set, or the ranking over them.
    metric : str, optional
        Another metric that the stored predictions allow.

    Examples
    --------
    >>> import neurodecode as nd
    >>> result = nd.benchmark("sim-mi", ["csp-lda"])  # doctest: +SKIP
    >>> print(latex_table(result))                    # doctest: +SKIP
    """
    findings = _findings(result, metric)
    if by == "recipe":
        head = [
            "Recipe",
            "Gain over chance",
            "95\\,\\% interval",
            "Published",
            "Ours $-$ published",
        ]
        body = [_latex_rank(row) for row in findings.ranking.itertuples()]
    else:
        names = list(findings.result.datasets)
        head = ["Recipe", *(_latex_name(findings, name) for name in names)]
        best = {name: findings.best(name) for name in names}
        body = [
            [_escape(recipe), *(_latex_cell(findings, name, recipe, best[name]) for name in names)]
            for recipe in findings.order
        ]
    note = f"{findings.metric_words.capitalize()} in percent, 95\\,\\% interval in brackets."
    lines = [
        "\\begin{tabular}{l" + "r" * (len(head) - 1) + "}",
        "\\toprule",
        " & ".join(head) + " \\\\",
        "\\midrule",
        *(" & ".join(row) + " \\\\" for row in body),
        "\\bottomrule",
        "\\end{tabular}",
        f"% {note} Bold: highest score of a data set, not a test.",
    ]
    return "\n".join(lines)


def _findings(result: ResultLike | Findings, metric: str | None) -> Findings:
    if isinstance(result, Findings) and metric is None:
        return result
    return Findings.of(result.result if isinstance(result, Findings) else result, metric)


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
    """What a row must confess: at or below chance, failed, missing seeds, or nothing."""
    if row.status == "failed":
        return "failed"
    if row.status == "not-applicable":
        return "does not apply"
    notes = []
    if row.below_chance:
        notes.append("below chance: check the labels")
    elif row.at_chance:
        notes.append("at chance")
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
    findings: Findings, dataset: str, columns: dict[str, list[str]], drops: Sequence[str]
) -> list[RenderableType]:
    entry, rows = findings.result.datasets[dataset], _rows_of(findings, dataset)
    parts: list[RenderableType] = [_title(dataset, describe(findings, dataset), entry)]
    if not rows:
        return [*parts, Text("  no run of this data set is here yet", style="dim")]
    parts.append(_layout(columns, drops, styles=[_row_style(row) for row in rows]))
    if any(cell.endswith("†") for cell in columns["published"]):
        parts.append(Text(f"  {_DAGGER}", style="dim"))
    if entry.get("flaw"):
        parts.append(Text(f"  data: {entry['flaw']}", style="dim"))
    return parts


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
        note = "" if ranked else f"not ranked: {row.n_sets} of {row.n_possible} data sets"
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
    columns: dict[str, list[str]], drops: Sequence[str] = (), styles: Sequence[str] | None = None
) -> Table:
    """A table of aligned text; only its last column may wrap."""
    kept = {name: cells for name, cells in columns.items() if name not in drops}
    kept = {name: cells for name, cells in kept.items() if name or any(cells)}
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("", width=0)
    aligned = []
    for name, cells in kept.items():
        last = name == list(kept)[-1]
        cells = cells if name in _LEFT else _aligned(cells)
        width = max(map(len, (name, *cells)))
        # Padded here: rich would strip the blanks that hold the decimal points together.
        right = name not in _LEFT
        aligned.append([cell.rjust(width) for cell in cells] if right else cells)
        table.add_column(
            name.rjust(width) if right else name, no_wrap=not last, min_width=8 if last else width
        )
    for number, cells in enumerate(zip(*aligned, strict=True)):
        table.add_row("", *cells, style=styles[number] if styles else None)
    return table


def _drops(tables_: Sequence[dict[str, list[str]]], width: int) -> tuple[str, ...]:
    """Columns to leave out of all tables so that the widest one fits."""
    console = Console(width=10_000, color_system=None)
    for count in range(len(_DROP_FIRST) + 1):
        drops = _DROP_FIRST[:count]
        widths = [
            Measurement.get(console, console.options, _layout(columns, drops)).maximum
            for columns in tables_
        ]
        if max(widths, default=0) <= width:
            return drops
    return _DROP_FIRST


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


def _escape(text: str) -> str:
    for char in "&%$#_":
        text = text.replace(char, "\\" + char)
    return text


def _latex_name(findings: Findings, dataset: str) -> str:
    tag = " (simulated)" if findings.result.datasets[dataset].get("simulated") else ""
    return _escape(dataset + tag)


def _latex_cell(findings: Findings, dataset: str, recipe: str, best: str | None) -> str:
    table = findings.scores
    rows = table[(table["dataset"] == dataset) & (table["recipe"] == recipe)]
    if rows.empty:
        return "--"
    row: Any = next(rows.itertuples())
    if row.status != "ok":
        return status_words(row)
    n = int(row.n)
    score = words.percent(row.score, n).replace(words.MINUS, "$-$")
    score = f"\\textbf{{{score}}}" if recipe == best else score
    return f"{score} {words.interval_words(row.ci_low, row.ci_high, n)}"


def _latex_rank(row: Any) -> list[str]:
    gap = row.ours_minus_published
    gain = words.interval_words(row.gain_low, row.gain_high)
    cells = [
        _escape(str(row.recipe)),
        words.percent(row.gain),
        gain,
        words.NONE if words.missing(row.published) else words.percent(row.published),
        words.NOT_APPLICABLE if words.missing(gap) else words.signed(100 * gap),
    ]
    return [cell.replace(words.MINUS, "$-$").replace("–", "--") for cell in cells]


def score_frame(findings: Findings) -> pd.DataFrame:
    """The summary as it is written to ``table.csv``: fractions, one row a data set and recipe."""
    return findings.scores.drop(columns=["chance_band"])
