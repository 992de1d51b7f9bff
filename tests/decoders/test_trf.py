"""TRF: MNE's receptive field, planted kernels, attention to one of two real talkers."""

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from neurodecode import Epochs
from neurodecode.core.errors import DataError
from neurodecode.decoders import TRF
from neurodecode.evaluation.metrics import correlation


def _planted(n_trials=4, n_times=600, noise=1.0, seed=0):
    """A brain that answers a stimulus by a kernel 0.1 to 0.2 s later, at 50 Hz."""
    rng = np.random.default_rng(seed)
    stimulus = rng.standard_normal((n_trials, n_times))
    kernel = np.zeros((3, 13))
    kernel[0, 5:11] = np.hanning(6)
    kernel[1, 5:11] = -np.hanning(6)
    brain = np.stack(
        [[np.convolve(each, k)[:n_times] for k in kernel] for each in stimulus]
    ) + noise * rng.standard_normal((n_trials, 3, n_times))
    return Epochs(brain, channels=["Fz", "Cz", "Pz"], sfreq=50), stimulus, kernel


@pytest.mark.parity
@pytest.mark.parametrize(("tmin", "tmax"), [(-0.24, 0.0), (-0.1, 0.1), (0.0, 0.24)])
def test_equals_the_receptive_field_of_mne(tmin, tmax):
    from mne.decoding import ReceptiveField
    from sklearn.linear_model import Ridge

    epochs, stimulus, _ = _planted(3, 200)
    ours = TRF(tmin, tmax, alphas=[1e-2]).fit(epochs, stimulus)
    centred = epochs.data - epochs.data.mean(axis=(0, 2), keepdims=True)
    theirs = ReceptiveField(
        tmin, tmax, 50.0, estimator=Ridge(alpha=ours.alpha_ * 3, fit_intercept=False)
    ).fit(centred.transpose(2, 0, 1), (stimulus - stimulus.mean()).T[:, :, None])
    np.testing.assert_allclose(theirs.delays_ / 50.0, ours.lags_)
    np.testing.assert_allclose(ours.coef_[0], theirs.coef_[0], rtol=1e-6, atol=1e-9)
    # their prediction adds a mean of its own
    guess = theirs.predict(centred.transpose(2, 0, 1))[:, :, 0].T
    assert correlation(guess.ravel(), ours.predict(epochs).ravel()) > 1 - 1e-9


def test_a_forward_model_finds_the_kernel():
    epochs, stimulus, kernel = _planted()
    as_input = Epochs(stimulus[:, None], channels=["speech"], sfreq=50)
    found = TRF(0.0, 0.24).fit(as_input, epochs.data).coef_[:, 0]
    assert np.corrcoef(found.ravel(), kernel.ravel())[0, 1] > 0.95


def test_a_backward_model_hears_the_stimulus_and_nothing_in_noise():
    epochs, stimulus, _ = _planted()
    good = TRF().fit(epochs[:3], stimulus[:3])
    assert good.score(epochs[3:], stimulus[3:]) > 0.6
    other = np.random.default_rng(5).standard_normal(stimulus.shape)
    assert abs(TRF().fit(epochs[:3], other[:3]).score(epochs[3:], other[3:])) < 0.15


def test_the_window_is_chosen_inside_the_training_trials():
    """The answer comes 0.1 to 0.2 s later: windows that miss it lose, and noise gains nothing."""
    epochs, stimulus, _ = _planted()
    windows = [(-0.06, 0.0), (-0.24, 0.0), (0.0, 0.2)]
    found = TRF(windows=windows).fit(epochs[:3], stimulus[:3])
    assert (found.lags_[0], found.lags_[-1]) == (-0.24, 0.0)
    alone = TRF(-0.24, 0.0).fit(epochs[:3], stimulus[:3])
    np.testing.assert_allclose(found.coef_, alone.coef_)
    other = np.random.default_rng(5).standard_normal(stimulus.shape)
    honest = TRF(windows=windows).fit(epochs[:3], other[:3]).score(epochs[3:], other[3:])
    assert abs(honest) < 0.15


def test_lags_do_not_cross_trials():
    epochs, stimulus, _ = _planted()
    fitted = TRF().fit(epochs, stimulus)
    alone = np.concatenate([fitted.predict(epochs[[i]]) for i in range(4)])
    np.testing.assert_allclose(alone, fitted.predict(epochs), atol=1e-12)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"tmin": 0.1, "tmax": 0.0}, "lags"),
        ({"tmin": -99.0}, "lags"),
        ({"alphas": [-1.0]}, "positive"),
    ],
)
def test_refuses_arguments_out_of_range(change, match):
    epochs, stimulus, _ = _planted(2, 100)
    with pytest.raises(DataError, match=match):
        TRF(**change).fit(epochs, stimulus)


def test_refuses_targets_that_are_no_signals():
    epochs, stimulus, _ = _planted(2, 100)
    with pytest.raises(DataError, match="as long as the trials"):
        TRF().fit(epochs, stimulus[:, :50])
    with pytest.raises(DataError, match="one trial"):
        TRF().fit(epochs[:1], stimulus[:1])


@pytest.mark.data
@pytest.mark.slow
def test_attention_to_one_of_two_real_talkers(shared_data):
    """Reconstruct the envelope, trial by trial left out; the attended one should fit better."""
    kept = np.load(shared_data / "aad_cocktail" / "subject1_block1_64hz.npz")
    sos = butter(3, [1, 9], "bandpass", fs=64, output="sos")
    eeg, attended, other = (
        sosfiltfilt(sos, kept[key].astype(np.float64), axis=axis)
        for key, axis in (("eeg", 1), ("env_attended", 1), ("env_unattended", 1))
    )
    eeg = eeg.transpose(0, 2, 1)[:, ::2]  # every other electrode: a quarter of the time
    epochs = Epochs(eeg, channels=[f"A{i}" for i in range(64)], sfreq=64)
    wins = []
    for left_out in range(5):
        train = np.delete(np.arange(5), left_out)
        trf = TRF(alphas=np.logspace(-3, 1, 5)).fit(epochs[train], attended[train])
        guess = trf.predict(epochs[[left_out]])[0].reshape(-1, 640)  # 10 s
        for i, each in enumerate(guess):
            span = slice(640 * i, 640 * (i + 1))
            wins.append(
                correlation(attended[left_out, span], each)
                > correlation(other[left_out, span], each)
            )
    assert len(wins) == 30
    assert np.mean(wins) >= 0.7  # chance .5
