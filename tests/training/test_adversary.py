import numpy as np
import pytest
import torch
from torch import nn

from neurodecode.training import Adversary, Plan, squared_error, train

X = np.random.default_rng(0).normal(size=(96, 1, 8)).astype("float32")
Y = (2 * X[:, 0]).astype("float32")


def net(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(8, 8))


def judge(seed=1):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1), nn.Flatten(0))


def run(adversary=None, epochs=4, loss=None):
    module = net()
    history = train(
        module, X, Y, np.arange(64), np.arange(64, 96), loss=loss or squared_error(),
        plan=Plan(epochs=epochs, batch_size=16, lr=1e-2, schedule=None, device="cpu"),
        adversary=adversary,
    )  # fmt: skip
    return torch.cat([p.detach().flatten() for p in module.parameters()]), history


def test_weight_zero_is_no_adversary():
    assert torch.equal(run(Adversary(judge(), 0.0))[0], run()[0])
    assert not torch.equal(run(Adversary(judge(), 1.0))[0], run()[0])


def test_first_step_is_the_formula():
    """Network: MSE + w * BCE(judge(outputs), 1). Judge: BCE of targets against outputs."""
    module, critic = net(), judge()
    plan = Plan(epochs=1, batch_size=96, lr=1e-2, schedule=None, weight_decay=0, clip=None,
                device="cpu")  # fmt: skip
    train(module, X, Y, np.arange(96), loss=squared_error(), plan=plan,
          adversary=Adversary(critic, 0.3))  # fmt: skip
    by_hand, other = net(), judge()
    bce = nn.BCEWithLogitsLoss()
    steps = [torch.optim.Adam(each.parameters(), lr=1e-2) for each in (by_hand, other)]
    outputs = by_hand(torch.from_numpy(X))
    loss = nn.functional.mse_loss(outputs, torch.from_numpy(Y))
    (loss + 0.3 * bce(other(outputs), torch.ones(96))).backward()
    other.zero_grad()
    logits = other(torch.from_numpy(Y)), other(outputs.detach())
    bce(torch.cat(logits), torch.cat([torch.ones(96), torch.zeros(96)])).backward()
    for step in steps:
        step.step()
    for mine, expected in ((module, by_hand), (critic, other)):
        for a, b in zip(mine.parameters(), expected.parameters(), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_the_judge_learns_to_tell_targets_from_outputs():
    """With a network that only ever gives zeros."""
    critic = judge()
    run(Adversary(critic, 1e-6), epochs=30, loss=lambda outputs, targets: outputs.square().mean())
    with torch.no_grad():
        real, made = critic(torch.from_numpy(Y)), critic(torch.zeros(96, 8))
    assert real.mean() > made.mean() + 1


def test_validation_stays_the_plain_error():
    weights, history = run(Adversary(judge(), 5.0))
    best, (x, y) = net(), (torch.from_numpy(each[64:]) for each in (X, Y))
    nn.utils.vector_to_parameters(weights, best.parameters())
    with torch.no_grad():
        plain = float(nn.functional.mse_loss(best(x), y))
    assert min(history["valid_loss"]) == pytest.approx(plain, rel=1e-5)
