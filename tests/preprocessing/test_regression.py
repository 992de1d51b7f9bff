"""`EOGRegression`: MNE's coefficients, planted blinks, what becomes of the reference channels."""

import numpy as np
import pytest
from preprocessing.planted_artefacts import blinking, left_over

from neurodecode import Recording
from neurodecode.core import Channels
from neurodecode.core.errors import DataError
from neurodecode.preprocessing import EOGRegression
from neurodecode.preprocessing.training_signals import training_signals


def test_coefficients_are_those_of_mne():
    import mne

    recording, _, _ = blinking(20)
    ours = EOGRegression().fit(recording)
    raw = training_signals(recording).to_raw()
    raw.set_eeg_reference([], verbose="error")
    theirs = mne.preprocessing.EOGRegression().fit(raw)
    assert np.allclose(ours.coefficients_[:16], theirs.coef_, rtol=1e-10, atol=1e-14)
    cleaned = theirs.apply(raw).get_data()[:16] * 1e6
    centred = recording.with_data(recording.data - recording.data.mean(axis=1, keepdims=True))
    assert np.allclose(ours.transform(centred).data[:16], cleaned, atol=1e-8)


def test_planted_blinks_go_and_the_rest_stays():
    recording, clean, inside = blinking()
    before = left_over(recording, clean, inside)[0]
    in_blinks, outside = left_over(EOGRegression().transform(recording), clean, inside)
    assert before > 2 and in_blinks < 0.15 and outside < 0.15
    assert EOGRegression().transform(recording).rank is None  # full


def test_trained_on_one_recording_used_on_another():
    first, _, _ = blinking(30)
    second, _, _ = blinking(20, every=2.1)
    step = EOGRegression().fit(first)
    out = step.transform(second)
    stream = step.stream(125.0, second.channels)
    assert np.array_equal(stream.push(second.data[:, :500]), out.data[:, :500])
    expected = second.data[:16] - step.coefficients_[:16] @ second.data[16:]
    assert np.allclose(out.data[:16], expected)
    assert np.array_equal(out.data[16], second.data[16])


def test_the_eog_leaves_epochs_and_stays_in_recordings():
    recording, _, _ = blinking(20)
    epochs = recording.windows(1.0, 1.0, kinds="all")
    assert epochs.shape[1] == 17
    out = EOGRegression().fit(epochs).transform(epochs)
    assert out.shape[1] == 16 and set(out.channels.kinds) == {"eeg"}
    assert EOGRegression().transform(recording).shape == recording.shape


def test_bad_spans_teach_nothing():
    import pandas as pd

    recording, _, _ = blinking(20)
    data = np.array(recording.data)
    data[:16, 1000:1250] += 5000 * np.sin(np.arange(250) / 40)
    data[16, 1000:1250] += 900 * np.cos(np.arange(250) / 40)
    bad = pd.DataFrame({"onset": [8.0], "duration": [2.0], "kind": ["BAD_cable"]})
    marked = recording.with_data(data).with_intervals(bad)
    assert np.allclose(
        EOGRegression().fit(marked).coefficients_,
        EOGRegression().fit(recording.with_intervals(bad)).coefficients_,
    )


def test_references_must_be_there_and_tell_apart():
    recording, _, _ = blinking(10)
    with pytest.raises(DataError, match="no reference channel"):
        EOGRegression().fit(recording.pick("eeg"))
    twice = Recording(
        np.concatenate([recording.data, recording.data[16:]]),
        channels=Channels([*recording.channels.names, "EOG2"], [*16 * ["eeg"], "eog", "eog"]),
        sfreq=125,
    )
    with pytest.raises(DataError, match="determine one another"):
        EOGRegression().fit(twice)
    with pytest.raises(DataError, match="fitted on other channels"):
        EOGRegression().fit(recording).transform(recording.pick([1, 0, *range(2, 17)]))
