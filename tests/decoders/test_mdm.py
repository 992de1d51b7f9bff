"""`MDM`: nearest mean, pyRiemann's numbers, invariance to mixing."""

import numpy as np
import pytest

from neurodecode.core.errors import DataError
from neurodecode.decoders import MDM


def class_matrices(n=30, n_channels=4, n_classes=2, seed=0):
    rng = np.random.default_rng(seed)
    y = np.array(["left", "right", "feet"])[np.arange(n) % n_classes]
    gains = {name: np.exp(rng.normal(size=n_channels)) for name in np.unique(y)}
    x = rng.normal(size=(n, n_channels, 60)) * np.stack([gains[name] for name in y])[..., None]
    return x @ x.transpose(0, 2, 1) / 60, y


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("n_classes", [2, 3])
def test_labels_and_probabilities_are_pyriemanns(n_classes):
    from pyriemann.classification import MDM as PyriemannMDM

    X, y = class_matrices(n_classes=n_classes)
    ours, theirs = MDM().fit(X, y), PyriemannMDM().fit(X, y)
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    assert np.allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)


def test_mixing_changes_no_score():
    X, y = class_matrices()
    mix = np.random.default_rng(1).normal(size=(4, 4))
    mixed = mix @ X @ mix.T
    plain = MDM().fit(X, y).decision_function(X)
    assert np.allclose(MDM().fit(mixed, y).decision_function(mixed), plain, rtol=1e-6, atol=1e-8)


def test_what_is_no_covariance_is_refused():
    X, y = class_matrices()
    with pytest.raises(DataError, match="make_pipeline"):
        MDM().fit(X[:, :3], y)
    with pytest.raises(DataError, match="expected   4"):
        MDM().fit(X, y).predict(X[:, :3, :3])
    singular = X.copy()
    singular[5, :, 0] = singular[5, 0, :] = 0
    with pytest.raises(DataError, match="trial"):
        MDM().fit(X, y).predict(singular)
    with pytest.raises(DataError, match="one class"):
        MDM().fit(X, ["a"] * 30)
