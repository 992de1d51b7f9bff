"""Every registered network: shape, gradient, embedding, one trial alone."""

import pytest

from neurodecode.core import Spec, registry

torch = pytest.importorskip("torch")

NAMES = registry.names("net")
SPEC = Spec(n_channels=22, n_times=640, sfreq=128.0, n_outputs=3)
SEGMENT = Spec(n_channels=1, n_times=136, sfreq=128.0, n_outputs=136, task="regression")


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def spec(name):
    """Trials and classes, or for networks that clean signals one channel in and out."""
    from neurodecode.nets import applicable

    return SPEC if applicable(name, SPEC) is None else SEGMENT


@pytest.fixture
def net(name, spec):
    torch.manual_seed(0)
    return registry.resolve("net", name)(spec)


@pytest.fixture
def batch(spec):
    shape = (8, spec.n_channels, spec.n_times)
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def test_trials_in_outputs_out(net, spec, batch):
    assert net(batch).shape == (8, spec.n_outputs)


def test_encode_and_head_make_the_output(net, batch):
    net.eval()
    with torch.no_grad():
        codes = net.encode(batch)
        torch.testing.assert_close(net.head(codes).reshape(8, -1), net(batch))


def test_gradient_reaches_every_parameter(net, batch):
    net.train()
    loss = torch.nn.functional.cross_entropy(net(batch), torch.arange(8) % 3)
    loss.backward()
    dead = [
        name
        for name, each in net.named_parameters()
        if each.requires_grad and (each.grad is None or not each.grad.abs().sum() > 0)
    ]
    # A bias before batch normalisation cancels: its gradient is zero by mathematics.
    assert len(dead) <= 0.1 * len(list(net.parameters())), f"no gradient reaches {dead}"


def test_one_trial_gives_what_it_gives_in_company(net, batch):
    net.eval()
    with torch.no_grad():
        alone = torch.cat([net(batch[[i]]) for i in range(8)])
        torch.testing.assert_close(alone, net(batch), rtol=1e-4, atol=1e-5)


def test_numbers_of_one_seed_repeat(name, spec):
    nets = []
    for _ in range(2):
        torch.manual_seed(3)
        nets.append(registry.resolve("net", name)(spec))
    for a, b in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        assert torch.equal(a, b)
