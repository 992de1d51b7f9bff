"""The page: findings go in, one self-contained HTML file comes out."""

from __future__ import annotations

import base64
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from neurodecode.bench.published import best_published
from neurodecode.bench.report import learning, maps, numbers, panels, people, svg
from neurodecode.bench.report.verdict import verdict
from neurodecode.bench.summary import Findings, ResultLike, findings_of
from neurodecode.bench.table import describe, score_frame
from neurodecode.core import words
from neurodecode.core.files import atomic_write

_MOST_CURVES = 12


def write_report(
    result: ResultLike | Findings, path: str | Path, metric: str | None = None
) -> Path:
    """Write the report of a result as one HTML file that needs nothing else.

    Parameters
    ----------
    result : a benchmark's result, or its findings
    path : where to write; an existing file is replaced whole or not at all
    metric : str, optional
        Another metric that the stored predictions allow.

    Returns
    -------
    path : Path of the file

    Examples
    --------
    >>> import neurodecode as nd
    >>> result = nd.benchmark("sim-mi", ["csp-lda", "mdm"])  # doctest: +SKIP
    >>> write_report(result, "report.html")                  # doctest: +SKIP
    """
    page = render_report(findings_of(result, metric))
    with atomic_write(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return Path(path)


def render_report(findings: Findings) -> str:
    """The page as text; the same findings give the same bytes."""
    folder = files("neurodecode.bench.report")
    source = {
        name: folder.joinpath(name).read_text(encoding="utf-8")
        for name in ("report.html.j2", "macros.html.j2", "report.css", "report.js")
    }
    environment = jinja2.Environment(
        loader=jinja2.DictLoader(source),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("report.html.j2").render(
        css=Markup(source["report.css"]), js=Markup(source["report.js"]), **context(findings)
    )


def context(findings: Findings) -> dict[str, Any]:
    """Everything the template reads."""
    result = findings.result
    simulated = [name for name, entry in result.datasets.items() if entry.get("simulated")]
    return {
        "title": f"{words.plural(len(result.recipes), 'recipe')} on "
        f"{words.plural(len(result.datasets), 'data set')}",
        "facts": facts(findings),
        "verdict": verdict(findings),
        "metric": findings.metric_words,
        "ranking": ranking(findings),
        "families": [(svg.glyph(key), word) for key, word in _families(findings)],
        "sets": [score_set(findings, name) for name in result.datasets],
        "simulated": simulated,
        "pairs": numbers.pair_matrix(findings),
        "subjects": subjects(findings),
        "confusions": numbers.confusions(findings),
        "learning": curves(findings),
        "cost": cost(findings),
        "patterns": patterns(findings),
        "failures": numbers.failure_rows(findings),
        "again": command(result.info.get("command")),
        "data": numbers.data_table(findings),
        "machine": numbers.machine_table(findings),
        "papers": papers(findings),
        "csv": base64.b64encode(score_frame(findings).to_csv(index=False).encode()).decode(),
    }


def command(text: str | None) -> Markup | None:
    """A command line whose options are not broken at their hyphens."""
    if not text:
        return None
    unbroken = Markup('<span class="nm">{}</span>')
    parts = [unbroken.format(word) if word.startswith("-") else escape(word) for word in
             text.split(" ")]  # fmt: skip
    return Markup(" ").join(parts)


def facts(findings: Findings) -> list[tuple[str, str]]:
    """The line under the title: what ran, how, for how long."""
    result, info = findings.result, findings.result.info
    splits = sorted({str(entry.get("split")) for entry in result.datasets.values()})
    total = int(info.get("n_cells", len(result.frame)))
    failed, skipped = info.get("n_failed", 0), info.get("n_not_applicable", 0)
    runs = f"{words.grouped(total - failed - skipped)} of {words.grouped(total)} finished"
    runs += f", {words.grouped(skipped)} do not apply" if skipped else ""
    runs += f", {words.grouped(failed)} failed" if failed else ""
    seeds = result.frame["seed"].nunique() if len(result.frame) else 0
    found = [
        ("Split", ", ".join(splits)),
        ("Seeds", str(seeds)),
        ("Runs", runs),
        ("Metric", findings.metric_words),
    ]
    if info.get("elapsed_s") is not None:
        earlier = int(info.get("n_from_earlier", 0))
        kept = f", {words.grouped(earlier)} runs kept from before" if earlier else ""
        took = words.seconds_words(info["elapsed_s"])
        found.append(("Took", f"{took}, {info.get('device')}{kept}"))
    if info.get("date"):
        found.append(("Date", str(info["date"])[:10]))
    return found


def ranking(findings: Findings) -> dict[str, Any] | None:
    """Rows of the ranking and the axis of its strips; None when nothing has a gain."""
    table = findings.ranking
    if not table["gain"].notna().any():
        return None
    scale = panels.strip_scale(findings)
    rows = []
    for row in table.itertuples():
        item = numbers.ranking_row(row)
        item["strip"] = panels.strip(findings, row, scale)
        rows.append(item)
    return {
        "head": panels.strip_head(scale),
        "ranked": [row for row in rows if row["ranked"]],
        "unranked": [row for row in rows if not row["ranked"]],
        "n_sets": len(findings.ranked_sets),
        "n_possible": set_words(findings),
        "published": bool(table["published"].notna().any()),
    }


def set_words(findings: Findings) -> str:
    """How many data sets a mean is over, and of which kind."""
    chosen = findings.ranked_sets
    entries = [findings.result.datasets[name] for name in chosen]
    kind = "simulated" if any(entry.get("simulated") for entry in entries) else "real"
    return words.plural(len(chosen), f"{kind} data set")


def _families(findings: Findings) -> list[tuple[str, str]]:
    used = {entry.get("family", "linear") for entry in findings.result.recipes.values()}
    return [(key, word) for key, word in svg.FAMILIES.items() if key in used]


def score_set(findings: Findings, dataset: str) -> dict[str, Any]:
    """One data set: what it is, its panel, its table."""
    entry = findings.result.datasets[dataset]
    planned, done = findings.scores["dataset"] == dataset, len(findings.on(dataset))
    classes = entry.get("classes") or []
    channels = str(entry.get("channel_text") or entry.get("modality", ""))
    kinds = words.plural(len(classes), "class", "classes") if classes else "continuous target"
    return {
        "name": dataset,
        "simulated": bool(entry.get("simulated")),
        "lines": [
            f"{channels} · {kinds}",
            describe(findings, dataset).split(", ", 2)[-1],
        ],
        "svg": panels.score_panel(findings, dataset) if done else None,
        "flaw": entry.get("flaw"),
        "published": best_published(entry),
        "numbers": numbers.score_table(findings, dataset) if planned.any() else None,
    }


def subjects(findings: Findings) -> dict[str, Any]:
    """Figures about people; None where a figure has no data."""
    crowded, pair = people.crowded_set(findings), people.two_recipes(findings)
    found: dict[str, Any] = {"crowd": None, "duel": None, "spread": numbers.spread_table(findings)}
    found["any"] = not findings.people.empty
    if crowded is not None:
        found["crowd"] = {
            "dataset": crowded,
            "svg": people.subject_panel(findings, crowded),
            "n_recipes": len(findings.on(crowded)),
            "most": people.MOST_RECIPES,
            "numbers": numbers.subject_table(findings, crowded),
        }
    if pair is not None and people.differences(findings, *pair):
        found["duel"] = {
            "a": pair[0],
            "b": pair[1],
            "svg": people.difference_panel(findings, *pair),
            "numbers": numbers.duel_table(findings, *pair),
        }
    return found


def curves(findings: Findings) -> dict[str, Any] | None:
    """Loss curves of the nets on one data set."""
    dataset = learning.curve_set(findings)
    if dataset is None:
        return None
    nets = list(learning.curves(findings, dataset))
    return {
        "dataset": dataset,
        "left_out": max(len(nets) - _MOST_CURVES, 0),
        "panels": [
            {
                "name": name,
                "glyph": svg.glyph(findings.result.recipes[name].get("family", "cnn")),
                "svg": learning.loss_panel(findings, name, dataset),
            }
            for name in nets[:_MOST_CURVES]
        ],
        "numbers": numbers.loss_table(findings, dataset),
    }


def cost(findings: Findings) -> dict[str, Any] | None:
    """What a point costs."""
    picture = panels.cost_panel(findings)
    if picture is None:
        return None
    rows = panels.cost_rows(findings)
    return {
        "svg": picture,
        "partial": any(words.missing(row.rank) for row in rows),
        "numbers": numbers.cost_table(findings),
    }


def patterns(findings: Findings) -> list[dict[str, Any]]:
    """Topographies of those patterns whose channels have positions."""
    import numpy as np

    found = []
    for number, row in enumerate(getattr(findings.result, "patterns", ())):
        entry = findings.result.datasets[row["dataset"]]
        if not entry.get("positions"):
            continue
        points = maps.flatten(np.asarray(entry["positions"], dtype=float))
        values = np.asarray(row["values"], dtype=float)
        names = list(entry["channel_names"])
        heads, rim = [], []
        for k, (label, single) in enumerate(zip(row["classes"], values, strict=True)):
            title = f"{row['recipe']}, {label}"
            heads.append((label, maps.topography(single, points, names, title, f"h{number}-{k}")))
            if maps.at_rim(points, single):
                rim.append(f"{label} peaks at {names[maps.strongest(single)]}")
        found.append({
            "recipe": row["recipe"], "dataset": row["dataset"], "heads": heads, "rim": rim,
            "glyph": svg.glyph(findings.result.recipes[row["recipe"]].get("family", "linear")),
            "numbers": numbers.pattern_table(row, names),
        })  # fmt: skip
    return found


def papers(findings: Findings) -> list[dict[str, Any]]:
    """Steps and paper of every recipe."""
    return [
        {
            "name": name,
            "glyph": svg.glyph(entry.get("family", "linear")),
            "title": entry.get("title") or name,
            "paper": entry.get("paper") or "",
            "steps": entry.get("steps") or "",
        }
        for name, entry in findings.result.recipes.items()
    ]
