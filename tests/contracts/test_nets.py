"""Every registered network: shape, gradient, embedding, one trial alone."""

import pytest
import torch
from contracts.net_inputs import make

from neurodecode.core import registry

# Of braindecode's networks these are tested always: one of each way to cut off a head. Made by the
# same function, the others are `slow`, for there are many.
ALWAYS = {"bdtcn", "deep4", "labram", "sstdpn", "tcformer"}
NAMES = [
    pytest.param(
        name,
        marks=pytest.mark.slow
        if "borrowed" in registry.target("net", name) and name not in ALWAYS
        else (),
    )
    for name in registry.names("net")
]
# Parameters that no loss on the outputs reaches.
UNTRAINED: dict[str, tuple[str, ...]] = {
    "codebrain": ("body.lm_head", "body.residual_layer"),  # of pretraining; longer than the trial
    "msvtnet": ("body.branch_head",),  # of a loss of each branch, which its paper adds
    "signaljepa-contextual": ("body.transformer.decoder",),  # of pretraining
}


@pytest.fixture(params=NAMES, scope="module")
def made(request):
    net, spec = make(request.param)
    x = torch.randn(4, spec.n_channels, spec.n_times, generator=torch.Generator().manual_seed(1))
    return request.param, net, spec, x


def test_gradient_reaches_every_parameter(made):
    name, net, _, x = made
    net.train()
    torch.nn.functional.cross_entropy(net(x), torch.arange(4) % 3).backward()
    dead = [
        key
        for key, each in net.named_parameters()
        if each.requires_grad and (each.grad is None or not each.grad.abs().sum() > 0)
        if not key.startswith(UNTRAINED.get(name, ()))
    ]
    # A bias before batch normalisation cancels: its gradient is zero by mathematics.
    assert len(dead) <= 0.1 * len(list(net.parameters())), f"no gradient reaches {dead}"


def test_trials_in_outputs_out_alone_or_in_company(made):
    _, net, spec, x = made
    net.eval()
    with torch.no_grad():
        codes, together = net.encode(x), net(x)
        alone = torch.cat([net(each[None]) for each in x])
    assert together.shape == (4, spec.n_outputs) and codes.ndim == 2
    torch.testing.assert_close(net.head(codes).reshape(4, -1), together)
    torch.testing.assert_close(alone, together, rtol=1e-4, atol=1e-5)


def test_numbers_of_one_seed_repeat(made):
    name, net, _, _ = made
    again, _ = make(name)
    for (key, a), b in zip(net.named_parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b), key
