"""BIOT: spectra of single channels, one token for each frame, all in one linear attention.

Yang, Westover, Sun: "BIOT: Cross-data biosignal learning in the wild", NeurIPS 2023,
arXiv:2305.10351; https://github.com/ycq091044/BIOT (MIT).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from neurodecode.core import Spec
from neurodecode.core.errors import DataError
from neurodecode.nets import _braindecode
from neurodecode.nets.encoders.card import EncoderCard
from neurodecode.nets.encoders.encoder import Encoder
from neurodecode.nets.encoders.tokens import Tokens, on_grid

FRAME, HOP = 200, 100  # samples: 1 s, 0.5 s
MOST_TOKENS = 1024


class BIOT(Encoder):
    """BIOT's encoder on braindecode's layers, for any of the derivations in its table.

    Parameters
    ----------
    card : EncoderCard
    channels : sequence of str
        Names of the rows of its channel table, in order.
    drop_prob : float, default 0.1
        On the embeddings, as published; braindecode's default is 0.5.

    Notes
    -----
    A derivation that is not there is left out, and the others keep their rows. A token covers
    1 s and starts every 0.5 s.

    Examples
    --------
    >>> from neurodecode.nets.encoders.encoder import make_encoder
    >>> spec = Spec(3, 400, 200.0, 2, channel_names=("Fp1", "F7", "T3"))
    >>> make_encoder("biot-prest").adapted(spec).tokens(torch.randn(1, 3, 400)).x.shape
    torch.Size([1, 6, 256])
    """

    def __init__(self, card: EncoderCard, channels: list[str], drop_prob: float = 0.1):
        super().__init__(card)
        self.rows = {name.upper(): row for row, name in enumerate(channels)}
        spec = Spec(len(channels), 2000, 200.0, 1)
        net: Any = _braindecode.create("BIOT", spec, drop_prob=drop_prob)
        self.encoder = net.encoder

    def tokens(self, x: Tensor, spec: Spec, layer: int = -1) -> Tokens:
        """Tokens of all frames, channel by channel.

        Raises
        ------
        DataError
            More than 1024 tokens, for which it was never trained.
        """
        batch, n_channels, n_times = x.shape
        n_frames = (n_times - FRAME) // HOP + 1
        if n_channels * n_frames > MOST_TOKENS:
            raise DataError(
                f"{self.card.name} takes {MOST_TOKENS} tokens",
                found=f"{n_channels} channels x {n_frames} frames",
                expected=f"at most {MOST_TOKENS // n_channels} frames of 0.5 s",
                fix="cut shorter windows, or fewer channels",
            )
        # Frames without a window function: (batch, n_channels, n_frames, bins of 1 Hz).
        spectra = torch.fft.rfft(x.unfold(-1, FRAME, HOP)).abs()
        z = self.encoder.patch_embedding.projection(spectra)
        rows = torch.tensor([self.rows[name.upper()] for name in spec.channel_names])
        z = z + self.encoder.channel_tokens(rows.to(x.device))[:, None]
        z = self.encoder.positional_encoding(z.flatten(0, 1)).reshape(batch, -1, z.shape[-1])
        for block in self.up_to(layer):
            attention, feed_forward = block  # type: ignore[misc]
            z = z + attention(z)
            z = z + feed_forward(z)
        return on_grid(z.reshape(batch, n_channels, n_frames, -1), spec.sfreq, HOP)

    def layers(self) -> list[nn.Module]:
        """Pairs of linear attention and feed-forward layers."""
        return list(self.encoder.transformer.layers.layers)
