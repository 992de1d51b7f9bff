"""Nets that go on learning, are tuned, calibrated, explained; options that reach the loop."""

import copy
import pickle

import numpy as np
import pytest
import torch
from decoders.test_net import EPOCHS, amplitude, band_power_net, quick, rhythms
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline

from neurodecode.core import Epochs
from neurodecode.core.errors import DataError, TrainingError
from neurodecode.decoders import FineTuning, NetEmbedder, NetRegressor, TimeGeneralization


@pytest.fixture(scope="module")
def fitted():
    return quick(calibrate=True).fit(EPOCHS, EPOCHS.y)


def weights(clf):
    return torch.cat([v.flatten().double() for v in clf.module_.state_dict().values()])


# ---------------------------------------------------------------- going on
def test_warm_start_goes_on_where_it_was():
    clf = quick(epochs=3, warm_start=True).fit(EPOCHS, EPOCHS.y)
    first, scale = clf.history_["train_loss"], clf.scale_
    clf.fit(EPOCHS[:100], EPOCHS.y[:100])
    assert clf.history_["train_loss"][0] < first[0] and clf.scale_ is scale
    cold = quick(epochs=3).fit(EPOCHS, EPOCHS.y)
    assert cold.fit(EPOCHS, EPOCHS.y).history_["train_loss"] == first
    with pytest.raises(DataError, match="was not there"):
        clf.fit(EPOCHS[:4], ["left", "right", "feet", "left"])


def test_partial_fits_learn_pass_by_pass():
    clf = quick()
    for part in np.array_split(np.random.default_rng(0).permutation(120), 3) * 6:
        clf.partial_fit(EPOCHS[part], EPOCHS.y[part], classes=["left", "right", "feet"])
    assert clf.classes_.tolist() == ["feet", "left", "right"]
    assert len(clf.history_["train_loss"]) == 18 and clf.history_["best_epoch"] == 17
    test = rhythms(60, seed=1)
    assert clf.score(test, test.y) > 0.8
    with pytest.raises(DataError, match="fitted on other trials"):
        clf.partial_fit(EPOCHS.pick([0, 1]), EPOCHS.y)


def test_tuning_moves_only_the_chosen_layers(fitted):
    few = rhythms(24, seed=5)
    head = copy.deepcopy(fitted).fine_tune(few, few.y, "head", epochs=2, lr=0.1)
    pairs = zip(head.module_.state_dict().items(), fitted.module_.state_dict().values(),
                strict=True)  # fmt: skip
    moved = {name for (name, a), b in pairs if not torch.equal(a, b)}
    assert moved == {"head.weight", "head.bias"}
    assert len(head.history_["train_loss"]) == 2 and head.n_parameters_ == fitted.n_parameters_
    kept = copy.deepcopy(fitted).fine_tune(few, few.y, validation=0, epochs=1)
    assert kept.temperature_ == fitted.temperature_
    with pytest.raises(TrainingError, match="no such layers"):
        kept.fine_tune(few, few.y, "tail")
    with pytest.raises(DataError, match="was not there"):
        kept.fine_tune(few, 24 * ["feet"])


def turned(epochs):
    """The same people with electrodes swapped: labels mean the other channel."""
    return epochs.with_data(np.array(epochs.data)[:, [1, 0, 2, 3, 4]])


def test_a_few_target_trials_turn_the_network_around():
    source, target, test = EPOCHS, turned(rhythms(40, seed=7)), turned(rhythms(60, seed=8))
    pooled = quick().fit(source, source.y)
    assert pooled.score(test, test.y) < 0.3
    both = Epochs(
        np.concatenate([source.data, target.data]), channels=source.channels, sfreq=128,
        y=np.concatenate([source.y, target.y]),
        trials=source.trials[["subject"]].iloc[np.r_[:120, :40]].reset_index(drop=True).assign(
            role=np.repeat(["source", "target"], [120, 40])),
    )  # fmt: skip
    tuned = FineTuning(quick(), "head", epochs=15, lr=0.1).fit(both, both.y)
    assert tuned.score(test, test.y) > 0.8 and tuned.classes_.tolist() == ["left", "right"]
    assert tuned.pooled_history_["train_loss"] == pooled.history_["train_loss"]
    assert tuned.predict_proba(test).shape == (60, 2) and tuned.encode(test).shape == (60, 6)
    assert tuned.explain(test[:2]).shape == test[:2].shape
    with pytest.warns(UserWarning, match="no target trials"):
        alone = FineTuning(quick(epochs=1)).fit(source, source.y)
    assert alone.tuned_history_ is None


# ---------------------------------------------------------------- embedder, regressors
def test_embeddings_feed_a_linear_classifier():
    pipe = make_pipeline(NetEmbedder(quick()), LogisticRegression()).fit(EPOCHS, EPOCHS.y)
    test = rhythms(60, seed=1)
    assert pipe.score(test, test.y) > 0.85 and pipe[0].transform(test).shape == (60, 6)


def test_regressors_go_on_and_are_explained():
    x, y = amplitude(40)
    reg = NetRegressor(band_power_net, epochs=1, lr=1e-2, sfreq=64.0, device="cpu").fit(x, y)
    shift = reg.target_mean_.copy()
    reg.partial_fit(x, y + 5.0).fine_tune(x, y, 1, epochs=1)
    np.testing.assert_array_equal(reg.target_mean_, shift)
    first, second = (reg.explain(x[:2], "occlusion", target=i) for i in (0, 1))
    assert first.shape == x[:2].shape and not np.allclose(first, second)
    with pytest.raises(DataError, match="no such output"):
        reg.explain(x, target=2)
    with pytest.raises(DataError, match="other targets"):
        reg.partial_fit(x, y[:, 0])
    with pytest.raises(DataError, match="needs classes"):
        reg.set_params(sampling="balanced").fit(x, y)


# ---------------------------------------------------------------- explanations
def test_methods_agree_where_the_network_is_linear(fitted):
    """Of a linear net, occlusion, integrated gradients and input x gradient sum to one number."""

    def linear(spec):
        return torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Linear(spec.n_channels * spec.n_times, spec.n_outputs)
        )

    clf = quick(net=linear, epochs=1).fit(EPOCHS, EPOCHS.y)
    few = EPOCHS[:3]
    by_time = [clf.explain(few, each, target="right").sum(axis=2) for each in
               ("occlusion", "integrated-gradients", "input-x-gradient")]  # fmt: skip
    np.testing.assert_allclose(by_time[0], by_time[1], atol=1e-4)
    np.testing.assert_allclose(by_time[2], by_time[1], atol=1e-4)
    slope = clf.explain(few, "gradient", target="right")
    weight = clf.module_[1].weight[1].detach().numpy().reshape(slope.shape[1:])
    np.testing.assert_allclose(slope, np.broadcast_to(weight, slope.shape), atol=1e-6)
    left = clf.explain(few, "gradient", target="left")
    assert not np.allclose(left, slope)
    strength = np.abs(fitted.explain(few, "occlusion")).mean(axis=(0, 2))
    assert strength[:2].mean() > 1.5 * strength[2:].mean()
    with pytest.raises(DataError, match="was not there"):
        fitted.explain(few, target="feet")


def test_trained_in_one_window_tested_in_others():
    def linear(spec):
        return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(5 * spec.n_times, 2))

    data = np.random.default_rng(0).normal(size=(48, 5, 20))
    data[::2, 0, 10:] += 2.0
    epochs = Epochs(data, channels=EPOCHS.channels, sfreq=20, y=24 * ["a", "b"])
    net = quick(net=linear, epochs=6, validation=0)
    over_time = TimeGeneralization(net, n_windows=2, n_permutations=9)
    values = over_time.scores(epochs, cv=KFold(2)).values
    assert values[1, 1] > 0.7 and abs(values[0, 0] - 0.5) < 0.2


# ---------------------------------------------------------------- options on their way to the loop
def test_journey_five_as_written():
    clf = quick(epochs=2, augment=["time-shift", "channel-dropout"]).fit(EPOCHS, EPOCHS.y)
    plain = quick(epochs=2).fit(EPOCHS, EPOCHS.y)
    assert clf.history_["train_loss"] != plain.history_["train_loss"]
    with pytest.raises(TrainingError, match="without a partner"):
        quick(augment=["channel-symmetry"]).fit(EPOCHS, EPOCHS.y)


def test_temperature_divides_the_logits(fitted):
    plain = copy.deepcopy(fitted)
    plain.temperature_ = 1.0
    odds, cold = (np.log(each.predict_proba(EPOCHS)[:, 1] / each.predict_proba(EPOCHS)[:, 0])
                  for each in (fitted, plain))  # fmt: skip
    np.testing.assert_allclose(odds * fitted.temperature_, cold, rtol=1e-4)
    assert fitted.temperature_ != 1.0 and quick(epochs=1).fit(EPOCHS, EPOCHS.y).temperature_ == 1.0
    with pytest.raises(DataError, match="calibration needs"):
        quick(calibrate=True, validation=0).fit(EPOCHS, EPOCHS.y)


def test_rare_classes_and_single_trials_are_drawn_more():
    rare = np.r_[np.flatnonzero(EPOCHS.y == "left")[:6], np.flatnonzero(EPOCHS.y == "right")]
    noise = np.random.default_rng(0).normal(size=(len(rare), 5, 128))
    train = EPOCHS[rare].with_data(noise)

    def share_of_left(sample_weight=None, **options):
        clf = quick(validation=0, epochs=6, **options).fit(train, train.y, sample_weight)
        return clf.predict_proba(train)[:, 0].mean()

    plain, balanced = share_of_left(), share_of_left(sampling="balanced")
    assert balanced > plain + 0.15
    odds = np.where(train.y == "left", 100.0, 1.0)
    assert share_of_left(odds) > balanced
    with pytest.raises(DataError, match="no such sampling"):
        share_of_left(sampling="balance")


def test_runs_under_way_are_kept(tmp_path):
    def killed(epoch, history):
        if epoch == 2:
            raise KeyboardInterrupt

    from neurodecode.training import Checkpoints

    options = {"epochs": 4, "checkpoints": Checkpoints(tmp_path, seconds=0)}
    with pytest.raises(KeyboardInterrupt):
        quick(**options, on_epoch=killed).fit(EPOCHS, EPOCHS.y)
    resumed, whole = quick(**options), quick(epochs=4)
    assert torch.equal(weights(resumed.fit(EPOCHS, EPOCHS.y)), weights(whole.fit(EPOCHS, EPOCHS.y)))
    assert not list(tmp_path.iterdir())


def test_callbacks_stay_in_their_session():
    seen = []
    clf = quick(epochs=2, on_epoch=lambda epoch, history: seen.append(epoch))
    twin = pickle.loads(pickle.dumps(clf.fit(EPOCHS, EPOCHS.y)))
    assert seen == [0, 1] and twin.on_epoch is None and clf.on_epoch is not None


def test_plan_params_are_further_fields():
    clf = quick(epochs=1, plan_params={"optimizer": "sgd", "clip": None}).fit(EPOCHS, EPOCHS.y)
    assert np.isfinite(clf.history_["train_loss"]).all()
    with pytest.raises(TrainingError, match="lr=") as caught:
        quick(plan_params={"lr": 0.1}).fit(EPOCHS, EPOCHS.y)
    assert "optimizer" in caught.value.expected
