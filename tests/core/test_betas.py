"""Trial betas against nilearn's own models, one a trial, and on planted responses."""

import warnings

import numpy as np
import pandas as pd
import pytest

from neurodecode.core import betas
from neurodecode.core.channels import Channels
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording

glm = pytest.importorskip("nilearn.glm.first_level", reason="betas need nilearn: the extra fmri")

TR = 2.0
N_TIMES = 120


def events_of(n=12, gap=16.0, duration=3.0, seed=0):
    rng = np.random.default_rng(seed)
    onsets = 6.0 + gap * np.arange(n) + rng.uniform(0, 3, n).round(1)
    labels = np.resize(["face", "house", "house"], n)
    return pd.DataFrame({"onset": onsets, "duration": duration, "label": labels})


def scan(events, amplitudes=None, noise=1.0, **options):
    """Six voxels that answer each trial with its own amplitude, on a baseline with a drift."""
    rng = np.random.default_rng(1)
    columns, _ = betas.responses(
        events["onset"].to_numpy(), events["duration"].to_numpy(), N_TIMES, 1 / TR
    )
    if amplitudes is None:
        amplitudes = rng.normal(size=(6, len(events)))
    signals = 1000 + 5 * np.linspace(-1, 1, N_TIMES) + amplitudes @ columns.T
    signals += noise * rng.normal(size=signals.shape)
    names = [f"v{i}-0-0" for i in range(len(signals))]
    return Recording(
        signals, channels=Channels(names, kinds="bold"), sfreq=1 / TR, events=events, **options
    )


def nilearn_lss(rec, i):
    """Effect of trial i as nilearn's example of beta series fits it, with its own design."""
    frame = rec.events.rename(columns={"label": "trial_type"})[["onset", "duration", "trial_type"]]
    frame.loc[i, "trial_type"] = "this"
    design = glm.make_first_level_design_matrix(
        np.arange(rec.n_times) * TR, frame, hrf_model="glover", drift_model="cosine",
        high_pass=1 / 128,
    )  # fmt: skip
    labels, results = glm.run_glm(rec.data.T, design.to_numpy(), noise_model="ols")
    contrast = (design.columns == "this").astype(float)
    effect = np.empty(len(rec.channels))
    for label, result in results.items():
        effect[labels == label] = result.Tcontrast(contrast).effect
    return effect


def test_betas_are_those_of_nilearn():
    rec = scan(events_of())
    epochs = rec.epoch(hrf="lss")
    assert epochs.shape == (12, 6, 1)
    for i in (0, 4, 11):
        np.testing.assert_allclose(epochs.data[i, :, 0], nilearn_lss(rec, i), rtol=1e-6)


def test_betas_recover_planted_amplitudes_where_trials_overlap():
    rng = np.random.default_rng(3)
    events = events_of(n=24, gap=8.0, duration=1.0)
    amplitudes = rng.normal(2.0, 1.0, size=(6, 24))
    rec = scan(events, amplitudes, noise=0.05)
    found = rec.epoch(hrf="lss").data[..., 0].T
    means = rec.epoch(tmin=4.0, tmax=8.0, average=True).data[..., 0].T
    lss = np.corrcoef(found.ravel(), amplitudes.ravel())[0, 1]
    plain = np.corrcoef((means - means.mean(axis=1, keepdims=True)).ravel(), amplitudes.ravel())[
        0, 1
    ]
    assert lss > 0.9 and lss > plain


def test_runs_in_one_file_are_modelled_apart():
    events = events_of(n=6)
    first, second = scan(events), scan(events, 2 * np.ones((6, 6)))
    shifted = events.assign(onset=events["onset"] + N_TIMES * TR)
    both = Recording(
        np.concatenate([first.data, 50 + second.data], axis=1),
        channels=first.channels, sfreq=1 / TR, events=pd.concat([events, shifted]),
        intervals=pd.DataFrame({"onset": [N_TIMES * TR], "duration": [0.0], "kind": ["edge"]}),
    )  # fmt: skip
    apart = np.concatenate([each.epoch(hrf="lss").data for each in (first, second)])
    np.testing.assert_allclose(both.epoch(hrf="lss").data, apart, atol=1e-8)


def test_bad_volumes_do_not_reach_the_betas():
    bad = pd.DataFrame({"onset": [80.0], "duration": [4.0], "kind": ["BAD_scrubbed"]})
    rec = scan(events_of(), noise=0.0)
    spoilt = rec.data.copy()
    spoilt[:, 40:42] = np.nan
    clean = rec.epoch(hrf="lss").data
    held = rec.with_data(spoilt).with_intervals(bad).epoch(hrf="lss").data
    np.testing.assert_allclose(held, clean, atol=0.2)
    assert np.isfinite(held).all()


def test_a_trial_whose_response_is_not_recorded_is_dropped():
    events = events_of()
    late = pd.DataFrame({"onset": [236.0], "duration": [3.0], "label": ["face"]})
    rec = scan(events).with_events(pd.concat([events, late]))
    epochs = rec.epoch(hrf="lss")
    assert len(epochs) == 12
    assert epochs.dropped["reason"].tolist() == [
        "more than half of its response is not in the recording"
    ]


def test_the_trial_table_keeps_onsets_and_durations():
    trials = scan(events_of()).epoch({"F": "face"}, hrf="lss").trials
    assert trials["onset"].tolist() == events_of().query("label == 'face'")["onset"].tolist()
    assert set(trials["duration"]) == {3.0}


def test_an_event_that_another_one_covers_is_refused():
    cue = events_of().iloc[[2]].assign(label="cue")
    twice = pd.concat([events_of(), cue, cue.assign(label="tone")])
    with pytest.raises(DataError, match="cannot be told from the rest"):
        scan(events_of()).with_events(twice).epoch(hrf="lss")


@pytest.mark.parametrize(
    "arguments", [{"tmax": 5.0}, {"average": True}, {"reject": {"bold": 1.0}}, {"pad": 1.0}]
)
def test_betas_take_no_window(arguments):
    with pytest.raises(DataError, match="betas have no window"):
        scan(events_of()).epoch(hrf="lss", **arguments)


def test_what_has_no_haemodynamic_response_is_refused():
    rec = Recording(np.zeros((1, 500)), channels=["Cz"], sfreq=100.0, events=events_of(1))
    with pytest.raises(DataError, match="no haemodynamic response"):
        rec.epoch(hrf="lss")
    with pytest.raises(DataError, match="unknown model"):
        scan(events_of()).epoch(hrf="canonical")


def test_average_is_the_mean_of_the_window():
    rec = scan(events_of())
    windows = rec.epoch(tmin=4.0, tmax=12.0)
    means = rec.epoch(tmin=4.0, tmax=12.0, average=True)
    np.testing.assert_allclose(means.data[..., 0], windows.data.mean(axis=-1), rtol=1e-12)
    assert (means.tmin, means.tmax) == (4.0, pytest.approx(12.0))
    pd.testing.assert_frame_equal(means.trials, windows.trials)


def test_a_column_run_of_the_events_names_the_run_of_each_trial():
    events = events_of(4).assign(run=["1", "1", "2", "2"])
    trials = scan(events).epoch(tmin=0.0, tmax=4.0).trials
    assert trials["run"].tolist() == ["1", "1", "2", "2"]


def test_one_recording_and_a_study_give_the_same_betas():
    from neurodecode.core.study import Study

    recs = [scan(events_of(seed=i)).with_ids(recording=f"r{i}", run=str(i)) for i in (1, 2)]
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        epochs = Study(recs).epoch(hrf="lss")
    np.testing.assert_array_equal(epochs.data[12:], recs[1].epoch(hrf="lss").data)
