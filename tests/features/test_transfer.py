"""Transfer: closed forms, pyRiemann's numbers with one source and one target, and what may leak."""

import numpy as np
import pandas as pd
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline

from neurodecode import Epochs
from neurodecode.decoders import MDM, MDWM
from neurodecode.evaluation import split
from neurodecode.features import Covariance, ProcrustesCovariance, TangentAlign
from neurodecode.linalg import riemannian_mean, trial_covariances
from neurodecode.preprocessing import Reference, RiemannianAlign

CHANNELS = ["C3", "Cz", "C4", "Pz"]


def people_epochs(names="abcd", n_each=30, effect=1.4, turned=0.6, seed=0):
    """Two classes that differ in the power of one source, mixed in each person's own way."""
    rng = np.random.default_rng(seed)
    shared = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    y = np.tile(["left", "right"], n_each // 2)
    data = []
    for _ in names:
        sources = rng.normal(size=(n_each, 4, 100)) * np.array([2, 1.5, 1, 0.7])[:, None]
        sources[y == "left", 0] *= np.sqrt(effect)
        sources[y == "right", 0] /= np.sqrt(effect)
        mixing = np.linalg.qr(shared + turned * rng.normal(size=(4, 4)))[0]
        data.append(np.exp(rng.normal()) * mixing @ sources)
    table = pd.DataFrame({"subject": np.repeat(list(names), n_each)})
    table["onset"] = 2.0 * np.tile(np.arange(n_each), len(names))
    return Epochs(np.concatenate(data), channels=CHANNELS, sfreq=100, trials=table,
                  y=np.tile(y, len(names)))  # fmt: skip


def calibrated(epochs, rows, target):
    """Training trials of a fold that know which of them are the target's."""
    roles = np.where(np.isin(rows, target), "target", "source")
    part = epochs[rows]
    return part.with_trials(part.trials.assign(role=roles))


def scores(pipe, epochs, n_calibration=5, shuffle=None):
    """Accuracy on each person; `shuffle` permutes the labels of the calibration trials."""
    out = []
    for fold in split("cross-subject", k=None, n_calibration=n_calibration).roles(epochs):
        y = epochs.y.copy()
        if shuffle is not None:
            rows = fold.target_labelled
            y[rows] = np.random.default_rng(shuffle).permutation(y[rows])
        train = calibrated(epochs, fold.train, fold.target_labelled)
        fitted = pipe.fit(train.without_targets(), y[fold.train])
        predicted = fitted.predict(epochs[fold.test].without_targets())
        out.append(np.mean(predicted == epochs.y[fold.test]))
    return np.array(out)


def transfers():
    return {
        "rpa": make_pipeline(RiemannianAlign(), ProcrustesCovariance("scm"), MDM()),
        "tsa": make_pipeline(RiemannianAlign(), TangentAlign("scm"), LinearDiscriminantAnalysis()),
        "mdwm": make_pipeline(RiemannianAlign(), MDWM(0.5, "scm")),
    }


@pytest.mark.parametrize("name", ["rpa", "tsa", "mdwm"])
def test_labelled_target_trials_help(name):
    epochs = people_epochs(turned=1.5)  # centred, and still turned against each other
    centred = make_pipeline(RiemannianAlign(), Covariance("scm"), MDM())
    assert scores(transfers()[name], epochs).mean() > scores(centred, epochs).mean() + 0.1


@pytest.mark.parametrize("name", ["rpa", "tsa", "mdwm"])
def test_permuted_target_labels_improve_nothing(name):
    epochs = people_epochs(effect=1.0)  # nothing to find, and every person offset in its own way
    assert abs(scores(transfers()[name], epochs, shuffle=0).mean() - 0.5) < 0.1
    epochs = people_epochs()
    honest = scores(transfers()[name], epochs).mean()
    assert scores(transfers()[name], epochs, shuffle=0).mean() < honest


def test_every_domain_gets_the_dispersion_of_one():
    epochs = RiemannianAlign().fit_transform(people_epochs("ab"))
    out = ProcrustesCovariance("scm", rotate=False).fit_transform(epochs, epochs.y)
    for name in "ab":
        logs = np.log(np.linalg.eigvalsh(out[epochs.groups("subject") == name]))
        assert (logs**2).sum(axis=1).mean() == pytest.approx(1.0, abs=1e-6)
    vectors = TangentAlign("scm", rotate=False).fit_transform(epochs, epochs.y)
    for name in "ab":
        norms = np.linalg.norm(vectors[epochs.groups("subject") == name], axis=1)
        assert norms.mean() == pytest.approx(1.0)


@pytest.mark.parametrize("step", [ProcrustesCovariance("scm"), TangentAlign("scm")], ids=str)
def test_a_turned_copy_of_the_source_is_turned_back(step):
    one = people_epochs("a")
    turn = np.linalg.qr(np.random.default_rng(4).normal(size=(4, 4)))[0]
    table = pd.concat([one.trials, one.trials.assign(subject="b")], ignore_index=True)
    table["role"] = np.repeat(["source", "target"], len(one))
    both = Epochs(np.concatenate([one.data, turn @ one.data]), channels=CHANNELS, sfreq=100,
                  trials=table, y=np.tile(one.y, 2))  # fmt: skip
    aligned = RiemannianAlign().fit_transform(both)
    out = step.fit_transform(aligned, both.y)
    means = [
        [out[half][one.y == label].mean(axis=0) for label in ("left", "right")]
        for half in (slice(0, len(one)), slice(len(one), None))
    ]
    assert np.allclose(means[0], means[1], atol=1e-5)


def test_unseen_domains_are_not_rotated():
    epochs = people_epochs("abc")
    step = ProcrustesCovariance("scm").fit(epochs[:60], epochs.y[:60])
    assert set(step.rotations_) == {"subject a", "subject b"}
    assert step.mean_dispersion_ == pytest.approx(
        np.sqrt(np.prod(list(step.dispersions_.values())))
    )
    alone = step.transform(epochs[[80]])
    assert np.allclose(alone[0], step.transform(epochs[60:])[20])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["rpa", "tsa", "mdwm"])
def test_an_average_reference_changes_nothing_but_the_rank(name):
    epochs = people_epochs("ab")
    train = calibrated(Reference().transform(epochs), np.arange(42), np.arange(30, 42))
    with pytest.warns(UserWarning, match="4 channels have rank 3"):
        fitted = transfers()[name].fit(train, train.y)
    test = Reference().transform(epochs[42:])
    assert fitted.score(test, test.y) > 0.7


def one_source_one_target():
    epochs = people_epochs("ab")
    train = calibrated(epochs, np.arange(42), np.arange(30, 42))
    return train, epochs[42:]


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("rotate", [False, True])
def test_labels_are_pyriemanns(rotate):
    transfer = pytest.importorskip("pyriemann.transfer")
    from pyriemann.classification import MDM as PyriemannMDM

    train, test = one_source_one_target()
    ours = make_pipeline(RiemannianAlign(), ProcrustesCovariance("scm", rotate=rotate), MDM())
    steps = [
        transfer.TLCenter("b"),
        transfer.TLScale("b", centered_data=True),
        *([transfer.TLRotate("b", metric="euclid")] if rotate else []),
        transfer.TLClassifier("b", PyriemannMDM()),
    ]
    X, y = transfer.encode_domains(
        trial_covariances(train.data, "scm"), train.y, train.groups("subject")
    )
    theirs = make_pipeline(*steps).fit(X, y).predict(trial_covariances(test.data, "scm"))
    assert np.array_equal(ours.fit(train, train.y).predict(test), theirs)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("tradeoff", [0.0, 0.3, 1.0])
def test_weighted_means_are_pyriemanns(tradeoff):
    transfer = pytest.importorskip("pyriemann.transfer")
    train, test = one_source_one_target()
    X, y = transfer.encode_domains(
        trial_covariances(train.data, "scm"), train.y, train.groups("subject")
    )
    theirs = transfer.MDWM(tradeoff, "b").fit(X, y)
    ours = MDWM(tradeoff, "scm").fit(train, train.y)
    assert np.allclose(ours.covmeans_, theirs.covmeans_, rtol=1e-6)
    matrices = trial_covariances(test.data, "scm")
    assert np.array_equal(ours.predict(test), theirs.predict(matrices))


def test_without_target_trials_it_is_the_mean_of_all_and_says_so():
    epochs = people_epochs("ab")
    with pytest.warns(UserWarning, match="no target trials"):
        ours = MDWM(estimator="scm").fit(epochs, epochs.y)
    matrices = trial_covariances(epochs.data, "scm")
    expected = riemannian_mean(matrices[epochs.y == "left"])
    assert np.allclose(ours.covmeans_[0], expected)
