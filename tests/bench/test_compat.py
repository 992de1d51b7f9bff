"""`compat="moabb"`: folds, filter, cut and means; test_moabb_itself.py holds it to MOABB."""

import mne
import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedKFold

import neurodecode as nd
from neurodecode.bench.compat import RunFilter, under
from neurodecode.bench.dataset import open_data
from neurodecode.core.errors import DataError
from neurodecode.core.recording import Recording
from neurodecode.core.study import Study
from neurodecode.evaluation.moabb_splits import MoabbSplitter


def study_of_noise(n_subjects=2, n_sessions=2, sfreq=100.0, seed=0):
    """Recordings of 24 events with a little power that tells the classes apart."""
    rng = np.random.default_rng(seed)
    events = pd.DataFrame({"onset": 1.0 + 2.0 * np.arange(24), "label": list("lr") * 12})
    made = []
    for subject in range(n_subjects):
        for session in range(n_sessions):
            data = rng.normal(size=(3, 5000))
            for onset, label in events.itertuples(index=False):
                start = round(onset * sfreq)
                data["lr".index(label), start : start + 150] *= 1.3
            made.append(Recording(
                data, channels=["C3", "C4", "Cz"], sfreq=sfreq, events=events,
                subject=str(subject), session=str(session), recording=f"{subject}-{session}",
            ))  # fmt: skip
    return Study(made)


WINDOW = {"labels": ["l", "r"], "tmin": 0.0, "tmax": 1.5}


def test_folds_are_scikit_learns_started_anew_in_every_session():
    y = np.random.default_rng(0).permutation(np.repeat(list("ab"), 20))
    trials = pd.DataFrame({"session": np.repeat(["1", "2"], 20)})
    found = list(MoabbSplitter("within-session", 4, 7).split(trials, y))
    for start, folds in ((0, found[:4]), (20, found[4:])):
        theirs = StratifiedKFold(4, shuffle=True, random_state=7)
        for (train, test), (a, b) in zip(
            folds, theirs.split(np.empty(20), y[start : start + 20]), strict=True
        ):
            assert np.array_equal(train, a + start) and np.array_equal(test, b + start)


def test_sessions_and_people_are_left_out_one_by_one():
    trials = pd.DataFrame({"subject": list("aaaabb"), "session": list("112211")})
    sessions = [test.tolist() for _, test in MoabbSplitter("cross-session").split(trials)]
    assert sessions == [[0, 1], [2, 3]]  # b has one session and is passed over
    people = [test.tolist() for _, test in MoabbSplitter("cross-subject", 2).split(trials)]
    assert people == [[0, 1, 2, 3], [4, 5]]


@pytest.mark.parametrize(
    ("kind", "match"),
    [("leave-one-run-out", "no split"), ("cross-subject", "one subject only"),
     ("within-session", "fewer trials")],
)  # fmt: skip
def test_what_moabb_cannot_split_is_refused(kind, match):
    with pytest.raises(DataError, match=match):
        list(MoabbSplitter(kind, 5).split(pd.DataFrame({"onset": [0.0, 2.0]}), list("ab")))


def test_the_filter_is_mnes_over_the_whole_run():
    x = np.random.default_rng(0).normal(size=(2, 1000))
    x[:, 400:450] = 0
    gap = pd.DataFrame({"onset": [4.0], "duration": [0.5], "kind": ["gap"]})
    recording = Recording(x, channels=["C3", "C4"], sfreq=100.0, intervals=gap)
    raw = mne.io.RawArray(x * 1e-6, mne.create_info(["C3", "C4"], 100.0, "eeg"), verbose="error")
    raw.filter(8, 32, method="iir", picks="data", verbose="error")
    assert np.allclose(RunFilter(8, 32).transform(recording).data, raw.get_data() * 1e6, atol=1e-9)


def test_the_cut_holds_the_last_sample_and_scores_are_means_over_folds():
    study = study_of_noise()
    (data,) = under("moabb", open_data((study, WINDOW)))
    assert data.epochs.shape[2] == 151
    result = nd.benchmark((study, WINDOW), "csp-lda", k=3, compat="moabb:3", quiet=True)
    rows = result.frame[result.frame["metric"] == "roc-auc"]
    assert (result.frame["metric"].iloc[0], len(rows)) == ("roc-auc", 12)
    assert rows["notes"].str.startswith("MOABB's folds (random_state=3), cut and filter").all()
    sessions = result.session_scores()
    by_hand = rows.groupby(["subject", "session"])["value"].mean()
    assert sessions["score"].to_numpy() == pytest.approx(by_hand.to_numpy(), abs=1e-12)
    assert sessions["n"].tolist() == [24] * 4
    table = result.findings().people.set_index("subject")["score"]
    assert table.to_numpy() == pytest.approx(by_hand.groupby("subject").mean().to_numpy())


def test_a_card_is_cut_anew_with_the_last_sample():
    (ours,) = open_data(("sim-mi", {"subjects": ["1"]}))
    (theirs,) = under("moabb", [ours])
    assert theirs.epochs.shape[2] == ours.epochs.shape[2] + 1
    assert np.array_equal(theirs.epochs.y, ours.epochs.y)
    np.testing.assert_allclose(theirs.epochs.data[..., :-1], ours.epochs.data)


def test_seed_and_conventions_are_part_of_a_cells_key():
    study = study_of_noise(1, 1)
    how = {"quiet": True, "k": 3}
    keys = [
        set(nd.benchmark((study, WINDOW), "csp-lda", compat=compat, **how).frame["key"])
        for compat in (None, "moabb", "moabb:1")
    ]
    assert not (keys[0] & keys[1] or keys[1] & keys[2])


def test_epochs_keep_their_cut_and_the_row_says_so():
    epochs = study_of_noise(1, 2).epoch(**WINDOW)
    result = nd.benchmark(epochs, "csp-lda", split="cross-session", compat="moabb", quiet=True)
    assert "on epochs as they came" in result.frame["notes"].iloc[0]
    assert len(result.session_scores()) == 2


@pytest.mark.parametrize("compat", ["mne", "moabb:x", "moabb:-1"])
def test_an_unknown_convention_is_refused(compat):
    with pytest.raises(DataError, match="unknown conventions"):
        under(compat, [])


def test_continuous_targets_are_refused():
    with pytest.raises(DataError, match="classes only"):
        nd.benchmark(("sim-cursor", {}), "kalman", compat="moabb", quiet=True)
