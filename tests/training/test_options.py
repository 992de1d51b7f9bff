import numpy as np
import pytest
import torch
from torch import nn
from training.planted_classes import planted, run, small_net, weights

from neurodecode.core.errors import TrainingError
from neurodecode.training import Plan, cross_entropy, curves_to, learning_layers, temperature_of
from neurodecode.training.averaging import Average
from neurodecode.training.batches import balancing_weights, index_batches
from neurodecode.training.optimizers import Ascent

VALID = np.arange(64, 96)


# ---------------------------------------------------------------- optimizers, averages
@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "sam"])
def test_optimizers_learn(optimizer):
    history = run(small_net(), valid_index=VALID, optimizer=optimizer, epochs=12)
    assert history["train_loss"][-1] < 0.6 * history["train_loss"][0]


def test_sam_takes_the_gradient_uphill():
    """Two full-batch steps of Foret et al.'s algorithm, written out."""
    x, y = planted(64)
    net = small_net(dropout=0.0)
    run(net, data=(x, y), optimizer="sam", epochs=2, batch_size=64, clip=None, schedule=None,
        weight_decay=0.0)  # fmt: skip
    by_hand = small_net(dropout=0.0)
    optimizer = torch.optim.AdamW(by_hand.parameters(), lr=1e-2, weight_decay=0.0)
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    statistics = [by_hand[1].running_mean, by_hand[1].running_var]
    for _ in range(2):
        optimizer.zero_grad()
        cross_entropy()(by_hand(x), y).backward()
        first = [p.grad.clone() for p in by_hand.parameters()]
        kept = [each.clone() for each in statistics]
        norm = torch.sqrt(sum((g**2).sum() for g in first))
        with torch.no_grad():
            for p, g in zip(by_hand.parameters(), first, strict=True):
                p += 0.05 * g / norm
        optimizer.zero_grad()
        cross_entropy()(by_hand(x), y).backward()
        with torch.no_grad():
            for p, g in zip(by_hand.parameters(), first, strict=True):
                p -= 0.05 * g / norm
            for each, value in zip(statistics, kept, strict=True):
                each.copy_(value)
        optimizer.step()
    for (name, mine), expected in zip(net.named_parameters(), by_hand.parameters(), strict=True):
        if name != "0.bias":  # before batch norm: its gradient is rounding noise
            torch.testing.assert_close(mine, expected, rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(net[1].running_var, statistics[1], rtol=1e-4, atol=1e-6)


def test_the_ascent_is_undone_after_an_error():
    net = small_net()
    net(torch.randn(4, 3, 16)).sum().backward()
    before = weights(net)
    with pytest.raises(KeyError), Ascent(net).uphill():
        assert not torch.equal(weights(net), before)
        raise KeyError
    assert torch.equal(weights(net), before) and net[1].momentum == 0.1


def test_average_is_the_formula():
    net = nn.Linear(1, 1, bias=False)
    average = Average(net, 0.15)
    expected = None
    for step, value in enumerate([1.0, 2.0, 5.0]):
        net.weight.data.fill_(value)
        average.update()
        decay = min(0.15, (1 + step) / (10 + step)) if step else 0.0
        expected = value if expected is None else decay * expected + (1 - decay) * value
    assert average.state["weight"].item() == pytest.approx(expected)
    average.swap()
    assert net.weight.item() == pytest.approx(expected)
    average.swap()
    assert net.weight.item() == 5.0


@pytest.mark.parametrize("valid", [None, VALID])
def test_the_average_is_validated_and_kept(valid):
    net, plain = small_net(), small_net()
    history = run(net, valid_index=valid, ema=0.9)
    other = run(plain, valid_index=valid)
    assert history["train_loss"] == other["train_loss"]  # it only watches
    assert not torch.equal(weights(net), weights(plain))
    if valid is not None:
        x, y = (torch.from_numpy(each[64:]) for each in planted())
        with torch.no_grad():
            loss = float(cross_entropy()(net(x), y))
        assert loss == pytest.approx(min(history["valid_loss"]), rel=1e-5)


@pytest.mark.parametrize(
    "options",
    [{"ema": 1.0}, {"optimizer": "adam"}, {"precision": "16"},
     {"optimizer": "sam", "precision": "16-mixed"}],
)  # fmt: skip
def test_options_out_of_range(options):
    with pytest.raises(TrainingError, match=list(options)[-1] if len(options) == 1 else "exclude"):
        Plan(**options)


def test_mixed_precision_only_when_asked():
    plain, asked = (run(small_net(), precision=each) for each in ("32-true", "bf16-mixed"))
    assert plain["train_loss"] != asked["train_loss"]
    np.testing.assert_allclose(plain["train_loss"], asked["train_loss"], rtol=0.05)
    with pytest.raises(TrainingError, match="CUDA"):
        run(small_net(), precision="16-mixed")


@pytest.mark.slow  # the compiler takes half a minute
def test_compiled_training_gives_the_same_losses():
    plain, compiled = (run(small_net(dropout=0.0), compile=each) for each in (False, True))
    np.testing.assert_allclose(plain["train_loss"], compiled["train_loss"], rtol=1e-4)


# ---------------------------------------------------------------- which trials are drawn
def test_weighted_draws_follow_the_odds():
    odds = torch.tensor([0.0, 1.0, 3.0]).repeat(1000)
    batches = index_batches(torch.arange(3000), 64, torch.Generator().manual_seed(0), odds)
    drawn = torch.cat(batches)
    count = torch.bincount(drawn % 3, minlength=3) / 3000
    assert len(drawn) == 3000 and count[0] == 0 and abs(count[2] - 0.75) < 0.03


def test_balanced_classes_are_drawn_equally():
    y = np.array([0] * 900 + [1] * 100)
    odds = torch.from_numpy(balancing_weights(y))
    drawn = torch.cat(index_batches(torch.arange(1000), 50, torch.Generator(), odds))
    assert abs((drawn >= 900).double().mean() - 0.5) < 0.05


def test_weights_reach_the_loop_and_are_checked():
    only = np.zeros(64)
    only[:8] = 1.0
    x, y = planted()
    x[8:64] = np.nan  # never drawn, never seen
    assert np.isfinite(run(small_net(), data=(x, y), weights=only)["train_loss"]).all()
    for wrong in (np.ones(63), -np.ones(64), np.zeros(64), np.full(64, np.nan)):
        with pytest.raises(TrainingError, match="odds"):
            run(small_net(), weights=wrong)


# ---------------------------------------------------------------- augmentation, losses, callbacks
def test_only_training_batches_are_augmented():
    seen = []

    def watch(x, y, generator):
        seen.append(len(x))
        return torch.zeros_like(x), y

    history = run(small_net(), valid_index=VALID, augment=[watch], epochs=3)
    assert sum(seen) == 3 * 64
    # all-zero training trials teach nothing; validation trials still have their signal
    assert len(set(np.round(history["valid_loss"], 12))) == 3


def test_label_smoothing_is_the_formula():
    logits, target = torch.tensor([[2.0, 0.0, -1.0]]), torch.tensor([0])
    log_p = torch.log_softmax(logits, 1)[0]
    expected = -(0.7 + 0.1) * log_p[0] - 0.1 * log_p[1] - 0.1 * log_p[2]
    assert float(cross_entropy(label_smoothing=0.3)(logits, target)) == pytest.approx(
        float(expected)
    )


def test_curves_go_to_either_kind_of_log():
    class Board:
        def __init__(self):
            self.lines = []

        def add_scalar(self, tag, value, step):
            self.lines.append((step, tag, value))

    class Log:
        def __init__(self):
            self.lines = []

        def log(self, values, *, step):
            self.lines += [(step, tag, value) for tag, value in values.items()]

    board, log = Board(), Log()
    for each in (board, log):
        history = run(small_net(), valid_index=VALID, epochs=2, on_epoch=curves_to(each))
    assert board.lines == log.lines and len(log.lines) == 6
    assert log.lines[3] == (1, "train_loss", history["train_loss"][1])


# ---------------------------------------------------------------- layers that learn
def moved(layers, **options):
    net, before = small_net(), small_net()
    with learning_layers(net, layers, 1e-2, options.pop("decay", 1.0)) as groups:
        run(net, groups=groups, **options)
    assert all(p.requires_grad for p in net.parameters())
    pairs = zip(net.state_dict().items(), before.state_dict().values(), strict=True)
    return {name for (name, a), b in pairs if not torch.equal(a, b)}


def test_only_the_chosen_layers_move():
    assert moved("head") == {"5.weight", "5.bias"}  # running statistics stand still too
    assert {"0.weight", "1.weight", "1.running_mean"} <= moved(2) == moved("all")


def test_rates_decay_by_layer():
    net = small_net()
    with learning_layers(net, "all", 0.1, 0.5) as groups:
        rates = {len(group["params"]): group["lr"] for group in groups}
    assert rates == {2: 0.1, 4: 0.05}  # the head; the convolution with its normalisation
    still = {"0.weight", "1.weight"}  # at a rate that rounds to no change
    assert not still & moved("all", decay=1e-9) and still <= moved("all", decay=0.1)


def test_the_head_is_last_wherever_it_is_defined():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(2, 2)
            self.body = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
            self.fixed = nn.Linear(2, 2).requires_grad_(False)

    with learning_layers(Net(), 1) as groups:
        assert len(groups) == 1 and groups[0]["params"][0].shape == (2, 2)
    net = Net()
    with learning_layers(net, "all") as groups:
        assert [len(group["params"]) for group in groups] == [2, 3]
        assert groups[0]["params"][0] is net.head.weight
    assert not net.fixed.weight.requires_grad
    for layers in ("heads", 0, 3, 1.5):
        with pytest.raises(TrainingError, match="no such layers"), learning_layers(net, layers):
            pass
    with pytest.raises(TrainingError, match="decay"), learning_layers(net, decay=0.0):
        pass


# ---------------------------------------------------------------- temperature
def test_temperature_is_recovered():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20000, 3))
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    targets = (rng.random((20000, 1)) > p.cumsum(1)).sum(1)
    assert temperature_of(2.5 * logits, targets) == pytest.approx(2.5, rel=0.05)
