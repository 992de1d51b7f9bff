import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from torch import nn

from neurodecode.core import Epochs, Spec, load_model, save
from neurodecode.core.errors import DataError, TrainingError
from neurodecode.decoders.net import NetClassifier, NetRegressor


def band_power_net(spec: Spec, width: int = 6) -> nn.Module:
    """Three layers that train in a blink; `encode` and `head` as registered nets have them."""
    from neurodecode.nets import Headed

    body = nn.Sequential(
        nn.Conv1d(spec.n_channels, width, 9), nn.BatchNorm1d(width), nn.ELU(), nn.Dropout(0.1),
        nn.AdaptiveAvgPool1d(1),
    )  # fmt: skip
    return Headed(body, nn.Linear(width, spec.n_outputs))


def rhythms(n=120, n_channels=5, n_times=128, seed=0, labels=("left", "right")):
    """A 10 Hz rhythm in one of two channels, at 128 Hz; one subject a twelfth of the trials."""
    rng = np.random.default_rng(seed)
    index = rng.permutation(np.arange(n) % len(labels))
    x = rng.normal(size=(n, n_channels, n_times))
    t = np.arange(n_times) / 128
    phase = rng.uniform(0, 2 * np.pi, (n, 1))
    x[np.arange(n), index] += 1.5 * np.sin(2 * np.pi * 10 * t + phase)
    trials = pd.DataFrame({"subject": np.arange(n) * 12 // n})
    names = [f"E{i}" for i in range(n_channels)]
    y = np.asarray(labels)[index]
    return Epochs((40 * x).astype("float32"), channels=names, sfreq=128, y=y, trials=trials)


EPOCHS = rhythms()


def quick(**options):
    settings = {"epochs": 12, "batch_size": 16, "lr": 1e-2, "device": "cpu"} | options
    return NetClassifier(settings.pop("net", band_power_net), **settings)


@pytest.fixture(scope="module")
def fitted():
    return quick().fit(EPOCHS, EPOCHS.y)


# ---------------------------------------------------------------- what it gives
def test_predictions(fitted):
    test = rhythms(60, seed=1)
    assert fitted.score(test, test.y) > 0.85
    p = fitted.predict_proba(test)
    assert p.shape == (60, 2) and p.dtype == np.float64
    np.testing.assert_allclose(p.sum(1), 1)
    assert (fitted.classes_[p.argmax(1)] == fitted.predict(test)).all()
    assert fitted.classes_.tolist() == ["left", "right"]
    assert fitted.encode(test).shape == (60, 6)
    assert fitted.n_parameters_ == sum(p.numel() for p in fitted.module_.parameters())


def test_at_chance_on_shuffled_labels():
    scores = []
    for seed in range(3):
        train, test = rhythms(seed=seed), rhythms(200, seed=100 + seed)
        y = np.random.default_rng(seed).permutation(train.y)
        scores.append(quick(random_state=seed).fit(train, y).score(test, test.y))
    assert abs(np.mean(scores) - 0.5) < 0.1, "learns from noise"


@pytest.mark.parametrize(
    "labels", [("b", "a"), (7, -3), (True, False), (2.0, 1.0), ("x", "y", "z")], ids=str
)
def test_labels_of_any_type(labels):
    index = np.arange(40) % len(labels)
    y = np.asarray(labels)[index]
    clf = quick(epochs=2).fit(EPOCHS[:40], y)
    predicted = clf.predict(EPOCHS[:8])
    assert predicted.dtype == y.dtype and set(predicted) <= set(labels)
    assert clf.predict_proba(EPOCHS[:8]).shape == (8, len(labels))


def test_object_labels_of_a_frame():
    y = pd.Series(EPOCHS.y, dtype=object)
    assert quick(epochs=1).fit(EPOCHS, y).predict(EPOCHS[:3]).shape == (3,)


def test_order_and_company_of_test_trials_do_not_matter(fitted):
    test = rhythms(40, seed=2)
    whole = fitted.predict_proba(test)
    order = np.random.default_rng(0).permutation(40)
    np.testing.assert_allclose(fitted.predict_proba(test[order]), whole[order], atol=1e-6)
    np.testing.assert_allclose(fitted.predict_proba(test[7:8]), whole[7:8], atol=1e-6)


def test_explanation_points_at_the_channels_that_matter(fitted):
    test = rhythms(30, seed=3)
    for method in ("integrated-gradients", "input-x-gradient"):
        attribution = fitted.explain(test, method)
        assert attribution.shape == test.shape and attribution.dtype == np.float32
        strength = np.abs(attribution).mean(axis=(0, 2))
        assert strength[:2].mean() > 1.5 * strength[2:].mean()
    with pytest.raises(DataError, match="input-x-gradient"):
        fitted.explain(test, "input-gradient")


# ---------------------------------------------------------------- inputs
def test_arrays_epochs_and_mne_agree(fitted):
    array = np.asarray(EPOCHS.data)
    from_array = quick(sfreq=128.0, validation=0).fit(array, EPOCHS.y)
    from_epochs = quick(validation=0).fit(EPOCHS, EPOCHS.y)
    expected = from_epochs.predict_proba(EPOCHS)
    np.testing.assert_array_equal(from_array.predict_proba(array), expected)
    np.testing.assert_allclose(from_epochs.predict_proba(EPOCHS.to_mne()), expected, atol=1e-4)


def test_arrays_need_a_rate():
    with pytest.raises(DataError, match="sfreq=250"):
        quick().fit(np.asarray(EPOCHS.data), EPOCHS.y)
    with pytest.raises(DataError, match="two sampling rates"):
        quick(sfreq=100.0).fit(EPOCHS, EPOCHS.y)


def test_input_is_left_alone():
    array = np.array(EPOCHS.data)
    before = array.copy()
    array.flags.writeable = False
    clf = quick(epochs=1, sfreq=128.0).fit(array, EPOCHS.y)
    clf.predict(array)
    np.testing.assert_array_equal(array, before)


def test_module_of_the_caller_is_copied():
    module = band_power_net(Spec.of(EPOCHS))
    before = [p.detach().clone() for p in module.parameters()]
    quick(net=module, epochs=1).fit(EPOCHS, EPOCHS.y)
    assert all(torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True))


def test_offsets_and_units_do_not_matter():
    """Standardization happens before the narrowing to float32."""
    shifted = EPOCHS.with_data(EPOCHS.data.astype(np.float64) * 1e-6 + 5.0)
    a = quick(epochs=3).fit(EPOCHS, EPOCHS.y).predict_proba(EPOCHS)
    b = quick(epochs=3).fit(shifted, EPOCHS.y).predict_proba(shifted)
    np.testing.assert_allclose(a, b, atol=1e-3)
    raw = quick(epochs=3, standardize=False).fit(EPOCHS, EPOCHS.y)
    assert raw.scale_.tolist() == [1.0] * 5 and not np.allclose(raw.predict_proba(EPOCHS), a)


def test_flat_channel_and_one_trial_left_over():
    data = np.array(EPOCHS.data[:33])
    data[:, 2] = 4.0
    epochs = EPOCHS[:33].with_data(data)
    clf = quick(epochs=1, batch_size=16, validation=0).fit(epochs, epochs.y)  # 16 + 17
    assert np.isfinite(clf.predict_proba(epochs)).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: e.pick([0, 1, 2]), "3 channels"),
        (lambda e: e.crop(0, 0.5), "64 samples"),
        (lambda e: e.with_data(e.data, sfreq=256.0), "256 Hz"),
    ],
)
def test_other_trials_than_at_fit_are_refused(fitted, change, message):
    with pytest.raises(DataError, match=message):
        fitted.predict(change(EPOCHS[:4]))


def test_nan_is_refused_with_its_place(fitted):
    data = np.array(EPOCHS.data)
    data[5, 2, 9] = np.nan
    bad = EPOCHS.with_data(data)
    for call in (lambda: quick().fit(bad, EPOCHS.y), lambda: fitted.predict(bad)):
        with pytest.raises(DataError, match="trial 5, channel E2"):
            call()


def test_targets_that_do_not_fit():
    with pytest.raises(DataError, match="NetRegressor"):
        quick().fit(EPOCHS, np.linspace(0, 1, 120))
    with pytest.raises(DataError, match="one class only"):
        quick().fit(EPOCHS, ["a"] * 120)
    with pytest.raises(DataError, match="119 targets"):
        quick().fit(EPOCHS, EPOCHS.y[:-1])
    with pytest.raises(DataError, match="share of the training trials"):
        quick(validation=1.5).fit(EPOCHS, EPOCHS.y)
    with pytest.raises(TrainingError, match="epochs"):
        quick(epochs=0).fit(EPOCHS, EPOCHS.y)


def test_networks_that_do_not_apply():
    with pytest.raises(DataError, match="shallow needs at least 99 samples"):
        quick(net="shallow").fit(EPOCHS.crop(0, 0.5), EPOCHS.y)


# ---------------------------------------------------------------- validation trials
def test_validation_takes_whole_subjects(monkeypatch):
    seen = {}

    def spy(module, x, y, rows, valid, **options):
        seen.update(rows=rows, valid=valid)
        return {"train_loss": [], "best_epoch": 0}

    monkeypatch.setattr("neurodecode.training.loop.train", spy)
    clf = quick(validation=0.25).fit(EPOCHS, EPOCHS.y)
    subject = EPOCHS.groups("subject")
    assert set(subject[seen["rows"]]).isdisjoint(subject[seen["valid"]])
    assert len(seen["valid"]) == 30 and len(seen["rows"]) == 90
    # ... and the scale is that of the trials that train
    mean = EPOCHS.data[seen["rows"]].mean(axis=(0, 2), dtype=np.float64)
    np.testing.assert_allclose(clf.mean_, mean)


def test_class_weight_moves_the_border():
    rare = np.flatnonzero(EPOCHS.y == "left")[:12]
    keep = np.sort(np.r_[rare, np.flatnonzero(EPOCHS.y == "right")])
    train = EPOCHS[keep]
    train = train.with_data(train.data * 0 + np.random.default_rng(0).normal(size=train.shape))
    plain = quick(validation=0).fit(train, train.y).predict_proba(train)[:, 0].mean()
    clf = quick(validation=0, class_weight="balanced").fit(train, train.y)
    assert clf.predict_proba(train)[:, 0].mean() > plain + 0.15
    heavy = quick(validation=0, class_weight={"left": 50.0, "right": 1.0}).fit(train, train.y)
    assert (heavy.predict(train) == "left").mean() > 0.9


# ---------------------------------------------------------------- scikit-learn, copies, files
def test_seeds():
    def fit(seed):
        return quick(epochs=2, random_state=seed).fit(EPOCHS, EPOCHS.y).predict_proba(EPOCHS)

    assert np.array_equal(fit(3), fit(3)) and not np.allclose(fit(3), fit(4))


def test_clone_is_unfitted_and_parameters_are_complete(fitted):
    twin = clone(fitted)
    assert twin.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        twin.predict(EPOCHS)
    assert twin.set_params(lr=0.5).lr == 0.5
    assert "net_params" in twin.get_params()


def test_net_params_reach_the_network():
    clf = quick(epochs=1, net_params={"width": 3}).fit(EPOCHS, EPOCHS.y)
    assert clf.encode(EPOCHS[:2]).shape == (2, 3)


def test_plain_modules_work_but_have_no_features():
    def plain(spec):
        return nn.Sequential(nn.Flatten(), nn.Linear(spec.n_channels * spec.n_times, 2))

    clf = quick(net=plain, epochs=1).fit(EPOCHS, EPOCHS.y)
    assert clf.predict(EPOCHS).shape == (120,)
    with pytest.raises(DataError, match="encode"):
        clf.encode(EPOCHS)


def test_pickle(fitted):
    state = torch.random.get_rng_state()
    twin = pickle.loads(pickle.dumps(fitted))
    assert torch.equal(torch.random.get_rng_state(), state)
    np.testing.assert_array_equal(twin.predict_proba(EPOCHS), fitted.predict_proba(EPOCHS))
    assert b"torch" not in pickle.dumps(fitted.__getstate__()["_weights"])


def test_save_and_load(tmp_path):
    clf = quick(net="spiking-lif", epochs=1).fit(EPOCHS, EPOCHS.y)
    save(clf, tmp_path / "model")
    assert (tmp_path / "model" / "weights.safetensors").exists()
    twin = load_model(tmp_path / "model")
    np.testing.assert_array_equal(twin.predict_proba(EPOCHS), clf.predict_proba(EPOCHS))
    assert twin.history_ == clf.history_ and twin.get_params() == clf.get_params()


# ---------------------------------------------------------------- regression
def amplitude(n=120, seed=0):
    """Two targets: log amplitudes of a rhythm in two channels, in some unit and offset."""
    rng = np.random.default_rng(seed)
    power = rng.uniform(-1, 1, (n, 2))
    x = 0.3 * rng.normal(size=(n, 3, 64))
    phase = rng.uniform(0, 2 * np.pi, (n, 2, 1))
    x[:, :2] += np.exp(power)[..., None] * np.sin(2 * np.pi * 10 * np.arange(64) / 64 + phase)
    return x, 500 + 30 * power


def test_regression():
    x, y = amplitude()
    reg = NetRegressor(band_power_net, epochs=40, batch_size=16, lr=1e-2, sfreq=64.0, device="cpu")
    reg.fit(x, y)
    x_test, y_test = amplitude(60, seed=1)
    assert reg.predict(x_test).shape == (60, 2) and reg.score(x_test, y_test) > 0.5
    one = clone(reg).set_params(epochs=2).fit(x, y[:, 0])
    assert one.predict(x_test).shape == (60,) and one.encode(x_test).shape == (60, 6)
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(reg)).predict(x_test), reg.predict(x_test)
    )


def test_regression_at_chance_on_shuffled_targets():
    x, y = amplitude()
    x_test, y_test = amplitude(60, seed=1)
    reg = NetRegressor(band_power_net, epochs=15, lr=1e-2, sfreq=64.0, device="cpu")
    reg.fit(x, np.random.default_rng(0).permutation(y))
    assert reg.score(x_test, y_test) < 0.15


def test_regression_refuses_labels():
    with pytest.raises(DataError, match="NetClassifier"):
        NetRegressor(band_power_net).fit(EPOCHS, EPOCHS.y)
