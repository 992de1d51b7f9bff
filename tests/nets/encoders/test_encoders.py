"""What every registered encoder does, and each against its reference."""

from __future__ import annotations

import warnings

import pytest
import torch

from neurodecode.core import Spec, registry
from neurodecode.core.errors import CardError, DataError
from neurodecode.nets import Encoder, _braindecode, load_report, make_encoder, read_encoder_card
from neurodecode.nets.encoders.card import parse_encoder_card

NAMES = ("Fp1", "Fp2", "F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2", "F7", "F8", "T3", "T4",
         "T5", "T6", "Fz", "Cz", "Pz", "A1", "A2")  # fmt: skip
ENCODERS = registry.names("encoder")
# Files of the same architecture: one of them stands for all where running it is what counts.
RUN = [name for name in ENCODERS if name not in ("biot-six-datasets", "biot-shhs-prest")]


def spec_of(names=NAMES, n_times=400) -> Spec:
    return Spec(len(names), n_times, 200.0, 2, channel_names=tuple(names),
                channel_kinds=("eeg",) * len(names))  # fmt: skip


@pytest.fixture(scope="module")
def encoders() -> dict[str, Encoder]:
    torch.manual_seed(0)
    return {name: make_encoder(name) for name in ENCODERS}


@pytest.fixture(scope="module")
def x() -> torch.Tensor:
    return 20 * torch.randn(3, len(NAMES), 400, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", ENCODERS)
def test_parameters_are_those_of_the_card(name: str, encoders):
    assert sum(each.numel() for each in encoders[name].parameters()) == encoders[name].card.n_params


@pytest.mark.parametrize("name", RUN)
def test_tokens_know_their_place_and_windows_do_not_know_each_other(name: str, encoders, x):
    net = encoders[name].adapted(spec_of())
    with torch.no_grad():
        tokens = net.tokens(x)
        together, alone = net.encode(x), torch.cat([net.encode(each[None]) for each in x])
    assert tokens.x.shape[-1] == net.encoder.card.width == together.shape[-1]
    assert len(tokens.space_index) == len(tokens.time_index) == tokens.x.shape[1]
    assert int(tokens.space_index.max()) + 1 == net.adapter.spec.n_channels
    assert not tokens.pad_mask.any()
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", RUN)
def test_padding_of_a_window_changes_nothing(name: str, encoders, x):
    net = encoders[name].adapted(spec_of())
    length = torch.tensor([400, 200, 400])
    garbage = x.clone()
    garbage[1, :, 200:] = 1e4
    with torch.no_grad():
        ragged, short = net.encode(garbage, length), net.encode(x[1:2, :, :200])
        tokens = net.tokens(garbage, length)
    torch.testing.assert_close(ragged[1:2], short, rtol=1e-4, atol=1e-5)
    assert tokens.pad_mask[1].any() and not tokens.pad_mask[[0, 2]].any()
    assert (tokens.time_index[tokens.pad_mask[1]] * 200 >= 100).all()


@pytest.mark.parametrize("name", RUN)
def test_a_flat_channel_gives_finite_features(name: str, encoders, x):
    flat = x.clone()
    flat[:, 4] = 0.0
    net = encoders[name].adapted(spec_of())
    with torch.no_grad():
        assert net.encode(flat).isfinite().all()


@pytest.mark.parametrize("name", RUN)
def test_channels_go_by_name_not_by_place(name: str, encoders, x):
    if name == "ephys-tokenizer":
        pytest.skip("knows no names: every channel by itself")
    order = torch.randperm(19, generator=torch.Generator().manual_seed(2))
    shuffled = spec_of([NAMES[i] for i in order])
    with torch.no_grad():
        straight = encoders[name].adapted(spec_of(NAMES[:19])).encode(x[:, :19])
        mixed = encoders[name].adapted(shuffled).encode(x[:, order])
    torch.testing.assert_close(straight, mixed, rtol=1e-4, atol=1e-4)


def test_the_order_of_channels_that_cbramod_never_saw_matters_as_its_card_says(encoders, x):
    with torch.no_grad():
        straight = encoders["cbramod"].adapted(spec_of(["X1", "X2", "X3"])).encode(x[:, :3])
        turned = encoders["cbramod"].adapted(spec_of(["X3", "X2", "X1"])).encode(x[:, [2, 1, 0]])
    assert (straight - turned).abs().max() > 1e-2


@pytest.mark.parametrize("name", RUN)
def test_layers_lead_from_the_input_to_the_last_tokens(name: str, encoders, x):
    net = encoders[name].adapted(spec_of())
    last = len(net.encoder.layers()) - 1
    with torch.no_grad():
        torch.testing.assert_close(net.encode(x, layer=last), net.encode(x))
        if last:
            assert not torch.allclose(net.encode(x, layer=0), net.encode(x))
    with pytest.raises(DataError, match="no such layer"):
        net.encode(x, layer=last + 1)


def test_labram_is_braindecodes_with_mean_pooling(encoders):
    names = _braindecode.load().labram.LABRAM_CHANNEL_ORDER
    reference = _braindecode.create("Labram", Spec(128, 3000, 200.0, 2), use_mean_pooling=True)
    mine = encoders["labram-base"]
    state = {key.replace("norm.", "fc_norm.") if key.startswith("norm.") else key: value
             for key, value in mine.state_dict().items()}  # fmt: skip
    missing, unexpected = reference.load_state_dict(state, strict=False)
    assert set(missing) == {"final_layer.weight", "final_layer.bias"} and not unexpected
    with torch.no_grad():
        for table in (mine.position_embedding, mine.temporal_embedding, mine.cls_token):
            table.normal_(std=0.5)
    reference.load_state_dict(
        {k: v for k, v in mine.state_dict().items() if not k.startswith("norm.")}, strict=False
    )
    few = ["C3", "CZ", "O1"]
    data = torch.randn(2, 3, 3000)
    rows = torch.tensor([0, *(names.index(name) + 1 for name in few)])
    spec = Spec(3, 3000, 200.0, 2, channel_names=tuple(few))
    with torch.no_grad():
        expected = reference.eval().forward_features(data, rows)
        got = mine.adapted(spec).encode(data * 100)
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(DataError, match="length"):
        mine.adapted(Spec(3, 3400, 200.0, 2, channel_names=tuple(few)))


def test_biot_and_cbramod_are_braindecodes(encoders):
    biot, cbramod = encoders["biot-prest"], encoders["cbramod"]
    z = torch.randn(2, 16, 800)
    names = tuple(biot.card.params["channels"])
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch.stft: a rectangular window is what is meant
        expected = biot.encoder(z)
        got = biot.tokens(z, Spec(16, 800, 200.0, 2, channel_names=names)).pooled("mean")
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)
        reference = _braindecode.create("CBraMod", Spec(19, 800, 200.0, 2))
        reference.load_state_dict(cbramod.state_dict(), strict=False)
        data = torch.randn(2, 19, 800)
        features = reference.eval()(data, return_features=True)["features"]
        tokens = cbramod.tokens(data, Spec(19, 800, 200.0, 2))
        torch.testing.assert_close(
            cbramod.proj_out(tokens.x), features.flatten(1, 2), rtol=1e-4, atol=1e-5
        )


def test_the_cls_of_labram_warns(encoders):
    with pytest.warns(UserWarning, match="no objective"):
        encoders["labram-base"].adapted(spec_of(), readout="cls")
    with pytest.raises(DataError, match="no such readout"):
        encoders["cbramod"].adapted(spec_of(), readout="cls")


OFFICIAL = {
    "labram-base": lambda key: "student." + key.replace("position_embedding", "pos_embed")
    .replace("temporal_embedding", "time_embed").replace("temporal_conv.", "")
    .replace("mlp.0", "mlp.fc1").replace("mlp.2", "mlp.fc2"),
    "biot-prest": lambda key: key.removeprefix("encoder."),
    "cbramod": lambda key: "module." + key,
}  # fmt: skip
EXTRA = {
    "labram-base": ["lm_head.weight", "student.lm_head.weight", "logit_scale",
                    "student.mask_token"],
    "biot-prest": ["index"],
    "cbramod": [],
}  # fmt: skip


@pytest.mark.parametrize("name", OFFICIAL)
def test_official_layouts_fill_everything_and_a_lost_tensor_is_named(name: str, encoders, tmp_path):
    donor = encoders[name].state_dict()
    upstream = {OFFICIAL[name](key): torch.randn_like(value) for key, value in donor.items()}
    upstream |= {key: torch.ones(2) for key in EXTRA[name]}
    torch.save({"model": upstream}, tmp_path / "official.pth")
    loaded = make_encoder(name, tmp_path / "official.pth")
    assert loaded.weights is not None and loaded.weights.layout == "official"
    assert loaded.weights.fraction == 1.0 and not loaded.weights.unexpected
    assert set(loaded.weights.left_out) == set(EXTRA[name])
    for key, value in loaded.state_dict().items():
        assert value.equal(upstream[OFFICIAL[name](key)]), key
    lost = next(key for key in donor if key.endswith(("fc1.weight", "mlp.0.weight", "w1.weight",
                                                      "linear1.weight")))  # fmt: skip
    del upstream[OFFICIAL[name](lost)]
    torch.save(upstream, tmp_path / "holed.pth")
    report = load_report(name, tmp_path / "holed.pth")
    assert report.missing == (lost,) and lost in str(report)
    with pytest.raises(DataError, match=lost.replace(".", r"\.")):
        make_encoder(name, tmp_path / "holed.pth")


def test_a_card_says_what_is_wrong_with_it():
    text = registry.resolve("encoder", "cbramod")
    with open(text, encoding="utf-8") as handle:
        card = handle.read()
    for old, new, word in [
        ('readout = "mean"', 'readout = "cls"', "readout"),
        ('name = "unit-scale"', 'name = "unit-scales"', "unit-scale"),
        ("n_params = 4924000", "n_params = 0", "impossible"),
        ('family = "CBraMod"', 'famly = "CBraMod"', "family"),
        ('kinds = ["eeg"]', 'kinds = ["egg"]', "eeg"),
    ]:
        assert old in card
        with pytest.raises(CardError, match=word):
            parse_encoder_card(card.replace(old, new))
    assert read_encoder_card("CBraMod").name == "cbramod"
