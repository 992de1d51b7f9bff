"""`DynamicStopping`: sooner on clear trials, never on noise, and nothing after the stop counts."""

import numpy as np
import pytest
from decoders.flicker_trials import flicker_trials

from neurodecode.core.errors import DataError
from neurodecode.decoders import TRCA, DynamicStopping
from neurodecode.evaluation import itr_per_minute

LENGTHS = (0.1, 0.2, 0.3, 0.4, 0.5)


@pytest.fixture(scope="module")
def clear():
    """Clear trials of twelve targets, the first five blocks to learn from."""
    epochs, block = flicker_trials(0.3, 0)
    clf = DynamicStopping(TRCA(n_bands=1), LENGTHS).fit(epochs[block < 5], epochs.y[block < 5])
    return clf, epochs[block == 5]


def test_clear_trials_stop_early_and_right(clear):
    clf, test = clear
    seconds = clf.stop_times(test)
    assert seconds.mean() < 0.45 and set(seconds) <= set(LENGTHS)
    assert clf.score(test, test.y) >= 0.9


def test_itr_counts_the_gaze_shift(clear):
    clf, test = clear
    seconds, accuracy = clf.stop_times(test).mean(), clf.score(test, test.y)
    assert clf.itr(test, test.y, gaze_shift=0.5) == pytest.approx(
        itr_per_minute(accuracy, 12, seconds + 0.5)
    )
    assert clf.itr(test, test.y, gaze_shift=0.0) > clf.itr(test, test.y)


def test_nothing_after_the_stop_is_used(clear):
    clf, test = clear
    labels, seconds = clf.predict(test), clf.stop_times(test)
    spoilt = test.data.copy()
    for trial, stop in zip(spoilt, seconds, strict=True):
        trial[:, round(stop * test.sfreq) :] = 1e3
    again = test.with_data(spoilt)
    assert np.array_equal(clf.predict(again), labels)
    assert np.array_equal(clf.stop_times(again), seconds)


def test_full_confidence_is_the_decoder_on_whole_trials():
    epochs, block = flicker_trials(0.2, 1)
    train, test = epochs[block < 5], epochs[block == 5]
    clf = DynamicStopping(TRCA(n_bands=1), (0.3, 0.5), confidence=1.0).fit(train, train.y)
    assert (clf.stop_times(test) == 0.5).all()
    assert np.array_equal(clf.predict(test), TRCA(n_bands=1).fit(train, train.y).predict(test))


def test_noise_takes_all_the_time():
    epochs, block = flicker_trials(0.0, 2)
    train, test = epochs[block < 5], epochs[block == 5]
    clf = DynamicStopping(TRCA(n_bands=1), (0.3, 0.5)).fit(train, train.y)
    assert (clf.stop_times(test) == 0.5).all()


@pytest.mark.slow  # several seeds: the share of right decisions is compared with the promise
def test_early_decisions_are_as_right_as_promised():
    right, total = 0, 0
    for seed in range(6):
        epochs, block = flicker_trials(0.2, seed)
        for held in range(6):
            train, test = epochs[block != held], epochs[block == held]
            clf = DynamicStopping(TRCA(n_bands=1), LENGTHS, confidence=0.9).fit(train, train.y)
            early = clf.stop_times(test) < 0.5
            right += int((clf.predict(test) == test.y)[early].sum())
            total += int(early.sum())
    assert total > 100
    assert right / total > 0.9 - 3 * np.sqrt(0.09 / total)


@pytest.mark.parametrize(
    ("change", "match"),
    [({"lengths": (0.3, 0.2)}, "ascend"), ({"lengths": (0.3, 9.0)}, "fit the trials"),
     ({"confidence": 0.0}, "probability")],
)  # fmt: skip
def test_refuses_what_cannot_be(change, match):
    epochs, _ = flicker_trials(0.2, 0)
    with pytest.raises(DataError, match=match):
        DynamicStopping(TRCA(n_bands=1), **change).fit(epochs, epochs.y)
