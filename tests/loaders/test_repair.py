"""Repairs: faults are found in the data alone and undone sample for sample."""

import warnings

import numpy as np
import pytest

from neurodecode.core.card import read_card
from neurodecode.loaders import RepairWarning, load
from neurodecode.loaders.repair import (
    copies_to_drop,
    duplicate_groups,
    is_mis_cut,
    rebuild_channels,
    rebuild_rows,
)

MIS_CUT = {"SelfRegulationSCP1": (6, 1), "SelfRegulationSCP2": (7, 1), "FingerMovements": (28, 16)}


def mis_cut(true: np.ndarray) -> np.ndarray:
    """The fault: X[c, t] = flat[c * C + t] of a channel-major row."""
    n_trials, n_channels, n_times = true.shape
    flat = true.reshape(n_trials, -1)
    cuts = [flat[:, c * n_channels : c * n_channels + n_times] for c in range(n_channels)]
    return np.stack(cuts, axis=1)


@pytest.mark.parametrize(("n_channels", "n_times"), [(3, 20), (5, 12), (28, 50)])
def test_the_fault_is_seen_and_the_electrodes_come_back(n_channels, n_times):
    true = np.random.default_rng(0).normal(size=(4, n_channels, n_times))
    wrong = mis_cut(true)
    assert is_mis_cut(wrong) and not is_mis_cut(true)
    rebuilt = rebuild_channels(wrong)
    assert rebuilt.shape[1] == (n_channels * (n_channels - 1) + n_times) // n_times
    np.testing.assert_array_equal(rebuilt, true[:, : rebuilt.shape[1]])


def test_one_differing_sample_is_no_mis_cut():
    wrong = mis_cut(np.random.default_rng(0).normal(size=(4, 3, 20)))
    wrong[2, 1, 5] += 1e-6
    assert not is_mis_cut(wrong)
    assert not is_mis_cut(np.zeros((4, 3, 20)))  # flat channels prove nothing


@pytest.mark.data
@pytest.mark.parametrize("name", MIS_CUT)
def test_distributed_sets_are_one_row_cut_wrongly(name):
    n_rows, n_whole = MIS_CUT[name]
    raw = load(name, as_distributed=True)
    with pytest.warns(RepairWarning, match="as_distributed=True") as caught:
        repaired = load(name)
    assert len(caught) == 1
    rows = rebuild_rows(raw.data)
    n_times = raw.shape[2]
    for row in range(n_rows):  # the rebuilt row holds every sample of every trial
        np.testing.assert_array_equal(
            rows[:, row * n_rows : row * n_rows + n_times], raw.data[:, row]
        )
    np.testing.assert_array_equal(
        repaired.data, rows[:, : n_whole * n_times].reshape(repaired.shape)
    )
    assert repaired.channels.names == tuple(read_card(name).channels["names"])
    assert repaired.shape == (len(raw), n_whole, n_times)


@pytest.mark.data
def test_rebuilt_finger_movements_jump_only_between_electrodes():
    raw = load("FingerMovements", as_distributed=True)
    jumps = np.abs(np.diff(rebuild_rows(raw.data), axis=1)).mean(axis=0)[: 16 * 50 - 1]
    electrode = np.arange(len(jumps)) // 50
    seams = np.arange(len(jumps)) % 50 == 49
    level = np.array([np.median(jumps[(electrode == k) & ~seams]) for k in range(16)])
    inside = jumps / level[electrode]
    assert inside[~seams].max() < 1.2  # each electrode moves at its own steady pace ...
    across = jumps[seams] / ((level[:-1] + level[1:]) / 2)
    assert across.min() > 1.25  # ... and every seam stands out, 50 samples apart


@pytest.mark.data
def test_blink_loses_fifty_and_fifty_copies():
    raw = load("Blink", as_distributed=True)
    groups = duplicate_groups(raw.data)
    train = np.flatnonzero(raw.groups("part") == "train")
    test = np.flatnonzero(raw.groups("part") == "test")
    within = [[train[250 + i], train[450 + i]] for i in range(50)]
    across = [[train[300 + i], test[200 + i]] for i in range(50)]
    assert sorted(map(list, groups)) == sorted(within + across)
    with pytest.warns(RepairWarning, match="100 copies among 950"):
        epochs = load("Blink")
    parts = epochs.split("published")
    assert (len(parts.train), len(parts.test)) == (400, 450)
    assert not duplicate_groups(epochs.data)
    np.testing.assert_array_equal(parts.test.data, raw[test].data)


def test_a_copy_of_a_test_trial_leaves_the_training_part():
    assert copies_to_drop([[0, 3], [1, 2]], ["train", "train", "train", "test"]) == [0, 2]
    assert copies_to_drop([[0, 1, 2]], None) == [1, 2]


@pytest.mark.data
def test_a_sound_set_gives_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load("HandMovementDirection")
