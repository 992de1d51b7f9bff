"""Cross-spectral matrices and coherences: pyRiemann's numbers, planted delays, refusals."""

import numpy as np
import pytest

from neurodecode import Epochs
from neurodecode.core.errors import DataError
from neurodecode.features import Coherence, CrossSpectralCovariance

KINDS = ("ordinary", "instantaneous", "lagged", "imaginary")


def epochs_of(data):
    data = data - data.mean(axis=2, keepdims=True)
    return Epochs(data, channels=[f"E{i}" for i in range(data.shape[1])], sfreq=128)


def noise(n_channels=4, n_times=512, seed=0):
    return np.random.default_rng(seed).normal(size=(6, n_channels, n_times))


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
def test_cross_spectra_equal_pyriemann():
    estimation = pytest.importorskip("pyriemann.estimation")
    epochs = epochs_of(noise())
    # All bins: of a band, theirs counts the power of the first and the last bin once, not twice.
    theirs = estimation.CoSpectra(window=64, overlap=0.5, fmin=0, fmax=64, fs=128)
    expected = theirs.fit_transform(epochs.data).mean(axis=-1)
    assert np.allclose(CrossSpectralCovariance(0, 64).transform(epochs), expected, rtol=1e-8)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_coherences_equal_pyriemann(kind):
    estimation = pytest.importorskip("pyriemann.estimation")
    epochs = epochs_of(noise())
    theirs = estimation.Coherences(window=64, overlap=0.5, fmin=8, fmax=30, fs=128, coh=kind)
    expected = theirs.fit_transform(epochs.data).mean(axis=-1)[:, *np.triu_indices(4, k=1)]
    assert np.allclose(Coherence(8, 30, kind=kind).transform(epochs), expected, rtol=1e-6)


def test_a_delay_shows_as_lagged_and_a_copy_does_not():
    data = noise(3, 2048)
    data[:, 1] = data[:, 0]  # volume conduction
    data[:, 2, 3:] = data[:, 0, :-3]  # 3 samples, a quarter of a period at 10.7 Hz
    values = {kind: Coherence(9, 12, kind=kind).transform(epochs_of(data)) for kind in KINDS}
    assert values["ordinary"].min() > 0.9
    assert values["instantaneous"][:, 0].min() > 0.999 > 0.2 > values["instantaneous"][:, 1].max()
    assert values["imaginary"][:, 0].max() < 1e-9 and values["imaginary"][:, 1].min() > 0.8
    assert values["lagged"][:, 0].max() < 1e-6 and values["lagged"][:, 1].min() > 0.8


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Coherence(8, 30, window=4.0), "windows do not fit"),
        (CrossSpectralCovariance(8.2, 9.8), "no frequency lies in the band"),
        (CrossSpectralCovariance(30, 8), "no frequency lies in the band"),
        (Coherence(8, 30, kind="laged"), "did you mean 'lagged'"),
    ],
)
def test_what_cannot_be_is_refused(step, words):
    with pytest.raises(DataError, match=words):
        step.transform(epochs_of(noise()))


def test_a_flat_channel_has_no_coherence():
    data = noise()
    data[2, 1] = 0
    with pytest.raises(DataError, match="trial 2, channel E1"):
        Coherence(8, 30).transform(epochs_of(data))
