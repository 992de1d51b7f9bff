"""braindecode's networks by name: the same outputs, errors in our words, nothing fetched."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from neurodecode.core import Spec, registry
from neurodecode.core.errors import DataError
from neurodecode.nets import _braindecode, applicable, build
from neurodecode.nets.borrowed import LEFT_OUT

NAMES = ("F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2")
POSITIONS = 0.1 * np.eye(8, 3)
SPEC = Spec(8, 800, 200.0, 3, channel_names=NAMES, positions=POSITIONS)
OURS_BY_ANOTHER_NAME = {"ShallowFBCSPNet": "shallow", "EEGConformer": "conformer",
                        "Deep4Net": "deep4", "DGCNN": "dgcnn-braindecode",
                        "EEGNeX": "eegnex-braindecode"}  # fmt: skip


def test_every_class_is_reachable_or_has_a_reason():
    models = _braindecode.load()
    classes = {
        name
        for name in dir(models)
        if isinstance(getattr(models, name), type) and issubclass(getattr(models, name), nn.Module)
    } - {"EEGModuleMixin"}
    assert set(LEFT_OUT) <= classes | {"InterpolatedModel", "EEGModuleMixin"}
    names = {
        OURS_BY_ANOTHER_NAME.get(one, one.lower().replace("_", "-"))
        for one in classes - set(LEFT_OUT)
    }
    assert names <= set(registry.names("net"))


@pytest.mark.parametrize(
    ("name", "model"),
    [("deep4", "Deep4Net"), ("fbcnet", "FBCNet"), ("tcformer", "TCFormer"), ("sstdpn", "SSTDPN")],
)
def test_same_numbers_as_braindecode(name, model):
    x = torch.randn(3, 8, 800, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(0)
    ours = build(name, SPEC).eval()
    torch.manual_seed(0)
    theirs = _braindecode.create(model, SPEC).eval()
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(ours.head(ours.encode(x)), theirs(x), rtol=1e-5, atol=1e-6)


def test_labram_is_told_the_names():
    torch.manual_seed(0)
    net = build("labram", SPEC, num_layers=1).eval()
    x = torch.randn(2, 8, 800)
    with torch.no_grad():
        told = net.body.net(x, ch_names=list(NAMES))  # its last layer is set apart
        torch.testing.assert_close(net(x), net.head(told))


@pytest.mark.parametrize(
    ("name", "spec", "message"),
    [
        ("attnsleep", SPEC, "takes one channel, this has 8"),
        ("cbramod", Spec(8, 900, 200.0, 3), "whole patches of 200 samples, this has 900"),
        ("dgcnn-braindecode", Spec(8, 800, 200.0, 3), "must know where the channels are"),
        ("eegsym", Spec(8, 800, 200.0, 3), "must know the names"),
        ("labram", Spec(1, 800, 200.0, 3, channel_names=("LEFT1",)), "does not know 1 of 1"),
        ("reve", Spec(8, 800, 200.0, 3), "must know where the channels are"),
        ("sccnet", Spec(8, 50, 200.0, 3), "sccnet needs at least 120 samples, this has 50"),
        ("usleep", Spec(8, 800, 250.0, 3), "cannot take 8 channels x 800 samples at 250 Hz"),
        ("zuna", SPEC, "whole patches of 32 samples"),
    ],
)
def test_what_does_not_fit_is_said_in_our_words(name, spec, message):
    if name == "zuna":
        spec = Spec(8, 790, 256.0, 3, channel_names=NAMES, positions=POSITIONS)
    assert message in str(applicable(name, spec))


def test_shrunken_networks_are_refused():
    with pytest.raises(DataError, match="does not fit 300 samples"):
        _braindecode.create("Deep4Net", Spec(8, 300, 200.0, 3))


SMALL = {"depth": 1, "embed_dim": 32, "heads": 2, "head_dim": 16}


class TestReve:
    def test_positions_of_the_spec_and_of_a_bank_are_the_same(self, tmp_path):
        bank = tmp_path / "positions.json"
        bank.write_text(json.dumps(dict(zip(NAMES, POSITIONS.tolist(), strict=True))))
        x, outputs = torch.randn(2, 8, 800), []
        for spec, more in [
            (SPEC, {}),
            (Spec(8, 800, 200.0, 3, channel_names=NAMES), {"position_bank": bank}),
        ]:
            torch.manual_seed(0)
            outputs.append(build("reve", spec, **SMALL, **more).eval()(x))
        torch.testing.assert_close(*outputs)

    def test_positions_matter(self):
        x, outputs = torch.randn(2, 8, 800), []
        for positions in (POSITIONS, POSITIONS[::-1]):
            spec = Spec(8, 800, 200.0, 3, positions=positions.copy())
            torch.manual_seed(0)
            outputs.append(build("reve", spec, **SMALL).eval()(x))
        assert not torch.allclose(*outputs)

    def test_the_published_bank(self, shared_data):
        bank = shared_data / "weights_reve_positions" / "positions.json"
        net = build(
            "reve", Spec(8, 800, 200.0, 3, channel_names=NAMES), position_bank=bank, **SMALL
        )
        assert net.body.default_pos.shape == (8, 3)
        with pytest.raises(DataError, match="no position for 1 of 1 channels"):
            build("reve", Spec(1, 800, 200.0, 3, channel_names=("cz",)), position_bank=bank)
