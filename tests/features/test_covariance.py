"""Covariances of epochs: what they hold, what they refuse, that evoked blocks carry the effect."""

import numpy as np
import pytest
from features.planted import noise_epochs, oddball_epochs
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from neurodecode.core.errors import DataError
from neurodecode.features import (
    BlockCovariance,
    Covariance,
    ERPCovariance,
    TangentSpace,
    XdawnCovariance,
)
from neurodecode.preprocessing import Reference


@pytest.mark.parity
def test_covariance_is_that_of_scikit_learn():
    from sklearn.covariance import ledoit_wolf, oas

    epochs = noise_epochs()
    for estimator, theirs in (("oas", oas), ("lwf", ledoit_wolf)):
        expected = [theirs(trial.T)[0] for trial in epochs]
        assert np.allclose(Covariance(estimator).transform(epochs), expected, rtol=1e-10)


def test_mixing_moves_the_sample_covariance_with_it():
    epochs = noise_epochs()
    mix = np.random.default_rng(3).normal(size=(4, 4))
    plain = Covariance("scm").transform(epochs)
    mixed = Covariance("scm").transform(epochs.with_data(mix @ epochs.data))
    assert np.allclose(mixed, mix @ plain @ mix.T, rtol=1e-8)


@pytest.mark.parametrize("estimator", ["scm", "oas", "lwf"])
def test_lost_rank_stays_lost_and_shrinkage_is_that_of_the_space_left(estimator):
    referenced = Reference().transform(noise_epochs())
    basis = np.linalg.svd(np.eye(4) - 0.25)[0][:, :3]
    reduced = basis.T @ referenced.data
    expected = basis @ Covariance(estimator).transform(reduced) @ basis.T
    assert np.allclose(Covariance(estimator).transform(referenced), expected, atol=1e-12)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("estimator", ["corr", "scm"])
def test_correlations_and_blocks_are_pyriemanns(estimator):
    import pyriemann.estimation

    epochs = noise_epochs()
    theirs = pyriemann.estimation.Covariances(estimator).fit_transform(epochs.data)
    assert np.allclose(Covariance(estimator).transform(epochs), theirs, atol=1e-10)
    blocks = pyriemann.estimation.BlockCovariances([1, 3], estimator).fit_transform(epochs.data)
    ours = BlockCovariance([1, 3], estimator).transform(epochs)
    assert np.allclose(ours, blocks, atol=1e-10)


def test_correlations_know_no_power_and_refuse_what_has_none():
    epochs = noise_epochs()
    louder = epochs.with_data(np.array([[1.0], [20], [3], [4]]) * epochs.data)
    plain = Covariance("corr").transform(epochs)
    assert np.allclose(Covariance("corr").transform(louder), plain, atol=1e-10)
    data = epochs.data.copy()
    data[3, 2] = 1.0
    with pytest.raises(DataError, match="trial 3, channel 2"):
        Covariance("corr").transform(epochs.with_data(data))
    with pytest.raises(DataError, match="rank 3"):
        Covariance("corr").transform(Reference().transform(epochs))


def test_blocks_must_add_up():
    with pytest.raises(DataError, match="size=3, 4 channels"):
        BlockCovariance(3).transform(noise_epochs())


@pytest.mark.filterwarnings("ignore:XdawnCovariance")
def test_xdawn_of_singular_data_is_that_of_what_they_span():
    referenced = Reference().transform(oddball_epochs(0.5))
    step = XdawnCovariance(2).fit(referenced, referenced.y)
    assert np.allclose(step.filters_.sum(axis=1), 0, atol=1e-6)  # nothing along the lost direction
    basis = np.linalg.svd(np.eye(8) - 1 / 8)[0][:, :7]
    reduced = basis.T @ referenced.data
    expected = XdawnCovariance(2).fit(reduced, referenced.y).transform(reduced)
    ours = step.transform(referenced)
    assert np.allclose(np.abs(ours), np.abs(expected), rtol=1e-5, atol=1e-8)


def test_fewer_samples_than_channels_are_refused_by_scm():
    with pytest.raises(DataError, match="fewer samples than channels"):
        Covariance("scm").transform(noise_epochs(n_times=4))


def test_constant_trials_are_named():
    epochs = noise_epochs()
    data = epochs.data.copy()
    data[5] = 7.0
    with pytest.raises(DataError, match="first trial 5"):
        Covariance().transform(epochs.with_data(data))


@pytest.mark.parametrize("step", [Covariance, ERPCovariance, XdawnCovariance])
def test_unknown_estimators_are_refused(step):
    epochs = noise_epochs()
    with pytest.raises(DataError, match="did you mean 'oas'"):
        step(estimator="oass").fit(epochs, epochs.y).transform(epochs)


@pytest.mark.parametrize("step", [ERPCovariance(), XdawnCovariance()])
def test_steps_that_learn_from_labels_ask_for_them(step):
    with pytest.raises(DataError, match="no labels"):
        step.fit(noise_epochs())


@pytest.mark.parity
@pytest.mark.parametrize(
    ("name", "arguments"),
    [("ERPCovariances", {}), ("ERPCovariances", {"svd": 2}), ("XdawnCovariances", {"nfilter": 2})],
)
def test_augmented_covariances_equal_pyriemann(name, arguments):
    import pyriemann.estimation

    epochs = oddball_epochs(0.5)
    theirs = getattr(pyriemann.estimation, name)(estimator="oas", **arguments)
    ours = (
        XdawnCovariance(n_filters=2)
        if "nfilter" in arguments
        else ERPCovariance(n_components=arguments.get("svd"))
    )
    expected = theirs.fit(epochs.data, epochs.y).transform(epochs.data)
    assert np.allclose(ours.fit(epochs, epochs.y).transform(epochs), expected, rtol=1e-8)


def auc(front, epochs):
    pipe = make_pipeline(front, TangentSpace(), LogisticRegression())
    cv = StratifiedKFold(5, shuffle=True, random_state=0)
    scores = cross_val_predict(pipe, epochs, epochs.y, cv=cv, method="decision_function")
    return roc_auc_score(epochs.y == "target", scores)


def test_evoked_blocks_carry_what_a_plain_covariance_loses():
    epochs = oddball_epochs(0.45, seed=2)
    assert auc(XdawnCovariance(2), epochs) > 0.9
    assert abs(auc(Covariance(), epochs) - 0.5) < 0.15


def test_xdawn_finds_nothing_in_noise():
    assert abs(auc(XdawnCovariance(2), oddball_epochs(0.0)) - 0.5) < 0.15


def test_xdawn_fitted_outside_the_folds_leaks():
    # The standing alarm: on pure noise the leaking version scores 0.94.
    epochs = oddball_epochs(0.0)
    leaked = XdawnCovariance(2).fit_transform(epochs, epochs.y)
    pipe = make_pipeline(TangentSpace(), LogisticRegression())
    cv = StratifiedKFold(5, shuffle=True, random_state=0)
    scores = cross_val_predict(pipe, leaked, epochs.y, cv=cv, method="decision_function")
    assert roc_auc_score(epochs.y == "target", scores) > 0.8
