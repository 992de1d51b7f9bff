"""`ShrinkageLDA` and `WindowLDA`: closed form, choice inside the training data, refusals."""

import numpy as np
import pandas as pd
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from neurodecode import Epochs
from neurodecode.core.errors import DataError
from neurodecode.decoders import ShrinkageLDA, WindowLDA
from neurodecode.decoders.inner_folds import inner_folds
from neurodecode.features import WindowMeans


def two_blobs(n=60, n_features=5, n_classes=2, seed=0):
    rng = np.random.default_rng(seed)
    y = np.array(["left", "right", "feet"])[np.arange(n) % n_classes]
    centres = {name: rng.normal(size=n_features) for name in np.unique(y)}
    return np.stack([centres[name] for name in y]) + rng.normal(size=(n, n_features)), y


@pytest.mark.parametrize("n_classes", [2, 3])
def test_scores_and_probabilities_are_scikit_learns(n_classes):
    X, y = two_blobs(n_classes=n_classes)
    X = np.column_stack([1e4 * X, np.full(len(X), 7.0)])  # a large unit, a constant
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(X, y)
    ours = ShrinkageLDA().fit(X, y)
    for method in ("decision_function", "predict_proba"):
        got, wanted = (getattr(each, method)(X) for each in (ours, theirs))
        np.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-10)
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    assert ours.classes_.tolist() == sorted(set(y))


def test_balanced_classes_count_alike():
    X, y = two_blobs(200)
    keep = np.concatenate([np.flatnonzero(y == "left")[:100], np.flatnonzero(y == "right")[:10]])
    plain = ShrinkageLDA().fit(X[keep], y[keep])
    balanced = ShrinkageLDA(class_weight="balanced").fit(X[keep], y[keep])
    # The discriminant moves by the log ratio of the class frequencies, 10 to 1.
    shift = balanced.decision_function(X) - plain.decision_function(X)
    # ... up to the weights of the classes in the pooled covariance.
    assert np.median(shift) == pytest.approx(np.log(10), abs=0.5)


def test_epochs_are_flattened_and_labels_keep_their_type():
    X, y = two_blobs(n_features=12)
    epochs = Epochs(X.reshape(60, 3, 4), channels=["C3", "Cz", "C4"], sfreq=4, y=y)
    fitted = ShrinkageLDA().fit(epochs, epochs.y)
    assert np.array_equal(fitted.predict(epochs), ShrinkageLDA().fit(X, y).predict(X))
    numbers = ShrinkageLDA().fit(X, (y == "left").astype(int) + 7)
    assert set(numbers.predict(X)) == {7, 8}


def test_offsets_and_gains_of_features_change_nothing():
    X, y = two_blobs()
    plain = ShrinkageLDA().fit(X, y).decision_function(X)
    moved = 3 * X + np.arange(5) * 100
    assert np.allclose(ShrinkageLDA().fit(moved, y).decision_function(moved), plain, atol=1e-6)


@pytest.mark.parametrize(
    ("X", "y", "word"),
    [
        (np.zeros((4, 5000)), list("abab"), "WindowMeans"),
        (np.zeros((4, 2)), list("aaaa"), "one class"),
        (np.zeros((2, 2)), list("ab"), "more trials than classes"),
        (np.zeros((4, 2)), [0.1, 0.2, 0.3, 0.4], "continuous"),
        (np.zeros((4, 2)), list("aba"), "labels"),
        (np.zeros((4, 2)), None, "no labels"),
        (np.full((4, 2), np.nan), list("abab"), "trial 0, feature 0"),
        (np.zeros(4), list("abab"), "table"),
    ],
)
def test_what_it_cannot_use_is_refused(X, y, word):
    with pytest.raises(DataError, match=word):
        ShrinkageLDA().fit(X, y)


def test_unknown_class_weight_and_other_features_are_refused():
    X, y = two_blobs()
    with pytest.raises(DataError, match="class_weight"):
        ShrinkageLDA(class_weight="balance").fit(X, y)
    with pytest.raises(DataError, match="expected   5"):
        ShrinkageLDA().fit(X, y).predict(X[:, :3])


def deflection_epochs(seed=0, subjects=("a", "b")):
    """A deflection of 4 of 64 samples: windows must be short to see it."""
    rng = np.random.default_rng(seed)
    n = 60
    data = rng.normal(size=(n, 2, 64))
    y = np.tile(["go", "stop"], n // 2)
    data[y == "go", 0, 20:22] += 2
    data[y == "go", 0, 22:24] -= 2
    table = pd.DataFrame({"subject": np.repeat(subjects, n // len(subjects))})
    table["onset"] = np.arange(n) * 2.0
    return Epochs(data, channels=["C3", "C4"], sfreq=64, y=y, trials=table)


@pytest.mark.parametrize("subjects", [("a",), ("a", "b"), ("a", "b", "c")])
def test_number_of_windows_is_chosen_inside_the_training_trials(subjects):
    epochs = deflection_epochs(subjects=subjects)
    fitted = WindowLDA((1, 4, 32)).fit(epochs, epochs.y)
    assert fitted.n_windows_ == 32
    assert fitted.inner_scores_[32] > 0.8 > 0.65 > fitted.inner_scores_[1]
    expected = ShrinkageLDA().fit(WindowMeans(32).transform(epochs), epochs.y)
    assert np.array_equal(fitted.lda_.coef_, expected.coef_)


def test_inner_folds_never_share_a_subject():
    epochs = deflection_epochs(subjects=("a", "b", "c"))
    folds = list(inner_folds(epochs, epochs.y))
    people = epochs.groups("subject")
    assert len(folds) == 3
    assert all(not set(people[train]) & set(people[test]) for train, test in folds)


def test_choice_without_need_or_without_trials():
    epochs = deflection_epochs()
    assert WindowLDA((8,)).fit(epochs, epochs.y).inner_scores_ == {}
    few = epochs[:3]
    fitted = WindowLDA((2, 4)).fit(few, few.y)
    assert fitted.n_windows_ == 2 and fitted.inner_scores_ == {}


def test_candidates_beyond_the_samples_are_left_out():
    epochs = deflection_epochs()
    assert set(WindowLDA((2, 4, 100)).fit(epochs, epochs.y).inner_scores_) == {2, 4}
    with pytest.raises(DataError, match="no candidate"):
        WindowLDA((65,)).fit(epochs, epochs.y)
