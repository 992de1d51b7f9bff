"""What each registered network is tested on: input it takes, sizes that keep the test short."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from neurodecode.core import Spec, registry

_NAMES = ("F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2")
_POSITIONS = np.stack([[x, y, 0.05] for y in (0.05, 0.0, -0.05, -0.09) for x in (-0.05, 0.05)])
TRIALS = Spec(
    8, 800, 200.0, 3, channel_names=_NAMES, channel_kinds=("eeg",) * 8, positions=_POSITIONS
)
SEGMENT = Spec(1, 136, 128.0, 136, task="regression")  # in and out of a network that cleans signals

# Networks that take something else than TRIALS.
INPUTS = {
    "atat": SEGMENT,
    "eegdenoisenet-cnn": SEGMENT,
    "eegdenoisenet-fcnn": SEGMENT,
    "attnsleep": Spec(1, 3000, 100.0, 3),
    "usleep": Spec(8, 800, 128.0, 3),
    "zuna": Spec(8, 320, 256.0, 3, channel_names=_NAMES, positions=_POSITIONS),
}
# Sizes for those whose own ones take long to fill or to run.
SMALL: dict[str, dict[str, object]] = {
    "bendr": {"encoder_h": 32, "contextualizer_hidden": 64, "transformer_layers": 1},
    "brainmodule": {"hidden_dim": 16, "depth": 2},
    "cbramod": {"n_layer": 1},
    "codebrain": {"num_res_layers": 1},
    "deepsleepnet": {"bilstm_hidden_size": 8},
    "eegdino": {"n_layer": 1},
    "eeginceptionmi": {"n_filters": 4},
    "eegpt": {"depth": 1, "embed_dim": 32},
    "labram": {"num_layers": 1},
    "reve": {"depth": 1, "embed_dim": 32, "heads": 2, "head_dim": 16},
    "steegformer": {"depth": 1, "embed_dim": 32},
    "zuna": {"dim": 64, "n_layers": 1, "n_heads": 2, "head_dim": 16},
}


def make(name: str) -> tuple[nn.Module, Spec]:
    """The network, weights of seed 0, and its input."""
    torch.manual_seed(0)
    spec = INPUTS.get(name, TRIALS)
    return registry.resolve("net", name)(spec, **SMALL.get(name, {})), spec
