"""Two classes that differ in one of three channels, a small network for them, and one run."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from neurodecode.training import Plan, cross_entropy, train


def planted(n=96, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % 2)
    x = rng.normal(size=(n, 3, 16)).astype("float32")
    x[:, 0] += 0.8 * y[:, None]
    return x, y


def small_net(seed=0, dropout=0.2):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv1d(3, 4, 5), nn.BatchNorm1d(4), nn.ELU(), nn.Dropout(dropout),
        nn.Flatten(), nn.Linear(48, 2),
    )  # fmt: skip


def run(net, train_index=None, valid_index=None, data=None, **options):
    """Train on planted trials; fields of the plan and arguments of `train` by their names."""
    x, y = planted() if data is None else data
    fields = set(Plan.__dataclass_fields__)
    plan = {"epochs": 4, "batch_size": 16, "device": "cpu", "lr": 1e-2}
    plan |= {k: v for k, v in options.items() if k in fields}
    rest = {"loss": cross_entropy()} | {k: v for k, v in options.items() if k not in fields}
    rows = np.arange(64) if train_index is None else train_index
    return train(net, x, y, rows, valid_index, plan=Plan(**plan), **rest)


def weights(net):
    return torch.cat([value.flatten().double() for value in net.state_dict().values()])
