"""`ICA`: MNE's decomposition as one matrix, labels by correlation and by ICLabel, rank."""

import numpy as np
import pytest
from preprocessing.planted_artefacts import blinking, left_over

from neurodecode.core.errors import DataError
from neurodecode.preprocessing import ICA, Reference


@pytest.fixture(scope="module")
def fitted():
    pytest.importorskip("picard", reason="python-picard is not installed")
    recording, clean, inside = blinking()
    return recording, clean, inside, ICA(labels="references").fit(recording)


def test_planted_blinks_go_with_one_component(fitted):
    recording, clean, inside, step = fitted
    out = step.transform(recording)
    in_blinks, outside = left_over(out, clean, inside)
    assert in_blinks < 0.25 and outside < 0.25
    assert step.rank_lost_ == len(step.excluded_) == 1 and out.rank == 15
    assert step.component_labels_[step.excluded_[0]] == "EOG" and step.labelled_by_ == "references"


def test_the_matrix_is_what_mne_applies(fitted):
    """The same decomposition, applied by MNE's own method, gives the same signals."""
    from neurodecode.preprocessing.filters import Bandpass
    from neurodecode.preprocessing.ica import _rank
    from neurodecode.preprocessing.training_signals import training_signals

    recording, _, _, step = fitted
    signals = training_signals(Bandpass(1.0, None).transform(recording))
    raw = signals.to_raw()
    picks = np.arange(16)
    theirs = step._decomposed(raw, picks, _rank(signals, picks))
    cleaned = theirs.apply(raw, exclude=step.excluded_, verbose="error").get_data() * 1e6
    ours = step.matrix_ @ signals.joined()
    assert np.allclose(ours, cleaned, atol=1e-6 * np.abs(cleaned).max())


def test_components_and_patterns_are_inverse(fitted):
    step = fitted[-1]
    assert np.allclose(step.unmixing_ @ step.patterns_, np.eye(16), atol=1e-8)


def test_as_many_components_as_rank():
    pytest.importorskip("picard", reason="python-picard is not installed")
    recording = Reference("average").transform(blinking(45)[0])
    step = ICA(labels="references").fit(recording)
    assert len(step.unmixing_) == 15
    out = step.transform(recording)
    assert np.linalg.matrix_rank(out.data[:16], tol=1e-6 * np.abs(out.data).max()) == 14
    assert np.isfinite(out.data).all()


def test_too_few_samples_warn_and_no_references_are_an_error():
    recording = blinking(5)[0].pick([*range(8), 16])
    with pytest.warns(UserWarning, match="few for 8 components"):
        ICA("infomax", labels="references").fit(recording)
    with pytest.raises(DataError, match="nothing tells artefacts from brain"):
        ICA("infomax", labels="references").fit(recording.pick("eeg"))
    with pytest.raises(DataError, match="did you mean 'picard'"):
        ICA("picart").fit(recording)


@pytest.mark.slow
def test_iclabel_finds_the_blink():
    pytest.importorskip("mne_icalabel", reason="mne-icalabel is not installed")
    pytest.importorskip("picard", reason="python-picard is not installed")
    recording, _, _ = blinking(90)
    step = ICA().fit(Reference("average").transform(recording))
    assert step.labelled_by_ == "iclabel"
    blink = int(np.abs(step.patterns_[:2]).sum(axis=0).argmax())
    assert step.component_labels_[blink] == "eye blink" and step.scores_[blink] > 0.8
    assert blink in step.excluded_
