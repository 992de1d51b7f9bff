"""MiniRocket: aeon's numbers, a seed that decides, and the line that installs it."""

import builtins

import numpy as np
import pytest
from features.planted import noise_epochs

from neurodecode.core.errors import DataError, MissingDependency
from neurodecode.features import MiniRocket


@pytest.mark.data
def test_values_are_aeons_and_the_seed_decides():
    convolution = pytest.importorskip("aeon.transformations.collection.convolution_based")
    epochs = noise_epochs(10)
    out = MiniRocket(168, random_state=3).fit_transform(epochs)
    theirs = convolution.MiniRocket(n_kernels=168, random_state=3)
    assert np.array_equal(out, theirs.fit_transform(epochs.data.astype(np.float32)))
    assert out.shape == (10, 168) and out.min() >= 0 and out.max() <= 1
    assert not np.array_equal(out, MiniRocket(168, random_state=4).fit_transform(epochs))


@pytest.mark.data
def test_nine_samples_are_the_least():
    pytest.importorskip("aeon")
    with pytest.raises(DataError, match="at least 9"):
        MiniRocket(84).fit(noise_epochs(n_times=8))


def test_without_aeon_the_error_names_the_extra(monkeypatch):
    real = builtins.__import__

    def no_aeon(name, *rest, **named):
        if name.split(".")[0] == "aeon":
            raise ImportError("No module named 'aeon'")
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", no_aeon)
    monkeypatch.setattr("importlib.import_module", lambda name, *rest: no_aeon(name))
    with pytest.raises(MissingDependency, match=r"\[data\]"):
        MiniRocket(84).fit(noise_epochs())
