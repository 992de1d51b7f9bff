"""Golden values of leaky integrate-and-fire neurons and surrogate gradients."""

import math

import numpy as np
import pytest
import torch

from neurodecode.core import Spec
from neurodecode.core.errors import DataError, UnknownName
from neurodecode.nets import LIF, build, decay_per_step, spike
from neurodecode.nets.spiking.surrogate import SURROGATES


def rates(currents: list[float], n_steps: int, **options) -> np.ndarray:
    """Spikes per step under constant currents, one neuron each."""
    x = torch.tensor(currents, dtype=torch.float64).expand(1, n_steps, -1)
    return LIF(decay=0.9, **options)(x)[0].mean(1)[0].numpy()


@pytest.mark.parametrize(
    ("reset", "timing", "expected"),
    [
        ("hard", "same", [0.0, 0.0909, 0.1429, 0.3333]),
        ("soft", "same", [0.0, 0.0909, 0.1429, 0.4544]),
        ("soft", "delayed", [0.0, 0.0869, 0.1363, 0.4090]),
    ],
)
def test_f_i_table(reset, timing, expected):
    found = rates([0.0999, 0.15, 0.2, 0.5], 7000, reset=reset, reset_timing=timing)
    assert np.round(found, 4).tolist() == expected


@pytest.mark.parametrize("current", [0.11, 0.15, 0.2, 0.3, 0.5, 0.9])
def test_hard_reset_follows_the_closed_form(current):
    period = math.ceil(math.log(1 - (1 - 0.9) / current) / math.log(0.9))
    assert rates([current], period * 10, reset="hard")[0] == pytest.approx(1 / period)


def test_fires_at_the_threshold_and_resets_to_v_reset():
    spikes, state = LIF(0.5, reset="hard", v_reset=-0.25)(torch.ones(1, 1, 1))
    assert spikes.item() == 1 and state.membrane.item() == -0.25
    assert spike(torch.tensor([-1e-9, 0.0])).tolist() == [0, 1]


def test_epsp_peak():
    """Synapse of 5 ms, membrane of 10 ms, 1 ms steps, Euler: v_n = .9^n - .8^n."""
    x = torch.zeros(1, 40, 1, dtype=torch.float64)
    x[0, 0] = 1.0
    neuron = LIF(
        decay=decay_per_step(10.0, 1.0, "euler"),
        synapse=decay_per_step(5.0, 1.0, "euler"),
        gain=0.1,
        threshold=100.0,
    )
    state, membrane = None, [0.0]
    for t in range(40):
        _, state = neuron(x[:, t : t + 1], state)
        membrane.append(float(state.membrane))
    n = np.arange(41)
    np.testing.assert_allclose(membrane, 0.9**n - 0.8**n, atol=1e-12)
    assert int(np.argmax(membrane)) == 6 and round(max(membrane), 5) == 0.26930


def test_state_carries_over():
    x = torch.rand(3, 30, 4, generator=torch.Generator().manual_seed(0))
    for timing in LIF.TIMINGS:
        neuron = LIF(0.8, synapse=0.5, reset_timing=timing)
        whole, _ = neuron(x)
        first, state = neuron(x[:, :11])
        second, _ = neuron(x[:, 11:], state)
        assert torch.equal(whole, torch.cat([first, second], 1))
        assert 0 < whole.mean() < 1


def test_discretisation():
    assert decay_per_step(20.0, 1.0) == pytest.approx(math.exp(-0.05))
    assert decay_per_step(20.0, 10.0, "euler") == 0.5
    with pytest.raises(DataError, match="exact"):
        decay_per_step(20.0, 11.0, "euler")


# name: (at 0, at 0.1) with the slope given
TABLE = [
    ("atan", 2.0, 1.0, 0.9102),
    ("fast-sigmoid", 25.0, 1.0, 0.0816),
    ("fast-sigmoid", 100.0, 1.0, 0.00826),
    ("sigmoid", 4.0, 1.0, None),
    ("sigmoid", 25.0, 6.25, None),
    ("triangle", 0.3, 0.3, 0.27),
]


@pytest.mark.parametrize(("name", "slope", "at_0", "at_01"), TABLE)
def test_surrogate_table(name, slope, at_0, at_01):
    x = torch.tensor([0.0, 0.1], dtype=torch.float64, requires_grad=True)
    spike(x, name, slope).sum().backward()
    assert float(x.grad[0]) == pytest.approx(at_0)
    if at_01 is not None:
        assert float(x.grad[1]) == pytest.approx(at_01, rel=1e-3)


@pytest.mark.parametrize("name", SURROGATES)
def test_surrogate_is_the_derivative_of_its_primitive(name):
    derivative, primitive, slope = SURROGATES[name]
    x = torch.linspace(-1.5, 1.5, 60, dtype=torch.float64)  # even count: no point at the kink
    step = 1e-6
    slope_of_primitive = (primitive(x + step, slope) - primitive(x - step, slope)) / (2 * step)
    torch.testing.assert_close(slope_of_primitive, derivative(x, slope), rtol=1e-6, atol=1e-8)


def test_gradient_through_time_equals_the_hand_written_scan():
    """With detached resets: g_t = surrogate'(u_t) ds_t + decay g_{t+1}, dx_t = g_t."""
    x = torch.rand(1, 12, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    x.requires_grad_(True)
    weights = torch.arange(1.0, 13.0, dtype=torch.float64)
    (LIF(0.9)(x)[0][0, :, 0] * weights).sum().backward()

    membrane, potentials = 0.0, []
    for value in x.detach().flatten().tolist():
        u = 0.9 * membrane + value
        potentials.append(u)
        membrane = u - (u >= 1)
    carried, expected = 0.0, []
    for u, weight in zip(reversed(potentials), reversed(weights.tolist()), strict=True):
        carried = weight / (1 + (math.pi * (u - 1)) ** 2) + 0.9 * carried
        expected.append(carried)
    np.testing.assert_allclose(x.grad.flatten().numpy(), expected[::-1], rtol=1e-10)


def test_detach_reset_has_an_effect():
    def gradient(detach):
        x = torch.full((1, 20, 1), 0.4, requires_grad=True)
        LIF(0.9, detach_reset=detach)(x)[0].sum().backward()
        return x.grad

    assert not torch.allclose(gradient(True), gradient(False))


@pytest.mark.parametrize(
    "options",
    [{"decay": 1.0}, {"threshold": 0.0}, {"synapse": -0.1}, {"reset": "none"},
     {"reset_timing": "later"}],
)  # fmt: skip
def test_impossible_neurons_are_refused(options):
    with pytest.raises(DataError):
        LIF(**options)


def test_unknown_surrogate():
    with pytest.raises(UnknownName, match="atan"):
        spike(torch.zeros(1), "atam")


def test_neurons_of_the_small_net_fire():
    torch.manual_seed(0)
    net = build("spiking-lif", Spec(22, 192, 128.0, 2)).train()
    rates = net.encode(torch.randn(16, 22, 192))
    assert 0.02 < float(rates.detach().mean()) < 0.5
