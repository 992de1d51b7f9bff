"""Tangent space and CSP: closed forms, invariances, and what they take."""

import numpy as np
import pytest
from features.planted import noise_epochs
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from neurodecode.core.errors import DataError
from neurodecode.decoders import ShrinkageLDA
from neurodecode.features import CSP, Covariance, TangentSpace


def test_csp_of_diagonal_classes():
    matrices = np.stack([np.diag([4.0, 1, 1]), np.diag([1.0, 1, 4])])
    csp = CSP(2).fit(matrices, ["left", "right"])
    assert sorted(np.abs(csp.filters_).argmax(axis=1)) == [0, 2]
    powers = np.exp(csp.transform(matrices))
    assert np.sort(powers[0]) == pytest.approx([0.2, 0.8])
    assert np.sort(csp.transform(matrices)[1]) == pytest.approx([-1.60944, -0.22314], abs=1e-5)


def test_csp_patterns_are_columns_of_the_inverse():
    matrices = Covariance().transform(noise_epochs())
    csp = CSP(4).fit(matrices, np.tile([0, 1], 20))
    assert np.allclose(csp.filters_ @ csp.patterns_.T, np.eye(4), atol=1e-8)


def power_epochs(seed=0, classes=("left", "right")):
    """Each class doubles the amplitude of one of the first sources."""
    rng = np.random.default_rng(seed)
    epochs = noise_epochs(60, 6, 200, seed)
    sources = rng.normal(size=(60, 6, 200))
    y = np.array([classes[i % len(classes)] for i in range(60)])
    for i, name in enumerate(classes):
        sources[y == name, i] *= 2
    return epochs.with_data(rng.normal(size=(6, 6)) @ sources).with_y(y)


@pytest.mark.parametrize("classes", [("left", "right"), ("left", "right", "feet")])
def test_planted_power_is_found_whatever_the_mixing(classes):
    epochs = power_epochs(classes=classes)
    for pipe in (
        make_pipeline(Covariance(), CSP(4), ShrinkageLDA()),
        make_pipeline(Covariance(), TangentSpace(), ShrinkageLDA()),
    ):
        assert cross_val_score(pipe, epochs, epochs.y, cv=3).mean() > 0.9


def test_csp_needs_two_classes_and_labels():
    matrices = Covariance().transform(noise_epochs())
    with pytest.raises(DataError, match="one class"):
        CSP().fit(matrices, ["a"] * 40)
    with pytest.raises(DataError, match="no labels"):
        CSP().fit(matrices)


def test_tangent_vectors_of_the_training_set_have_mean_zero():
    matrices = Covariance().transform(noise_epochs())
    vectors = TangentSpace().fit_transform(matrices)
    assert vectors.shape == (40, 10) and np.abs(vectors.mean(axis=0)).max() < 1e-8


def test_tangent_norms_do_not_see_mixing():
    matrices = Covariance("scm").transform(noise_epochs())
    mix = np.random.default_rng(3).normal(size=(4, 4))
    plain = np.linalg.norm(TangentSpace().fit_transform(matrices), axis=1)
    mixed = np.linalg.norm(TangentSpace().fit_transform(mix @ matrices @ mix.T), axis=1)
    assert mixed == pytest.approx(plain, rel=1e-6)


@pytest.mark.parametrize("step", [TangentSpace(), CSP()])
def test_epochs_and_other_arrays_are_refused_with_the_missing_step(step):
    epochs = noise_epochs()
    for X in (epochs.data, np.zeros((3, 4, 5))):
        with pytest.raises(DataError, match="make_pipeline"):
            step.fit(X, epochs.y[: len(X)])
    with pytest.raises(DataError):
        step.fit(epochs, epochs.y)
