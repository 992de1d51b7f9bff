"""The one table behind terminal, LaTeX and report."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from bench.fake_result import FakeResult, fake_result, findings_of
from sklearn.metrics import balanced_accuracy_score

from neurodecode.bench.pairs import ALPHA
from neurodecode.bench.ranking import gain_over_chance
from neurodecode.bench.summary import SCORE_COLUMNS, Findings, summarise
from neurodecode.core.errors import DataError
from neurodecode.evaluation import holm, mcnemar, sign_flip, subject_interval


def tiny(y_pred: dict[str, list[str]], y_true: list[str], **entry) -> FakeResult:
    """One data set, one subject, given predictions."""
    rows, parts = [], []
    for recipe, guess in y_pred.items():
        parts.append(pd.DataFrame({
            "dataset": "d", "recipe": recipe, "split": "published", "subject": "1", "session": "1",
            "fold": 0, "seed": 0, "key": recipe, "trial": np.arange(len(guess)), "y_true": y_true,
            "y_pred": guess, "scores": [None] * len(guess),
        }))  # fmt: skip
        rows.append({
            "dataset": "d", "recipe": recipe, "split": "published", "subject": "1", "session": "1",
            "fold": 0, "seed": 0, "metric": "balanced-accuracy", "value": 0.0,
            "n_units": len(guess), "n_test": len(guess), "fit_seconds": 1.0, "parameters": 1,
            "status": "ok", "failure": "", "key": recipe, "transductive": False,
        })  # fmt: skip
    facts = {"classes": sorted(set(y_true)), "simulated": False, "metric": "balanced-accuracy",
             "published": [], **entry}  # fmt: skip
    return FakeResult(
        pd.DataFrame(rows), pd.concat(parts, ignore_index=True), {"d": facts},
        {recipe: {"family": "linear"} for recipe in y_pred},
    )  # fmt: skip


def test_scores_are_those_of_scikit_learn_subject_by_subject():
    findings = findings_of("12 recipes")
    table = findings.result.predictions
    row = findings.on("BNCI2014_001").set_index("recipe").loc["tangent-lr"]
    part = table[(table["dataset"] == "BNCI2014_001") & (table["recipe"] == "tangent-lr")]
    people = [
        balanced_accuracy_score(own["y_true"], own["y_pred"]) for _, own in part.groupby("subject")
    ]
    assert row["score"] == pytest.approx(np.mean(people))
    expected = subject_interval(people)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((expected.low, expected.high))
    assert row["n_subjects"] == 9 and row["interval_method"] == "t over 9 subjects"


def test_one_subject_gets_wilson_and_several_seeds_do_not_narrow_it():
    findings = findings_of("12 recipes")
    rows = findings.on("Blink").set_index("recipe")
    widths = rows["ci_high"] - rows["ci_low"]
    assert rows["interval_method"].str.startswith("Wilson").all()
    assert "mean over 2 seeds" in rows.loc["eegnet", "interval_method"]
    # Two seeds over the same 400 trials: as wide as one pass at such a score.
    one = fake_result(["eegnet"], ["Blink"], seeds=1)
    single = Findings.of(one).scores.iloc[0]
    assert widths["eegnet"] == pytest.approx(single["ci_high"] - single["ci_low"], rel=0.15)


def test_a_seed_with_a_failed_cell_is_left_out_whole():
    findings = findings_of("12 recipes")
    row = findings.on("BNCI2014_001").set_index("recipe").loc["spiking-lif"]
    assert (row["n_seeds"], row["n_seeds_planned"]) == (1, 2)
    used = findings.people.query("dataset == 'BNCI2014_001' and recipe == 'spiking-lif'")["seed"]
    assert set(used) == {0}


def test_every_planned_pair_has_a_row_and_a_word():
    findings = findings_of("12 recipes")
    planned = findings.result.frame[["dataset", "recipe"]].drop_duplicates()
    assert len(findings.scores) == len(planned) == 72
    assert set(findings.scores["status"]) == {"ok", "failed", "not-applicable"}
    failed = findings.scores[findings.scores["status"] != "ok"]
    assert failed["score"].isna().all() and failed["failure"].str.len().gt(0).all()


def test_columns_are_the_promised_ones():
    assert tuple(summarise(fake_result(["mdm"], ["Blink"])).columns) == SCORE_COLUMNS


def test_simulated_sets_enter_no_mean():
    findings = findings_of("12 recipes")
    assert "sim-mi" not in findings.ranked_sets and len(findings.ranked_sets) == 5
    rows = findings.scores.query("recipe == 'eegnet' and dataset != 'sim-mi'")
    gain = gain_over_chance(rows["score"], rows["chance"]).mean()
    assert findings.ranking.set_index("recipe").loc["eegnet", "gain"] == pytest.approx(gain)
    turned = findings.pairs.overall
    assert turned["n_sets"].max() == 5


def test_a_recipe_that_skips_a_set_is_not_ranked_and_stands_last():
    ranking = findings_of("12 recipes").ranking
    skipping = ranking["n_sets"] < ranking["n_possible"]
    assert skipping.sum() == 3 and ranking.loc[skipping, "rank"].isna().all()
    assert list(ranking.index[skipping]) == [9, 10, 11]
    assert ranking.loc[~skipping, "gain"].is_monotonic_decreasing


def test_no_difference_to_a_score_of_another_protocol_or_metric():
    published = [
        {"recipe": "a", "metric": "balanced-accuracy", "score": 0.6, "comparable": False,
         "protocol": "shuffled", "source": "X"},
        {"recipe": "b", "metric": "accuracy", "score": 0.6, "comparable": True,
         "protocol": "same", "source": "X"},
        {"recipe": "c", "metric": "balanced-accuracy", "score": 0.6, "comparable": True,
         "protocol": "same", "source": "X"},
    ]  # fmt: skip
    y = ["l", "r"] * 30
    table = summarise(tiny(dict.fromkeys("abc", y), y, published=published)).set_index("recipe")
    assert table["published"].isna().tolist() == [False, True, False]  # b: another metric
    assert table["published_comparable"].tolist() == [False, False, True]
    assert table["ours_minus_published"].isna().tolist() == [True, True, False]
    assert table.loc["c", "ours_minus_published"] == pytest.approx(0.4)


def test_guessing_is_at_chance_and_reversed_labels_are_below_it():
    y = ["l", "r"] * 50
    guess = ["l", "l", "r", "r"] * 25
    table = summarise(tiny({"guess": guess, "reversed": [*y[1:], "l"]}, y)).set_index("recipe")
    assert table.loc["guess", ["at_chance", "below_chance"]].tolist() == [True, False]
    assert table.loc["reversed", ["at_chance", "below_chance"]].tolist() == [True, True]
    assert table.loc["guess", "chance_band"] == pytest.approx(0.5 + 1.96 * 0.05, abs=1e-3)


def test_labels_may_be_numbers_and_sort_as_such():
    y = [1, 2, 10] * 20
    table = summarise(tiny({"a": y}, y, classes=["1", "2", "10"]))
    assert table["score"].iloc[0] == 1.0


def test_with_equal_classes_the_test_of_one_subject_is_mcnemars():
    rng = np.random.default_rng(3)
    y = np.array(["l", "r"] * 60)
    a = np.where(rng.random(120) < 0.85, y, y[::-1][::-1][rng.permutation(120)])
    b = np.where(rng.random(120) < 0.6, y, y[rng.permutation(120)])
    findings = Findings.of(tiny({"a": list(a), "b": list(b)}, list(y)))
    pair = findings.pairs.between("a", "b", "d")
    wins, losses = int(((a == y) & (b != y)).sum()), int(((a != y) & (b == y)).sum())
    assert pair["difference"] == pytest.approx((wins - losses) / 120)
    expected = mcnemar(wins, losses)
    assert pair["p_raw"] == pytest.approx(getattr(expected, "p", expected), abs=0.004)


def test_the_test_of_few_subjects_is_the_exact_sign_flip():
    findings = findings_of("12 recipes")
    means = findings.people.query("dataset == 'BNCI2014_001'").pivot_table(
        index="subject", columns="recipe", values="score"
    )
    single = means["eegnet"] - means["mdm"]
    expected = sign_flip(single.to_numpy())
    pair = findings.pairs.between("eegnet", "mdm", "BNCI2014_001")
    assert pair["difference"] == pytest.approx(single.mean())
    assert pair["p_raw"] == pytest.approx(getattr(expected, "p", expected))


def test_effect_and_p_are_of_one_sign_and_holm_covers_all_pairs():
    overall = findings_of("12 recipes").pairs.overall
    assert len(overall) == 66
    assert overall["p"].to_numpy() == pytest.approx(np.asarray(holm(overall["p_raw"].to_numpy())))
    shown = overall[overall["p"] < ALPHA]
    assert shown["difference"].abs().min() > 0.03


def test_pairs_read_both_ways():
    pairs = findings_of("12 recipes").pairs
    there, back = pairs.between("eegnet", "mdm"), pairs.between("mdm", "eegnet")
    assert there["difference"] == -back["difference"] and there["p"] == back["p"]
    assert pairs.between("eegnet", "nobody") is None


def test_too_few_units_are_not_testable_instead_of_not_different():
    findings = findings_of("12 recipes")  # 9 subjects cannot bear 66 comparisons
    rows = findings.pairs.per_set.query("dataset == 'sim-mi'")
    assert not rows["testable"].any()
    assert not findings.pairs.told_apart("ea-tangent-lr", "window-lda", "sim-mi")


def test_metrics_that_must_not_be_pooled_are_read_from_the_frame():
    result = fake_result(["mdm"], ["Blink"])
    with pytest.raises(DataError, match="roc-auc"):
        summarise(result, "roc-auc")
    auc = result.frame.assign(metric="roc-auc", value=0.9)
    both = dataclasses.replace(result, frame=pd.concat([result.frame, auc], ignore_index=True))
    assert summarise(both, "roc-auc")["score"].iloc[0] == pytest.approx(0.9)
    assert summarise(both, "accuracy")["score"].iloc[0] > 0.5


@pytest.mark.parametrize("kind", ["nothing finished", "everything failed"])
def test_nothing_to_score_is_no_error(kind):
    findings = findings_of(kind)
    assert findings.scores["score"].isna().all() and findings.pairs.overall.empty
    assert findings.ranking["rank"].isna().all() and len(findings.ranking) == 12
