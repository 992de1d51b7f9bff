"""The tables of the page: under every figure its numbers, and the tables that are figures.

These are the screen-reader path, the print appendix and the copy-paste source at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from markupsafe import Markup

from neurodecode.bench.pairs import ALPHA, TURN
from neurodecode.bench.report import learning, panels, people, svg
from neurodecode.bench.report.verdict import at_chance_groups
from neurodecode.bench.summary import Findings
from neurodecode.bench.table import published_words, status_words
from neurodecode.core import words

MOST_PAIRS = 16  # recipes in the matrix of pairs


@dataclass(frozen=True)
class Numbers:
    """A plain table; the first cell of a row is its heading."""

    caption: str
    head: list[str]
    rows: list[list[Any]] = field(default_factory=list)


def ranking_row(row: Any) -> dict[str, Any]:
    """One line of the ranking: words to read and values to sort by."""
    gap = row.ours_minus_published
    return {
        "ranked": not words.missing(row.rank),
        "rank": words.NOT_APPLICABLE if words.missing(row.rank) else f"{row.rank:.0f}",
        "name": row.recipe,
        "family": svg.FAMILIES.get(row.family, row.family),
        "glyph": svg.glyph(row.family),
        "gain": words.percent(row.gain),
        "interval": words.interval_words(row.gain_low, row.gain_high),
        "sets": f"{row.n_sets} of {row.n_possible}",
        "values": {
            key: "" if words.missing(getattr(row, key)) else f"{getattr(row, key):.6g}"
            for key in ("rank", "gain", "score", "chance", "published", "ours_minus_published",
                        "mean_rank", "fit_seconds", "parameters")
        },
        "score": words.percent(row.score),
        "chance": words.percent(row.chance),
        "published": words.NONE if words.missing(row.published) else words.percent(row.published),
        "published_on": "" if words.missing(row.published) else f"on {row.n_published:.0f}",
        "gap": words.NOT_APPLICABLE if words.missing(gap) else words.signed(100 * gap),
        "mean_rank": words.NOT_APPLICABLE
        if words.missing(row.mean_rank)
        else f"{row.mean_rank:.1f}",
        "fit": words.seconds_words(row.fit_seconds),
        "parameters": words.count_words(row.parameters),
    }  # fmt: skip


def score_table(findings: Findings, dataset: str) -> Numbers:
    """All recipes on one data set, ordered by score."""
    rows = findings.scores[findings.scores["dataset"] == dataset]
    rows = rows.sort_values("score", ascending=False, kind="stable", na_position="last")
    table = Numbers(
        f"{dataset}: scores in percent, ordered by score",
        ["Recipe", "Score", "95 % interval", "Interval from", "Chance", "Published",
         "Ours − published", "Fit time", "Parameters", "Remark"],
    )  # fmt: skip
    for row in rows.itertuples():
        published, gap = published_words(row)
        n = None if words.missing(row.n) else int(row.n)  # type: ignore[arg-type]
        table.rows.append([
            row.recipe, words.percent(row.score, n),  # type: ignore[arg-type]
            words.interval_words(row.ci_low, row.ci_high, n),  # type: ignore[arg-type]
            row.interval_method if row.status == "ok" else words.NOT_APPLICABLE,
            words.percent(row.chance),  # type: ignore[arg-type]
            published, gap, words.seconds_words(row.fit_seconds),  # type: ignore[arg-type]
            words.count_words(row.parameters), status_words(row) or words.NOT_APPLICABLE,  # type: ignore[arg-type]
        ])  # fmt: skip
    return table


def pair_matrix(findings: Findings) -> dict[str, Any] | None:
    """Differences below the diagonal, corrected p above; None with fewer than two recipes."""
    overall = findings.pairs.overall
    order = [
        recipe
        for recipe in findings.order
        if recipe in set(overall["a"]) | set(overall["b"])
    ][:MOST_PAIRS]  # fmt: skip
    if len(order) < 2:
        return None
    reach = max(float(overall["difference"].abs().max()), 1e-9)
    rows = [
        (a, [_pair_cell(findings, a, b, i, j, reach) for j, b in enumerate(order)])
        for i, a in enumerate(order)
    ]
    table = Numbers(
        "Differences of mean scores, points; p corrected by Holm",
        ["First recipe", "Second recipe", "First − second", "p, corrected", "Data sets",
         "Turns between data sets"],
    )  # fmt: skip
    shown = overall[overall["a"].isin(order) & overall["b"].isin(order)]
    for row in shown.itertuples():
        p = words.p_words(row.p) if row.testable else words.p_words(None)  # type: ignore[arg-type]
        table.rows.append([
            row.a, row.b, words.signed(100 * row.difference), p, str(row.n_sets),  # type: ignore[operator]
            "yes" if row.turns else "no",
        ])  # fmt: skip
    return {
        "names": order,
        "rows": rows,
        "count": len(overall),
        "left_out": len(set(overall["a"]) | set(overall["b"])) - len(order),
        "turn": f"{100 * TURN:.0f}",
        "numbers": table,
    }


def _pair_cell(findings: Findings, a: str, b: str, i: int, j: int, reach: float) -> dict[str, Any]:
    """One cell: text, whether it is significant, its colour's strength and sign."""
    if i == j:
        return {"text": "", "class": "diag", "alpha": None, "turns": False}
    row = findings.pairs.between(a, b)
    if row is None:
        return {"text": words.NOT_APPLICABLE, "class": "", "alpha": None, "turns": False}
    shown = bool(row["testable"]) and row["p"] < ALPHA
    if j > i:
        text = words.p_words(row["p"] if row["testable"] else None)
        text = "n. t." if text.startswith("not") else text.removeprefix("= ").replace("< ", "<")
        return {"text": text, "class": "sig" if shown else "", "alpha": None, "turns": False}
    difference = float(row["difference"])
    side = "pos" if difference > 0 else "neg"
    return {
        "text": words.signed(100 * difference),
        "class": f"sig {side}" if shown else "",
        "alpha": f"{0.1 + 0.55 * abs(difference) / reach:.2f}" if shown else None,
        "turns": bool(row["turns"]),
    }


def subject_table(findings: Findings, dataset: str) -> Numbers:
    """Score of every subject under every recipe."""
    means = people.subject_means(findings, dataset)
    table = Numbers(f"{dataset}: score of every subject, percent", ["Subject", *means.columns])
    for subject, row in means.iterrows():
        table.rows.append([str(subject), *(words.percent(value) for value in row)])
    return table


def duel_table(findings: Findings, a: str, b: str) -> Numbers:
    """Differences of two recipes on every data set."""
    table = Numbers(
        f"{a} minus {b}, points",
        ["Data set", "Difference", "95 % interval", "p, corrected", "Basis"],
    )
    for row in people.differences(findings, a, b):
        pair = findings.pairs.between(a, b, row["dataset"])
        testable = pair is not None and pair["testable"]
        bounds = words.NOT_APPLICABLE
        if not words.missing(row["low"]):
            bounds = f"[{words.signed(100 * row['low'])}, {words.signed(100 * row['high'])}]"
        p = words.p_words(float(pair["p"]) if pair is not None and testable else None)
        table.rows.append([row["dataset"], words.signed(100 * row["mean"]), bounds, p, row["note"]])
    return table


def spread_table(findings: Findings) -> Numbers | None:
    """Standard deviations between subjects, between seeds, and of counting."""
    rows = people.spread(findings)
    if not rows:
        return None
    table = Numbers(
        "Standard deviation, points, mean over recipes",
        ["Data set", "between subjects", "between seeds, one subject", "counting, one subject"],
    )
    for row in rows:
        table.rows.append([
            row["dataset"],
            "one subject" if words.missing(row["between"]) else f"{100 * row['between']:.1f}",
            "one seed" if words.missing(row["seeds"]) else f"{100 * row['seeds']:.1f}",
            f"{100 * row['noise']:.1f}",
        ])  # fmt: skip
    return table


def confusion(findings: Findings, dataset: str, recipe: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean over subjects and seeds of the confusion in shares of each true class.

    Returns
    -------
    shares : (K, K), rows sum to 1; the mean of the diagonal is the printed balanced accuracy
    counts : (K,), test trials of each true class
    """
    table = findings.predictions
    part = table[(table["dataset"] == dataset) & (table["recipe"] == recipe)]
    classes = [str(label) for label in findings.result.datasets[dataset]["classes"]]
    place = {label: number for number, label in enumerate(classes)}
    by_subject: dict[str, list[np.ndarray]] = {}
    counts = np.zeros(len(classes), dtype=int)
    first = part["seed"].iloc[0]
    for (subject, seed), own in part.groupby(["subject", "seed"], sort=False):
        single = np.zeros((len(classes), len(classes)))
        np.add.at(single, (own["y_true"].map(place), own["y_pred"].map(place)), 1)
        totals = single.sum(axis=1)
        by_subject.setdefault(str(subject), []).append(
            single / np.where(totals == 0, np.nan, totals)[:, None]
        )
        counts += totals.astype(int) if seed == first else 0
    means = [np.mean(runs, axis=0) for runs in by_subject.values()]
    return np.nanmean(means, axis=0), counts


def confusions(findings: Findings) -> list[dict[str, Any]]:
    """Confusion of the best recipe of each data set with classes."""
    found = []
    for dataset, entry in findings.result.datasets.items():
        best = findings.best(dataset)
        if best is None or not entry.get("classes"):
            continue
        shares, counts = confusion(findings, dataset, best)
        row: Any = next(findings.on(dataset).itertuples())
        found.append({
            "dataset": dataset,
            "simulated": bool(entry.get("simulated")),
            "recipe": best,
            "score": words.percent(row.score, int(row.n)),
            "classes": [str(label) for label in entry["classes"]],
            "rows": [
                (label, [_share_cell(value) for value in line], words.grouped(int(count)))
                for label, line, count in zip(entry["classes"], shares, counts, strict=True)
            ],
            "big": len(entry["classes"]) > 7,
        })  # fmt: skip
    return found


def _share_cell(share: float) -> dict[str, str]:
    if not np.isfinite(share):
        return {"text": words.NOT_APPLICABLE, "alpha": "0"}
    text = f"{100 * share:.0f}" if share >= 0.005 else "·"
    return {"text": text, "alpha": f"{0.72 * share:.3f}"}


def loss_table(findings: Findings, dataset: str) -> Numbers:
    """Losses of the nets where their weights were kept."""
    table = Numbers(
        f"{dataset}: cross-entropy in nats, mean over runs",
        ["Net", "Runs", "Epochs", "Kept (median)", "Training loss at the end",
         "Least validation loss"],
    )  # fmt: skip
    for name, rows in learning.curves(findings, dataset).items():
        train = learning.mean_curve([row["train_loss"] for row in rows])
        valid = learning.mean_curve(learning.validation(rows))
        least = np.nanmin(valid) if len(valid) else None
        table.rows.append([
            name, str(len(rows)), str(len(train)),
            f"{np.median([row['best_epoch'] + 1 for row in rows]):.0f}", f"{train[-1]:.2f}",
            words.NOT_APPLICABLE if least is None else f"{least:.2f}",
        ])  # fmt: skip
    return table


def cost_table(findings: Findings) -> Numbers:
    """Gain and cost of every recipe, cheapest first."""
    rows = panels.cost_rows(findings)
    best = {row.recipe for row in panels.front(rows)}
    table = Numbers(
        "Gain over chance and cost, cheapest first",
        ["Recipe", "Time of one fit", "Parameters", "Gain, %", "95 % interval", "On the front"],
    )
    for row in rows:
        table.rows.append([
            row.recipe, words.seconds_words(row.fit_seconds), words.count_words(row.parameters),
            words.percent(row.gain), words.interval_words(row.gain_low, row.gain_high),
            "not ranked" if words.missing(row.rank) else "yes" if row.recipe in best else "no",
        ])  # fmt: skip
    return table


def pattern_table(row: dict[str, Any], names: list[str]) -> Numbers:
    """Values of a pattern at every channel, scaled to the largest of each class."""
    values = np.asarray(row["values"], dtype=float)
    scaled = values / np.abs(values).max(axis=1, keepdims=True)
    table = Numbers(
        f"{row['recipe']}: pattern, share of the largest value of each class",
        ["Channel", *map(str, row["classes"])],
    )
    for name, line in zip(names, scaled.T, strict=True):
        table.rows.append([name, *(words.signed(value, 2) for value in line)])
    return table


def failure_rows(findings: Findings) -> list[dict[str, Any]]:
    """Failures, gaps and warnings: kind, where, what happened, what to do."""
    rows = [*_failed(findings), *_gaps(findings)]
    below = findings.scores[findings.scores["below_chance"].fillna(False).astype(bool)]
    for row in below.itertuples():
        rows.append(_log(
            "bad", "below chance", f"{row.recipe} · {row.dataset}",
            f"The interval lies under {words.percent(row.chance)} %.",  # type: ignore[arg-type]
            "Look for reversed labels, swapped event codes or a split that depends on labels.",
        ))  # fmt: skip
    for dataset, recipes in at_chance_groups(findings).items():
        first: Any = next(findings.on(dataset).itertuples())
        n = words.plural(int(first.n), "test trial")
        rows.append(_log(
            "warn", "at chance", f"{words.join_words(recipes)} · {dataset}",
            f"The interval includes {words.percent(first.chance)} %. {n}.",
            "Read as “not shown to work”, not as “worse”.",
        ))  # fmt: skip
    for dataset, entry in findings.result.datasets.items():
        if entry.get("flaw"):
            rows.append(_log(
                "warn", "flawed data", dataset, str(entry["flaw"]),
                "Published scores of another form of the data are not compared.",
            ))  # fmt: skip
        if entry.get("remark"):
            rows.append(_log("gap", "remark", dataset, str(entry["remark"]), "Keep it in mind."))
    return [*rows, *_transductive(findings)]


def _transductive(findings: Findings) -> list[dict[str, Any]]:
    """One row for the recipes that look at unlabelled test trials."""
    rows = findings.scores[findings.scores["status"] == "ok"]
    names = list(dict.fromkeys(rows.loc[rows["transductive"].astype(bool), "recipe"]))
    if not names:
        return []
    what = "A step saw all test trials of a subject, without labels, at once."
    do = "Compare with transductive scores only: in use, later trials are not known yet."
    return [_log("warn", "transductive", words.join_words(names), what, do)]


def _failed(findings: Findings) -> list[dict[str, Any]]:
    """One row for all runs of a data set that failed with the same words."""
    frame = findings.result.frame
    planned = frame.groupby(["dataset", "recipe"])["key"].nunique()
    failed = frame[frame["status"] == "failed"].drop_duplicates("key")
    rows = []
    for (dataset, text), part in failed.groupby(["dataset", "failure"], sort=False):
        names = []
        for recipe, own in part.groupby("recipe", sort=False):
            seeds = [str(seed) for seed in own["seed"].drop_duplicates()]
            whole = len(own) == planned[dataset, recipe]
            names.append(f"{recipe}" + ("" if whole else f" (seed {words.join_words(seeds)})"))
        rows.append(_log(
            "bad", "failed",
            f"{words.join_words(names)} · {dataset} · {words.plural(len(part), 'run')}", str(text),
            "Mend the cause, then give the command below again: only failed runs are repeated.",
        ))  # fmt: skip
    return rows


def _gaps(findings: Findings) -> list[dict[str, Any]]:
    gaps = findings.scores[findings.scores["status"] == "not-applicable"]
    return [
        _log(
            "gap", "does not apply", f"{row.recipe} · {row.dataset}", str(row.failure),
            "Nothing. Not counted as a failure, and not ranked in the mean.",
        )
        for row in gaps.itertuples()
    ]  # fmt: skip


def _log(kind: str, word: str, where: str, what: str, do: str) -> dict[str, Any]:
    return {"kind": kind, "word": word, "where": where, "what": what, "do": do}


def data_table(findings: Findings) -> Numbers:
    """What each data set is."""
    table = Numbers(
        "Data", ["Data set", "Channels", "Rate", "Window", "Trials", "Test trials", "Split"]
    )
    for name, entry in findings.result.datasets.items():
        rows = findings.on(name)
        tag = Markup(' <span class="tag">simulated</span>') if entry.get("simulated") else ""
        start, stop = (f"{entry[key]:g}".replace("-", words.MINUS) for key in ("tmin", "tmax"))
        table.rows.append([
            Markup("{}{}").format(name, tag), entry.get("channel_text") or words.NOT_APPLICABLE,
            f"{entry['sfreq']:g} Hz", f"{start} to {stop} s", words.grouped(entry["n_trials"]),
            words.grouped(int(rows["n"].iloc[0])) if len(rows) else words.NOT_APPLICABLE,
            str(entry.get("split")),
        ])  # fmt: skip
    return table


def machine_table(findings: Findings) -> Numbers:
    """Version, device, threads and time."""
    info = findings.result.info
    table = Numbers("Machine and version", ["What", "Value"])
    for key, word in (
        ("version", "neurodecode"), ("device", "Device"), ("threads", "Threads"),
        ("date", "Date"), ("n_from_earlier", "Runs taken from an earlier start"),
    ):  # fmt: skip
        if info.get(key) is not None:
            table.rows.append([word, str(info[key])])
    return table
