"""Equal to scikit-learn on standardized features; faces and houses of a real volunteer."""

import numpy as np
import pytest
from sklearn.model_selection import LeaveOneGroupOut
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from neurodecode import Epochs
from neurodecode.core.errors import DataError
from neurodecode.decoders import LinearSVM
from neurodecode.features import Voxels


def _table(n_classes=3, seed=0):
    rng = np.random.default_rng(seed)
    y = np.tile(np.array(["cat", "face", "house"])[:n_classes], 20)
    X = rng.standard_normal((len(y), 12)) * rng.uniform(0.1, 50, 12) + 7
    X[y == "face", 2] += 30 * X[:, 2].std()
    X[:, 5] = 3.0  # outside the brain
    return X, y


@pytest.mark.parametrize("n_classes", [2, 3])
def test_equals_scikit_learn_on_standardized_features(n_classes):
    X, y = _table(n_classes)
    ours = LinearSVM(C=0.3).fit(X[:30], y[:30])
    theirs = make_pipeline(StandardScaler(), LinearSVC(C=0.3, random_state=0, max_iter=20_000)).fit(
        X[:30], y[:30]
    )
    np.testing.assert_allclose(
        ours.decision_function(X), theirs.decision_function(X), rtol=1e-6, atol=1e-8
    )
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def test_scale_of_features_does_not_matter_and_constant_ones_have_no_weight():
    X, y = _table()
    ours = LinearSVM().fit(X, y)
    scaled = LinearSVM().fit(1000 * X + 5, y)
    np.testing.assert_allclose(
        ours.decision_function(X), scaled.decision_function(1000 * X + 5), rtol=1e-6
    )
    assert not ours.coef_[:, 5].any()


def test_takes_epochs():
    X, y = _table()
    data = X.reshape(len(X), 4, 3)
    epochs = Epochs(data, channels=list("abcd"), sfreq=3, y=y)
    a = LinearSVM().fit(epochs, y).predict(epochs)
    np.testing.assert_array_equal(a, LinearSVM().fit(X, y).predict(X))


@pytest.mark.parametrize("change", [{"C": 0.0}, {"class_weight": "even"}])
def test_arguments_out_of_range(change):
    with pytest.raises(DataError, match="out of range"):
        LinearSVM(**change).fit(*_table())


@pytest.fixture(scope="module")
def haxby(shared_data):
    """Block means of one slice, 8 categories in 8 runs, detrended and scaled within runs."""
    nibabel = pytest.importorskip("nibabel")
    from scipy.signal import detrend

    blocks, labels, runs = [], [], []
    lines = (shared_data / "fmri_haxby" / "attributes_literal.txt").read_text().split("\n")
    words = np.array([line.split()[0] for line in lines if line.strip() and "labels" not in line])
    for run in range(8):
        image = nibabel.load(
            shared_data / "fmri_haxby" / f"run{run + 1:02d}" / "bold_1slice.nii.gz"
        )
        bold = np.asarray(image.dataobj, dtype=np.float64).reshape(-1, 121).T
        bold = detrend(bold, axis=0)
        spread = bold.std(axis=0)
        bold /= np.where(spread > 0, spread, 1)
        mine = words[121 * run : 121 * (run + 1)]
        for word in np.unique(mine[mine != "rest"]):
            blocks.append(bold[mine == word][2:].mean(axis=0))  # the response lags by 5 s
            labels.append(word)
            runs.append(run)
    return np.array(blocks)[:, :, None], np.array(labels), np.array(runs)


@pytest.mark.data
def test_eight_categories_in_a_real_brain(haxby):
    X, y, runs = haxby
    assert X.shape[0] == 64
    hits = []
    for train, test in LeaveOneGroupOut().split(X, y, runs):
        pipe = make_pipeline(Voxels(k=300), LinearSVM()).fit(X[train], y[train])
        hits.extend(pipe.predict(X[test]) == y[test])
    assert np.mean(hits) > 0.69  # chance .125
