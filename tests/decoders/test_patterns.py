"""`patterns_of`: Haufe's closed form, and sources that weights would miss."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline

from neurodecode import Epochs
from neurodecode.core.errors import DataError
from neurodecode.decoders import ShrinkageLDA, patterns_of
from neurodecode.features import CSP, Covariance, Flatten, TangentSpace
from neurodecode.preprocessing import Scale

NAMES = ["C3", "Cz", "C4", "Pz"]


def evoked_epochs(n_classes=2, n_times=1, seed=0, n=2000):
    """Class means on a known topography, over a strong noise source that channel 3 sees alone."""
    rng = np.random.default_rng(seed)
    y = np.array(["left", "right", "feet"])[np.arange(n) % n_classes]
    data = 0.3 * rng.normal(size=(n, 4, n_times))
    noise = 2 * rng.normal(size=(n, n_times))
    data[:, 0] += noise
    data[:, 3] += noise  # a decoder weighs channel 3 to cancel the noise of channel 0
    data[y == "right", 0, n_times // 2] += 1
    data[y == "right", 1, n_times // 2] += 0.5
    return Epochs(data, channels=NAMES, sfreq=100, y=y)


def test_noise_channels_get_weight_but_no_pattern():
    epochs = evoked_epochs()
    fitted = ShrinkageLDA().fit(epochs, epochs.y)
    weights = np.abs(fitted.coef_[0])
    values, names = patterns_of(fitted, epochs)
    assert weights[3] > 0.3 * weights[0]
    pattern = np.abs(values[0])
    assert names.tolist() == ["right"]
    assert pattern / pattern[0] == pytest.approx([1, 0.5, 0, 0], abs=0.2)


def test_linear_scores_give_haufes_formula():
    epochs = evoked_epochs(n_classes=3)
    fitted = make_pipeline(Flatten(), LogisticRegression(max_iter=500)).fit(epochs, epochs.y)
    x = epochs.data[:, :, 0] - epochs.data[:, :, 0].mean(axis=0)
    weights = fitted[-1].coef_.T  # (n_channels, n_classes)
    scores = x @ weights
    haufe = np.cov(x.T) @ weights @ np.linalg.pinv(np.cov(scores.T))
    values, names = patterns_of(fitted, epochs)
    assert np.allclose(values.T, haufe * scores.std(axis=0), atol=1e-6)
    assert names.tolist() == ["feet", "left", "right"]


def test_the_moment_is_where_the_classes_differ():
    epochs = evoked_epochs(n_times=9)
    quiet = epochs.with_data(epochs.data - epochs.data[:, [3]])  # without the noise source
    fitted = ShrinkageLDA().fit(quiet, quiet.y)
    values, _ = patterns_of(fitted, quiet)
    assert np.abs(values[0]).argmax() == 0 and abs(values[0][3]) < 1e-9


def test_steps_before_the_features_are_applied():
    epochs = evoked_epochs()
    plain, _ = patterns_of(ShrinkageLDA().fit(epochs, epochs.y), epochs)
    fitted = make_pipeline(Scale(), ShrinkageLDA()).fit(epochs, epochs.y)
    scaled, _ = patterns_of(fitted, epochs)
    assert np.allclose(scaled[0] * fitted[0].scale_, plain[0], rtol=0.05)


@pytest.mark.parametrize("middle", [CSP(4), TangentSpace()])
def test_decoders_of_power_show_power(middle):
    rng = np.random.default_rng(0)
    data = rng.normal(size=(60, 4, 100))
    y = np.tile(["left", "right"], 30)
    data[y == "right", 2] *= 2
    epochs = Epochs(data, channels=NAMES, sfreq=100, y=y)
    pipe = make_pipeline(Covariance(), middle, ShrinkageLDA()).fit(epochs, epochs.y)
    values, names = patterns_of(pipe, epochs)
    assert names.tolist() == ["right"] and values[0].argmax() == 2
    assert values[0][2] > 5 * np.abs(values[0][[0, 1, 3]]).max()


def test_regressors_have_one_row_an_output():
    epochs = evoked_epochs()
    epochs = epochs.with_data(np.random.default_rng(1).normal(size=epochs.shape))
    target = np.stack([epochs.data[:, 1, 0], -epochs.data[:, 2, 0]], axis=1)
    values, names = patterns_of(make_pipeline(Flatten(), Ridge()).fit(epochs, target), epochs)
    assert names.tolist() == ["output 1", "output 2"]
    assert np.abs(values).argmax(axis=1).tolist() == [1, 2] and values[1][2] < 0


def test_scores_without_grades_are_refused():
    from sklearn.dummy import DummyClassifier
    from sklearn.neighbors import NearestCentroid

    epochs = evoked_epochs()
    constant = make_pipeline(Flatten(), DummyClassifier()).fit(epochs, epochs.y)
    with pytest.raises(DataError, match="same score"):
        patterns_of(constant, epochs)

    class Plain(NearestCentroid):
        decision_function = property()
        predict_proba = property()

    with pytest.raises(DataError, match="graded"):
        patterns_of(make_pipeline(Flatten(), Plain()).fit(epochs, epochs.y), epochs)
