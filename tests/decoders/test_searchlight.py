"""Neighbourhoods, planted spots, and the same map as nilearn."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold

from neurodecode import Channels, Epochs
from neurodecode.core.errors import DataError
from neurodecode.core.space import VolumeSpace
from neurodecode.decoders import LinearSVM, Searchlight

MASK = np.zeros((6, 5, 3), dtype=bool)
MASK[1:5, 1:4] = True
AFFINE = np.diag([3.0, 3.0, 3.0, 1.0])


def _volume(n=40, effect=2.0, seed=0):
    """Volumes whose classes differ in one corner."""
    rng = np.random.default_rng(seed)
    brain = rng.standard_normal((n, *MASK.shape))
    brain[::2, 1:3, 1:3, 0] += effect
    space = VolumeSpace(MASK, AFFINE)
    return Epochs(
        brain[:, MASK][:, :, None],
        channels=Channels(space.names, kinds="bold", positions=space.positions()),
        sfreq=0.4,
        y=n // 2 * ["face", "house"],
        trials=pd.DataFrame({"onset": 20.0 * np.arange(n)}),
        space=space,
    )


def test_finds_the_corner_and_nothing_far_from_it():
    found = Searchlight(LinearSVM(), radius=0.0035).scores(_volume(), cv=KFold(4))
    value = np.zeros(MASK.shape)
    value[MASK] = found.values  # noqa: PD011 - no frame
    assert value[1:3, 1:3, 0].min() > 0.85
    assert abs(value[4, 3, 2] - 0.5) < 0.25
    assert found.chance == 0.5
    assert found.n_trials == 40
    assert found.n_neighbors.max() == 7  # the centre and its six neighbours


def test_positions_in_another_frame_give_the_same_map():
    epochs = _volume(20)
    usual = Searchlight(LinearSVM(), radius=0.0035).scores(epochs, cv=KFold(2))
    places = (np.argwhere(MASK) @ AFFINE[:3, :3].T) / 1000
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    channels = Channels(epochs.channels.names, positions=places @ turn + 0.05)
    placed = Epochs(epochs.data, channels=channels, sfreq=0.4, y=epochs.y, trials=epochs.trials)
    other = Searchlight(LinearSVM(), radius=0.0035).scores(placed, cv=KFold(2))
    np.testing.assert_array_equal(usual.values, other.values)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Use a custom estimator")
def test_same_map_as_nilearn():
    pytest.importorskip("nilearn")
    from nibabel.nifti1 import Nifti1Image
    from nilearn.decoding import SearchLight
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    epochs = _volume(effect=1.0)
    volumes = np.zeros((*MASK.shape, len(epochs)))
    volumes[MASK] = epochs.data[:, :, 0].T
    mask = Nifti1Image(MASK.astype(np.int8), AFFINE)
    theirs = SearchLight(
        mask,
        radius=3.5,
        estimator=make_pipeline(StandardScaler(), LinearSVC(random_state=0, max_iter=20_000)),
        cv=KFold(4),
        scoring="accuracy",
    ).fit(Nifti1Image(volumes, AFFINE), epochs.y)
    ours = Searchlight(LinearSVM(), radius=0.0035).scores(epochs, cv=KFold(4))
    np.testing.assert_allclose(ours.values, theirs.scores_[MASK], atol=1e-9)


def test_refuses_channels_without_a_place():
    epochs = Epochs(np.zeros((4, 2, 3)), channels=["C3", "C4"], sfreq=3, y=list("abab"))
    with pytest.raises(DataError, match="where the channels lie"):
        Searchlight(LinearSVM(), radius=0.01).scores(epochs)
    with pytest.raises(DataError, match="radius"):
        Searchlight(LinearSVM(), radius=0.0).scores(_volume())
