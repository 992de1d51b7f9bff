"""What single augmentations do, by closed forms; what all of them promise is in the contract."""

import numpy as np
import pytest
import torch

from neurodecode.core import Spec
from neurodecode.core.errors import TrainingError, UnknownName
from neurodecode.training import Facts, augmentations

TIMES = torch.arange(200) / 100


def facts(n_channels=2, classes=("left", "right"), **spec):
    given = Spec(n_channels, 200, 100.0, 2, **spec)
    return Facts(given, classes, torch.arange(1.0, 1.0 + n_channels))


def made(name, x, y=None, about=None, seed=0, **settings):
    about = facts(x.shape[1]) if about is None else about
    (function,) = augmentations([{"name": name, "probability": 1.0, **settings}], about)
    y = torch.zeros(len(x), dtype=torch.int64) if y is None else y
    return function(x, y, torch.Generator().manual_seed(seed))


def test_shift_moves_whole_samples_and_fills_with_zeros():
    x = torch.rand(300, 2, 200) + 1.0
    out, _ = made("time-shift", x, seconds=0.03)
    seen = set()
    for trial, moved in zip(x, out, strict=True):
        fits = [s for s in range(-3, 4) if torch.equal(moved, _moved(trial, s))]
        assert len(fits) == 1
        seen.add(fits[0])
    assert seen == set(range(-3, 4))


def _moved(trial, shift):
    out = torch.zeros_like(trial)
    if shift >= 0:
        out[:, shift:] = trial[:, : 200 - shift]
    else:
        out[:, :shift] = trial[:, -shift:]
    return out


def test_time_mask_is_one_stretch_in_all_channels():
    out, _ = made("time-mask", torch.ones(400, 2, 200), seconds=0.3)
    gone = out[:, 0] == 0
    assert torch.equal(out[:, 0], out[:, 1]) and (gone.sum(1) == 30).all()
    edges = (gone[:, 1:] != gone[:, :-1]).sum(1)
    assert (edges <= 2).all() and gone[:, 0].any() and gone[:, -1].any()


def test_frequency_mask_takes_a_band():
    out, _ = made("frequency-mask", torch.randn(50, 2, 200), width=8.0)
    share = torch.fft.rfft(out).abs()[:, 0] < 1e-4
    hertz = torch.fft.rfftfreq(200, 0.01)
    for gone in share:
        band = hertz[gone]
        assert 7.0 <= band.max() - band.min() <= 8.0 and len(band) == 16


def test_frequency_shift_moves_a_rhythm():
    """A 10 Hz rhythm lands within 1 Hz of it: its phase turns at the shifted rate."""
    from neurodecode.training.augment.frequency import analytic

    x = torch.cos(2 * torch.pi * 10 * TIMES.double()).expand(20, 1, 200)
    out, _ = made("frequency-shift", x, hertz=1.0)
    middle = slice(40, 160)  # the padded transform rings at both ends
    phase = torch.angle(analytic(out)[:, 0, middle])
    hertz = np.unwrap(phase.numpy(), axis=1)[:, [0, -1]] @ [-1, 1] / (2 * np.pi * 1.19)
    assert (np.abs(hertz - 10) < 1.05).all() and hertz.std() > 0.3


def test_frequency_shift_by_a_known_step(monkeypatch):
    from neurodecode.training.augment import frequency

    monkeypatch.setattr(frequency, "uniform", lambda shape, low, high, generator, like: (
        torch.full(shape, high, dtype=like.dtype)))  # fmt: skip
    monkeypatch.setattr(frequency, "chosen", lambda n, *rest: torch.ones(n, dtype=torch.bool))
    x = torch.cos(2 * torch.pi * 10 * TIMES.double())[None, None]
    out, _ = made("frequency-shift", x, hertz=0.1)
    expected = torch.cos(2 * torch.pi * 10.1 * TIMES.double())
    torch.testing.assert_close(out[0, 0, 50:150], expected[50:150], atol=0.02, rtol=0)


def test_channels_drop_at_their_rate_and_one_stays():
    out, _ = made("channel-dropout", torch.ones(3000, 4, 2), share=0.3)
    alive = out[:, :, 0] > 0
    assert (alive.any(1)).all() and abs(1 - alive.double().mean() - 0.3) < 0.02
    assert torch.equal(out[:, :, 0], out[:, :, 1])


def test_scale_is_one_factor_a_trial():
    x = torch.rand(500, 2, 9) + 1.0
    factor = made("amplitude-scale", x, low=0.25, high=4.0)[0] / x
    assert torch.allclose(factor, factor[:, :1, :1].expand_as(factor), rtol=1e-5)
    assert 0.25 <= factor.min() < 0.3 and 3.5 < factor.max() <= 4.0
    assert abs(factor[:, 0, 0].log().mean()) < 0.15  # as often quieter as louder


def test_noise_follows_the_channel():
    out, _ = made("gaussian-noise", torch.zeros(200, 2, 200), level=0.5)
    torch.testing.assert_close(out.std((0, 2)), torch.tensor([0.5, 1.0]), rtol=0.02, atol=0)


def test_mixup_mixes_trials_and_targets_alike():
    y = torch.arange(64) % 2
    x = y[:, None, None].float().expand(64, 1, 4)
    out, soft = made("mixup", x, y, facts(1), alpha=1.0)
    torch.testing.assert_close(out[:, 0, 0], soft[:, 1])
    assert soft.std() > 0.05 and (soft >= 0).all()
    values = torch.rand(64, 3)
    out, mixed = made("mixup", values[:, None].clone(), values, facts(1, classes=()))
    torch.testing.assert_close(out[:, 0], mixed)


def test_mixup_weights_follow_beta():
    from neurodecode.training.augment.mixing import _beta

    drawn = _beta(0.4, 20000, torch.Generator().manual_seed(0), torch.zeros(1))
    assert abs(drawn.mean() - 0.5) < 0.01 and abs(drawn.var() - 1 / (4 * 1.8)) < 0.005


def test_segments_come_from_the_class_and_keep_their_time():
    y = torch.arange(40) % 2
    x = y[:, None] * 1000.0 + torch.arange(200)  # class and time are readable from every sample
    x = torch.stack([x, torch.arange(40.0)[:, None].expand(40, 200)], dim=1)
    out, labels = made("segment-recombination", x, y, segments=5)
    assert torch.equal(out[:, 0], x[:, 0]) and torch.equal(labels, y)
    sources = out[:, 1]
    assert (sources[:, 1:] != sources[:, :-1]).sum(1).max() <= 4
    assert (sources % 2 == y[:, None]).all() and (sources != x[:, 1]).any()


# ---------------------------------------------------------------- symmetry
NAMED = {"channel_names": ("C3", "Cz", "C4", "PO7", "PO8")}


def test_twice_mirrored_is_what_it_was():
    x, y = torch.randn(30, 5, 4), torch.arange(30) % 3
    about = facts(5, ("left hand", "right hand", "feet"), **NAMED)
    once, labels = made("channel-symmetry", x, y, about)
    assert torch.equal(once[:, [2, 1, 0, 4, 3]], x)
    assert labels.tolist() == [{0: 1, 1: 0, 2: 2}[int(each)] for each in y]
    twice, labels = made("channel-symmetry", once, labels, about)
    assert torch.equal(twice, x) and torch.equal(labels, y)


def test_mirror_by_positions_and_by_given_labels():
    places = np.array([[0.05, 0.0, 0.08], [-0.05, 0.001, 0.08], [0.0, 0.06, 0.09]])
    about = facts(3, (0, 1), channel_names=("a", "b", "c"), positions=places)
    out, y = made("channel-symmetry", torch.arange(3.0)[None, :, None].expand(2, 3, 1),
                  torch.tensor([0, 1]), about, swap={0: 1})  # fmt: skip
    assert out[0, :, 0].tolist() == [1, 0, 2] and y.tolist() == [1, 0]
    _, y = made("channel-symmetry", out, torch.tensor([0, 1]), about, swap={})
    assert y.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("about", "settings", "message"),
    [
        (facts(2, channel_names=("C3", "Cz")), {}, "C3"),
        (facts(2, channel_names=("A", "B")), {}, "without known places"),
        (facts(2, (0, 1), channel_names=("C3", "C4")), {}, "which classes have sides"),
        (facts(2, ("left", "rest"), channel_names=("C3", "C4")), {}, "do not swap"),
        (facts(2, (), channel_names=("C3", "C4")), {}, "continuous"),
        (facts(2, channel_names=("C3", "C4"), channel_kinds=("mag",) * 2), {}, "for EEG"),
    ],
)
def test_what_has_no_mirror(about, settings, message):
    with pytest.raises(TrainingError, match=message):
        augmentations([{"name": "channel-symmetry", **settings}], about)


# ---------------------------------------------------------------- lists of them
def test_lists_are_read_and_refused():
    def own(x, y, generator):
        return x + 1, y

    shift, mine = augmentations(["time-shift", own], facts())
    assert mine is own and callable(shift)
    with pytest.raises(UnknownName, match="time-shift"):
        augmentations(["time-shft"], facts())
    with pytest.raises(TrainingError, match="augment is a list"):
        augmentations("time-shift", facts())
    with pytest.raises(TrainingError, match="settings"):
        augmentations([{"name": "time-shift", "minutes": 1}], facts())
    with pytest.raises(TrainingError, match="seconds"):
        augmentations([{"name": "time-shift", "seconds": 3.0}], facts())
    with pytest.raises(TrainingError, match="not an augmentation"):
        augmentations([3], facts())
