"""`EuclideanAlign`: closed form, what each mode may look at, refusals."""

import numpy as np
import pandas as pd
import pytest

from neurodecode import Epochs
from neurodecode.core.errors import DataError
from neurodecode.linalg import inverse_sqrt, second_moment
from neurodecode.preprocessing import EuclideanAlign, Reference

CHANNELS = [f"E{i}" for i in range(6)]


def subjects_epochs(names="abc", n_each=20, seed=0):
    """Subjects with mixings of their own; sessions 1 and 2 halve each of them."""
    rng = np.random.default_rng(seed)
    data, rows = [], []
    for name in names:
        mixing = np.eye(6) + 0.4 * rng.normal(size=(6, 6))
        data.append(mixing @ rng.normal(size=(n_each, 6, 300)))
        rows += [
            {"subject": name, "session": str(1 + 2 * i // n_each), "onset": 2.0 * i}
            for i in range(n_each)
        ]
    return Epochs(np.concatenate(data), channels=CHANNELS, sfreq=100, trials=pd.DataFrame(rows))


def mean_moment(epochs):
    return second_moment(epochs.data).mean(axis=0)


@pytest.mark.parametrize(("by", "column"), [("subject", "subject"), ("session", "session")])
def test_mean_covariance_of_every_training_domain_is_the_identity(by, column):
    epochs = subjects_epochs()
    out = EuclideanAlign(by=by).fit_transform(epochs)
    for subject in "abc":
        own = out[out.groups("subject") == subject]
        for value in np.unique(own.groups(column)):
            part = own[own.groups(column) == value]
            assert np.abs(mean_moment(part) - np.eye(6)).max() < 3e-13


def test_it_is_r_to_the_minus_one_half_times_x():
    epochs = subjects_epochs("a")
    values, vectors = np.linalg.eigh(mean_moment(epochs))
    root = vectors @ np.diag(values**-0.5) @ vectors.T
    assert np.allclose(EuclideanAlign().fit_transform(epochs).data, root @ epochs.data, atol=1e-10)


def test_mixing_changes_the_result_by_a_rotation_only():
    epochs = subjects_epochs("a")
    mixing = np.random.default_rng(5).normal(size=(6, 6))
    plain = EuclideanAlign().fit_transform(epochs).data
    mixed = EuclideanAlign().fit_transform(epochs.with_data(mixing @ epochs.data)).data
    rotation = np.linalg.lstsq(plain[0].T, mixed[0].T, rcond=None)[0].T
    assert np.allclose(rotation @ rotation.T, np.eye(6), atol=1e-8)
    assert np.allclose(rotation @ plain, mixed, atol=1e-8)


def test_training_domains_keep_their_reference_at_test():
    epochs = subjects_epochs("ab")
    step = EuclideanAlign(adapt="transductive").fit(epochs[::2])
    alone = step.transform(epochs[[1]]).data
    assert np.allclose(alone[0], step.transform(epochs[1::2]).data[0])


def test_none_uses_the_mean_of_training_domains_for_new_ones():
    step = EuclideanAlign().fit(subjects_epochs("ab"))
    mean = np.mean(list(step.references_.values()), axis=0)
    assert np.array_equal(step.mean_reference_, mean)
    new = subjects_epochs("z", seed=3)
    alone = step.transform(new[[7]]).data[0]
    assert np.allclose(alone, step.transform(new).data[7])
    assert np.allclose(alone, inverse_sqrt(mean) @ new[7])


def test_transductive_whitens_the_new_domain_and_says_so():
    step = EuclideanAlign(adapt="transductive").fit(subjects_epochs("ab"))
    new = subjects_epochs("z", seed=3)
    assert np.abs(mean_moment(step.transform(new)) - np.eye(6)).max() < 3e-13
    assert step.transductive and not EuclideanAlign(adapt="online").transductive


@pytest.mark.parametrize("adapt", ["online", "calibration"])
def test_later_trials_never_matter(adapt):
    step = EuclideanAlign(adapt=adapt, n_calibration=5).fit(subjects_epochs("ab"))
    new = subjects_epochs("z", seed=3)
    assert np.allclose(step.transform(new[:12]).data, step.transform(new).data[:12])


@pytest.mark.parametrize("adapt", ["online", "calibration"])
def test_time_counts_not_the_order_of_rows(adapt):
    step = EuclideanAlign(adapt=adapt, n_calibration=5).fit(subjects_epochs("ab"))
    new = subjects_epochs("z", seed=3)
    order = np.random.default_rng(0).permutation(len(new))
    assert np.allclose(step.transform(new[order]).data, step.transform(new).data[order])


def test_session_10_follows_session_9():
    step = EuclideanAlign(adapt="calibration", n_calibration=4).fit(subjects_epochs("ab"))
    new = subjects_epochs("z", n_each=8, seed=3)
    table = new.trials
    table["session"] = 4 * ["10"] + 4 * ["9"]
    assert step.calibration_mask(new.with_trials(table)).tolist() == 4 * [False] + 4 * [True]


def test_calibration_trials_are_named_and_the_rest_is_whitened():
    train = subjects_epochs("ab")
    step = EuclideanAlign(adapt="calibration", n_calibration=10).fit(train)
    new = subjects_epochs("z", n_each=40, seed=3)
    mask = step.calibration_mask(new)
    assert mask[:10].all() and not mask[10:].any()
    assert not step.calibration_mask(train).any()
    later = step.transform(new)[~mask]
    assert np.linalg.norm(mean_moment(later) - np.eye(6)) < 0.5
    none = EuclideanAlign().fit(train).transform(new)[~mask]
    assert np.linalg.norm(mean_moment(none) - np.eye(6)) > 1


def test_online_starts_at_the_training_mean_and_approaches_the_identity():
    train = subjects_epochs("ab")
    step = EuclideanAlign(adapt="online").fit(train)
    new = subjects_epochs("z", n_each=60, seed=3)
    none = EuclideanAlign().fit(train)
    assert np.allclose(step.transform(new).data[0], none.transform(new).data[0])
    assert np.linalg.norm(mean_moment(step.transform(new)[40:]) - np.eye(6)) < 0.5


def test_labels_are_not_read():
    epochs = subjects_epochs("ab")
    y = np.tile(["l", "r"], 20)
    a = EuclideanAlign().fit(epochs, y).transform(epochs).data
    assert np.array_equal(a, EuclideanAlign().fit(epochs, y[::-1]).transform(epochs).data)


def test_average_reference_is_refused_and_one_channel_less_helps():
    referenced = Reference().transform(subjects_epochs("a"))
    with pytest.raises(DataError, match="leave out 1 channel"):
        EuclideanAlign().fit(referenced)
    forgotten = Epochs(referenced.data, channels=CHANNELS, sfreq=100)
    with pytest.raises(DataError, match="rank 5"):
        EuclideanAlign().fit(forgotten)
    EuclideanAlign().fit(referenced.pick(CHANNELS[:5]))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [({"by": "session "}, "by"), ({"adapt": "tranductive"}, "transductive"),
     ({"n_calibration": 0}, "calibration")],
)  # fmt: skip
def test_arguments_are_checked(arguments, word):
    with pytest.raises(DataError, match=word):
        EuclideanAlign(**arguments).fit(subjects_epochs("a"))
