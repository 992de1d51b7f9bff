"""The verdict: four to six sentences made from the numbers, each one claim and its evidence.

The last sentence, about chance and failures, is never left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from neurodecode.bench.summary import Findings
from neurodecode.core import words

CHEAP = 0.85  # share of the best gain that a cheap recipe must reach
_MOST_NAMES = 6


@dataclass(frozen=True)
class Sentence:
    """One claim (bold on the page) and its evidence.

    `kind` is yes, no, warn or close; `icon` is its sign, which never stands alone.
    """

    kind: str
    icon: str
    claim: Markup
    evidence: Markup


def verdict(findings: Findings) -> list[Sentence]:
    """What a person should take home, most important first."""
    if not (findings.scores["status"] == "ok").any():
        return [_nothing(findings), _chance_and_failures(findings)]
    made = [
        _leader(findings),
        _everywhere(findings),
        _cheap(findings),
        _published(findings),
        _flaws(findings),
        _chance_and_failures(findings),
    ]
    return [sentence for sentence in made if sentence is not None]


def name(text: object) -> Markup:
    """A recipe or data set inside a sentence: never broken over two lines."""
    return Markup('<span class="nm">{}</span>').format(text)


def name_list(items: Iterable[object], most: int = _MOST_NAMES) -> Markup:
    """Names as a sentence has them; long lists end in a count."""
    items = list(items)
    shown = [name(item) for item in items[:most]]
    if len(items) > most:
        shown.append(Markup("{} more").format(len(items) - most))
    if len(shown) == 1:
        return shown[0]
    return Markup(", ").join(shown[:-1]) + Markup(" and ") + shown[-1]


def _nothing(findings: Findings) -> Sentence:
    planned = len(findings.scores)
    claim = Markup("No run finished.")
    if not planned:
        return Sentence("no", "✗", claim, Markup("The result holds no runs: nothing was started."))
    text = Markup("All {} pairs of recipe and data set failed or do not apply.").format(planned)
    return Sentence("no", "✗", claim, text)


def _gain(row: Any) -> str:
    low, high = words.percent(row.gain_low), words.percent(row.gain_high)
    return f"{words.percent(row.gain)} % [{low}, {high}]"


def _leader(findings: Findings) -> Sentence:
    ranked = findings.ranking.dropna(subset=["rank"])
    if ranked.empty:
        return Sentence(
            "close", "≈", Markup("There is no overall leader."),
            Markup("No recipe has a score on every data set, so none is ranked."),
        )  # fmt: skip
    rows: list[Any] = list(ranked.itertuples())
    first = rows[0]
    gain = Markup("Its gain over chance is {}").format(_gain(first))
    if len(rows) == 1:
        claim = Markup("{} is the only recipe with a score on every data set.")
        return Sentence("close", "≈", claim.format(name(first.recipe)), gain + ".")
    pairs = [findings.pairs.between(first.recipe, row.recipe) for row in rows[1:]]
    if not any(pair is not None and pair["testable"] for pair in pairs):
        claim = Markup("{} comes first; whether it is better cannot be tested.")
        text = Markup("{}; too few subjects and trials for {} comparisons.")
        return Sentence(
            "close", "≈", claim.format(name(first.recipe)), text.format(gain, len(pairs))
        )
    same = [
        row.recipe for row in rows[1:] if not findings.pairs.told_apart(first.recipe, row.recipe)
    ]
    if not same:
        claim = Markup("{} comes first, alone.").format(name(first.recipe))
        text = Markup("{}; each of the others scores lower (p &lt; .05, corrected).").format(gain)
        return Sentence("yes", "✓", claim, text)
    claim = Markup("{} comes first, but not alone.").format(name(first.recipe))
    p = min(float(pair["p"]) for pair, row in zip(pairs, rows[1:], strict=True)
            if pair is not None and row.recipe in same)  # fmt: skip
    at_least = f"p = {words.p_words(p).removeprefix('= ')}"
    how = at_least if len(same) == 1 else f"smallest {at_least}"
    text = Markup("{}; {} cannot be told apart from it ({}, corrected).")
    return Sentence("close", "≈", claim, text.format(gain, name_list(same), how))


def _everywhere(findings: Findings) -> Sentence | None:
    leaders: dict[str, list[str]] = {}
    for dataset in findings.result.datasets:
        best = findings.best(dataset)
        if best is not None:
            leaders.setdefault(best, []).append(dataset)
    count = sum(map(len, leaders.values()))
    if count < 2 or len(findings.order) < 2:
        return None
    if len(leaders) == 1:
        only = next(iter(leaders))
        claim = Markup("{} scores highest on every data set.").format(name(only))
        return Sentence("yes", "✓", claim, Markup("There are {} of them.").format(count))
    parts = [
        Markup("{} on {}").format(name(recipe), name_list(sets)) for recipe, sets in leaders.items()
    ]
    text = Markup("{} different recipes score highest on {} data sets: {}.").format(
        words.small_number(len(leaders)).capitalize(), words.small_number(count),
        Markup("; ").join(parts),
    )  # fmt: skip
    return Sentence("no", "≠", Markup("No recipe wins everywhere."), text)


def cheap_choice(findings: Findings) -> Any | None:
    """The cheapest ranked recipe that reaches 85 % of the best gain."""
    ranked = findings.ranking.dropna(subset=["rank", "fit_seconds"])
    if ranked.empty or not ranked["gain"].iloc[0] > 0:
        return None
    good = ranked[ranked["gain"] >= CHEAP * ranked["gain"].iloc[0]]
    return next(good.sort_values("fit_seconds", kind="stable").itertuples())


def _cheap(findings: Findings) -> Sentence | None:
    ranked = findings.ranking.dropna(subset=["rank", "fit_seconds"])
    cheap = cheap_choice(findings)
    if cheap is None or len(ranked) < 2:
        return None
    first: Any = next(ranked.itertuples())
    if cheap.recipe == first.recipe:
        claim = Markup("The cheap choice is {} too.").format(name(first.recipe))
        text = Markup("No recipe with at least 85 % of its gain fits faster than its {}.")
        return Sentence("yes", "✓", claim, text.format(words.seconds_words(first.fit_seconds)))
    claim = Markup("The cheap choice is {}.").format(name(cheap.recipe))
    pair = findings.pairs.between(cheap.recipe, first.recipe)
    ratio = first.fit_seconds / max(cheap.fit_seconds, 1e-3)
    p, difference = words.NOT_APPLICABLE, first.score - cheap.score
    if pair is not None:
        p, difference = words.p_words(pair["p"]), -float(pair["difference"])
    p = f"p {p}" if p[0] in "=<" else p
    text = Markup("It reaches {} % of the best gain and fits {} times faster; its mean score is {} "
                  "points {} ({}).")  # fmt: skip
    return Sentence(
        "yes", "✓", claim,
        text.format(
            f"{100 * cheap.gain / first.gain:.0f}", f"{ratio:.0f}" if ratio >= 9.5 else
            f"{ratio:.1f}", f"{abs(100 * difference):.1f}",
            "lower" if difference >= 0 else "higher", p,
        ),
    )  # fmt: skip


def _published(findings: Findings) -> Sentence:
    rows = findings.scores[
        (findings.scores["status"] == "ok") & findings.scores["published"].notna()
    ]
    same = rows[rows["published_comparable"].astype(bool)]
    other = len(rows) - len(same)
    tail = Markup("")
    if other:
        one = (
            "score used another protocol and is"
            if other == 1
            else ("scores used another protocol and are")
        )
        tail = Markup(" {} more {} not compared.").format(
            words.small_number(other).capitalize(), one
        )
    if same.empty:
        claim = Markup("No published score can be compared.")
        why = (
            "Nobody published one for these recipes."
            if not other
            else (
                f"{words.small_number(other).capitalize()} published "
                f"{'score' if other == 1 else 'scores'} used another protocol (†)."
            )
        )
        return Sentence("close", "≈", claim, Markup(escape(why)))
    above = same[same["ci_low"] > same["published"]]
    below = same[same["ci_high"] < same["published"]]
    inside = len(same) - len(above) - len(below)
    claim = Markup("{} of {} published {} inside our interval").format(
        inside, len(same), "score lies" if len(same) == 1 else "scores lie"
    )
    parts = [
        Markup("clearly {} for {}").format(
            word, name_list([f"{row.recipe} on {row.dataset}" for row in part.itertuples()])
        )
        for word, part in (("higher", above), ("lower", below))
        if len(part)
    ]
    text = Markup(" under the same protocol.")
    if parts:
        text += Markup(" Ours is {}.").format(Markup(" and ").join(parts))
    kind = ("warn", "!") if len(below) else ("yes", "✓")
    return Sentence(*kind, claim, text + tail)


def _flaws(findings: Findings) -> Sentence | None:
    flawed = [key for key, entry in findings.result.datasets.items() if entry.get("flaw")]
    if not flawed:
        return None
    claim = Markup("{} of {} data {} flawed as distributed.").format(
        words.small_number(len(flawed)).capitalize(),
        words.small_number(len(findings.result.datasets)),
        "sets is" if len(flawed) == 1 else "sets are",
    )
    repaired = [key for key in flawed if findings.result.datasets[key].get("repaired")]
    as_they_are = [key for key in flawed if key not in repaired]
    text = Markup("")
    if repaired:
        text += Markup("Scores on {} are of the repaired form. ").format(name_list(repaired))
    if as_they_are:
        text += Markup("Scores on {} are of the data as distributed. ").format(
            name_list(as_they_are)
        )
    text += Markup("See <a href='#failures'>warnings</a>.")
    return Sentence("warn", "!", claim, text)


def at_chance_groups(findings: Findings) -> dict[str, list[str]]:
    """Recipes whose interval reaches chance, by data set, in the order of the ranking."""
    rows = findings.scores[findings.scores["at_chance"].fillna(False).astype(bool)]
    groups: dict[str, list[str]] = {}
    for dataset in findings.result.datasets:
        found = set(rows.loc[rows["dataset"] == dataset, "recipe"])
        if found:
            groups[dataset] = [recipe for recipe in findings.order if recipe in found]
    return groups


def failed_cells(findings: Findings) -> int:
    """Number of failed runs in the frame."""
    frame = findings.result.frame
    return int(frame.loc[frame["status"] == "failed", "key"].nunique())


def _chance_and_failures(findings: Findings) -> Sentence:
    scored = findings.scores[findings.scores["status"] == "ok"]
    groups, failed = at_chance_groups(findings), failed_cells(findings)
    low = sum(map(len, groups.values()))
    fails = Markup("No run failed.")
    if failed:
        word = words.small_number(failed).capitalize()
        text = Markup("<a href='#failures'>{} {} failed.</a>")
        fails = text.format(word, "run" if failed == 1 else "runs")
    if scored.empty:
        return Sentence("no", "✗", Markup("No score stands against chance."), fails)
    below = scored[scored["below_chance"].fillna(False).astype(bool)]
    claim = Markup("{} of {} scores {} above chance.").format(
        len(scored) - low, len(scored), "is" if len(scored) - low == 1 else "are"
    )
    if not low:
        return Sentence("warn" if failed else "yes", "!" if failed else "✓", claim, fails)
    parts = [
        Markup("{} on {}").format(name_list(recipes), name(dataset))
        for dataset, recipes in groups.items()
    ]
    text = Markup("The rest may be guessing: {}. ").format(Markup("; ").join(parts))
    if len(below):
        who = [f"{row.recipe} on {row.dataset}" for row in below.itertuples()]
        fault = Markup("<b>Below chance</b>, which points to a fault in labels or split: {}. ")
        text += fault.format(name_list(who))
    return Sentence("warn", "!", claim, text + fails)
