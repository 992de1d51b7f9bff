"""`TimeGeneralization`: where planted codes last, and how often noise passes for a code."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from neurodecode import Epochs
from neurodecode.core.errors import DataError
from neurodecode.decoders import ShrinkageLDA, TimeGeneralization
from neurodecode.evaluation import split
from neurodecode.features import WindowMeans
from neurodecode.preprocessing import Bandpass


def coded_epochs(effect=1.2, seed=0, lasting=False):
    """Channel 0 codes the class from 0.2 s on; unless it lasts, channel 1 takes over at 0.4 s."""
    rng = np.random.default_rng(seed)
    data = rng.normal(size=(80, 3, 60))
    y = rng.permutation(np.repeat(["a", "b"], 40))
    late = 0 if lasting else 1
    data[y == "a", 0, 30:45] += effect
    data[y == "a", late, 45:] += effect
    names = ["C3", "Cz", "C4"]
    return Epochs(data, channels=names, sfreq=100, tmin=-0.1, y=y, zero="cue")


def test_a_moving_code_is_found_on_the_diagonal_only():
    scores = TimeGeneralization(ShrinkageLDA(), n_windows=4).scores(coded_epochs())
    assert scores.values.shape == (4, 4) and scores.chance == 0.5 and scores.n_trials == 80
    assert scores.values[2, 2] > 0.8 and scores.values[3, 3] > 0.8
    assert abs(scores.values[2, 3] - 0.5) < 0.2 and abs(scores.values[3, 2] - 0.5) < 0.2
    assert scores.mask[[2, 3], [2, 3]].all() and not scores.mask[[0, 1], [0, 1]].any()
    assert (scores.mask == (scores.p < 0.05)).all() and scores.zero == "cue"


def test_a_lasting_code_generalizes():
    scores = TimeGeneralization(ShrinkageLDA(), n_windows=4).scores(coded_epochs(lasting=True))
    assert scores.mask[2:, 2:].all()


def test_times_are_centres_of_windows():
    scores = TimeGeneralization(ShrinkageLDA(), n_windows=4, n_permutations=20).scores(
        coded_epochs()
    )
    assert scores.times == pytest.approx(-0.1 + (7 + 15 * np.arange(4)) / 100)


def test_the_diagonal_is_plain_cross_validation_of_the_window():
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import cross_val_predict

    epochs, cv = coded_epochs(), split("within-session", k=4)
    pipe = make_pipeline(Bandpass(None, 20), WindowMeans(3), ShrinkageLDA())
    scores = TimeGeneralization(pipe, n_windows=4, n_permutations=20).scores(epochs, cv=cv)
    filtered = Bandpass(None, 20).transform(epochs)
    window = filtered.crop(0.2, 0.35)
    predicted = cross_val_predict(
        make_pipeline(WindowMeans(3), ShrinkageLDA()), window, window.y, cv=cv
    )
    assert scores.values[2, 2] == pytest.approx(balanced_accuracy_score(epochs.y, predicted))


def test_same_seed_same_p():
    runs = [TimeGeneralization(ShrinkageLDA(), 4, 50).scores(coded_epochs()) for _ in range(2)]
    assert np.array_equal(runs[0].p, runs[1].p)


@pytest.mark.slow
def test_noise_is_marked_in_about_five_of_a_hundred_maps():
    hits = sum(
        TimeGeneralization(ShrinkageLDA(), 4, 200).scores(coded_epochs(0.0, seed)).mask.any()
        for seed in range(60)
    )
    assert hits <= 9  # binomial(60, .05): 9 or fewer in 99.9 %


def test_windows_must_fit():
    with pytest.raises(DataError, match="1 to 60 windows"):
        TimeGeneralization(ShrinkageLDA(), n_windows=61).scores(coded_epochs())
