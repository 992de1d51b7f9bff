"""Checkpoints: every format, and nothing random in silence."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from neurodecode.core.errors import DataError
from neurodecode.nets import read_encoder_card
from neurodecode.nets.encoders.card import EncoderCard
from neurodecode.nets.encoders.checkpoints import load_weights, read_tensors


def card_of(**changes) -> EncoderCard:
    card = read_encoder_card("ephys-tokenizer")
    return EncoderCard(**{**card.__dict__, "key_maps": {}, "weights_sha256": "", **changes})


class Opened:
    """An object that no checkpoint should hold."""


@pytest.mark.parametrize("ending", [".safetensors", ".pth", ".pt", ".ckpt", ".bin"])
def test_every_format_is_bit_exact_as_a_file_and_in_a_folder(ending: str, tmp_path):
    donor, net = nn.Linear(3, 2), nn.Linear(3, 2)
    file = tmp_path / f"weights{ending}"
    if ending == ".safetensors":
        save_file(donor.state_dict(), file)
    else:
        torch.save({"epoch": 3, "state_dict": donor.state_dict()}, file)
    (tmp_path / "config.json").write_text("{}")
    report = load_weights(net, tmp_path, card_of())
    assert report.source == str(file) and report.fraction == 1.0
    assert all(a.equal(b) for a, b in zip(net.parameters(), donor.parameters(), strict=True))


def test_a_pickle_of_other_objects_is_not_opened(tmp_path):
    torch.save({"state_dict": nn.Linear(1, 1).state_dict(), "args": Opened()}, tmp_path / "a.pt")
    with pytest.raises(DataError, match="Opened"):
        read_tensors(tmp_path / "a.pt")


def test_what_cannot_be_read_is_said(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_tensors(tmp_path / "a.pt")
    (tmp_path / "a.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(DataError, match=r"a\.pt"):
        read_tensors(tmp_path / "a.pt")
    torch.save({"epoch": 3}, tmp_path / "b.pt")
    with pytest.raises(DataError, match="no weights"):
        read_tensors(tmp_path / "b.pt")
    with pytest.raises(DataError, match=r"a\.pt, b\.pt"):
        read_tensors(tmp_path)


def test_a_refused_checkpoint_leaves_the_module_as_it_was(tmp_path):
    net = nn.Linear(3, 2)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    torch.save({"bias": torch.ones(2)}, tmp_path / "a.pt")
    with pytest.raises(DataError, match="missing weight"):
        load_weights(net, tmp_path / "a.pt", card_of())
    torch.save({"weight": torch.ones(2, 3), "bias": torch.tensor([1.0, torch.nan])},
               tmp_path / "b.pt")  # fmt: skip
    with pytest.raises(DataError, match="not finite"):
        load_weights(net, tmp_path / "b.pt", card_of())
    assert all(net.state_dict()[key].equal(value) for key, value in before.items())


def test_longer_tables_fit_by_the_rule_of_the_card_only(tmp_path):
    table = torch.arange(10.0).reshape(5, 2)
    torch.save({"weight": table}, tmp_path / "a.pt")
    net = nn.Embedding(3, 2)
    with pytest.raises(DataError, match="another shape"):
        load_weights(net, tmp_path / "a.pt", card_of())
    report = load_weights(net, tmp_path / "a.pt", card_of(reshape={"weight": "slice"}))
    assert net.weight.equal(table[:3]) and "slice" in report.reshaped["weight"]
    load_weights(net, tmp_path / "a.pt", card_of(reshape={"weight": "interpolate"}))
    torch.testing.assert_close(net.weight.detach(), table[::2])
