import numpy as np
import pytest
import torch
from torch import nn
from training.planted_classes import planted, small_net

from neurodecode.core.errors import TrainingError
from neurodecode.training import Plan, cross_entropy, squared_error, train


def run(net, x, y, train_index, valid_index=None, **options):
    plan = Plan(**{"epochs": 8, "batch_size": 16, "device": "cpu", "lr": 1e-2, **options})
    return train(net, x, y, train_index, valid_index, loss=cross_entropy(), plan=plan)


def test_learns_and_reports():
    x, y = planted()
    net = small_net()
    history = train(
        net, x, y, np.arange(64), np.arange(64, 96), loss=cross_entropy(),
        score=lambda outputs, targets: float((outputs.argmax(1) == targets).mean()),
        plan=Plan(epochs=15, batch_size=16, lr=1e-2, device="cpu"),
    )  # fmt: skip
    assert {len(history[key]) for key in ("train_loss", "valid_loss", "valid_score")} == {15}
    assert history["best_epoch"] == int(np.argmin(history["valid_loss"]))
    assert history["train_loss"][-1] < 0.5 * history["train_loss"][0]
    assert max(history["valid_score"]) > 0.85 and history["seconds"] > 0
    assert not net.training


def test_best_state_is_restored():
    x, y = planted()
    net = small_net()
    history = run(net, x, y, np.arange(64), np.arange(64, 96), epochs=25)
    assert history["best_epoch"] < 24  # it overfits, or the test shows nothing
    with torch.no_grad():
        loss = cross_entropy()(net(torch.from_numpy(x[64:])), torch.from_numpy(y[64:]))
    assert float(loss) == pytest.approx(min(history["valid_loss"]), rel=1e-5)


def test_patience_stops():
    x, y = planted()
    y = np.random.default_rng(3).permutation(y)
    history = run(small_net(), x, y, np.arange(64), np.arange(64, 96), epochs=60, patience=3)
    assert len(history["train_loss"]) == history["best_epoch"] + 1 + 3 < 60


def test_without_validation_the_last_epoch_counts():
    x, y = planted()
    history = run(small_net(), x, y, np.arange(96), patience=1)
    assert history["best_epoch"] == 7 and np.isnan(history["valid_loss"]).all()


def test_seeds_decide_everything_and_torch_is_left_alone():
    x, y = planted()

    def weights(seed):
        net = small_net()
        run(net, x, y, np.arange(64), np.arange(64, 96), seed=seed)
        return torch.cat([value.flatten().double() for value in net.state_dict().values()])

    assert torch.equal(weights(1), weights(1)) and not torch.equal(weights(1), weights(2))
    net = small_net()
    state = torch.random.get_rng_state()
    run(net, x, y, np.arange(64))
    assert torch.equal(torch.random.get_rng_state(), state)


def test_validation_trials_do_not_train():
    """Weights move in the same way whatever the validation trials hold."""
    x, y = planted()
    other = x.copy()
    other[64:] = 100.0
    nets = []
    for data in (x, other):
        net = small_net()
        run(net, data, y, np.arange(64), epochs=3)
        nets.append(torch.cat([p.detach().flatten() for p in net.parameters()]))
    assert torch.equal(*nets)


def test_shared_trials_are_refused():
    x, y = planted()
    with pytest.raises(TrainingError, match="share trials"):
        run(small_net(), x, y, np.arange(64), np.arange(60, 96))


def test_nan_input_names_batch_and_trial():
    x, y = planted()
    x[17, 1, 3] = np.nan
    with pytest.raises(TrainingError, match=r"epoch 1, batch \d of 4") as caught:
        run(small_net(), x, y, np.arange(64))
    assert "[17]" in caught.value.found


def test_divergence_is_told_from_bad_input():
    x, y = planted()

    class Explodes(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(48, 2)

        def forward(self, x):
            return self.layer(x.flatten(1)) / (self.layer.bias.sum() * 0)

    with pytest.raises(TrainingError, match="loss is nan") as caught:
        run(Explodes(), x, y, np.arange(64))
    assert "diverged" in caught.value.found and "lr" in caught.value.fix


@pytest.mark.parametrize("schedule", [None, "cosine", "one-cycle"])
def test_schedules(schedule):
    from neurodecode.training.schedules import make_schedule

    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
    plan = make_schedule(schedule, optimizer, 10)
    rates = []
    for _ in range(10):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if plan is not None:
            plan.step()
    expected_peak = {None: 0, "cosine": 0, "one-cycle": 2}[schedule]
    assert int(np.argmax(rates)) == expected_peak and max(rates) == pytest.approx(0.1)
    assert (rates[-1] == 0.1) if schedule is None else (rates[-1] < 0.01)


def test_gradient_is_clipped():
    x, y = planted()

    def moved(clip):
        net = small_net(dropout=0.0)
        before = [p.detach().clone() for p in net.parameters()]
        run(net, x * 1e3, y, np.arange(64), epochs=1, clip=clip, weight_decay=0.0)
        after = [p.detach() for p in net.parameters()]
        return sum(float((a - b).norm()) for a, b in zip(after, before, strict=True))

    assert moved(1e-12) < 0.5 * moved(None)  # Adam hides scale down to its epsilon of 1e-8


def test_class_weights_and_regression_losses():
    outputs, targets = torch.tensor([[0.0, 1.0], [0.0, 1.0]]), torch.tensor([0, 1])
    plain = [float(cross_entropy()(outputs[i : i + 1], targets[i : i + 1])) for i in (0, 1)]
    weighted = float(cross_entropy(np.array([3.0, 1.0]))(outputs, targets))
    assert weighted == pytest.approx((3 * plain[0] + plain[1]) / 4)
    assert float(squared_error()(torch.zeros(2, 2), torch.full((2, 2), 2.0))) == 4


@pytest.mark.parametrize(
    "options",
    [{"epochs": 0}, {"batch_size": 1}, {"lr": 0.0}, {"weight_decay": -1.0}, {"patience": 0},
     {"clip": 0.0}],
)  # fmt: skip
def test_plans_out_of_range(options):
    with pytest.raises(TrainingError, match=next(iter(options))):
        Plan(**options)


def test_unknown_schedule():
    x, y = planted()
    with pytest.raises(TrainingError, match="cosine"):
        run(small_net(), x, y, np.arange(64), schedule="cosin")


@pytest.mark.gpu
def test_gpu_agrees_with_cpu():
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    x, y = planted()
    losses = [
        run(small_net(dropout=0.0), x, y, np.arange(64), device=device)["train_loss"]
        for device in ("cpu", "cuda")
    ]
    np.testing.assert_allclose(*losses, rtol=1e-3)
