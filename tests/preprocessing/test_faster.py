"""`Faster`: the published rule, what it masks, and the robust rule that finds it."""

import numpy as np
import pytest
from preprocessing.planted_artefacts import trials

from neurodecode.core.errors import DataError
from neurodecode.preprocessing import Faster


def planted(n_bad=6, n_channel=10):
    """Trials with loud ones and single loud channels; which, as masks."""
    epochs = trials(120)
    rng = np.random.default_rng(0)
    data = epochs.data.copy()
    rows = rng.permutation(120)
    bad, single = rows[:n_bad], rows[n_bad : n_bad + n_channel]
    data[bad] *= 4
    channels = rng.integers(16, size=n_channel)
    data[single, channels] += 80 * rng.normal(size=(n_channel, 125))
    cells = np.zeros((120, 16), dtype=bool)
    cells[single, channels] = True
    return epochs.with_data(data), epochs, np.isin(np.arange(120), bad), cells


@pytest.mark.parametrize("rule", ["classic", "robust"])
def test_planted_trials_and_channels_are_found(rule):
    epochs, _, bad, cells = planted()
    step = Faster(rule).fit(epochs)
    found, reasons = step._judge(epochs)
    untouched = ~bad & ~cells.any(axis=1)
    assert (reasons != "")[bad].all() and (reasons != "")[untouched].mean() < 0.02
    assert found[cells].all() and found[~cells].mean() < 0.03


def test_repair_brings_channels_closer_to_the_truth():
    epochs, truth, _, cells = planted()
    out = Faster().fit(epochs).transform(epochs)
    assert len(out) == 120
    before = np.sqrt(((epochs.data - truth.data)[cells] ** 2).mean())
    after = np.sqrt(((out.data - truth.data)[cells] ** 2).mean())
    assert after < 0.25 * before
    untouched = ~Faster().fit(epochs)._judge(epochs)[0]
    assert np.allclose(out.data[untouched], epochs.data[untouched])


def test_the_classic_rule_hides_a_flat_channel_behind_loud_ones():
    epochs = trials(40)
    data = epochs.data.copy()
    data[:, 3] *= 1e-3  # nearly flat
    data[:, [6, 12]] *= 30  # louder
    masked = epochs.with_data(data)
    classic = Faster("classic").fit(masked)._judge(masked)[0]
    robust = Faster("robust").fit(masked)._judge(masked)[0]
    assert classic[:, 3].mean() < 0.05
    assert robust[:, 3].mean() > 0.95 and robust[:, [6, 12]].mean() > 0.95


def test_largest_z_of_k_outliers():
    """sqrt((n - k) / k): why the classic rule masks itself."""
    for n, k, largest in ((32, 3, 3.11), (32, 4, 2.65)):
        x = np.r_[np.ones(k), np.zeros(n - k)]
        assert (x[0] - x.mean()) / x.std() == pytest.approx(largest, abs=0.005)


def test_opposite_channels_do_not_cancel():
    epochs = trials(40)
    data = epochs.data.copy()
    data[7, :8] += 200
    data[7, 8:] -= 200
    shifted = epochs.with_data(data)
    assert not Faster().fit(shifted).clean(shifted)[7]


def test_places_are_needed_to_mend_and_rules_are_checked():
    epochs, _, _, _ = planted()
    bare = epochs.with_data(epochs.data, channels=epochs.channels.replace(positions=None))
    with pytest.raises(DataError, match="needs the places"):
        Faster().fit(bare).transform(bare)
    with pytest.raises(DataError, match="did you mean 'robust'"):
        Faster("robus").fit(epochs)
