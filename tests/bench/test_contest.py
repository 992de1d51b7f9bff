"""The contest of speed: its rows have goals, unequal results are no ratio, floors are held."""

import importlib
import sys

import numpy as np
import pytest


@pytest.fixture(scope="module")
def contest(checkout):
    sys.path.insert(0, str(checkout / "benchmarks"))
    try:
        yield importlib.import_module("classical")
    finally:
        sys.path.remove(str(checkout / "benchmarks"))


@pytest.fixture(scope="module")
def rows(contest):
    return sys.modules["classical_rows"]


@pytest.fixture
def setting(rows, tmp_path):
    return rows.Setting(tmp_path, tmp_path, n_subjects=1, quick=True)


def ways(theirs, ours):
    return (lambda: theirs, None), {"iir": (lambda: ours, None)}


def test_every_row_has_a_goal_and_every_goal_a_row(contest):
    answered = {key for key in contest.GOALS if any(key.startswith(row) for row in contest.ROWS)}
    assert set(contest.ROWS) <= set(contest.GOALS) == answered


def test_unequal_results_are_no_ratio(contest, rows, setting, monkeypatch):
    right, wrong = np.ones(3), np.array([1.0, 1.0, 1.1])
    row = rows.Contest(*ways(right, right + 1e-12), rows.within(1e-8))
    (measured,) = row.measured(setting)
    assert len(measured.values) == 9 and measured.agreement == "1e-12"
    unequal = rows.Contest(*ways(right, wrong), rows.within(1e-8))
    with pytest.raises(rows.Unequal, match="differs by"):
        list(unequal.measured(setting))
    monkeypatch.setitem(contest.ROWS, "iir", lambda _: unequal)
    assert contest.contest(setting, ["iir"])[1][0].startswith("zero-phase IIR, 22 x 97000: differs")


@pytest.mark.parametrize(
    ("value", "unit", "verdict"),
    [(21, "x", "reached"), (18, "x", "missed"), (16, "x", "BELOW FLOOR"),
     (19, "s", "reached"), (22, "s", "missed"), (24, "s", "BELOW FLOOR")],
)  # fmt: skip
def test_verdicts(contest, rows, monkeypatch, value, unit, verdict):
    goals = sys.modules["classical_goals"]
    monkeypatch.setitem(contest.GOALS, "iir", goals.Goal("", 20, {"AVX2": 20}, unit))
    assert rows.Measured("iir", [value], "-", form="AVX2").verdict == verdict
    unknown = rows.Measured("iir", [value], "-", form="none").verdict
    assert unknown == ("reached" if verdict == "reached" else "missed")


def test_rounds_end_when_the_median_settles(rows):
    assert rows.settled([10.0, 10.1, 9.9, 10.0, 10.1, 9.9, 10.0])
    assert not rows.settled([5.0, 10.0, 15.0, 8.0, 12.0])


def test_page_and_picture(contest, rows, tmp_path, monkeypatch):
    page = sys.modules["classical_page"]
    copy = tmp_path / "performance.md"
    copy.write_text(page.PAGE.read_text("utf-8"), "utf-8")
    monkeypatch.setattr(page, "PAGE", copy)
    monkeypatch.setattr(page, "PICTURE", tmp_path / "classical.svg")
    measured = [rows.Measured("iir", [5.0, 6.0], "1e-15"), rows.Measured("import", [0.01], "-")]
    page.write(measured, page.summary(measured, ["x: differs"]), "a machine")
    text = copy.read_text("utf-8")
    assert "| zero-phase IIR, 22 x 97000 | × 4.5 | **× 5.5** |" in text
    assert "2 of 3 goals reached.\nUNEQUAL: x: differs" in text and "a machine." in text
    assert (tmp_path / "classical.svg").read_text("utf-8").count("× 5.5") == 1


def test_simulated_runs_are_the_same_again_and_hold_their_classes(contest):
    data = sys.modules["classical_data"]
    first, onsets, labels = data.simulated_run(1, np.random.default_rng(0))
    again, _, _ = data.simulated_run(1, np.random.default_rng(0))
    assert np.array_equal(first, again) and first.shape == (22, 97_000)
    assert sorted(labels) == sorted([*data.CLASSES] * 12) and np.ptp(np.diff(onsets)) == 0
