"""`SSP`: a projector of MNE's vectors, and the rank it costs."""

import numpy as np
import pytest
from preprocessing.planted_artefacts import blinking, left_over

from neurodecode.core.errors import DataError
from neurodecode.preprocessing import SSP, Reference


def test_planted_blinks_are_projected_out_and_a_rank_is_counted():
    recording, clean, inside = blinking()
    step = SSP().fit(recording)
    out = step.transform(recording)
    in_blinks, outside = left_over(out, clean, inside)
    assert left_over(recording, clean, inside)[0] > 2
    assert in_blinks < 0.5 and outside < 0.5
    assert out.rank == 15 and step.rank_lost_ == 1
    assert np.linalg.matrix_rank(out.data[:16], tol=1e-6 * np.abs(out.data).max()) == 15
    assert np.array_equal(out.data[16], recording.data[16])


def test_the_matrix_is_a_projection():
    step = SSP(n_components=2).fit(blinking(30)[0])
    assert np.allclose(step.matrix_ @ step.matrix_, step.matrix_)
    assert np.allclose(step.matrix_, step.matrix_.T)
    assert np.allclose(np.linalg.norm(step.components_, axis=1), 1)


def test_rank_adds_up_behind_a_reference():
    recording = Reference("average").transform(blinking(30)[0])
    epochs = SSP().transform(recording).windows(1.0, 1.0)
    assert np.linalg.matrix_rank(np.cov(np.concatenate(list(epochs.data), axis=1))) <= 15
    if recording.rank is not None:
        assert epochs.rank == recording.rank - 1


def test_real_blinks_shrink_at_the_forehead_and_the_back_stays(shared_data):
    from neurodecode import Recording

    path = shared_data / "eeg_blinks" / "sample-blinks.txt.gz"
    names = np.loadtxt(path, dtype=str, max_rows=1)[:-1]
    recording = Recording(np.loadtxt(path, skiprows=1).T, channels=list(names), sfreq=128)
    out = SSP(references=["Fp1"]).transform(recording)
    swing = np.ptp(out.data, axis=1) / np.ptp(recording.data, axis=1)
    at = {name: i for i, name in enumerate(names)}
    assert swing[at["Fp1"]] < 0.5 and swing[at["Fp2"]] < 0.5
    kept = np.corrcoef(out.data[at["O2"]], recording.data[at["O2"]])[0, 1]
    assert kept > 0.9


def test_no_blink_is_an_error():
    recording, _, _ = blinking(10)
    data = np.array(recording.data)
    data[16] = 0
    with pytest.raises(DataError, match="no artefact found"):
        SSP().fit(recording.with_data(data))
