"""Nearest means and neighbours on covariances: pyRiemann's labels on real folds, singular input."""

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold

import neurodecode as nd
from neurodecode.core.errors import DataError
from neurodecode.decoders import MDM, FgMDM, RiemannKNN
from neurodecode.features import TangentSpace
from neurodecode.linalg import metric_squared_distances
from neurodecode.linalg.spd_metrics import METRICS


@pytest.fixture(scope="module")
def flicker(shared_data):
    """Covariances of one real recording: rest and three flickers, 32 trials of 8 channels."""
    folder = shared_data / "ssvep_exo"
    rec = nd.read(folder / "S02_rec1_raw.fif", events=folder / "S02_rec1-eve.fif")
    rec = nd.preprocessing.Bandpass(12, 22).transform(rec)
    labels = {"rest": "1", "13 Hz": "2", "21 Hz": "3", "17 Hz": "4"}
    epochs = rec.epoch(labels, tmin=2.0, tmax=5.0)
    return nd.features.Covariance("oas").transform(epochs), epochs.y


def folds(matrices, y):
    return StratifiedKFold(4, shuffle=True, random_state=0).split(matrices, y)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("metric", METRICS)
def test_mdm_has_pyriemanns_labels_and_distances(flicker, metric):
    from pyriemann.classification import MDM as PyriemannMDM

    matrices, y = flicker
    for train, test in folds(matrices, y):
        ours = MDM(metric).fit(matrices[train], y[train])
        theirs = PyriemannMDM(metric).fit(matrices[train], y[train])
        assert np.array_equal(ours.predict(matrices[test]), theirs.predict(matrices[test]))
        # To the tolerance of its means: the distances themselves agree to 1e-8 (test_spd_metrics).
        distances = np.sqrt(-ours.decision_function(matrices[test]))
        assert np.allclose(distances, theirs.transform(matrices[test]), rtol=1e-4, atol=1e-8)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
def test_fgmdm_has_pyriemanns_labels_and_distances(flicker):
    from pyriemann.classification import FgMDM as PyriemannFgMDM

    matrices, y = flicker
    for train, test in folds(matrices, y):
        ours = FgMDM().fit(matrices[train], y[train])
        theirs = PyriemannFgMDM().fit(matrices[train], y[train])
        assert np.array_equal(ours.predict(matrices[test]), theirs.predict(matrices[test]))
        distances = np.sqrt(-ours.decision_function(matrices[test]))
        assert np.allclose(distances, theirs.transform(matrices[test]), atol=1e-6)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("metric", ["riemann", "logeuclid", "euclid"])
@pytest.mark.parametrize("n_neighbors", [1, 4, 5])
def test_neighbours_have_pyriemanns_labels(flicker, metric, n_neighbors):
    from pyriemann.classification import KNearestNeighbor

    matrices, y = flicker
    codes = np.unique(y, return_inverse=True)[1]
    for train, test in folds(matrices, y):
        ours = RiemannKNN(n_neighbors, metric).fit(matrices[train], codes[train])
        theirs = KNearestNeighbor(n_neighbors, metric).fit(matrices[train], codes[train])
        assert np.array_equal(ours.predict(matrices[test]), theirs.predict(matrices[test]))


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
def test_tangent_vectors_are_pyriemanns(flicker):
    from pyriemann.tangentspace import TangentSpace as PyriemannTangentSpace

    matrices, y = flicker
    for train, test in folds(matrices, y):
        ours = TangentSpace().fit(matrices[train]).transform(matrices[test])
        theirs = PyriemannTangentSpace().fit(matrices[train]).transform(matrices[test])
        assert np.allclose(ours, theirs, atol=1e-6)


def three_classes(n=30, n_channels=4, seed=0):
    rng = np.random.default_rng(seed)
    y = np.array(["left", "right", "feet"])[np.arange(n) % 3]
    gains = {name: np.exp(0.5 * rng.normal(size=n_channels)) for name in np.unique(y)}
    x = rng.normal(size=(n, n_channels, 60)) * np.stack([gains[name] for name in y])[..., None]
    return x @ x.transpose(0, 2, 1) / 60, y


DECODERS = [MDM(), MDM("logeuclid"), FgMDM(), RiemannKNN()]


@pytest.mark.parametrize("decoder", [MDM(), FgMDM(), RiemannKNN()], ids=str)
def test_mixing_changes_no_label(decoder):
    matrices, y = three_classes()
    mix = np.random.default_rng(1).normal(size=(4, 4))
    mixed = mix @ matrices @ mix.T
    plain = decoder.fit(matrices, y).predict(matrices)
    assert np.array_equal(decoder.fit(mixed, y).predict(mixed), plain)


@pytest.mark.parametrize("decoder", DECODERS, ids=str)
def test_singular_matrices_are_read_in_their_range_and_a_warning_says_so(decoder):
    matrices, y = three_classes(n_channels=3)
    basis = np.linalg.qr(np.random.default_rng(2).normal(size=(5, 5)))[0][:, :3]
    plain = decoder.fit(matrices, y).predict(matrices)
    lifted = basis @ matrices @ basis.T  # 5 channels of rank 3
    with pytest.warns(UserWarning, match="5 channels have rank 3"):
        decoder.fit(lifted, y)
    assert np.array_equal(decoder.predict(lifted), plain)


def test_neighbours_are_the_nearest_and_their_shares_are_the_probabilities():
    matrices, y = three_classes()
    knn = RiemannKNN(3).fit(matrices, y)
    distances = metric_squared_distances(matrices, matrices[7], "riemann")
    assert np.allclose(knn.distances(matrices[[7]])[0], distances, atol=1e-8)
    nearest = y[np.argsort(distances)[:3]]
    assert knn.predict_proba(matrices[[7]])[0].tolist() == [
        np.mean(nearest == c) for c in knn.classes_
    ]


@pytest.mark.parametrize(
    ("decoder", "words"),
    [(MDM("rieman"), "did you mean 'riemann'"), (RiemannKNN(metric="l2"), "no such metric"),
     (RiemannKNN(0), "n_neighbors=0"), (RiemannKNN(31), "1 to 30")],
)  # fmt: skip
def test_arguments_are_checked(decoder, words):
    with pytest.raises(DataError, match=words):
        decoder.fit(*three_classes())
