import pytest
import torch
from torch import nn

from neurodecode.core.errors import TrainingError
from neurodecode.training import load_weights, save_weights


def net():
    return nn.Sequential(nn.Conv1d(2, 3, 3), nn.BatchNorm1d(3), nn.Flatten(), nn.Linear(18, 2))


def test_round_trip_is_exact(tmp_path):
    torch.manual_seed(0)
    module = net()
    module(torch.randn(5, 2, 8))  # moves the running statistics
    save_weights(module, tmp_path / "deep" / "weights.safetensors")
    twin = load_weights(net(), tmp_path / "deep" / "weights.safetensors")
    for name, value in module.state_dict().items():
        assert torch.equal(value, twin.state_dict()[name]), name


def test_tied_weights_can_be_saved(tmp_path):
    module = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    module[1].weight = module[0].weight
    save_weights(module, tmp_path / "w.safetensors")
    assert torch.equal(load_weights(module, tmp_path / "w.safetensors")[1].weight, module[0].weight)


def test_another_network_is_refused(tmp_path):
    save_weights(net(), tmp_path / "w.safetensors")
    with pytest.raises(TrainingError, match="another network"):
        load_weights(nn.Linear(2, 2), tmp_path / "w.safetensors")
