"""Every registered network: shape, gradient, embedding, one trial alone."""

import pytest

from neurodecode.core import Spec, registry

torch = pytest.importorskip("torch")

NAMES = registry.names("net")
SPEC = Spec(n_channels=22, n_times=640, sfreq=128.0, n_outputs=3)


@pytest.fixture(params=NAMES)
def net(request):
    torch.manual_seed(0)
    return registry.resolve("net", request.param)(SPEC)


def _batch(n):
    return torch.randn(n, SPEC.n_channels, SPEC.n_times, generator=torch.Generator().manual_seed(1))


def test_trials_in_outputs_out(net):
    assert net(_batch(4)).shape == (4, SPEC.n_outputs)


def test_encode_and_head_make_the_output(net):
    net.eval()
    with torch.no_grad():
        codes = net.encode(_batch(4))
        torch.testing.assert_close(net.head(codes).reshape(4, -1), net(_batch(4)))


def test_gradient_reaches_every_parameter(net):
    net.train()
    loss = torch.nn.functional.cross_entropy(net(_batch(8)), torch.arange(8) % 3)
    loss.backward()
    dead = [
        name
        for name, each in net.named_parameters()
        if each.requires_grad and (each.grad is None or not each.grad.abs().sum() > 0)
    ]
    # A bias before batch normalisation cancels: its gradient is zero by mathematics.
    assert len(dead) <= 0.1 * len(list(net.parameters())), f"no gradient reaches {dead}"


def test_one_trial_gives_what_it_gives_in_company(net):
    net.eval()
    with torch.no_grad():
        alone = torch.cat([net(_batch(4)[[i]]) for i in range(4)])
        torch.testing.assert_close(alone, net(_batch(4)), rtol=1e-4, atol=1e-5)


def test_numbers_of_one_seed_repeat():
    for name in NAMES:
        nets = []
        for _ in range(2):
            torch.manual_seed(3)
            nets.append(registry.resolve("net", name)(SPEC))
        for a, b in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
            assert torch.equal(a, b), name
