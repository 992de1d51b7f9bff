"""Every registered augmentation: a function of trials, targets and a generator, and of no more."""

import numpy as np
import pytest

from neurodecode.core import Spec, registry
from neurodecode.core.errors import TrainingError

torch = pytest.importorskip("torch")

NAMES = registry.names("augmentation")
CHANNELS = ("C3", "Cz", "C4", "CP3", "CP4")
SPEC = Spec(5, 100, 100.0, 2, channel_names=CHANNELS)


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def facts():
    from neurodecode.training import Facts

    return Facts(SPEC, ("left", "right"), torch.arange(1.0, 6.0))


@pytest.fixture
def batch():
    x = np.random.default_rng(0).normal(size=(16, 5, 100)) * np.arange(1.0, 6.0)[:, None]
    return torch.as_tensor(x, dtype=torch.float32), torch.arange(16) % 2


def make(name, facts, **settings):
    return registry.resolve("augmentation", name)(facts, **settings)


def run(function, batch, seed=0):
    return function(*batch, torch.Generator().manual_seed(seed))


def test_trials_stay_trials(name, facts, batch):
    x, y = run(make(name, facts, probability=1.0), batch)
    assert x.shape == batch[0].shape and x.dtype == batch[0].dtype and len(y) == 16
    assert torch.isfinite(x).all() and not torch.equal(x, batch[0])


def test_one_seed_one_result(name, facts, batch):
    function = make(name, facts)
    first, again, other = (run(function, batch, seed) for seed in (3, 3, 4))
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])


def test_the_batch_is_left_alone(name, facts, batch):
    """Trials are resident: what is changed in place is changed for good."""
    before = [each.clone() for each in batch]
    state = torch.random.get_rng_state()
    run(make(name, facts, probability=1.0), batch)
    assert torch.equal(batch[0], before[0]) and torch.equal(batch[1], before[1])
    assert torch.equal(torch.random.get_rng_state(), state), "draws from the global generator"


def test_probability_zero_changes_nothing(name, facts, batch):
    x, y = run(make(name, facts, probability=0.0), batch)
    torch.testing.assert_close(x, batch[0], rtol=1e-5, atol=1e-5)
    assert torch.equal(y if y.ndim == 1 else y.argmax(1), batch[1])


def test_probability_is_the_share_of_trials(name, facts):
    x = torch.randn(2000, 5, 100, generator=torch.Generator().manual_seed(1))
    made, _ = run(make(name, facts, probability=0.25), (x, torch.arange(2000) % 2))
    changed = ((made - x).abs() > 1e-5).any(2).any(1).double().mean()
    # A draw may leave a trial as it was: a shift by 0, no channel dropped.
    assert 0.12 < changed < 0.25 + 4 * (0.25 * 0.75 / 2000) ** 0.5


def test_targets_stay_probabilities(name, facts, batch):
    """Hard labels in, and where the method allows it probabilities in: each row sums to one."""
    _, y = run(make(name, facts), batch)
    if y.ndim == 1:
        assert y.dtype == torch.int64 and set(y.tolist()) <= {0, 1}
        y = torch.nn.functional.one_hot(y, 2).float()
    torch.testing.assert_close(y.sum(1), torch.ones(16))
    if name == "segment-recombination":
        with pytest.raises(TrainingError, match="before mixup"):
            run(make(name, facts), (batch[0], y))
        return
    _, again = run(make(name, facts), (batch[0], y))
    torch.testing.assert_close(again.sum(1), torch.ones(16))


def test_one_trial_alone(name, facts, batch):
    x, _ = run(make(name, facts, probability=1.0), (batch[0][:1], batch[1][:1]))
    assert x.shape == (1, 5, 100) and torch.isfinite(x).all()


def test_settings_out_of_range_are_refused(name, facts):
    for settings in ({"probability": 1.5}, {"probability": -0.1}):
        with pytest.raises(TrainingError, match="probability"):
            make(name, facts, **settings)
