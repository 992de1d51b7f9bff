"""People whose channels differ: one data set within people, none across them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

import neurodecode as nd
from neurodecode.core.epochs_apart import EpochsApart
from neurodecode.core.errors import DataError
from neurodecode.core.inputs import as_epochs

ELECTRODES = {"1": ["LA1", "LA2", "LA3"], "2": ["RH1", "RH2"], "3": ["LA1", "RH2"]}


def recording(person, seed=0):
    """30 events of two classes, one of which is louder, on this person's electrodes."""
    rng = np.random.default_rng([seed, int(person)])
    names = ELECTRODES[person]
    events = pd.DataFrame({"onset": np.arange(1.0, 61.0, 2.0), "label": ["go", "rest"] * 15})
    data = rng.normal(size=(len(names), 6200))
    for onset in events["onset"][::2]:
        data[:, int(100 * onset) : int(100 * onset) + 100] *= 2
    channels = nd.Channels(names, kinds="seeg")
    return nd.Recording(data, channels=channels, sfreq=100, events=events, subject=person)


@pytest.fixture(scope="module")
def parts():
    return [recording(person).epoch() for person in ELECTRODES]


@pytest.fixture
def apart(parts):
    return nd.concat(parts, on="apart")


def decoder():
    return make_pipeline(nd.features.Covariance("oas"), nd.decoders.MDM())


def test_trials_of_one_person_are_epochs_in_the_order_asked(apart, parts):
    assert isinstance(apart, EpochsApart) and len(apart) == 90
    some = apart[[33, 31, 40]]
    assert some.channels.names == ("RH1", "RH2")
    np.testing.assert_array_equal(some.data, parts[1][[3, 1, 10]].data)
    np.testing.assert_array_equal(apart[33], parts[1][3])
    mixed = apart[[65, 3, 64]]
    assert mixed.groups("subject").tolist() == ["3", "1", "3"]
    np.testing.assert_array_equal(mixed.y, np.concatenate([p.y for p in parts])[[65, 3, 64]])
    np.testing.assert_array_equal(mixed[[2, 0]].data, parts[2][[4, 5]].data)
    assert {name: part.shape[:2] for name, part in apart.people.items()} == {
        "1": (30, 3), "2": (30, 2), "3": (30, 2),
    }  # fmt: skip
    assert repr(apart) == (
        "90 trials · 3 people apart, 2 to 3 channels each · 0 to 1 s at 100 Hz, 0 = event"
    )


def test_splits_within_people_score_as_person_by_person(apart, parts):
    cv = nd.split("within-session", k=5)
    scores = cross_val_score(decoder(), apart, apart.y, cv=cv, error_score="raise")
    alone = [cross_val_score(decoder(), part, part.y, cv=cv) for part in parts]
    np.testing.assert_allclose(np.sort(scores), np.sort(np.concatenate(alone)))
    assert len(scores) == 15 and scores.mean() > 0.8


def test_splits_across_people_are_refused_with_the_reason(apart):
    cv = nd.split("cross-subject")
    with pytest.raises(DataError, match="share no decoder") as caught:
        cross_val_score(decoder(), apart, apart.y, cv=cv)
    assert 'on="common"' in caught.value.fix and "1: 3 sEEG" in caught.value.found
    for use in (np.asarray, lambda X: decoder().fit(X, X.y), as_epochs):
        with pytest.raises(DataError, match="share no decoder"):
            use(apart)


def test_a_study_keeps_people_apart():
    recordings = [recording("1"), recording("2"), recording("1", seed=5).with_ids(run="2")]
    study = nd.Study(recordings, pd.DataFrame({"subject": list("121"), "run": list("112")}))
    apart = study.epoch(on="apart")
    assert apart.groups("run").tolist() == ["1"] * 60 + ["2"] * 30
    assert len(apart.people["1"]) == 60 and len(apart.dropped) == 0
    np.testing.assert_array_equal(apart[[60]].data, recording("1", seed=5).epoch()[[0]].data)
    with pytest.raises(DataError, match="channels differ"):
        study.epoch()
    with pytest.raises(DataError, match="unknown way") as caught:
        study.epoch(on="apert")
    assert "apart" in caught.value.fix
    with pytest.raises(DataError, match="not stored"):
        study.epoch(on="apart", store=nd.loaders.EpochStore())


def test_parts_that_do_not_belong_together_are_told(parts):
    with pytest.raises(DataError, match="samples a trial differ"):
        nd.concat([parts[0], parts[1].crop(0, 0.5)], on="apart")
    with pytest.raises(DataError, match="channels differ"):
        nd.concat([parts[0], parts[0].pick(["LA1"])], on="apart")
