"""`AutoRepair`: autoreject's limits and choices, its repair, and no trial lost."""

import numpy as np
import pytest
from preprocessing.planted_artefacts import trials

from neurodecode.core.errors import DataError

package = pytest.importorskip("autoreject", reason="autoreject is not installed")

from neurodecode.preprocessing import AutoRepair  # noqa: E402


@pytest.fixture(scope="module")
def planted():
    epochs = trials(26).pick(range(8))
    rng = np.random.default_rng(0)
    data = epochs.data.copy()
    cells = np.zeros((26, 8), dtype=bool)
    cells[[2, 9, 14, 20], [3, 6, 0, 5]] = True
    data[cells] += 100 * rng.normal(size=(4, 125))
    data[25] += 120 * rng.normal(size=(8, 125))
    step = AutoRepair(n_interpolate=(1, 2), consensus=(0.3, 0.6, 1.0))
    return epochs.with_data(data), cells, step.fit(epochs.with_data(data))


def test_planted_channels_and_trial_are_found(planted):
    epochs, cells, step = planted
    mend, reasons = step._judge(epochs)
    assert mend[cells].all() and mend[~cells].mean() < 0.15
    assert reasons[25] and "channels above their limit" in reasons[25]
    assert len(step.transform(epochs)) == 26


def test_limits_choices_and_repair_are_those_of_the_package(planted):
    epochs, _, step = planted
    theirs = package.AutoReject(
        n_interpolate=np.array([1, 2]), consensus=np.array([0.3, 0.6, 1.0]),
        picks=np.arange(8), random_state=0, verbose=False,
    )  # fmt: skip
    mne_epochs = epochs.to_mne()
    cleaned, log = theirs.fit(mne_epochs).transform(mne_epochs, return_log=True)
    limits = [1e6 * theirs.threshes_[name] for name in epochs.channels.names]
    assert np.allclose(step.limits_, limits)
    assert step.consensus_ == theirs.consensus_["eeg"]
    assert step.n_interpolate_ == theirs.n_interpolate_["eeg"]
    mend, reasons = step._judge(epochs)
    assert np.array_equal(mend, log.labels == 2)
    assert np.array_equal(reasons != "", log.bad_epochs)
    ours = step.transform(epochs)[~log.bad_epochs]
    gap = ours.data - cleaned.get_data(copy=False) * 1e6
    mended = mend[~log.bad_epochs]
    assert np.abs(gap[~mended]).max() < 1e-9
    # The same splines around another centre: theirs fits a sphere to the electrodes left.
    assert np.sqrt((gap[mended] ** 2).mean()) < 0.2 * np.sqrt((ours.data[mended] ** 2).mean())


def test_too_few_trials_are_refused(planted):
    with pytest.raises(DataError, match="too little to learn from"):
        AutoRepair().fit(planted[0][:5])
