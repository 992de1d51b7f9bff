"""Shapes and counts of the denoising networks, and what AT-AT's doubt does."""

import numpy as np
import pytest
import torch

from neurodecode.core import Spec
from neurodecode.core.errors import DataError
from neurodecode.nets import build
from neurodecode.nets.transformer.atat import Discriminator, agreement


def segment(n_times=512):
    return Spec(1, n_times, 256.0, n_times, task="regression")


def made(name, n_times=512, **params):
    torch.manual_seed(0)
    return build(name, segment(n_times), **params).eval()


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("eegdenoisenet-fcnn", 4 * (512 * 512 + 512)),
        ("eegdenoisenet-cnn", 4 * 64 + 3 * (64 * 64 * 3 + 64) + 4 * 128 + 512 * 64 * 512 + 512),
        ("atat", 116_097),
    ],
)
def test_parameter_counts(name, count):
    assert sum(p.numel() for p in made(name).parameters()) == count


def test_atat_is_a_tenth_of_what_was_published():
    counts = [
        sum(p.numel() for p in made(name).parameters()) for name in ("atat", "eegdenoisenet-cnn")
    ]
    assert counts[0] < 0.1 * counts[1]
    assert sum(p.numel() for p in Discriminator().parameters()) == 46_945


@pytest.mark.parametrize("n_times", [64, 100, 512])
def test_any_length_comes_out_as_it_went_in(n_times):
    x = torch.randn(3, 1, n_times, generator=torch.Generator().manual_seed(1))
    assert made("atat", n_times)(x).shape == (3, n_times)


def test_doubt_decides_where_the_correction_applies():
    x = torch.randn(4, 1, 512, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        never, always = made("atat", threshold=-1.0), made("atat", threshold=1.0)
        torch.testing.assert_close(never(x), never.body.autoencoder(x)[:, 0])
        codes = always.body(x)
        token, estimate, doubt = codes.split((64, 64, 1), -1)
        assert (doubt == 1).all()
        torch.testing.assert_close(always(x), (estimate + always.head.correction(token)).flatten(1))


def test_agreement_is_pearsons_correlation():
    a, b = np.random.default_rng(0).normal(size=(2, 5, 64))
    expected = [np.corrcoef(x, y)[0, 1] for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(agreement(torch.tensor(a), torch.tensor(b)), expected, atol=1e-12)
    assert agreement(torch.ones(1, 8), torch.ones(1, 8)).item() == 0


@pytest.mark.parametrize("name", ["atat", "eegdenoisenet-cnn", "eegdenoisenet-fcnn"])
@pytest.mark.parametrize("spec", [Spec(2, 128, 128.0, 128), Spec(1, 128, 128.0, 3)])
def test_other_tasks_are_refused_with_the_fix(name, spec):
    with pytest.raises(DataError, match="one channel") as caught:
        build(name, spec)
    assert "Denoiser" in caught.value.fix


def test_sizes_that_do_not_fit():
    for params in ({"segment": 60}, {"width": 66}):
        with pytest.raises(DataError, match="sizes of atat"):
            made("atat", **params)
