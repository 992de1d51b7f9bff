"""The honesty rules of the report: what it must never say, and what it must never leave out."""

from __future__ import annotations

import re

import numpy as np
import pytest
from bench.fake_result import KINDS, findings_of, page_of
from bench.test_summary import tiny
from markupsafe import Markup

from neurodecode.bench.report import learning, numbers, panels, people
from neurodecode.bench.report.verdict import at_chance_groups, cheap_choice, verdict
from neurodecode.bench.summary import Findings
from neurodecode.core import words


def plain(text: str) -> str:
    return str(Markup(text).striptags())


def sentences(kind: str) -> list[str]:
    return [plain(f"{item.claim} {item.evidence}") for item in verdict(findings_of(kind))]


@pytest.mark.parametrize("kind", KINDS)
def test_the_verdict_never_leaves_out_chance_and_failures(kind):
    last = sentences(kind)[-1]
    assert "chance" in last and "failed" in last


def test_the_verdict_has_four_to_six_sentences_with_evidence():
    found = verdict(findings_of("12 recipes"))
    assert 4 <= len(found) <= 6
    assert all(item.claim and item.evidence for item in found)


def test_the_leader_is_not_called_alone_while_others_cannot_be_told_apart():
    findings = findings_of("12 recipes")
    first = sentences("12 recipes")[0]
    order = findings.ranking.dropna(subset=["rank"])["recipe"].tolist()
    same = [name for name in order[1:] if not findings.pairs.told_apart(order[0], name)]
    assert same and first.startswith(f"{order[0]} comes first, but not alone.")
    assert all(name in first for name in same) and "cannot be told apart" in first


def test_the_verdict_never_says_equal_or_trend():
    for kind in KINDS:
        page = plain(" ".join(sentences(kind)))
        assert not re.search(r"\b(equal|trend|significant|best ever)\b", page)


def test_the_cheap_choice_reaches_85_percent_of_the_best_gain():
    ranking = findings_of("12 recipes").ranking.dropna(subset=["rank"])
    cheap = cheap_choice(findings_of("12 recipes"))
    assert cheap.gain >= 0.85 * ranking["gain"].max()
    faster = ranking[ranking["fit_seconds"] < cheap.fit_seconds]
    assert (faster["gain"] < 0.85 * ranking["gain"].max()).all()


def test_verdict_failure_table_and_panels_name_the_same_cases():
    findings = findings_of("12 recipes")
    groups = at_chance_groups(findings)
    log = numbers.failure_rows(findings)
    named = {row["where"] for row in log if row["word"] == "at chance"}
    assert named == {f"{words.join_words(names)} · {data}" for data, names in groups.items()}
    last = sentences("12 recipes")[-1]
    assert all(name in last for names in groups.values() for name in names)
    for dataset in findings.result.datasets:
        panel = panels.score_panel(findings, dataset)
        missing = findings.scores.query("dataset == @dataset and status != 'ok'")
        assert panel.count(">failed<") == (missing["status"] == "failed").sum()
        assert panel.count(">does not apply<") == (missing["status"] == "not-applicable").sum()
    failed = " ".join(row["where"] for row in log if row["word"] == "failed")
    assert "conformer · EyesOpenShut · 2 runs" in failed and "spiking-lif (seed 1)" in failed
    runs = sum(int(text) for text in re.findall(r"(\d+) runs?\b", failed))
    assert f"{runs} runs failed" in last


def test_a_score_below_chance_is_reported_as_a_fault():
    y = ["l", "r"] * 50
    findings = Findings.of(tiny({"reversed": [*y[1:], "l"], "right": y}, y, tmin=0, tmax=1,
                                sfreq=100, n_trials=200))  # fmt: skip
    assert "Below chance" in plain(verdict(findings)[-1].evidence)
    assert any(row["word"] == "below chance" for row in numbers.failure_rows(findings))


@pytest.mark.parametrize("kind", ["12 recipes", "one data set", "simulated only"])
def test_the_diagonal_of_a_confusion_is_the_printed_balanced_accuracy(kind):
    findings = findings_of(kind)
    for item in numbers.confusions(findings):
        shares, _ = numbers.confusion(findings, item["dataset"], item["recipe"])
        row = findings.on(item["dataset"]).iloc[0]
        assert shares.sum(axis=1) == pytest.approx(1)
        assert np.diag(shares).mean() == pytest.approx(row["score"])
        assert item["score"] == words.percent(row["score"], int(row["n"]))


def test_simulated_sets_carry_a_tag_wherever_their_scores_appear():
    page = page_of("12 recipes")
    for part in re.findall(r"<h3>sim-mi(.*?)</h3>", page):
        assert "simulated" in part
    assert len(re.findall(r"<h3>sim-mi", page)) == 2
    assert "sim-mi (sim.)" in page


def test_published_marks_are_filled_only_under_the_same_protocol():
    findings = findings_of("12 recipes")
    for dataset in findings.result.datasets:
        rows = findings.on(dataset)
        known = rows["published"].notna()
        comparable = known & rows["published_comparable"].astype(bool)
        panel = panels.score_panel(findings, dataset)
        assert panel.count('class="pub"') == comparable.sum()
        assert panel.count('class="pub open"') == (known & ~comparable).sum()


def test_every_panel_holds_chance_and_all_intervals():
    findings = findings_of("12 recipes")
    for dataset in findings.result.datasets:
        panel = panels.score_panel(findings, dataset)
        assert panel.count('class="chance"') == 1 and 'class="nsband"' in panel
        ends = [float(x) for x in re.findall(r'<line x1="([\d.]+)" [^>]*class="ci', panel)]
        ends += [float(x) for x in re.findall(r'x2="([\d.]+)" [^>]*class="ci', panel)]
        assert len(ends) == 2 * len(findings.on(dataset))
        assert min(ends) > 60 and max(ends) < panels.WIDTH


def test_panels_keep_the_order_of_the_ranking():
    findings = findings_of("12 recipes")
    panel = panels.score_panel(findings, "Blink")
    assert re.findall(r'data-r="([^"]+)"', panel) == findings.order


def test_scores_are_never_bars():
    for kind in ("12 recipes", "1 recipe"):
        page = page_of(kind)
        rectangles = set(re.findall(r'<rect[^>]*class="([^"]+)"', page))
        assert rectangles <= {"nsband", "m linear"}


def test_every_subject_is_drawn_and_the_extremes_are_named():
    findings = findings_of("12 recipes")
    panel = people.subject_panel(findings, "BNCI2014_001")
    assert len(re.findall(r'class="subj(?: hi)?"', panel)) == 9
    means = people.subject_means(findings, "BNCI2014_001").mean(axis=1)
    assert f">{means.idxmax()}<" in panel and f">{means.idxmin()}<" in panel


def test_differences_of_two_recipes_are_those_of_the_pairs():
    findings = findings_of("12 recipes")
    for row in people.differences(findings, "eegnet", "mdm"):
        pair = findings.pairs.between("eegnet", "mdm", row["dataset"])
        assert row["mean"] == pytest.approx(pair["difference"])
        assert row["low"] < row["mean"] < row["high"]
        if row["dots"]:
            assert np.mean(row["dots"]) == pytest.approx(row["mean"])


def test_loss_curves_show_ln_k_and_never_test_loss():
    findings = findings_of("12 recipes")
    dataset = learning.curve_set(findings)
    panel = learning.loss_panel(findings, "eegnet", dataset)
    assert f"chance {np.log(2):.2f}" in panel and "test" not in plain(panel).lower()
    assert panel.count('class="seed"') == len(learning.curves(findings, dataset)["eegnet"])


def test_the_front_holds_only_ranked_recipes_that_nothing_cheaper_beats():
    findings = findings_of("12 recipes")
    rows = panels.cost_rows(findings)
    best = panels.front(rows)
    assert all(not words.missing(row.rank) for row in best)
    gains = [row.gain for row in best]
    assert gains == sorted(gains)
    ranked = [row for row in rows if not words.missing(row.rank)]
    for row in ranked:
        cheaper = [other for other in best if other.fit_seconds <= row.fit_seconds]
        assert any(other.gain >= row.gain for other in cheaper)


def test_pairs_that_turn_between_data_sets_are_marked():
    findings = findings_of("12 recipes")
    matrix = numbers.pair_matrix(findings)
    marked = sum(cell["turns"] for _, cells in matrix["rows"] for cell in cells)
    assert marked == findings.pairs.overall["turns"].sum() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_section_without_data_says_why(kind):
    page = page_of(kind)
    sections = re.findall(r'<section id="(\w+)">(.*?)</section>', page, re.S)
    assert len(sections) == 11
    for name, body in sections:
        filled = re.search(r"<table|<svg|<li|<code", body)
        assert filled or 'class="empty"' in body, name
