"""Rank that steps take is carried to the geometry, which then works in what is left."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

import neurodecode as nd
from neurodecode import Epochs, Recording
from neurodecode.core import Channels
from neurodecode.core.errors import DataError
from neurodecode.preprocessing import Interpolate, ReduceRank, Reference

CAP = ["Fp1", "Fp2", "F3", "F4", "C3", "Cz", "C4", "P3", "P4", "O1", "O2"]


@pytest.fixture(scope="module")
def singular():
    """Two classes of lateralized power, float32; rank 11 - 1 (average) - 1 (interpolated) - 2."""
    rng = np.random.default_rng(0)
    n = 60
    sources = rng.normal(size=(11, n * 250))
    y = np.tile(["left", "right"], n // 2)
    gain = np.where(np.repeat(y, 250) == "left", 2.0, 1.0)
    sources[0] *= gain
    sources[1] *= 3.0 - gain
    data = (np.eye(11) + 0.4 * rng.normal(size=(11, 11))) @ sources * 10
    events = pd.DataFrame({"onset": np.arange(n) * 1.0, "label": y})
    recording = Recording(
        data.astype(np.float32), channels=CAP, sfreq=250, events=events
    ).set_montage("standard_1005").with_bads(["P3"])  # fmt: skip
    recording = Reference().transform(Interpolate().transform(recording))
    assert recording.rank == 9
    out = np.linalg.qr(recording.data[:, [500, 9000]].astype(np.float64))[0]  # as an SSP would
    cleaned = recording.data - (out @ (out.T @ recording.data)).astype(np.float32)
    recording = recording.with_data(cleaned, rank=recording.rank - 2)
    epochs = recording.epoch(["left", "right"], tmax=1.0)
    assert epochs.rank == 7 and epochs.dtype == np.float32
    return epochs


def test_recordings_carry_the_rank_of_their_good_brain_channels():
    channels = Channels([*CAP, "EOG"], kinds=["eeg"] * 11 + ["eog"])
    data = np.random.default_rng(0).normal(size=(12, 2500))
    recording = Reference().transform(Recording(data, channels=channels, sfreq=250))
    assert recording.rank == 10 and Recording(data, channels=channels, sfreq=250).rank is None
    assert recording.windows(1.0, 1.0).rank == 10
    assert recording.windows(1.0, 1.0, kinds="all").rank == 11  # the EOG is its own dimension
    assert recording.with_bads(["C3", "C4"]).rank == 9 == recording.pick(CAP[:9]).rank
    filtered = nd.preprocessing.Bandpass(8, 32).transform(recording)
    assert nd.preprocessing.Resample(125).transform(filtered).rank == 10


def basis_of(epochs):
    """Coordinates of the space that is left, by another way than the steps'."""
    wide = np.concatenate(list(epochs.data.astype(np.float64)), axis=1)
    return np.linalg.svd(wide, full_matrices=False)[0][:, :7].T


@pytest.mark.parametrize("name", ["tangent-lr", "csp-lda", "mdm", "ea-tangent-lr"])
def test_decoders_predict_as_on_the_reduced_space(name, singular):
    train, test = singular[:40], singular[40:]
    reduced = nd.Epochs(
        basis_of(train) @ singular.data, channels=[f"PC{i}" for i in range(7)], sfreq=250,
        y=singular.y, trials=singular.trials,
    )  # fmt: skip
    with pytest.warns(UserWarning, match="11 channels have rank 7"):
        pipe = nd.recipe(name).fit(train, train.y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # full rank: nothing to say
        twin = nd.recipe(name).fit(reduced[:40], train.y)
    ours, theirs = pipe.predict_proba(test), twin.predict_proba(reduced[40:])
    assert np.allclose(ours, theirs, atol=2e-3)  # logistic regression stops at its tolerance
    assert (pipe.predict(test) == twin.predict(reduced[40:])).all()
    assert (pipe.predict(test) == test.y).mean() > 0.8


def test_reduce_rank_keeps_all_that_is_there(singular):
    step = ReduceRank().fit(singular[:40])
    out = step.transform(singular[40:])
    assert out.shape == (20, 7, 250) and out.rank is None
    assert np.allclose(step.basis_ @ step.basis_.T, np.eye(7), atol=1e-10)
    back = step.basis_.T @ out.data
    assert np.abs(back - singular[40:].data).max() < 1e-3
    with_step = make_pipeline(ReduceRank(), *[s for _, s in nd.recipe("tangent-lr").steps])
    plain = nd.recipe("tangent-lr").fit(singular[:40], singular.y[:40])
    chained = with_step.fit(singular[:40], singular.y[:40])
    assert (chained.predict(singular[40:]) == plain.predict(singular[40:])).all()


def test_reduce_rank_orders_by_power_and_refuses_more_than_there_is(singular):
    out = ReduceRank(3).fit_transform(singular)
    power = out.data.var(axis=(0, 2))
    assert (np.diff(power) < 0).all()
    forgotten = Epochs(singular.data, channels=CAP, sfreq=250)
    assert ReduceRank().fit_transform(forgotten).shape[1] == 7  # seen in the numbers
    with pytest.raises(DataError, match="1 to 7"):
        ReduceRank(8).fit(singular)
