"""Comparisons: the right unit, the right test, and no word where nothing can be tested."""

import math

import numpy as np
import pandas as pd
import pytest
from bench.fake_result import findings_of

from neurodecode.bench.comparisons import compare
from neurodecode.bench.report.people import differences
from neurodecode.core.errors import DataError
from neurodecode.evaluation import mcnemar, sign_flip


class FakeResult:
    """Predictions of two recipes with known hits."""

    def __init__(self, hits, n_trials=20, seeds=(0,), status="ok"):
        rows = []
        for recipe, per_subject in hits.items():
            for subject, n_hits in enumerate(per_subject):
                for seed in seeds:
                    for trial in range(n_trials):
                        y = ["left", "right"][trial % 2]
                        wrong = ["right", "left"][trial % 2]
                        rows.append((recipe, f"S{subject}", seed, trial + 100 * subject, y,
                                     y if trial < n_hits else wrong))  # fmt: skip
        columns = ["recipe", "subject", "seed", "trial", "y_true", "y_pred"]
        table = pd.DataFrame(rows, columns=columns)
        self.predictions = table.assign(dataset="d", session="1", fold=0, scores=None)
        cells = self.predictions[["dataset", "recipe", "subject", "seed"]].drop_duplicates()
        self.frame = cells.assign(
            status=status, failure="", metric="balanced-accuracy", n_units=n_trials, value=0.5,
            n_test=n_trials, fit_seconds=1.0, parameters=1.0, transductive=False, key="k",
        )  # fmt: skip
        self.recipes = {name: {} for name in hits}
        self.datasets = {"d": {"metric": "balanced-accuracy", "classes": ["left", "right"]}}
        self.histories, self.info = [], {}


def test_people_are_the_unit_where_there_are_several():
    a, b = [16, 18, 14, 20, 18, 16, 18, 20], [14, 16, 14, 16, 16, 16, 14, 16]
    found = compare(FakeResult({"a": a, "b": b}), "a", "b").frame.iloc[0]
    differences = (np.array(a) - np.array(b)) / 20
    assert found["difference"] == pytest.approx(differences.mean())
    assert found["p"] == found["p_holm"] == pytest.approx(sign_flip(differences))
    assert found["n"] == 8
    assert found["low"] < found["difference"] < found["high"]
    assert "0 of 8 subjects do better with the second" in found["note"]


def test_seeds_are_no_replicates():
    hits = {"a": [16, 18, 14, 20, 18, 16], "b": [14, 16, 14, 16, 16, 16]}
    one, many = (compare(FakeResult(hits, seeds=s), "a", "b").frame for s in [(0,), (0, 1, 2)])
    pd.testing.assert_frame_equal(one, many)


def test_too_few_people_are_not_testable():
    text = compare(FakeResult({"a": [16, 18, 20], "b": [10, 12, 11]}), "a", "b")
    assert math.isnan(text.frame["p"].iloc[0])
    assert "not testable" in str(text)


def test_trials_of_one_person_give_the_p_of_mcnemar():
    found = compare(FakeResult({"a": [30], "b": [24]}, n_trials=40), "a", "b").frame.iloc[0]
    assert found["method"] == "sign flips over trials"
    assert found["metric"] == "balanced-accuracy"
    assert found["p"] == pytest.approx(mcnemar(6, 0), abs=0.01)
    assert found["difference"] == pytest.approx(0.15)
    assert found["low"] < found["difference"] < found["high"]


def test_the_report_says_the_same():
    findings = findings_of("12 recipes")
    pairs = findings.pairs.per_set.groupby(["a", "b"], sort=False)
    checked = 0
    for a, b in list(pairs.groups)[::17]:
        frame = compare(findings.result, a, b).frame.set_index("dataset")
        duel = {each["dataset"]: each for each in differences(findings, a, b)}
        for row in pairs.get_group((a, b)).itertuples():
            own = frame.loc[row.dataset]
            assert own["difference"] == pytest.approx(row.difference, abs=1e-12)
            assert own["p"] == row.p_raw
            assert own["low"] == duel[row.dataset]["low"]
            scores = findings.on(row.dataset).set_index("recipe")["score"]
            assert own["difference"] == pytest.approx(scores[a] - scores[b])
            checked += 1
    assert checked > 20


def test_the_other_way_round_is_the_negative():
    result = FakeResult({"a": [16, 18, 14, 20, 18, 16], "b": [14, 16, 14, 16, 16, 16]})
    one, other = compare(result, "a", "b").frame, compare(result, "b", "a").frame
    assert one["difference"].iloc[0] == -other["difference"].iloc[0]
    assert one["p"].iloc[0] == other["p"].iloc[0]


def test_text_reads_like_a_sentence():
    result = FakeResult({"a": [16, 18, 14, 20, 18, 16], "b": [14, 16, 14, 16, 16, 16]})
    text = str(compare(result, "a", "b"))
    assert text.splitlines()[0] == "a − b"
    assert "+8.3 points [" in text and "(sign flips over subjects)" in text


@pytest.mark.parametrize(
    ("status", "pair", "words"),
    [
        ("ok", ("a", "c"), "no such recipe"),
        ("failed", ("a", "b"), "nothing to compare"),
    ],
)
def test_what_cannot_be_compared_is_said(status, pair, words):
    result = FakeResult({"a": [16], "b": [14]}, status=status)
    with pytest.raises(DataError, match=words):
        compare(result, *pair)


def test_other_test_trials_are_not_paired():
    result = FakeResult({"a": [16], "b": [14]})
    result.predictions = result.predictions.drop(index=0)
    with pytest.raises(DataError, match="nothing to compare"):
        compare(result, "a", "b")


def test_number_labels_are_compared_as_well():
    result = FakeResult({"a": [16, 18, 14, 20, 18, 16], "b": [14, 16, 14, 16, 16, 16]})
    text = compare(result, "a", "b").frame
    numbers = {"left": 0, "right": 1}
    for column in ("y_true", "y_pred"):
        result.predictions[column] = result.predictions[column].map(numbers)
    result.datasets["d"]["classes"] = ["0", "1"]
    pd.testing.assert_frame_equal(compare(result, "a", "b").frame, text)
