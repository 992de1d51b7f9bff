"""The scores of a result as a LaTeX table, from the same frame as the terminal and the report."""

from __future__ import annotations

from typing import Any

from neurodecode.bench.summary import Findings, ResultLike, findings_of
from neurodecode.bench.table import status_words
from neurodecode.core import words


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
    findings = findings_of(result, metric)
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
    row: Any = next(iter(rows.itertuples()))
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
