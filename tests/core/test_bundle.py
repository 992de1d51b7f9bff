"""Bundles: one clock, the same markers in every member, trials that stay in step."""

import pickle
from operator import itemgetter

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import neurodecode as nd
from neurodecode.core import Bundle, Epochs, EpochsBundle, On, Recording, Study
from neurodecode.core.errors import DataError


def ramp(seconds, sfreq, start=0.0, **words):
    """A recording whose samples are their own time on the common clock, s."""
    times = start + np.arange(round(seconds * sfreq)) / sfreq
    return Recording(times[None], sfreq=sfreq, **{"channels": ["Cz"], **words})


@pytest.fixture
def markers():
    return pd.DataFrame({"onset": [1.0, 4.0, 7.0, 9.8], "label": ["a", "b", "a", "b"]})


@pytest.fixture
def bundle(markers):
    eeg = ramp(10.0, 250.0)
    sound = ramp(9.0, 1000.0, start=0.5, channels=nd.Channels(["envelope"], kinds="misc"))
    return Bundle({"eeg": eeg, "sound": sound}, events=markers, offsets={"sound": 0.5})


def test_every_member_carries_the_markers_in_its_own_time(bundle, markers):
    assert bundle["eeg"].events["onset"].tolist() == markers["onset"].tolist()
    assert bundle["sound"].events["onset"].tolist() == [0.5, 3.5, 6.5, 9.3]
    assert bundle.events["onset"].tolist() == markers["onset"].tolist()
    assert bundle.span == (0.5, 9.5)


def test_a_cut_takes_the_same_moments_at_each_rate(bundle):
    epochs = bundle.epoch(tmin=-0.2, tmax=0.6)
    assert epochs.shape == (3, 2) and len(epochs) == 3
    assert epochs["eeg"].shape == (3, 1, 200) and epochs["sound"].shape == (3, 1, 800)
    np.testing.assert_allclose(epochs["eeg"].data[:, 0, 0], [0.8, 3.8, 6.8])
    np.testing.assert_allclose(epochs["sound"].data[:, 0, 0], [0.8, 3.8, 6.8])
    assert epochs.y.tolist() == ["a", "b", "a"]
    assert epochs.dropped["reason"].tolist() == ["eeg: ends after the recording"]
    assert "_marker" not in epochs.trials


def test_a_trial_leaves_all_members_when_one_cannot_give_it(bundle):
    spoiled = bundle["sound"].with_intervals(
        pd.DataFrame({"onset": [3.6], "duration": [0.1], "kind": ["BAD_click"]})
    )
    epochs = bundle.with_member("sound", spoiled).epoch(tmax=0.5)
    assert epochs.trials["onset"].tolist() == [1.0, 7.0]
    np.testing.assert_allclose(epochs["sound"].data[:, 0, 0], [1.0, 7.0])
    assert epochs.dropped["reason"].tolist()[0].startswith("sound: touches BAD_click")


def test_windows_never_leave_a_member(bundle):
    windows = bundle.windows(length=1.0, step=1.0)
    np.testing.assert_allclose(windows["eeg"].data[:, 0, 0], 0.5 + np.arange(9), atol=0.002)
    np.testing.assert_allclose(windows["sound"].data[:, 0, 0], 0.5 + np.arange(9))
    assert windows.y is None and windows["eeg"].zero == "window start"
    with pytest.raises(DataError, match="would not move on"):
        bundle.windows(length=1.0, step=0.001)
    with pytest.raises(DataError, match=r"no events|no window"):
        bundle.windows(length=20.0, step=1.0)


def test_markers_come_from_the_member_that_has_them(markers):
    eeg, sound = ramp(10.0, 100.0, events=markers), ramp(9.0, 100.0)
    bundle = Bundle({"sound": sound, "eeg": eeg}, offsets={"sound": 0.5})
    assert bundle["sound"].events["onset"].tolist() == [0.5, 3.5, 6.5, 9.3]
    other = eeg.with_events(markers.iloc[:2])
    with pytest.raises(DataError, match="different markers"):
        Bundle({"eeg": eeg, "other": other})


def test_a_new_member_gets_the_markers(bundle):
    grown = bundle.with_member("pupil", ramp(10.0, 60.0, channels=["pupil"]))
    assert grown.names == ["eeg", "sound", "pupil"]
    assert grown["pupil"].events["onset"].tolist() == grown.events["onset"].tolist()


def test_clocks_that_drift_stay_aligned_by_marker(markers):
    slow = markers.assign(onset=markers["onset"] * 0.99)
    eeg = ramp(10.0, 100.0, events=markers)
    other = ramp(10.0, 100.0, events=slow)
    epochs = Bundle({"eeg": eeg, "other": other}).epoch(tmax=0.1)
    np.testing.assert_allclose(epochs["other"].data[:, 0, 0], [0.99, 3.96, 6.93, 9.70])


@pytest.mark.parametrize(
    ("members", "offsets", "says"),
    [
        ({}, None, "no member"),
        ({"eeg": np.zeros(3)}, None, "ndarray"),
        ({"eeg": ramp(1, 10)}, {"egg": 1.0}, "did you mean 'eeg'"),
        ({"eeg": ramp(1, 10), "b": ramp(1, 10)}, {"b": 5.0}, "share no time"),
    ],
)
def test_what_is_no_bundle_is_refused(members, offsets, says):
    with pytest.raises(DataError, match=says):
        Bundle(members, offsets=offsets)


def test_errors_of_a_cut_name_the_member(bundle):
    with pytest.raises(DataError) as error:
        bundle.epoch(tmin=5.0, tmax=12.0)
    assert "in member 'eeg' of the bundle" in error.value.__notes__
    with pytest.raises(DataError, match="did you mean 'sound'"):
        bundle["sounds"]


def test_text_says_rates_and_places(bundle):
    text = repr(bundle)
    assert "9 s" in text and "250 Hz, from 0 to 10 s" in text
    assert "1000 Hz, from 0.5 to 9.5 s" in text and "'a' (2), 'b' (2)" in text


def test_a_study_of_bundles_is_cut_by_member(bundle):
    study = Study([lambda: bundle, lambda: bundle], pd.DataFrame({"subject": ["1", "2"]}))
    assert study[1]["sound"].subject == "2"
    with pytest.raises(DataError, match="one member at a time"):
        study.epoch(tmax=0.5)
    filtered = study.map(On("eeg", nd.preprocessing.Bandpass(None, 40)))
    epochs = filtered.map(itemgetter("eeg")).epoch(tmax=0.5)
    assert sorted(set(epochs.groups("subject"))) == ["1", "2"]


# ---------------------------------------------------------------------------------- trials
@pytest.fixture
def pairs():
    rng = np.random.default_rng(0)
    y = np.array(["left", "right"] * 20)
    data = rng.normal(size=(40, 3, 20)) + (y == "left")[:, None, None]
    trials = pd.DataFrame({"onset": np.arange(40) * 10.0})
    epochs = Epochs(data, channels=["C3", "Cz", "C4"], sfreq=20, y=y, trials=trials)
    return EpochsBundle({"eeg": epochs, "image": np.arange(40.0)[:, None]})


def test_indexing_and_pickling_keep_rows_in_step(pairs):
    part = pickle.loads(pickle.dumps(pairs[pairs.y == "left"][[3, 1]]))
    assert part["image"].ravel().tolist() == [6.0, 2.0]
    np.testing.assert_array_equal(part["eeg"].data, pairs["eeg"].data[[6, 2]])
    assert part.trials["onset"].tolist() == [60.0, 20.0]
    assert pairs[3]["image"].tolist() == [3.0] and pairs[2:4].shape == (2, 2)


def test_members_out_of_step_are_refused(pairs):
    epochs = pairs["eeg"]
    with pytest.raises(DataError, match="different numbers of trials"):
        pairs.with_member("image", np.zeros((3, 2)))
    with pytest.raises(DataError, match="contradict one another"):
        pairs.with_member("other", epochs[::-1])
    with pytest.raises(DataError, match="first member must be epochs"):
        EpochsBundle({"image": np.zeros((3, 2)), "eeg": epochs[:3]})
    with pytest.raises(DataError, match="is no array"):
        np.asarray(pairs)


def flatten(epochs):
    return np.asarray(epochs.data).reshape(len(epochs), -1)


def test_a_pipeline_of_steps_on_members_runs_in_cross_validation(pairs):
    decoder = make_pipeline(FunctionTransformer(flatten), LinearDiscriminantAnalysis())
    pipe = Pipeline(
        [
            ("band", On("eeg", nd.preprocessing.Bandpass(None, 8))),
            ("image", On("image", StandardScaler())),
            ("decode", On("eeg", decoder)),
        ]
    )
    scores = cross_val_score(pipe, pairs, pairs.y, cv=nd.split("within-session", k=5))
    assert len(scores) == 5 and scores.mean() > 0.8
    fitted = clone(pipe).fit(pairs, pairs.y)
    assert fitted.classes_.tolist() == ["left", "right"]
    assert fitted[:2].transform(pairs)["image"].std() == pytest.approx(1.0)


@pytest.mark.slow  # skops and the whole allow-list are imported
def test_a_saved_pipeline_on_members_predicts_the_same(pairs, tmp_path):
    pipe = Pipeline(
        [
            ("band", On("eeg", nd.preprocessing.Bandpass(None, 8))),
            (
                "decode",
                On("eeg", make_pipeline(nd.features.WindowMeans(2), LinearDiscriminantAnalysis())),
            ),
        ]
    ).fit(pairs, pairs.y)
    nd.save(pipe, tmp_path / "model")
    again = nd.load_model(tmp_path / "model")
    np.testing.assert_array_equal(again.predict_proba(pairs), pipe.predict_proba(pairs))


def test_a_step_alone_on_a_member_is_the_same_step(pairs):
    step = nd.preprocessing.Bandpass(None, 5)
    inside = On("eeg", step).fit_transform(pairs)["eeg"].data
    np.testing.assert_array_equal(inside, step.fit_transform(pairs["eeg"]).data)
    with pytest.raises(DataError, match="acts on a bundle"):
        On("eeg", step).fit(pairs["eeg"])


def test_a_step_acts_on_a_member_before_the_cut(bundle):
    filtered = On("eeg", nd.preprocessing.Bandpass(1, 40)).transform(bundle)
    assert abs(filtered["eeg"].data.mean()) < 0.1 < bundle["eeg"].data.mean()
    np.testing.assert_array_equal(filtered["sound"].data, bundle["sound"].data)
