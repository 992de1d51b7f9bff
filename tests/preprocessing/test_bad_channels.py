"""`BadChannels` finds what was broken and nothing else; `Interpolate` fills in as MNE does."""

import numpy as np
import pytest
from preprocessing.heads import brain, cap, lead_field, pink

from neurodecode import Recording
from neurodecode.core import Channels
from neurodecode.core.errors import DataError
from neurodecode.linalg import interpolation_matrix
from neurodecode.loaders.simulate.head import CENTRE
from neurodecode.preprocessing import BadChannels, Interpolate, Reference


def broken(seed):
    """A brain of 32 channels, five of them spoiled; which one is what."""
    recording = brain(32, 20, 250.0, seed=seed)
    rng = np.random.default_rng(seed)
    data, t = recording.data.copy(), recording.times
    rows = rng.choice(32, 5, replace=False)
    data[rows[0]] = 1e-3 * rng.normal(size=len(t))
    data[rows[1]] += 100 * rng.normal(size=len(t))
    data[rows[2]] = 10 * pink(rng, 1, len(t))[0]
    data[rows[3]] += 50 * np.sin(2 * np.pi * 50 * t)
    data[rows[4]] += 15 * rng.normal(size=len(t))
    planted = ("flat", "loud", "uncorrelated", "line noise", "fast noise")
    names = [recording.channels.names[row] for row in rows]
    return recording.with_data(data), dict(zip(names, planted, strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_all_that_was_spoiled_is_found_for_its_reason_and_nothing_else(seed):
    recording, planted = broken(seed)
    found = BadChannels().find(recording)
    assert set(found) == set(planted)
    assert all(why in found[name] for name, why in planted.items())


def test_equal_outliers_do_not_hide_one_another_as_they_do_from_a_z_score():
    recording = brain(32, 10, 250.0)
    data = recording.data.copy()
    data[:4] *= 30
    width = np.log(data.std(axis=1))
    assert ((width - width.mean()) / width.std()).max() < 3  # what |z| > 3 would miss
    found = BadChannels().find(recording.with_data(data))
    assert set(found) == set(recording.channels.names[:4])


def test_a_recording_is_marked_with_the_reasons_and_the_cut_leaves_them_out():
    recording, planted = broken(0)
    marked = next(name for name in recording.channels.names if name not in planted)
    out = BadChannels().transform(recording.with_bads([marked]))
    assert out.channels.bads == {*planted, marked}
    assert all(f"{name}: " in out.notes[-1] for name in planted)
    assert f"{marked}: " not in out.notes[-1]
    assert np.array_equal(out.data, recording.data)
    assert out.windows(1.0, 1.0).shape[1] == 32 - len(out.channels.bads)


def test_epochs_are_interpolated_where_the_training_trials_were_bad():
    recording, planted = broken(1)
    epochs = recording.windows(1.0, 1.0)
    step = BadChannels().fit(epochs[:10])
    assert set(step.reasons_) == set(planted)
    out = step.transform(epochs[10:])
    good = [i for i, name in enumerate(epochs.channels.names) if name not in planted]
    assert out.rank == 27 and np.array_equal(out.data[:, good], epochs[10:].data[:, good])
    assert not out.channels.bads


def test_one_seconds_worth_of_few_or_flat_channels_is_refused():
    few = Recording(np.random.default_rng(0).normal(size=(3, 500)), channels=list("abc"), sfreq=250)
    with pytest.raises(DataError, match="too little to compare"):
        BadChannels().find(few)
    flat = Recording(np.zeros((6, 500)), channels=list("abcdef"), sfreq=250)
    with pytest.raises(DataError, match="most channels are flat"):
        BadChannels().find(flat)


@pytest.mark.parametrize(("n_channels", "published"), [(32, 0.18), (64, 0.11)])
def test_interpolation_errs_as_published(n_channels, published):
    field, places = lead_field(n_channels, 200, 1), cap(n_channels).positions
    errors = []
    for i in range(n_channels):
        good = np.delete(np.arange(n_channels), i)
        weights = interpolation_matrix(places[good], places[[i]], CENTRE)
        errors.append(np.linalg.norm(weights @ field[good] - field[[i]]) / np.linalg.norm(field[i]))
    assert np.median(errors) == pytest.approx(published, abs=0.03)


def test_interpolation_equals_mne_with_the_same_origin():
    import mne

    recording = brain(32, 2, 250.0)
    raw = mne.io.RawArray(
        recording.data * 1e-6, mne.create_info(list(recording.channels.names), 250.0, "eeg"),
        verbose="ERROR",
    )  # fmt: skip
    for channel, place in zip(raw.info["chs"], recording.channels.positions, strict=True):
        channel["loc"][:3] = place
    bads = ["C3", "Pz"]
    raw.info["bads"] = bads
    theirs = raw.interpolate_bads(origin=CENTRE, verbose="ERROR").get_data() * 1e6
    ours = Interpolate().transform(recording.with_bads(bads))
    assert np.abs(ours.data - theirs).max() < 1e-8  # µV, of signals of 10
    assert not ours.channels.bads


def test_rank_is_that_of_the_good_channels_whatever_the_order():
    recording = brain(32, 2, 250.0)
    bads = list(recording.channels.names[:3])
    marked = recording.with_bads(bads)
    both = Reference().transform(Interpolate().transform(marked))
    assert both.rank == 28 == np.linalg.matrix_rank(both.data)
    other = Interpolate().transform(Reference().transform(marked))
    assert other.rank == 28 == np.linalg.matrix_rank(other.data)
    late = Interpolate(bads).transform(Reference().transform(recording))  # bads were averaged too
    assert np.linalg.matrix_rank(late.data) == 29
    assert late.windows(1.0, 1.0).rank == late.rank == 29
    epochs = recording.windows(1.0, 1.0)
    for step, rank in [(Interpolate(bads), 29), (Reference(), 31)]:
        assert step.transform(epochs).rank == rank
    assert Interpolate(bads).transform(Reference().transform(epochs)).rank == 29
    assert Reference().transform(Interpolate(bads).transform(epochs)).rank == 28


def test_what_cannot_be_filled_in_is_refused():
    data = np.random.default_rng(0).normal(size=(5, 100))
    placeless = Recording(data, channels=list("abcde"), sfreq=100).with_bads(["b"])
    with pytest.raises(DataError, match="set_montage"):
        Interpolate().transform(placeless)
    magnets = Recording(data, channels=Channels(list("abcde"), kinds="mag"), sfreq=100)
    with pytest.raises(DataError, match="cannot be filled in"):
        Interpolate("b").transform(magnets)
