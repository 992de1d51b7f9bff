"""`Maxwell`: an ideal helmet, a source inside, a disturbance outside."""

import numpy as np
import pytest

from neurodecode import Recording
from neurodecode.core.errors import DataError
from neurodecode.loaders.formats.mne_raw import recording_from_raw
from neurodecode.loaders.simulate.head import CENTRE, _solve, helmet
from neurodecode.preprocessing import Bandpass, Maxwell

N = 160
ORIGIN = tuple(CENTRE)


@pytest.fixture(scope="module")
def fields():
    """Raw of an inner dipole and a uniform outer field, and the inner part in fT."""
    import mne
    from mne.io.constants import FIFF

    rng = np.random.default_rng(0)
    places, axes = helmet(N)
    # Radial coils on one sphere cannot tell inner from outer: every other one lies flat.
    axes[1::2] = axes[1::2][:, [1, 2, 0]]
    outer = axes[:, 2] @ (1e4 * rng.normal(size=(3, 400)))  # fT, along each coil's normal
    info = mne.create_info(N, 200.0, "mag")
    for channel, place, coil in zip(info["chs"], places, axes, strict=True):
        channel["loc"][:] = np.r_[place, coil.ravel()]
        channel["coil_type"] = FIFF.FIFFV_COIL_POINT_MAGNETOMETER
        channel["coord_frame"] = FIFF.FIFFV_COORD_DEVICE
    with info._unlock():
        info["dev_head_t"] = mne.transforms.Transform("meg", "head")
    sources = CENTRE + np.array([[0.0, 0.03, 0.05], [0.03, 0.0, 0.05]])
    inner = 1e6 * _solve(info, sources, np.eye(3)[:2]) @ (20 * rng.normal(size=(2, 400)))
    return mne.io.RawArray((inner + outer) * 1e-15, info, verbose="error"), inner


def test_the_outer_field_goes_and_the_inner_stays(fields):
    raw, inner = fields
    recording = recording_from_raw(raw)
    out = Maxwell(origin=ORIGIN).transform(recording)
    undisturbed = raw.copy()
    undisturbed._data[:] = 1e-15 * inner
    expected = Maxwell(origin=ORIGIN).transform(recording_from_raw(undisturbed))
    size = np.sqrt((inner**2).mean())
    assert np.abs(recording.data - inner).max() > 10 * size
    assert np.abs(out.data - expected.data).max() < 1e-4 * size  # nothing of the outer is left
    alike = [np.corrcoef(a, b)[0, 1] for a, b in zip(out.data, inner, strict=True)]
    assert np.median(alike) > 0.99
    assert 40 <= out.rank <= 80  # 80 inner harmonics, fewer when regularized


def test_it_is_that_of_mne_and_bads_are_recomputed(fields):
    import mne

    raw, inner = fields
    spoiled = raw.copy()
    spoiled._data[7] *= 50
    recording = recording_from_raw(spoiled)
    name = recording.channels.names[7]
    out = Maxwell(origin=ORIGIN).transform(recording.with_bads([name]))
    spoiled.info["bads"] = [name]
    theirs = mne.preprocessing.maxwell_filter(spoiled, origin=ORIGIN, verbose="error")
    assert np.allclose(out.data, 1e15 * theirs.get_data(), rtol=1e-5, atol=1e-2)
    assert not out.channels.bads
    assert np.corrcoef(out.data[7], inner[7])[0, 1] > 0.99


def test_it_wants_the_recording_as_it_was_read(fields):
    recording = recording_from_raw(fields[0])
    with pytest.raises(DataError, match="as it was read"):
        Maxwell().transform(Bandpass(1, 40).transform(recording))
    with pytest.raises(DataError, match="as it was read"):
        Maxwell().transform(Recording(np.zeros((1, 500)), channels=["Cz"], sfreq=100))
    with pytest.raises(DataError, match="not on epochs"):
        Maxwell().fit(recording.windows(0.5, 0.5)).transform(recording.windows(0.5, 0.5))
