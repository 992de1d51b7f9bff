"""`EuclideanAlign`, `RiemannianAlign`: closed form, what each mode may look at, refusals."""

import numpy as np
import pandas as pd
import pytest

from neurodecode import Epochs
from neurodecode.core.errors import DataError
from neurodecode.linalg import (
    geodesic,
    inverse_sqrt,
    riemannian_mean,
    second_moment,
    trial_covariances,
)
from neurodecode.preprocessing import EuclideanAlign, Reference, RiemannianAlign

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


def test_singular_data_are_whitened_in_what_they_span_and_a_warning_says_so():
    referenced = Reference().transform(subjects_epochs("a"))
    forgotten = Epochs(referenced.data, channels=CHANNELS, sfreq=100)
    for epochs in (referenced, forgotten):  # known from the steps, or seen in the numbers
        with pytest.warns(UserWarning, match="6 channels have rank 5"):
            out = EuclideanAlign().fit_transform(epochs)
        assert np.abs(mean_moment(out) - (np.eye(6) - 1 / 6)).max() < 3e-13
    assert EuclideanAlign().fit(referenced.pick(CHANNELS[:5])).basis_ is None


def test_a_domain_that_spans_less_than_the_training_data_is_refused():
    step = EuclideanAlign(adapt="transductive").fit(subjects_epochs("ab"))
    with pytest.raises(DataError, match="subject z: covariance without full rank"):
        step.transform(Reference().transform(subjects_epochs("z", seed=3)))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [({"by": "session "}, "by"), ({"adapt": "tranductive"}, "transductive"),
     ({"n_calibration": 0}, "calibration")],
)  # fmt: skip
def test_arguments_are_checked(arguments, word):
    with pytest.raises(DataError, match=word):
        EuclideanAlign(**arguments).fit(subjects_epochs("a"))


def centred_matrices(epochs, names=("a", "b")):
    return [
        riemannian_mean(trial_covariances(epochs[epochs.groups("subject") == name].data, "scm"))
        for name in names
    ]


def test_riemannian_mean_of_every_training_domain_is_the_identity():
    epochs = subjects_epochs("ab")
    for mean in centred_matrices(RiemannianAlign().fit_transform(epochs)):
        assert np.abs(mean - np.eye(6)).max() < 1e-9
    whole = RiemannianAlign(by="session").fit(epochs)
    assert len(whole.references_) == 4


@pytest.mark.filterwarnings("ignore")
def test_whitened_covariances_are_pyriemanns():
    transfer = pytest.importorskip("pyriemann.transfer")
    epochs = subjects_epochs("ab")
    matrices = trial_covariances(epochs.data, "scm")
    X, y = transfer.encode_domains(matrices, np.tile([0, 1], 20), epochs.groups("subject"))
    theirs = transfer.TLCenter("b").fit_transform(X, y)
    ours = trial_covariances(RiemannianAlign().fit_transform(epochs).data, "scm")
    assert np.allclose(ours, theirs, atol=1e-6)


def test_online_means_move_along_geodesics_to_past_trials_only():
    step = RiemannianAlign(adapt="online").fit(subjects_epochs("ab"))
    new = subjects_epochs("z", seed=3)
    out = step.transform(new).data
    assert np.allclose(step.transform(new[:12]).data, out[:12])
    matrices = trial_covariances(new.data, "scm")
    mean = geodesic(geodesic(matrices[0], matrices[1], 1 / 2), matrices[2], 1 / 3)
    assert np.allclose(out[3], inverse_sqrt(mean) @ new.data[3], atol=1e-8)
    assert np.allclose(out[0], inverse_sqrt(step.mean_reference_) @ new.data[0], atol=1e-8)


def test_riemannian_modes_are_those_of_euclidean_alignment():
    train, new = subjects_epochs("ab"), subjects_epochs("z", seed=3)
    whole = RiemannianAlign(adapt="transductive").fit(train).transform(new)
    assert np.abs(centred_matrices(whole, "z")[0] - np.eye(6)).max() < 1e-9
    step = RiemannianAlign(adapt="calibration", n_calibration=8).fit(train)
    assert step.calibration_mask(new).sum() == 8
    mean = riemannian_mean(trial_covariances(new.data[:8], "scm"))
    out = step.transform(new).data
    assert np.allclose(out[10], inverse_sqrt(mean) @ new.data[10], atol=1e-8)


def test_riemannian_alignment_works_in_what_singular_data_span():
    referenced = Reference().transform(subjects_epochs("ab"))
    with pytest.warns(UserWarning, match="6 channels have rank 5"):
        step = RiemannianAlign().fit(referenced)
    assert step.basis_.shape == (6, 5)
    matrices = trial_covariances(step.transform(referenced[:20]).data, "scm")
    mean = riemannian_mean(step.basis_.T @ matrices @ step.basis_)
    assert np.abs(mean - np.eye(5)).max() < 1e-8


def test_fewer_samples_than_channels_are_refused_and_shrinkage_helps():
    short = subjects_epochs("ab").crop(0, 0.05)
    with pytest.raises(DataError, match="without full rank"):
        RiemannianAlign().fit(short)
    RiemannianAlign(estimator="oas").fit(short)
    with pytest.raises(DataError, match="did you mean 'oas'"):
        RiemannianAlign(estimator="oass").fit(short)
