"""Published scores of a card: which may be compared with a run, and which stands beside a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurodecode.core.card import Card, Published
from neurodecode.core.words import percent

# Wishes that leave the published task as it was; any other makes it another task.
_SAME_TASK = frozenset(("steps", "as_distributed"))


def published_scores(card: Card, split: str, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Published scores of a card, judged against a run.

    Parameters
    ----------
    card : Card
    split : str, the kind of split of the run
    request : dict, arguments of `nd.load` of the run

    Returns
    -------
    entries : list of dict, the fields of `core.card.Published` and "why_not", a few words
        `comparable` is True only where the card says so and the run has the card's kind of split,
        the entry's form of the data, and no subject, class, channel or sample less.
    """
    entries = []
    for entry in card.published:
        why_not = _why_not(card, entry, split, request)
        entries.append({**vars(entry), "comparable": not why_not, "why_not": why_not})
    return entries


def _why_not(card: Card, entry: Published, split: str, request: Mapping[str, Any]) -> str:
    """Why a score and a run cannot be compared; "" where they can."""
    repaired = is_repaired(card, request)
    has_forms = any(flaw.repair for flaw in card.flaws)
    if has_forms and entry.form == "as distributed" and repaired:
        return "measured on the data as distributed"
    if has_forms and entry.form == "repaired" and not repaired:
        return "measured on the repaired data"
    if not entry.comparable:
        return "another protocol"
    if split != card.split["kind"]:
        return "another split"
    changed = {name for name, value in request.items() if value is not None} - _SAME_TASK
    return f"here with other {', '.join(sorted(changed))}" if changed else ""


def is_repaired(card: Card, request: Mapping[str, Any]) -> bool:
    """Whether the data of a run are another form than the distributed one."""
    return any(flaw.repair for flaw in card.flaws) and not request.get("as_distributed")


def published_of(facts: Mapping[str, Any], recipe: str, metric: str) -> dict[str, Any] | None:
    """The published score beside a row: of the same recipe and metric, comparable ones first.

    Parameters
    ----------
    facts : dict, what a result knows about the data set
    recipe, metric : str

    Returns
    -------
    entry : dict as in `published_scores`, None where nothing was published
    """
    entries = facts.get("published", ())
    own = [row for row in entries if (row.get("recipe"), row["metric"]) == (recipe, metric)]
    return max(own, key=lambda row: bool(row["comparable"]), default=None)


def best_published(facts: Mapping[str, Any]) -> list[str]:
    """The best published scores of a data set in words, whoever reached them.

    Returns
    -------
    lines : list of str, at most two: the best one that may be compared, the best of the others
    """
    chosen = []
    for comparable in (True, False):
        rows = [row for row in facts.get("published", ()) if bool(row["comparable"]) == comparable]
        if rows:
            chosen.append(max(rows, key=lambda row: row["score"]))
    return [_in_words(row) for row in chosen]


def _in_words(row: Mapping[str, Any]) -> str:
    judged = "comparable" if row["comparable"] else f"not compared: {row['why_not']}"
    metric = row["metric"].replace("-", " ")
    return f"{percent(row['score'])} % {metric}, {row['method']}; {row['protocol']}; {judged}"
