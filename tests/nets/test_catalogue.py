import numpy as np
import pytest
import torch
from torch import nn

from neurodecode.core import Spec, registry
from neurodecode.core.errors import DataError, UnknownName
from neurodecode.nets import applicable, build

NETS = registry.names("net")
SPEC = Spec(n_channels=22, n_times=1000, sfreq=250.0, n_outputs=4)
DENOISERS = ("atat", "eegdenoisenet-cnn", "eegdenoisenet-fcnn")  # a segment in, a segment out


@pytest.mark.parametrize(
    ("name", "count"),
    [("eegnet", 3444), ("shallow", 46084), ("conformer", 789572), ("atcnet", 113732)],
)
def test_parameter_counts(name, count):
    assert sum(p.numel() for p in build(name, SPEC).parameters()) == count


@pytest.mark.parametrize("name", NETS)
def test_registered_nets(name):
    torch.manual_seed(0)
    spec = Spec(1, 100, 250.0, 100) if name in DENOISERS else SPEC
    net = build(name, spec)
    x = torch.randn(3, spec.n_channels, spec.n_times)

    loss = nn.functional.cross_entropy(net(x), torch.tensor([0, 1, 3]))
    loss.backward()
    idle = [
        key
        for key, p in net.named_parameters()
        if p.requires_grad and (p.grad is None or not p.grad.any())
    ]
    assert not idle, f"no gradient reaches {idle}"

    net.eval()
    with torch.no_grad():
        outputs = net(x)
        torch.testing.assert_close(net(x[1:2]), outputs[1:2], rtol=1e-4, atol=1e-5)  # unit batch
        torch.testing.assert_close(net.head(net.encode(x)), outputs)
    assert outputs.shape == (3, spec.n_outputs) and net.encode(x).ndim == 2


@pytest.mark.parametrize("name", NETS)
def test_shortest_window_is_exact(name):
    def reason(n_times):
        segment = Spec(1, n_times, 128.0, n_times)
        return applicable(name, segment if name in DENOISERS else Spec(4, n_times, 128.0, 2))

    shortest = next(n for n in range(1, 700) if reason(n) is None)
    assert str(shortest) in reason(shortest - 1)
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
