import numpy as np
import pytest
import torch
from torch import nn

from neurodecode.core import Spec
from neurodecode.core.errors import DataError, UnknownName
from neurodecode.nets import applicable, build

SPEC = Spec(n_channels=22, n_times=1000, sfreq=250.0, n_outputs=4)
# Fewest samples at 4 channels and 256 Hz.
SHORTEST = {
    "atat": 64,
    "atcnet": 616,
    "conformer": 99,
    "dbconformer": 125,
    "deep-ssvep": 7,
    "deep4": 441,
    "eegdenoisenet-cnn": 3,
    "eegdenoisenet-fcnn": 2,
    "eegnet": 27,
    "eegnet-fusion": 32,
    "mi-eegnet": 8,
    "mvcnet": 125,
    "shallow": 99,
    "tcformer": 56,
}
DENOISERS = ("atat", "eegdenoisenet-cnn", "eegdenoisenet-fcnn")  # a segment in, a segment out


@pytest.mark.parametrize("name", SHORTEST)
def test_shortest_window_is_exact(name):
    def reason(n_times):
        segment = Spec(1, n_times, 256.0, n_times)
        return applicable(name, segment if name in DENOISERS else Spec(4, n_times, 256.0, 2))

    shortest = SHORTEST[name]
    assert reason(shortest) is None
    assert str(shortest) in reason(shortest - 1) if shortest > 1 else True
    if shortest > 1:
        assert "samples" in reason(1)


def test_one_channel():
    spec = Spec(1, 192, 128.0, 2)
    assert applicable("shallow", spec) == "shallow needs at least 2 channels, this has 1"
    assert applicable("eegnet", spec) is None


def test_net_params_change_the_need():
    spec = Spec(6, 50, 100.0, 2)
    assert applicable("shallow", spec) is not None
    assert applicable("shallow", spec, kernel_length=9, pool_length=20, pool_stride=5) is None


def test_build_takes_functions_and_copies_modules():
    def small(spec: Spec, width: int = 4) -> nn.Module:
        flat = spec.n_channels * spec.n_times
        return nn.Sequential(nn.Flatten(), nn.Linear(flat, width), nn.Linear(width, spec.n_outputs))

    spec = Spec(2, 8, 8.0, 3)
    net = build(small, spec, width=7)
    assert net[1].out_features == 7
    twin = build(net, spec)
    assert twin is not net and twin[1].weight.data_ptr() != net[1].weight.data_ptr()


@pytest.mark.parametrize("name", ["eegnet", "shallow", "conformer", "atcnet"])
def test_batch_norm_starts_fresh(name):
    for layer in build(name, SPEC).modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            assert bool((layer.running_var == 1).all()) and int(layer.num_batches_tracked) == 0


def test_lazy_layers_are_filled():
    net = build(nn.Sequential(nn.Flatten(), nn.LazyLinear(2)), Spec(3, 8, 8.0, 2))
    assert net[1].in_features == 24


def test_build_runs_in_eval_mode_and_restores_training():
    net = build(
        nn.Sequential(nn.BatchNorm1d(2), nn.Flatten(), nn.Linear(16, 2)), Spec(2, 8, 8.0, 2)
    )
    assert net.training and int(net[0].num_batches_tracked) == 0


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (nn.Linear(5, 2), "cannot take trials of 2 channels x 8 samples"),
        (nn.Flatten(), r"\(2, 16\)"),
        (lambda spec: "no", "gave str"),
        (3, "not a network"),
    ],
)
def test_unfit_networks_are_refused(net, message):
    with pytest.raises(DataError, match=message):
        build(net, Spec(2, 8, 8.0, 2))


def test_typos_and_parameters_of_modules():
    with pytest.raises(UnknownName, match="eegnet"):
        build("eegnte", SPEC)
    with pytest.raises(DataError, match="takes no parameters"):
        build(nn.Flatten(), SPEC, width=3)


def test_nets_with_merged_stems_equal_braindecode():
    from neurodecode.nets import _braindecode

    spec = Spec(5, 130, 128.0, 3)
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(4, 5, 130)).astype("float32"))
    for name, model in [("shallow", "ShallowFBCSPNet"), ("conformer", "EEGConformer"),
                        ("eegnet", "EEGNet"), ("atcnet", "ATCNet")]:  # fmt: skip
        if name == "atcnet":
            spec, x = Spec(5, 616, 128.0, 3), torch.randn(2, 5, 616)
        torch.manual_seed(0)
        ours = build(name, spec).eval()
        torch.manual_seed(0)
        theirs = _braindecode.create(model, spec).eval()
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-4, atol=1e-5)
