"""EphysTokenizer against the numbers that the released weights gave elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from neurodecode.core import Spec
from neurodecode.nets.encoders.encoder import load_report, make_encoder
from neurodecode.nets.encoders.ephys_tokenizer import EphysTokenizer, read_vocabulary


@pytest.fixture(scope="module")
def released(shared_data: Path) -> Path:
    folder = shared_data / "weights_meggpt_tokenizer"
    if not folder.is_dir():
        pytest.skip("no folder weights_meggpt_tokenizer among the sample recordings")
    return folder


@pytest.fixture(scope="module")
def signals() -> torch.Tensor:
    n = np.arange(200)
    x = np.array(
        [
            np.sin(2 * np.pi * 10 * n / 250),
            np.sin(2 * np.pi * 20 * n / 250) + 0.5 * np.sin(2 * np.pi * 4 * n / 250),
            (n % 17) - 8.0,
        ]
    )
    x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    return torch.from_numpy(x[None]).float()


def test_released_weights_give_the_tokens_and_waveforms_of_the_fixture(released, signals):
    tokenizer = make_encoder("ephys-tokenizer", released)
    assert isinstance(tokenizer, EphysTokenizer)
    assert tokenizer.weights is not None and tokenizer.weights.fraction == 1.0
    assert tokenizer.weights.released and not tokenizer.weights.unexpected
    fixture = json.loads((released / "fixture.json").read_text())
    with torch.no_grad():
        codes = tokenizer.codes(signals)
        decoded = tokenizer.decoded(codes)
    assert codes[0].tolist() == fixture["tokens_raw"]
    labels = read_vocabulary(released / "vocab.json")
    assert labels[codes[0]].tolist() == fixture["tokens_label"]
    errors = (decoded - signals).square().mean(dim=-1)[0]
    np.testing.assert_allclose(errors, fixture["reconstruction_mse"], atol=1e-5)
    np.testing.assert_allclose(decoded[0, :, :8], fixture["reconstruction_first8"], atol=1e-5)


def test_the_adapter_standardizes_as_the_training_did(released, signals):
    tokenizer = make_encoder("ephys-tokenizer", released)
    net = tokenizer.adapted(Spec(3, 200, 250.0, 2, channel_kinds=("mag",) * 3))
    with torch.no_grad():
        from_field = net.tokens(signals * 300 + 40).x.argmax(dim=-1)
        assert from_field.reshape(3, 200).equal(tokenizer.codes(signals)[0])


def test_decoding_is_the_causal_convolution_summed_over_its_outputs():
    tokenizer = make_encoder("ephys-tokenizer")
    assert isinstance(tokenizer, EphysTokenizer)
    codes = torch.randint(128, (2, 3, 50))
    one_hot = functional.one_hot(codes, 128).float().flatten(0, 1).transpose(1, 2)
    with torch.no_grad():
        summed = tokenizer.basis(functional.pad(one_hot, (9, 0))).sum(dim=1)
        torch.testing.assert_close(tokenizer.decoded(codes).flatten(0, 1), summed)


def test_another_file_is_told_from_the_released_one(tmp_path):
    tokenizer = make_encoder("ephys-tokenizer")
    torch.save(tokenizer.state_dict(), tmp_path / "mine.pt")
    report = load_report("ephys-tokenizer", tmp_path / "mine.pt")
    assert report.fraction == 1.0 and report.released is False and report.layout == "as is"
