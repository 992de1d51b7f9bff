"""CSP of many training sets at once: equal to fits one by one, and to pyRiemann's predictions."""

import sys

import numpy as np
import pytest
from pyriemann.estimation import Covariances as PyriemannCovariances
from pyriemann.spatialfilters import CSP as PyriemannCSP
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

import neurodecode as nd
from neurodecode.core.errors import DataError
from neurodecode.features import CSP, Covariance


def covariances_of(n_classes, n_trials=40, n=5):
    rng = np.random.default_rng(n_classes)
    y = np.array(["rest", "left", "right"])[np.arange(n_trials) % n_classes]
    x = rng.normal(size=(n_trials, n, 60))
    for k in range(n_classes):
        x[np.arange(n_trials) % n_classes == k, k] *= 2
    return x @ x.transpose(0, 2, 1) / 60, y


@pytest.mark.parametrize("n_classes", [2, 3])
def test_folds_equal_fits_of_their_own(n_classes):
    matrices, y = covariances_of(n_classes)
    matrices[7] *= 1e15  # whoever subtracts this trial from a sum has lost the others
    some = np.flatnonzero(np.arange(40) != 7)
    folds = [some[:30], some[10:], np.concatenate([some[:20], some[:6]])]
    step = CSP(3)
    for rows, fitted in zip(folds, step.fit_folds(matrices, y, folds), strict=True):
        alone = clone(step).fit(matrices[rows], y[rows])
        assert np.allclose(fitted.transform(matrices), alone.transform(matrices), atol=1e-8)
        assert np.allclose(np.abs(fitted.filters_), np.abs(alone.filters_), atol=1e-8)
        assert np.allclose(np.abs(fitted.patterns_), np.abs(alone.patterns_), atol=1e-8)
        assert fitted.n_channels_in_ == 5
    assert not hasattr(step, "filters_")


def test_a_fold_of_one_class_is_refused():
    matrices, y = covariances_of(2)
    with pytest.raises(DataError, match="CSP: one class only"):
        CSP().fit_folds(matrices, y, [np.arange(20), np.arange(0, 40, 2)])


def test_fitting_does_not_import_pyriemann(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "pyriemann"]:
        monkeypatch.delitem(sys.modules, name)
    for n_classes in (2, 3):
        CSP().fit(*covariances_of(n_classes))
    assert "pyriemann" not in sys.modules


def test_predictions_on_real_folds_are_pyriemanns(shared_data):
    recording = nd.read(shared_data / "eegbci_s001" / "S001R03.edf")
    recording = nd.preprocessing.Bandpass(8, 32).transform(recording.pick(np.arange(0, 64, 3)))
    epochs = recording.epoch({"rest": "T0", "left": "T1", "right": "T2"}, tmin=0.0, tmax=3.0)
    x = epochs.data.astype(float)
    theirs = make_pipeline(
        PyriemannCovariances("oas"),
        PyriemannCSP(6, metric="euclid"),
        LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
    )
    cv = list(StratifiedKFold(5, shuffle=True, random_state=0).split(x, epochs.y))
    expected = cross_val_predict(theirs, x, epochs.y, cv=cv)
    matrices = Covariance().transform(epochs)
    found = np.empty_like(expected)
    folds = CSP().fit_folds(matrices, epochs.y, [train for train, _ in cv])
    for step, (train, test) in zip(folds, cv, strict=True):
        features = step.transform(matrices)
        found[test] = (
            nd.decoders.ShrinkageLDA().fit(features[train], epochs.y[train]).predict(features[test])
        )
    assert np.array_equal(found, expected)
