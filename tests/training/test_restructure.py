"""Restructured networks against their textbooks: same losses, gradients and statistics."""

import copy
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from neurodecode.core import Spec
from neurodecode.core.errors import TrainingError
from neurodecode.core.runtime import inner_threads
from neurodecode.linalg._native import library
from neurodecode.nets import _braindecode, build
from neurodecode.training import (
    Member,
    Plan,
    cross_entropy,
    form_report,
    outputs_of,
    train,
    train_members,
)  # fmt: skip
from neurodecode.training.batches import MappedTrials
from neurodecode.training.restructure import native_block
from neurodecode.training.restructure.first_block import FirstBlock
from neurodecode.training.restructure.form import form_of
from neurodecode.training.restructure.lags import LaggedTrials, lag_moments
from neurodecode.training.restructure.pools import LateELU, SegmentPool, faster
from neurodecode.training.restructure.toeplitz import ToeplitzFilter

# Batch norm cancels these: no gradient reaches them, rounding alone moves them in the textbook.
CANCELLED = (".bias", "running_mean")


def trials(n=40, n_channels=5, n_times=130, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, n_channels, n_times, generator=generator, dtype=dtype) + 0.3
    return x, torch.randint(0, 3, (n,), generator=generator)


def textbook(name, n_times=130, dtype=torch.float64, **params):
    """A net of ours, or of braindecode by its class name; spatial filters beyond their max-norm."""
    torch.manual_seed(1)
    spec = Spec(5, n_times, 128.0, 3)
    ours = name.islower()
    net = build(name, spec, **params) if ours else _braindecode.create(name, spec, **params)
    with torch.no_grad():
        for key, value in net.named_parameters():
            if "parametrizations" in key:
                value.mul_(3)
    return net.to(dtype)


def losses_of(module, parameters, source, y, steps=20):
    """Losses of AdamW with dropout, weight decay and batches of two sizes; seeds fix all draws."""
    module.train()
    optimizer = torch.optim.AdamW(parameters, lr=1e-2, weight_decay=0.1)
    order = torch.Generator().manual_seed(2)
    losses = []
    with torch.random.fork_rng():
        torch.manual_seed(3)
        for step in range(steps):
            rows = torch.randperm(len(y), generator=order)[: 16 if step % 4 else 7]
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(module(source[rows]), y[rows])
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
    module.eval()
    return np.array(losses)


def both(net, x, y, steps=20):
    """Losses of the textbook and of its form, and the two textbook modules behind them."""
    twin = copy.deepcopy(net)
    form = form_of(twin, x)
    assert form.report.startswith("restructured"), form.report
    ours = losses_of(form.module, twin.parameters(), form.trials, y, steps)
    return losses_of(net, net.parameters(), x, y, steps), ours, twin, form


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("eegnet", {"kernel_length": 64}),
        ("eegnet", {"kernel_length": 33, "n_spatial": 1}),
        ("eegnet", {"kernel_length": 20, "n_spatial": 3, "pool1": 3}),
        ("eegnet", {"kernel_length": 7, "n_spatial": 4, "n_temporal": 3}),
        ("EEGNet", {"kernel_length": 16}),
        ("shallow", {"kernel_length": 17, "pool_length": 30}),
        ("shallow", {"kernel_length": 10, "pool_length": 20, "pool_stride": 7}),
        ("ShallowFBCSPNet", {}),
        ("Deep4Net", {"n_filters_4": 8, "n_filters_3": 8, "pool_time_length": 2,
                      "pool_time_stride": 2, "filter_time_length": 6}),
        ("EEGConformer", {"num_layers": 1}),
        ("ATCNet", {"n_windows": 2, "conv_block_pool_size_1": 3, "conv_block_pool_size_2": 5,
                    "conv_max_norm_const": 0.6}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_restructured_nets_equal_their_textbooks(name, params):
    n_times = 150 if name == "Deep4Net" else 130  # its pools need 147
    x, y = trials(n_times=n_times)
    net = textbook(name, n_times, **params)
    expected, losses, twin, form = both(net, x, y)
    np.testing.assert_allclose(losses, expected, rtol=0, atol=1e-10)
    for (key, value), other in zip(
        net.state_dict().items(), twin.state_dict().values(), strict=True
    ):
        tolerance = 1e-6 if key.endswith(CANCELLED) else 1e-7
        torch.testing.assert_close(other, value, rtol=tolerance, atol=tolerance, msg=key)
    with torch.no_grad():
        torch.testing.assert_close(form.module(x), net(x), rtol=0, atol=1e-6)
        torch.testing.assert_close(outputs_of(twin, x), twin(x), rtol=0, atol=1e-10)


def test_single_precision_losses():
    x, y = trials(dtype=torch.float32)
    expected, losses, *_ = both(textbook("eegnet", dtype=torch.float32), x, y)
    np.testing.assert_allclose(losses, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kernel", library.forms(), ids=lambda form: form.name)
@pytest.mark.parametrize(
    ("length", "n_times", "depth", "n_filters", "pool", "n_channels"),
    [(64, 130, 2, 8, 4, 5), (33, 97, 1, 3, 3, 4), (5, 17, 3, 2, 5, 1), (130, 300, 4, 2, 8, 2)],
)
def test_the_compiled_block_equals_its_twin(
    monkeypatch, kernel, length, n_times, depth, n_filters, pool, n_channels
):
    torch.manual_seed(0)
    x, _ = trials(n=6, n_channels=n_channels, n_times=n_times, dtype=torch.float32)
    pads = (length // 2, length // 2 - 1)
    temporal = nn.Conv2d(1, n_filters, (1, length), bias=False)
    spatial = nn.Conv2d(n_filters, n_filters * depth, (n_channels, 1), groups=n_filters, bias=False)
    norms = nn.BatchNorm2d(n_filters), nn.BatchNorm2d(n_filters * depth)
    block = FirstBlock(temporal, norms[0], spatial, norms[1], pads, pool)
    twin = copy.deepcopy(block).double()
    batches = [
        LaggedTrials(each, length, pads)[torch.tensor([4, 0, 1, 5])] for each in (x, x.double())
    ]
    monkeypatch.setattr(native_block, "kernels", lambda: kernel)
    for _ in range(2):  # the second batch reuses the buffers of the first
        ours, theirs = block(batches[0]), twin(batches[1])
        torch.testing.assert_close(ours.double(), theirs, rtol=1e-4, atol=1e-5)
        weights = torch.randn(ours.shape)
        for each, parameters in ((ours, block), (theirs, twin)):
            parameters.zero_grad()
            (each * weights).sum().backward()
    for ours, theirs in zip(block.parameters(), twin.parameters(), strict=True):
        scale = float(theirs.grad.abs().max()) + 0.1  # that of norm0 is rounding, all but
        assert float((ours.grad - theirs.grad).abs().max()) < 1e-4 * scale
    for ours, theirs in zip(block.buffers(), twin.buffers(), strict=True):
        torch.testing.assert_close(ours.double(), theirs.double(), rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(not library.forms(), reason="no kernels built here (no C compiler?)")
def test_a_second_backward_is_refused_and_two_batches_do_not_mix():
    x, _ = trials(dtype=torch.float32)
    net = textbook("eegnet", dtype=torch.float32)
    form = form_of(net, x)
    stem = form.module.body.block
    one, two = (stem(form.trials[rows]) for rows in torch.arange(32).split(16))
    grads = torch.autograd.grad(one.sum() + two.sum(), stem.norm1.bias)
    alone = [
        torch.autograd.grad(stem(form.trials[rows]).sum(), stem.norm1.bias)[0]
        for rows in torch.arange(32).split(16)
    ]
    torch.testing.assert_close(grads[0], sum(alone))
    loss = stem(form.trials[torch.arange(16)]).sum()
    loss.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="second"):
        loss.backward()


def test_without_kernels_the_twin_trains(monkeypatch):
    monkeypatch.setenv(library.SWITCH, "0")
    x, y = trials(dtype=torch.float32)
    expected, losses, _, form = both(textbook("eegnet", dtype=torch.float32), x, y)
    assert "block-Toeplitz" in form.report
    np.testing.assert_allclose(losses, expected, rtol=0, atol=1e-5)


def test_the_loop_chooses_the_form_and_says_so():
    x, y = trials(dtype=torch.float32)
    net = textbook("eegnet", dtype=torch.float32)
    plan = Plan(epochs=2, batch_size=16, device="cpu")
    twin = copy.deepcopy(net)
    twin.body.register_forward_hook(lambda *_: None)
    arguments = x.numpy(), y.numpy(), np.arange(30), np.arange(30, 40)
    fast = train(net, *arguments, loss=cross_entropy(), plan=plan)
    slow = train(twin, *arguments, loss=cross_entropy(), plan=plan)
    assert fast["form"].startswith("restructured") and slow["form"].startswith("textbook")
    for key in ("train_loss", "valid_loss"):
        np.testing.assert_allclose(fast[key], slow[key], rtol=1e-3)
    np.testing.assert_allclose(fast["train_loss"], slow["train_loss"], rtol=1e-5)


@pytest.mark.parametrize(("length", "pads"), [(6, (3, 3)), (5, (2, 2)), (1, (0, 0)), (4, (1, 2))])
def test_lag_moments_equal_their_sums(length, pads):
    x, _ = trials(n=3, n_channels=2, n_times=40)
    shifts = nn.functional.pad(x, pads).unfold(2, length, 1)  # (n, n_channels, n_out, length)
    first, second = lag_moments(x.float(), length, pads)
    assert first.dtype == second.dtype == torch.float64
    x = x.float().double()
    shifts = nn.functional.pad(x, pads).unfold(2, length, 1)
    torch.testing.assert_close(first, shifts.sum((1, 2)))
    torch.testing.assert_close(second, torch.einsum("nctk,nctl->nkl", shifts, shifts))


@pytest.mark.parametrize(
    ("length", "n_times", "pads"),
    [(16, 50, (8, 8)), (5, 31, (2, 2)), (1, 9, (0, 0)), (20, 25, (9, 10))],
)
def test_toeplitz_products_filter(length, n_times, pads):
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(2, 3, 2, n_times, generator=generator, dtype=torch.float64, requires_grad=True)
    w = torch.randn(3, length, generator=generator, dtype=torch.float64, requires_grad=True)
    u = ToeplitzFilter.apply(z, w, *pads)
    rows = nn.functional.pad(z.flatten(1, 2), pads)
    expected = nn.functional.conv1d(rows, w.repeat_interleave(2, 0)[:, None], groups=6)
    weights = torch.randn(u.shape, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(u.flatten(1, 2), expected)
    ours = torch.autograd.grad((u * weights).sum(), (z, w))
    theirs = torch.autograd.grad((expected * weights.flatten(1, 2)).sum(), (z, w))
    torch.testing.assert_close(ours, theirs)


def test_the_first_of_equals_gets_the_gradient_as_in_the_textbook_pool():
    x = torch.randn(2, 3, 11, 1, dtype=torch.float64)
    x[:, 1] = 0.5  # a constant channel: all samples of a window are equal
    pool = nn.MaxPool2d((3, 1), (3, 1))
    results = []
    for layer in (nn.Sequential(nn.ELU(), pool), LateELU(pool)):
        inputs = x.clone().requires_grad_()
        outputs = layer(inputs)
        (outputs * torch.arange(outputs.numel()).view_as(outputs)).sum().backward()
        results.append((outputs.detach(), inputs.grad))
    torch.testing.assert_close(results[1], results[0])


@pytest.mark.parametrize("shape", [(2, 3, 40, 1), (2, 3, 1, 43)])
def test_windows_from_segments(shape):
    x = torch.randn(shape, dtype=torch.float64)
    sizes = ((12, 1), (4, 1)) if shape[-1] == 1 else ((1, 12), (1, 4))
    pool = nn.AvgPool2d(*sizes)
    (fast,) = faster([pool])
    assert isinstance(fast, SegmentPool)
    torch.testing.assert_close(fast(x), pool(x))
    assert faster([nn.AvgPool2d((5, 1), (2, 1))])[0].kernel_size == (5, 1)


def test_the_report_says_why_not():
    x, _ = trials(n=8, dtype=torch.float32)
    net, wide = textbook("eegnet"), textbook("shallow")
    mapped = MappedTrials(x.numpy(), np.arange(8), slice(None))
    assert form_report(net, mapped) == "textbook: trials stay on disk"
    assert form_report(wide, mapped).endswith("over channels; trials stay on disk")
    assert "change on their way" in form_report(net, x, resident=False)
    assert "offset" in form_report(net, x + 1e4)
    assert "Linear" in form_report(nn.Linear(2, 2), x)
    net.body.elu_1 = nn.ReLU()
    assert "ReLU" in form_report(net, x)
    net.body.register_forward_hook(lambda *_: None)
    assert "hooks" in form_report(net, x)


def test_predictions_follow_the_weights():
    x, _ = trials(n=3)
    net = textbook("eegnet").eval()
    for _ in range(2):
        torch.testing.assert_close(outputs_of(net, x), net(x).detach(), rtol=0, atol=1e-10)
        with torch.no_grad():
            net.body.conv_temporal.weight.mul_(1.5)
            net.body.bnorm_1.running_mean.add_(0.1)


EEGNET = partial(textbook, "eegnet", dtype=torch.float32)


def states(trained):
    return [module.state_dict() for module, _ in trained]


def test_members_equal_their_solo_runs():
    x, y = trials(dtype=torch.float32)
    folds = np.arange(40).reshape(2, 20)
    members = [
        Member(EEGNET, fold[:14], fold[14:], Plan(epochs=epochs, batch_size=6, device="cpu"))
        for fold, epochs in zip(folds, (1, 3), strict=True)
    ]
    trained = train_members(members, x.numpy(), y.numpy(), loss=cross_entropy())
    with inner_threads(1):
        for member, (module, history) in zip(members, trained, strict=True):
            alone = member.module()
            solo = train(
                alone, x.numpy(), y.numpy(), member.train_index, member.valid_index,
                loss=cross_entropy(), plan=member.plan,
            )  # fmt: skip
            assert solo["train_loss"] == history["train_loss"]
            assert solo["valid_loss"] == history["valid_loss"]
            ours, theirs = module.state_dict(), alone.state_dict()
            assert all(torch.equal(ours[key], value) for key, value in theirs.items())


@pytest.mark.slow
def test_members_of_two_processes_equal_those_of_one():
    x, y = trials(n=400, n_times=200, dtype=torch.float32)  # large enough to be mapped
    rows, build = np.arange(400), partial(EEGNET, n_times=200)
    members = [
        Member(build, rows[:200], rows[200:], Plan(epochs=2, seed=seed, device="cpu"))
        for seed in range(2)
    ]
    one, two = (
        states(train_members(members, x.numpy(), y.numpy(), loss=cross_entropy(), jobs=jobs))
        for jobs in (1, 2)
    )
    assert all(torch.equal(a[key], b[key]) for a, b in zip(one, two, strict=True) for key in a)


def test_a_member_that_fails_speaks():
    x, y = trials(dtype=torch.float32)
    x[3] = torch.nan
    member = Member(EEGNET, np.arange(40), None, Plan(epochs=1, device="cpu"))
    with pytest.raises(TrainingError, match="loss is nan"):
        train_members([member], x.numpy(), y.numpy(), loss=cross_entropy())
