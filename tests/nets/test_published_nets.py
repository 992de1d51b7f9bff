"""Closed forms and invariances of networks built from papers."""

import math

import numpy as np
import pytest
import torch
from scipy import signal

from neurodecode.core import Spec
from neurodecode.core.errors import DataError, UnknownName
from neurodecode.nets import build
from neurodecode.nets.cnn.deep_ssvep import SubBands
from neurodecode.nets.cnn.eegnex import MeanPool
from neurodecode.nets.cnn.mi_eegnet import Inception
from neurodecode.nets.cnn.neurosketch import SIZES, Block, Fold, GeneralizedMean
from neurodecode.nets.transformer.attention import Attention
from neurodecode.nets.transformer.mvcnet import (
    Teacher,
    contrastive_terms,
    nt_xent,
    shift_frequency,
    total_loss,
    views,
)


def made(name, spec, **params):
    torch.manual_seed(0)
    return build(name, spec, **params)


class TestDeepSSVEP:
    def test_sub_bands_are_the_authors_filters(self):
        x = np.random.default_rng(0).normal(size=(4, 3, 100))
        found = SubBands(3, 100, 250.0)(torch.tensor(x, dtype=torch.float32))
        for i, band in enumerate((8, 16, 24)):
            b, a = signal.cheby1(1, 1, [band, 90], "bandpass", fs=250)
            expected = signal.filtfilt(b, a, x, padlen=6)
            np.testing.assert_allclose(found[:, i], expected, atol=1e-5)

    def test_first_layer_is_the_sum_of_the_sub_bands(self):
        net, x = made("deep-ssvep", Spec(9, 100, 250.0, 40)), torch.randn(2, 9, 100)
        bands = net.body[0](x)
        torch.testing.assert_close(net.body[1](bands)[:, 0], bands.sum(1))

    def test_learns_forty_sinusoids(self):
        t = torch.arange(50) / 250
        hertz = 8 + 0.2 * torch.arange(40)
        phase = 0.5 * math.pi * torch.arange(40)
        x = torch.sin(2 * math.pi * hertz[:, None] * t + phase[:, None])[:, None].repeat(1, 2, 1)
        still = {"dropout": 0.0, "head_dropout": 0.0}
        net = made("deep-ssvep", Spec(2, 50, 250.0, 40), n_filters=24, **still)
        steps = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=3e-2)
        for _ in range(40):
            steps.zero_grad()
            torch.nn.functional.cross_entropy(net(x), torch.arange(40)).backward()
            steps.step()
        assert (net(x).argmax(1) == torch.arange(40)).all()

    def test_slow_recordings_are_refused(self):
        with pytest.raises(DataError, match="needs more than 180 Hz, this has 180 Hz"):
            made("deep-ssvep", Spec(9, 100, 180.0, 40))

    def test_a_second_stage_takes_the_weights_of_the_first(self):
        spec = Spec(9, 100, 250.0, 40)
        second = made("deep-ssvep", spec, dropout=0.6)
        second.load_state_dict(made("deep-ssvep", spec).state_dict())
        assert second.body[3].p == 0.6


def test_every_tap_of_eegnet_fusions_separable_convolutions_learns():
    net = made("eegnet-fusion", Spec(4, 320, 160.0, 3))
    net(torch.randn(4, 4, 320)).square().sum().backward()
    for branch, taps in zip(net.body.branches, (8, 16, 32), strict=True):
        each = branch[8][0].weight
        assert each.shape[-1] == taps and (each.grad != 0).all()


@pytest.mark.parametrize("n_times", [14, 15])
def test_inception_paths_agree_on_odd_lengths(n_times):
    assert Inception(8, 4, 0.0)(torch.randn(2, 8, 1, n_times)).shape == (2, 16, 1, 7)


def test_max_norms_hold_whatever_the_weights():
    net = made("mi-eegnet", Spec(4, 64, 64.0, 3))
    spatial = net.body[3]
    with torch.no_grad():
        spatial.parametrizations.weight.original.mul_(100)
    assert float(spatial.weight.flatten(1).norm(dim=1).max().detach()) <= 1 + 1e-5


class TestEEGNeX:
    def test_reach_of_the_dilated_convolutions(self):
        convs = [each for each in made("eegnex", Spec(2, 64, 64.0, 2)).body
                 if isinstance(each, torch.nn.Conv2d) and each.kernel_size == (1, 16)]  # fmt: skip
        assert [15 * conv.dilation[1] + 1 for conv in convs] == [31, 61]

    def test_pool_keeps_what_is_left_over(self):
        x = torch.arange(1.0, 126.0)
        pooled = MeanPool(4)(x)
        assert pooled.shape == (32,)
        assert pooled[0] == 2 and pooled[-1] == 124.5  # three samples, two samples
        torch.testing.assert_close(MeanPool(4)(torch.arange(8.0)), torch.tensor([1.5, 5.5]))


class TestNeuroSketch:
    def test_fold(self):
        x = torch.arange(6.0).reshape(1, 1, 6)
        assert Fold(3)(x)[0, 0].tolist() == [[0, 3], [1, 4], [2, 5]]
        two = torch.stack([torch.arange(5.0), 10 + torch.arange(5.0)])[None]
        assert Fold(3)(two)[0, 0].tolist() == [
            [0, 3], [1, 4], [2, 0], [10, 13], [11, 14], [12, 0]]  # fmt: skip

    def test_generalized_mean_lies_between_mean_and_maximum(self):
        x = torch.rand(2, 3, 5, 7, dtype=torch.float64) - 0.2
        mean = GeneralizedMean(1.0)(x)
        torch.testing.assert_close(mean, x.clamp(min=1e-6).mean((-2, -1)))
        torch.testing.assert_close(GeneralizedMean(300.0)(x), x.amax((-2, -1)), rtol=2e-2, atol=0)

    @pytest.mark.parametrize(
        ("size", "published"),
        [("base", {61: 1_402_494, 2: 1_391_107}), ("large", {61: 4_213_086, 2: 4_190_371})],
    )
    def test_counts_without_the_batch_norms_that_nothing_runs_through(self, size, published):
        unused = sum(2 * depth * width for depth, width in zip(*SIZES[size], strict=True))
        for n_outputs, count in published.items():
            net = made("neurosketch", Spec(2, 64, 64.0, n_outputs), size=size)
            assert sum(p.numel() for p in net.parameters()) == count - unused

    def test_map_before_the_mean(self):
        for size, shape in (("base", (192, 2, 63)), ("large", (384, 1, 32))):
            net = made("neurosketch", Spec(10, 3000, 1000.0, 2), size=size).eval()
            with torch.no_grad():
                assert net.body[:-2](torch.zeros(1, 10, 3000)).shape == (1, *shape)

    def test_skipped_changes_average_out(self):
        torch.manual_seed(0)
        block, x = Block(4, 4, 1, 2, 0.5), torch.ones(4000, 4, 1, 1)
        block.mix = torch.nn.Identity()
        change = (block(x) - x)[:, 0, 0, 0]
        assert set(change.tolist()) == {0.0, 2.0} and abs(float(change.mean()) - 1) < 0.06
        assert bool((block.eval()(x) == 2 * x).all())

    def test_unknown_size(self):
        with pytest.raises(UnknownName, match="base, large"):
            made("neurosketch", Spec(2, 64, 64.0, 2), size="huge")


class TestDBConformer:
    SPEC = Spec(6, 500, 250.0, 2)

    def test_order_of_channels_matters_only_through_weights_of_their_own(self):
        net = made("dbconformer", self.SPEC).eval()
        x, order = torch.randn(3, 6, 500), torch.tensor([3, 1, 5, 0, 2, 4])
        branches = net.body[0]
        with torch.no_grad():
            branches.spatial[0].positions.zero_()
            before = branches(x)
            mix = branches.temporal[0].stem[0].weight
            mix.copy_(mix[:, order])
            torch.testing.assert_close(branches(x[:, order]), before, rtol=1e-4, atol=1e-5)

    def test_scale_of_attention(self):
        torch.manual_seed(0)
        x = torch.randn(2, 5, 8, dtype=torch.float64)
        ours = Attention(8, 2, 0.0, 4**0.5).double()
        theirs = torch.nn.MultiheadAttention(8, 2, batch_first=True).double()
        with torch.no_grad():
            parts = [ours.queries, ours.keys, ours.values]
            theirs.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
            theirs.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
            theirs.out_proj.load_state_dict(ours.mix.state_dict())
        torch.testing.assert_close(ours(x), theirs(x, x, x, need_weights=False)[0])
        scales = {
            scale: made("dbconformer", self.SPEC, attention_scale=scale).body[0].temporal[1][0]
            for scale in ("width", "head")
        }
        assert scales["width"].attend[1].scale == 40**0.5
        assert scales["head"].attend[1].scale == 2

    def test_settings_that_do_not_fit(self):
        for params in ({"width": 42}, {"attention_scale": "none"}):
            with pytest.raises(DataError, match="settings of dbconformer"):
                made("dbconformer", self.SPEC, **params)


class TestMVCNet:
    def test_nt_xent_closed_forms(self):
        same = torch.ones(4, 8, dtype=torch.float64)
        assert float(nt_xent(same, same)) == pytest.approx(math.log(7))
        apart = torch.eye(4, dtype=torch.float64)
        assert float(nt_xent(apart, apart)) == pytest.approx(0.0396319, abs=1e-7)

    def test_frequency_shift(self):
        t = torch.arange(2500, dtype=torch.float64) / 250
        sine = torch.sin(2 * math.pi * 10 * t)
        expected = torch.sin(2 * math.pi * 10.1 * t)
        torch.testing.assert_close(shift_frequency(sine, 250.0, 0.1), expected)
        torch.testing.assert_close(shift_frequency(sine[:-1], 250.0, 0.0), sine[:-1])

    def test_mirror_twice_is_the_identity(self):
        mirror, x = torch.tensor([1, 0, 2, 4, 3]), torch.randn(2, 5, 50)
        once = views(x, 50.0, mirror)[2]
        assert not torch.equal(once, x) and torch.equal(views(once, 50.0, mirror)[2], x)

    def test_terms_on_orthogonal_features(self):
        """Trial i of both networks is e_i: in the view term its twin in the batch is a rival."""
        features = [torch.eye(3, dtype=torch.float64)] * 4
        views_term, models_term = contrastive_terms(features, features)
        e = math.exp(5)  # of a similarity of one at temperature 0.2
        assert float(views_term) == pytest.approx(math.log((3 * e + 8) / e))
        assert float(models_term) == pytest.approx(math.log((7 * e + 16) / e))

    def test_loss_trains_both_networks(self):
        spec = Spec(4, 250, 250.0, 2)
        net = made("mvcnet", spec)
        teacher, swap = Teacher(spec, net), torch.tensor([1, 0])
        x, y = torch.randn(6, 4, 250), torch.arange(6) % 2
        total_loss(net, teacher, x, y, 250.0, torch.tensor([1, 0, 3, 2]), swap).backward()
        for module in (net, teacher):
            assert all(p.grad is not None and p.grad.isfinite().all() for p in module.parameters())
