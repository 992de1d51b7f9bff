"""The contract: what every pretrained encoder does, and how it meets one kind of input."""

from __future__ import annotations

import importlib
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.core.errors import DataError, did_you_mean
from neurodecode.nets.encoders.adapter import InputAdapter, build_adapter
from neurodecode.nets.encoders.card import EncoderCard, read_encoder_card
from neurodecode.nets.encoders.checkpoints import LoadReport, load_weights
from neurodecode.nets.encoders.tokens import Tokens


class Encoder(nn.Module, ABC):
    """A pretrained network from signals, as its card wants them, to tokens.

    Parameters
    ----------
    card : EncoderCard

    Attributes
    ----------
    weights : LoadReport or None
        What was loaded; None: random weights.

    Notes
    -----
    One encoder serves any number of montages: `adapted` puts an input adapter before it, and all
    of them share its weights.

    Examples
    --------
    >>> encoder = make_encoder("ephys-tokenizer")
    >>> encoder.adapted(Spec(2, 500, 250.0, 2)).encode(torch.randn(1, 2, 500)).shape
    torch.Size([1, 128])
    """

    def __init__(self, card: EncoderCard):
        super().__init__()
        self.card = card
        self.weights: LoadReport | None = None

    @abstractmethod
    def tokens(self, x: Tensor, spec: Spec, layer: int = -1) -> Tokens:
        """Tokens of input that went through the adapter.

        Parameters
        ----------
        x : float tensor, shape (batch, n_channels, n_times)
        spec : Spec
            The adapter's output: names tell the encoder which channel is which.
        layer : int
            After how many of `layers()`, from the end if negative; -1: all.
        """

    @abstractmethod
    def layers(self) -> Sequence[nn.Module]:
        """Blocks from the input to the output, for layer-wise rates and partial unfreezing."""

    def pooled(self, tokens: Tokens, readout: str) -> Tensor:
        """One vector a window."""
        return tokens.pooled(readout)

    def up_to(self, layer: int) -> Sequence[nn.Module]:
        """The blocks that tokens of `layer` went through.

        Raises
        ------
        DataError
            There is no such layer.
        """
        blocks = self.layers()
        if not -len(blocks) <= layer < len(blocks):
            raise DataError(
                f"{self.card.name} has no such layer",
                found=str(layer),
                expected=f"{-len(blocks)} to {len(blocks) - 1}",
            )
        return blocks[: len(blocks) + layer + 1 if layer < 0 else layer + 1]

    def adapted(
        self,
        spec: Spec,
        readout: str | None = None,
        adapter: Sequence[Mapping[str, Any]] | None = None,
    ) -> AdaptedEncoder:
        """This encoder behind an input adapter for one kind of data; weights are shared.

        Parameters
        ----------
        spec : Spec
        readout : str, optional
            Default: the card's.
        adapter : sequence of mappings, optional
            Another chain of input adapters than the card's.

        Raises
        ------
        DataError
            The data cannot be brought to what the encoder needs, or there is no such readout.
        """
        chain = build_adapter(self.card.adapter if adapter is None else adapter, spec)
        return AdaptedEncoder(self, chain, readout or self.card.readout)


class AdaptedEncoder(nn.Module):
    """An encoder that takes data in the units, rate and montage of one `Spec`.

    Parameters
    ----------
    encoder : Encoder
    adapter : InputAdapter
    readout : str

    Examples
    --------
    >>> net = make_encoder("ephys-tokenizer").adapted(Spec(2, 500, 250.0, 2))
    >>> net.tokens(torch.randn(1, 2, 500)).x.shape
    torch.Size([1, 1000, 128])
    """

    def __init__(self, encoder: Encoder, adapter: InputAdapter, readout: str):
        super().__init__()
        card = encoder.card
        if readout not in card.readouts:
            raise DataError(
                f"{card.name} has no such readout",
                found=repr(readout),
                expected=", ".join(card.readouts),
                fix=did_you_mean(readout, card.readouts) or f"readout={card.readout!r}",
            )
        if readout in card.untrained_readouts:
            warnings.warn(
                f"{card.name}: no objective of its pretraining reached the readout {readout!r}; "
                f"frozen, it is near random. The default is {card.readout!r}",
                stacklevel=3,
            )
        self.encoder, self.adapter, self.readout = encoder, adapter, readout

    def tokens(self, x: Tensor, length: Tensor | None = None, layer: int = -1) -> Tokens:
        """Tokens of a batch of windows.

        Parameters
        ----------
        x : float tensor, shape (batch, n_channels, n_times), as the `Spec` says
        length : int tensor, shape (batch,), optional
            Samples of each window that are no padding. Windows of one length go through the
            encoder together, without their padding: it cannot change anything.
        layer : int
            See `Encoder.tokens`.
        """
        if length is None or bool((length == x.shape[-1]).all()):
            return self._equal(x, layer)
        lengths = [int(n) for n in length.unique()]
        rows = [(length == n).nonzero().flatten() for n in lengths]
        parts = [
            self._equal(x[where, :, :n], layer) for where, n in zip(rows, lengths, strict=True)
        ]
        return _joined(parts, rows)

    def encode(self, x: Tensor, length: Tensor | None = None, layer: int = -1) -> Tensor:
        """Features, (batch, n_features), by the readout."""
        return self.encoder.pooled(self.tokens(x, length, layer), self.readout)

    def forward(self, x: Tensor, length: Tensor | None = None) -> Tensor:
        """As `encode`."""
        return self.encode(x, length)

    def _equal(self, x: Tensor, layer: int) -> Tokens:
        adapted = self.adapter(x)
        spec = replace(self.adapter.spec, n_times=adapted.shape[-1])
        tokens = self.encoder.tokens(adapted, spec, layer)
        real = self.adapter.real(x.shape[-1])
        if real == adapted.shape[-1]:
            return tokens
        empty = tokens.time_index * spec.sfreq >= real - 1e-3
        return replace(tokens, pad_mask=tokens.pad_mask | empty)


def _joined(parts: Sequence[Tokens], rows: Sequence[Tensor]) -> Tokens:
    """Tokens of windows of unequal length in the layout of the longest."""
    longest = max(parts, key=lambda part: part.x.shape[1])
    place = {key: i for i, key in enumerate(_places(longest))}
    n, (n_tokens, width) = sum(map(len, rows)), longest.x.shape[1:]
    x = longest.x.new_zeros(n, n_tokens, width)
    pad_mask = longest.pad_mask.new_ones(n, n_tokens)
    prefix = None if longest.prefix is None else longest.x.new_zeros(n, *longest.prefix.shape[1:])
    for part, where in zip(parts, rows, strict=True):
        columns = torch.tensor([place[key] for key in _places(part)], device=x.device)
        x[where[:, None], columns] = part.x
        pad_mask[where[:, None], columns] = part.pad_mask
        if prefix is not None and part.prefix is not None:
            prefix[where] = part.prefix
    return replace(longest, x=x, pad_mask=pad_mask, prefix=prefix)


def _places(tokens: Tokens) -> list[tuple[int, float]]:
    return list(zip(tokens.space_index.tolist(), tokens.time_index.tolist(), strict=True))


def make_encoder(name: str | Path | EncoderCard, weights: str | Path = "random") -> Encoder:
    """An encoder by the name of its card, with random or given weights.

    Parameters
    ----------
    name : str, path of a card, or EncoderCard
    weights : "random", or path of a checkpoint or of a folder that holds one
        Nothing is ever fetched: the card's `weights_url` says where to obtain it.

    Returns
    -------
    encoder : Encoder, in evaluation mode
        ``.weights`` is the `LoadReport`.

    Raises
    ------
    UnknownName
        No such encoder.
    DataError
        The checkpoint cannot be read, or leaves layers without weights.

    Examples
    --------
    >>> make_encoder("ephys-tokenizer").weights is None
    True
    """
    card = name if isinstance(name, EncoderCard) else read_encoder_card(name)
    module, _, attribute = card.model.partition(":")
    encoder: Encoder = getattr(importlib.import_module(module), attribute)(card, **card.params)
    if str(weights) != "random":
        encoder.weights = load_weights(encoder, weights, card)
    return encoder.eval()


def load_report(name: str | Path, path: str | Path) -> LoadReport:
    """What loading a checkpoint into an encoder would do, also where it would be refused.

    Parameters
    ----------
    name : str or path of a card
    path : path of a checkpoint

    Raises
    ------
    DataError
        The file cannot be read, or a tensor has another shape.

    Examples
    --------
    >>> torch.save({"other": torch.ones(3)}, "weights.pt")
    >>> load_report("ephys-tokenizer", "weights.pt").unexpected
    ('other',)
    """
    encoder = make_encoder(name)
    return load_weights(encoder, path, encoder.card, min_match=0.0)
