import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from training.planted_classes import run, small_net, weights

from neurodecode.core import Spec
from neurodecode.core.errors import DataError
from neurodecode.training import Adversary, Checkpoints, Facts, augmentations, cross_entropy
from neurodecode.training.resume import StateFile

VALID = np.arange(64, 96)
FACTS = Facts(Spec(3, 16, 16.0, 2), ("a", "b"), torch.ones(3))


def noise(x, y, generator):
    return x + torch.randn(x.shape, generator=generator), y


class Killed(Exception):
    pass


def die(*_):
    raise Killed


def dies_after(epoch):
    def on_epoch(now, history):
        if now == epoch:
            raise Killed

    return on_epoch


OPTIONS = {
    "plain": {"valid_index": VALID},
    "all of it": {
        "valid_index": VALID, "schedule": "one-cycle", "ema": 0.9, "augment": [noise],
        "weights": np.arange(1.0, 65.0),
    },
    "no validation": {"optimizer": "sam", "ema": 0.5, "schedule": None},
    "stopped early": {"valid_index": VALID, "patience": 2, "epochs": 30, "lr": 0.1},
}  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS.values(), ids=list(OPTIONS))
def test_a_stopped_run_ends_where_it_would_have_ended(tmp_path, options):
    whole, net = small_net(), small_net()
    expected = run(whole, **options)
    kept = Checkpoints(tmp_path, seconds=0)
    last = len(expected["train_loss"]) - 1
    with pytest.raises(Killed):
        run(net, **options, checkpoints=kept, on_epoch=dies_after(last))
    assert last >= 2 and len(list(tmp_path.iterdir())) == 1
    net, seen = small_net(), []
    history = run(net, **options, checkpoints=kept, on_epoch=lambda e, h: seen.append(e))
    assert seen == [last] and torch.equal(weights(net), weights(whole))
    for name in ("train_loss", "valid_loss", "best_epoch"):
        np.testing.assert_array_equal(history[name], expected[name])
    assert not list(tmp_path.iterdir())


def test_a_run_killed_after_its_last_epoch_trains_no_more(tmp_path, monkeypatch):
    options, net = OPTIONS["stopped early"], small_net()
    expected = run(net, **options)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(StateFile, "remove", die)
        run(small_net(), **options, checkpoints=Checkpoints(tmp_path, seconds=0))
    twin = small_net()
    history = run(twin, **options, checkpoints=Checkpoints(tmp_path, seconds=0))
    assert history["train_loss"] == expected["train_loss"]
    assert torch.equal(weights(twin), weights(net))


def test_the_discriminator_goes_on_too(tmp_path):
    def judged(**options):
        torch.manual_seed(5)
        judge = nn.Sequential(nn.Linear(2, 1), nn.Flatten(0))
        net = small_net()
        x = np.random.default_rng(0).normal(size=(64, 3, 16)).astype("float32")
        run(net, data=(x, x[:, :2, 0].copy()), loss=nn.MSELoss(),
            adversary=Adversary(judge, 0.5), **options)  # fmt: skip
        return weights(net)

    expected, kept = judged(), Checkpoints(tmp_path, seconds=0)
    with pytest.raises(Killed):
        judged(checkpoints=kept, on_epoch=dies_after(1))
    assert torch.equal(judged(checkpoints=kept), expected)


def test_another_run_starts_from_its_own_beginning(tmp_path):
    kept = Checkpoints(tmp_path, seconds=0)
    with pytest.raises(Killed):
        run(small_net(), checkpoints=kept, on_epoch=dies_after(2))
    for other in (
        {"seed": 1}, {"lr": 0.02}, {"train_index": np.arange(60)}, {"augment": [noise]},
        {"loss": cross_entropy(label_smoothing=0.1)}, {"loss": cross_entropy(np.array([1, 2]))},
        {"augment": augmentations([{"name": "gaussian-noise", "level": 0.2}], FACTS)},
    ):  # fmt: skip
        seen = []
        run(small_net(), checkpoints=kept, on_epoch=lambda e, h, s=seen: s.append(e), **other)
        assert seen[0] == 0
    run(small_net(seed=1), checkpoints=kept, on_epoch=lambda e, h: seen.append(e))
    assert seen.count(0) == 2 and len(list(tmp_path.iterdir())) == 1


def test_a_damaged_state_is_named(tmp_path):
    kept = Checkpoints(tmp_path, seconds=0)
    with pytest.raises(Killed):
        run(small_net(), checkpoints=kept, on_epoch=dies_after(2))
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(DataError, match="state of this run"):
        run(small_net(), checkpoints=kept)


def test_writes_keep_their_distance(tmp_path):
    with pytest.raises(Killed):
        run(small_net(), checkpoints=Checkpoints(tmp_path), on_epoch=dies_after(3))
    assert not list(tmp_path.iterdir())


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from training.planted_classes import run, small_net, weights
from training.test_resume import OPTIONS
from neurodecode.training import Checkpoints

def on_epoch(epoch, history):
    if epoch == 2 and {kill}:
        os.kill(os.getpid(), signal.SIGKILL)

net = small_net()
kept = Checkpoints({folder!r}, seconds=0)
history = run(net, **OPTIONS["all of it"], checkpoints=kept, on_epoch=on_epoch)
print(history["train_loss"][-1].hex(), float(weights(net).sum()).hex())
"""


@pytest.mark.slow  # two Python processes
@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_killed_for_good_and_started_again(tmp_path):
    def process(kill):
        code = KILLED.format(tests=str(Path(__file__).parents[1]), folder=str(tmp_path), kill=kill)
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert process(kill=True).returncode == -signal.SIGKILL
    assert len([path for path in tmp_path.iterdir() if path.suffix == ".pt"]) == 1
    net = small_net()
    expected = run(net, **OPTIONS["all of it"])
    done = process(kill=False)
    assert done.returncode == 0, done.stderr
    loss, total = map(float.fromhex, done.stdout.split())
    assert loss == expected["train_loss"][-1] and total == float(weights(net).sum())
