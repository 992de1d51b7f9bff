"""The ranking of recipes over several data sets, on a scale that data sets can share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from neurodecode.bench.summary import ResultLike

_RANKING = (
    "rank", "recipe", "family", "gain", "gain_low", "gain_high", "score", "chance", "published",
    "n_published", "ours_minus_published", "mean_rank", "fit_seconds", "parameters", "n_sets",
    "n_possible",
)  # fmt: skip


def ranked_sets(result: ResultLike) -> list[str]:
    """Data sets whose gains are averaged: never simulated ones beside real ones."""
    real = [name for name, entry in result.datasets.items() if not entry.get("simulated")]
    return real or list(result.datasets)


def gain_over_chance(value: Any, chance: Any) -> Any:
    """(score - chance) / (1 - chance): 0 for guessing, 1 for no errors, on any number of classes.

    Examples
    --------
    >>> gain_over_chance(0.75, 0.5), gain_over_chance(0.25, 0.25)
    (0.5, 0.0)
    """
    return (value - chance) / (1 - chance)


def rank_recipes(result: ResultLike, scores: pd.DataFrame) -> pd.DataFrame:
    """Mean gain over chance of every recipe, over the data sets that may share a mean.

    Returns
    -------
    ranking : DataFrame, one row a recipe
        rank (NaN when not ranked), recipe, family, gain, gain_low, gain_high, score, chance,
        published, n_published, ours_minus_published, mean_rank, fit_seconds, parameters, n_sets,
        n_possible. A recipe that lacks a score on one of the sets is not ranked: it could lead
        only because it skips the hardest one. Its `gain` is the mean over those it has.

    The interval combines those of the data sets by square-and-add (Zou and Donner 2008,
    10.1002/sim.3095): it is about these data sets, not about new ones.
    """
    sets = ranked_sets(result)
    pool = scores[scores["dataset"].isin(sets) & (scores["status"] == "ok")].copy()
    pool["place"] = pool.groupby("dataset")["score"].rank(ascending=False)
    rows = []
    for recipe, meta in result.recipes.items():
        own = pool[pool["recipe"] == recipe]
        rows.append({
            "recipe": recipe,
            "family": meta.get("family", "linear"),
            "n_sets": len(own),
            "n_possible": len(sets),
            **_mean_over_sets(own),
        })  # fmt: skip
    ranking = pd.DataFrame(rows, columns=list(_RANKING))
    ranking["complete"] = (ranking["n_sets"] == len(sets)) & (len(sets) > 0)
    ranking = ranking.sort_values(["complete", "gain"], ascending=False, kind="stable")
    ranking["rank"] = np.where(ranking["complete"], np.arange(1.0, len(ranking) + 1), np.nan)
    return ranking.reset_index(drop=True)


def _mean_over_sets(own: pd.DataFrame) -> dict[str, float]:
    if own.empty:
        return {}
    gain, low, high = (
        gain_over_chance(own[column], own["chance"]) for column in ("score", "ci_low", "ci_high")
    )
    compared = own[own["published_comparable"].astype(bool)]
    root = len(own)
    return {
        "gain": gain.mean(),
        "gain_low": gain.mean() - np.sqrt(((gain - low) ** 2).sum()) / root,
        "gain_high": gain.mean() + np.sqrt(((high - gain) ** 2).sum()) / root,
        "score": own["score"].mean(),
        "chance": own["chance"].mean(),
        "published": compared["published"].mean(),
        "n_published": len(compared),
        "ours_minus_published": compared["ours_minus_published"].mean(),
        "mean_rank": own["place"].mean(),
        "fit_seconds": own["fit_seconds"].median(),
        "parameters": own["parameters"].median(),
    }
