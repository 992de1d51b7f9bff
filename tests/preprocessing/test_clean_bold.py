"""Cleaning of BOLD signals: what is taken out, and that nothing comes back."""

import numpy as np
import pandas as pd
import pytest

from neurodecode import Recording
from neurodecode.core import Channels
from neurodecode.core.errors import DataError
from neurodecode.preprocessing import CleanBold

nilearn_signal = pytest.importorskip("nilearn.signal")

TR, N = 2.0, 400
TIMES = TR * np.arange(N)


def scan(seed=0, **words):
    """A rhythm of 0.05 Hz among six confounds with drift, and the confounds."""
    rng = np.random.default_rng(seed)
    confounds = np.cumsum(rng.normal(size=(6, N)), axis=1) / 5
    planted = np.sin(2 * np.pi * 0.05 * TIMES)
    bold = 1000 + planted + rng.normal(size=(2, 6)) @ confounds + 0.15 * rng.normal(size=(2, N))
    channels = Channels(["v1", "v2"], "bold")
    rec = Recording(bold, channels=channels, sfreq=1 / TR, targets={"motion": confounds}, **words)
    return rec, planted, confounds


def test_the_planted_rhythm_comes_through_and_the_confounds_do_not():
    rec, planted, confounds = scan()
    out = CleanBold("motion").transform(rec).data
    assert np.corrcoef(out[0], planted)[0, 1] > 0.95
    np.testing.assert_allclose(out.std(axis=1, ddof=1), 1.0, rtol=1e-6)
    filtered = nilearn_signal.clean(
        confounds.T, detrend=True, standardize=None, filter="cosine", high_pass=1 / 128, t_r=TR
    )
    correlations = np.corrcoef(np.vstack([out[:1], filtered.T]))[0, 1:]
    assert np.abs(correlations).max() < 1e-6


def test_filter_first_and_raw_confounds_after_leaves_them_in():
    # Why all is done in one call.
    rec, planted, _ = scan()
    one = CleanBold("motion").transform(rec).data[0]
    drift_out = CleanBold(standardize=False).transform(rec)
    two = CleanBold("motion", high_pass=None, detrend=False).transform(drift_out).data[0]
    assert np.corrcoef(one, planted)[0, 1] > np.corrcoef(two, planted)[0, 1] + 0.05


def test_equals_nilearn_run_by_run():
    edge = pd.DataFrame({"onset": [400.0], "duration": [0.0], "kind": ["edge"]})
    rec, _, _ = scan(intervals=edge)
    out = CleanBold(high_pass=0.01).transform(rec).data
    for part in (slice(0, 200), slice(200, 400)):
        expected = nilearn_signal.clean(
            rec.data[:, part].T, detrend=True, standardize="zscore_sample", filter="cosine",
            high_pass=0.01, t_r=TR,
        )  # fmt: skip
        np.testing.assert_allclose(out[:, part], expected.T, atol=1e-9)


def test_bad_volumes_teach_nothing():
    rec, _, _ = scan()
    spiked = rec.data.copy()
    spiked[:, 100:103] += 1e5
    bad = pd.DataFrame({"onset": [200.0], "duration": [6.0], "kind": ["BAD_motion"]})
    marked = rec.with_data(spiked).with_intervals(bad)
    calm = CleanBold("motion").transform(rec.with_intervals(bad)).data
    np.testing.assert_allclose(CleanBold("motion").transform(marked).data, calm, atol=1e-6)


@pytest.mark.parametrize(
    ("step", "words"), [(CleanBold("moton"), "did you mean 'motion'"), (CleanBold(), "BOLD")]
)
def test_what_cannot_be_cleaned_is_said(step, words):
    rec, _, _ = scan()
    if step.confounds is None:
        rec = Recording(rec.data, channels=["C3", "C4"], sfreq=0.5)
    with pytest.raises(DataError, match=words):
        step.transform(rec)
